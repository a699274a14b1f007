// SPDX-License-Identifier: MPL-2.0

//! What the selection sees of a frame.

use crate::filter::regions::hysteresis::Regions;
use crate::filter::scene::Colors;

/// The regions of a matte and the picture that they are of.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    pub regions: &'a Regions,
    /// Colours at the matte's size.
    pub colors: Colors<'a>,
    /// Pixels of the matte per row of the frame as the viewer sees it, across and down.
    pub per_row: (f32, f32),
}
