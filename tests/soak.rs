// SPDX-License-Identifier: MPL-2.0

//! A long day: frames of odd sizes through the whole chain, while properties, caps and models
//! change and the pipeline stops and starts again. Memory, file descriptors and threads must not
//! grow, and GStreamer's own tracer must find nothing left.
//!
//! 3,000 frames by default; `scripts/soak.sh` runs 200,000. MATTE_SOAK_FRAMES says how many,
//! MATTE_SOAK_REPORT a file for what was measured after each cycle.

#![cfg(target_os = "linux")]

mod common;

use common::guard::{CASE, FOLDER, Watchdog, case};
use common::live::Live;
use common::{frame, info, init};
use gst::prelude::*;
use gst_video::{VideoFormat, VideoInfo};
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

/// Frames of one pipeline, after which there is a measurement.
const CYCLE: u64 = 1000;
/// Cycles until the same changes come again, so that memory is compared after the same history.
const ROUND: usize = 20;
/// Most that memory may grow after warm-up, in KiB a minute; for runs of at least [`LONG`].
const SLOPE: f64 = 1.0;
const LONG: u64 = 50_000;
/// Most that memory may differ between two cycles after warm-up where a run is short, in KiB.
const ROOM: f64 = 6.0 * 1024.0;

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

fn model(name: &str) -> String {
    format!("{}/tests/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"))
}

struct Random(u64);

impl Random {
    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        &list[number as usize % list.len()]
    }
}

/// What the process has.
#[derive(Debug, Clone, Copy)]
struct Usage {
    minutes: f64,
    resident: f64,
    /// What is allocated and not freed, in KiB.
    held: f64,
    descriptors: usize,
    threads: usize,
}

impl Usage {
    fn now(start: Instant) -> Self {
        let count = |folder: &str| std::fs::read_dir(folder).expect("Linux").count();
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let resident = status.lines().find_map(|line| {
            let value = line.strip_prefix("VmRSS:")?;
            value.trim().strip_suffix(" kB")?.parse().ok()
        });
        Self {
            minutes: start.elapsed().as_secs_f64() / 60.0,
            resident: resident.expect("a number of KiB"),
            held: held(),
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
        }
    }
}

/// Least squares: KiB a minute of something, and the standard error of that. Each place in a round
/// has a level of its own: only cycles with the same changes are compared.
fn slope(samples: &[Usage], of: fn(&Usage) -> f64) -> (f64, f64) {
    // Time and memory, each less its mean over the cycles at the same place.
    let mut points = Vec::new();
    for place in 0..ROUND.min(samples.len()) {
        let alike = || samples.iter().skip(place).step_by(ROUND);
        let count = alike().count() as f64;
        let mean = |value: fn(&Usage) -> f64| alike().map(value).sum::<f64>() / count;
        let (time, memory) = (mean(|s| s.minutes), mean(of));
        points.extend(alike().map(|s| (s.minutes - time, of(s) - memory)));
    }
    let square: f64 = points.iter().map(|(time, _)| time * time).sum();
    let slope = points
        .iter()
        .map(|(time, memory)| time * memory)
        .sum::<f64>()
        / square;
    let rest: f64 = points
        .iter()
        .map(|(time, memory)| (memory - slope * time).powi(2))
        .sum();
    let free = samples.len() as f64 - ROUND as f64 - 1.0;
    (slope, (rest / free / square).sqrt())
}

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

/// glibc's `struct mallinfo2`.
#[repr(C)]
struct MallInfo {
    _arena: usize,
    _ordblks: usize,
    _smblks: usize,
    _hblks: usize,
    hblkhd: usize,
    _usmblks: usize,
    _fsmblks: usize,
    uordblks: usize,
    _fordblks: usize,
    _keepcost: usize,
}

unsafe extern "C" {
    safe fn malloc_trim(keep: usize) -> i32;
    safe fn mallinfo2() -> MallInfo;
}

/// KiB that are allocated, in arenas and in mappings of their own.
fn held() -> f64 {
    let info = mallinfo2();
    (info.uordblks + info.hblkhd) as f64 / 1024.0
}

/// Frames through the chain, one measurement a cycle: after the pipeline has gone, and with all
/// memory that the allocator only keeps given back, so that what is left is what is held.
fn soak(frames: u64) -> Vec<Usage> {
    init();
    // An idle thread that GLib keeps, sometimes one more, is not what is looked for.
    gst::glib::ThreadPool::set_max_unused_threads(Some(0));
    let start = Instant::now();
    // What is measured is not to grow by the measurements.
    let mut usage = Vec::with_capacity(frames.div_ceil(CYCLE) as usize);
    let length = frames.min(CYCLE);
    for cycle in 0..frames.div_ceil(CYCLE) {
        let _guard = Watchdog::new("a cycle", Duration::from_secs(600));
        let place = cycle % ROUND as u64;
        let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ place << 20);
        let mut live = open(if place % 4 == 3 { "async" } else { "sync" });
        let mut info = info(VideoFormat::Nv12, SIZES[0].0, SIZES[0].1);
        let mut picture = scene(&info);
        for index in 0..length {
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
        settle();
        malloc_trim(0);
        usage.push(Usage::now(start));
        publish(&report(&usage));
    }
    usage
}

/// Waits until the threads that belong to no pipeline any more have ended.
fn settle() {
    let start = Instant::now();
    let working = || {
        let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
        tasks.filter_map(Result::ok).any(|task| {
            std::fs::read_to_string(task.path().join("comm"))
                .is_ok_and(|name| name.starts_with("matte-") || name.contains(":src"))
        })
    };
    while working() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "a thread stays for ever"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Writes the report where MATTE_SOAK_REPORT wants it.
fn publish(text: &str) {
    if let Some(file) = std::env::var_os("MATTE_SOAK_REPORT") {
        std::fs::write(file, text).expect("the report can be written");
    }
}

fn report(usage: &[Usage]) -> String {
    let mut text = String::from("cycle\tminutes\tresident_kib\tdescriptors\tthreads\theld_kib\n");
    for (cycle, u) in usage.iter().enumerate() {
        let Usage {
            minutes,
            resident,
            held,
            descriptors,
            threads,
        } = u;
        writeln!(
            text,
            "{cycle}\t{minutes:.3}\t{resident}\t{descriptors}\t{threads}\t{held:.1}"
        )
        .expect("text");
    }
    text
}

#[test]
fn nothing_grows() {
    let frames = std::env::var("MATTE_SOAK_FRAMES")
        .ok()
        .and_then(|n| n.parse().ok());
    let frames: u64 = frames.unwrap_or(3000);
    let usage = soak(frames);
    let warm = &usage[usage.len().div_ceil(4).min(usage.len() - 1)..];
    let (first, last) = (warm[0], warm[warm.len() - 1]);
    if frames >= LONG {
        let slopes = [
            ("resident", slope(warm, |u| u.resident)),
            ("allocated", slope(warm, |u| u.held)),
        ];
        let mut text = report(&usage);
        for (what, (slope, error)) in slopes {
            writeln!(text, "# {what}\t{slope:+.2}\t{error:.2}").expect("text");
        }
        publish(&text);
        for (what, (slope, error)) in slopes {
            // What grows must show above what wanders.
            assert!(slope - 2.0 * error < SLOPE, "{what} grows\n{text}");
        }
    } else {
        let growth = last.resident - first.resident;
        assert!(growth < ROOM, "{growth} KiB\n{}", report(&usage));
    }
    let alike = |of: fn(&Usage) -> usize, from: &[Usage]| from.iter().map(of).max();
    let (early, late) = warm.split_at(warm.len() / 2);
    if !early.is_empty() {
        assert!(
            alike(|u| u.descriptors, late) <= alike(|u| u.descriptors, early),
            "{}",
            report(&usage)
        );
        assert!(
            alike(|u| u.threads, late) <= alike(|u| u.threads, early),
            "{}",
            report(&usage)
        );
    }
}

#[test]
fn the_tracer_finds_nothing_left() {
    const TEST: &str = "the_tracer_finds_nothing_left";
    if case().is_some() {
        soak(2 * CYCLE);
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
