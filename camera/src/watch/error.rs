// SPDX-License-Identifier: MPL-2.0

//! Why nobody can say whether somebody looks.

use std::io;
use std::path::PathBuf;

/// Why nobody can say whether somebody looks.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The program that tells of PipeWire is not installed.
    #[error("pw-dump is missing ({0}): install pipewire-bin")]
    NoPwDump(io::Error),
    /// It was started without a pipe.
    #[error("pw-dump has no output")]
    NoOutput,
    /// It has ended, as PipeWire has.
    #[error("pw-dump has ended")]
    Ended,
    /// Its output cannot be read.
    #[error("pw-dump: {0}")]
    Read(io::Error),
    /// Its output is something else than expected.
    #[error("pw-dump: {0}")]
    Json(#[from] serde_json::Error),
    /// The loopback device cannot be watched.
    #[error("{}: {error}", path.display())]
    Device {
        /// The device.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}
