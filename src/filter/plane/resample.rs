// SPDX-License-Identifier: MPL-2.0

//! Changing the size of planes and gray pictures. Pictures cover the same area whatever their
//! size: pixel centres lie at `(x + 0.5) / width`.

use super::shuffle_resize::{ShuffleResize, Tap};
use crate::filter::Plane;
use crate::frame::GrayRef;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;

/// The two of `from` places around the middle of each of `to` others, which together cover `span` of
/// the places.
pub(in crate::filter) fn taps(from: usize, to: usize, span: f32, taps: &mut Vec<Tap>) {
    taps.clear();
    let scale = span / to as f32;
    taps.extend((0..to).map(|i| {
        let position = ((i as f32 + 0.5) * scale - 0.5).clamp(0.0, (from - 1) as f32);
        let first = position as u32;
        Tap {
            first,
            second: (first + 1).min(from as u32 - 1),
            weight: position - first as f32,
        }
    }));
}

/// Bilinear resampling of a plane to any size, edges extended.
#[derive(Debug, Default)]
pub struct Bilinear {
    columns: Vec<Tap>,
    rows: Vec<Tap>,
    shuffle: ShuffleResize,
    mixed: Vec<f32>,
    sizes: (usize, usize, usize, usize, f32, f32),
}

impl Bilinear {
    /// Resamples `from` to the size of `to`, both covering the same area.
    pub fn apply(&mut self, level: Level, from: &Plane, to: &mut Plane) {
        let (width, height) = from.size();
        self.apply_span(level, from, (width as f32, height as f32), to);
    }

    /// As [`Bilinear::apply`], but `to` covers `span` pixels of `from` from the top left, which
    /// may be a little more than `from` has (cells of a grid that overhangs the picture).
    pub fn apply_span(&mut self, level: Level, from: &Plane, span: (f32, f32), to: &mut Plane) {
        let sizes = (
            from.width(),
            from.height(),
            to.width(),
            to.height(),
            span.0,
            span.1,
        );
        if self.sizes != sizes {
            taps(sizes.0, sizes.2, span.0, &mut self.columns);
            taps(sizes.1, sizes.3, span.1, &mut self.rows);
            self.shuffle.forget();
            self.sizes = sizes;
        }
        if (sizes.0, sizes.1) == (sizes.2, sizes.3) && span == (sizes.0 as f32, sizes.1 as f32) {
            to.data_mut().copy_from_slice(from.data());
            return;
        }
        dispatch!(level, simd => bilinear(simd, self, from, to));
    }
}

#[simd]
fn bilinear<S: Simd>(simd: S, filter: &mut Bilinear, from: &Plane, to: &mut Plane) {
    let lanes = S::f32s::LEN;
    filter.shuffle.plan(&filter.columns, lanes);
    let width = from.width();
    filter
        .mixed
        .resize(width + ShuffleResize::padding(lanes), 0.0);
    for (y, row) in filter.rows.iter().enumerate() {
        let (top, bottom) = (from.row(row.first as usize), from.row(row.second as usize));
        // Most rows of a matte that holds no subject are all the same.
        if same(top, top[0]) && same(bottom, top[0]) {
            to.row_mut(y).fill(top[0]);
            continue;
        }
        for ((m, t), b) in filter.mixed.iter_mut().zip(top).zip(bottom) {
            *m = t + (b - t) * row.weight;
        }
        if filter.shuffle.is_planned() {
            let last = filter.mixed[width - 1];
            filter.mixed[width..].fill(last);
            filter.shuffle.apply(simd, &filter.mixed, to.row_mut(y));
            continue;
        }
        let mixed = &filter.mixed[..];
        for (value, tap) in to.row_mut(y).iter_mut().zip(&filter.columns) {
            let (a, b) = (mixed[tap.first as usize], mixed[tap.second as usize]);
            *value = a + (b - a) * tap.weight;
        }
    }
}

/// Whether a row holds this value only; the first few values decide for most others.
#[inline(always)]
fn same(row: &[f32], value: f32) -> bool {
    row.chunks(64).all(
        #[inline(always)]
        |chunk| {
            chunk
                .iter()
                .fold(0, |other, v| other | u32::from(*v != value))
                == 0
        },
    )
}

/// Size of the grid of `step` x `step` cells that covers a picture.
pub fn grid(width: usize, height: usize, step: usize) -> (usize, usize) {
    (width.div_ceil(step), height.div_ceil(step))
}

/// Means over the cells of a grid: each `step` x `step` pixels of a gray picture become one value
/// in 0 to 1; cells that overhang the right or lower border are the mean of what they have.
#[derive(Debug, Default)]
pub struct CellMean {
    sums: Vec<u16>,
}

impl CellMean {
    /// Writes the cell means of `from` to `to`, which takes the grid's size. `step` is held to
    /// 1 to 16.
    pub fn apply(&mut self, level: Level, from: GrayRef<'_>, step: usize, to: &mut Plane) {
        let step = step.clamp(1, 16);
        let (width, height) = grid(from.width(), from.height(), step);
        to.resize(width, height);
        if step == 1 {
            to.load(from);
            return;
        }
        self.sums.resize(from.width(), 0);
        dispatch!(level, simd => cell_mean(simd, &mut self.sums, from, step, to));
    }
}

#[inline(always)]
fn cells<const STEP: usize>(sums: &[u16], scale: f32, to: &mut [f32]) {
    for (value, cell) in to.iter_mut().zip(sums.chunks_exact(STEP)) {
        let mut sum = 0u32;
        for &s in cell {
            sum += u32::from(s);
        }
        *value = sum as f32 * scale;
    }
}

/// As [`cells`] for 4: neighbours are added pair by pair.
#[inline(always)]
fn quads<S: Simd>(simd: S, sums: &[u16], scale: f32, to: &mut [f32]) {
    let (lanes, wide) = (S::u32s::LEN, S::u16s::LEN);
    let whole = (sums.len() / 4).min(to.len()) / lanes * lanes;
    for x in (0..whole).step_by(lanes) {
        let low = S::u16s::from_slice(simd, &sums[4 * x..4 * x + wide]);
        let high = S::u16s::from_slice(simd, &sums[4 * x + wide..4 * x + 2 * wide]);
        let (low, high) = (low.pairwise_widening_add(), high.pairwise_widening_add());
        let cells = low.unzip_low(high) + low.unzip_high(high);
        (cells.to_float::<S::f32s>() * scale).store_slice(&mut to[x..x + lanes]);
    }
    cells::<4>(&sums[4 * whole..], scale, &mut to[whole..]);
}

#[inline(always)]
fn sum_rows<const N: usize>(from: GrayRef<'_>, first: usize, sums: &mut [u16]) {
    let width = sums.len();
    let mut rows = [from.row(first); N];
    for (n, row) in rows.iter_mut().enumerate() {
        *row = &from.row(first + n)[..width];
    }
    for x in 0..width {
        let mut sum = 0;
        for row in &rows {
            sum += u16::from(row[x]);
        }
        sums[x] = sum;
    }
}

#[simd]
fn cell_mean<S: Simd>(simd: S, sums: &mut [u16], from: GrayRef<'_>, step: usize, to: &mut Plane) {
    let width = from.width();
    for y in 0..to.height() {
        let rows = y * step..((y + 1) * step).min(from.height());
        let count = rows.len();
        match count {
            2 => sum_rows::<2>(from, y * step, sums),
            4 => sum_rows::<4>(from, y * step, sums),
            6 => sum_rows::<6>(from, y * step, sums),
            8 => sum_rows::<8>(from, y * step, sums),
            _ => {
                sums.fill(0);
                for row in rows {
                    for (s, v) in sums.iter_mut().zip(from.row(row)) {
                        *s += u16::from(*v);
                    }
                }
            }
        }
        let scale = 1.0 / (255.0 * (count * step) as f32);
        let row = to.row_mut(y);
        match step {
            2 => cells::<2>(sums, scale, row),
            3 => cells::<3>(sums, scale, row),
            4 => quads(simd, sums, scale, row),
            6 => cells::<6>(sums, scale, row),
            8 => cells::<8>(sums, scale, row),
            _ => {
                for (value, cell) in row.iter_mut().zip(sums.chunks_exact(step)) {
                    *value = cell.iter().map(|&s| u32::from(s)).sum::<u32>() as f32 * scale;
                }
            }
        }
        let rest = width % step;
        if rest > 0 {
            let sum: u32 = sums[width - rest..].iter().map(|&s| u32::from(s)).sum();
            row[width / step] = sum as f32 / (255.0 * (count * rest) as f32);
        }
    }
}

#[cfg(test)]
#[path = "resample_tests.rs"]
mod tests;
