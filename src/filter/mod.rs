// SPDX-License-Identifier: MPL-2.0

//! Post-processing of mattes by traditional image processing: steady first, then decide, clean,
//! fit to the picture and shape. One algorithm a file, each usable alone; [`Refiner`] is the chain.
//!
//! | file | stage |
//! | --- | --- |
//! | `patches` | where there is an edge to work on |
//! | `motion` | what changed in the picture, against the sensor's noise; scene cuts |
//! | `flow`, `block_search` | where things came from: block matching |
//! | `follow` | an earlier frame's matte, moved to this one |
//! | `temporal` | steadying: exponential, uncertainty-weighted, along the motion, adaptive |
//! | `sides` | hysteresis per pixel |
//! | `regions` | hysteresis per region, islands, holes, with identity |
//! | `morphology` | open, close, grow |
//! | `guided`, `guided_plain`, `guided_color`, `joint_bilateral`, `matting` | edge fit on a low resolution grid |
//! | `edge_fit` | which of them, and on which grid |
//! | `fast_guided` | the published guided filter as one call |
//! | `affine` | the fit at the frame's resolution |
//! | `hold` | still places hold on to what was shown |
//! | `shape` | feather, levels, gamma |
//! | `presence` | whether there is a subject at all |
#![forbid(unsafe_code)]

pub mod affine;
mod areas;
pub mod between;
mod block_search;
pub mod components;
mod edge_fit;
pub mod fast_guided;
pub mod flow;
pub mod follow;
mod gather;
pub mod guide;
pub mod guided;
pub mod guided_color;
mod guided_plain;
pub mod hold;
pub mod joint_bilateral;
pub mod matting;
pub mod morphology;
pub mod motion;
mod params;
mod patches;
mod plane;
pub mod presence;
mod refiner;
#[cfg(test)]
mod refiner_tests;
pub mod regions;
pub mod resample;
pub mod shape;
pub mod sides;
mod sums;
mod tally;
pub mod temporal;
#[cfg(test)]
mod testing;
pub mod window;
mod window3;

pub use params::{EdgeMode, Params, Preset, Region, TemporalMode};
pub use plane::Plane;
pub use refiner::{Refiner, StageTimes, Stats, Timing};
