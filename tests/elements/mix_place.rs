// SPDX-License-Identifier: MPL-2.0

//! The subject before a second video: somewhere else, smaller, see-through, moving.

use crate::common;
use common::{attach, bytes, frame, info, init};
use gst::prelude::*;
use gst_check::Harness;
use gst_controller::prelude::*;
use gst_video::{VideoFormat, VideoInfo};
use gstmatte::meta::Matte;

const WIDTH: usize = 32;
const HEIGHT: usize = 16;
const SUBJECT: u8 = 200;
const ROOM: u8 = 90;
const BEHIND: u8 = 20;

fn ms(ms: u64) -> gst::ClockTime {
    gst::ClockTime::from_mseconds(ms)
}

/// The camera shows the subject on the left half, the room on the right one.
fn camera_frame(info: &VideoInfo, pts: gst::ClockTime) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(
        (0..WIDTH * HEIGHT)
            .map(|i| if i % WIDTH < WIDTH / 2 { SUBJECT } else { ROOM })
            .collect::<Vec<u8>>(),
    );
    buffer.get_mut().unwrap().set_pts(pts);
    attach(&mut buffer, info, (WIDTH, HEIGHT), |x, _| {
        if x < WIDTH / 2 { 255 } else { 0 }
    });
    buffer
}

struct Rig {
    camera: Harness,
    _background: Harness,
    element: gst::Element,
    pad: gst::Pad,
    info: VideoInfo,
}

impl Rig {
    fn new(properties: &[(&str, &str)]) -> Self {
        init();
        let element = gst::ElementFactory::make("mattemix").build().unwrap();
        element.set_property("decontamination", 0.0);
        let pad = element.static_pad("sink").unwrap();
        for (name, value) in properties {
            pad.set_property_from_str(name, value);
        }
        let info = info(VideoFormat::Gray8, WIDTH as u32, HEIGHT as u32);
        let mut camera = Harness::with_element(&element, Some("sink"), Some("src"));
        camera.set_live(true);
        camera.set_src_caps(info.to_caps().unwrap());
        let mut background = Harness::with_element(&element, Some("background"), None);
        background.set_live(true);
        background.set_src_caps(info.to_caps().unwrap());
        let mut behind = frame(&info, |_| BEHIND);
        behind.get_mut().unwrap().set_pts(ms(0));
        background.push(behind).expect("it is taken");
        Self {
            camera,
            _background: background,
            element,
            pad,
            info,
        }
    }

    fn shoot(&mut self, pts: u64) -> gst::Buffer {
        let buffer = camera_frame(&self.info, ms(pts));
        self.camera.push(buffer).expect("it is taken");
        self.camera.pull().expect("a frame comes out")
    }
}

fn at(picture: &[u8], x: usize, y: usize) -> u8 {
    picture[y * WIDTH + x]
}

#[test]
fn the_subject_is_drawn_small_in_a_corner_and_nothing_of_the_room() {
    let mut rig = Rig::new(&[("xpos", "16"), ("ypos", "8"), ("scale", "0.5")]);
    let out = rig.shoot(0);
    assert!(Matte::of(&out).is_none(), "it says where the subject was");
    let picture = bytes(&out);
    for (x, y) in (0..WIDTH * HEIGHT).map(|i| (i % WIDTH, i / WIDTH)) {
        // The camera's picture covers 16 to 32 and 8 to 16, the subject its left half. At the edge
        // in between, the two are mixed, as in every matte.
        let expected = match (x, y >= 8) {
            (16..=22, true) => SUBJECT,
            (23 | 24, true) => continue,
            _ => BEHIND,
        };
        assert_eq!(at(&picture, x, y), expected, "{x},{y}");
    }
}

#[test]
fn a_subject_that_stands_where_the_camera_sees_it_keeps_its_matte() {
    let mut rig = Rig::new(&[]);
    let out = rig.shoot(0);
    assert!(Matte::of(&out).is_some());
    let picture = bytes(&out);
    assert_eq!((at(&picture, 3, 3), at(&picture, 28, 3)), (SUBJECT, BEHIND));
    // Moved and moved back, it is the same again.
    rig.pad.set_property("xpos", 8);
    assert_eq!(at(&bytes(&rig.shoot(40)), 3, 3), BEHIND);
    rig.pad.set_property("xpos", 0);
    assert_eq!(bytes(&rig.shoot(80)), picture);
}

#[test]
fn opacity_mixes_the_subject_with_what_is_behind() {
    for (opacity, expected) in [("0", BEHIND), ("0.5", 110), ("1", SUBJECT)] {
        let mut rig = Rig::new(&[("opacity", opacity)]);
        let picture = bytes(&rig.shoot(0));
        assert!(at(&picture, 4, 4).abs_diff(expected) <= 1, "{opacity}");
        assert_eq!(at(&picture, 28, 4), BEHIND, "{opacity}");
    }
}

#[test]
fn without_a_matte_only_the_background_is_seen() {
    let mut rig = Rig::new(&[("scale", "0.5"), ("opacity", "0.7")]);
    let mut buffer = camera_frame(&rig.info, ms(0));
    Matte::detach(buffer.get_mut().unwrap());
    rig.camera.push(buffer).unwrap();
    let picture = bytes(&rig.camera.pull().unwrap());
    assert!(picture.iter().all(|&value| value == BEHIND));
}

#[test]
fn it_moves_over_time() {
    let mut rig = Rig::new(&[]);
    for (name, to) in [("xpos", 16), ("ypos", 0)] {
        let source = gst_controller::InterpolationControlSource::new();
        source.set_mode(gst_controller::InterpolationMode::Linear);
        assert!(source.set(ms(0), 0.0) && source.set(ms(160), f64::from(to)));
        let binding = gst_controller::DirectControlBinding::new_absolute(&rig.pad, name, &source);
        rig.pad.add_control_binding(&binding).unwrap();
    }
    for step in 0..=4 {
        let picture = bytes(&rig.shoot(step * 40));
        let left = 4 * step as usize;
        let row = &picture[4 * WIDTH..][..WIDTH];
        assert!(row[..left].iter().all(|&value| value == BEHIND), "{step}");
        assert!(
            row[left..left + 14].iter().all(|&value| value == SUBJECT),
            "{step}"
        );
    }
    assert_eq!(rig.pad.property::<i32>("xpos"), 16);
}

#[test]
fn the_effect_off_shows_the_camera_as_it_is() {
    let mut rig = Rig::new(&[("scale", "0.5"), ("xpos", "9")]);
    rig.element.set_property("transition-ms", 0u32);
    rig.element.set_property("enabled", false);
    let picture = bytes(&rig.shoot(0));
    assert_eq!(picture, bytes(&camera_frame(&rig.info, ms(0))));
}

#[test]
fn the_properties_are_set_as_those_of_compositor() {
    init();
    let pipeline = "mattemix name=mix sink::xpos=7 sink::ypos=-3 sink::scale=0.25 sink::opacity=0.5 ! fakesink";
    let pipeline = gst::parse::launch(pipeline)
        .unwrap()
        .downcast::<gst::Bin>()
        .unwrap();
    let pad = pipeline.by_name("mix").unwrap().static_pad("sink").unwrap();
    assert_eq!(
        (pad.property::<i32>("xpos"), pad.property::<i32>("ypos")),
        (7, -3)
    );
    assert_eq!(
        (pad.property::<f64>("scale"), pad.property::<f64>("opacity")),
        (0.25, 0.5)
    );
    for property in pad
        .list_properties()
        .iter()
        .filter(|spec| spec.owner_type() == pad.type_())
    {
        assert!(
            property.flags().contains(gst::PARAM_FLAG_CONTROLLABLE),
            "{}",
            property.name()
        );
    }
}

/// Formats whose samples are no whole bytes, with chroma, with alpha: the subject goes to the right
/// half, and the left one shows the background.
#[test]
fn every_kind_of_format_is_moved() {
    init();
    for format in [
        "I420",
        "NV12",
        "YUY2",
        "RGB",
        "BGRx",
        "v210",
        "I420_10LE",
        "RGB16",
        "P010_10LE",
    ] {
        let line = format!(
            "mattemix name=mix decontamination=0 sink::xpos=320 ! videoconvert ! video/x-raw,format=RGB ! appsink name=out sync=false \
             filesrc location=docs/pictures/input.jpg ! jpegdec ! videoconvert ! video/x-raw,format={format} \
             ! mattesegment mode=sync ! mix.sink \
             videotestsrc num-buffers=1 pattern=blue ! video/x-raw,format={format},width=640,height=480 ! mix.background"
        );
        let pipeline = gst::parse::launch(&line)
            .unwrap()
            .downcast::<gst::Bin>()
            .unwrap();
        let sink = pipeline
            .by_name("out")
            .unwrap()
            .downcast::<gst_app::AppSink>()
            .unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let sample = sink.pull_sample().expect(format);
        pipeline.set_state(gst::State::Null).unwrap();
        let picture = bytes(&sample.buffer_owned().unwrap());
        let pixel = |x: usize, y: usize| &picture[3 * (640 * y + x)..][..3];
        let is_blue = |pixel: &[u8]| pixel[2] > 200 && pixel[0] < 60;
        // The wall, and where the face was; the face, where it is now.
        assert!(
            is_blue(pixel(20, 20)) && is_blue(pixel(250, 240)),
            "{format}"
        );
        assert!(!is_blue(pixel(570, 230)), "{format}: {:?}", pixel(570, 230));
    }
}

/// What was found at the edge of an earlier frame is used again while nothing moves: not while the
/// subject goes to its place, even if the camera's picture and its matte stay the same.
#[test]
fn a_still_subject_that_fades_to_its_place_is_drawn_anew() {
    init();
    let info = info(VideoFormat::Gray8, 256, 128);
    // A room that is brighter to the right, so that its colour at the edge depends on the place.
    let room = |pts: u64| {
        let mut buffer = frame(&info, |i| (i % 256) as u8);
        buffer.get_mut().unwrap().set_pts(ms(pts));
        attach(&mut buffer, &info, (256, 128), |x, _| {
            (255 - 12 * x.abs_diff(128).saturating_sub(40).min(21)) as u8 & 0xf8
        });
        buffer
    };
    let fade = |still: bool| -> Vec<Vec<u8>> {
        let element = gst::ElementFactory::make("mattemix").build().unwrap();
        element.set_property("decontamination", 1.0);
        element.set_property("transition-ms", 400u32);
        let pad = element.static_pad("sink").unwrap();
        pad.set_property("scale", 0.5);
        pad.set_property("xpos", 100);
        let mut camera = Harness::with_element(&element, Some("sink"), Some("src"));
        let mut behind = Harness::with_element(&element, Some("background"), None);
        for harness in [&mut camera, &mut behind] {
            harness.set_live(true);
            harness.set_src_caps(info.to_caps().unwrap());
        }
        behind.push(frame(&info, |_| BEHIND)).expect("it is taken");
        let first = Matte::of(&room(0)).expect("it was attached");
        let mut shoot = |pts: u64| {
            let mut buffer = room(pts);
            let matte = Matte {
                sample: first.sample.clone(),
                still: still && pts > 0,
                ..Matte::of(&buffer).expect("it was attached")
            };
            matte
                .attach(buffer.get_mut().unwrap())
                .expect("it takes the meta");
            camera.push(buffer).expect("it is taken");
            bytes(&camera.pull().expect("a frame comes out"))
        };
        let mut pictures = vec![shoot(0)];
        element.set_property("enabled", false);
        pictures.extend((1..=6).map(|step| shoot(step * 40)));
        pictures
    };
    let (still, anew) = (fade(true), fade(false));
    assert_ne!(anew[1], anew[5], "it moves");
    for (step, (still, anew)) in still.iter().zip(&anew).enumerate() {
        assert!(still == anew, "step {step}");
    }
}

/// The frame that is drawn elsewhere covers all of the picture.
#[test]
fn a_frame_with_alpha_that_is_drawn_elsewhere_becomes_opaque() {
    init();
    for (format, at) in [(VideoFormat::Bgra, 3), (VideoFormat::Ayuv, 0)] {
        let info = info(format, WIDTH as u32, HEIGHT as u32);
        let picture = |alpha: u8, value: u8| {
            frame(&info, |i| match i % 4 == at {
                true => alpha,
                false => value,
            })
        };
        for (xpos, scale, expected) in [(0, 1.0, 60), (8, 1.0, 255), (-4, 0.5, 255)] {
            let element = gst::ElementFactory::make("mattemix").build().unwrap();
            let pad = element.static_pad("sink").unwrap();
            pad.set_property("xpos", xpos);
            pad.set_property("scale", scale);
            let mut camera = Harness::with_element(&element, Some("sink"), Some("src"));
            let mut behind = Harness::with_element(&element, Some("background"), None);
            for harness in [&mut camera, &mut behind] {
                harness.set_live(true);
                harness.set_src_caps(info.to_caps().unwrap());
            }
            behind.push(picture(10, BEHIND)).expect("it is taken");
            let mut buffer = picture(60, SUBJECT);
            attach(&mut buffer, &info, (WIDTH, HEIGHT), |x, _| {
                if x < WIDTH / 2 { 255 } else { 0 }
            });
            camera.push(buffer).expect("it is taken");
            let out = bytes(&camera.pull().expect("a frame comes out"));
            let alphas = out.iter().skip(at).step_by(4);
            assert!(
                alphas.clone().all(|alpha| *alpha == expected),
                "{format:?} at {xpos}, {scale}: {:?}",
                alphas.collect::<Vec<_>>()
            );
        }
    }
}
