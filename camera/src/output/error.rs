// SPDX-License-Identifier: MPL-2.0

//! Why nothing can be published.

use super::loopback::LoopbackError;
use crate::elements::MissingElement;
use gst::glib;

/// Why nothing can be published.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// PipeWire takes no connections.
    #[error("PipeWire does not run: systemctl --user start pipewire wireplumber")]
    NoPipeWire,
    /// Neither PipeWire nor a loopback device is there.
    #[error(
        "nothing to publish to. {}. Or, {}",
        Self::NoPipeWire,
        LoopbackError::None
    )]
    Nothing,
    /// A loopback device cannot be used.
    #[error(transparent)]
    Loopback(#[from] LoopbackError),
    /// The setting is no output.
    #[error("output '{0}' is not known: auto, pipewire, or a device such as /dev/video10")]
    Unknown(String),
    /// An element is not installed.
    #[error(transparent)]
    Missing(#[from] MissingElement),
    /// The elements do not fit together.
    #[error("output: {0}")]
    Link(#[from] glib::BoolError),
    /// The pipeline does not start, or has stopped.
    #[error("output: {0}")]
    Stopped(String),
    /// PipeWire has ended while the camera was published.
    #[error("output: PipeWire has gone ({0})")]
    Gone(String),
}
