// SPDX-License-Identifier: MPL-2.0

//! How much of each pixel's surroundings changed. Surroundings are wide and change slowly from
//! pixel to pixel, so they are looked at in cells.

use crate::filter::Plane;
use crate::filter::plane::window::BoxMean;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Side of a cell in pixels.
const CELL: usize = 4;
/// Half the side of the surroundings, as a share of the width.
const SURROUNDINGS: f32 = 1.0 / 12.0;

/// The mean change around every cell.
#[derive(Debug, Default)]
pub(crate) struct Nearby {
    cells: Plane,
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
        self.cells
            .resize(width.div_ceil(CELL), height.div_ceil(CELL));
        self.row.resize(self.cells.width() * CELL, 0.0);
        dispatch!(level, simd => cell_means(simd, change, &mut self.row, &mut self.cells));
        let cells = self.cells.data();
        self.everywhere = cells.iter().sum::<f32>() / cells.len() as f32;
        let around = (width as f32 * SURROUNDINGS / CELL as f32).round() as usize;
        self.mean
            .apply(level, &self.cells, around.max(1), &mut self.means);
    }

    /// Share of the whole picture that changed.
    pub(crate) fn everywhere(&self) -> f32 {
        self.everywhere
    }

    /// The mean change around the pixels of row `y`; rows are asked for one after the other.
    #[inline(always)]
    pub(crate) fn row(&mut self, y: usize) -> &[f32] {
        if y.is_multiple_of(CELL) {
            let means = self.means.row(y / CELL);
            for (pixels, mean) in self.row.chunks_exact_mut(CELL).zip(means) {
                pixels.fill(*mean);
            }
        }
        &self.row[..self.width]
    }
}

/// Mean of every cell, those at the ends of what they have. `sums` is a row as wide as the cells.
#[simd]
fn cell_means<S: Simd>(_: S, change: &Plane, sums: &mut [f32], cells: &mut Plane) {
    let (width, height) = change.size();
    // The last cell may hold fewer columns.
    sums[width..].fill(0.0);
    let last = width - (width - 1) / CELL * CELL;
    for y in 0..cells.height() {
        let rows = y * CELL..((y + 1) * CELL).min(height);
        let share = 1.0 / (rows.len() * CELL) as f32;
        let sums_of_rows = &mut sums[..width];
        sums_of_rows.fill(0.0);
        for row in rows {
            for (sum, value) in sums_of_rows.iter_mut().zip(change.row(row)) {
                *sum += value;
            }
        }
        let cells = cells.row_mut(y);
        for (cell, sums) in cells.iter_mut().zip(sums.chunks_exact(CELL)) {
            *cell = sums.iter().sum::<f32>() * share;
        }
        cells[(width - 1) / CELL] *= CELL as f32 / last as f32;
    }
}

#[cfg(test)]
#[path = "nearby_tests.rs"]
mod tests;
