// SPDX-License-Identifier: MPL-2.0

//! The matte's edge, fitted to the picture on a low resolution grid and brought to full resolution.

pub mod affine;
mod affine_row;
mod block_sums;
pub mod coefficients;
mod edge_blocks;
pub(super) mod edge_fit;
pub mod fast_guided;
pub(super) mod guide;
pub mod guided;
pub mod guided_color;
mod guided_plain;
pub mod joint_bilateral;
pub mod matting;
pub mod shape;
