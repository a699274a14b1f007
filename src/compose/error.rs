// SPDX-License-Identifier: MPL-2.0

//! Why a frame or its background cannot be composed.

use crate::blend::BlendError;
use crate::picture::{LocationError, PictureError};
use crate::properties::Refused;
use crate::video::MapError;
use gst::glib;
use std::path::PathBuf;

/// Why a frame or its background cannot be composed.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A buffer holds no frame of its caps, or there is no memory for another.
    #[error(transparent)]
    Frame(#[from] MapError),
    /// Pixels of these formats and sizes do not go together.
    #[error(transparent)]
    Blend(#[from] BlendError),
    /// A buffer cannot be copied, or takes no matte.
    #[error(transparent)]
    Buffer(#[from] glib::BoolError),
    /// A property does not take the value.
    #[error(transparent)]
    Property(#[from] Refused),
    /// The caps of the two pads differ, but the frame came to be composed in place.
    #[error("caps that are not in place came to be composed in place")]
    NotInPlace,
    /// The caps of the two pads are the same, but the frame came to be converted.
    #[error("caps that are in place came to be converted")]
    InPlace,
    /// `background=image` without a picture.
    #[error("background=image needs a picture: set the property image to a file")]
    NoPicture,
    /// The property `image` names no file.
    #[error("image={image}: {source}")]
    Location {
        /// Value of the property.
        image: String,
        /// What is wrong with it.
        source: LocationError,
    },
    /// The file that the property `image` names is no picture.
    #[error("image={image}: {source}")]
    Picture {
        /// Value of the property.
        image: String,
        /// What is wrong with the file.
        source: PictureError,
    },
    /// The file has changed since it was read, and cannot be read again.
    #[error("{} has changed: {source}", path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it now.
        source: Box<ComposeError>,
    },
    /// An animation does not play on.
    #[error("{}: {source}", path.display())]
    Playing {
        /// Which file.
        path: PathBuf,
        /// What has happened.
        source: Box<ComposeError>,
    },
    /// A frame of an animation, or a file that was read again, cannot be decoded.
    #[error(transparent)]
    Decode(#[from] PictureError),
    /// A later frame of an animation cannot be decoded.
    #[error("the animation breaks off after frame {frame}: {source}")]
    BreaksOff {
        /// Number of the last good frame of this repetition.
        frame: u64,
        /// What is wrong with the next.
        source: PictureError,
    },
    /// A still picture was to be played.
    #[error("the picture does not move")]
    Still,
    /// An animation without a frame.
    #[error("the animation is empty")]
    NoFrames,
    /// A repetition of an animation had no frame.
    #[error("the animation has lost its frames")]
    LostFrames,
    /// The system gives no thread to decode an animation on.
    #[error("no thread to play the animation: {0}")]
    NoThread(std::io::Error),
}

impl ComposeError {
    /// Posts the error that ends the stream, and returns what the streaming thread returns then.
    pub fn end_stream(&self, element: &gst::Element) -> gst::FlowError {
        gst::element_error!(element, gst::StreamError::Failed, ("{self}"));
        gst::FlowError::Error
    }
}
