// SPDX-License-Identifier: MPL-2.0

//! Properties and caps that change while playing, and subjects that come and go.

use super::rig::{Rig, caps, picture, wait_for};
use super::{ROOM, SUBJECT, person};
use gst::prelude::*;
use std::sync::atomic::Ordering;

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
fn a_subject_that_comes_or_goes_is_posted_once() {
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
