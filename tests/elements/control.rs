// SPDX-License-Identifier: MPL-2.0

//! Properties that move over time: control sources of GStreamer, followed frame by frame.

use crate::common;
use common::pipeline::green_model;
use common::stream::Stream;
use common::{attach, bytes, frame, info, init};
use gst::prelude::*;
use gst_controller::prelude::*;
use gst_video::VideoFormat;
use gstmatte::meta::Matte;
use gstmatte::pool::read_matte;
use std::sync::{Arc, Mutex};

const WIDTH: usize = 64;
const HEIGHT: usize = 48;
const FRAMES: u64 = 12;
/// Time of the last frame: what moves goes from one end to the other in between.
const LAST: gst::ClockTime = gst::ClockTime::from_mseconds(40 * (FRAMES - 1));

/// What an editor would move.
const MOVING: [(&str, &[&str]); 4] = [
    ("mattesegment", &["still-threshold"]),
    (
        "matterefine",
        &[
            "temporal-strength",
            "hysteresis-low",
            "hysteresis-high",
            "min-area",
            "max-hole",
            "open",
            "close",
            "grow",
            "key-tolerance",
            "key-softness",
            "guided-radius",
            "guided-epsilon",
            "feather",
            "black-point",
            "white-point",
            "gamma",
            "subject-point-x",
            "subject-point-y",
        ],
    ),
    (
        "mattecompose",
        &[
            "color",
            "blur-strength",
            "decontamination",
            "light-wrap",
            "tone-match",
            "transition-ms",
            "enabled",
            "framing-zoom",
            "framing-margin",
            "framing-speed",
        ],
    ),
    (
        "mattemix",
        &[
            "color",
            "decontamination",
            "light-wrap",
            "tone-match",
            "transition-ms",
            "enabled",
            "framing-zoom",
            "framing-margin",
            "framing-speed",
        ],
    ),
];

/// Moves a property from the lower to the upper end of its range, in shares of it.
fn moves(element: &gst::Element, property: &str, (from, to): (f64, f64)) {
    let source = gst_controller::InterpolationControlSource::new();
    source.set_mode(gst_controller::InterpolationMode::Linear);
    assert!(source.set(gst::ClockTime::ZERO, from) && source.set(LAST, to));
    let binding = gst_controller::DirectControlBinding::new(element, property, &source);
    element.add_control_binding(&binding).expect(property);
}

/// Plays all frames, and calls `look` with each as it leaves `element`, on the thread that sends it.
fn play(
    stream: &Stream,
    element: &gst::Element,
    look: impl Fn(&gst::BufferRef) + Send + Sync + 'static,
) {
    let caps = info(VideoFormat::Bgrx, WIDTH as u32, HEIGHT as u32).to_caps();
    stream.source.set_caps(Some(&caps.expect("valid caps")));
    let pad = element.static_pad("src").expect("it has a source pad");
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, probe| {
        look(probe.buffer().expect("a buffer probe has a buffer"));
        gst::PadProbeReturn::Ok
    });
    stream.play();
    for n in 0..FRAMES {
        let taken = stream.source.push_buffer(input(n));
        taken.expect("it takes frames");
        stream.pull().expect("every frame comes out");
    }
    let stopped = stream.pipeline.set_state(gst::State::Null);
    stopped.expect("it stops");
}

/// Frame `n`: green (the subject) on the left, red on the right, with a matte that says so.
fn input(n: u64) -> gst::Buffer {
    let info = info(VideoFormat::Bgrx, WIDTH as u32, HEIGHT as u32);
    let mut buffer = frame(&info, |i| match (i % 4, i / 4 % WIDTH < WIDTH / 2) {
        (1, true) | (2, false) => 255,
        _ => 0,
    });
    attach(
        &mut buffer,
        &info,
        (32, 24),
        |x, _| if x < 16 { 255 } else { 0 },
    );
    let writable = buffer.get_mut().expect("it is new");
    writable.set_pts(gst::ClockTime::from_mseconds(40 * n));
    writable.set_duration(gst::ClockTime::from_mseconds(40));
    buffer
}

#[test]
fn what_moves_over_time_is_marked_so_in_every_element() {
    init();
    let bin = gst::ElementFactory::make("mattebackground")
        .build()
        .unwrap();
    for (name, properties) in MOVING {
        let element = gst::ElementFactory::make(name).build().unwrap();
        for property in properties {
            for element in [&element, &bin] {
                let spec = element.find_property(property).expect(property);
                let marked = spec.flags().contains(gst::PARAM_FLAG_CONTROLLABLE);
                assert!(marked, "{property} of {}", element.name());
            }
        }
    }
    for property in ["model", "threads", "input-pixels", "output-scale"] {
        let spec = bin.find_property(property).unwrap();
        let marked = spec.flags().contains(gst::PARAM_FLAG_CONTROLLABLE);
        assert!(
            !marked,
            "{property} would load or take memory with every frame"
        );
    }
}

/// Every property has, on each frame, the value that its binding has at that frame's time.
fn each_frame_has_its_values(
    stream: &Stream,
    bound: &gst::Element,
    works: &gst::Element,
    names: &[&str],
) {
    for name in names {
        let ends = match *name {
            // Above black, or another value counts.
            "white-point" => (0.5, 1.0),
            _ => (0.25, 0.75),
        };
        moves(bound, name, ends);
    }
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let (element, seen) = (bound.clone(), Arc::new(Mutex::new(Vec::new())));
    let kept = Arc::clone(&seen);
    play(stream, works, move |buffer| {
        for name in &names {
            let found = element.property_value(name);
            let wanted = element.value(name, buffer.pts()).expect("it is bound");
            let text = |value: &glib::Value| format!("{value:?}");
            kept.lock()
                .unwrap()
                .push((name.clone(), text(&found), text(&wanted)));
        }
    });
    let seen = seen.lock().unwrap();
    assert!(seen.len() >= FRAMES as usize);
    for (name, found, wanted) in &*seen {
        assert_eq!(found, wanted, "{name}");
    }
}

use gst::glib;

#[test]
fn every_element_follows_its_bindings_frame_by_frame() {
    init();
    let model = green_model();
    for (name, properties) in MOVING {
        let settings = match name {
            "mattesegment" => format!("model={}", model.display()),
            _ => String::new(),
        };
        let stream = Stream::new(&format!("{name} name=it {settings}"));
        let element = stream.element("it");
        each_frame_has_its_values(&stream, &element, &element, properties);
    }
}

#[test]
fn the_bin_follows_for_each_of_its_children() {
    init();
    let model = green_model();
    for (child, behind) in [
        ("segment", ""),
        ("refine", ""),
        ("compose", ""),
        (
            "mix",
            "videotestsrc ! video/x-raw,format=I420,width=32,height=24,framerate=25/1 ! it.background",
        ),
    ] {
        let (_, properties) = MOVING
            .into_iter()
            .find(|(name, _)| *name == format!("matte{child}"))
            .expect("every child is an element");
        // Where a second video plays beside, named elements take the pipeline's parts together.
        let text = format!(
            "mattebackground name=it mode=sync model={}",
            model.display()
        );
        let stream = match behind {
            "" => Stream::new(&text),
            _ => Stream::new(&format!("it.sink {text} {behind} it.src")),
        };
        let bin = stream.element("it");
        let inner = bin
            .downcast_ref::<gst::Bin>()
            .expect("a bin")
            .by_name(child);
        each_frame_has_its_values(&stream, &bin, &inner.expect("it has a name"), properties);
    }
}

#[test]
fn a_colour_that_moves_is_seen_on_each_frame() {
    for (elements, name) in [
        ("mattecompose name=it background=color".to_owned(), "it"),
        (
            format!(
                "mattebackground name=it mode=sync background=color model={}",
                green_model().display()
            ),
            "it",
        ),
    ] {
        let stream = Stream::new(&elements);
        let element = stream.element(name);
        let [alpha, red, green, blue] =
            [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.5)].map(|(from, to)| {
                let source = gst_controller::InterpolationControlSource::new();
                source.set_mode(gst_controller::InterpolationMode::Linear);
                assert!(source.set(gst::ClockTime::ZERO, from) && source.set(LAST, to));
                source
            });
        let binding =
            gst_controller::ARGBControlBinding::new(&element, "color", &alpha, &red, &green, &blue);
        element.add_control_binding(&binding).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        play(&stream, &element, move |buffer| {
            let data = bytes(buffer);
            let at = (HEIGHT / 2 * WIDTH + WIDTH - 4) * 4;
            kept.lock()
                .unwrap()
                .push([data[at + 2], data[at + 1], data[at]]);
        });
        let seen = seen.lock().unwrap();
        for (n, found) in seen.iter().enumerate() {
            let share = n as f64 / (FRAMES - 1) as f64;
            for (found, wanted) in found.iter().zip([1.0 - share, share, share / 2.0]) {
                let off = (f64::from(*found) - 255.0 * wanted).abs();
                assert!(
                    off <= 1.0,
                    "{elements}: frame {n}: {found} for {:.1}",
                    255.0 * wanted
                );
            }
        }
        assert_eq!(seen.len(), FRAMES as usize);
    }
}

#[test]
fn an_edge_that_grows_is_wider_on_each_frame() {
    let stream = Stream::new("matterefine name=it preset=off");
    let element = stream.element("it");
    moves(&element, "grow", (0.45, 0.55));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    play(&stream, &element, move |buffer| {
        let matte = Matte::of(buffer).expect("the frame has a matte");
        let sum = read_matte(&matte.sample, |gray| {
            gray.rows().flatten().map(|v| u64::from(*v)).sum::<u64>()
        });
        kept.lock().unwrap().push(sum.expect("it can be read"));
    });
    let seen = seen.lock().unwrap();
    assert!(seen.windows(2).all(|two| two[0] < two[1]), "{seen:?}");
}

#[test]
fn it_is_the_stream_time_that_counts_and_frames_without_one_change_nothing() {
    init();
    let mut harness = gst_check::Harness::new("mattecompose");
    let element = harness.element().expect("a harness has an element");
    element.set_property("light-wrap", 0.125);
    moves(&element, "light-wrap", (0.0, 1.0));
    let info = info(VideoFormat::Bgrx, WIDTH as u32, HEIGHT as u32);
    harness.set_src_caps(info.to_caps().expect("valid caps"));
    let mut untimed = input(0);
    untimed.get_mut().unwrap().set_pts(None);
    harness.push_and_pull(untimed).expect("it comes out");
    assert_eq!(element.property::<f64>("light-wrap"), 0.125);
    // Ten seconds into a recording, which is the start of what is played.
    let ten = gst::ClockTime::from_seconds(10);
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_start(ten);
    segment.set_time(gst::ClockTime::ZERO);
    harness.push_event(gst::event::Segment::new(&segment));
    let mut late = input(FRAMES - 1);
    let pts = late.pts().map(|pts| pts + ten);
    late.get_mut().unwrap().set_pts(pts);
    harness.push_and_pull(late).expect("it comes out");
    assert_eq!(element.property::<f64>("light-wrap"), 1.0);
}
