// SPDX-License-Identifier: MPL-2.0

//! Filtering over time: every stage that remembers earlier mattes.
//!
//! The state is kept in `f32`: 8 bits would stop short of the goal by up to half a step of the
//! slowest blend. Every weight is a share per 1/30 s and is raised to the time that really passed,
//! so the result does not depend on the frame rate, nor on dropped frames.

pub mod adaptive;
pub mod deadband;
pub mod ema;
pub mod filter;
mod nearby;
pub mod pixel_hysteresis;
pub mod reprojection;
pub mod uncertainty;
mod weight;

pub use filter::{TemporalFilter, TemporalParams};
pub(super) use weight::weight_after;
