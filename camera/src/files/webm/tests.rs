// SPDX-License-Identifier: MPL-2.0

use super::ebml::{self, UNKNOWN, children, put, put_head, put_unsigned, unsigned};
use super::*;
use gst::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn numbers_of_every_length_are_read() {
    for (bytes, size) in [
        (&[0xec, 0x80][..], 0),
        (&[0xec, 0x85], 5),
        (&[0xec, 0x40, 0x7f], 127),
        (&[0xec, 0x20, 0x40, 0x00], 0x4000),
        (&[0xec, 0x08, 0, 0, 0, 9], 9),
        (&[0xec, 0x01, 0, 0, 0, 0, 0, 0, 7], 7),
        (&[0xec, 0xff], UNKNOWN),
        (
            &[0xec, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            UNKNOWN,
        ),
    ] {
        let head = ebml::head(&mut &bytes[..]).expect("it is right");
        assert_eq!(
            head.map(|head| (head.id, head.size)),
            Some((0xec, size)),
            "{bytes:x?}"
        );
    }
    let four = [0x1a, 0x45, 0xdf, 0xa3, 0x80];
    let head = ebml::head(&mut &four[..]).expect("it is right");
    assert_eq!(head.map(|head| head.id), Some(0x1a45_dfa3));
    assert_eq!(ebml::head(&mut &[][..]).expect("the end is none"), None);
    for wrong in [
        &[0x00, 0x80][..],
        &[0xec],
        &[0x1a, 0x45],
        &[0xec, 0x40],
        &[0x08, 1, 1, 1, 1, 0x80],
    ] {
        assert!(ebml::head(&mut &wrong[..]).is_err(), "{wrong:x?}");
    }
}

#[test]
fn what_is_put_is_read() {
    let mut bytes = Vec::new();
    put(&mut bytes, 0x1a45_dfa3, b"one");
    put_unsigned(&mut bytes, 0xee, 0x0102_0304_0506);
    put(&mut bytes, 0x75a1, b"");
    let found = children(&bytes).expect("it is right");
    assert_eq!(found[0], (0x1a45_dfa3, &b"one"[..]));
    assert_eq!((found[1].0, unsigned(found[1].1)), (0xee, 0x0102_0304_0506));
    assert_eq!(found[2], (0x75a1, &b""[..]));
    assert!(children(&bytes[..bytes.len() - 11]).is_err(), "cut off");
    let mut endless = Vec::new();
    put_head(&mut endless, 0xec, UNKNOWN);
    assert!(children(&endless).is_err());
}

/// A file of VP9, with sound or without.
fn file(name: &str, pattern: &str, frames: u32, audio: bool) -> PathBuf {
    gst::init().expect("GStreamer is there");
    let name = format!("matte-merge-{}-{name}.webm", std::process::id());
    let path = std::env::temp_dir().join(name);
    let sound = match audio {
        true => "audiotestsrc num-buffers=40 ! opusenc ! queue ! m.",
        false => "",
    };
    let line = format!(
        "webmmux name=m ! filesink location={} videotestsrc num-buffers={frames} pattern={pattern} \
         ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 \
         ! vp9enc deadline=1 cpu-used=8 lag-in-frames=0 ! queue ! m. {sound}",
        path.display()
    );
    let pipeline = gst::parse::launch(&line).expect("the line is right");
    let bus = pipeline.bus().expect("a pipeline has one");
    pipeline.set_state(gst::State::Playing).expect("it starts");
    let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
    let ended = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &kinds);
    assert!(ended.is_some_and(|message| message.type_() == gst::MessageType::Eos));
    pipeline.set_state(gst::State::Null).expect("it stops");
    path
}

/// One byte of each pixel of each frame: of alpha (0) or luma (1).
fn decoded(path: &Path, byte: usize) -> Vec<Vec<u8>> {
    let line = format!(
        "filesrc location={} ! decodebin ! videoconvert ! video/x-raw,format=AYUV \
         ! appsink name=a sync=false",
        path.display()
    );
    let pipeline = gst::parse::launch(&line).expect("the line is right");
    let pipeline = pipeline.downcast::<gst::Pipeline>().expect("it is one");
    let sink = pipeline.by_name("a").expect("it is there");
    let sink = sink.downcast::<gst_app::AppSink>().expect("an appsink");
    pipeline.set_state(gst::State::Playing).expect("it starts");
    let mut frames = Vec::new();
    while let Ok(sample) = sink.pull_sample() {
        let frame = sample.buffer().expect("it has one");
        let frame = frame.map_readable().expect("it is memory");
        frames.push(frame.iter().skip(byte).step_by(4).copied().collect());
    }
    pipeline.set_state(gst::State::Null).expect("it stops");
    frames
}

#[test]
fn each_frame_gets_the_alpha_beside_it() {
    let colours = file("colours", "ball", 35, true);
    let alpha = file("alpha", "smpte", 35, false);
    let both = colours.with_extension("both");
    merge(&colours, &alpha, &both).expect("they belong together");
    let luma = decoded(&both, 1);
    assert_eq!(luma.len(), 35);
    assert!(luma == decoded(&colours, 1), "the colours are others");
    let own = decoded(&both, 0);
    assert!(own == decoded(&alpha, 1), "the alpha is another");
    for path in [colours, alpha, both] {
        fs::remove_file(path).expect("it is ours");
    }
}

#[test]
fn what_does_not_belong_together_is_an_error() {
    let (colours, alpha) = (
        file("longer", "ball", 12, false),
        file("shorter", "ball", 10, false),
    );
    let both = colours.with_extension("both");
    for (one, other) in [(&colours, &alpha), (&alpha, &colours)] {
        let error = merge(one, other, &both)
            .expect_err("one is longer")
            .to_string();
        assert!(error.contains("frames of colours"), "{error}");
    }
    let bytes = fs::read(&colours).expect("it is there");
    for end in [0, 3, 20, 100, bytes.len() / 2] {
        fs::write(&both, &bytes[..end]).expect("it is ours");
        let to = colours.with_extension("to");
        assert!(merge(&both, &alpha, &to).is_err(), "cut off after {end}");
        let _ = fs::remove_file(to);
    }
    for path in [colours, alpha, both] {
        fs::remove_file(path).expect("it is ours");
    }
}
