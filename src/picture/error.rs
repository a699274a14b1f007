// SPDX-License-Identifier: MPL-2.0

//! Why there is no picture.

use super::limits::{MAX_BYTES, MAX_SIDE};
use image::ImageError;
use std::path::PathBuf;

/// What can be read, for whoever named something else.
const READABLE: &str = "PNG, JPEG, WebP, GIF, TIFF and BMP are always understood, AVIF, HEIC, \
    JPEG XL and SVG where gdk-pixbuf and its loaders are installed";

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file cannot be read.
    #[error(
        "cannot read the background picture {path}: {source}; name a picture that can be read \
         ({READABLE})"
    )]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The data is not a picture that can be decoded.
    #[error("cannot decode the background picture: {0}; {READABLE}")]
    Decode(ImageError),
    /// A kind of file that is known by name only.
    #[error("the background picture is {name}, which is not read: {advice}")]
    Kind {
        /// What it is.
        name: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Nothing that is known.
    #[error("the background picture begins with {head}, which is no kind of picture; {READABLE}")]
    Unknown {
        /// The file's first bytes, to be read.
        head: String,
    },
    /// The system does not decode it.
    #[error(
        "the background picture is {name}, which gdk-pixbuf reads, but {source}; install \
         {package} (Debian, Ubuntu) or your system's loader of {name} for gdk-pixbuf or glycin, or \
         save it as PNG or JPEG"
    )]
    System {
        /// What it is.
        name: &'static str,
        /// Debian's package with the loader.
        package: &'static str,
        /// What is missing or wrong.
        source: SystemError,
    },
    /// The picture is too large.
    #[error(
        "the background picture is larger than {MAX_SIDE} pixels a side or {} MB in memory; \
         scale it to about the video's size",
        MAX_BYTES >> 20
    )]
    Huge,
    /// The picture has no pixels.
    #[error("the background picture is empty")]
    Empty,
}

/// Why the system gives no picture.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// gdk-pixbuf cannot be used.
    #[error(transparent)]
    Open(&'static OpenError),
    /// So many decoders do not come back.
    #[error("{0} of its decoders are still at work on other pictures")]
    Busy(usize),
    /// The system gives no thread.
    #[error("no thread to decode it: {0}")]
    NoThread(std::io::Error),
    /// The decoder takes more than so many seconds.
    #[error("its decoder has not finished after {0} s")]
    Timeout(u64),
    /// The decoder's thread panicked.
    #[error("its decoder has failed")]
    Panicked,
    /// No decoder is registered for the kind.
    #[error("it has no decoder for it ({0})")]
    NoDecoder(String),
    /// What the decoder says.
    #[error("its decoder says: {0}")]
    Decoder(String),
    /// The decoder gives nothing.
    #[error("its decoder gives no picture")]
    NoPicture,
    /// The decoder gives something else than 8-bit RGB or RGBA.
    #[error("its decoder gives pixels of an unknown form")]
    Pixels,
    /// Larger than the limits.
    #[error("it is too large")]
    Huge,
}

/// Why gdk-pixbuf cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No library of its names.
    #[error("gdk-pixbuf is not installed ({0})")]
    Library(libloading::Error),
    /// The library lacks a function.
    #[error(transparent)]
    Function(#[from] libloading::Error),
}

impl PictureError {
    /// For reading that fails after the file was opened.
    pub(super) fn from_io(error: std::io::Error) -> Self {
        Self::Decode(error.into())
    }

    /// For a file that begins with these bytes.
    pub(super) fn unknown(head: &[u8]) -> Self {
        let head = match &head[..head.len().min(12)] {
            [] => "nothing (it is empty)".into(),
            bytes => format!("\"{}\"", bytes.escape_ascii()),
        };
        Self::Unknown { head }
    }
}

impl From<ImageError> for PictureError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::Huge,
            error => Self::Decode(error),
        }
    }
}
