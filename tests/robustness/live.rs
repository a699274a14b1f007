// SPDX-License-Identifier: MPL-2.0

//! Running pipelines that are stopped, flushed, sought, unplugged and changed at any moment, with the
//! real ONNX Runtime and networks whose answer is known.

#[path = "../common/mod.rs"]
mod common;

use common::pipeline::{green_model, model_with};
use common::running::{Running, wait_for};
use gst::glib;
use gst::prelude::*;
use gstmatte::meta::Matte;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A network that is on a red frame for minutes, and on any other for no time.
fn slow_model() -> String {
    let file = model_with("slow", "slow.onnx", "[input]\nrange = [0, 1]\n");
    file.display().to_string()
}

#[test]
fn a_run_of_minutes_holds_up_neither_a_flush_nor_a_stop() {
    for mode in ["sync", "async"] {
        let running = Running::new(&format!(
            "appsrc name=in format=time ! mattesegment name=segment mode={mode} model={} \
             ! fakesink name=sink sync=false async=false",
            slow_model()
        ));
        let source = running.pipeline.by_name("in").unwrap();
        let source = source.downcast::<gst_app::AppSrc>().unwrap();
        let segment = running.pipeline.by_name("segment").unwrap();
        let info = common::info(gst_video::VideoFormat::Rgb, 8, 6);
        source.set_caps(Some(&info.to_caps().unwrap()));
        let mattes = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&mattes);
        let pad = segment.static_pad("src").unwrap();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let matte = info.buffer().and_then(|buffer| Matte::of(buffer));
            count.fetch_add(u64::from(matte.is_some()), Ordering::SeqCst);
            gst::PadProbeReturn::Ok
        });
        running.state(gst::State::Playing);
        let push = |rgb: [u8; 3]| {
            let _ = source.push_buffer(common::frame(&info, |i| rgb[i % 3]));
        };
        for _ in 0..3 {
            push([255, 90, 0]);
            // Somewhere in the run; wherever it is, what follows must hold.
            std::thread::sleep(Duration::from_millis(50));
            assert!(source.send_event(gst::event::FlushStart::new()));
            assert!(source.send_event(gst::event::FlushStop::new(true)));
            assert_eq!(
                mattes.load(Ordering::SeqCst),
                0,
                "{mode}: the run is not over"
            );
        }
        wait_for("a matte after the flush", || {
            push([0, 90, 0]);
            std::thread::sleep(Duration::from_millis(5));
            mattes.load(Ordering::SeqCst) > 0
        });
        push([255, 90, 0]);
        std::thread::sleep(Duration::from_millis(50));
        running.state(gst::State::Null);
        assert_eq!(running.errors(), [""; 0], "{mode}");
    }
}

#[test]
fn seeks_and_pauses_at_any_moment_bring_no_matte_from_before() {
    let running = Running::new(&format!(
        "videotestsrc pattern=ball ! video/x-raw,width=64,height=48,framerate=30/1 \
         ! mattesegment name=segment model={} ! fakesink name=sink sync=false",
        green_model().display()
    ));
    let pad = running
        .pipeline
        .by_name("segment")
        .unwrap()
        .static_pad("src")
        .unwrap();
    let foreign = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&foreign);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let own = info.buffer().is_some_and(|buffer| {
            Matte::of(buffer).is_some_and(|matte| matte.frame_pts == buffer.pts())
        });
        count.fetch_add(u64::from(!own), Ordering::SeqCst);
        gst::PadProbeReturn::Ok
    });
    running.state(gst::State::Playing);
    for step in 0..60u64 {
        let time = gst::ClockTime::from_mseconds(step * 7919 % 50_000);
        let state = [gst::State::Paused, gst::State::Playing][(step / 5 % 2) as usize];
        if step % 5 == 0 {
            running.state(state);
        }
        // Without a flush the source waits for its stream, and the stream, where the sink prerolls,
        // for the lock of the state, which a seek holds: GStreamer has such seeks while it plays,
        // which a flush interrupts.
        let flags = if step % 4 == 3 && state == gst::State::Playing {
            let (reached, now, _) = running.pipeline.state(gst::ClockTime::from_seconds(60));
            assert_eq!((reached.is_ok(), now), (true, state), "step {step}");
            gst::SeekFlags::empty()
        } else {
            gst::SeekFlags::FLUSH
        };
        running
            .pipeline
            .seek_simple(flags | gst::SeekFlags::ACCURATE, time)
            .expect("it seeks");
    }
    running.state(gst::State::Playing);
    running.more("after all seeks", 5);
    assert_eq!(
        foreign.load(Ordering::SeqCst),
        0,
        "frames with another frame's matte"
    );
}

#[test]
fn a_camera_is_unplugged_and_another_one_plugged_in() {
    let running = Running::new(&format!(
        "mattebackground name=matte model={} ! fakesink name=sink sync=false",
        green_model().display()
    ));
    let matte = running.pipeline.by_name("matte").unwrap();
    for (round, caps) in [
        "format=NV12,width=64,height=48",
        "format=NV12,width=64,height=48",
        "format=YUY2,width=46,height=34",
        "format=BGRx,width=200,height=32,framerate=5/1",
    ]
    .iter()
    .enumerate()
    {
        let camera = gst::parse::bin_from_description(
            &format!("videotestsrc is-live=true ! video/x-raw,{caps} ! identity"),
            true,
        );
        let camera = camera.unwrap();
        running.pipeline.add(&camera).unwrap();
        camera.link(&matte).unwrap();
        running.state(gst::State::Playing);
        camera.sync_state_with_parent().unwrap();
        running.more(&format!("camera {round}"), 3);
        // Stopped first: between an unlink and its stop a source would find nobody to take its frame.
        camera.set_state(gst::State::Null).unwrap();
        camera.unlink(&matte);
        running.pipeline.remove(&camera).unwrap();
        assert_eq!(running.errors(), [""; 0], "camera {round} unplugged");
    }
}

#[test]
fn a_camera_that_fails_is_replaced_while_the_rest_goes_on() {
    let running = Running::new(&format!(
        "mattebackground name=matte model={} ! fakesink name=sink sync=false",
        green_model().display()
    ));
    let matte = running.pipeline.by_name("matte").unwrap();
    // An application that goes on keeps the end of the failed stream from its sink, which would
    // take nothing any more. The elements in front of it see it.
    let ended = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&ended);
    let pad = matte.static_pad("src").unwrap();
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if info.event().map(|event| event.type_()) != Some(gst::EventType::Eos) {
            return gst::PadProbeReturn::Ok;
        }
        count.fetch_add(1, Ordering::SeqCst);
        // Not `Drop`: the bindings free the event, and GStreamer 1.22 frees it again.
        gst::PadProbeReturn::Handled
    });
    let bus = running.pipeline.bus().unwrap();
    let caps = [
        "format=NV12,width=64,height=48",
        "format=YUY2,width=46,height=34",
    ];
    for round in 0..6 {
        let mode = ["sync", "async"][round / 2 % 2];
        matte.set_property_from_str("mode", mode);
        // As with `v4l2src` whose device goes: an error on the bus, the stream's end behind it.
        let camera = gst::parse::bin_from_description(
            &format!(
                "videotestsrc is-live=true ! video/x-raw,{} ! identity error-after=6",
                caps[round % 2]
            ),
            true,
        );
        let camera = camera.unwrap();
        running.pipeline.add(&camera).unwrap();
        camera.link(&matte).unwrap();
        let before = running.frames.load(Ordering::SeqCst);
        running.state(gst::State::Playing);
        camera.sync_state_with_parent().unwrap();
        wait_for("the camera fails", || {
            ended.load(Ordering::SeqCst) > round as u64
        });
        assert!(
            running.frames.load(Ordering::SeqCst) > before,
            "{mode}: camera {round} was seen"
        );
        camera.set_state(gst::State::Null).unwrap();
        camera.unlink(&matte);
        let mut errors = 0;
        while let Some(error) = bus.pop_filtered(&[gst::MessageType::Error]) {
            let from = error.src().expect("errors tell whose they are");
            assert!(from.has_as_ancestor(&camera), "{mode}: {error:?}");
            errors += 1;
        }
        assert!(errors > 0, "{mode}: camera {round} says why");
        running.pipeline.remove(&camera).unwrap();
        assert_eq!(matte.current_state(), gst::State::Playing, "{mode}");
    }
}

/// Values that a property is set to one after the other, the default last.
fn values(spec: &glib::ParamSpec) -> Vec<String> {
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png");
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/classes.onnx");
    let named: &[&str] = match spec.name() {
        "model" => &[model],
        "image" => &[picture],
        "execution-provider" => &["auto", "xnnpack", "cpu"],
        "subject" => &["0", ""],
        "provider-options" => &["options,a=b"],
        "color-name" => &["tomato", "#102030"],
        "subject-point" => &["0.2,0.8", "0.5,0.5"],
        "key" => &["auto", "green", "none"],
        "subject-region" | "keep" => &["0.1,0.1,0.8,0.8", "0,0,1,0,0.5,1", ""],
        _ => &[],
    };
    if !named.is_empty() {
        return named.iter().map(|value| (*value).to_owned()).collect();
    }
    macro_rules! numbers {
        ($($spec:ty),*) => {
            $(if let Some(spec) = spec.downcast_ref::<$spec>() {
                let numbers = [spec.minimum(), spec.maximum(), spec.default_value()];
                return numbers.map(|number| number.to_string()).into();
            })*
        };
    }
    numbers!(
        glib::ParamSpecInt,
        glib::ParamSpecUInt,
        glib::ParamSpecFloat,
        glib::ParamSpecDouble
    );
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecEnum>() {
        let class = spec.enum_class();
        let nicks = class.values().iter().map(|value| value.nick().to_owned());
        return nicks.collect();
    }
    if spec.is::<glib::ParamSpecBoolean>() {
        return vec!["true".into(), "false".into()];
    }
    Vec::new()
}

/// Sets every property of `element` that can be set while playing to its extremes; how many.
fn exercise(running: &Running, element: &gst::Element) -> usize {
    let own = |spec: &&glib::ParamSpec| {
        spec.flags().contains(glib::ParamFlags::WRITABLE) && spec.owner_type() == element.type_()
    };
    let mut count = 0;
    for spec in element.list_properties().iter().filter(own) {
        if !spec.flags().contains(gst::PARAM_FLAG_MUTABLE_PLAYING) {
            // One library serves the whole process.
            assert_eq!(spec.name(), "onnxruntime-library");
            continue;
        }
        let before = element.property_value(spec.name());
        let values = values(spec);
        assert!(!values.is_empty(), "no value for {}", spec.name());
        for value in values {
            let what = format!("{} {}={value}", element.name(), spec.name());
            element.set_property_from_str(spec.name(), &value);
            running.more(&what, 2);
        }
        element.set_property_from_value(spec.name(), &before);
        count += 1;
    }
    running.more("after all changes", 2);
    count
}

#[test]
fn every_property_of_every_element_is_changed_while_playing() {
    let camera = "videotestsrc pattern=ball ! video/x-raw,format=NV12,width=64,height=48";
    let model = green_model();
    let model = model.display();
    let chain = Running::new(&format!(
        "{camera} ! mattebackground name=matte model={model} ! fakesink name=sink sync=false"
    ));
    chain.state(gst::State::Playing);
    chain.more("a first frame", 1);
    let changed = exercise(&chain, &chain.pipeline.by_name("matte").unwrap());
    assert!(changed > 40, "only {changed} properties");
    drop(chain);
    let chain = Running::new(&format!(
        "{camera} ! mattesegment name=segment model={model} ! matterefine name=refine \
         ! mattecompose name=compose ! fakesink name=sink sync=false"
    ));
    chain.state(gst::State::Playing);
    for name in ["segment", "refine", "compose"] {
        assert!(
            exercise(&chain, &chain.pipeline.by_name(name).unwrap()) > 5,
            "{name}"
        );
    }
    drop(chain);
    let mix = Running::new(&format!(
        "mattemix name=mix ! fakesink name=sink sync=false \
         {camera} ! mattesegment model={model} ! matterefine ! mix.sink \
         {camera} ! mix.background"
    ));
    mix.state(gst::State::Playing);
    assert!(exercise(&mix, &mix.pipeline.by_name("mix").unwrap()) > 3);
}

#[test]
fn many_elements_share_one_process_and_all_go_on() {
    let one = format!(
        "videotestsrc pattern=ball num-buffers=40 ! video/x-raw,width=64,height=48 \
         ! mattesegment model={} ! fakesink sync=false",
        green_model().display()
    );
    let all = vec![one; 12].join("  ");
    let running = Running::new(&format!(
        "{all} videotestsrc num-buffers=1 ! fakesink name=sink"
    ));
    running.state(gst::State::Playing);
    let bus = running.pipeline.bus().unwrap();
    let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &kinds);
    assert_eq!(
        message.expect("it does not hang").type_(),
        gst::MessageType::Eos
    );
    let mut elements = running.pipeline.iterate_recurse();
    while let Ok(Some(element)) = elements.next() {
        if element
            .factory()
            .is_some_and(|factory| factory.name() == "mattesegment")
        {
            let stats = element.property::<gst::Structure>("stats");
            assert_eq!(stats.get::<u64>("inferred"), Ok(40));
        }
    }
}
