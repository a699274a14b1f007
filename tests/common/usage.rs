// SPDX-License-Identifier: MPL-2.0

//! What a process has of memory, file descriptors and threads, and whether it grows.
//! MATTE_SOAK_REPORT names a file for what was measured.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

/// What the process has.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub minutes: f64,
    pub resident: f64,
    /// What is allocated and not freed, in KiB.
    pub held: f64,
    pub descriptors: usize,
    pub threads: usize,
}

impl Usage {
    /// After the threads of what has stopped are gone, and with all memory that the allocator only
    /// keeps given back, so that what is left is what is held.
    pub fn now(start: Instant) -> Self {
        settle();
        malloc_trim(0);
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let resident = status.lines().find_map(|line| {
            let value = line.strip_prefix("VmRSS:")?;
            value.trim().strip_suffix(" kB")?.parse().ok()
        });
        Self {
            minutes: start.elapsed().as_secs_f64() / 60.0,
            resident: resident.expect("a number of KiB"),
            held: held(),
            descriptors: (0..READINGS).map(descriptors).min().unwrap_or_default(),
            threads: threads().filter(|name| !is_idle(name)).count(),
        }
    }
}

/// How often descriptors are counted. Something else in the process may have one open for a moment.
const READINGS: u32 = 30;

/// The number of open file descriptors, after a short time if this is not the first reading.
fn descriptors(reading: u32) -> usize {
    if reading > 0 {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::fs::read_dir("/proc/self/fd").expect("Linux").count()
}

/// What GLib and the C library keep for themselves is off, as it would hide what is looked for:
/// slices, an arena a thread, freed blocks a thread, and stacks of threads that have ended, with
/// ONNX Runtime's 6 KiB for each of them.
const NOTHING_KEPT: [(&str, &str); 3] = [
    ("G_SLICE", "always-malloc"),
    ("MALLOC_ARENA_MAX", "1"),
    (
        "GLIBC_TUNABLES",
        "glibc.pthread.stack_cache_size=0:glibc.malloc.tcache_count=0",
    ),
];

/// Runs one test of this binary in a process of its own that keeps nothing; false in that process.
/// Whoever sets GLIBC_TUNABLES has it run in place (valgrind).
pub fn alone(test: &str) -> bool {
    if std::env::var_os("GLIBC_TUNABLES").is_some() {
        // An idle thread that GLib keeps, sometimes one more, is not what is looked for either.
        gst::glib::ThreadPool::set_max_unused_threads(Some(0));
        return false;
    }
    let output = Command::new(std::env::current_exe().expect("a program knows its file"))
        .args(["--exact", test, "--nocapture"])
        .envs(NOTHING_KEPT)
        .output()
        .expect("this program can be started again");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{test}: {text}");
    true
}

/// Waits until the threads that belong to no pipeline any more have ended.
pub fn settle() {
    let start = Instant::now();
    // Streaming threads are called as their pads: `appsrc0:src`, and `videotestsrc0:s` where the
    // name is cut off.
    let is_working = |name: String| name.starts_with("matte-") || name.contains(":s");
    while threads().any(is_working) {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "a thread stays for ever"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The names of this process's threads.
fn threads() -> impl Iterator<Item = String> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    tasks
        .filter_map(Result::ok)
        // A thread may end while it is looked at.
        .filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok())
}

/// Whether a thread waits in GLib's pool for a new task. How many do depends on how fast streaming
/// threads end; the pool lets them go after a while.
fn is_idle(name: &str) -> bool {
    name.starts_with("pool-")
}

/// Least squares: what one unit of `time` adds to something, and the standard error of that. Each
/// place in a round has a level of its own: only cycles with the same changes are compared.
pub fn slope(
    samples: &[Usage],
    round: usize,
    time: fn(usize, &Usage) -> f64,
    of: fn(&Usage) -> f64,
) -> (f64, f64) {
    // Time and memory, each less its mean over the cycles at the same place.
    let mut points = Vec::new();
    for place in 0..round.min(samples.len()) {
        let alike = || samples.iter().enumerate().skip(place).step_by(round);
        let count = alike().count() as f64;
        let mean_time = alike().map(|(i, s)| time(i, s)).sum::<f64>() / count;
        let mean = alike().map(|(_, s)| of(s)).sum::<f64>() / count;
        points.extend(alike().map(|(i, s)| (time(i, s) - mean_time, of(s) - mean)));
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
    let free = samples.len() as f64 - round as f64 - 1.0;
    (slope, (rest / free / square).sqrt())
}

/// Most by which memory differs between a place in the first round and the same place later.
pub fn growth(samples: &[Usage], round: usize, of: fn(&Usage) -> f64) -> f64 {
    let later = samples.iter().enumerate().skip(round);
    later
        .map(|(i, sample)| of(sample) - of(&samples[i % round]))
        .fold(0.0, f64::max)
}

/// File descriptors and threads do not grow: the second half never has more than the first.
pub fn assert_constant(samples: &[Usage]) {
    let (early, late) = samples.split_at(samples.len() / 2);
    let most = |of: fn(&Usage) -> usize, from: &[Usage]| from.iter().map(of).max();
    if !early.is_empty() {
        for of in [|u: &Usage| u.descriptors, |u: &Usage| u.threads] {
            assert!(most(of, late) <= most(of, early), "{}", report(samples));
        }
    }
}

/// One line a cycle.
pub fn report(usage: &[Usage]) -> String {
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

/// Writes a report where MATTE_SOAK_REPORT wants it.
pub fn publish(text: &str) {
    if let Some(file) = std::env::var_os("MATTE_SOAK_REPORT") {
        std::fs::write(file, text).expect("the report can be written");
    }
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
