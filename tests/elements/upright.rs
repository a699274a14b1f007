// SPDX-License-Identifier: MPL-2.0

//! Frames that are stored lying, standing on their head or mirrored, with a tag that says so: the
//! network, the pictures behind and the regions are the viewer's, frames and tag stay as they are.

use crate::common;
use common::pipeline::scratch;
use common::{attach, bytes, frame, info, init, matte_rows, nicks, rig, shoot};
use gst::prelude::*;
use gst_video::{VideoFormat, VideoInfo};
use gstmatte::frame::{GrayImage, Orientation};
use image::RgbImage;

const WORDS: [&str; 8] = [
    "rotate-0",
    "rotate-90",
    "rotate-180",
    "rotate-270",
    "flip-rotate-0",
    "flip-rotate-90",
    "flip-rotate-180",
    "flip-rotate-270",
];
/// The same as values of the property.
const METHODS: [&str; 8] = [
    "identity", "90r", "180", "90l", "horiz", "ur-ll", "vert", "ul-lr",
];

fn words() -> impl Iterator<Item = (Orientation, &'static str)> {
    Orientation::ALL.into_iter().zip(WORDS)
}

/// The picture as a camera stores it whose frames `turn` makes upright.
fn stored(upright: &RgbImage, turn: Orientation) -> RgbImage {
    let (width, height) = upright.dimensions();
    let (w, h) = turn.size((width, height));
    let mut out = RgbImage::new(w, h);
    for (x, y, pixel) in upright.enumerate_pixels() {
        let size = (width as usize, height as usize);
        let (u, v) = turn.stored((x as usize, y as usize), size);
        out.put_pixel(u as u32, v as u32, *pixel);
    }
    out
}

fn info_of(picture: &RgbImage) -> VideoInfo {
    init();
    info(VideoFormat::Rgb, picture.width(), picture.height())
}

fn buffer_of(picture: &RgbImage, pts: u64) -> gst::Buffer {
    let (info, row) = (info_of(picture), picture.width() as usize * 3);
    let stride = info.stride()[0] as usize;
    let mut buffer = frame(&info, |i| {
        let (x, y) = (i % stride, i / stride);
        if x < row {
            picture.as_raw()[y * row + x]
        } else {
            0
        }
    });
    let pts = gst::ClockTime::from_mseconds(pts);
    buffer.get_mut().expect("it is new").set_pts(pts);
    buffer
}

fn tag(word: &str) -> gst::Event {
    let mut tags = gst::TagList::new();
    let list = tags.make_mut();
    list.set_scope(gst::TagScope::Stream);
    list.add::<gst::tags::ImageOrientation>(&word, gst::TagMergeMode::Replace);
    gst::event::Tag::new(tags)
}

fn presenter() -> RgbImage {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/presenter.jpg");
    let picture = image::open(file).expect("the picture is there").into_rgb8();
    // A portrait, as of a phone: another shape than the frame as it is stored.
    image::imageops::crop_imm(&picture, 140, 0, 360, 480).to_image()
}

/// The matte of a frame, turned upright.
fn upright_matte(buffer: &gst::BufferRef, turn: Orientation) -> GrayImage {
    let rows = matte_rows(buffer).expect("the frame has a matte");
    let mut matte = GrayImage::new(rows[0].len(), rows.len());
    matte.data_mut().copy_from_slice(&rows.concat());
    let mut upright = GrayImage::default();
    turn.turn(matte.as_ref(), &mut upright);
    upright
}

fn iou(a: &GrayImage, b: &GrayImage) -> f64 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let pairs = || a.data().iter().zip(b.data());
    let both = pairs().filter(|(a, b)| **a > 127 && **b > 127).count();
    let either = pairs().filter(|(a, b)| **a > 127 || **b > 127).count();
    both as f64 / either.max(1) as f64
}

#[test]
fn the_network_sees_every_orientation_upright() {
    let picture = presenter();
    let mut plain = rig("mattesegment", &[], &info_of(&picture));
    let wanted = upright_matte(
        &shoot(&mut plain, buffer_of(&picture, 0)),
        Orientation::Rotate0,
    );
    for ((turn, word), method) in words().zip(METHODS) {
        let picture = stored(&picture, turn);
        for properties in [&[][..], &[("video-direction", method)]] {
            let mut harness = rig("mattesegment", properties, &info_of(&picture));
            // The property counts before a tag, which is wrong here.
            let said = if properties.is_empty() {
                word
            } else {
                "rotate-180"
            };
            harness.push_event(tag(said));
            let before = buffer_of(&picture, 0);
            let out = shoot(&mut harness, before.copy());
            let found = iou(&upright_matte(&out, turn), &wanted);
            assert!(found > 0.98, "{word} {properties:?}: IoU {found}");
            assert_eq!(bytes(&out), bytes(&before), "{word}: the frame is changed");
            let pad = harness.sinkpad().expect("it is linked");
            let kept = pad
                .sticky_event::<gst::event::Tag>(0)
                .expect("the tag goes on");
            let kept = kept.tag().get::<gst::tags::ImageOrientation>();
            assert_eq!(kept.expect("it is whole").get(), said);
        }
    }
}

/// A network that says pixel by pixel how green it is gives the very matte of the stored frame, if
/// what it sees is turned there and back: of whatever type and layout its input is, carried over
/// or not.
#[test]
fn mattes_lie_on_the_frame_as_it_is_stored() {
    let upright = RgbImage::from_fn(8, 6, |x, y| image::Rgb([0, (x * 31 + y * 5) as u8, 0]));
    for name in ["alpha", "nhwc", "half", "bytes", "gray", "open_alpha"] {
        let model = common::model(name);
        for mode in [
            &[("mode", "sync")][..],
            &[("mode", "async")],
            &[("interval", "3")],
        ] {
            for (turn, word) in words() {
                let picture = stored(&upright, turn);
                let properties = [&[("model", &model[..])], mode].concat();
                let mut plain = rig("mattesegment", &properties, &info_of(&upright));
                let mut turned = rig("mattesegment", &properties, &info_of(&picture));
                turned.push_event(tag(word));
                let first = |harness: &mut gst_check::Harness, picture: &RgbImage| {
                    (0..2000)
                        .map(|i| {
                            std::thread::sleep(std::time::Duration::from_millis(u64::from(i > 2)));
                            shoot(harness, buffer_of(picture, 33 * i))
                        })
                        .find(|out| matte_rows(out).is_some())
                        .expect("a matte comes")
                };
                let wanted = upright_matte(&first(&mut plain, &upright), Orientation::Rotate0);
                for i in 0..3 {
                    let out = first(&mut turned, &picture);
                    let found = upright_matte(&out, turn);
                    let off = difference(&found, &wanted);
                    assert!(off <= 1, "{name} {mode:?} {word} frame {i}: {off} off");
                }
            }
        }
    }
}

#[test]
fn tags_count_from_the_next_frame_on_and_a_new_stream_forgets_them() {
    let picture = stored(&presenter(), Orientation::Rotate180);
    let mut harness = rig("mattesegment", &[], &info_of(&picture));
    let matte = |harness: &mut gst_check::Harness, pts| {
        let out = shoot(harness, buffer_of(&picture, pts));
        matte_rows(&out).expect("the frame has a matte")
    };
    let untagged = matte(&mut harness, 0);
    harness.push_event(tag("rotate-180"));
    let tagged = matte(&mut harness, 33);
    assert_ne!(untagged, tagged);
    harness.push_event(gst::event::StreamStart::new("another"));
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    harness.push_event(gst::event::Segment::new(&segment));
    assert_eq!(matte(&mut harness, 66), untagged);
    let element = harness.element().expect("it holds one");
    element.set_property_from_str("video-direction", "180");
    assert_eq!(matte(&mut harness, 99), tagged);
    element.set_property_from_str("video-direction", "auto");
    assert_eq!(matte(&mut harness, 133), untagged);
}

/// Values of the first component of a frame, by place.
fn first_component(buffer: &gst::BufferRef, info: &VideoInfo) -> GrayImage {
    let caps = info.to_caps().expect("valid caps");
    let stream = gstmatte::video::Stream::from_caps(&caps).expect("caps that we take");
    let read = stream.read(buffer, |view| {
        let component = view.layout().info().components[0];
        let mut image = GrayImage::new(view.width(), view.height());
        for (y, row) in image.data_mut().chunks_exact_mut(view.width()).enumerate() {
            let from = &view.row(component.plane, y)[component.offset..];
            for (to, from) in row.iter_mut().zip(from.iter().step_by(component.step)) {
                *to = *from;
            }
        }
        image
    });
    read.expect("a frame of the caps")
}

fn turned(image: &GrayImage, turn: Orientation) -> GrayImage {
    let mut out = GrayImage::default();
    turn.turn(image.as_ref(), &mut out);
    out
}

/// How far two pictures differ at most.
fn difference(a: &GrayImage, b: &GrayImage) -> u8 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let pairs = a.data().iter().zip(b.data());
    pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

/// Soft, and different in all four corners.
fn mark(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        image::Rgb([
            (30.0 + 200.0 * x * y) as u8,
            (20.0 + 220.0 * x * (1.0 - y)) as u8,
            (10.0 + 120.0 * y) as u8,
        ])
    })
}

#[test]
fn a_picture_stands_upright_behind_every_orientation() {
    init();
    let file = scratch("picture").join("mark.png");
    // Bars of image-fit=contain begin on even pixels: such that are the same on both sides.
    mark(64, 32).save(&file).expect("the folder can be written");
    let file = file.to_str().expect("a plain path");
    for format in [VideoFormat::Rgb, VideoFormat::Nv12, VideoFormat::Yuy2] {
        for fit in nicks("image-fit") {
            let properties = [("image", file), ("image-fit", fit), ("color", "0xff102030")];
            let show = |turn: Orientation, word: &str| {
                let (width, height) = turn.size((64, 48));
                let info = info(format, width, height);
                let mut harness = rig("mattecompose", &properties, &info);
                // Caps come first: the picture is turned when the tag comes.
                harness.push_event(tag(word));
                let out = shoot(&mut harness, frame(&info, |_| 90));
                turned(&first_component(&out, &info), turn)
            };
            let wanted = show(Orientation::Rotate0, "rotate-0");
            for (turn, word) in words() {
                let off = difference(&show(turn, word), &wanted);
                assert!(off <= 2, "{format:?} {fit} {word}: {off} off");
            }
        }
    }
}

#[test]
fn a_video_stands_upright_behind_every_orientation() {
    init();
    let mark = mark(40, 30);
    let show = |fit: &str,
                (camera, camera_word): (Orientation, &str),
                behind: (Orientation, &str)| {
        let (width, height) = camera.size((64, 48));
        let info = info(VideoFormat::Nv12, width, height);
        let mut harness = rig("mattemix", &[("background-fit", fit)], &info);
        let element = harness.element().expect("it holds one");
        let mut background = gst_check::Harness::with_element(&element, Some("background"), None);
        let picture = stored(&mark, behind.0);
        background.set_src_caps(info_of(&picture).to_caps().expect("valid caps"));
        background.push_event(tag(behind.1));
        background
            .push(buffer_of(&picture, 0))
            .expect("it is taken");
        harness.push_event(tag(camera_word));
        let mut room = frame(&info, |_| 90);
        attach(&mut room, &info, (8, 8), |_, _| 0);
        let out = shoot(&mut harness, room);
        turned(&first_component(&out, &info), camera)
    };
    for fit in nicks("image-fit") {
        let plain = (Orientation::Rotate0, "rotate-0");
        let wanted = show(fit, plain, plain);
        for camera in words() {
            for behind in words() {
                let off = difference(&show(fit, camera, behind), &wanted);
                assert!(off <= 2, "{fit} {} over {}: {off} off", camera.1, behind.1);
            }
        }
    }
}

/// The left half, as the viewer sees it.
#[test]
fn regions_are_the_viewers() {
    init();
    for (turn, word) in words() {
        let (width, height) = turn.size((64, 48));
        let info = info(VideoFormat::Gray8, width, height);
        let properties = [("preset", "off"), ("subject-region", "0,0,0.5,1")];
        let mut harness = rig("matterefine", &properties, &info);
        harness.push_event(tag(word));
        let mut buffer = frame(&info, |_| 90);
        let size = turn.size((16, 12));
        attach(&mut buffer, &info, size, |_, _| 255);
        let upright = upright_matte(&shoot(&mut harness, buffer), turn);
        for (i, value) in upright.data().iter().enumerate() {
            let x = i % 64;
            if !(28..36).contains(&x) {
                assert_eq!(*value, if x < 32 { 255 } else { 0 }, "{word} at {x}");
            }
        }
    }
}

#[test]
fn the_bin_and_all_its_children_take_the_direction() {
    init();
    let bin = gst::ElementFactory::make("mattebackground")
        .build()
        .expect("registered");
    bin.set_property_from_str("video-direction", "90l");
    let children = bin
        .downcast_ref::<gst::Bin>()
        .expect("it is a bin")
        .children();
    let names: Vec<_> = children.iter().map(|child| child.name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    for child in children {
        assert_eq!(direction(&child), gst_video::VideoOrientationMethod::_90l);
    }
    for name in ["mattesegment", "matterefine", "mattecompose", "mattemix"] {
        let element = gst::ElementFactory::make(name).build().expect("registered");
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        element.set_property_from_str("video-direction", "horiz");
        assert!(bus.pop().is_none(), "{name}");
        element.set_property_from_str("video-direction", "custom");
        let warning = bus.pop_filtered(&[gst::MessageType::Warning]);
        assert!(warning.is_some(), "{name} takes custom");
        assert_eq!(
            direction(&element),
            gst_video::VideoOrientationMethod::Horiz
        );
        bus.set_flushing(true);
    }
}

fn direction(element: &gst::Element) -> gst_video::VideoOrientationMethod {
    element.property("video-direction")
}
