// SPDX-License-Identifier: MPL-2.0

//! Statistics of a frame's matte.

use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Counts, with the previous of the last matte's pixels.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    subject: Vec<u8>,
}

impl Statistics {
    /// Share of the matte that is subject (above 0.5), and share of its pixels that are on another
    /// side than in the last one; none of them if that had another size or `reset` is set.
    pub(crate) fn count(&mut self, level: Level, matte: &Plane, reset: bool) -> (f32, f32) {
        let values = matte.data();
        let pixels = values.len() as f32;
        let compare = self.subject.len() == values.len() && !reset;
        self.subject.resize(values.len(), 0);
        let (inside, changed) = dispatch!(level, simd => count(simd, values, &mut self.subject));
        let changed = if compare { changed } else { 0 };
        (inside as f32 / pixels, changed as f32 / pixels)
    }
}

#[simd]
fn count<S: Simd>(_: S, values: &[f32], previous: &mut [u8]) -> (u32, u32) {
    let (mut inside, mut changed) = (0u32, 0u32);
    for (side, value) in previous.iter_mut().zip(values) {
        let now = u8::from(*value > 0.5);
        inside += u32::from(now);
        changed += u32::from(now ^ *side);
        *side = now;
    }
    (inside, changed)
}

#[cfg(test)]
#[path = "statistics_tests.rs"]
mod tests;
