// SPDX-License-Identifier: MPL-2.0

//! A camera, and the element that reads it.

use super::CameraError;
use super::formats;
use crate::elements::MissingElement;
use crate::settings::Size;
use gst::prelude::*;

/// How frames are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// From a device file.
    V4l2 {
        /// The file.
        path: String,
    },
    /// From PipeWire.
    PipeWire {
        /// The node's serial number.
        target: String,
    },
}

/// A camera of this machine.
#[derive(Debug, Clone)]
pub struct Camera {
    /// As its maker calls it.
    pub name: String,
    /// The device file, if it has one.
    pub path: Option<String>,
    /// How frames are read.
    pub reader: Reader,
    /// What it can do, if that is known.
    pub caps: Option<gst::Caps>,
}

impl Camera {
    /// An element that reads it.
    ///
    /// # Errors
    /// If the element is not installed.
    pub fn source(&self) -> Result<gst::Element, CameraError> {
        match &self.reader {
            Reader::V4l2 { path } => v4l2src(path),
            Reader::PipeWire { target } => pipewiresrc(target),
        }
    }

    /// The device file that is read, if it is one.
    pub fn device(&self) -> Option<&str> {
        match &self.reader {
            Reader::V4l2 { path } => Some(path),
            Reader::PipeWire { .. } => None,
        }
    }

    /// What to ask it for, so that it gives a size and rate or comes near.
    pub fn caps(&self, size: Size, rate: i32) -> Option<gst::Caps> {
        formats::nearest(self.caps.as_ref()?, size, rate)
    }

    /// Whether a path or a part of its name means it, upper and lower case alike.
    pub fn is_meant(&self, wanted: &str) -> bool {
        match wanted.starts_with('/') {
            true => self.path.as_deref() == Some(wanted),
            false => self.name.to_lowercase().contains(&wanted.to_lowercase()),
        }
    }
}

/// The element that reads a device file.
///
/// # Errors
/// If it is not installed.
pub fn v4l2src(path: &str) -> Result<gst::Element, CameraError> {
    let source = gst::ElementFactory::make("v4l2src").property("device", path);
    source.build().map_err(|_| {
        CameraError::Missing(MissingElement {
            element: "v4l2src",
            package: "gstreamer1.0-plugins-good",
        })
    })
}

/// The element that reads a node of PipeWire.
fn pipewiresrc(target: &str) -> Result<gst::Element, CameraError> {
    // Without a name of its own the stream would be called like the program, as the published node is.
    let names = gst::Structure::builder("props").field("node.name", "matte-camera-input");
    let source = gst::ElementFactory::make("pipewiresrc")
        // Not every node gives its frames times, and videorate drops frames without.
        .property("do-timestamp", true)
        .property("stream-properties", names.build());
    let source = source.build().map_err(|_| {
        CameraError::Missing(MissingElement {
            element: "pipewiresrc",
            package: "gstreamer1.0-pipewire",
        })
    })?;
    // Before 0.3.64 the number of the node was the only name.
    let name = match source.has_property("target-object") {
        true => "target-object",
        false => "path",
    };
    source.set_property(name, target);
    Ok(source)
}
