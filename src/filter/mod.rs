// SPDX-License-Identifier: MPL-2.0

//! Post-processing of mattes by traditional image processing: steady first, then decide, clean,
//! fit to the picture and shape. One algorithm a file, each usable alone; [`Refiner`] is the chain.

pub mod affine;
pub mod guided;
mod plane;
pub mod resample;
#[cfg(test)]
mod testing;
pub mod window;

pub use plane::Plane;
