// SPDX-License-Identifier: MPL-2.0

//! What goes through the chain.

use crate::frame::{GrayRef, Matrix};
use std::time::Duration;

/// When a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// Its time in the scene; frames without one count as 1/30 s apart. Only the distance of two
    /// frames matters: a stream may play backwards.
    pub pts: Option<Duration>,
    /// Whether the frame does not follow the one before (flush, seek, lost data).
    pub discont: bool,
}

/// What goes through the chain.
pub(super) struct Input<'a> {
    /// The raw matte.
    pub raw: GrayRef<'a>,
    /// Luma at the refined matte's size.
    pub guide: GrayRef<'a>,
    /// Size of the frame.
    pub frame: (usize, usize),
    /// The matrix of its colour differences.
    pub matrix: Matrix,
    /// When the frame is.
    pub timing: Timing,
    /// The last refined matte, if the caller has it.
    pub last: Option<GrayRef<'a>>,
    /// Whether the caller keeps the new one for the next frame.
    pub keeps_last: bool,
}
