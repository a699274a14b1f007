// SPDX-License-Identifier: MPL-2.0

//! Frames of one video in the layout, colorimetry and size of another: what makes a second stream
//! a background.
//!
//! Every component is sampled straight at the places where the target has samples, so that a
//! 4:2:0 target costs a quarter of the pixels for chroma, and no picture in between is made:
//! rows are weighed first, as they lie in memory, then columns (area averaging if the picture
//! shrinks, linear interpolation if it grows), then colour is converted if the two videos differ in
//! it.

mod axis;
mod color;
mod columns;
mod conversion;
mod grid;
mod kernels;
mod light;
mod picture;
mod placement;
mod placer;
mod rescaler;

pub use picture::{Fitter, Setting, fitted};
pub use placement::{Fit, Placement};
pub use placer::{Place, Placer};
pub use rescaler::Rescaler;

#[cfg(test)]
mod light_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod turned_tests;
