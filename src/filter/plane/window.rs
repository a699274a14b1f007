// SPDX-License-Identifier: MPL-2.0

//! Sums over square windows: the one tool that box blur, guided filter and local matting share.
//!
//! Vertical sums are kept as one running sum per column (one row enters, one leaves), horizontal
//! sums are made of whole shifted rows, so both run in full vector width. Running sums in `f32`
//! drift; they are therefore made anew every `REFRESH` rows.

use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Rows after which running column sums are made anew.
pub(crate) const REFRESH: usize = 32;

/// What happens to the column sums when the window moves down to row `y`, the first one being
/// `first`: calls `update` for the rows that enter (true) and leave (false), after `clear` if a
/// new sum starts, every `refresh` rows.
#[inline(always)]
pub(crate) fn advance<T: ?Sized>(
    (y, first, refresh): (usize, usize, usize),
    radius: usize,
    height: usize,
    sums: &mut T,
    clear: impl Fn(&mut T),
    mut update: impl FnMut(&mut T, usize, bool),
) {
    let last = (y + radius).min(height - 1);
    if (y - first).is_multiple_of(refresh) {
        clear(sums);
        for row in y.saturating_sub(radius)..=last {
            update(sums, row, true);
        }
        return;
    }
    if y + radius < height {
        update(sums, last, true);
    }
    if y > radius {
        update(sums, y - radius - 1, false);
    }
}

#[inline(always)]
fn sum_taps<const N: usize>(from: &[f32], to: &mut [f32]) {
    let width = to.len();
    let taps: [&[f32]; N] = std::array::from_fn(|k| &from[k..][..width]);
    for x in 0..width {
        let mut sum = taps[0][x];
        for tap in &taps[1..] {
            sum += tap[x];
        }
        to[x] = sum;
    }
}

/// Scratch of [`sliding_sum`].
#[derive(Debug, Default)]
pub(crate) struct SlidingScratch {
    power: [Vec<f32>; 2],
}

impl SlidingScratch {
    pub(crate) fn resize(&mut self, padded: usize) {
        for row in &mut self.power {
            row.resize(padded, 0.0);
        }
    }
}

/// `to[x] = sum of from[x..x + taps]`; `from` holds `to.len() + taps - 1` values.
///
/// Many taps are summed by doubling: sums of 1, 2, 4, ... neighbours, put together by the bits of
/// `taps`.
#[inline(always)]
pub(crate) fn sliding_sum(from: &[f32], taps: usize, to: &mut [f32], scratch: &mut SlidingScratch) {
    match taps {
        1 => to.copy_from_slice(&from[..to.len()]),
        3 => sum_taps::<3>(from, to),
        5 => sum_taps::<5>(from, to),
        7 => sum_taps::<7>(from, to),
        9 => sum_taps::<9>(from, to),
        11 => sum_taps::<11>(from, to),
        13 => sum_taps::<13>(from, to),
        15 => sum_taps::<15>(from, to),
        _ => {
            let [current, next] = &mut scratch.power;
            let (mut current, mut next) = (&mut current[..from.len()], &mut next[..from.len()]);
            current.copy_from_slice(from);
            to.fill(0.0);
            let (mut step, mut offset, mut left) = (1, 0, taps);
            while left > 0 {
                if left & 1 == 1 {
                    for (to, from) in to.iter_mut().zip(&current[offset..]) {
                        *to += from;
                    }
                    offset += step;
                }
                left >>= 1;
                if left > 0 {
                    let (low, high) = (&current[..], &current[step..]);
                    for ((n, l), h) in next.iter_mut().zip(low).zip(high) {
                        *n = l + h;
                    }
                    std::mem::swap(&mut current, &mut next);
                    step *= 2;
                }
            }
        }
    }
}

/// Mean over the square window of `2 radius + 1` pixels, cut at the borders (the mean of the
/// pixels that exist).
#[derive(Debug, Default)]
pub struct BoxMean {
    columns: Vec<f32>,
    inverse: Vec<f32>,
    scratch: SlidingScratch,
}

impl BoxMean {
    /// Writes the window means of `from` to `to`, which takes the size of `from`. Radius 0 copies.
    pub fn apply(&mut self, level: Level, from: &Plane, radius: usize, to: &mut Plane) {
        self.apply_oblong(level, from, (radius, radius), to);
    }

    /// The same over windows of two radii, across and down.
    pub fn apply_oblong(
        &mut self,
        level: Level,
        from: &Plane,
        (across, down): (usize, usize),
        to: &mut Plane,
    ) {
        to.resize(from.width(), from.height());
        let limit = from.width().max(from.height());
        let radii = (across.min(limit), down.min(limit));
        if radii == (0, 0) {
            to.copy_from(from);
            return;
        }
        let padded = from.width() + 2 * radii.0;
        self.columns.clear();
        self.columns.resize(padded, 0.0);
        self.scratch.resize(padded);
        window_counts(from.width(), radii.0, &mut self.inverse);
        dispatch!(level, simd => box_mean(simd, self, from, radii, to));
    }
}

/// How many pixels of a row of `width` lie within `radius` of each, inverted.
pub(crate) fn window_counts(width: usize, radius: usize, inverse: &mut Vec<f32>) {
    inverse.clear();
    inverse.extend((0..width).map(|x| {
        let count = (x + radius).min(width - 1) - x.saturating_sub(radius) + 1;
        1.0 / count as f32
    }));
}

/// Pixels of a column of `height` within `radius` of `y`.
pub(crate) fn window_count(y: usize, radius: usize, height: usize) -> usize {
    (y + radius).min(height - 1) - y.saturating_sub(radius) + 1
}

#[simd]
fn box_mean<S: Simd>(
    _: S,
    filter: &mut BoxMean,
    from: &Plane,
    (radius, down): (usize, usize),
    to: &mut Plane,
) {
    let (width, height) = from.size();
    let columns = &mut filter.columns[..];
    for y in 0..height {
        advance(
            (y, 0, REFRESH),
            down,
            height,
            columns,
            #[inline(always)]
            |c| c.fill(0.0),
            #[inline(always)]
            |c, row, enters| {
                let sign = if enters { 1.0 } else { -1.0 };
                for (c, v) in c[radius..][..width].iter_mut().zip(from.row(row)) {
                    *c += sign * v;
                }
            },
        );
        let row = to.row_mut(y);
        sliding_sum(columns, 2 * radius + 1, row, &mut filter.scratch);
        let rows = 1.0 / window_count(y, down, height) as f32;
        for (value, inverse) in row.iter_mut().zip(&filter.inverse) {
            *value *= inverse * rows;
        }
    }
}

#[cfg(test)]
#[path = "window_tests.rs"]
pub(crate) mod tests;
