// SPDX-License-Identifier: MPL-2.0

//! A frame with what is known about its matte drawn over it, to look at.

mod annotations;
mod glyphs;
mod outline;

pub use annotations::Note;

use super::backdrop::Backdrop;
use super::error::BlendError;
use super::geometry::Geometry;
use annotations::Annotations;

/// Mattes from above the first to below the second count as the soft edge.
const SOFT_EDGE: (usize, usize) = (12, 243);

/// Colours laid over a frame by functions of the matte, boxes and text.
#[derive(Debug)]
pub(super) struct Overlay {
    /// One over the background, one over the soft edge.
    pub tints: [Tint; 2],
    /// Boxes and text.
    pub annotations: Annotations,
}

/// A colour laid over a frame.
#[derive(Debug)]
pub(super) struct Tint {
    /// A row of the colour.
    pub row: Backdrop,
    /// What the frame keeps, for each matte value.
    pub keep: [u8; 256],
}

impl Overlay {
    /// For frames of a kind.
    ///
    /// # Errors
    /// [`BlendError::Frame`] if a side is zero.
    pub fn new(geometry: Geometry) -> Result<Self, BlendError> {
        let (low, high) = SOFT_EDGE;
        let background = std::array::from_fn(|m| if m <= low { 115 } else { 255 });
        let edge = std::array::from_fn(|m| if m > low && m < high { 64 } else { 255 });
        let tint = |color, keep| -> Result<Tint, BlendError> {
            let row = Backdrop::row(geometry.layout, geometry.color, geometry.width, color)?;
            Ok(Tint { row, keep })
        };
        Ok(Self {
            tints: [tint(0xff18_60ff, background)?, tint(0xffff_d800, edge)?],
            annotations: Annotations::new(geometry)?,
        })
    }
}
