// SPDX-License-Identifier: MPL-2.0

//! The element on streams that drop frames, start over, change their caps, or tell wrong times.

use super::SUBJECT;
use super::rig::{Control, Rig, SIZE, caps, picture};
use gst::prelude::*;
use std::sync::atomic::Ordering;

const MODES: [&str; 2] = ["sync", "async"];

fn ms(ms: u64) -> gst::ClockTime {
    gst::ClockTime::from_mseconds(ms)
}

/// A rig whose subject has been there for a while.
fn settled(properties: &[(&str, &str)], set_up: impl FnOnce(&Control)) -> Rig {
    let mut rig = Rig::new(properties, set_up);
    for _ in 0..4 {
        rig.push(|_, _| SUBJECT);
        rig.settle();
    }
    let heard = rig.heard();
    assert!(heard.contains(&"matte-subject-entered".into()), "{heard:?}");
    rig
}

/// Sends a frame of a size at a time; returns whether it left with a matte.
fn shoot(rig: &mut Rig, size: (usize, usize), pts: impl Into<Option<u64>>) -> bool {
    let mut buffer = picture(size, |_, _| SUBJECT);
    let frame = buffer.get_mut().unwrap();
    frame.set_pts(pts.into().map(ms));
    // As a leaky queue marks what follows a frame that it dropped.
    frame.set_flags(gst::BufferFlags::DISCONT);
    rig.harness.push(buffer).expect("the frame goes through");
    let out = rig.harness.pull().expect("a frame comes out");
    rig.settle();
    crate::meta::Matte::of(&out).is_some()
}

fn caps_at(size: (usize, usize), rate: i32) -> gst::Caps {
    let mut caps = caps(size);
    let rate = gst::Fraction::new(rate, 1);
    caps.make_mut().set("framerate", rate);
    caps
}

#[test]
fn caps_that_the_network_does_not_notice_load_nothing_and_lose_nothing() {
    for mode in MODES {
        for open in [true, false] {
            let mut rig = settled(&[("mode", mode)], |control| {
                control.open.store(open, Ordering::SeqCst);
            });
            let loaded = rig.control.loaded.load(Ordering::SeqCst);
            rig.control.resets.store(0, Ordering::SeqCst);
            let mut pts = 33 * rig.pushed;
            for (size, rate) in [(SIZE, 15), ((512, 288), 15), ((128, 72), 0), (SIZE, 30)] {
                rig.harness.set_src_caps(caps_at(size, rate));
                for _ in 0..2 {
                    assert!(shoot(&mut rig, size, pts), "{mode} {open} {size:?}");
                    pts += 33;
                }
            }
            assert_eq!(rig.heard(), [""; 0], "{mode} {open}");
            assert_eq!(rig.control.loaded.load(Ordering::SeqCst), loaded);
            assert_eq!(rig.control.resets.load(Ordering::SeqCst), 0);
        }
    }
}

#[test]
fn another_aspect_loads_what_follows_it_and_takes_no_old_matte() {
    for mode in MODES {
        for open in [true, false] {
            let mut rig = settled(&[("mode", mode)], |control| {
                control.open.store(open, Ordering::SeqCst);
            });
            let loaded = rig.control.loaded.load(Ordering::SeqCst);
            let pts = 33 * rig.pushed;
            rig.harness.set_src_caps(caps((192, 144)));
            // Beside the stream, the first matte comes a frame later.
            assert_eq!(shoot(&mut rig, (192, 144), pts), mode == "sync");
            assert!(shoot(&mut rig, (192, 144), pts + 33));
            let now = rig.control.loaded.load(Ordering::SeqCst);
            assert_eq!(now, loaded + usize::from(open), "{mode} {open}");
        }
    }
}

#[test]
fn dropped_frames_reset_nothing_but_flushes_gaps_and_seeks_do() {
    for mode in MODES {
        let mut rig = settled(&[("mode", mode)], |_| ());
        let start = 33 * rig.pushed;
        let resets = |rig: &Rig| rig.control.resets.swap(0, Ordering::SeqCst);
        resets(&rig);
        for i in 0..6 {
            assert!(shoot(&mut rig, SIZE, start + 99 * i), "{mode}: frame {i}");
        }
        assert_eq!(resets(&rig), 0, "{mode}: dropped frames");
        let mut now = start + 99 * 6;
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        rig.harness.push_event(gst::event::Segment::new(&segment));
        assert!(shoot(&mut rig, SIZE, now), "{mode}: the same segment");
        assert_eq!(resets(&rig), 0, "{mode}: the same segment");
        let other = |rig: &mut Rig, pts: u64, what: &str| {
            // Beside the stream, the first frame has no matte: the old one is of another time.
            assert_eq!(shoot(rig, SIZE, pts), mode == "sync", "{mode}: {what}");
            assert!(shoot(rig, SIZE, pts + 33), "{mode}: {what}");
            assert_eq!(resets(rig), 1, "{mode}: {what}");
        };
        now += 5_000;
        other(&mut rig, now, "a gap");
        segment.set_start(ms(900_000));
        segment.set_time(ms(900_000));
        segment.set_base(ms(now + 66));
        rig.harness.push_event(gst::event::Segment::new(&segment));
        other(&mut rig, 900_000, "a seek");
        rig.harness.push_event(gst::event::FlushStart::new());
        rig.harness.push_event(gst::event::FlushStop::new(true));
        rig.harness.push_event(gst::event::Segment::new(&segment));
        other(&mut rig, 900_066, "a flush");
        assert_eq!(rig.heard(), [""; 0], "{mode}: no subject came or left");
    }
}

#[test]
fn the_matte_of_one_camera_is_not_carried_to_another_unseen() {
    for (compensation, stays) in [("true", true), ("false", false)] {
        let properties = [("mode", "async"), ("motion-compensation", compensation)];
        let mut rig = settled(&properties, |_| ());
        let pts = 33 * rig.pushed;
        rig.harness
            .push_event(gst::event::StreamStart::new("other"));
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        rig.harness.push_event(gst::event::Segment::new(&segment));
        // The picture is the same, which is known only if it is read.
        assert_eq!(shoot(&mut rig, SIZE, pts), stays, "{compensation}");
        assert!(shoot(&mut rig, SIZE, pts + 33));
    }
}

/// The timestamp of frame `i`, in ms, if frames are 33 ms apart.
type Times = fn(u64) -> Option<u64>;

const KINDS: &[(&str, Times)] = &[
    ("right", |i| Some(33 * i)),
    ("missing", |_| None),
    ("zero", |_| Some(0)),
    ("falling", |i| Some(33 * (10_000 - i))),
    ("swapped", |i| Some(33 * (i ^ 1))),
];

#[test]
fn a_still_scene_has_a_run_a_second_whatever_the_timestamps() {
    for mode in MODES {
        for (kind, time) in KINDS {
            let properties = [("mode", mode), ("still-threshold", "0.02")];
            let mut rig = Rig::new(&properties, |_| ());
            for i in 0..70 {
                shoot(&mut rig, SIZE, time(i));
            }
            // How slow the machine is may only bring runs forward.
            let runs = rig.control.runs.load(Ordering::SeqCst);
            assert!(runs >= 3, "{mode} {kind}: {runs}");
            if *kind == "right" {
                assert_eq!(runs, 3, "{mode}");
            }
        }
    }
}

#[test]
fn late_frames_get_runs_again_whatever_the_timestamps_and_in_either_direction() {
    let others = KINDS.iter().map(|kind| (kind, 1.0));
    let rates = [-1.0, 2.0].map(|rate| (&KINDS[0], rate));
    for ((kind, time), rate) in others.chain(rates) {
        let mut rig = Rig::new(&[], |_| ());
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_rate(rate);
        segment.set_stop(ms(1_000_000));
        rig.harness.push_event(gst::event::Segment::new(&segment));
        let pts = |i| match rate {
            -1.0 => time(i).map(|time| 1_000_000 - time),
            _ => time(i),
        };
        for i in 0..4 {
            shoot(&mut rig, SIZE, pts(i));
        }
        let qos = gst::event::Qos::builder(gst::QOSType::Underflow, 2.0, 900_000_000_000)
            .timestamp(ms(1_000_000))
            .build();
        rig.element.static_pad("src").unwrap().send_event(qos);
        let before = rig.control.runs.load(Ordering::SeqCst);
        for i in 4..36 {
            assert!(shoot(&mut rig, SIZE, pts(i)), "{kind} at {rate}");
        }
        // A second, a run each quarter of one at least.
        let runs = rig.control.runs.load(Ordering::SeqCst) - before;
        let least = if rate == 2.0 { 1 } else { 3 };
        assert!(runs >= least, "{kind} at {rate}: {runs}");
        if *kind == "right" {
            assert!(runs <= 6, "{kind} at {rate}: {runs} of 32 frames, all late");
        }
    }
}
