// SPDX-License-Identifier: MPL-2.0

//! How pictures are placed in frames.

use crate::frame::View;

/// How a picture of another shape fills the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fit {
    /// Fills the frame, keeps its shape, loses what sticks out.
    #[default]
    Cover,
    /// Wholly visible, keeps its shape, bars of one colour around it.
    Contain,
    /// Fills the frame, loses its shape.
    Stretch,
    /// Its own size, repeated from the top left corner.
    Tile,
}

/// How the pictures of two videos go together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// How the frame is filled.
    pub fit: Fit,
    /// How the viewer sees the source's frames, were they shown alone.
    pub from: View,
    /// How the viewer sees the target's frames. The source's are turned to stand upright in them,
    /// and keep their shape unless the fit is [`Fit::Stretch`].
    pub to: View,
    /// Colour of the bars of [`Fit::Contain`], 0xAARRGGBB; its alpha counts in layouts with alpha.
    pub bars: u32,
}
