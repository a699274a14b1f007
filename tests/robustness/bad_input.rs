// SPDX-License-Identifier: MPL-2.0

//! Bad input at the pipeline's level: every case ends in correct work or in one error that names
//! what was found; none in a panic, a hang or the room on the screen.

#[path = "../common/mod.rs"]
mod common;

use common::live::Live;
use common::pipeline::{Run, green_model, heard, model_with, run, run_samples, scratch};
use common::stream::Stream;
use common::{bytes, frame, info, init};
use gst::prelude::*;
use gst_video::{VideoFormat, VideoInfo};
use std::path::{Path, PathBuf};

fn models() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models"))
}

/// The error of a short stream through `elements`.
fn error_of(elements: &str) -> String {
    init();
    let info = info(VideoFormat::I420, 64, 36);
    let Run { error, buffers } = run(&info, elements, (0..3).map(|_| frame(&info, |_| 128)));
    assert!(
        buffers.is_empty(),
        "{elements}: frames came out all the same"
    );
    error.unwrap_or_else(|| panic!("{elements}: no error"))
}

/// That the error names all of `parts`.
fn assert_says(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "{error:?} does not say {part:?}");
    }
}

#[test]
fn models_that_are_none() {
    init();
    let folder = scratch("models");
    let whole = std::fs::read(models().join("alpha.onnx")).unwrap();
    let write = |name: &str, data: &[u8]| {
        let file = folder.join(name);
        std::fs::write(&file, data).unwrap();
        file
    };
    let files = [
        folder.join("missing.onnx"),
        write("empty.onnx", b""),
        write("truncated.onnx", &whole[..whole.len() / 2]),
        write("text.onnx", b"<html><body>404 Not Found</body></html>"),
        write("zeros.onnx", &[0; 4096]),
        folder.clone(),
        // No end, and nobody who writes.
        "/dev/zero".into(),
        pipe(&folder.join("pipe.onnx")),
    ];
    for file in files {
        let error = error_of(&format!("mattesegment model={}", file.display()));
        let name = file.file_name().unwrap().to_str().unwrap();
        assert_says(&error, &[name]);
    }
}

/// A named pipe, to which nobody writes.
fn pipe(path: &Path) -> PathBuf {
    let _ = std::fs::remove_file(path);
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo is everywhere").success());
    path.to_owned()
}

#[test]
fn models_that_do_not_suit() {
    for name in ["sound.onnx", "classifier.onnx", "two.onnx", "outside.onnx"] {
        let file = models().join(name);
        let error = error_of(&format!("mattesegment model={}", file.display()));
        assert_says(&error, &[name]);
    }
}

#[test]
fn descriptions_that_cannot_be_understood() {
    for (folder, toml, said) in [
        (
            "unknown-key",
            "[input]\nrange = [0, 1]\nwidht = 8\n",
            "widht",
        ),
        ("wrong-type", "[input]\nrange = \"0..1\"\n", "range"),
        ("wrong-word", "[input]\nlayout = \"hwcn\"\n", "layout"),
        ("no-toml", "[input\nrange = [0, 1]\n", "alpha.toml"),
        (
            "wrong-sum",
            &format!("[model]\nsha256 = \"{}\"\n", "0".repeat(64)),
            "SHA-256",
        ),
    ] {
        let file = model_with(folder, "alpha.onnx", toml);
        let error = error_of(&format!("mattesegment model={}", file.display()));
        assert_says(&error, &[said]);
    }
}

#[test]
fn unknown_provider() {
    init();
    let model = green_model();
    let error = error_of(&format!(
        "mattesegment model={} execution-provider=abacus",
        model.display()
    ));
    assert_says(&error, &["abacus"]);
}

/// Sizes at the edge of what a frame can be.
const SIZES: [(u32, u32); 7] = [
    (1, 1),
    (2, 2),
    (3, 1),
    (1, 70),
    (15, 17),
    (17, 15),
    (641, 359),
];

#[test]
fn every_format_at_every_odd_size() {
    init();
    let template = gst::ElementFactory::find("mattebackground")
        .unwrap()
        .static_pad_templates()
        .iter()
        .find(|pad| pad.direction() == gst::PadDirection::Sink)
        .unwrap()
        .caps();
    let formats: Vec<VideoFormat> = template
        .iter()
        .filter_map(|structure| structure.get::<gst::List>("format").ok())
        .flat_map(|list| {
            list.iter()
                .map(|f| f.get::<&str>().unwrap().parse().unwrap())
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(
        formats.len() >= 23,
        "only {} formats: {formats:?}",
        formats.len()
    );
    let model = green_model();
    for format in formats {
        for (width, height) in SIZES {
            let info = info(format, width, height);
            let elements = format!("mattebackground model={}", model.display());
            let frames = (0..2).map(|_| frame(&info, |i| (i * 7) as u8));
            let Run { buffers, error } = run(&info, &elements, frames);
            assert_eq!(
                (error, buffers.len()),
                (None, 2),
                "{format:?} {width}x{height}"
            );
        }
    }
}

#[test]
fn every_background_at_every_odd_size() {
    init();
    let model = green_model();
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures/room.jpg");
    for background in common::backgrounds() {
        for (width, height) in SIZES {
            for format in [VideoFormat::Nv12, VideoFormat::Yuy2, VideoFormat::Rgb] {
                let info = info(format, width, height);
                let elements = format!(
                    "mattebackground model={} image={picture} background={background}",
                    model.display()
                );
                let frames = (0..2).map(|_| frame(&info, |i| (i * 7) as u8));
                let Run { buffers, error } = run(&info, &elements, frames);
                let what = format!("{background} {format:?} {width}x{height}");
                assert_eq!((error, buffers.len()), (None, 2), "{what}");
            }
        }
    }
}

#[test]
fn eight_k() {
    init();
    let model = green_model();
    for format in [VideoFormat::Nv12, VideoFormat::Bgrx] {
        let info = info(format, 7680, 4320);
        let elements = format!("mattebackground model={}", model.display());
        let Run { buffers, error } = run(&info, &elements, [frame(&info, |_| 128)]);
        assert_eq!((error, buffers.len()), (None, 1), "{format:?}");
    }
}

fn sample(info: &VideoInfo, pts: u64) -> gst::Sample {
    let mut buffer = frame(info, |i| (i % 200) as u8);
    buffer
        .get_mut()
        .unwrap()
        .set_pts(gst::ClockTime::from_mseconds(pts));
    gst::Sample::builder()
        .buffer(&buffer)
        .caps(&info.to_caps().unwrap())
        .build()
}

#[test]
fn caps_change_while_playing() {
    init();
    let stream = [
        info(VideoFormat::I420, 320, 240),
        info(VideoFormat::I420, 640, 360),
        info(VideoFormat::Nv12, 640, 360),
        info(VideoFormat::Bgrx, 33, 71),
        info(VideoFormat::Nv12, 640, 360),
    ];
    let sent: Vec<_> = (0..25_u64)
        .map(|i| sample(&stream[i as usize / 5], i * 33))
        .collect();
    for mode in ["sync", "async"] {
        let elements = format!(
            "mattebackground model={} mode={mode}",
            green_model().display()
        );
        let Run { buffers, error } = run_samples(&elements, sent.clone());
        assert_eq!(error, None, "{mode}");
        let sizes: Vec<_> = buffers.iter().map(|buffer| buffer.size()).collect();
        let expected: Vec<_> = sent
            .iter()
            .map(|sample| sample.buffer().unwrap().size())
            .collect();
        assert_eq!(sizes, expected, "{mode}");
    }
}

#[test]
fn a_model_that_is_broken_when_caps_change_is_named() {
    let model = model_with("broken-later", "open_alpha.onnx", "");
    let mut live = Live::new(&[("model", model.to_str().expect("a plain path"))]);
    let (first, second) = (
        info(VideoFormat::Bgrx, 64, 48),
        // A model of free size is loaded anew for another aspect.
        info(VideoFormat::Bgrx, 128, 48),
    );
    live.push(&first, frame(&first, |_| 90));
    live.pull().expect("a frame comes out");
    std::fs::write(&model, "no model").expect("the scratch folder can be written");
    live.push(&second, frame(&second, |_| 90));
    let wait = gst::ClockTime::from_seconds(60);
    let message = live
        .bus
        .timed_pop_filtered(wait, &[gst::MessageType::Error])
        .expect("it is reported");
    let gst::MessageView::Error(error) = message.view() else {
        unreachable!("filtered")
    };
    assert_says(&error.error().to_string(), &["alpha.onnx"]);
}

#[test]
fn end_before_the_first_frame() {
    init();
    let info = info(VideoFormat::I420, 64, 36);
    for mode in ["sync", "async"] {
        let elements = format!(
            "mattebackground model={} mode={mode}",
            green_model().display()
        );
        let Run { buffers, error } = run(&info, &elements, []);
        assert_eq!((error, buffers.len()), (None, 0), "{mode}");
    }
}

#[test]
fn flush_and_go_on() {
    init();
    let info = info(VideoFormat::I420, 64, 48);
    for mode in ["sync", "async"] {
        let mut harness = gst_check::Harness::new_parse(&format!(
            "mattebackground model={} mode={mode} background=color",
            green_model().display()
        ));
        harness.set_src_caps(info.to_caps().unwrap());
        for round in 0..5_u64 {
            for i in 0..3 {
                let sample = sample(&info, (round * 3 + i) * 33);
                harness.push(sample.buffer_owned().unwrap()).unwrap();
                harness.pull().unwrap();
            }
            assert!(harness.push_event(gst::event::FlushStart::new()), "{mode}");
            assert!(
                harness.push_event(gst::event::FlushStop::new(true)),
                "{mode}"
            );
            let segment = gst::FormattedSegment::<gst::ClockTime>::new();
            assert!(
                harness.push_event(gst::event::Segment::new(&segment)),
                "{mode}"
            );
        }
    }
}

#[test]
fn start_and_stop_again_and_again() {
    init();
    let info = info(VideoFormat::Nv12, 64, 48);
    let model = green_model();
    let mut stream = Stream::new(&format!("mattebackground model={}", model.display()));
    for _ in 0..5 {
        stream.play();
        stream.push(&info, frame(&info, |_| 90));
        stream.pull().expect("a frame comes out");
        stream.pipeline.set_state(gst::State::Null).unwrap();
    }
}

#[test]
fn pictures_that_are_none() {
    init();
    let folder = scratch("pictures");
    let room = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/docs/pictures/room.jpg"
    ));
    // A GIF of 65535 x 65535 pixels in 30 bytes, to be refused before memory is taken for it.
    let mut huge = b"GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff,".to_vec();
    huge.extend(b"\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02D\x01\x00;");
    for (name, data) in [
        ("missing.png", None),
        ("empty.png", Some(Vec::new())),
        ("text.jpg", Some(b"not a picture".to_vec())),
        ("truncated.jpg", Some(room.unwrap()[..200].to_vec())),
        ("huge.gif", Some(huge)),
    ] {
        let file = folder.join(name);
        if let Some(data) = data {
            std::fs::write(&file, data).unwrap();
        }
        let elements = format!("mattecompose background=image image={}", file.display());
        assert_says(&error_of(&elements), &[name]);
    }
    let pipe = pipe(&folder.join("pipe.png"));
    let elements = format!("mattecompose background=image image={}", pipe.display());
    assert_says(&error_of(&elements), &["pipe.png", "plain file"]);
    let error = error_of("mattecompose background=image");
    assert_says(&error, &["image"]);
}

#[test]
fn a_broken_picture_while_playing_changes_nothing() {
    init();
    let info = info(VideoFormat::Bgrx, 64, 48);
    let mut harness = gst_check::Harness::new_parse(&format!(
        "mattecompose image={}",
        concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures/room.jpg")
    ));
    harness.set_src_caps(info.to_caps().unwrap());
    let next = |harness: &mut gst_check::Harness| {
        harness.push(frame(&info, |_| 90)).unwrap();
        bytes(&harness.pull().unwrap())
    };
    let before = next(&mut harness);
    let bin = harness.element().unwrap().downcast::<gst::Bin>().unwrap();
    let compose = bin.iterate_elements().into_iter().flatten().next().unwrap();
    compose.set_property("image", "/nonexistent/beach.jpg");
    assert!(next(&mut harness) == before, "the picture changed");
}

#[test]
fn a_matte_of_no_size_hides_the_room() {
    init();
    let info = info(VideoFormat::Nv12, 64, 36);
    let [a, b] = common::two_rooms(&info).map(|mut buffer| {
        common::attach(&mut buffer, &info, (16, 9), |_, _| 255);
        let mut matte = gstmatte::meta::Matte::of(&buffer).unwrap();
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "GRAY8")
            .field("width", 0)
            .field("height", 0)
            .build();
        matte.sample = gst::Sample::builder()
            .buffer(&gst::Buffer::new())
            .caps(&caps)
            .build();
        matte.attach(buffer.make_mut()).unwrap();
        let Run { buffers, error } = run(&info, "matterefine ! mattecompose", [buffer]);
        assert_eq!(error, None);
        bytes(&buffers[0])
    });
    assert!(a == b, "something of the room is seen");
}

/// A matte comes from anywhere: its metas are believed no more than those of a frame.
#[test]
fn a_matte_whose_memory_does_not_hold_it_hides_the_room() {
    init();
    let info = info(VideoFormat::Nv12, 32, 18);
    for (size, (width, height), offset, stride) in [
        // Behind the memory, at its very end, rows that overlap.
        (144, (16, 9), 143, 16),
        (144, (16, 9), 1, 16),
        (4096, (8192, 4608), 4095, 8192),
        (144, (16, 9), 0, 15),
        (144, (16, 9), 0, -16),
    ] {
        for element in [
            "mattecompose background=color",
            "mattecompose background=transparent",
            "mattecompose background=matte",
            "matterefine ! mattecompose background=color",
        ] {
            let what = format!("{element}: {size} bytes, offset {offset}, stride {stride}");
            let seen = [40, 200].map(|room| {
                let mut buffer = frame(&info, |_| room);
                let matte_info = common::info(VideoFormat::Gray8, width, height);
                let mut matte = gst::Buffer::from_mut_slice(vec![255; size]);
                let (flags, format) = (gst_video::VideoFrameFlags::empty(), VideoFormat::Gray8);
                let writable = matte.get_mut().expect("it is new");
                gst_video::VideoMeta::add_full(
                    writable,
                    flags,
                    format,
                    width,
                    height,
                    &[offset],
                    &[stride],
                )
                .expect("buffers take any meta");
                common::attach(&mut buffer, &info, (16, 9), |_, _| 255);
                let caps = matte_info.to_caps().expect("valid caps");
                let sample = gst::Sample::builder().buffer(&matte).caps(&caps).build();
                let mut meta = gstmatte::meta::Matte::of(&buffer).expect("just attached");
                meta.sample = sample;
                meta.attach(buffer.make_mut()).expect("buffers take it");
                let run = run(&info, element, [buffer]);
                assert_eq!(run.error, None, "{what}");
                bytes(run.buffers.first().expect("a frame comes out"))
            });
            assert!(seen[0] == seen[1], "{what}: the room is seen");
        }
    }
}

/// Nobody hears a warning of an element that is in no pipeline yet.
#[test]
fn regions_that_cannot_be_read_are_an_error_at_the_start() {
    for element in ["matterefine", "mattebackground background=color"] {
        for property in ["subject-region", "keep"] {
            for (region, part) in [
                ("rubbish", "`rubbish`"),
                ("0.15,0,0.5", "3 numbers"),
                ("15,0,50,100", "`15`"),
            ] {
                let model = match element.starts_with("mattebackground") {
                    true => format!("model={}", green_model().display()),
                    false => String::new(),
                };
                let error = error_of(&format!("{element} {model} {property}={region}"));
                assert_says(&error, &[property, part]);
            }
        }
    }
    // What was mended before the start is no error.
    let refine = gst::ElementFactory::make("matterefine").build().unwrap();
    refine.set_property("keep", "rubbish");
    refine.set_property("keep", "0,0,1,1");
    refine.set_state(gst::State::Paused).expect("it starts");
    refine.set_state(gst::State::Null).expect("it stops");
}

#[test]
fn cells_that_are_not_computed_are_an_error_at_the_start() {
    for element in ["matterefine", "mattebackground background=color"] {
        let error = error_of(&format!("{element} guided-subsample=5"));
        assert_says(
            &error,
            &["guided-subsample", "cells of 5 pixels", "4, 6 or 8"],
        );
    }
}

/// Each alone may be right, so the stream goes on with what can count.
#[test]
fn values_that_contradict_others_are_told_at_the_start() {
    init();
    for element in ["matterefine", "mattebackground background=color"] {
        let line = format!(
            "{element} name=e black-point=0.5 white-point=0.25 hysteresis-low=0.5 \
             hysteresis-high=0.25"
        );
        let stream = Stream::new(&line);
        stream
            .pipeline
            .set_state(gst::State::Paused)
            .expect("it starts");
        let told = heard(&stream.bus).join("\n");
        assert_says(
            &told,
            &[
                "warning: white-point: 0.25 is not above black-point (0.5)",
                "warning: hysteresis-high: 0.25 is below hysteresis-low (0.5)",
            ],
        );
        let read = |name| stream.element("e").property::<f32>(name);
        assert!(read("white-point") > 0.5 && read("hysteresis-high") == 0.5);
        let stopped = stream.pipeline.set_state(gst::State::Null);
        stopped.expect("it stops");
    }
}

#[test]
fn what_counts_at_the_start_is_refused_while_playing() {
    let mut live = Live::new(&[("model", &green_model().display().to_string())]);
    let info = info(VideoFormat::I420, 64, 36);
    let shown = |live: &mut Live| {
        live.push(&info, frame(&info, |_| 128));
        live.pull().is_some()
    };
    assert!(shown(&mut live));
    heard(&live.bus);
    live.element
        .set_property("onnxruntime-library", "/another/lib.so");
    let told = heard(&live.bus).join("\n");
    assert_says(
        &told,
        &["warning: onnxruntime-library: it counts from the start on"],
    );
    let value = live
        .element
        .property::<Option<String>>("onnxruntime-library");
    assert_eq!(value, None);
    assert!(shown(&mut live));
}
