// SPDX-License-Identifier: MPL-2.0

//! Weights per frame at any frame rate.

/// The weight of the new value after `frames` units of 1/30 s, if it is `weight` after one.
pub(in crate::filter) fn weight_after(weight: f32, frames: f32) -> f32 {
    1.0 - (1.0 - weight.clamp(0.0, 1.0)).powf(frames)
}
