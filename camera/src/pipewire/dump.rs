// SPDX-License-Identifier: MPL-2.0

//! Asks `pw-dump` once.

use super::object::{Object, read};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// A PipeWire that works answers within some milliseconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why PipeWire's objects are not known.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The program is not installed.
    #[error("pw-dump is missing ({0}): install pipewire-bin")]
    Missing(io::Error),
    /// The program's output cannot be read.
    #[error("pw-dump: {0}")]
    Read(#[from] io::Error),
    /// The program's output is something else than expected.
    #[error("pw-dump: {0}")]
    Json(#[from] serde_json::Error),
    /// PipeWire does not answer.
    #[error("pw-dump: PipeWire does not answer within {} s", PATIENCE.as_secs())]
    Silent,
}

/// Whether PipeWire takes connections.
pub fn runs() -> bool {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let Some(folder) = variable("PIPEWIRE_RUNTIME_DIR").or_else(|| variable("XDG_RUNTIME_DIR"))
    else {
        return false;
    };
    let name = variable("PIPEWIRE_REMOTE").unwrap_or_else(|| "pipewire-0".into());
    UnixStream::connect(PathBuf::from(folder).join(name)).is_ok()
}

/// All objects that PipeWire has. Waits for some seconds at most.
///
/// # Errors
/// If `pw-dump` is not installed, or PipeWire does not answer.
pub fn dump() -> Result<Vec<Object>, DumpError> {
    let mut child = Command::new("pw-dump")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(DumpError::Missing)?;
    let out = child.stdout.take();
    let (tell, told) = mpsc::channel();
    // This one waits for the end of the output, which comes when the program is ended, at the
    // latest.
    thread::Builder::new()
        .name("pw-dump".into())
        .spawn(move || {
            let mut text = Vec::new();
            let read = out.map_or(Ok(0), |mut out| out.read_to_end(&mut text));
            // Nobody listens any more if it took too long.
            let _ = tell.send(read.map(|_| text));
        })?;
    let answer = told.recv_timeout(PATIENCE);
    // It may have ended by itself.
    let _ = child.kill();
    child.wait()?;
    match answer {
        Ok(text) => Ok(read(&text?)?),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(DumpError::Silent),
    }
}
