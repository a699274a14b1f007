// SPDX-License-Identifier: MPL-2.0

//! Cameras with a device file. The kernel's list of them is read, not udev's, so that they are
//! found in containers, too.

use super::CameraError;
use super::camera::{Camera, Reader, v4l2src};
use crate::elements::error_on;
use crate::holders;
use crate::output;
use gst::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

const CLASS: &str = "/sys/class/video4linux";

/// Devices that may be cameras; some only take video, or carry something else than video. Loopback
/// devices are left out, as one of them may be our own.
pub fn list() -> Vec<Camera> {
    let entries = fs::read_dir(CLASS).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut numbers: Vec<u32> = names
        .filter_map(|name| name.strip_prefix("video")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    let paths = numbers
        .into_iter()
        .map(|number| format!("/dev/video{number}"));
    paths
        .filter(|path| !output::is_loopback(Path::new(path)))
        .map(|path| camera(&path))
        .collect()
}

/// A camera by its device file, without a look at what it can do.
pub fn camera(path: &str) -> Camera {
    let file = Path::new(path).file_name().map(PathBuf::from);
    let name =
        file.and_then(|file| fs::read_to_string(Path::new(CLASS).join(file).join("name")).ok());
    Camera {
        name: name.map_or_else(|| path.into(), |name| name.trim().into()),
        path: Some(path.into()),
        reader: Reader::V4l2 { path: path.into() },
        caps: None,
    }
}

/// Opens a device for a moment and asks what it can do.
///
/// # Errors
/// If it is no camera, or may not be opened.
pub fn probe(path: &str) -> Result<Option<gst::Caps>, CameraError> {
    let source = v4l2src(path)?;
    let bus = gst::Bus::new();
    source.set_bus(Some(&bus));
    let opened = source.set_state(gst::State::Ready);
    let caps = source.static_pad("src").map(|pad| pad.query_caps(None));
    let closed = source.set_state(gst::State::Null);
    if let Err(error) = opened.and(closed) {
        let said = error_on(&bus).unwrap_or_else(|| format!("camera {path}: {error}"));
        return Err(CameraError::Open(with_holders(said, path)));
    }
    Ok(caps)
}

/// Why a device does not work, and who has it open, too: most cameras serve one program at a time.
pub fn with_holders(why: String, path: &str) -> String {
    match holders::names(Path::new(path)).as_slice() {
        [] => why,
        names => format!(
            "{}; open in {}: close the camera there, or name another one by --device",
            why.trim_end_matches('.'),
            names.join(", ")
        ),
    }
}
