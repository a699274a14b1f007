// SPDX-License-Identifier: MPL-2.0

//! Why memory is no frame.

use super::Rectangle;

/// Why memory cannot be viewed as a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Width or height is zero.
    #[error("a frame of {width}x{height} has no pixels; both sides must be at least 1")]
    Empty {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// A plane's rows overlap: the stride is shorter than a row.
    #[error(
        "plane {plane} of {layout} {width}x{height}: stride {stride} is less than the {row} bytes of a row"
    )]
    Stride {
        /// Format name.
        layout: &'static str,
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// Plane index.
        plane: usize,
        /// Given stride in bytes.
        stride: usize,
        /// Bytes that a row needs.
        row: usize,
    },
    /// A plane's memory is too short.
    #[error("plane {plane} of {layout} {width}x{height} holds {found} bytes, but needs {needed}")]
    Short {
        /// Format name.
        layout: &'static str,
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// Plane index.
        plane: usize,
        /// Bytes found.
        found: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// The number of planes does not fit the layout.
    #[error("{layout} has {needed} planes, but {found} were given")]
    Planes {
        /// Format name.
        layout: &'static str,
        /// Planes given.
        found: usize,
        /// Planes needed.
        needed: usize,
    },
    /// A rectangle is no view of a frame.
    #[error(
        "{} x {} pixels at {}, {} are no part of {layout} {width}x{height}: a part lies within the frame and begins at multiples of {} and {}",
        rectangle.width, rectangle.height, rectangle.x, rectangle.y, grain.0, grain.1
    )]
    Part {
        /// Format name.
        layout: &'static str,
        /// Width of the frame in pixels.
        width: usize,
        /// Height of the frame in pixels.
        height: usize,
        /// Rectangle given.
        rectangle: Rectangle,
        /// Columns and rows after which a part may begin.
        grain: (usize, usize),
    },
}
