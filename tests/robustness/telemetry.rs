// SPDX-License-Identifier: MPL-2.0

//! Nothing leaves the machine: ONNX Runtime's own reporting is off before it can begin. In child
//! processes, since one environment serves a process.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;

use common::guard::{CASE, FOLDER, case};
use common::pipeline::scratch;
use gstmatte::model::{ModelSource, Network, Options};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const VARIABLE: &str = "ORT_DISABLE_TELEMETRY";

/// Loads a model as a user's program would and says whether anything was begun: a socket, or
/// something in the user's folders.
fn look() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/alpha.onnx");
    let mut network = Network::load(&ModelSource::File(model.into()), &Options::default())
        .unwrap_or_else(|error| panic!("{error}"));
    network.run().expect("it runs");
    // The reporting begins on a thread of its own.
    std::thread::sleep(Duration::from_secs(2));
    let files = std::fs::read_dir("/proc/self/fd").expect("Linux");
    let sockets = files
        .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"));
    let sockets = sockets.count();
    let home = std::env::var(FOLDER).expect("set");
    let written = std::fs::read_dir(home).expect("our folder").count();
    println!("sockets={sockets} written={written}");
}

fn child(test: &str, refuse: Option<&str>) -> String {
    let home = scratch(test);
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).expect("the target folder can be written");
    let mut command = Command::new(std::env::current_exe().expect("a program knows its file"));
    command.args(["--exact", test, "--nocapture"]).env_clear();
    for name in ["PATH", "LD_LIBRARY_PATH", "ORT_DYLIB_PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for name in ["HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR", FOLDER] {
        command.env(name, &home);
    }
    if let Some(value) = refuse {
        command.env(VARIABLE, value);
    }
    let output = command.env(CASE, "look").output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let said = text
        .lines()
        .find_map(|line| line.find("sockets=").map(|at| line[at..].to_owned()));
    said.unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn onnx_runtime_reports_to_nobody() {
    const TEST: &str = "onnx_runtime_reports_to_nobody";
    if case().is_some() {
        return look();
    }
    assert!(Path::new("/proc/self/fd").exists());
    assert_eq!(child(TEST, None), "sockets=0 written=0");
    // What the user sets stays; where the library reports, this shows that the test would see it.
    println!("with {VARIABLE}=0: {}", child(TEST, Some("0")));
}
