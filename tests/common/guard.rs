// SPDX-License-Identifier: MPL-2.0

//! For tests of faults: processes of their own, and an end to what hangs.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Set for a child: which part of the test it is to do.
pub const CASE: &str = "MATTE_TEST_CASE";
/// Set for a child: the folder that it works in.
pub const FOLDER: &str = "MATTE_TEST_FOLDER";

/// Aborts the process where what it guards takes this long. It is there for hangs, not for speed.
pub struct Watchdog(Option<Sender<()>>);

impl Watchdog {
    /// Begins to wait.
    pub fn new(what: &str, limit: Duration) -> Self {
        let (alive, gone) = channel();
        let what = what.to_owned();
        std::thread::spawn(move || {
            if gone.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{what} hangs");
                std::process::abort();
            }
        });
        Self(Some(alive))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// What of a test this process is to do, where it is a child.
pub fn case() -> Option<String> {
    std::env::var(CASE).ok()
}

/// Starts this program again for one test only, as `case`; it must end well.
pub fn child(test: &str, case: &str, folder: &Path) -> Output {
    let output = Command::new(std::env::current_exe().expect("a program knows its file"))
        .args(["--exact", test, "--nocapture"])
        .env(CASE, case)
        .env(FOLDER, folder)
        .output()
        .expect("this program can be started again");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{test}, {case}: {:?}\n{text}",
        output.status
    );
    output
}
