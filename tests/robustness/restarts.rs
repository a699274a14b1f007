// SPDX-License-Identifier: MPL-2.0

//! A pipeline that goes from PAUSED to NULL to PLAYING, again and again, at any moment of its start:
//! it always starts, and what the process has of memory, file descriptors and threads stays.
//!
//! 30 times by default; `scripts/robustness/soak.sh` runs a thousand. MATTE_RESTARTS says how many,
//! MATTE_SOAK_REPORT a file for what was measured after each.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;

use common::pipeline::green_model;
use common::running::Running;
use common::usage::{Usage, alone, assert_constant, growth, publish, report, slope};
use gst::prelude::*;
use std::fmt::Write as _;
use std::time::Instant;

/// Restarts until modes and waits come again as they were.
const ROUND: usize = 6;
/// So many restarts tell of a slope.
const LONG: usize = 500;
/// Most that a restart may leave behind, in bytes of what is allocated.
const SLOPE: f64 = 16.0;
/// Most that what is allocated may grow where there are few, in KiB.
const ROOM: f64 = 8.0;

#[test]
fn started_and_stopped_again_and_again() {
    if alone("started_and_stopped_again_and_again") {
        return;
    }
    let cycles = std::env::var("MATTE_RESTARTS")
        .ok()
        .and_then(|n| n.parse().ok());
    let cycles: usize = cycles.unwrap_or(30);
    let running = Running::new(&format!(
        "videotestsrc ! video/x-raw,width=64,height=48 ! mattebackground name=matte model={} \
         ! fakesink name=sink sync=false",
        green_model().display()
    ));
    let matte = running.pipeline.by_name("matte").unwrap();
    let start = Instant::now();
    // What is measured is not to grow by the measurements.
    let mut usage = Vec::with_capacity(cycles);
    for cycle in 0..cycles {
        matte.set_property_from_str("mode", ["sync", "async"][cycle % 2]);
        running.state(gst::State::Paused);
        if cycle % 3 == 0 {
            let (result, ..) = running.pipeline.state(gst::ClockTime::from_seconds(60));
            assert_eq!(
                result,
                Ok(gst::StateChangeSuccess::Success),
                "cycle {cycle}"
            );
        }
        running.state(gst::State::Null);
        running.state(gst::State::Playing);
        if cycle % 2 == 0 {
            running.more("after a start", 2);
        }
        running.state(gst::State::Null);
        assert_eq!(running.errors(), [""; 0], "cycle {cycle}");
        usage.push(Usage::now(start));
    }
    let warm = &usage[cycles / 4..];
    let restarts = |cycle, _: &Usage| cycle as f64;
    let (slope, error) = slope(warm, ROUND, restarts, |u| u.held * 1024.0);
    let mut text = report(&usage);
    writeln!(text, "# allocated\t{slope:+.2}\t{error:.2}").expect("text");
    publish(&text);
    if cycles >= LONG {
        assert!(slope + 2.0 * error < SLOPE, "memory may grow\n{text}");
    } else {
        let grown = growth(warm, ROUND, |u| u.held);
        assert!(grown < ROOM, "{grown} KiB\n{text}");
    }
    assert_constant(warm);
}
