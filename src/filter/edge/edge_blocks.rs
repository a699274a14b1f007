// SPDX-License-Identifier: MPL-2.0

//! Edge blocks: the parts of a matte that have to be fitted to the picture at all, around its edge.
//! Everywhere else it is 0 or 1 as far as any window reaches, and so is what a fit would make of
//! it.

use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// A part of a plane that is worked on as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EdgeBlock {
    pub columns: Range<usize>,
    pub rows: Range<usize>,
}

impl EdgeBlock {
    /// Calls `work` for every row of the block and of `around` pixels on all sides, inside a plane
    /// of this size, with its columns.
    pub(crate) fn rows_around(
        &self,
        around: usize,
        (width, height): (usize, usize),
        mut work: impl FnMut(usize, Range<usize>),
    ) {
        let columns =
            self.columns.start.saturating_sub(around)..(self.columns.end + around).min(width);
        for y in self.rows.start.saturating_sub(around)..(self.rows.end + around).min(height) {
            work(y, columns.clone());
        }
    }
}

/// What is seen of a matte through a window: bits for 0, for 1, both for anything between.
const MIXED: u8 = 3;

/// Finds blocks, with the scratch memory for it.
#[derive(Debug, Default)]
pub(crate) struct EdgeBlockFinder {
    seen: Vec<u8>,
    scratch: Vec<u8>,
    width: usize,
    height: usize,
}

impl EdgeBlockFinder {
    /// Takes the next matte.
    pub(crate) fn look(&mut self, level: Level, matte: &Plane) {
        (self.width, self.height) = matte.size();
        self.seen.resize(matte.data().len(), 0);
        dispatch!(level, simd => look(simd, matte.data(), &mut self.seen));
    }

    /// Looks further from every pixel, by `radius` pixels.
    pub(crate) fn spread(&mut self, level: Level, radius: usize) {
        let radius = radius.min(self.width.max(self.height));
        self.scratch.resize(self.seen.len(), 0);
        dispatch!(level, simd => spread(simd, self, radius));
    }

    /// Writes to `out` blocks that between them hold every pixel that saw both sides or an edge,
    /// none wider than `most` columns.
    pub(crate) fn blocks(&self, most: usize, out: &mut Vec<EdgeBlock>) {
        /// Rows between two blocks for which starting anew does not pay.
        const GAP: usize = 8;
        out.clear();
        // As many as there can be, so that no matte makes the list grow.
        out.reserve(self.width.div_ceil(most) * self.height.div_ceil(GAP + 2));
        for start in (0..self.width).step_by(most) {
            let columns = start..(start + most).min(self.width);
            let first = out.len();
            for y in 0..self.height {
                let row = &self.seen[y * self.width..][columns.clone()];
                if row.iter().fold(0, |all, seen| all | seen) != MIXED {
                    continue;
                }
                match out[first..].last_mut() {
                    Some(block) if y <= block.rows.end + GAP => block.rows.end = y + 1,
                    _ => out.push(EdgeBlock {
                        columns: columns.clone(),
                        rows: y..y + 1,
                    }),
                }
            }
        }
    }
}

#[simd]
fn look<S: Simd>(_: S, matte: &[f32], seen: &mut [u8]) {
    for (seen, value) in seen.iter_mut().zip(matte) {
        *seen = (u8::from(*value > 0.0) << 1) | u8::from(*value < 1.0);
    }
}

#[simd]
fn spread<S: Simd>(_: S, finder: &mut EdgeBlockFinder, radius: usize) {
    let rows = finder.seen.chunks_exact_mut(finder.width);
    for (row, scratch) in rows.zip(finder.scratch.chunks_exact_mut(finder.width)) {
        grow(row, scratch, radius, 1);
    }
    grow(&mut finder.seen, &mut finder.scratch, radius, finder.width);
}

/// Joins every value with those up to `radius` away on both sides, `stride` being the way to the
/// next; reaches by doubling.
#[inline(always)]
fn grow(values: &mut [u8], scratch: &mut [u8], radius: usize, stride: usize) {
    let mut reached = 0;
    while reached < radius {
        let step = (reached + 1).min(radius - reached);
        let shift = (step * stride).min(values.len());
        scratch.copy_from_slice(values);
        for (value, other) in values[shift..].iter_mut().zip(&*scratch) {
            *value |= other;
        }
        for (value, other) in values.iter_mut().zip(&scratch[shift..]) {
            *value |= other;
        }
        reached += step;
    }
}

#[cfg(test)]
#[path = "edge_blocks_tests.rs"]
mod tests;
