// SPDX-License-Identifier: MPL-2.0

//! Where the camera is published: PipeWire or a loopback device, and whether that is possible here.

mod error;
mod loopback;
mod names;
#[cfg(test)]
mod tests;

pub use error::OutputError;
pub use loopback::{is_loopback, loopbacks};
pub use names::Names;

use crate::distributor::{FrameDistributor, frames_source};
use crate::elements::MissingElement;
use crate::pipewire;
use gst::prelude::*;
use std::path::{Path, PathBuf};

/// The property of the published node that says which process publishes it.
pub const PROCESS: &str = "matte.process";

/// Where the camera is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// As a node of PipeWire.
    PipeWire,
    /// As the device of the kernel module v4l2loopback.
    Loopback(PathBuf),
}

impl Output {
    /// What `auto`, `pipewire` or a path means on this machine.
    ///
    /// # Errors
    /// With what is missing and how to get it.
    pub fn choose(wanted: &str) -> Result<Self, OutputError> {
        match wanted {
            "pipewire" | "auto" if pipewire::runs() => Ok(Self::PipeWire),
            "pipewire" => Err(OutputError::NoPipeWire),
            "auto" => {
                let devices = loopbacks();
                if devices.is_empty() {
                    return Err(OutputError::Nothing);
                }
                Ok(Self::Loopback(loopback::free(devices, loopback::is_fed)?))
            }
            path if path.starts_with('/') => {
                let path = PathBuf::from(path);
                loopback::check(&path)?;
                Ok(Self::Loopback(path))
            }
            other => Err(OutputError::Unknown(other.into())),
        }
    }

    /// The pipeline that publishes the frames.
    ///
    /// # Errors
    /// With the element that is missing and the package that has it.
    pub fn pipeline(
        &self,
        names: &Names,
        distributor: &FrameDistributor,
    ) -> Result<gst::Pipeline, OutputError> {
        let frames = frames_source();
        let mut chain = vec![frames.clone().upcast::<gst::Element>()];
        match self {
            Self::PipeWire => chain.extend(pipewire_sink(names)?),
            Self::Loopback(path) => chain.push(loopback_sink(path)?),
        }
        let pipeline = gst::Pipeline::with_name("output");
        // The clock of PipeWire's sink stands still while nobody looks; with 1.4 it does not begin for
        // the first reader, either, as the sink waits for it.
        pipeline.use_clock(Some(&gst::SystemClock::obtain()));
        pipeline.add_many(&chain)?;
        gst::Element::link_many(&chain)?;
        distributor.add(frames);
        Ok(pipeline)
    }
}

/// PipeWire's sink, and what stands before it.
fn pipewire_sink(names: &Names) -> Result<[gst::Element; 2], MissingElement> {
    // pipewiresink (0.3) crashes if it is asked for buffers.
    let guard = gst::ElementFactory::make("identity").property("drop-allocation", true);
    let guard = guard
        .build()
        .map_err(missing("identity", "gstreamer1.0-plugins-base"))?;
    // A reader that comes in the moment in which the session manager suspends an idle node gets no
    // frames (0.3.65): the node is never suspended. An idle node costs nothing.
    let properties = gst::Structure::builder("props")
        .field("session.suspend-timeout-seconds", "0")
        .field("media.class", "Video/Source")
        .field("media.role", "Camera")
        .field("node.name", &names.node)
        .field("node.description", &names.description)
        .field(PROCESS, std::process::id().to_string())
        .build();
    let sink = gst::ElementFactory::make("pipewiresink")
        .property_from_str("mode", "provide")
        .property("stream-properties", properties)
        .build()
        .map_err(missing("pipewiresink", "gstreamer1.0-pipewire"))?;
    Ok([guard, sink])
}

fn loopback_sink(path: &Path) -> Result<gst::Element, MissingElement> {
    gst::ElementFactory::make("v4l2sink")
        .property("device", path.display().to_string())
        .property("sync", false)
        .build()
        .map_err(missing("v4l2sink", "gstreamer1.0-plugins-good"))
}

/// Names the package of an element that cannot be made.
fn missing(
    element: &'static str,
    package: &'static str,
) -> impl Fn(gst::glib::BoolError) -> MissingElement {
    move |_| MissingElement { element, package }
}
