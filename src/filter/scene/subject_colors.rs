// SPDX-License-Identifier: MPL-2.0

//! The colours of the subject around every pixel: mean and variance of the picture where the matte is
//! surely subject. They change slowly from pixel to pixel, so they are kept in cells, and one row of
//! each cell's pixels is looked at.

use super::{Colored, Colors, LEAST_CHROMA, LEAST_LUMA, SEGMENT, appearance::volume};
use crate::filter::Plane;
use crate::filter::plane::window::BoxMean;
use crate::simd::Level;

/// Side of a cell in pixels.
const CELL: usize = 8;
/// Cells of a segment.
const CELLS: usize = SEGMENT / CELL;
/// Half the side of the surroundings, as a share of the width.
const SURROUNDINGS: f32 = 1.0 / 25.0;
/// Matte from which a pixel is surely subject.
const SURE: f32 = 0.95;
/// Share of the surroundings that must be subject.
const ENOUGH: f32 = 0.02;
/// Least variance that a difference is judged by, relative to the least of an appearance: surroundings
/// are never quite one colour. A subject as plain as the wall behind it must not seem less likely for
/// that, so the volume does not have this limit.
const WIDER: f32 = 4.0;
/// Squared difference where no subject is near.
const FAR: f32 = 9.0;
/// Half the logarithm of the volume of colours where no subject is near.
const FAR_VOLUME: f32 = 3.0;

/// Quantities that are summed in every cell: the number of surely subject pixels, their luma, both
/// colour differences, luma squared, both colour differences squared.
const SUMS: usize = 6;

/// The colours of the subject around one cell.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    means: [f32; 3],
    /// 1 / variance of luma and of a colour difference; 0 where no subject is near.
    scales: [f32; 2],
    /// Added to the squared difference.
    base: f32,
    /// Half the logarithm of the variance's volume.
    width: f32,
}

/// The subject's colours in cells.
#[derive(Debug, Default)]
pub(super) struct SubjectColors {
    sums: [Plane; SUMS],
    means: [Plane; SUMS],
    mean: BoxMean,
    around: Vec<Around>,
    columns: usize,
}

impl SubjectColors {
    /// Takes a picture and its matte.
    pub fn update(&mut self, level: Level, colors: Colors<'_>, matte: &Plane) {
        let (width, height) = matte.size();
        let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
        self.sums.iter_mut().for_each(|s| s.resize(columns, rows));
        for row in 0..rows {
            self.add_row(row, colors, matte);
        }
        let around = (width as f32 * SURROUNDINGS / CELL as f32).round() as usize;
        for (sums, means) in self.sums.iter().zip(&mut self.means) {
            self.mean.apply(level, sums, around.max(1), means);
        }
        // Segments may reach beyond the last cell.
        self.columns = width.div_ceil(SEGMENT) * CELLS;
        self.around.clear();
        self.around.resize(self.columns * rows, Around::default());
        for (n, around) in self.around.iter_mut().enumerate() {
            let (x, y) = (n % self.columns, n / self.columns);
            let x = x.min(columns - 1);
            *around = Around::of(self.means.each_ref().map(|mean| mean.row(y)[x]));
        }
    }

    /// Sums the surely subject pixels of the middle row of each cell in this row of cells.
    fn add_row(&mut self, row: usize, colors: Colors<'_>, matte: &Plane) {
        let y = (row * CELL + CELL / 2).min(matte.height() - 1);
        let matte = matte.row(y);
        for at in (0..matte.len()).step_by(SEGMENT) {
            let colors = Colored::load(colors, (at, y));
            let mut weights = [0.0; SEGMENT];
            for (weight, matte) in weights.iter_mut().zip(&matte[at..]) {
                *weight = f32::from(u8::from(*matte > SURE));
            }
            let cells = matte.len().div_ceil(CELL);
            for cell in at / CELL..(at / CELL + CELLS).min(cells) {
                let mut sums = [0.0; SUMS];
                let first = cell * CELL - at;
                for (x, weight) in weights.iter().enumerate().skip(first).take(CELL) {
                    let (luma, u, v) = (colors.luma[x], colors.u[x], colors.v[x]);
                    let values = [1.0, luma, u, v, luma * luma, u * u + v * v];
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum += weight * value;
                    }
                }
                for (plane, sum) in self.sums.iter_mut().zip(sums) {
                    plane.row_mut(row)[cell] = sum;
                }
            }
        }
    }

    /// Writes the squared differences of a segment of row `y` from `at` on from the subject's colours
    /// around, relative to their variance; and half the logarithm of that variance's volume.
    #[inline(always)]
    pub fn differences(
        &self,
        (at, y): (usize, usize),
        colors: &Colored,
        (out, widths): (&mut [f32], &mut [f32]),
    ) {
        let cells = &self.around[y / CELL * self.columns + at / CELL..][..CELLS];
        let (out, widths) = (&mut out[..SEGMENT], &mut widths[..SEGMENT]);
        for (n, cell) in cells.iter().enumerate() {
            for x in n * CELL..(n + 1) * CELL {
                let luma = colors.luma[x] - cell.means[0];
                let (u, v) = (colors.u[x] - cell.means[1], colors.v[x] - cell.means[2]);
                out[x] =
                    luma * luma * cell.scales[0] + (u * u + v * v) * cell.scales[1] + cell.base;
                widths[x] = cell.width;
            }
        }
    }
}

impl Around {
    /// From the means of the sums of the cells around.
    fn of([weight, luma, u, v, lumas, chromas]: [f32; SUMS]) -> Self {
        if weight < ENOUGH * CELL as f32 {
            return Self {
                base: FAR,
                width: FAR_VOLUME,
                ..Self::default()
            };
        }
        let scale = 1.0 / weight;
        let means = [luma, u, v].map(|sum| sum * scale);
        let [luma, u, v] = means.map(|mean| mean * mean);
        let variance = (lumas * scale - luma).max(LEAST_LUMA);
        let chroma = (0.5 * (chromas * scale - u - v)).max(LEAST_CHROMA);
        let scales = [
            1.0 / variance.max(LEAST_LUMA * WIDER),
            1.0 / chroma.max(LEAST_CHROMA * WIDER),
        ];
        Self {
            means,
            scales,
            base: 0.0,
            width: volume(variance, chroma),
        }
    }
}

#[cfg(test)]
#[path = "subject_colors_tests.rs"]
mod tests;
