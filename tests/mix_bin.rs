// SPDX-License-Identifier: MPL-2.0

//! `mattebackground` with a video on its pad `background`.

mod common;

use common::pipeline::{Run, green_model, run};
use common::{bytes, frame, info, init};
use gst::prelude::*;
use gst_video::VideoFormat;

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

#[test]
fn while_it_runs_the_pad_is_refused_and_released_later() {
    let pipeline = |behind: &str| {
        init();
        let line = format!(
            "videotestsrc is-live=true ! video/x-raw,format=BGRx,width=64,height=48 ! person.sink \
             mattebackground name=person model={} {behind} person.src ! fakesink name=out",
            green_model().display()
        );
        let pipeline = gst::parse::launch(&line).unwrap();
        let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
        let person = pipeline.by_name("person").unwrap();
        (pipeline, person.downcast::<gst::Bin>().unwrap())
    };
    let play = |pipeline: &gst::Pipeline| {
        pipeline.set_state(gst::State::Playing).unwrap();
        let (result, state, _) = pipeline.state(gst::ClockTime::from_seconds(60));
        assert_eq!((result.is_ok(), state), (true, gst::State::Playing));
    };

    let (running, person) = pipeline("");
    play(&running);
    assert!(person.request_pad_simple("background").is_none());
    assert_eq!(composer(&person), "compose");
    running.set_state(gst::State::Null).unwrap();
    assert!(person.request_pad_simple("background").is_some());

    let (running, person) = pipeline("videotestsrc is-live=true name=behind ! person.background");
    play(&running);
    let behind = running.by_name("behind").unwrap();
    let pad = person.static_pad("background").unwrap();
    behind.set_state(gst::State::Null).unwrap();
    behind.unlink(&person);
    running.remove(&behind).unwrap();
    person.release_request_pad(&pad);
    assert_eq!(composer(&person), "mix", "the stream is not torn");
    let (sender, frames) = std::sync::mpsc::channel();
    let sink = running.by_name("out").unwrap().static_pad("sink").unwrap();
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let _ = sender.send(());
        gst::PadProbeReturn::Ok
    });
    let hang = std::time::Duration::from_secs(60);
    (0..5).for_each(|_| frames.recv_timeout(hang).expect("frames still come"));
    running.set_state(gst::State::Null).unwrap();
    assert_eq!(composer(&person), "compose");
    play(&running);
    running.set_state(gst::State::Null).unwrap();
}
