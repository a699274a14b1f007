// SPDX-License-Identifier: MPL-2.0

//! Why a buffer cannot be used as a frame.

use crate::frame::{FrameError, Rectangle};

/// Why a buffer cannot be used as a frame.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The buffer's memory cannot be mapped, or does not hold the frame of the caps.
    #[error("cannot map a buffer of {size} bytes as {format} {width}x{height}")]
    Map {
        /// Format of the caps.
        format: &'static str,
        /// Width of the caps.
        width: u32,
        /// Height of the caps.
        height: u32,
        /// Bytes in the buffer.
        size: usize,
    },
    /// A row stride that is negative or zero (a picture stored upside down).
    #[error(
        "{format} with a row stride of {stride} bytes is not supported; put videoconvert before this element"
    )]
    Stride {
        /// Format of the caps.
        format: &'static str,
        /// Stride found.
        stride: i32,
    },
    /// A row stride that is shorter than a row.
    #[error(
        "{format} with a row stride of {stride} bytes, whose rows take {row}; the element that made the buffer must say how far its rows lie apart"
    )]
    Pitch {
        /// Format of the caps.
        format: &'static str,
        /// Stride found.
        stride: i32,
        /// Bytes of a row.
        row: usize,
    },
    /// The memory does not hold the frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The video meta is of another format.
    #[error(
        "the buffer's video meta says {found} where its caps say {expected}; the element that made the buffer must say the same in both"
    )]
    Format {
        /// Format of the video meta.
        found: &'static str,
        /// Format of the caps.
        expected: &'static str,
    },
    /// The crop meta is of another size.
    #[error(
        "the buffer's crop meta shows {}x{} pixels where its caps say {}x{}; whoever crops a frame must change its caps, too",
        found.0, found.1, expected.0, expected.1
    )]
    Crop {
        /// Size of the crop meta.
        found: (usize, usize),
        /// Size of the caps.
        expected: (usize, usize),
    },
    /// The frame does not lie in the picture.
    #[error(
        "{}x{} pixels at {}, {} do not lie in the {}x{} that the buffer holds; its video meta, crop meta and caps must go together",
        frame.width, frame.height, frame.x, frame.y, stored.0, stored.1
    )]
    Outside {
        /// Where the frame would be.
        frame: Rectangle,
        /// Size of the picture in memory.
        stored: (usize, usize),
    },
    /// The video meta describes too few or too many planes.
    #[error("the buffer's video meta has {found} planes where its format has {expected}")]
    Planes {
        /// Planes of the video meta.
        found: usize,
        /// Planes of the format.
        expected: usize,
    },
    /// Planes share memory, so that they cannot be written.
    #[error(
        "planes of {format} overlap in the buffer's memory; the element that made the buffer must lay them apart"
    )]
    Overlap {
        /// Format of the caps.
        format: &'static str,
    },
    /// There is no memory for another picture.
    #[error("no memory for a picture of {size} bytes")]
    Memory {
        /// Bytes that it needs.
        size: usize,
    },
}
