// SPDX-License-Identifier: MPL-2.0

//! `interval=0`: the network runs where the picture asks for it.

use super::rig::{Rig, rows};
use super::{overlap, person};
use gst::prelude::*;
use std::sync::atomic::Ordering;

/// More frames than a scene begins with runs.
const SETTLED: usize = 40;

/// A stream in which a person has stood at 20 for long.
fn settled(properties: &[(&str, &str)]) -> Rig {
    let properties = [&[("interval", "0")], properties].concat();
    let mut rig = Rig::new(&properties, |_| ());
    for _ in 0..SETTLED {
        rig.push(person(20));
        rig.settle();
    }
    rig
}

#[test]
fn a_still_scene_rests_and_the_statistics_tell() {
    let mut rig = settled(&[]);
    let before = ["frames", "runs", "still"].map(|name| rig.count(name));
    let mattes: Vec<_> = (0..60).map(|_| rig.push(person(20)).unwrap()).collect();
    let [frames, runs, still] = ["frames", "runs", "still"].map(|name| rig.count(name));
    assert_eq!(frames - before[0], 60);
    assert!(runs - before[1] <= 8, "{} runs", runs - before[1]);
    assert_eq!(still - before[2], 60 - (runs - before[1]));
    assert!(runs > before[1], "a second has a run, whatever is seen");
    assert_eq!(rig.control.runs.load(Ordering::SeqCst) as u64, runs);
    // What stands still keeps its very matte, so that the elements that follow rest, too.
    let same = mattes.windows(2).filter(|pair| pair[1].still);
    assert!(same.clone().count() > 45);
    for pair in same {
        assert_eq!(pair[0].sample.as_ptr(), pair[1].sample.as_ptr());
    }
}

#[test]
fn no_frame_of_a_motion_leaves_with_a_matte_that_does_not_fit() {
    // Sudden, gentle, then away. Beside the stream, the first frame of a motion has an earlier
    // frame's matte, and no block is looked for so far away.
    let sudden = [44, 44, 60, 61, 62, 63, 64, 64, 64, 90, 120, 120, 121];
    let gentle = [30, 30, 40, 41, 42, 43, 44, 44, 44, 54, 64, 64, 65];
    for (mode, places) in [("sync", sudden), ("async", gentle)] {
        let mut rig = settled(&[("mode", mode)]);
        for (frame, left) in places.into_iter().enumerate() {
            let matte = rig.push(person(left)).map(|matte| rows(&matte));
            rig.settle();
            let overlap = matte.map(|matte| overlap(&matte, left));
            // Beside the stream a frame may leave without a matte, but not with another's.
            let fits = overlap.map_or(mode == "async", |overlap| overlap > 0.93);
            assert!(fits, "{mode}, frame {frame} at {left}: {overlap:?}");
        }
    }
}

#[test]
fn a_failed_run_is_followed_by_runs() {
    let mut rig = settled(&[]);
    rig.control.broken.store(true, Ordering::SeqCst);
    // A move that no block motion follows needs a run, which fails.
    rig.push(person(150));
    rig.control.broken.store(false, Ordering::SeqCst);
    let before = rig.count("inferred");
    for _ in 0..5 {
        let matte = rig.push(person(150)).unwrap();
        assert!(matte.inferred && overlap(&rows(&matte), 150) > 0.95);
    }
    assert_eq!(rig.count("inferred") - before, 5);
}

#[test]
fn without_moving_mattes_whatever_moves_runs() {
    let mut rig = settled(&[("motion-compensation", "false")]);
    for left in 21..40 {
        assert!(rig.push(person(left)).unwrap().inferred, "at {left}");
    }
    let rests = (0..30).filter(|_| !rig.push(person(39)).unwrap().inferred);
    assert!(rests.count() > 10);
}

#[test]
fn a_flush_and_another_interval_are_followed_at_once() {
    let mut rig = settled(&[]);
    rig.element.set_property("interval", 1u32);
    for _ in 0..3 {
        assert!(rig.push(person(20)).unwrap().inferred);
    }
    rig.element.set_property("interval", 0u32);
    assert!((0..10).any(|_| !rig.push(person(20)).unwrap().inferred));
    let sink = rig.harness.element().unwrap().static_pad("sink").unwrap();
    assert!(sink.send_event(gst::event::FlushStart::new()));
    assert!(sink.send_event(gst::event::FlushStop::new(true)));
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    assert!(sink.send_event(gst::event::Segment::new(&segment)));
    for _ in 0..5 {
        assert!(rig.push(person(20)).unwrap().inferred, "time starts anew");
    }
}
