// SPDX-License-Identifier: MPL-2.0

//! Frames that are only a part of the picture in their buffer (`GstVideoMeta`,
//! `GstVideoCropMeta`): every element works on that part, and nothing outside of it is the room
//! afterwards.

use crate::common;
use common::{attach, composer, frame, hiding_backgrounds, info, init, pixels, send, two_rooms};
use gst::prelude::*;
use gst_video::{VideoCropMeta, VideoFormat, VideoFrameFlags, VideoInfo, VideoMeta};
use gstmatte::frame::PixelLayout;
use gstmatte::meta::Matte;
use gstmatte::video::{Stream, format_of};

/// The picture in memory.
const STORED: (u32, u32) = (80, 60);
/// Where the frame lies in it, and its size: at the beginning of chroma samples and of packed words in
/// every format, and within them.
const EVEN: (u32, u32, u32, u32) = (18, 10, 48, 36);
const ODD: (u32, u32, u32, u32) = (17, 11, 48, 36);

fn size_of(rectangle: (u32, u32, u32, u32), format: VideoFormat) -> VideoInfo {
    info(format, rectangle.2, rectangle.3)
}

/// Says in metas that the frame is a part of the picture.
fn note(buffer: &mut gst::BufferRef, stored: &VideoInfo, rectangle: (u32, u32, u32, u32)) {
    VideoMeta::add_from_info(buffer, VideoFrameFlags::empty(), stored).expect("it fits");
    VideoCropMeta::add(buffer, rectangle);
}

/// Attaches a matte that was made for the part.
fn attach_part(
    buffer: &mut gst::Buffer,
    part: &VideoInfo,
    rectangle: (u32, u32, u32, u32),
    value: impl Fn(usize, usize) -> u8,
) {
    let (width, height) = (part.width() as usize, part.height() as usize);
    attach(buffer, part, (width, height), value);
    let mut matte = Matte::of(buffer).expect("just attached");
    matte.frame = Some(gstmatte::frame::Rectangle {
        x: rectangle.0 as usize,
        y: rectangle.1 as usize,
        width,
        height,
    });
    matte.attach(buffer.make_mut()).expect("buffers take it");
}

/// An element that treats each pixel by itself: what looks at a neighbourhood begins elsewhere where
/// the frame does.
fn plain(background: &str) -> gst::Element {
    let element = composer(background);
    element.set_property("decontamination", 0.0);
    element
}

/// The part of a picture in a buffer of its own, as an element that copies would make it.
fn cut_out(picture: &gst::BufferRef, part: &VideoInfo) -> gst::Buffer {
    let stream = Stream::from_caps(&part.to_caps().expect("valid caps")).expect("raw video");
    let mut buffer = frame(part, |_| 0);
    let writable = buffer.get_mut().expect("it is new");
    stream.copy(picture, writable).expect("both hold frames");
    buffer
}

fn ramp(x: usize, _: usize) -> u8 {
    (x * 255 / 47) as u8
}

#[test]
fn a_noted_crop_gives_the_picture_of_a_copied_one() {
    init();
    for &layout in PixelLayout::ALL {
        let format = format_of(layout);
        let (stored, part) = (info(format, STORED.0, STORED.1), size_of(EVEN, format));
        for background in hiding_backgrounds() {
            let [mut picture, _] = two_rooms(&stored);
            note(picture.get_mut().expect("it is new"), &stored, EVEN);
            let mut copy = cut_out(&picture, &part);
            attach_part(&mut picture, &part, EVEN, ramp);
            attach(&mut copy, &part, (48, 36), ramp);
            let (noted, caps) = send(&composer(background), &part, [picture]);
            let (copied, _) = send(&composer(background), &part, [copy]);
            let (noted, copied) = (pixels(&noted[0], &caps), pixels(&copied[0], &caps));
            assert_eq!(noted, copied, "{background} {format:?}");
        }
    }
}

/// Where a crop splits chroma samples, luma is that of a copied crop; the subject is untouched and
/// the background reaches to the last sample.
#[test]
fn crops_that_split_chroma_samples_are_exact() {
    init();
    for &layout in PixelLayout::ALL {
        let format = format_of(layout);
        let (stored, part) = (info(format, STORED.0, STORED.1), size_of(ODD, format));
        let luma = |buffer: &gst::BufferRef, caps: &gst::CapsRef| {
            let stream = Stream::from_caps(caps).expect("raw video");
            let (info, seen) = (layout.info(), pixels(buffer, caps));
            let luma = &seen[..stream.width() * stream.height() * info.sample_bytes()];
            // What stands beside a code value in its word is nobody's.
            match info.sample_bytes() {
                1 => luma.iter().map(|value| u16::from(*value)).collect(),
                _ => luma
                    .as_chunks()
                    .0
                    .iter()
                    .map(|value| info.word().code(*value))
                    .collect::<Vec<_>>(),
            }
        };
        for background in ["color", "image", "transparent"] {
            // Where alpha is made in place, the subject's colours are spread from cell to cell.
            if background == "transparent" && layout.info().alpha {
                continue;
            }
            let [mut picture, _] = two_rooms(&stored);
            note(picture.get_mut().expect("it is new"), &stored, ODD);
            let mut copy = cut_out(&picture, &part);
            attach_part(&mut picture, &part, ODD, ramp);
            attach(&mut copy, &part, (48, 36), ramp);
            let (noted, caps) = send(&plain(background), &part, [picture]);
            let (copied, _) = send(&plain(background), &part, [copy]);
            let (noted, copied) = (luma(&noted[0], &caps), luma(&copied[0], &caps));
            assert_eq!(noted, copied, "{background} {format:?}");
        }
        let kept = |matte: u8| {
            let [mut picture, _] = two_rooms(&stored);
            note(picture.get_mut().expect("it is new"), &stored, ODD);
            let before = picture.copy_deep().expect("memory");
            attach_part(&mut picture, &part, ODD, |_, _| matte);
            let (mut out, _) = send(&plain("color"), &part, [picture]);
            (before, out.remove(0))
        };
        // Every sample that the frame has a share in, as it lies in memory.
        let (before, after) = kept(255);
        let caps = part.to_caps().expect("valid");
        let stream = Stream::from_caps(&caps).expect("raw video");
        let samples = |buffer: &gst::BufferRef| {
            let all = stream.read_part(buffer, |frame, _| {
                let all = common::samples(frame);
                // Bits of no sample are not kept.
                let packed = frame
                    .is_packed()
                    .then(|| frame.row(0, 0).len() * frame.height());
                Ok(all[..all.len() - packed.unwrap_or(0)].to_vec())
            });
            all.expect("a frame")
        };
        if !layout.info().alpha {
            assert_eq!(samples(&before), samples(&after), "{format:?}");
        }
        let (_, hidden) = kept(0);
        let shown = pixels(&hidden, &caps);
        let first = shown[0];
        let luma = &shown[..48 * 36];
        if layout.info().depth == 8 {
            assert!(luma.iter().all(|value| *value == first), "{format:?}");
        }
    }
}

/// The two rooms in all of the memory that comes out, in the frame and around it.
#[test]
fn nothing_around_the_frame_is_the_room() {
    init();
    let backgrounds = hiding_backgrounds();
    for &layout in PixelLayout::ALL {
        let format = format_of(layout);
        let (stored, all) = (
            info(format, STORED.0, STORED.1),
            info(format, STORED.0, STORED.1),
        );
        let all = all.to_caps().expect("valid caps");
        for rectangle in [
            EVEN,
            ODD,
            (0, 0, 48, 36),
            (32, 24, 48, 36),
            (16, 10, 47, 35),
            (31, 23, 49, 37),
        ] {
            let part = size_of(rectangle, format);
            for (background, with_matte) in
                backgrounds.iter().flat_map(|b| [(*b, false), (*b, true)])
            {
                // A blurred room is still the room, and an overlay is there to show it.
                let shows_the_room = matches!(background, "blur" | "overlay" | "transparent");
                if with_matte && shows_the_room {
                    continue;
                }
                let [a, b] = two_rooms(&stored).map(|mut picture| {
                    // What came in transparent stays so: two alphas are two pictures.
                    if with_matte {
                        picture = common::opaque(picture, &stored);
                    }
                    note(picture.get_mut().expect("it is new"), &stored, rectangle);
                    if with_matte {
                        attach_part(&mut picture, &part, rectangle, |_, _| 0);
                    }
                    let (out, caps) = send(&composer(background), &part, [picture]);
                    if out[0].size() != stored.size() {
                        return pixels(&out[0], &caps);
                    }
                    let mut whole = out[0].copy();
                    let buffer = whole.get_mut().expect("it is new");
                    if let Some(crop) = buffer.meta_mut::<VideoCropMeta>() {
                        crop.remove().expect("it is not locked");
                    }
                    pixels(&whole, &all)
                });
                assert_eq!(a, b, "{background} {format:?} {rectangle:?} {with_matte}");
            }
        }
    }
}

/// A crop that came after the matte drops it, one of the same aspect ratio, too.
#[test]
fn a_matte_of_another_part_is_dropped() {
    init();
    let format = VideoFormat::I420;
    let (stored, part) = (info(format, 80, 60), info(format, 40, 30));
    for name in ["mattecompose", "matterefine"] {
        for (made_for, shown) in [
            (None, (20, 14, 40, 30)),
            (Some((0, 0, 80, 60)), (0, 0, 40, 30)),
            (Some((20, 14, 40, 30)), (22, 14, 40, 30)),
        ] {
            let [a, b] = two_rooms(&stored).map(|mut picture| {
                note(picture.get_mut().expect("it is new"), &stored, shown);
                attach(&mut picture, &stored, (80, 60), |_, _| 255);
                if let Some(made_for) = made_for {
                    attach_part(
                        &mut picture,
                        &info(format, made_for.2, made_for.3),
                        made_for,
                        |_, _| 255,
                    );
                }
                let element = gst::ElementFactory::make(name)
                    .build()
                    .expect("it is there");
                let (out, caps) = send(&element, &part, [picture]);
                match name {
                    "matterefine" => {
                        assert!(Matte::of(&out[0]).is_none(), "{made_for:?} {shown:?}");
                        Vec::new()
                    }
                    _ => pixels(&out[0], &caps),
                }
            });
            assert_eq!(a, b, "{name} {made_for:?} {shown:?}");
        }
    }
}

#[test]
fn mattes_are_made_and_refined_of_the_frame_alone() {
    init();
    let model = common::pipeline::green_model();
    for format in [VideoFormat::I420, VideoFormat::Rgb, VideoFormat::Yuy2] {
        for rectangle in [EVEN, ODD] {
            let (stored, part) = (info(format, STORED.0, STORED.1), size_of(rectangle, format));
            let matte_of = |buffer: gst::Buffer| {
                let element = gst::parse::bin_from_description(
                    &format!(
                        "mattesegment model={} ! matterefine temporal=none",
                        model.display()
                    ),
                    true,
                )
                .expect("the line is valid");
                let (out, _) = send(element.upcast_ref(), &part, [buffer]);
                let matte = Matte::of(&out[0]).expect("a matte");
                (common::matte_rows(&out[0]), matte.frame)
            };
            let [mut noted, _] = two_rooms(&stored);
            note(noted.get_mut().expect("it is new"), &stored, rectangle);
            let copied = cut_out(&noted, &part);
            let (noted, where_noted) = matte_of(noted);
            let (copied, _) = matte_of(copied);
            assert_eq!(noted, copied, "{format:?} {rectangle:?}");
            let place = where_noted.expect("it is said");
            assert_eq!(
                (place.x, place.y),
                (rectangle.0 as usize, rectangle.1 as usize)
            );
        }
    }
}

#[test]
fn nobody_is_promised_what_cannot_be_kept() {
    init();
    let caps = info(VideoFormat::I420, 64, 48)
        .to_caps()
        .expect("valid caps");
    let answer = |line: &str| {
        let pipeline = gst::parse::launch(line).expect("the line is valid");
        let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
        pipeline.set_state(gst::State::Playing).expect("it starts");
        let (done, ..) = pipeline.state(gst::ClockTime::from_seconds(20));
        done.expect("it plays");
        let element = pipeline.by_name("e").expect("it has the name");
        let mut query = gst::query::Allocation::new(Some(&caps), false);
        let answered = element
            .static_pad("sink")
            .expect("a sink")
            .query(&mut query);
        let promises = (
            query.find_allocation_meta::<VideoMeta>().is_some(),
            query.find_allocation_meta::<VideoCropMeta>().is_some(),
        );
        let aligned = query
            .allocation_params()
            .any(|(_, params)| params.align() >= 31);
        pipeline.set_state(gst::State::Null).expect("it stops");
        assert!(answered, "{line}");
        (promises, aligned)
    };
    let source = "videotestsrc ! video/x-raw,format=I420,width=64,height=48 !";
    for element in [
        "mattesegment",
        "matterefine",
        "mattecompose background=color",
        "mattemix",
    ] {
        let crops = format!("{source} {element} name=e ! videocrop right=2 ! fakesink");
        assert_eq!(answer(&crops), ((true, true), true), "{element}");
        let copies =
            format!("{source} {element} name=e ! videoconvert ! video/x-raw,format=RGB ! fakesink");
        let ((_, crop), _) = answer(&copies);
        assert!(!crop, "{element}");
        let blind = format!("{source} {element} name=e ! fakesink");
        assert_eq!(answer(&blind), ((false, false), true), "{element}");
    }
    for background in ["transparent", "matte"] {
        let line = format!("{source} mattecompose background={background} name=e ! fakesink");
        assert_eq!(answer(&line), ((true, true), true), "{background}");
    }
    // The bin's frames go through elements that hand the very buffer on to the one that composes.
    let bin = "mattebackground name=e";
    for background in ["transparent", "matte"] {
        let line = format!("{source} {bin} background={background} ! fakesink");
        assert_eq!(answer(&line), ((true, true), true), "bin, {background}");
    }
    let crops = format!("{source} {bin} ! videocrop right=2 ! fakesink");
    assert_eq!(answer(&crops), ((true, true), true));
    let blind = format!("{source} {bin} ! fakesink");
    assert_eq!(answer(&blind), ((false, false), true));
}

/// Frames of the background are read and never handed on.
#[test]
fn strides_of_the_background_are_taken_whatever_comes_after() {
    init();
    let caps = info(VideoFormat::I420, 64, 48)
        .to_caps()
        .expect("valid caps");
    for element in ["mattemix", "mattebackground"] {
        let line = format!("{element} name=e ! fakesink");
        let pipeline = gst::parse::launch(&line).expect("the line is valid");
        let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
        let element = pipeline.by_name("e").expect("it has the name");
        let pad = element.static_pad("background");
        let pad = pad.or_else(|| element.request_pad_simple("background"));
        let pad = pad.expect("there is one");
        pipeline.set_state(gst::State::Paused).expect("it starts");
        let mut query = gst::query::Allocation::new(Some(&caps), false);
        assert!(pad.query(&mut query), "{line}");
        assert!(
            query.find_allocation_meta::<VideoMeta>().is_some(),
            "{line}"
        );
        assert!(
            query.find_allocation_meta::<VideoCropMeta>().is_some(),
            "{line}"
        );
        let aligned = query
            .allocation_params()
            .any(|(_, params)| params.align() >= 31);
        assert!(aligned, "{line}");
        pipeline.set_state(gst::State::Null).expect("it stops");
    }
}

/// Stock elements alone make the crop, and one behind us moves it: nobody is in the picture, so
/// that all of it is the background.
#[test]
fn crops_of_stock_elements_show_nothing_of_the_room() {
    init();
    let room = "videotestsrc num-buffers=2 pattern=smpte \
                ! video/x-raw,format=I420,width=640,height=480,framerate=30/1";
    let green = "color=0xff00ff00";
    let nobody = "mattesegment ! matterefine";
    let behind = "videotestsrc num-buffers=9 foreground-color=0xff00ff00 pattern=solid-color \
                  ! video/x-raw,format=I420,width=640,height=480,framerate=30/1 \
                  ! videocrop left=7 top=4 ! mix.background";
    for crop in [
        "left=160 top=100",
        "left=161 top=99",
        "right=160 bottom=100",
    ] {
        for line in [
            format!(
                "{room} ! videocrop {crop} ! mattebackground background=color {green} ! videocrop right=2"
            ),
            format!(
                "{room} ! videocrop {crop} ! identity drop-allocation=true ! mattebackground background=color {green} ! videocrop right=2"
            ),
            format!(
                "{room} ! videocrop {crop} ! {nobody} ! mattecompose background=color {green} ! videocrop left=3"
            ),
            format!(
                "{room} ! videocrop {crop} ! {nobody} ! videocrop left=20 ! mattecompose background=color {green} ! videocrop left=2"
            ),
            format!(
                "{behind} {room} ! videocrop {crop} ! {nobody} ! mattemix name=mix ! videocrop right=2"
            ),
        ] {
            let line = format!(
                "{line} ! videoconvert ! video/x-raw,format=RGB ! appsink name=out sync=false"
            );
            let pipeline = gst::parse::launch(&line).expect("the line is valid");
            let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
            let sink = pipeline.by_name("out").expect("it has the name");
            let sink = sink.downcast::<gst_app::AppSink>().expect("an appsink");
            pipeline.set_state(gst::State::Playing).expect("it starts");
            let mut frames = 0;
            while let Some(sample) = sink.try_pull_sample(gst::ClockTime::from_seconds(60)) {
                let caps = sample.caps_owned().expect("it has caps");
                let seen = pixels(sample.buffer().expect("it has a buffer"), &caps);
                let size = seen.len() / 3;
                let green = (0..size)
                    .filter(|i| seen[*i] < 40 && seen[size + i] > 215 && seen[2 * size + i] < 40);
                assert_eq!(green.count(), size, "{line}");
                frames += 1;
            }
            pipeline.set_state(gst::State::Null).expect("it stops");
            assert!(frames > 0, "{line}");
        }
    }
}

/// What is known about a frame stays with it when it goes out in another format.
#[test]
fn metas_about_the_picture_survive_transparent_and_matte_output() {
    init();
    let format = VideoFormat::I420;
    let (stored, part) = (info(format, STORED.0, STORED.1), size_of(EVEN, format));
    for background in ["transparent", "matte"] {
        for cropped in [false, true] {
            let mut buffer = match cropped {
                true => two_rooms(&stored)[0].copy(),
                false => frame(&part, |i| i as u8),
            };
            if cropped {
                note(buffer.get_mut().expect("it is new"), &stored, EVEN);
                attach_part(&mut buffer, &part, EVEN, ramp);
            } else {
                attach(&mut buffer, &part, (48, 36), ramp);
            }
            let writable = buffer.make_mut();
            gst_video::VideoRegionOfInterestMeta::add(writable, "face", (4, 6, 8, 10));
            let (out, caps) = send(&composer(background), &part, [buffer]);
            let out = &out[0];
            let region = out
                .meta::<gst_video::VideoRegionOfInterestMeta>()
                .expect("the region stays");
            assert_eq!(region.rect(), (4, 6, 8, 10), "{background}");
            assert!(out.meta::<VideoCropMeta>().is_none(), "{background}");
            let matte = Matte::of(out).expect("the matte stays");
            let stream = Stream::from_caps(&caps).expect("raw video");
            assert!(matte.lies_on(&stream.visible(out).expect("a frame")));
        }
    }
}

#[test]
fn a_matte_that_does_not_cover_the_frame_is_not_handed_on() {
    init();
    let format = VideoFormat::I420;
    let (stored, part) = (info(format, STORED.0, STORED.1), size_of(EVEN, format));
    for background in ["transparent", "matte"] {
        let [mut buffer, _] = two_rooms(&stored);
        note(buffer.get_mut().expect("it is new"), &stored, EVEN);
        attach_part(&mut buffer, &part, (0, 0, 48, 36), ramp);
        let (out, _) = send(&composer(background), &part, [buffer]);
        assert!(Matte::of(&out[0]).is_none(), "{background}");
    }
}

/// Others take the fourth byte of RGBx for alpha, and the row's last one is as good as any.
#[test]
fn the_byte_of_no_component_is_opaque_in_the_rooms_place() {
    init();
    for layout in PixelLayout::ALL.iter().copied() {
        let Some(filler) = layout.info().filler() else {
            continue;
        };
        let info = info(format_of(layout), 22, 12);
        for background in ["blur", "color", "image"] {
            for matte in [Some(0), None] {
                let [mut buffer, _] = two_rooms(&info);
                if let Some(matte) = matte {
                    attach(&mut buffer, &info, (22, 12), |_, _| matte);
                }
                let (out, _) = send(&composer(background), &info, [buffer]);
                let seen = common::bytes(&out[0]);
                let opaque = seen.iter().skip(filler).step_by(4).all(|byte| *byte == 255);
                assert!(opaque, "{layout:?} {background} {matte:?}");
            }
        }
    }
}

/// A frozen picture that lies elsewhere leaves no bit of the frame that it takes the place of.
#[test]
fn a_frozen_picture_leaves_nothing_in_spare_bits() {
    init();
    for layout in PixelLayout::ALL.iter().copied() {
        let format = format_of(layout);
        // A width at which no format has padding behind its rows.
        let stored = info(format, 96, 60);
        let part = (17, 11, 47, 36);
        let caps = size_of(part, format);
        let element = composer("color");
        element.set_property_from_str("on-missing-matte", "freeze");
        let rooms = two_rooms(&stored).map(|mut missing| {
            let [mut good, _] = two_rooms(&stored);
            note(good.make_mut(), &stored, part);
            attach_part(&mut good, &caps, part, |_, _| 0);
            let elsewhere = (18, 10, 47, 36);
            note(missing.make_mut(), &stored, elsewhere);
            let (out, _) = send(&element, &caps, [good, missing]);
            common::bytes(&out[1])
        });
        let unlike: Vec<_> = (0..rooms[0].len())
            .filter(|&i| rooms[0][i] != rooms[1][i])
            .map(|i| (i, rooms[0][i], rooms[1][i]))
            .collect();
        assert_eq!(unlike, [], "{layout:?}: the room is seen at these bytes");
    }
}
