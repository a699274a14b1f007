// SPDX-License-Identifier: MPL-2.0

//! `mattebackground` with a video on its pad `background`.

use crate::common;
use common::pipeline::{Run, green_model, run};
use common::{bytes, frame, info, init};
use gst::prelude::*;
use gst_video::VideoFormat;
use std::sync::mpsc;
use std::time::Duration;

/// There for hangs, not for speed.
const HANG: Duration = Duration::from_secs(60);

const WIDTH: usize = 160;
const HEIGHT: usize = 120;

/// Left half green (the subject), right half red, as BGRx.
fn halves() -> gst::Buffer {
    let info = info(VideoFormat::Bgrx, WIDTH as u32, HEIGHT as u32);
    frame(&info, |i| match (i % 4, i / 4 % WIDTH < WIDTH / 2) {
        (1, true) | (2, false) => 255,
        _ => 0,
    })
}

/// The pixel at the left and at the right of the middle row, as B, G, R.
fn edges(buffer: &gst::BufferRef) -> [[u8; 3]; 2] {
    let data = bytes(buffer);
    [8, WIDTH - 8].map(|x| {
        let at = (HEIGHT / 2 * WIDTH + x) * 4;
        [data[at], data[at + 1], data[at + 2]]
    })
}

fn is_near(found: [u8; 3], expected: [u8; 3]) -> bool {
    found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 4)
}

fn bin() -> gst::Bin {
    init();
    let bin = gst::ElementFactory::make("mattebackground")
        .build()
        .unwrap();
    bin.downcast().unwrap()
}

fn composer(bin: &gst::Bin) -> &'static str {
    match (bin.by_name("compose"), bin.by_name("mix")) {
        (Some(_), None) => "compose",
        (None, Some(_)) => "mix",
        _ => "neither or both",
    }
}

#[test]
fn a_video_stands_behind_the_person() {
    init();
    let caps = info(VideoFormat::Bgrx, WIDTH as u32, HEIGHT as u32);
    for behind in ["I420,width=64,height=48", "BGRx,width=160,height=120"] {
        let description = format!(
            "person.sink mattebackground name=person model={} mode=sync \
             videotestsrc pattern=blue ! video/x-raw,format={behind},framerate=30/1 \
             ! person.background person.src",
            green_model().display()
        );
        let Run { buffers, error } = run(&caps, &description, (0..20).map(|_| halves()));
        assert_eq!(error, None);
        assert_eq!(buffers.len(), 20, "every frame comes out");
        for buffer in &buffers {
            let [left, right] = edges(buffer);
            assert!(is_near(left, [0, 255, 0]), "the subject is {left:?}");
            assert!(is_near(right, [255, 0, 0]), "behind it is {right:?}");
        }
    }
}

#[test]
fn the_pad_exchanges_the_composing_elements() {
    let bin = bin();
    assert_eq!(composer(&bin), "compose");
    bin.set_property("color", 0xff12_3456u32);
    bin.set_property_from_str("background-eos", "color");
    let pad = bin.request_pad_simple("background").unwrap();
    assert_eq!(composer(&bin), "mix");
    let mix = bin.by_name("mix").unwrap();
    assert_eq!(mix.property::<u32>("color"), 0xff12_3456);
    bin.set_property_from_str("on-missing-matte", "freeze");
    let shared = mix.property_value("on-missing-matte");
    assert_eq!(shared.transform::<i32>().unwrap().get::<i32>().unwrap(), 1);
    bin.release_request_pad(&pad);
    assert_eq!(composer(&bin), "compose");
    let compose = bin.by_name("compose").unwrap();
    let shared = compose.property_value("on-missing-matte");
    assert_eq!(shared.transform::<i32>().unwrap().get::<i32>().unwrap(), 1);
    assert!(bin.request_pad_simple("background").is_some(), "again");
}

/// A running camera through the bin, and the right edge's pixels as they come out.
fn running(live: bool, line: &str) -> (gst::Pipeline, gst::Bin, mpsc::Receiver<[u8; 3]>) {
    init();
    // Nothing in the camera's picture is green, and so nothing is the subject.
    let line = format!(
        "videotestsrc is-live={live} pattern=red \
         ! video/x-raw,format=BGRx,width={WIDTH},height={HEIGHT},framerate=30/1 ! person.sink \
         mattebackground name=person model={} mode=sync background=color color=0xffffffff {line} \
         person.src ! fakesink name=out sync=true",
        green_model().display()
    );
    let pipeline = gst::parse::launch(&line).expect(&line);
    let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
    let person = pipeline.by_name("person").unwrap();
    let (sender, frames) = mpsc::channel();
    let sink = pipeline.by_name("out").unwrap().static_pad("sink").unwrap();
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let buffer = info.buffer().expect("the probe is for buffers");
        let _ = sender.send(edges(buffer)[1]);
        gst::PadProbeReturn::Ok
    });
    (pipeline, person.downcast().unwrap(), frames)
}

fn until(frames: &mpsc::Receiver<[u8; 3]>, color: [u8; 3]) {
    let next = || frames.recv_timeout(HANG).expect("frames keep coming");
    // Twenty seconds of frames.
    let found = (0..600).any(|_| is_near(next(), color));
    assert!(found, "it never becomes {color:?}");
}

fn reach(pipeline: &gst::Pipeline, state: gst::State) {
    pipeline.set_state(state).unwrap();
    let (result, reached, _) = pipeline.state(gst::ClockTime::from_seconds(60));
    assert_eq!((result.is_ok(), reached), (true, state));
}

/// Adds a blue video and links it to the bin's pad.
fn add_blue(pipeline: &gst::Pipeline, person: &gst::Bin, live: bool) -> gst::Element {
    let blue = gst::ElementFactory::make("videotestsrc")
        .property_from_str("pattern", "blue")
        .property("is-live", live)
        .build()
        .unwrap();
    pipeline.add(&blue).unwrap();
    let pad = person.request_pad_simple("background").expect("a pad");
    blue.static_pad("src").unwrap().link(&pad).unwrap();
    blue.sync_state_with_parent().unwrap();
    blue
}

const WHITE: [u8; 3] = [255; 3];
const BLUE: [u8; 3] = [255, 0, 0];

#[test]
fn a_background_may_come_and_go_while_it_runs() {
    for live in [true, false] {
        let (pipeline, person, frames) = running(live, "");
        reach(&pipeline, gst::State::Playing);
        until(&frames, WHITE);
        let blue = add_blue(&pipeline, &person, live);
        until(&frames, BLUE);
        assert_eq!(composer(&person), "mix");
        let pad = person.static_pad("background").unwrap();
        blue.set_state(gst::State::Null).unwrap();
        pipeline.remove(&blue).unwrap();
        person.release_request_pad(&pad);
        assert_eq!(composer(&person), "mix", "the stream is not torn");
        frames.try_iter().for_each(drop);
        until(&frames, BLUE);
        let blue = add_blue(&pipeline, &person, live);
        until(&frames, BLUE);
        pipeline.set_state(gst::State::Null).unwrap();
        assert_eq!(composer(&person), "mix");
        pipeline.remove(&blue).unwrap();
        let pad = person.static_pad("background").unwrap();
        person.release_request_pad(&pad);
        assert_eq!(composer(&person), "compose");
        reach(&pipeline, gst::State::Playing);
        frames.try_iter().for_each(drop);
        until(&frames, WHITE);
        pipeline.set_state(gst::State::Null).unwrap();
    }
}

#[test]
fn a_background_that_comes_in_paused_is_there_when_it_plays() {
    let (pipeline, person, frames) = running(false, "");
    reach(&pipeline, gst::State::Paused);
    add_blue(&pipeline, &person, false);
    reach(&pipeline, gst::State::Playing);
    until(&frames, BLUE);
    pipeline.set_state(gst::State::Null).unwrap();

    // Released before its moment has come, or stopped before: nothing is left behind.
    for release in [true, false] {
        let (pipeline, person, _frames) = running(false, "");
        reach(&pipeline, gst::State::Paused);
        let pad = person.request_pad_simple("background").unwrap();
        if release {
            person.release_request_pad(&pad);
        }
        pipeline.set_state(gst::State::Null).unwrap();
        assert_eq!(composer(&person), if release { "compose" } else { "mix" });
        reach(&pipeline, gst::State::Playing);
        pipeline.set_state(gst::State::Null).unwrap();
    }
}

#[test]
fn a_decoder_that_finds_its_stream_late_can_be_linked_in_a_line() {
    let behind =
        "videotestsrc pattern=blue ! video/x-raw,format=I420 ! decodebin ! person.background";
    let (pipeline, _person, frames) = running(false, behind);
    pipeline.set_state(gst::State::Playing).unwrap();
    until(&frames, BLUE);
    pipeline.set_state(gst::State::Null).unwrap();
}
