// SPDX-License-Identifier: MPL-2.0

//! Which cameras there are, and what of their formats is asked for. GStreamer's device providers
//! are not asked: the one of PipeWire 0.3 waits for ever beside a sink that plays, and sometimes
//! ends the program.

mod camera;
mod error;
mod formats;
mod pipewire;
#[cfg(test)]
mod tests;
mod v4l2;

pub use camera::Camera;
pub use error::CameraError;
pub use formats::name_colour;
pub use v4l2::with_holders;

use camera::Reader;
use std::path::Path;

/// The cameras that can be opened, those with a device file first, without those that this program
/// publishes. Opens each for a moment.
pub fn list() -> Vec<Camera> {
    let cameras = candidates().into_iter().map(probed);
    cameras.filter_map(Result::ok).collect()
}

/// The camera that is meant by a path or a part of a name, or the first one. Takes some seconds if
/// a device or PipeWire does not answer: not for the main loop.
///
/// # Errors
/// If there is none, with those that there are; or why it cannot be opened.
pub fn find(wanted: Option<&str>) -> Result<Camera, CameraError> {
    choose(candidates(), wanted)
}

/// All that may be a camera. If PipeWire has one by its device file, it is the file that is read.
fn candidates() -> Vec<Camera> {
    let mut cameras = v4l2::list();
    for camera in pipewire::list() {
        let known = |other: &Camera| camera.path.is_some() && other.path == camera.path;
        if !cameras.iter().any(known) {
            cameras.push(camera);
        }
    }
    cameras
}

/// The camera with what it can do.
fn probed(camera: Camera) -> Result<Camera, CameraError> {
    match &camera.reader {
        Reader::V4l2 { path } => Ok(Camera {
            caps: v4l2::probe(path)?,
            ..camera
        }),
        Reader::PipeWire { .. } => Ok(camera),
    }
}

fn choose(cameras: Vec<Camera>, wanted: Option<&str>) -> Result<Camera, CameraError> {
    let names: Vec<String> = cameras.iter().map(|camera| camera.name.clone()).collect();
    let is_meant = |camera: &Camera| wanted.is_none_or(|wanted| camera.is_meant(wanted));
    let mut first_error = None;
    for camera in cameras.into_iter().filter(is_meant) {
        match probed(camera) {
            Ok(camera) => return Ok(camera),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    if let Some(error) = first_error {
        return Err(error);
    }
    match wanted {
        // A loopback device that another program feeds.
        Some(path) if path.starts_with('/') && Path::new(path).exists() => {
            probed(v4l2::camera(path))
        }
        Some(wanted) => Err(CameraError::NotFound {
            wanted: wanted.into(),
            names,
        }),
        None => Err(CameraError::None),
    }
}
