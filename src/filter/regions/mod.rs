// SPDX-License-Identifier: MPL-2.0

//! Which parts of a matte are subject: connected regions, their shape, and their share of the
//! frame.

pub mod components;
pub mod hysteresis;
pub(super) mod interest;
pub mod morphology;
pub mod presence;
pub(super) mod statistics;

pub use hysteresis::{RegionParams, Regions};
