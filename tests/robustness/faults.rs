// SPDX-License-Identifier: MPL-2.0

//! Things that break while frames flow: the stream goes on or ends with an error. Nothing hangs
//! (a watchdog sees to that), nothing aborts, and where there is no valid matte no room is shown.
//! (Panics inside of elements are in `src/fault.rs`, NaN and missing mattes in `tests/elements/privacy.rs`.)

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;

use common::guard::{FOLDER, Watchdog, case, child};
use common::live::Live;
use common::pipeline::{model_with, scratch};
use common::running::wait_for;
use common::{frame, info, init, model};
use gst::prelude::*;
use gst_video::{VideoFormat, VideoInfo};
use gstmatte::model::{Runtime, Search};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(300);

/// What the frames of every test here are.
fn frames() -> VideoInfo {
    init();
    info(VideoFormat::Rgb, 64, 48)
}

fn rgb(info: &VideoInfo, color: [u8; 3]) -> gst::Buffer {
    frame(info, |i| color[i % 3])
}

/// The background of every test here.
const PLAIN: [u8; 3] = [1, 2, 3];
const SETTINGS: &[(&str, &str)] = &[
    ("background", "color"),
    ("color", "0xff010203"),
    ("preset", "off"),
    ("decontamination", "0"),
];

fn live(more: &[(&str, &str)]) -> Live {
    Live::new(&[SETTINGS, more].concat())
}

fn hidden(picture: &[u8]) -> bool {
    // Planes of R, G and B one after the other.
    let third = picture.len() / 3;
    picture
        .chunks(third)
        .zip(PLAIN)
        .all(|(plane, value)| plane.iter().all(|p| *p == value))
}

/// The library that this test run uses.
fn library() -> PathBuf {
    let runtime = Runtime::get(&Search::default()).unwrap_or_else(|error| panic!("{error}"));
    if runtime.path().is_absolute() {
        return runtime.path().to_path_buf();
    }
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
    let line = maps
        .lines()
        .find(|line| line.contains("libonnxruntime.so"))
        .expect("it is loaded");
    line[line.find('/').expect("a file")..].into()
}

#[test]
fn the_library_goes_missing_while_playing() {
    const TEST: &str = "the_library_goes_missing_while_playing";
    if case().is_none() {
        let folder = scratch("library");
        let copy = folder.join("libonnxruntime.so");
        std::fs::copy(library(), &copy).expect("the scratch folder can be written");
        child(TEST, "child", &folder);
        return;
    }
    let _guard = Watchdog::new(TEST, LIMIT);
    let copy = Path::new(&std::env::var_os(FOLDER).expect("set")).join("libonnxruntime.so");
    let copy = copy.to_str().expect("UTF-8").to_owned();
    let info = frames();
    let alpha = model("alpha");
    let mut live = live(&[("model", &alpha), ("onnxruntime-library", &copy)]);
    let subject = rgb(&info, [9, 255, 9]);
    assert!(!hidden(&live.show(&info, subject.copy())));
    live.messages();
    std::fs::remove_file(&copy).expect("our own file");
    // What is loaded stays: another model, and another element.
    live.element.set_property("model", model("classes"));
    wait_for("the new model", || {
        live.show(&info, rgb(&info, [9, 255, 9]));
        live.messages().iter().any(|m| m == "matte-model-loaded")
    });
    drop(live);
    let mut again = self::live(&[("model", &alpha), ("onnxruntime-library", &copy)]);
    assert!(!hidden(&again.show(&info, subject)));
}

#[test]
fn a_model_file_is_cut_off_while_it_is_swapped_in() {
    let _guard = Watchdog::new("a_model_file_is_cut_off_while_it_is_swapped_in", LIMIT);
    let info = frames();
    let alpha = model("alpha");
    let mut live = live(&[("model", &alpha)]);
    live.show(&info, rgb(&info, [255, 255, 255]));
    live.messages();
    let whole = std::fs::read(model("half")).expect("it is there");
    let folder = scratch("cut-off");
    for (number, keep) in [
        0,
        1,
        whole.len() / 3,
        whole.len() / 2,
        whole.len() - 1,
        whole.len(),
    ]
    .into_iter()
    .enumerate()
    {
        let file = folder.join(format!("{number}.onnx"));
        std::fs::write(&file, &whole).expect("the scratch folder can be written");
        live.element
            .set_property("model", file.to_str().expect("UTF-8"));
        // Cut off while it is read, or a moment before or after.
        let cut = std::fs::OpenOptions::new()
            .write(true)
            .open(&file)
            .expect("our own file");
        cut.set_len(keep as u64).expect("our own file");
        let mut said = Vec::new();
        wait_for("an answer", || {
            let seen = live.show(&info, rgb(&info, [255, 255, 255]));
            assert!(!hidden(&seen), "no frame goes without a matte");
            said = live.messages();
            said.retain(|m| m == "matte-model-loaded" || m.starts_with("warning"));
            !said.is_empty()
        });
        let refused = said[0].contains("the old model goes on");
        assert!(refused || said[0] == "matte-model-loaded", "{said:?}");
        assert!(
            refused || keep == whole.len() || live_file(&live, &file),
            "{said:?}"
        );
    }
}

/// Whether the element says that it uses `file`.
fn live_file(live: &Live, file: &Path) -> bool {
    live.element.property::<Option<String>>("model").as_deref() == file.to_str()
}

#[test]
fn memory_runs_out_inside_of_a_kernel() {
    const TEST: &str = "memory_runs_out_inside_of_a_kernel";
    if case().is_none() {
        for mode in ["sync", "async"] {
            child(TEST, mode, &scratch("memory"));
        }
        return;
    }
    let _guard = Watchdog::new(TEST, LIMIT);
    let info = frames();
    let file = model_with("hungry", "hungry.onnx", "[input]\nrange = [0, 1]\n");
    let file = file.to_str().expect("UTF-8").to_owned();
    let mode = case().expect("a child");
    let mut live = live(&[("model", &file), ("mode", &mode)]);
    let mut said = Vec::new();
    let mut show = |color| {
        let seen = hidden(&live.show(&info, rgb(&info, color)));
        said.extend(live.messages());
        (
            seen,
            said.iter().filter(|m| m.starts_with("warning")).count(),
        )
    };
    wait_for("the first matte", || !show([0, 255, 0]).0);
    // Half of what the kernel wants where a pixel is red.
    let status = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = status.split(' ').next().and_then(|n| n.parse().ok());
    let pages: u64 = pages.expect("a number");
    let limit = Some(pages * 4096 + (512 << 20));
    let limit = Rlimit {
        current: limit,
        maximum: limit,
    };
    setrlimit(Resource::As, limit).expect("lower limits are allowed");
    wait_for("the failure", || show([255, 255, 0]) == (true, 1));
    for _ in 0..3 {
        assert!(show([255, 200, 0]).0, "no matte, no room");
    }
    wait_for("recovery", || !show([0, 255, 0]).0);
    assert_eq!(show([0, 255, 0]).1, 1, "said once");
    assert!(!said.iter().any(|m| m.starts_with("error")), "{said:?}");
}

#[test]
fn a_network_that_takes_minutes_holds_up_no_frame_beside_the_stream() {
    let _guard = Watchdog::new("a slow network beside the stream", LIMIT);
    let info = frames();
    let slow = model_with("slow-async", "slow.onnx", "[input]\nrange = [0, 1]\n");
    let slow = slow.to_str().expect("UTF-8").to_owned();
    let mut live = live(&[("model", &slow), ("mode", "async")]);
    wait_for("the first matte", || {
        !hidden(&live.show(&info, rgb(&info, [0, 255, 0])))
    });
    // Full red: about four minutes a run. Frames flow all the same.
    let start = Instant::now();
    for _ in 0..60 {
        live.show(&info, rgb(&info, [255, 255, 0]));
    }
    let frames = start.elapsed();
    // The run under way is ended, not waited for.
    live.pipeline
        .set_state(gst::State::Null)
        .expect("the pipeline stops");
    assert!(
        start.elapsed() < Duration::from_secs(120),
        "{frames:?}, then {:?}",
        start.elapsed()
    );
}

#[test]
fn a_network_that_takes_seconds_stops_nothing_for_good() {
    let _guard = Watchdog::new("a slow network in the stream", LIMIT);
    let info = frames();
    let slow = model_with("slow-sync", "slow.onnx", "[input]\nrange = [0, 1]\n");
    let slow = slow.to_str().expect("UTF-8").to_owned();
    let mut live = live(&[("model", &slow), ("mode", "sync")]);
    assert!(!hidden(&live.show(&info, rgb(&info, [0, 255, 0]))));
    // Each step of red takes as long again: as many as make ten seconds on this machine.
    let computed = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let start = computed();
    live.show(&info, rgb(&info, [1, 255, 0]));
    wait_for("recovery", || {
        !hidden(&live.show(&info, rgb(&info, [0, 255, 0])))
    });
    let steps = (10.0 / (computed() - start)) as u8;
    let steps = steps.max(3);
    // The compositor tells of missing mattes beside it.
    let next_messages = |live: &Live| {
        let mut said = live.messages();
        said.retain(|message| message.starts_with("matte-network"));
        said
    };
    next_messages(&live);
    // The frame itself comes when it has waited long enough, and those after it do not wait.
    assert!(hidden(&live.show(&info, rgb(&info, [steps, 255, 0]))));
    assert_eq!(next_messages(&live), ["matte-network-stalled"]);
    let mut frames = 0;
    wait_for("recovery", || {
        let hidden = hidden(&live.show(&info, rgb(&info, [0, 255, 0])));
        frames += 1;
        let said = next_messages(&live);
        assert!(hidden || said == ["matte-network-recovered"], "{said:?}");
        !said.is_empty()
    });
    assert!(
        frames > 10,
        "only {frames} frames until the network is back"
    );
    assert!(!hidden(&live.show(&info, rgb(&info, [0, 255, 0]))));
}
