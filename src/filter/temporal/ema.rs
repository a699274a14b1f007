// SPDX-License-Identifier: MPL-2.0

//! Exponential moving average: `m = w x + (1 - w) m`.

use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Moves `state` towards `matte` (of the same size) by `weight`, 0 to 1.
pub fn apply(level: Level, matte: &Plane, weight: f32, state: &mut Plane) {
    dispatch!(level, simd => blend(simd, matte, weight, state));
}

#[simd]
fn blend<S: Simd>(_: S, matte: &Plane, weight: f32, state: &mut Plane) {
    for (m, x) in state.data_mut().iter_mut().zip(matte.data()) {
        *m += (x - *m) * weight;
    }
}

#[cfg(test)]
#[path = "ema_tests.rs"]
mod tests;
