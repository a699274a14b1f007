// SPDX-License-Identifier: MPL-2.0

//! A network that hangs or fails, and a device that is lost.

use super::rig::{Control, Rig, rows, wait_for};
use super::{SUBJECT, overlap, person};
use gst::prelude::*;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[test]
fn a_network_that_hangs_is_reported_hides_the_room_and_recovers() {
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
                "{mode}: no frame waits for it again"
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

#[test]
fn a_lost_device_means_the_cpu_and_no_matte_until_then() {
    let set_up = |control: &Control| {
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
fn a_hung_network_stands_in_no_other_streams_way() {
    let here = std::env::current_exe().unwrap();
    let child = std::process::Command::new(here)
        .args(["--exact", "segment::tests::failures::beside_a_hung_network"])
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
        // Nothing ends this run, and no frame notices: its stream has paused.
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
            "{mode}: the wait for a run slot is no stall: {heard:?}"
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
fn failures_now_and_then_do_not_flood_the_bus_and_lasting_ones_are_reported() {
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
    // It fails for good right after a warning: there is another one nevertheless.
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
