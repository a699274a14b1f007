// SPDX-License-Identifier: MPL-2.0

//! What the frames of a stream have in common.

use super::{Colorimetry, FrameRef, PixelLayout};
use std::fmt;

/// What all frames between two changes of caps have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameFormat {
    /// Pixel layout.
    pub layout: PixelLayout,
    /// Matrix, range and chroma siting.
    pub color: Colorimetry,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
}

impl From<&FrameRef<'_>> for FrameFormat {
    fn from(frame: &FrameRef<'_>) -> Self {
        Self {
            layout: frame.layout(),
            color: frame.color(),
            width: frame.width(),
            height: frame.height(),
        }
    }
}

impl fmt::Display for FrameFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, color) = (self.layout.info().name, self.color);
        write!(f, "{name} {}x{} ({color:?})", self.width, self.height)
    }
}
