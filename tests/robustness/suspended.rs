// SPDX-License-Identifier: MPL-2.0

//! A process that is suspended in the middle of runs of the network, as with a frozen container, a
//! debugger or a machine that sleeps: time has passed, but nothing has stalled.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;

use common::guard::Watchdog;
use common::pipeline::{heard, model_with};
use common::running::{Running, wait_for};
use gst::prelude::*;
use std::process::Command;
use std::time::{Duration, Instant};

/// Longer than the two seconds after which a run counts as stalled.
const SLEEP: Duration = Duration::from_secs(3);

/// Stops this process for [`SLEEP`].
fn suspend() {
    let script = format!("kill -STOP $0; sleep {}; kill -CONT $0", SLEEP.as_secs());
    // It may stop us before it is known to have started.
    let (mut longest, mut last) = (Duration::ZERO, Instant::now());
    let mut shell = Command::new("sh")
        .args(["-c", &script, &std::process::id().to_string()])
        .spawn()
        .expect("there is a shell");
    loop {
        longest = longest.max(last.elapsed());
        last = Instant::now();
        if shell.try_wait().expect("it is ours").is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(longest > SLEEP / 2, "it slept for {longest:?} only");
}

#[test]
fn a_suspended_process_goes_on_and_takes_no_run_for_stalled() {
    let _guard = Watchdog::new("a suspended process", Duration::from_secs(300));
    // On frames of this red a run takes 150 products of matrices, a fraction of a second: one is
    // under way nearly always.
    let model = model_with("suspended", "slow.onnx", "[input]\nrange = [0, 0.15]\n");
    let running = ["sync", "async"].map(|mode| {
        Running::new(&format!(
            "videotestsrc is-live=true pattern=solid-color foreground-color=0xff01ff00 \
             ! video/x-raw,format=RGB,width=64,height=48,framerate=30/1 \
             ! mattesegment name=segment mode={mode} model={} ! fakesink name=sink sync=false",
            model.display()
        ))
    });
    let runs = |of: &Running| {
        let segment = of.pipeline.by_name("segment").expect("it is there");
        let stats = segment.property::<gst::Structure>("stats");
        stats.get::<u64>("inferred").expect("a number")
            + stats.get::<u64>("carried-over").expect("a number")
    };
    let go_on = || {
        for one in &running {
            let before = runs(one);
            wait_for("mattes", || runs(one) > before + 10);
        }
    };
    for one in &running {
        one.state(gst::State::Playing);
    }
    go_on();
    for _ in 0..3 {
        suspend();
        go_on();
    }
    for (one, mode) in running.iter().zip(["sync", "async"]) {
        let mut said = heard(&one.pipeline.bus().expect("pipelines have a bus"));
        said.retain(|message| message != "matte-model-loaded");
        said.retain(|message| !message.starts_with("matte-subject"));
        assert_eq!(said, [""; 0], "{mode}");
    }
}
