// SPDX-License-Identifier: MPL-2.0

//! The room behind the person is never shown because something failed: where a frame has no valid
//! matte, what `mattecompose` shows does not depend on the frame. Two frames that differ in every
//! byte must come out the same.

use crate::common;
use common::stream::Stream;
use common::{attach, hiding_backgrounds, info, init, pixels, two_rooms};
use gst::prelude::*;
use gst_video::VideoFormat;
use gstmatte::frame::PixelLayout;
use gstmatte::video::format_of;

const FORMATS: &[VideoFormat] = &[
    VideoFormat::Nv12,
    VideoFormat::I420,
    VideoFormat::Yuy2,
    VideoFormat::Bgrx,
    VideoFormat::Rgb,
];

/// A way in which a matte can be missing or wrong.
type Fault = (&'static str, fn(&mut gst::Buffer, &gst_video::VideoInfo));

const FAULTS: &[Fault] = &[
    ("no matte", |_, _| ()),
    (
        "matte of a frame of another aspect ratio",
        |buffer, info| {
            let other = common::info(info.format(), info.width() * 2, info.height());
            attach(buffer, &other, (16, 9), |_, _| 255);
        },
    ),
    ("matte that is not gray", |buffer, info| {
        attach(buffer, info, (16, 9), |_, _| 255);
        let mut matte = gstmatte::meta::Matte::of(buffer).expect("just attached");
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "RGB")
            .field("width", 16)
            .field("height", 9)
            .build();
        matte.sample = gst::Sample::builder()
            .buffer(&matte.sample.buffer_owned().expect("a matte has a buffer"))
            .caps(&caps)
            .build();
        matte
            .attach(buffer.make_mut())
            .expect("buffers take the meta");
    }),
    ("matte with too little memory", |buffer, info| {
        attach(buffer, info, (16, 9), |_, _| 255);
        let mut matte = gstmatte::meta::Matte::of(buffer).expect("just attached");
        matte.sample = gst::Sample::builder()
            .buffer(&gst::Buffer::with_size(3).expect("three bytes"))
            .caps(&matte.sample.caps_owned().expect("a matte has caps"))
            .build();
        matte
            .attach(buffer.make_mut())
            .expect("buffers take the meta");
    }),
];

/// The picture file that `background=image` uses.
fn picture() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png")
}

fn compose(
    info: &gst_video::VideoInfo,
    background: &str,
    setup: impl Fn(&gst::Element),
    buffers: impl IntoIterator<Item = gst::Buffer>,
) -> Vec<Vec<u8>> {
    let mut harness = gst_check::Harness::new("mattecompose");
    let element = harness.element().expect("the harness holds the element");
    element.set_property_from_str("background", background);
    if background == "image" {
        element.set_property("image", picture());
    }
    setup(&element);
    harness.set_src_caps(info.to_caps().expect("valid caps"));
    buffers
        .into_iter()
        .map(|buffer| {
            harness.push(buffer).expect("the frame goes through");
            let out = harness.pull().expect("a frame comes out");
            let caps = harness.sinkpad().and_then(|pad| pad.current_caps());
            pixels(&out, &caps.expect("caps come before frames"))
        })
        .collect()
}

#[test]
fn without_a_valid_matte_the_room_is_not_seen() {
    init();
    let all = PixelLayout::ALL.iter().map(|layout| format_of(*layout));
    for format in all {
        // The common ones in all sizes, the others in one that divides by nothing.
        let sizes = match FORMATS.contains(&format) {
            true => &[(64, 36), (33, 17), (2, 2), (1, 1)][..],
            false => &[(33, 17)],
        };
        for &(width, height) in sizes {
            let info = info(format, width, height);
            for background in hiding_backgrounds() {
                for (fault, spoil) in FAULTS {
                    let [a, b] = two_rooms(&info).map(|mut buffer| {
                        spoil(&mut buffer, &info);
                        // A new element each: what it saw before must not help.
                        compose(&info, background, |_| (), [buffer]).remove(0)
                    });
                    assert_eq!(a, b, "{background} {format:?} {width}x{height}: {fault}");
                }
            }
        }
    }
}

#[test]
fn freeze_before_the_first_good_picture_hides() {
    init();
    let info = info(VideoFormat::Nv12, 64, 36);
    let [a, b] = two_rooms(&info).map(|buffer| {
        let freeze = |e: &gst::Element| e.set_property_from_str("on-missing-matte", "freeze");
        compose(&info, "blur", freeze, [buffer]).remove(0)
    });
    assert_eq!(a, b);
}

#[test]
fn freeze_repeats_the_last_good_picture() {
    init();
    let info = info(VideoFormat::I420, 64, 36);
    let [mut good, bad] = two_rooms(&info);
    attach(
        &mut good,
        &info,
        (64, 36),
        |x, _| if x < 32 { 255 } else { 0 },
    );
    let freeze = |e: &gst::Element| e.set_property_from_str("on-missing-matte", "freeze");
    let out = compose(&info, "color", freeze, [good, bad]);
    assert_eq!(out[0], out[1]);
}

#[test]
fn hidden_after_a_good_picture_shows_neither_room() {
    init();
    let info = info(VideoFormat::Nv12, 64, 36);
    for background in ["blur", "color", "image", "transparent"] {
        let [a, b] = two_rooms(&info).map(|bad| {
            let mut good = common::frame(&info, |i| i as u8);
            attach(&mut good, &info, (64, 36), |_, _| 255);
            compose(&info, background, |_| (), [good, bad]).remove(1)
        });
        assert_eq!(a, b, "{background}");
    }
}

/// What was seen before new caps or a seek must not help to show what comes after them.
#[test]
fn after_new_caps_or_a_seek_the_room_is_not_seen() {
    init();
    for &format in FORMATS {
        let (small, large) = (info(format, 64, 36), info(format, 82, 50));
        for background in hiding_backgrounds() {
            for (seek, next) in [(true, &small), (false, &large)] {
                for policy in ["hide", "freeze"] {
                    let [a, b] = two_rooms(next).map(|bad| {
                        let element = gst::ElementFactory::make("mattecompose")
                            .property("image", picture())
                            .property_from_str("background", background)
                            .property_from_str("on-missing-matte", policy)
                            .build()
                            .expect("the element is there");
                        let mut harness =
                            gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
                        harness.set_src_caps(small.to_caps().expect("valid caps"));
                        let mut good = common::frame(&small, |i| i as u8);
                        attach(
                            &mut good,
                            &small,
                            (64, 36),
                            |x, _| if x < 30 { 255 } else { 0 },
                        );
                        harness.push(good).expect("the frame goes through");
                        harness.pull().expect("a frame comes out");
                        if seek {
                            let segment = gst::FormattedSegment::<gst::ClockTime>::new();
                            harness.push_event(gst::event::FlushStart::new());
                            harness.push_event(gst::event::FlushStop::new(true));
                            harness.push_event(gst::event::Segment::new(&segment));
                        } else {
                            harness.set_src_caps(next.to_caps().expect("valid caps"));
                        }
                        harness.push(bad).expect("the frame goes through");
                        let out = harness.pull().expect("a frame comes out");
                        let caps = harness.sinkpad().and_then(|pad| pad.current_caps());
                        pixels(&out, &caps.expect("caps come before frames"))
                    });
                    assert_eq!(a, b, "{background} {format:?} seek {seek} {policy}");
                }
            }
        }
    }
}

/// A tag that says how frames stand.
fn tag(word: &str) -> gst::Event {
    let mut tags = gst::TagList::new();
    let list = tags.make_mut();
    list.set_scope(gst::TagScope::Stream);
    list.add::<gst::tags::ImageOrientation>(&word, gst::TagMergeMode::Replace);
    gst::event::Tag::new(tags)
}

/// The elements that compose, with a background each.
fn composers() -> impl Iterator<Item = (&'static str, &'static str)> {
    let backgrounds = hiding_backgrounds();
    let compose = backgrounds
        .into_iter()
        .map(|background| ("mattecompose", background));
    compose.chain([("mattemix", "")])
}

/// One of them in a harness, for frames of a format.
fn composer(
    (name, background): (&str, &str),
    info: &gst_video::VideoInfo,
    setup: &[(&str, &str)],
) -> gst_check::Harness {
    let element = gst::ElementFactory::make(name).build().expect("registered");
    if name == "mattecompose" {
        element.set_property("image", picture());
        element.set_property_from_str("background", background);
    }
    for (name, value) in setup {
        element.set_property_from_str(name, value);
    }
    let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
    harness.set_src_caps(info.to_caps().expect("valid caps"));
    harness
}

fn seen(harness: &mut gst_check::Harness, buffer: gst::Buffer) -> Vec<u8> {
    harness.push(buffer).expect("the frame goes through");
    let out = harness.pull().expect("a frame comes out");
    let caps = harness.sinkpad().and_then(|pad| pad.current_caps());
    pixels(&out, &caps.expect("caps come before frames"))
}

const TURNS: [&str; 4] = [
    "rotate-90",
    "rotate-180",
    "flip-rotate-0",
    "flip-rotate-270",
];

#[test]
fn turned_frames_hide_the_room_as_upright_ones_do() {
    init();
    for &format in FORMATS {
        for (width, height) in [(64, 36), (33, 17), (1, 1)] {
            let info = info(format, width, height);
            for kind in composers() {
                for turn in TURNS {
                    for (fault, spoil) in FAULTS {
                        let [a, b] = two_rooms(&info).map(|mut buffer| {
                            spoil(&mut buffer, &info);
                            let mut harness = composer(kind, &info, &[]);
                            harness.push_event(tag(turn));
                            seen(&mut harness, buffer)
                        });
                        assert_eq!(a, b, "{kind:?} {format:?} {width}x{height} {turn}: {fault}");
                    }
                }
            }
        }
    }
}

#[test]
fn frames_that_are_turned_while_playing_hide_the_room() {
    init();
    let info = info(VideoFormat::Nv12, 64, 36);
    for kind in composers() {
        for policy in ["hide", "freeze"] {
            for turn in TURNS {
                let [a, b] = two_rooms(&info).map(|mut good| {
                    let mut harness = composer(kind, &info, &[("on-missing-matte", policy)]);
                    attach(
                        &mut good,
                        &info,
                        (64, 36),
                        |x, _| if x < 30 { 255 } else { 0 },
                    );
                    seen(&mut harness, good.copy());
                    harness.push_event(tag(turn));
                    let before = common::bytes(&good);
                    let mut bare = common::frame(&info, |i| before[i] ^ 0x55);
                    bare.make_mut().set_pts(gst::ClockTime::from_mseconds(33));
                    seen(&mut harness, bare)
                });
                assert_eq!(a, b, "{kind:?} {policy} {turn}");
            }
        }
    }
}

#[test]
fn fail_is_an_error_and_passthrough_shows_the_frame() {
    init();
    let info = info(VideoFormat::Rgb, 8, 8);
    let [room, _] = two_rooms(&info);
    let passthrough = |e: &gst::Element| e.set_property_from_str("on-missing-matte", "passthrough");
    let out = compose(&info, "blur", passthrough, [room.copy()]);
    assert_eq!(out[0], pixels(&room, &info.to_caps().expect("valid caps")));

    let mut harness = gst_check::Harness::new("mattecompose");
    let element = harness.element().expect("the harness holds the element");
    element.set_property_from_str("on-missing-matte", "fail");
    harness.set_src_caps(info.to_caps().expect("valid caps"));
    assert_eq!(harness.push(room), Err(gst::FlowError::Error));
}

#[test]
fn outside_the_subject_everything_is_hidden() {
    init();
    for format in PixelLayout::ALL.iter().map(|layout| format_of(*layout)) {
        let info = info(format, 64, 36);
        for background in ["color", "image", "transparent"] {
            let [a, b] = two_rooms(&info).map(|buffer| {
                // What came in transparent stays so: two alphas are two pictures.
                let mut buffer = common::opaque(buffer, &info);
                attach(&mut buffer, &info, (64, 36), |_, _| 0);
                compose(&info, background, |_| (), [buffer]).remove(0)
            });
            assert_eq!(a, b, "{background} {format:?}");
        }
    }
}

#[test]
fn one_message_a_gap_and_one_when_it_ends() {
    let stream = Stream::new("mattecompose");
    let info = info(VideoFormat::Nv12, 16, 16);
    stream.play();
    for i in 0..9u64 {
        let [mut buffer, _] = two_rooms(&info);
        if (3..6).contains(&i) {
            attach(&mut buffer, &info, (16, 16), |_, _| 255);
        }
        stream.push_at(gst::ClockTime::from_mseconds(300 * i), &info, buffer);
        stream.pull().expect("every frame comes out");
    }
    let messages = ["matte-missing", "matte-recovered", "matte-missing"];
    assert_eq!(stream.messages(), messages);
}

#[test]
fn while_the_network_fails_the_room_is_not_seen() {
    init();
    let info = info(VideoFormat::Rgb, 64, 48);
    let model = common::model("nan");
    for mode in ["sync", "async"] {
        for background in hiding_backgrounds() {
            // The model's answer is the logarithm of red: 0 where red is full, none without red.
            let [a, b] = [[0, 80, 10], [0, 200, 160]].map(|room: [u8; 3]| {
                let element = gst::ElementFactory::make("mattebackground")
                    .property("model", &model)
                    .property_from_str("mode", mode)
                    .property("image", picture())
                    .property_from_str("background", background)
                    .build()
                    .expect("the element is there");
                let mut harness =
                    gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
                harness.set_src_caps(info.to_caps().expect("valid caps"));
                let mut seen = Vec::new();
                // Beside the stream, the failure comes back some frames later.
                for index in 0..2000 {
                    let rgb = if index == 0 { [255, 9, 9] } else { room };
                    let mut buffer = common::frame(&info, |i| rgb[i % 3]);
                    let time = gst::ClockTime::from_mseconds(33 * index);
                    buffer.get_mut().expect("a new buffer").set_pts(time);
                    harness.push(buffer).expect("the frame goes through");
                    let out = harness.pull().expect("a frame comes out");
                    let caps = harness.sinkpad().and_then(|pad| pad.current_caps());
                    let stats: gst::Structure = element.property("segment-stats");
                    if stats.get::<u64>("failed").expect("a count") > 0 {
                        seen.push(pixels(&out, &caps.expect("caps come before frames")));
                    }
                    if seen.len() == 3 {
                        break;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                assert_eq!(seen.len(), 3, "the network never failed");
                seen
            });
            assert_eq!(a, b, "{mode} {background}");
        }
    }
}

/// A model's file, two rooms that it fails on, and what the warning says.
type Nonsense = (&'static str, [[u8; 3]; 2], &'static [&'static str]);

/// Models whose numbers are no alpha, probabilities or classes, however they were taken for them.
const IMPLAUSIBLE: &[Nonsense] = &[
    (
        "told_clip255.onnx",
        [[0, 80, 10], [90, 200, 160]],
        &["output.kind = \"alpha\"", "output.range = [0, 255]"],
    ),
    (
        "told_clip_both.onnx",
        [[0, 80, 10], [90, 100, 160]],
        &["output.range = [-1, 1]"],
    ),
    (
        "told_relu6.onnx",
        [[200, 80, 10], [90, 200, 160]],
        &["output.kind = \"logits\""],
    ),
    (
        "told_conv.onnx",
        [[200, 80, 10], [90, 200, 160]],
        &["output.kind = \"alpha\""],
    ),
    (
        "sigmoids.onnx",
        [[200, 80, 10], [90, 200, 160]],
        &["output.kind = \"softmax\"", "\"classes\""],
    ),
    (
        "float_labels.onnx",
        [[0, 80, 10], [90, 200, 160]],
        &["output.kind = \"labels\"", "\"alpha\""],
    ),
    (
        "recurrent_wild.onnx",
        [[0, 80, 10], [90, 200, 160]],
        &["output.kind = \"logits\""],
    ),
];

#[test]
fn numbers_that_cannot_be_true_show_no_room() {
    init();
    let info = info(VideoFormat::Rgb, 64, 48);
    for (model, rooms, words) in IMPLAUSIBLE {
        let file = format!("{}/tests/models/{model}", env!("CARGO_MANIFEST_DIR"));
        for background in hiding_backgrounds() {
            let [a, b] = rooms.map(|room| {
                let element = gst::ElementFactory::make("mattebackground")
                    .property("model", &file)
                    .property("image", picture())
                    .property_from_str("background", background)
                    .build()
                    .expect("the element is there");
                let bus = gst::Bus::new();
                element.set_bus(Some(&bus));
                let mut harness =
                    gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
                harness.set_src_caps(info.to_caps().expect("valid caps"));
                let seen: Vec<_> = (0..3)
                    .map(|index| {
                        let mut buffer = common::frame(&info, |i| room[i % 3]);
                        let time = gst::ClockTime::from_mseconds(33 * index);
                        buffer.get_mut().expect("a new buffer").set_pts(time);
                        harness.push(buffer).expect("the frame goes through");
                        let out = harness.pull().expect("a frame comes out");
                        let caps = harness.sinkpad().and_then(|pad| pad.current_caps());
                        pixels(&out, &caps.expect("caps come before frames"))
                    })
                    .collect();
                let stats: gst::Structure = element.property("segment-stats");
                assert_eq!(stats.get("failed"), Ok(3u64), "{model}");
                let heard = common::pipeline::heard(&bus);
                let warnings: Vec<_> = heard.iter().filter(|h| h.contains("No matte:")).collect();
                assert_eq!(warnings.len(), 1, "{model}: {heard:?}");
                for word in words.iter().copied().chain([*model]) {
                    assert!(warnings[0].contains(word), "{model}: {heard:?}");
                }
                element.set_bus(None);
                seen
            });
            assert_eq!(a, b, "{model} {background}");
        }
    }
}

#[test]
fn who_forgets_the_network_is_told() {
    init();
    let pipeline = gst::parse::launch(
        "videotestsrc num-buffers=90 ! video/x-raw,width=64,height=48,framerate=30/1 \
         ! mattecompose ! fakesink",
    )
    .expect("the line is valid");
    pipeline
        .set_state(gst::State::Playing)
        .expect("the pipeline starts");
    let bus = pipeline.bus().expect("a pipeline has a bus");
    let mut warnings = Vec::new();
    for message in bus.iter_timed(gst::ClockTime::from_seconds(10)) {
        match message.view() {
            gst::MessageView::Warning(warning) => warnings.push(warning.error().to_string()),
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(error) => panic!("{error:?}"),
            _ => (),
        }
    }
    pipeline
        .set_state(gst::State::Null)
        .expect("the pipeline stops");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("carries no matte"), "{warnings:?}");
}
