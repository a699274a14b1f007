// SPDX-License-Identifier: MPL-2.0

//! Which frames get runs, which matte each frame gets, and what flushes and stops do meanwhile.

use super::rig::{Rig, rows, wait_for};
use super::{ROOM, SUBJECT, overlap, person};
use gst::prelude::*;
use std::sync::atomic::Ordering;

/// Frames of a person who walks 5 pixels a frame, while the network takes two frames' time (60 ms
/// at 30 frames a second): mean overlap with the truth of the frame, of the one before, and of the
/// one two before.
fn walk(compensate: bool) -> [f64; 3] {
    let compensate = if compensate { "true" } else { "false" };
    let properties = [("mode", "async"), ("motion-compensation", compensate)];
    let mut rig = Rig::new(&properties, |control| control.allow(Some(0)));
    let (mut sums, mut count) = ([0.0; 3], 0.0);
    for frame in 0..24usize {
        // The run that began two frames ago is done in time for every other frame.
        if frame % 2 == 0 && frame > 0 {
            rig.control.allow(Some(1));
            rig.settle();
        }
        let matte = rig.push(person(20 + 5 * frame));
        if frame < 4 {
            continue;
        }
        let matte = rows(&matte.expect("there is a matte from the third frame on"));
        for (ago, sum) in sums.iter_mut().enumerate() {
            *sum += overlap(&matte, 20 + 5 * (frame - ago));
        }
        count += 1.0;
    }
    rig.control.allow(None);
    sums.map(|sum| sum / count)
}

#[test]
fn async_mattes_lag_less_than_a_frame_with_a_network_of_two_frames() {
    let moved = walk(true);
    println!(
        "moved along: IoU with the frame {:.4}, one before {:.4}, two before {:.4}",
        moved[0], moved[1], moved[2]
    );
    let stale = walk(false);
    println!(
        "as it was:   IoU with the frame {:.4}, one before {:.4}, two before {:.4}",
        stale[0], stale[1], stale[2]
    );
    assert!(
        stale[2] > stale[1] && stale[1] > stale[0],
        "the network is two frames late"
    );
    assert!(
        moved[0] > moved[1],
        "nearer to this frame than to the one before"
    );
    assert!(moved[0] > 0.93, "{moved:?}");
}

#[test]
fn a_scene_cut_drops_the_old_matte_and_that_of_the_run_under_way() {
    let mut rig = Rig::new(&[("mode", "async")], |control| control.allow(Some(0)));
    rig.push(person(20));
    rig.control.allow(Some(1));
    rig.settle();
    assert!(rig.push(person(20)).is_some());
    // The run on the old scene is still under way when the scene changes.
    let other = |x: usize, y: usize| {
        let bright = (x / 5 * 31 + y / 5 * 17) % 7 > 2;
        if bright { [250, 240, 250] } else { [0, 0, 90] }
    };
    assert!(rig.push(other).is_none());
    rig.control.allow(Some(1));
    rig.settle();
    assert!(rig.push(other).is_none(), "a matte of the old scene");
    rig.control.allow(None);
    rig.settle();
    assert!(rig.push(other).is_some());
}

#[test]
fn a_stop_waits_for_no_run_not_even_for_one_that_cannot_be_ended() {
    for mode in ["sync", "async"] {
        let mut rig = Rig::new(&[("mode", mode)], |control| {
            control.allow(Some(0));
            control.deaf.store(true, Ordering::SeqCst);
        });
        let buffer = rig.next(|_, _| SUBJECT);
        let (element, control) = (rig.element.clone(), rig.control.clone());
        let pushing = std::thread::spawn(move || {
            let pushed = rig.harness.push(buffer);
            // Kept until the end: a harness that goes stops its element.
            (rig, pushed)
        });
        wait_for(|| control.inside.load(Ordering::SeqCst) == 1);
        element.set_state(gst::State::Null).unwrap();
        let (_rig, pushed) = pushing.join().unwrap();
        assert_eq!(
            control.inside.load(Ordering::SeqCst),
            1,
            "{mode}: the run goes on"
        );
        if mode == "sync" {
            assert_eq!(pushed, Err(gst::FlowError::Flushing));
        }
        control.allow(None);
        wait_for(|| control.inside.load(Ordering::SeqCst) == 0);
    }
}

#[test]
fn a_flush_ends_the_run_and_its_matte_comes_to_nothing() {
    for (mode, deaf) in [("sync", false), ("sync", true), ("async", false)] {
        let mut rig = Rig::new(&[("mode", mode)], |control| {
            control.allow(Some(0));
            control.deaf.store(deaf, Ordering::SeqCst);
        });
        let buffer = rig.next(|_, _| SUBJECT);
        let (element, control) = (rig.element.clone(), rig.control.clone());
        let sink = element.static_pad("sink").unwrap();
        let pushing = std::thread::spawn(move || {
            let pushed = rig.harness.push(buffer);
            (rig, pushed)
        });
        wait_for(|| control.inside.load(Ordering::SeqCst) == 1);
        // The network may begin before the frame that does not wait for it has gone on.
        wait_for(|| mode == "sync" || pushing.is_finished());
        assert!(sink.send_event(gst::event::FlushStart::new()));
        let (mut rig, pushed) = pushing.join().unwrap();
        assert_eq!(pushed.is_ok(), mode == "async", "{mode}: {pushed:?}");
        assert!(sink.send_event(gst::event::FlushStop::new(true)));
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        assert!(sink.send_event(gst::event::Segment::new(&segment)));
        control.allow(None);
        while rig.harness.try_pull().is_some() {}
        wait_for(|| {
            rig.push(|_, _| ROOM)
                .is_some_and(|matte| rows(&matte) == [0; 256 * 144])
        });
        let heard = rig.heard();
        assert!(
            !heard.iter().any(|line| line.starts_with("warning")),
            "{heard:?}"
        );
    }
}

fn latency(rig: &Rig) -> u64 {
    let mut query = gst::query::Latency::new();
    assert!(rig.element.static_pad("src").unwrap().query(&mut query));
    query.result().1.mseconds()
}

#[test]
fn the_reported_latency_is_the_networks_and_changes_are_posted() {
    let mut rig = Rig::new(&[], |control| control.warm_up.store(8, Ordering::SeqCst));
    let others = latency(&Rig::new(&[("mode", "async")], |_| ()));
    assert_eq!(latency(&rig), others + 10);
    rig.heard();
    rig.control.takes.store(60, Ordering::SeqCst);
    for _ in 0..16 {
        rig.push(|_, _| SUBJECT);
    }
    assert_eq!(rig.latency_messages(), 1);
    assert!(latency(&rig) >= others + 60);
    let stats = rig.element.property::<gst::Structure>("stats");
    assert_eq!(
        stats.get::<f64>("latency").unwrap() as u64,
        latency(&rig) - others
    );
    rig.element.set_property_from_str("mode", "async");
    assert_eq!(rig.latency_messages(), 1);
    assert_eq!(latency(&rig), others, "no frame waits any more");
}

#[test]
fn late_frames_go_without_a_run_but_not_without_a_matte_and_not_for_ever() {
    let mut rig = Rig::new(&[], |_| ());
    assert!(rig.push(person(20)).unwrap().inferred);
    let qos = gst::event::Qos::builder(gst::QOSType::Underflow, 2.0, 500_000_000)
        .timestamp(gst::ClockTime::from_mseconds(33))
        .build();
    rig.element.static_pad("src").unwrap().send_event(qos);
    let mattes: Vec<_> = (0..20)
        .map(|i| rig.push(person(20 + 2 * i)).unwrap())
        .collect();
    let own: Vec<_> = mattes.iter().map(|matte| matte.inferred).collect();
    // Frames of 33 to 528 ms are late; each quarter of a second has a run all the same, and so has
    // the first one, since nothing is known yet about how the picture moves.
    let late = own[..16].iter().filter(|own| !**own).count();
    assert_eq!(late, 14, "{own:?}");
    assert!(own[16..].iter().all(|own| *own), "{own:?}");
    assert_eq!(rig.count("late"), 14);
    let worst = (mattes.iter().enumerate()).map(|(i, m)| overlap(&rows(m), 20 + 2 * i));
    let worst = worst.fold(1.0, f64::min);
    assert!(worst > 0.9, "{worst}");
}

#[test]
fn clocks_that_jump_and_rates_that_change_stop_nothing() {
    let properties = [("still-threshold", "0.01"), ("interval", "2")];
    for mode in ["sync", "async"] {
        let mut rig = Rig::new(&properties, |_| ());
        rig.element.set_property_from_str("mode", mode);
        for (step, pts) in [0, 33, 40, 3_600_000, 10, 10, 9, 4_000_000_000, 5, 5000]
            .iter()
            .enumerate()
        {
            let mut buffer = rig.next(person(20 + step));
            let time = (step != 4).then(|| gst::ClockTime::from_mseconds(*pts));
            buffer.get_mut().unwrap().set_pts(time);
            rig.harness.push(buffer).expect("the frame goes through");
            rig.harness.pull().expect("a frame comes out");
            rig.settle();
        }
        assert!(rig.push(person(30)).is_some(), "{mode}");
        let heard = rig.heard();
        assert!(
            !heard.iter().any(|line| line.contains("warning")),
            "{heard:?}"
        );
    }
}
