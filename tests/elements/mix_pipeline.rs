// SPDX-License-Identifier: MPL-2.0

//! A second video behind the subject, in whole pipelines: seeking, ends, streams that do not fit.

use crate::common;
use common::init;
use gst::prelude::*;
use std::sync::mpsc;
use std::time::Duration;

/// There for hangs, not for speed.
const HANG: Duration = Duration::from_secs(60);

fn launch(line: &str) -> gst::Pipeline {
    init();
    let pipeline = gst::parse::launch(line).expect(line);
    pipeline.downcast().expect("several elements")
}

/// The PTS of the buffers that reach a pad.
fn times(pipeline: &gst::Pipeline, element: &str, pad: &str) -> mpsc::Receiver<gst::ClockTime> {
    let (sender, times) = mpsc::channel();
    let pad = pipeline.by_name(element).unwrap().static_pad(pad).unwrap();
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let pts = info.buffer().and_then(|buffer| buffer.pts());
        let _ = sender.send(pts.expect("test sources stamp"));
        gst::PadProbeReturn::Ok
    });
    times
}

#[test]
fn a_seek_of_the_output_moves_both_streams_again_and_again() {
    for sync in [true, false] {
        let pipeline = launch(&format!(
            "mattemix name=mix ! fakesink name=out sync={sync} \
             videotestsrc ! video/x-raw,width=32,height=16,framerate=30/1 ! mix.sink \
             videotestsrc ! video/x-raw,width=40,height=30,framerate=25/1 ! queue ! mix.background"
        ));
        let shown = times(&pipeline, "out", "sink");
        let behind = times(&pipeline, "mix", "background");
        pipeline.set_state(gst::State::Playing).unwrap();
        shown.recv_timeout(HANG).expect("it plays");
        for round in 1..=20u64 {
            let place = gst::ClockTime::from_seconds(round * 7 % 50 + 10);
            let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
            pipeline.seek_simple(flags, place).expect("sources seek");
            for (name, times) in [("output", &shown), ("background", &behind)] {
                let close = |t: &gst::ClockTime| {
                    *t >= place && *t < place + gst::ClockTime::from_seconds(1)
                };
                while !close(&times.recv_timeout(HANG).expect(name)) {}
            }
        }
        let source = pipeline.by_name("mix").unwrap().static_pad("src").unwrap();
        let position = source.query_position::<gst::ClockTime>();
        assert!(
            position >= Some(gst::ClockTime::from_seconds(10)),
            "{position:?}"
        );
        pipeline.set_state(gst::State::Null).unwrap();
    }
}

#[test]
fn a_seek_in_paused_prerolls_again() {
    let pipeline = launch(
        "mattemix name=mix ! fakesink name=out videotestsrc ! mix.sink \
         videotestsrc pattern=blue ! mix.background",
    );
    pipeline.set_state(gst::State::Paused).unwrap();
    let timeout = gst::ClockTime::from_seconds(60);
    for place in [0, 30, 10] {
        let (result, state, _) = pipeline.state(timeout);
        assert_eq!((result.is_ok(), state), (true, gst::State::Paused));
        let place = gst::ClockTime::from_seconds(place);
        pipeline.seek_simple(gst::SeekFlags::FLUSH, place).unwrap();
    }
    pipeline.set_state(gst::State::Null).unwrap();
}

#[test]
fn the_end_of_either_stream_never_hangs_the_other() {
    // Camera and background frames, the policy, and how many frames come out.
    for (camera, background, policy, expected) in [
        (30, 300, "hold", 30),
        (300, 30, "hold", 300),
        (300, 30, "color", 300),
        (300, 30, "eos", 30),
        (30, 0, "hold", 30),
    ] {
        let pipeline = launch(&format!(
            "mattemix name=mix background-eos={policy} ! fakesink name=out sync=false \
             videotestsrc num-buffers={camera} ! video/x-raw,framerate=30/1 ! mix.sink \
             videotestsrc num-buffers={background} ! video/x-raw,framerate=30/1 ! mix.background"
        ));
        let shown = times(&pipeline, "out", "sink");
        pipeline.set_state(gst::State::Playing).unwrap();
        let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
        let bus = pipeline.bus().unwrap();
        let end = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &kinds);
        let end = end.expect("it ends").type_();
        pipeline.set_state(gst::State::Null).unwrap();
        let case = format!("{camera} over {background}, {policy}");
        assert_eq!(end, gst::MessageType::Eos, "{case}");
        assert_eq!(shown.try_iter().count(), expected, "{case}");
    }
}

#[test]
fn streams_without_times_are_refused_with_an_error() {
    init();
    for pad in ["sink", "background"] {
        let other = if pad == "sink" { "background" } else { "sink" };
        let pipeline = launch(&format!(
            "mattemix name=mix ! fakesink \
             appsrc format=bytes caps=video/x-raw,format=GRAY8,width=8,height=8,framerate=30/1 \
             name=untimed ! mix.{pad} videotestsrc ! mix.{other}"
        ));
        let source = pipeline.by_name("untimed").unwrap();
        let source = source.downcast::<gst_app::AppSrc>().unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let _ = source.push_buffer(gst::Buffer::with_size(64).unwrap());
        let bus = pipeline.bus().unwrap();
        let timeout = gst::ClockTime::from_seconds(60);
        let error = bus.timed_pop_filtered(timeout, &[gst::MessageType::Error]);
        assert!(error.is_some(), "{pad}");
        pipeline.set_state(gst::State::Null).unwrap();
    }
}
