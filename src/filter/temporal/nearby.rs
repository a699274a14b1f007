// SPDX-License-Identifier: MPL-2.0

//! How much of each pixel's surroundings changed. Surroundings are wide and change slowly from
//! pixel to pixel, so they are looked at in blocks.

use crate::filter::Plane;
use crate::filter::window::BoxMean;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Side of a block in pixels.
const BLOCK: usize = 4;
/// Half the side of the surroundings, as a share of the width.
const SURROUNDINGS: f32 = 1.0 / 12.0;

/// The mean change around every block.
#[derive(Debug, Default)]
pub(super) struct Nearby {
    blocks: Plane,
    means: Plane,
    mean: BoxMean,
    row: Vec<f32>,
    width: usize,
    everywhere: f32,
}

impl Nearby {
    /// Takes the change of every pixel, 0 to 1.
    pub(super) fn update(&mut self, level: Level, change: &Plane) {
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
    pub(super) fn everywhere(&self) -> f32 {
        self.everywhere
    }

    /// The mean change around the pixels of row `y`; rows are asked for one after the other.
    #[inline(always)]
    pub(super) fn row(&mut self, y: usize) -> &[f32] {
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
mod tests {
    use super::*;
    use crate::filter::testing::sizes;

    #[test]
    fn finds_what_is_near_at_every_size() {
        let mut nearby = Nearby::default();
        let level = crate::simd::level();
        for (width, height) in sizes() {
            let mut change = Plane::new(width, height);
            change.data_mut().fill(0.25);
            nearby.update(level, &change);
            assert!((nearby.everywhere() - 0.25).abs() < 1e-5);
            for y in 0..height {
                assert_eq!(nearby.row(y).len(), width);
                assert!(nearby.row(y).iter().all(|n| (n - 0.25).abs() < 1e-5));
            }
        }
        let mut change = Plane::new(240, 120);
        for y in 30..90 {
            change.row_mut(y)[50..110].fill(1.0);
        }
        nearby.update(level, &change);
        let at = |nearby: &mut Nearby, x: usize, y: usize| {
            (0..=y).for_each(|row| _ = nearby.row(row));
            nearby.row(y)[x]
        };
        assert!(at(&mut nearby, 80, 60) > 0.9);
        assert!((0.3..0.7).contains(&at(&mut nearby, 50, 60)));
        assert_eq!(at(&mut nearby, 180, 60), 0.0);
    }
}
