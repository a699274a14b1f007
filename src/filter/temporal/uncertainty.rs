// SPDX-License-Identifier: MPL-2.0

//! Uncertainty-weighted average: `m = x + (m - x) u(x) r`. Where the network is sure (`x` near 0
//! or 1) the new value counts, where it is not (near 0.5) the old one stays.
//!
//! Source: MediaPipe's segmentation smoothing calculator. With `q = (x - 1/2)^2`,
//! `u = 1 - min(1, q (c1 + q (c2 + q (c3 + q (c4 + q c5)))))`, a fit of the squared entropy of a
//! two-way choice.

use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

const C: [f32; 5] = [5.68842, -0.748699, -57.8051, 291.309, -624.717];

/// How unsure a matte value is: 1 at 0.5, 0 at 0 and 1.
#[inline(always)]
pub fn uncertainty(x: f32) -> f32 {
    let q = (x - 0.5) * (x - 0.5);
    1.0 - (q * (C[0] + q * (C[1] + q * (C[2] + q * (C[3] + q * C[4]))))).min(1.0)
}

/// Moves `state` to `matte` (of the same size) where that is sure. `strength` is `r`, 0 to 1;
/// `frames` the time passed in units of 1/30 s.
pub fn apply(level: Level, matte: &Plane, (strength, frames): (f32, f32), state: &mut Plane) {
    dispatch!(level, simd => blend(simd, matte, strength, frames, state));
}

#[simd]
fn blend<S: Simd>(_: S, matte: &Plane, strength: f32, frames: f32, state: &mut Plane) {
    // A power per pixel is expensive; at the usual rate there is none to take.
    if (frames - 1.0).abs() < 0.05 {
        for (m, x) in state.data_mut().iter_mut().zip(matte.data()) {
            *m = x + (*m - x) * (uncertainty(*x) * strength);
        }
    } else {
        for (m, x) in state.data_mut().iter_mut().zip(matte.data()) {
            *m = x + (*m - x) * (uncertainty(*x) * strength).max(0.0).powf(frames);
        }
    }
}

#[cfg(test)]
#[path = "uncertainty_tests.rs"]
mod tests;
