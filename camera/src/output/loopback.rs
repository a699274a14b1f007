// SPDX-License-Identifier: MPL-2.0

//! Devices of the kernel module v4l2loopback.

use crate::holders::is_open_elsewhere;
use std::fs;
use std::path::{Path, PathBuf};

/// Why a loopback device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoopbackError {
    /// The kernel module is not loaded.
    #[error(
        "no v4l2loopback device is there: sudo apt install v4l2loopback-dkms; \
         sudo modprobe v4l2loopback video_nr=10 card_label=Matte exclusive_caps=1"
    )]
    None,
    /// The device that was named is not there.
    #[error("{} is not there: {}", .0.display(), Self::None)]
    Absent(PathBuf),
    /// What was named is something else.
    #[error(
        "{} is a camera or another file, not a loopback device: --list names those",
        .0.display()
    )]
    Other(PathBuf),
    /// All of them have a video already.
    #[error(
        "another program feeds {}: end it, or load v4l2loopback with one more device, e.g. \
         video_nr=10,11",
        names(.0)
    )]
    Fed(Vec<PathBuf>),
    /// The device may not be written to.
    #[error("{}: {error}; are you in the group video?", path.display())]
    Open {
        /// The device.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

fn names(devices: &[PathBuf]) -> String {
    let names: Vec<String> = devices
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}

/// The first of the loopback devices that no other program feeds.
///
/// # Errors
/// If there is none.
pub fn free(
    devices: Vec<PathBuf>,
    is_fed: impl Fn(&Path) -> bool,
) -> Result<PathBuf, LoopbackError> {
    if devices.is_empty() {
        return Err(LoopbackError::None);
    }
    match devices.iter().find(|device| !is_fed(device)) {
        Some(device) => Ok(device.clone()),
        None => Err(LoopbackError::Fed(devices)),
    }
}

/// Whether another program feeds a loopback device. The module says `capture` then, but it says so
/// too if it was told to keep its format without a program: only an open device counts.
pub fn is_fed(path: &Path) -> bool {
    let state = path
        .file_name()
        .map(|name| Path::new("/sys/class/video4linux").join(name).join("state"));
    let state = state.and_then(|file| fs::read_to_string(file).ok());
    state.is_some_and(|state| state.trim() == "capture") && is_open_elsewhere(path)
}

/// Checks that a path is a loopback device which this program may write to.
///
/// # Errors
/// With what it is instead, or what is missing.
pub fn check(path: &Path) -> Result<(), LoopbackError> {
    if !path.exists() {
        return Err(LoopbackError::Absent(path.into()));
    }
    if !is_loopback(path) {
        return Err(LoopbackError::Other(path.into()));
    }
    let opened = fs::OpenOptions::new().write(true).open(path);
    opened.map(drop).map_err(|error| LoopbackError::Open {
        path: path.into(),
        error,
    })
}

/// Whether a path is the device of a loopback: video devices without hardware live under
/// `devices/virtual`.
pub fn is_loopback(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else {
        return false;
    };
    let Some(name) = path
        .strip_prefix("/dev")
        .ok()
        .filter(|name| name.components().count() == 1)
    else {
        return false;
    };
    let real = Path::new("/sys/class/video4linux")
        .join(name)
        .canonicalize();
    real.is_ok_and(|real| real.starts_with("/sys/devices/virtual"))
}

/// The loopback devices of this machine.
pub fn loopbacks() -> Vec<PathBuf> {
    let entries = fs::read_dir("/sys/class/video4linux").into_iter().flatten();
    let devices = entries
        .flatten()
        .map(|entry| Path::new("/dev").join(entry.file_name()));
    let mut found: Vec<PathBuf> = devices.filter(|path| is_loopback(path)).collect();
    found.sort();
    found
}
