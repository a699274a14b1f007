// SPDX-License-Identifier: MPL-2.0

//! What everything here is made for: frames of one layout, size and colorimetry.

use super::error::BlendError;
use crate::frame::{Colorimetry, Component, FrameRef, PixelLayout, View};
use crate::simd::Level;

/// Frames of one kind, and the vector level that their rows are worked on with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    /// Pixel layout.
    pub layout: PixelLayout,
    /// What the code values mean.
    pub color: Colorimetry,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// How the viewer sees the frames.
    pub view: View,
    /// Vector level.
    pub level: Level,
}

impl Geometry {
    /// Upright frames with square pixels.
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        (width, height): (usize, usize),
        level: Level,
    ) -> Self {
        Self {
            layout,
            color,
            width,
            height,
            view: View::default(),
            level,
        }
    }

    /// The same frames in another layout.
    pub fn with_layout(self, layout: PixelLayout) -> Self {
        Self { layout, ..self }
    }

    /// The same frames with one gray component: for what needs no colours.
    pub fn gray(self) -> Self {
        self.with_layout(PixelLayout::Gray8)
    }

    /// Columns and rows of the cells of `side` x `side` pixels that cover a frame.
    pub fn grid(&self, side: usize) -> (usize, usize) {
        (self.width.div_ceil(side), self.height.div_ceil(side))
    }

    /// Whether chroma samples reach over to the pixel on their left, and above.
    pub fn chroma_reach(&self) -> (bool, bool) {
        let (components, site) = (self.layout.info().components, self.color.site);
        let subsampled = |sub: fn(&Component) -> u32| components.iter().any(|c| sub(c) > 0);
        (
            site.cosited_x && subsampled(|c| c.w_sub),
            site.cosited_y && subsampled(|c| c.h_sub),
        )
    }

    /// Compares a frame's layout and size with these.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] if they differ; `what` names the frame.
    pub fn check(&self, what: &'static str, frame: &FrameRef) -> Result<(), BlendError> {
        let found = (frame.layout(), frame.width(), frame.height());
        BlendError::check(what, found, (self.layout, self.width, self.height))
    }
}
