// SPDX-License-Identifier: MPL-2.0

//! A long day: frames of odd sizes through the whole chain, while properties, caps and models
//! change and the pipeline stops and starts again. Memory, file descriptors and threads must not
//! grow, and GStreamer's own tracer must find nothing left.
//!
//! 3,000 frames by default; `scripts/robustness/soak.sh` runs 600,000. MATTE_SOAK_FRAMES says how many,
//! MATTE_SOAK_REPORT a file for what was measured after each cycle.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;

use common::guard::{CASE, FOLDER, Watchdog, case};
use common::live::Live;
use common::random::Random;
use common::usage::{Usage, alone, assert_constant, growth, publish, report, slope};
use common::{frame, info, init, model};
use gst::prelude::*;
use gst_video::{VideoFormat, VideoInfo};
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

/// Runs of so many frames tell what is allocated to less than [`SLOPE`], with twice its error.
const LONG: u64 = 50_000;
/// Resident memory wanders by whole pages: so many frames tell of that.
const VERY_LONG: u64 = 500_000;
/// Most that memory may grow after warm-up, in KiB a minute.
const SLOPE: f64 = 1.0;
/// Most that what is allocated, and resident memory, may grow where a run is short, in KiB.
const ROOM: f64 = 8.0;
const RESIDENT_ROOM: f64 = 512.0;

/// How a run is cut into pipelines, after each of which there is a measurement.
struct Plan {
    /// Frames of one pipeline.
    length: u64,
    /// What is changed; a pipeline does the same whenever its turn comes, so that memory is
    /// compared after the same history.
    places: Vec<u64>,
}

impl Plan {
    fn of(frames: u64) -> Self {
        if frames >= LONG {
            return Self {
                length: 1000,
                places: (0..20).collect(),
            };
        }
        // One of each mode.
        Self {
            length: frames.min(500),
            places: vec![0, 3],
        }
    }

    fn round(&self) -> usize {
        self.places.len()
    }
}

const SIZES: &[(u32, u32)] = &[
    (161, 91),
    (173, 97),
    (199, 111),
    (255, 143),
    (321, 181),
    (91, 161),
];
const FORMATS: &[VideoFormat] = &[
    VideoFormat::Nv12,
    VideoFormat::I420,
    VideoFormat::Yuy2,
    VideoFormat::Bgrx,
    VideoFormat::Rgb,
    VideoFormat::Y444,
    VideoFormat::P01010le,
    VideoFormat::V210,
    VideoFormat::Rgb16,
    VideoFormat::Gray8,
];

/// Properties and what they are set to.
const PROPERTIES: &[(&str, &[&str])] = &[
    (
        "background",
        &["blur", "color", "image", "matte", "overlay", "none", "blur"],
    ),
    ("blur-strength", &["50", "0", "100", "20"]),
    ("blur-bokeh", &["false", "true"]),
    ("color", &["0xff000000", "0xff00ff00"]),
    ("decontamination", &["1", "0", "0.5"]),
    ("light-wrap", &["0", "0.7", "1"]),
    ("preset", &["balanced", "fast", "quality", "off"]),
    (
        "edge-mode",
        &[
            "guided",
            "none",
            "guided-color",
            "joint-bilateral",
            "matting",
        ],
    ),
    (
        "temporal",
        &["adaptive", "none", "ema", "uncertainty", "flow"],
    ),
    ("temporal-strength", &["0.8", "0", "1"]),
    ("output-scale", &["1", "0.5", "0.25"]),
    ("grow", &["0", "5", "-5"]),
    ("feather", &["0", "4", "-4"]),
    ("open", &["0", "3"]),
    ("close", &["0", "3"]),
    ("gamma", &["1", "0.5", "2"]),
    ("subject-region", &["", "0.1,0.1,0.8,0.8"]),
    ("keep", &["", "0.4,0.4,0.2,0.2"]),
    ("subject-select", &["all", "largest", "nearest", "point"]),
    ("subject-point", &["0.5,0.5", "0.2,0.8"]),
    ("framing", &["off", "follow"]),
    ("key", &["none", "auto", "green", "blue"]),
    ("key-tolerance", &["0.1", "0", "1"]),
    ("interval", &["1", "3"]),
    ("still-threshold", &["0", "0.01"]),
    ("enabled", &["true", "false"]),
    ("transition-ms", &["0", "200"]),
    ("image-fit", &["cover", "contain", "stretch", "tile"]),
    ("on-missing-matte", &["hide", "freeze"]),
];

/// Models that work, and files that are none; the first is the one to begin with.
const MODELS: &[&str] = &[
    "alpha",
    "classes",
    "softmax",
    "half",
    "sound",
    "no-such-file",
    "nan",
];

/// A picture of which some is subject to every model: a bright disc on dark.
fn scene(info: &VideoInfo) -> gst::Buffer {
    let row = info.stride()[0].max(1) as usize;
    frame(info, |i| {
        let (x, y) = (
            (i % row) as f64 / row as f64 - 0.5,
            (i / row) as f64 / info.height() as f64 - 0.5,
        );
        if x * x + y * y < 0.1 {
            200
        } else {
            40 + (i % 7) as u8
        }
    })
}

fn open(mode: &str) -> Live {
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/background.png");
    Live::new(&[
        ("model", &model(MODELS[0])),
        ("mode", mode),
        ("image", image),
    ])
}

/// Frames through the chain, one measurement a pipeline, after it has gone.
fn soak(frames: u64) -> Vec<Usage> {
    init();
    let plan = Plan::of(frames);
    let cycles = frames.div_ceil(plan.length);
    let start = Instant::now();
    // What is measured is not to grow by the measurements.
    let mut usage = Vec::with_capacity(cycles as usize);
    for place in plan.places.iter().cycle().take(cycles as usize) {
        let _guard = Watchdog::new("a cycle", Duration::from_secs(600));
        let mut random = Random::new(*place);
        let mut live = open(if place % 4 == 3 { "async" } else { "sync" });
        let mut info = info(VideoFormat::Nv12, SIZES[0].0, SIZES[0].1);
        let mut picture = scene(&info);
        for index in 0..plan.length {
            if index % 20 == 7 {
                let (name, values) = *random.pick(PROPERTIES);
                live.element
                    .set_property_from_str(name, random.pick::<&str>(values));
            }
            if index % 125 == 60 {
                let (width, height) = *random.pick(SIZES);
                info = common::info(*random.pick(FORMATS), width, height);
                picture = scene(&info);
            }
            if index % 250 == 30 {
                live.element
                    .set_property("model", model(random.pick::<&str>(MODELS)));
            }
            live.push(&info, picture.copy());
            assert!(live.pull().is_some(), "{:?}", live.messages());
            live.messages();
        }
        drop(live);
        usage.push(Usage::now(start));
        publish(&report(&usage));
    }
    usage
}

#[test]
fn nothing_grows() {
    if alone("nothing_grows") {
        return;
    }
    let frames = std::env::var("MATTE_SOAK_FRAMES")
        .ok()
        .and_then(|n| n.parse().ok());
    let frames: u64 = frames.unwrap_or(3000);
    let usage = soak(frames);
    let round = Plan::of(frames).round();
    if frames < LONG {
        // The first round is warm-up.
        let warm = &usage[round.min(usage.len())..];
        let grown = [
            growth(warm, round, |u| u.held),
            growth(warm, round, |u| u.resident),
        ];
        assert!(
            grown[0] < ROOM && grown[1] < RESIDENT_ROOM,
            "{grown:?} KiB\n{}",
            report(&usage)
        );
        assert_constant(warm);
        return;
    }
    let warm = &usage[usage.len().div_ceil(4)..];
    let minutes = |_, u: &Usage| u.minutes;
    let slopes = [
        (
            "resident",
            VERY_LONG,
            slope(warm, round, minutes, |u| u.resident),
        ),
        ("allocated", LONG, slope(warm, round, minutes, |u| u.held)),
    ];
    let mut text = report(&usage);
    for (what, _, (slope, error)) in slopes {
        writeln!(text, "# {what}\t{slope:+.3}\t{error:.3}").expect("text");
    }
    publish(&text);
    for (what, least, (slope, error)) in slopes {
        // Not only is no growth seen: one of that size would have been.
        assert!(
            frames < least || slope + 2.0 * error < SLOPE,
            "{what} may grow\n{text}"
        );
    }
    assert_constant(warm);
}

#[test]
fn the_tracer_finds_nothing_left() {
    const TEST: &str = "the_tracer_finds_nothing_left";
    if case().is_some() {
        soak(2000);
        // SAFETY: the last thing that this process does with GStreamer.
        unsafe { gst::deinit() };
        return;
    }
    let output = Command::new(std::env::current_exe().expect("a program knows its file"))
        .args(["--exact", TEST, "--nocapture"])
        .env(CASE, "traced")
        .env(FOLDER, ".")
        .env("GST_TRACERS", "leaks")
        .env("GST_DEBUG", "GST_TRACER:7")
        .output()
        .expect("this program can be started again");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let lines = || text.lines().filter(|line| line.contains("object-alive"));
    assert!(lines().next().is_some(), "the tracer runs: {text}");
    let alive: Vec<_> = lines()
        .filter(|line| !line.contains("gst_tracer_record_build_format"))
        .collect();
    assert!(
        alive.is_empty(),
        "{} left: {:#?}",
        alive.len(),
        &alive[..alive.len().min(20)]
    );
}
