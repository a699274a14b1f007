// SPDX-License-Identifier: MPL-2.0

//! How much of each pixel's surroundings changed. Surroundings are wide and change slowly from
//! pixel to pixel, so they are looked at in blocks.

use crate::filter::Plane;
use crate::filter::plane::window::BoxMean;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Side of a block in pixels.
const BLOCK: usize = 4;
/// Half the side of the surroundings, as a share of the width.
const SURROUNDINGS: f32 = 1.0 / 12.0;

/// The mean change around every block.
#[derive(Debug, Default)]
pub(crate) struct Nearby {
    blocks: Plane,
    means: Plane,
    mean: BoxMean,
    row: Vec<f32>,
    width: usize,
    everywhere: f32,
}

impl Nearby {
    /// Takes the change of every pixel, 0 to 1.
    pub(crate) fn update(&mut self, level: Level, change: &Plane) {
        let (width, height) = change.size();
        self.width = width;
        self.blocks
            .resize(width.div_ceil(BLOCK), height.div_ceil(BLOCK));
        self.row.resize(self.blocks.width() * BLOCK, 0.0);
        dispatch!(level, simd => block_means(simd, change, &mut self.row, &mut self.blocks));
        let blocks = self.blocks.data();
        self.everywhere = blocks.iter().sum::<f32>() / blocks.len() as f32;
        let around = (width as f32 * SURROUNDINGS / BLOCK as f32).round() as usize;
        self.mean
            .apply(level, &self.blocks, around.max(1), &mut self.means);
    }

    /// Share of the whole picture that changed.
    pub(crate) fn everywhere(&self) -> f32 {
        self.everywhere
    }

    /// The mean change around the pixels of row `y`; rows are asked for one after the other.
    #[inline(always)]
    pub(crate) fn row(&mut self, y: usize) -> &[f32] {
        if y.is_multiple_of(BLOCK) {
            let means = self.means.row(y / BLOCK);
            for (pixels, mean) in self.row.chunks_exact_mut(BLOCK).zip(means) {
                pixels.fill(*mean);
            }
        }
        &self.row[..self.width]
    }
}

/// Mean of every block, those at the ends of what they have. `sums` is a row as wide as the blocks.
#[simd]
fn block_means<S: Simd>(_: S, change: &Plane, sums: &mut [f32], blocks: &mut Plane) {
    let (width, height) = change.size();
    // The last block may hold fewer columns.
    sums[width..].fill(0.0);
    let last = width - (width - 1) / BLOCK * BLOCK;
    for y in 0..blocks.height() {
        let rows = y * BLOCK..((y + 1) * BLOCK).min(height);
        let share = 1.0 / (rows.len() * BLOCK) as f32;
        let sums_of_rows = &mut sums[..width];
        sums_of_rows.fill(0.0);
        for row in rows {
            for (sum, value) in sums_of_rows.iter_mut().zip(change.row(row)) {
                *sum += value;
            }
        }
        let blocks = blocks.row_mut(y);
        for (block, sums) in blocks.iter_mut().zip(sums.chunks_exact(BLOCK)) {
            *block = sums.iter().sum::<f32>() * share;
        }
        blocks[(width - 1) / BLOCK] *= BLOCK as f32 / last as f32;
    }
}

#[cfg(test)]
#[path = "nearby_tests.rs"]
mod tests;
