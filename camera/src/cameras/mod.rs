// SPDX-License-Identifier: MPL-2.0

//! Which cameras there are, and what of their formats is asked for.

mod formats;
#[cfg(test)]
mod tests;

pub use formats::name_colour;

use crate::elements::{MissingElement, error_on};
use crate::output;
use crate::settings::Size;
use gst::glib;
use gst::prelude::*;
use std::path::Path;

/// Why there is no camera, or it cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// None at all.
    #[error(
        "no camera is found: is one plugged in, and may you read /dev/video*? If there is no udev, \
         as in a container, name it: --device /dev/video0"
    )]
    None,
    /// None of this name.
    #[error("no camera '{wanted}'{}", others(.names))]
    NotFound {
        /// What the user asked for.
        wanted: String,
        /// The cameras that there are.
        names: Vec<String>,
    },
    /// GStreamer cannot make an element that reads it.
    #[error("camera {name}: {error}")]
    Source {
        /// The camera.
        name: String,
        /// What GStreamer says.
        error: glib::BoolError,
    },
    /// The device file is no camera, or cannot be opened.
    #[error("{0}")]
    Open(String),
    /// An element is not installed.
    #[error(transparent)]
    Missing(#[from] MissingElement),
}

fn others(names: &[String]) -> String {
    match names {
        [] => ", and no other one either".into(),
        names => format!("; there are: {}", names.join(", ")),
    }
}

/// A camera of this machine.
#[derive(Debug, Clone)]
pub struct Camera {
    /// As its maker calls it.
    pub name: String,
    /// The device file, if it has one.
    pub path: Option<String>,
    /// What GStreamer knows of it; nothing if it was found by its path.
    device: Option<gst::Device>,
    /// What it can do.
    caps: Option<gst::Caps>,
}

impl Camera {
    /// An element that reads it.
    ///
    /// # Errors
    /// If GStreamer cannot make one.
    pub fn source(&self) -> Result<gst::Element, CameraError> {
        match (&self.device, &self.path) {
            (Some(device), _) => device.create_element(None).map_err(|error| {
                let name = self.name.clone();
                CameraError::Source { name, error }
            }),
            (None, path) => reader(path.as_deref().unwrap_or_default()),
        }
    }

    /// What to ask it for, so that it gives a size and rate or comes near.
    pub fn caps(&self, size: Size, rate: i32) -> Option<gst::Caps> {
        formats::nearest(self.caps.as_ref()?, size, rate)
    }
}

/// The cameras, without those that this program publishes. If the same camera is there by its
/// device file and by PipeWire, both are named, the file first.
pub fn list() -> Vec<Camera> {
    let monitor = gst::DeviceMonitor::new();
    monitor.add_filter(Some("Video/Source"), None);
    // Without a provider it has nothing to tell.
    if monitor.start().is_err() {
        return Vec::new();
    }
    let devices: Vec<gst::Device> = monitor.devices().into_iter().collect();
    monitor.stop();
    let mut cameras: Vec<Camera> = devices.into_iter().filter_map(known).collect();
    cameras.sort_by_key(|camera| camera.path.is_none());
    cameras
}

fn known(device: gst::Device) -> Option<Camera> {
    let properties = device.properties();
    let text = |key: &str| {
        let structure = properties.as_ref()?;
        structure.get::<String>(key).ok()
    };
    if text("node.name").as_deref() == Some(output::NODE) {
        return None;
    }
    let path = ["device.path", "api.v4l2.path"]
        .iter()
        .find_map(|key| text(key));
    if path
        .as_deref()
        .is_some_and(|path| output::is_loopback(path.as_ref()))
    {
        return None;
    }
    Some(Camera {
        name: device.display_name().into(),
        path,
        caps: device.caps(),
        device: Some(device),
    })
}

fn reader(path: &str) -> Result<gst::Element, CameraError> {
    let source = gst::ElementFactory::make("v4l2src").property("device", path);
    source.build().map_err(|_| {
        CameraError::Missing(MissingElement {
            element: "v4l2src",
            package: "gstreamer1.0-plugins-good",
        })
    })
}

/// A device that is not listed: GStreamer lists what udev knows, which is nothing in a container,
/// and loopback devices are left out, as one of them may be our own.
fn unlisted(path: &str) -> Result<Camera, CameraError> {
    let source = reader(path)?;
    let bus = gst::Bus::new();
    source.set_bus(Some(&bus));
    let opened = source.set_state(gst::State::Ready);
    let caps = source.static_pad("src").map(|pad| pad.query_caps(None));
    let closed = source.set_state(gst::State::Null);
    if let Err(error) = opened.and(closed) {
        let said = error_on(&bus).unwrap_or_else(|| format!("camera {path}: {error}"));
        return Err(CameraError::Open(said));
    }
    let name = Path::new(path).file_name().and_then(|file| {
        let name = Path::new("/sys/class/video4linux").join(file).join("name");
        std::fs::read_to_string(name).ok()
    });
    Ok(Camera {
        name: name.map_or_else(|| path.into(), |name| name.trim().into()),
        path: Some(path.into()),
        device: None,
        caps,
    })
}

/// The camera that is meant by a path or a part of a name, upper and lower case alike.
///
/// # Errors
/// If there is none, with those that there are.
pub fn choose(cameras: Vec<Camera>, wanted: Option<&str>) -> Result<Camera, CameraError> {
    let Some(wanted) = wanted else {
        return cameras.into_iter().next().ok_or(CameraError::None);
    };
    let is_path = wanted.starts_with('/');
    let found = cameras.iter().find(|camera| match is_path {
        true => camera.path.as_deref() == Some(wanted),
        false => camera.name.to_lowercase().contains(&wanted.to_lowercase()),
    });
    match found {
        Some(camera) => Ok(camera.clone()),
        None if is_path && Path::new(wanted).exists() => unlisted(wanted),
        None => Err(CameraError::NotFound {
            wanted: wanted.into(),
            names: cameras.into_iter().map(|camera| camera.name).collect(),
        }),
    }
}
