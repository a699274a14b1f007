// SPDX-License-Identifier: MPL-2.0

//! The pad `small`: which picture a frame gets, and what frames without one leave with.

use super::rig::{Rig, picture, rows};
use super::{ROOM, SUBJECT, overlap, person};
use crate::meta::Matte;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_check::Harness;
use std::sync::atomic::Ordering;

/// The pictures of the small stream are this many times smaller.
const PART: usize = 2;

/// The element with both streams.
struct Two {
    rig: Rig,
    small: Harness,
}

/// Caps of the small stream: another format, so that none is taken for a frame.
fn small_caps((width, height): (usize, usize), par: (i32, i32)) -> gst::Caps {
    let format = gst_video::VideoFormat::Bgrx;
    gst_video::VideoInfo::builder(format, width as u32, height as u32)
        .fps((30, 1))
        .par(par)
        .build()
        .unwrap()
        .to_caps()
        .unwrap()
}

/// The same at another rate.
fn with_rate(fps: i32) -> gst::Caps {
    let mut caps = small_caps((128, 72), (1, 1));
    caps.make_mut().set("framerate", gst::Fraction::new(fps, 1));
    caps
}

impl Two {
    fn new(properties: &[(&str, &str)]) -> Self {
        let rig = Rig::new(properties, |_| ());
        let mut small = Harness::with_element(&rig.element, Some("small"), None);
        small.set_src_caps(small_caps((128, 72), (1, 1)));
        Self { rig, small }
    }

    /// Sends a picture of the scene to the small pad, from a thread of its own.
    fn small_at(&mut self, at: u64, pixel: impl Fn(usize, usize) -> [u8; 3]) {
        let scene = picture((256, 144), pixel);
        let scene = scene.map_readable().unwrap();
        let data: Vec<u8> = (0..128 * 72)
            .flat_map(|i| {
                let (x, y) = (i % 128 * PART, i / 128 * PART);
                let at = 3 * (y * 256 + x);
                [scene[at + 2], scene[at + 1], scene[at], 0]
            })
            .collect();
        let mut buffer = gst::Buffer::from_mut_slice(data);
        let pts = gst::ClockTime::from_mseconds(at);
        buffer.get_mut().unwrap().set_pts(pts);
        let small = &mut self.small;
        std::thread::scope(|scope| {
            let pushed = scope.spawn(|| small.push(buffer));
            pushed.join().unwrap().expect("the picture is taken");
        });
    }

    /// Time of the next frame.
    fn next_time(&self) -> u64 {
        33 * self.rig.pushed
    }

    /// The next frame, which shows nothing but the room.
    fn frame(&mut self) -> Option<Matte> {
        self.rig.push(|_, _| ROOM)
    }

    /// The next frame, with its picture.
    fn push(&mut self, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Option<Matte> {
        self.small_at(self.next_time(), pixel);
        self.frame()
    }
}

fn covers(matte: &Matte) -> bool {
    rows(matte).iter().filter(|alpha| **alpha > 200).count() > 200 * 100
}

#[test]
fn mattes_are_of_the_small_pictures_and_cover_the_whole_frame() {
    let mut two = Two::new(&[]);
    for left in [20, 60, 100, 140] {
        let matte = two.push(person(left)).expect("a matte");
        assert!(matte.inferred && overlap(&rows(&matte), left) > 0.9);
        assert_eq!(matte.frame_aspect, gst::Fraction::new(16, 9));
    }
    // Without the pad, the frames themselves are read again, which show no subject.
    let pad = two.rig.element.static_pad("small").unwrap();
    two.rig.element.release_request_pad(&pad);
    let matte = two.frame().expect("a matte");
    assert!(matte.inferred && rows(&matte).iter().all(|alpha| *alpha == 0));
    assert_eq!(two.rig.count("small-missing"), 0);
    assert!(two.rig.heard().iter().all(|line| !line.contains("warning")));
}

#[test]
fn interval_motion_compensation_and_still_gate_read_the_small_pictures() {
    let mut two = Two::new(&[("interval", "2")]);
    two.rig
        .element
        .set_property("mode", crate::segment::Mode::Async);
    for left in [40, 44, 48, 52, 56, 60] {
        let matte = two.push(person(left));
        two.rig.settle();
        if let Some(matte) = matte {
            assert!(overlap(&rows(&matte), left) > 0.9, "{left}");
        }
    }
    let mut two = Two::new(&[("still-threshold", "0.01")]);
    (0..10).for_each(|_| assert!(two.push(person(60)).is_some()));
    assert_eq!((two.rig.count("inferred"), two.rig.count("still")), (1, 9));
    let matte = two.push(person(120)).expect("a matte");
    assert!(overlap(&rows(&matte), 120) > 0.9);
    // The picture decides.
    let mut two = Two::new(&[("interval", "0")]);
    (0..60).for_each(|_| assert!(two.push(person(60)).is_some()));
    assert!(
        two.rig.count("inferred") < 40,
        "the small pictures are still"
    );
    let matte = two.push(person(90)).expect("a matte");
    assert!(overlap(&rows(&matte), 90) > 0.9);
}

#[test]
fn every_second_picture_is_enough_and_nothing_is_told() {
    let mut two = Two::new(&[]);
    two.small.set_src_caps(with_rate(15));
    for frame in 0..40 {
        let left = 20 + 2 * frame;
        let matte = match frame % 2 {
            0 => two.push(person(left)),
            _ => two.frame(),
        };
        let matte = matte.expect("a matte");
        assert_eq!(matte.inferred, frame % 2 == 0);
        let own = left - 2 * (frame % 2);
        assert!(overlap(&rows(&matte), own) > 0.9, "of the frame before");
    }
    assert_eq!(two.rig.count("small-missing"), 0);
    let heard = two.rig.heard();
    assert!(heard.iter().all(|l| !l.contains("warning")), "{heard:?}");
}

#[test]
fn between_two_pictures_a_frame_leaves_with_the_matte_that_was_moved_for_the_one_before() {
    // A run, then three pictures for which its matte is moved, each with a frame after it.
    for interval in ["8", "0"] {
        let mut two = Two::new(&[("interval", interval)]);
        two.small.set_src_caps(with_rate(15));
        // With interval=0 the first frames of a scene all run.
        (0..60).for_each(|frame| {
            if frame % 2 == 0 {
                two.push(person(40));
            } else {
                two.frame();
            }
        });
        let runs = two.rig.count("inferred");
        assert!(runs < 30, "{interval}: {runs}");
        for step in 1..12 {
            let left = 40 + 3 * step;
            let own = two.push(person(left)).expect("a matte");
            let next = two.frame().expect("a matte");
            assert!(overlap(&rows(&own), left) > 0.9, "{interval}, {left}");
            assert_eq!(rows(&own), rows(&next), "{interval}, {left}");
            assert!(!next.inferred && !next.still);
        }
        // With interval=0, a motion like this one may ask for a run on every picture.
        let moved = two.rig.count("inferred") < runs + 11;
        assert!(moved || interval == "0", "mattes were moved");
    }
}

#[test]
fn after_a_cut_no_frame_keeps_a_matte_of_the_old_scene() {
    let mut two = Two::new(&[("interval", "100")]);
    two.small.set_src_caps(with_rate(15));
    for _ in 0..4 {
        two.push(person(40));
        two.frame();
    }
    assert_eq!(two.rig.count("inferred"), 1);
    let other = |x: usize, y: usize| match (x / 16 + y / 16) % 2 {
        0 => SUBJECT,
        _ => [255; 3],
    };
    assert!(two.push(other).is_none());
    assert!(two.frame().is_none(), "the frame before has none");
    assert!(two.push(other).is_some_and(|matte| matte.inferred));
    assert!(two.frame().is_some_and(|matte| !matte.inferred));
    // Perhaps another camera, which no picture shows yet.
    let start = gst::event::StreamStart::new("another");
    two.rig.harness.push_event(start);
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    two.rig
        .harness
        .push_event(gst::event::Segment::new(&segment));
    two.push(other).expect("a matte");
    let start = gst::event::StreamStart::new("a third");
    two.rig.harness.push_event(start);
    two.rig
        .harness
        .push_event(gst::event::Segment::new(&segment));
    assert!(two.frame().is_none());
}

#[test]
fn a_frame_whose_picture_is_lost_or_late_has_no_matte_and_that_is_told_once() {
    let mut two = Two::new(&[]);
    two.push(person(20)).expect("a matte");
    two.rig.heard();
    // Lost: the next one is there, and is not taken, nor is the matte of the frame before.
    two.small_at(two.next_time() + 33, |_, _| SUBJECT);
    assert!(two.frame().is_none());
    // Its own frame gets it.
    let matte = two.frame().expect("a matte");
    assert!(matte.inferred && covers(&matte));
    // Late: the frame goes without, and the picture is of no use any more.
    let late = two.next_time();
    assert!(two.frame().is_none());
    two.small_at(late, person(20));
    let matte = two.push(|_, _| SUBJECT).expect("a matte");
    assert!(matte.inferred && covers(&matte));
    let heard = two.rig.heard();
    let told: Vec<_> = heard.iter().filter(|l| l.contains("warning")).collect();
    assert_eq!(told.len(), 1, "{heard:?}");
    assert!(told[0].contains("No picture on the pad small"), "{heard:?}");
    assert_eq!(two.rig.count("small-missing"), 2);
}

#[test]
fn after_the_end_of_the_small_stream_there_are_no_mattes_until_another_comes() {
    let mut two = Two::new(&[]);
    two.push(person(20)).expect("a matte");
    two.small.push_event(gst::event::Eos::new());
    (0..12).for_each(|_| assert!(two.frame().is_none()));
    let heard = two.rig.heard();
    let told: Vec<_> = heard.iter().filter(|l| l.contains("warning")).collect();
    assert!(told.len() == 1 && told[0].contains("is over"), "{heard:?}");
    // Another stream comes.
    two.small.push_event(gst::event::StreamStart::new("next"));
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    two.small.push_event(gst::event::Segment::new(&segment));
    let matte = two.push(person(60)).expect("a matte");
    assert!(matte.inferred && overlap(&rows(&matte), 60) > 0.9);
}

#[test]
fn a_pad_that_nothing_comes_to_gives_no_matte_and_reads_no_frame() {
    let mut two = Two::new(&[]);
    for _ in 0..40 {
        assert!(two.rig.push(|_, _| SUBJECT).is_none());
    }
    assert_eq!(two.rig.control.runs.load(Ordering::SeqCst), 0);
    let heard = two.rig.heard();
    let told: Vec<_> = heard.iter().filter(|l| l.contains("warning")).collect();
    assert!(
        told.len() == 1 && told[0].contains("release it"),
        "{heard:?}"
    );
}

#[test]
fn an_offset_within_a_quarter_of_a_frame_does_and_the_pad_moves_a_larger_one() {
    let mut two = Two::new(&[]);
    two.small_at(two.next_time() + 6, |_, _| SUBJECT);
    assert!(two.frame().is_some_and(|matte| matte.inferred));
    two.small_at(two.next_time() + 15, |_, _| SUBJECT);
    assert!(!two.frame().is_some_and(|matte| matte.inferred));
    two.small.srcpad().unwrap().set_offset(-15_000_000);
    for _ in 0..5 {
        two.small_at(two.next_time() + 15, |_, _| SUBJECT);
        assert!(two.frame().is_some_and(|matte| matte.inferred));
    }
}

#[test]
fn pictures_may_change_their_format_and_have_other_pixels() {
    let mut two = Two::new(&[]);
    two.push(person(20)).expect("a matte");
    // Squeezed to 4:3, and said so.
    two.small.set_src_caps(small_caps((64, 48), (4, 3)));
    let data = vec![[10, 200, 10, 0]; 64 * 48].concat();
    let mut buffer = gst::Buffer::from_mut_slice(data);
    let pts = gst::ClockTime::from_mseconds(two.next_time());
    buffer.get_mut().unwrap().set_pts(pts);
    two.small.push(buffer).expect("the picture is taken");
    let matte = two.frame().expect("a matte");
    assert!(matte.inferred && covers(&matte));
    // A network that takes over begins with the same stream.
    two.small.set_src_caps(small_caps((128, 72), (1, 1)));
    two.rig.element.set_property("model", "other.onnx");
    super::rig::wait_for(|| {
        assert!(two.push(person(20)).is_some());
        two.rig
            .heard()
            .iter()
            .any(|line| line == "matte-model-loaded")
    });
    let matte = two.push(person(20)).expect("a matte");
    assert!(matte.inferred && overlap(&rows(&matte), 20) > 0.9);
}

/// Pushes a picture and its frame; the error on the bus.
fn refused(two: &mut Two) -> String {
    let buffer = two.rig.next(|_, _| ROOM);
    let flow = two.rig.harness.push(buffer);
    assert_eq!(flow, Err(gst::FlowError::Error));
    let heard = two.rig.heard();
    let error = heard.into_iter().find(|line| line.starts_with("error"));
    error.expect("an error")
}

#[test]
fn a_stream_of_another_shape_is_refused_with_the_remedy() {
    let mut two = Two::new(&[]);
    two.small.set_src_caps(small_caps((128, 96), (1, 1)));
    let mut buffer = gst::Buffer::from_mut_slice(vec![0; 128 * 96 * 4]);
    buffer.get_mut().unwrap().set_pts(gst::ClockTime::ZERO);
    two.small.push(buffer).expect("the picture is taken");
    let error = refused(&mut two);
    assert!(error.contains("4/3") && error.contains("16/9"), "{error}");
    assert!(error.contains("pixel-aspect-ratio"), "{error}");
}

#[test]
fn a_stream_that_stands_otherwise_is_refused_unless_the_property_says_how_both_stand() {
    let turned = |two: &mut Two| {
        let mut tags = gst::TagList::new();
        let list = tags.make_mut();
        list.add::<gst::tags::ImageOrientation>(&"rotate-90", gst::TagMergeMode::Replace);
        two.small.push_event(gst::event::Tag::new(tags));
        two.small_at(two.next_time(), |_, _| SUBJECT);
    };
    let mut two = Two::new(&[]);
    turned(&mut two);
    let error = refused(&mut two);
    assert!(
        error.contains("rotate-90") && error.contains("rotate-0"),
        "{error}"
    );
    let mut two = Two::new(&[("video-direction", "identity")]);
    turned(&mut two);
    assert!(two.frame().is_some_and(|matte| matte.inferred));
}

fn latency(two: &Two) -> u64 {
    let mut query = gst::query::Latency::new();
    let source = two.rig.element.static_pad("src").unwrap();
    assert!(source.query(&mut query));
    query.result().1.mseconds()
}

#[test]
fn the_wait_is_a_part_of_the_reported_latency() {
    let mut two = Two::new(&[("mode", "async"), ("small-latency", "40")]);
    two.rig.heard();
    let with = latency(&two);
    two.rig.element.set_property("small-latency", 70u32);
    assert_eq!(two.rig.latency_messages(), 1);
    assert_eq!(latency(&two), with + 30);
    // A small stream that is later than the main one counts, too.
    two.small
        .set_upstream_latency(gst::ClockTime::from_mseconds(500));
    assert_eq!(latency(&two), 570);
    let pad = two.rig.element.static_pad("small").unwrap();
    two.rig.element.release_request_pad(&pad);
    assert_eq!(two.rig.latency_messages(), 1);
    assert_eq!(latency(&two), with - 40);
}

#[test]
fn a_flush_ends_the_wait_and_drops_what_waits() {
    let mut two = Two::new(&[("small-latency", "10000")]);
    // The wait is for a picture of the next frame, which never comes.
    two.push(person(20)).expect("a matte");
    let buffer = two.rig.next(|_, _| ROOM);
    let sink = two.rig.element.static_pad("sink").unwrap();
    let element = two.rig.element.imp();
    let own = Some(std::thread::current().id());
    std::thread::scope(|scope| {
        let harness = &mut two.rig.harness;
        let waits = scope.spawn(move || harness.push(buffer));
        super::rig::wait_for(|| element.small.main_thread() != own);
        assert!(sink.send_event(gst::event::FlushStart::new()));
        assert_eq!(waits.join().unwrap(), Err(gst::FlowError::Flushing));
    });
    assert!(sink.send_event(gst::event::FlushStop::new(true)));
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    two.rig
        .harness
        .push_event(gst::event::Segment::new(&segment));
    assert!(two.push(person(60)).is_some_and(|matte| matte.inferred));
}

#[test]
fn a_frame_that_waits_is_read_itself_when_the_pad_is_released() {
    let mut two = Two::new(&[("small-latency", "10000")]);
    two.push(person(20)).expect("a matte");
    let buffer = two.rig.next(|_, _| SUBJECT);
    let element = two.rig.element.clone();
    let own = Some(std::thread::current().id());
    std::thread::scope(|scope| {
        let harness = &mut two.rig.harness;
        let waits = scope.spawn(move || harness.push(buffer));
        super::rig::wait_for(|| element.imp().small.main_thread() != own);
        element.release_request_pad(&element.static_pad("small").unwrap());
        waits.join().unwrap().expect("the frame goes through");
    });
    let frames = std::iter::from_fn(|| two.rig.harness.try_pull());
    let matte = frames.last().and_then(|frame| Matte::of(&frame));
    let matte = matte.expect("a matte");
    assert!(matte.inferred && covers(&matte));
    assert_eq!(two.rig.count("small-missing"), 0);
    let heard = two.rig.heard();
    assert!(heard.iter().all(|l| !l.contains("warning")), "{heard:?}");
}

#[test]
fn late_frames_follow_their_pictures_without_a_run() {
    let mut two = Two::new(&[]);
    two.push(person(20)).expect("a matte");
    let qos = gst::event::Qos::builder(gst::QOSType::Underflow, 2.0, 500_000_000)
        .timestamp(gst::ClockTime::from_mseconds(33))
        .build();
    let source = two.rig.element.static_pad("src").unwrap();
    source.send_event(qos);
    for step in 0..16 {
        let left = 20 + 2 * step;
        let matte = two.push(person(left)).expect("a matte");
        assert!(overlap(&rows(&matte), left) > 0.9, "{step}");
    }
    assert_eq!(two.rig.count("late"), 14);
    // A late frame without its picture has no matte either.
    let qos = gst::event::Qos::builder(gst::QOSType::Underflow, 2.0, 500_000_000)
        .timestamp(gst::ClockTime::from_mseconds(two.next_time()))
        .build();
    source.send_event(qos);
    assert!(two.push(person(60)).is_some());
    assert!(two.frame().is_none());
}
