// SPDX-License-Identifier: MPL-2.0

//! Frames at the resolution of square cells: weighted sums, smoothing, and the way back.

mod band;
mod cell_plane;
mod smoother;
mod sums;

pub(super) use band::Band;
pub(super) use cell_plane::CellPlane;
pub(super) use smoother::Smoother;
pub(super) use sums::{CellSums, Weight};

/// Three components times weight, and the weight; after smoothing the weight no longer counts.
pub(super) type Cell = [f32; 4];
