// SPDX-License-Identifier: MPL-2.0

//! Starts the matte-camera that was installed with this program.

use crate::texts::{tr, tr_with};
use gtk::glib;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

const PROGRAM: &str = "matte-camera";

/// Why matte-camera does not run.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// It is not installed.
    #[error("{}", tr_with("matte-camera cannot be started: {why}", &[("why", &.0.to_string())]))]
    Start(io::Error),
    /// Its messages have no place.
    #[error("{}: {error}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It has ended before it was on the bus.
    #[error("{}", .0.clone().unwrap_or_else(|| tr("matte-camera has ended without a word")))]
    Ended(Option<String>),
}

/// Starts matte-camera, which goes on without this program: its messages go to a file. `ended` is
/// told when it ends, with its last words. Not for the thread of the window, since files may take
/// their time.
///
/// # Errors
/// If it cannot be started.
pub fn launch(ended: async_channel::Sender<LaunchError>) -> Result<(), LaunchError> {
    let folder = glib::user_state_dir().join("matte");
    let path = folder.join("camera.log");
    let log = fs::create_dir_all(folder).and_then(|()| File::create(&path));
    let log = log.map_err(|error| LaunchError::Log {
        path: path.clone(),
        error,
    })?;
    let child = Command::new(program())
        .arg("--no-keys")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        // Ctrl-C in this program's terminal does not end it.
        .process_group(0)
        .spawn();
    let mut child = child.map_err(LaunchError::Start)?;
    thread::spawn(move || {
        // Its status says less than its words.
        let _ = child.wait();
        let _ = ended.send_blocking(LaunchError::Ended(last_words(&path)));
    });
    Ok(())
}

/// The program beside this one, or the one of the system.
fn program() -> PathBuf {
    let own = std::env::current_exe().ok();
    let beside = own.and_then(|own| Some(own.parent()?.join(PROGRAM)));
    let beside = beside.filter(|beside| beside.is_file());
    beside.unwrap_or_else(|| PROGRAM.into())
}

fn last_words(log: &Path) -> Option<String> {
    let text = fs::read_to_string(log).ok()?;
    Some(text.lines().last()?.to_string())
}
