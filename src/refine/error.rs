// SPDX-License-Identifier: MPL-2.0

//! Why a frame's matte cannot be refined.

use crate::frame::SampleError;
use crate::video::MapError;
use gst::glib;

/// Why a frame goes on without a matte.
#[derive(Debug, thiserror::Error)]
pub enum RefineError {
    /// The matte covers more than what is left of the frame.
    #[error("the frame was cropped after its matte was made")]
    Cropped,
    /// The matte cannot cover the frame.
    #[error("the matte belongs to a frame of another aspect ratio")]
    AspectRatio,
    /// The frame cannot be read.
    #[error(transparent)]
    Frame(#[from] MapError),
    /// The matte cannot be read, or there is no memory for the refined one.
    #[error(transparent)]
    Matte(#[from] glib::BoolError),
    /// A size is out of range.
    #[error(transparent)]
    Size(#[from] SampleError),
}
