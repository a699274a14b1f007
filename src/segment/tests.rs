// SPDX-License-Identifier: MPL-2.0

//! The element with a network that is slow, hangs or fails exactly when a test says so.

use super::testing::{Rig, SIZE, caps, picture, rows, wait_for};
use gst::prelude::*;
use std::sync::atomic::Ordering;
use std::time::Duration;

const SUBJECT: [u8; 3] = [10, 200, 10];
const ROOM: [u8; 3] = [200, 10, 10];

/// A textured person whose left edge is at `left`, in a textured room.
fn person(left: usize) -> impl Fn(usize, usize) -> [u8; 3] {
    let noise = |x: usize, y: usize, seed: usize| {
        let hash = (x / 3 * 7919 + y / 3 * 104_729 + seed).wrapping_mul(2_654_435_761);
        (hash >> 9 & 63) as u8
    };
    move |x, y| match is_person(left, x, y) {
        true => [
            60 + noise(x + 999 - left, y, 5),
            160 + noise(x + 999 - left, y, 7),
            80,
        ],
        false => [40 + noise(x, y, 1), noise(x, y, 2) / 2, 20],
    }
}

fn is_person(left: usize, x: usize, y: usize) -> bool {
    let dx = x as f32 - (left as f32 + 36.0);
    dx.hypot((y as f32 - 44.0) * 0.9) < 24.0 || (y > 66 && dx.abs() < 36.0)
}

/// Intersection over union of a matte and the person at `left`.
fn overlap(matte: &[u8], left: usize) -> f64 {
    let (mut both, mut either) = (0, 0);
    for (index, alpha) in matte.iter().enumerate() {
        let (a, b) = (
            *alpha >= 128,
            is_person(left, index % SIZE.0, index / SIZE.0),
        );
        both += usize::from(a && b);
        either += usize::from(a || b);
    }
    f64::from(both as u32) / f64::from(either as u32)
}

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
    let followed = walk(true);
    println!(
        "moved along: IoU with the frame {:.4}, one before {:.4}, two before {:.4}",
        followed[0], followed[1], followed[2]
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
        followed[0] > followed[1],
        "nearer to this frame than to the one before"
    );
    assert!(followed[0] > 0.93, "{followed:?}");
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

#[test]
fn a_network_that_hangs_is_told_hides_the_room_and_recovers() {
    for mode in ["sync", "async"] {
        let mut rig = Rig::new(&[("mode", mode)], |_| ());
        for _ in 0..4 {
            rig.push(person(20));
            rig.settle();
        }
        assert!(rig.push(person(20)).is_some());
        rig.settle();
        rig.heard();
        rig.control.allow(Some(0));
        wait_for(|| {
            std::thread::sleep(Duration::from_millis(20));
            rig.push(person(20)).is_none()
        });
        assert_eq!(rig.heard(), ["matte-network-stalled"], "{mode}");
        for _ in 0..50 {
            assert!(
                rig.push(person(20)).is_none(),
                "{mode}: nobody waits for it again"
            );
        }
        assert_eq!(
            rig.control.inside.load(Ordering::SeqCst),
            1,
            "nothing piles up"
        );
        rig.control.allow(None);
        wait_for(|| rig.push(person(20)).is_some());
        assert_eq!(rig.heard(), ["matte-network-recovered"], "{mode}");
    }
}

fn latency(rig: &Rig) -> u64 {
    let mut query = gst::query::Latency::new();
    assert!(rig.element.static_pad("src").unwrap().query(&mut query));
    query.result().1.mseconds()
}

#[test]
fn the_latency_that_is_told_is_the_networks_and_changes_are_told() {
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
    assert_eq!(latency(&rig), others, "nobody waits any more");
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
fn a_lost_device_means_the_cpu_and_no_matte_until_then() {
    let set_up = |control: &super::testing::Control| {
        control.accelerated.store(true, Ordering::SeqCst);
    };
    for mode in ["sync", "async"] {
        let properties = [("mode", mode), ("execution-provider", "openvino")];
        let mut rig = Rig::new(&properties, set_up);
        wait_for(|| rig.push(person(20)).is_some());
        let provider = |rig: &Rig| rig.element.property::<String>("active-execution-provider");
        assert_eq!(provider(&rig), "npu");
        rig.heard();
        rig.control.failing.store(true, Ordering::SeqCst);
        wait_for(|| rig.push(person(20)).is_none());
        wait_for(|| {
            let matte = rig.push(person(20));
            assert!(matte.is_none() || provider(&rig) == "cpu", "{mode}");
            matte.is_some()
        });
        let heard = rig.heard().join("\n");
        for part in ["does not answer", "npu is lost", "matte-model-loaded"] {
            assert!(heard.contains(part), "{mode}: {part}: {heard}");
        }
        assert_eq!(
            rig.element.property::<String>("execution-provider"),
            "openvino"
        );
    }
    let properties = [
        ("execution-provider", "openvino"),
        ("strict-provider", "true"),
    ];
    let mut rig = Rig::new(&properties, set_up);
    rig.control.failing.store(true, Ordering::SeqCst);
    let results: Vec<_> = (0..3)
        .map(|_| {
            let buffer = rig.next(|_, _| SUBJECT);
            rig.harness.push(buffer)
        })
        .collect();
    assert_eq!(results[2], Err(gst::FlowError::Error));
    assert!(rig.heard().iter().any(|line| line.contains("npu is lost")));
}

#[test]
fn every_property_of_the_network_can_be_changed_while_playing() {
    let mut rig = Rig::new(&[], |_| ());
    rig.push(person(20));
    for (name, value) in [
        ("threads", "2"),
        ("execution-provider", "xnnpack"),
        ("provider-options", "o,device_type=CPU"),
        ("strict-provider", "true"),
        ("subject", "1"),
        ("model", "other.onnx"),
    ] {
        let before = rig.control.loaded.load(Ordering::SeqCst);
        rig.heard();
        rig.element.set_property_from_str(name, value);
        wait_for(|| {
            assert!(rig.push(person(20)).is_some(), "{name}: no gap");
            rig.heard().iter().any(|line| line == "matte-model-loaded")
        });
        assert_eq!(
            rig.control.loaded.load(Ordering::SeqCst),
            before + 1,
            "{name}"
        );
    }
    for mode in ["async", "sync", "async"] {
        rig.element.set_property_from_str("mode", mode);
        assert!(rig.push(person(20)).is_some(), "{mode}: no gap");
    }
    // A value that cannot be had is refused, and all goes back to what is in use.
    for (name, value, old) in [
        ("model", "bad.onnx", "other.onnx"),
        ("subject", "a,,b\"", "1"),
    ] {
        rig.element.set_property_from_str(name, value);
        wait_for(|| rig.element.property::<String>(name) == old);
        assert!(rig.push(person(20)).is_some());
    }
}

#[test]
fn caps_that_change_while_a_model_is_loaded_lose_neither() {
    let mut rig = Rig::new(&[], |_| ());
    rig.push(person(20));
    for size in [(64, 48), (200, 120), (20, 18), (256, 144)] {
        rig.heard();
        let loaded = rig.control.loaded.load(Ordering::SeqCst);
        let threads = rig.element.property::<u32>("threads") + 1;
        rig.element.set_property("threads", threads);
        rig.harness.set_src_caps(caps(size));
        wait_for(|| {
            let mut buffer = picture(size, |_, _| SUBJECT);
            let pts = gst::ClockTime::from_mseconds(33 * rig.pushed);
            buffer.get_mut().unwrap().set_pts(pts);
            rig.pushed += 1;
            rig.harness.push(buffer).unwrap();
            let out = rig.harness.pull().unwrap();
            assert!(crate::meta::Matte::of(&out).is_some(), "{size:?}");
            rig.heard().iter().any(|line| line == "matte-model-loaded")
        });
        assert_eq!(rig.element.property::<u32>("threads"), threads);
        assert!(rig.control.loaded.load(Ordering::SeqCst) > loaded);
    }
}

#[test]
fn who_comes_and_goes_is_told_once() {
    let mut rig = Rig::new(&[], |_| ());
    rig.heard();
    for _ in 0..12 {
        rig.push(|_, _| ROOM);
    }
    assert_eq!(rig.heard(), [""; 0]);
    for _ in 0..12 {
        rig.push(person(40));
    }
    assert_eq!(rig.heard(), ["matte-subject-entered"]);
    for _ in 0..12 {
        rig.push(|_, _| ROOM);
    }
    assert_eq!(rig.heard(), ["matte-subject-left"]);
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

#[test]
fn a_hung_network_stands_in_no_other_streams_way() {
    let here = std::env::current_exe().unwrap();
    let child = std::process::Command::new(here)
        .args(["--exact", "segment::tests::beside_a_hung_network"])
        .args(["--ignored", "--nocapture"])
        .env(crate::model::CONCURRENT_RUNS_VARIABLE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}

#[test]
#[ignore = "run by the test above, in a process where one network runs at a time"]
fn beside_a_hung_network() {
    for mode in ["sync", "async"] {
        // Nothing ends this run, and nobody looks after it: its stream has paused.
        let mut hung = Rig::new(&[("mode", "async")], |control| {
            control.allow(Some(0));
            control.deaf.store(true, Ordering::SeqCst);
        });
        hung.push(person(20));
        wait_for(|| hung.control.inside.load(Ordering::SeqCst) == 1);
        let mut other = Rig::new(&[("mode", mode)], |_| ());
        wait_for(|| {
            std::thread::sleep(Duration::from_millis(20));
            other
                .push(person(20))
                .is_some_and(|matte| overlap(&rows(&matte), 20) > 0.9)
        });
        let heard = other.heard();
        assert!(
            !heard.iter().any(|line| line.contains("stalled")),
            "{mode}: to wait for a turn is no stall: {heard:?}"
        );
        // From then on the other stream waits for nothing.
        let start = std::time::Instant::now();
        for _ in 0..20 {
            assert!(other.push(person(20)).is_some(), "{mode}");
            other.settle();
        }
        // Each wait for the hung one would take two seconds: forty in all, on any machine.
        assert!(start.elapsed() < Duration::from_secs(30), "{mode}");
        hung.control.allow(None);
        wait_for(|| hung.push(person(20)).is_some());
    }
}

#[test]
fn a_device_that_hangs_is_lost_like_one_that_fails() {
    for mode in ["sync", "async"] {
        let properties = [("mode", mode), ("execution-provider", "openvino")];
        let mut rig = Rig::new(&properties, |control| {
            control.accelerated.store(true, Ordering::SeqCst);
            control.hanging.store(true, Ordering::SeqCst);
        });
        wait_for(|| {
            std::thread::sleep(Duration::from_millis(20));
            let matte = rig.push(person(20));
            let provider = rig.element.property::<String>("active-execution-provider");
            assert!(matte.is_none() || provider == "cpu", "{mode}");
            matte.is_some()
        });
        let heard = rig.heard();
        let at = |part: &str| heard.iter().position(|line| line.contains(part));
        assert!(at("matte-network-stalled").is_some(), "{mode}: {heard:?}");
        assert!(
            at("npu is lost: its run does not end") > at("matte-network-stalled"),
            "{mode}: {heard:?}"
        );
        rig.control.hanging.store(false, Ordering::SeqCst);
    }
    let properties = [
        ("execution-provider", "openvino"),
        ("strict-provider", "true"),
    ];
    let mut rig = Rig::new(&properties, |control| {
        control.accelerated.store(true, Ordering::SeqCst);
        control.hanging.store(true, Ordering::SeqCst);
    });
    wait_for(|| {
        std::thread::sleep(Duration::from_millis(20));
        let buffer = rig.next(person(20));
        let pushed = rig.harness.push(buffer);
        while let Some(out) = rig.harness.try_pull() {
            assert!(crate::meta::Matte::of(&out).is_none());
        }
        pushed == Err(gst::FlowError::Error)
    });
    let heard = rig.heard();
    assert!(
        heard
            .iter()
            .any(|line| line.contains("npu is lost: its run does not end")),
        "{heard:?}"
    );
    rig.control.hanging.store(false, Ordering::SeqCst);
}

#[test]
fn a_network_that_fails_now_and_then_is_no_flood_and_one_that_stays_so_is_told() {
    let mut rig = Rig::new(&[], |_| ());
    rig.push(person(20));
    rig.heard();
    let start = std::time::Instant::now();
    for frame in 0..60 {
        rig.control.broken.store(frame % 2 == 0, Ordering::SeqCst);
        assert_eq!(rig.push(person(20)).is_none(), frame % 2 == 0);
    }
    let heard = rig.heard();
    let count = |part: &str| heard.iter().filter(|line| line.contains(part)).count();
    let seconds = start.elapsed().as_secs() as usize + 1;
    assert!(count("it is broken") <= seconds, "{heard:?}");
    assert!(count("recovered") <= seconds, "{heard:?}");
    // It fails for good right after a warning: the next one comes all the same.
    let about = |rig: &Rig| {
        let heard = rig.heard();
        heard.iter().any(|line| line.contains("it is broken"))
    };
    rig.control.broken.store(true, Ordering::SeqCst);
    wait_for(|| {
        rig.push(person(20));
        about(&rig)
    });
    rig.control.broken.store(false, Ordering::SeqCst);
    rig.push(person(20));
    rig.heard();
    rig.control.broken.store(true, Ordering::SeqCst);
    wait_for(|| {
        rig.push(person(20));
        about(&rig)
    });
}
