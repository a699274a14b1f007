// SPDX-License-Identifier: MPL-2.0

//! `mattesegment` with tiny models whose answer a test can work out: `alpha` says how green a pixel
//! is, `classes` says how red it is, `nan` fails where nothing is red.

use crate::common;
use common::pipeline::heard;
use common::running::wait_for;
use common::{frame, info, init, matte_rows, model};
use gst::prelude::*;
use gst_video::{VideoFormat, VideoInfo};
use gstmatte::meta::{Matte, Stage};

/// An element in a harness with its bus, since a harness has none of its own.
struct Rig {
    harness: gst_check::Harness,
    element: gst::Element,
    bus: gst::Bus,
    info: VideoInfo,
    pushed: u64,
}

/// Messages hold their element, and the element the bus: what nobody has read would keep both.
impl Drop for Rig {
    fn drop(&mut self) {
        self.bus.set_flushing(true);
    }
}

impl Rig {
    fn new(properties: &[(&str, &str)]) -> Self {
        init();
        let element = gst::ElementFactory::make("mattesegment").build().unwrap();
        for (name, value) in properties {
            element.set_property_from_str(name, value);
        }
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
        let info = info(VideoFormat::Rgb, 8, 6);
        harness.set_src_caps(info.to_caps().unwrap());
        let rig = Self {
            harness,
            element,
            bus,
            info,
            pushed: 0,
        };
        assert_eq!(rig.messages(), ["matte-model-loaded"]);
        rig
    }

    /// Sends a frame of one colour and returns what comes out.
    fn push(&mut self, rgb: [u8; 3]) -> gst::Buffer {
        let mut buffer = frame(&self.info, |i| rgb[i % 3]);
        buffer
            .get_mut()
            .unwrap()
            .set_pts(gst::ClockTime::from_mseconds(33 * self.pushed));
        self.pushed += 1;
        self.harness.push(buffer).expect("the frame goes through");
        self.harness.pull().expect("a frame comes out")
    }

    fn messages(&self) -> Vec<String> {
        heard(&self.bus)
    }

    /// What the bus says next, waited for.
    fn next_messages(&self) -> Vec<String> {
        let mut messages = Vec::new();
        wait_for("a message", || {
            messages = self.messages();
            !messages.is_empty()
        });
        messages
    }

    fn stat(&self, name: &str) -> u64 {
        self.element
            .property::<gst::Structure>("stats")
            .get(name)
            .unwrap()
    }
}

fn value(buffer: &gst::BufferRef) -> Option<u8> {
    matte_rows(buffer).map(|rows| rows[3][4])
}

#[test]
fn sync_gives_every_frame_its_own_matte() {
    let mut rig = Rig::new(&[("model", &model("alpha"))]);
    for green in [0, 51, 255, 128] {
        let out = rig.push([9, green, 9]);
        assert_eq!(value(&out), Some(green));
        let matte = Matte::of(&out).unwrap();
        assert_eq!(
            (matte.stage, matte.inferred, matte.frame_pts),
            (Stage::Raw, true, out.pts())
        );
    }
    assert_eq!(
        (
            rig.stat("frames"),
            rig.stat("inferred"),
            rig.stat("dropped")
        ),
        (4, 4, 0)
    );
    assert!(
        rig.element
            .property::<gst::Structure>("stats")
            .get::<f64>("inference-p50")
            .unwrap()
            > 0.0
    );
    let provider = rig
        .element
        .property::<Option<String>>("active-execution-provider");
    assert!(provider.is_some_and(|p| p.starts_with("cpu")));
    assert_eq!(rig.messages(), [""; 0]);
}

#[test]
fn the_frame_passes_untouched_and_uncopied() {
    let mut rig = Rig::new(&[("model", &model("alpha"))]);
    let buffer = frame(&rig.info, |i| i as u8);
    let memory = buffer.peek_memory(0).as_ptr();
    rig.harness.push(buffer).unwrap();
    let out = rig.harness.pull().unwrap();
    assert_eq!(out.peek_memory(0).as_ptr(), memory);
    assert!(
        out.map_readable()
            .unwrap()
            .iter()
            .enumerate()
            .all(|(i, b)| *b == i as u8)
    );
}

#[test]
fn interval_carries_the_matte_over() {
    let mut rig = Rig::new(&[("model", &model("alpha")), ("interval", "3")]);
    let seen: Vec<_> = [10, 20, 30, 40]
        .map(|green| {
            let out = rig.push([0, green, 0]);
            (value(&out).unwrap(), Matte::of(&out).unwrap().inferred)
        })
        .into();
    assert_eq!(seen, [(10, true), (10, false), (10, false), (40, true)]);
    assert_eq!(rig.stat("carried-over"), 2);
}

#[test]
fn async_never_waits_and_carries_the_newest_matte_over() {
    let mut rig = Rig::new(&[("model", &model("alpha")), ("mode", "async")]);
    let first = rig.push([0, 77, 0]);
    assert!(
        value(&first).is_none_or(|v| v == 77),
        "the network may not have finished yet"
    );
    wait_for("the expected matte", || {
        let out = rig.push([0, 77, 0]);
        value(&out) == Some(77) && !Matte::of(&out).unwrap().inferred
    });
    assert!(rig.stat("carried-over") > 0);
    assert_eq!(rig.messages(), [""; 0]);
}

#[test]
fn a_new_model_takes_over_without_a_gap() {
    let mut rig = Rig::new(&[("model", &model("alpha"))]);
    assert_eq!(value(&rig.push([255, 40, 0])), Some(40));
    rig.element.set_property("model", model("classes"));
    let expected = (255.0 / (1.0 + (-2.0f64).exp())).round() as u8;
    wait_for("the expected matte", || {
        let now = value(&rig.push([255, 40, 0])).expect("no frame goes without a matte");
        assert!(now == 40 || now.abs_diff(expected) <= 1, "{now}");
        now != 40
    });
    assert_eq!(rig.messages(), ["matte-model-loaded"]);
}

#[test]
fn the_picture_that_an_open_network_sees_is_larger_where_that_is_asked_for() {
    let mut rig = Rig::new(&[("model", &model("gray")), ("input-pixels", "12288")]);
    let size = |buffer: &gst::BufferRef| {
        let rows = matte_rows(buffer).expect("a matte");
        (rows[0].len(), rows.len())
    };
    assert_eq!(size(&rig.push([0, 40, 0])), (128, 96));
    rig.element.set_property("input-pixels", 49152u32);
    wait_for("the expected matte", || {
        size(&rig.push([0, 40, 0])) == (256, 192)
    });
    assert_eq!(rig.messages(), ["matte-model-loaded"]);
    // Where the sides are fixed the property is refused, as all that a model contradicts.
    rig.element.set_property("model", model("alpha"));
    let messages = rig.next_messages();
    assert!(
        messages[0].contains("property input-pixels: input.pixels: the input is 8x6"),
        "{messages:?}"
    );
}

#[test]
fn a_bad_new_model_is_refused_and_the_old_one_goes_on() {
    let mut rig = Rig::new(&[("model", &model("alpha"))]);
    rig.push([0, 40, 0]);
    for bad in ["/nowhere/model.onnx".to_owned(), model("sound")] {
        rig.element.set_property("model", &bad);
        let messages = rig.next_messages();
        assert!(
            messages[0].contains("the old model goes on"),
            "{messages:?}"
        );
        assert_eq!(value(&rig.push([0, 41, 0])), Some(41));
        assert_eq!(rig.element.property::<String>("model"), model("alpha"));
    }
}

#[test]
fn a_failing_network_gives_no_matte_says_so_once_and_recovers() {
    for mode in ["sync", "async"] {
        let mut rig = Rig::new(&[("model", &model("nan")), ("mode", mode)]);
        let reach = |rig: &mut Rig, rgb: [u8; 3], wanted: Option<u8>| {
            wait_for("the expected matte", || value(&rig.push(rgb)) == wanted);
        };
        reach(&mut rig, [255, 0, 0], Some(0));
        reach(&mut rig, [0, 0, 0], None);
        // Beside the stream the change of scene is seen before the network fails on it.
        wait_for("the expected matte", || {
            value(&rig.push([0, 0, 0])).is_none() && rig.stat("failed") > 0
        });
        for _ in 0..5 {
            assert_eq!(value(&rig.push([0, 0, 0])), None, "{mode}");
        }
        let messages = rig.messages();
        assert_eq!(messages.len(), 1, "{mode}: {messages:?}");
        assert!(messages[0].contains("not finite"), "{messages:?}");
        assert!(rig.stat("failed") > 0 && rig.stat("dropped") > 0);
        reach(&mut rig, [255, 0, 0], Some(0));
        assert_eq!(rig.messages(), ["matte-network-recovered"], "{mode}");
    }
}

#[test]
fn a_flush_forgets_the_matte() {
    let mut rig = Rig::new(&[("model", &model("alpha")), ("mode", "async")]);
    wait_for("the expected matte", || {
        value(&rig.push([0, 77, 0])) == Some(77)
    });
    rig.harness.push_event(gst::event::FlushStart::new());
    rig.harness.push_event(gst::event::FlushStop::new(true));
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    rig.harness.push_event(gst::event::Segment::new(&segment));
    let out = rig.push([0, 99, 0]);
    assert!(
        value(&out).is_none_or(|v| v == 99),
        "no matte from before the flush"
    );
}

#[test]
fn an_earlier_matte_is_replaced_or_taken_off() {
    let mut rig = Rig::new(&[("model", &model("nan"))]);
    let mut buffer = frame(&rig.info, |_| 0);
    common::attach(&mut buffer, &rig.info, (8, 6), |_, _| 200);
    rig.harness.push(buffer).unwrap();
    assert!(Matte::of(&rig.harness.pull().unwrap()).is_none());
}

#[test]
fn a_still_scene_rests_the_network_and_a_change_wakes_it() {
    let mut rig = Rig::new(&[("model", &model("alpha")), ("still-threshold", "0.01")]);
    for _ in 0..20 {
        assert_eq!(value(&rig.push([0, 50, 0])), Some(50));
    }
    assert_eq!(rig.stat("inferred"), 1);
    assert_eq!(
        value(&rig.push([0, 90, 0])),
        Some(90),
        "what changes is seen at once"
    );
    // Half a minute without a change: one run a second all the same.
    let before = rig.stat("inferred");
    for _ in 0..900 {
        rig.push([0, 90, 0]);
    }
    let runs = rig.stat("inferred") - before;
    assert!((28..=31).contains(&runs), "{runs}");
}

#[test]
fn a_provider_that_is_not_there_is_told_on_the_bus_and_the_cpu_takes_over() {
    init();
    let launch = |strict: &str| {
        let line = format!(
            "videotestsrc ! video/x-raw,format=RGB,width=8,height=6 \
             ! mattesegment name=m model={} execution-provider=rknpu strict-provider={strict} \
             ! fakesink",
            model("alpha")
        );
        let pipeline = gst::parse::launch(&line).unwrap();
        let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
        // With `strict-provider` the change of state fails, and why is on the bus.
        let _ = pipeline.set_state(gst::State::Playing);
        if pipeline.state(gst::ClockTime::from_seconds(60)).0.is_ok() {
            pipeline.send_event(gst::event::Eos::new());
        }
        let (mut words, bus) = (Vec::new(), pipeline.bus().unwrap());
        let wanted = [
            gst::MessageType::Warning,
            gst::MessageType::Error,
            gst::MessageType::Eos,
        ];
        while let Some(message) = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &wanted)
        {
            match message.view() {
                gst::MessageView::Warning(w) => words.push(format!("warning: {}", w.error())),
                gst::MessageView::Error(e) => words.push(format!("error: {}", e.error())),
                _ => words.push("end".to_owned()),
            }
            if !words.last().unwrap().starts_with("warning") {
                break;
            }
        }
        let provider = pipeline.by_name("m").unwrap();
        let provider = provider.property::<Option<String>>("active-execution-provider");
        pipeline.set_state(gst::State::Null).unwrap();
        (words, provider)
    };
    let (words, provider) = launch("false");
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(words[0].contains("rknpu is not part of"), "{words:?}");
    assert_eq!(
        (words[1].as_str(), provider.as_deref()),
        ("end", Some("cpu"))
    );
    let (words, _) = launch("true");
    assert!(
        words[0].starts_with("error") && words[0].contains("rknpu"),
        "{words:?}"
    );
}
