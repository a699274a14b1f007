// SPDX-License-Identifier: MPL-2.0

//! The largest and the least of the places in a square around each: bounds that move by whole
//! places. [`crate::filter::regions::morphology`] moves edges by fractions of a pixel, round ones,
//! and takes ten times as long.

use crate::filter::Plane;
use crate::filter::plane::{larger, smaller};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// The filter's scratch memory.
#[derive(Debug, Default)]
pub(super) struct Square {
    across: Plane,
    padded: Vec<f32>,
}

impl Square {
    /// Raises every place to the largest one up to `radius` away, across and down.
    pub fn raise(&mut self, level: Level, plane: &mut Plane, radius: usize) {
        self.begin(plane, radius);
        dispatch!(level, simd => extremes::<_, true>(simd, self, plane, radius));
    }

    /// Lowers every place to the least one up to `radius` away, across and down.
    pub fn lower(&mut self, level: Level, plane: &mut Plane, radius: usize) {
        self.begin(plane, radius);
        dispatch!(level, simd => extremes::<_, false>(simd, self, plane, radius));
    }

    fn begin(&mut self, plane: &Plane, radius: usize) {
        self.across.resize(plane.width(), plane.height());
        self.padded.resize(plane.width() + 2 * radius, 0.0);
    }
}

#[simd]
fn extremes<S: Simd, const MOST: bool>(
    _: S,
    square: &mut Square,
    plane: &mut Plane,
    radius: usize,
) {
    let (width, height) = plane.size();
    for y in 0..height {
        let row = plane.row(y);
        square.padded[..radius].fill(row[0]);
        square.padded[radius..][..width].copy_from_slice(row);
        square.padded[radius + width..].fill(row[width - 1]);
        let out = square.across.row_mut(y);
        out.copy_from_slice(&square.padded[..width]);
        for shift in 1..=2 * radius {
            extreme::<MOST>(out, &square.padded[shift..]);
        }
    }
    for y in 0..height {
        let out = plane.row_mut(y);
        out.copy_from_slice(square.across.row(y.saturating_sub(radius)));
        for row in y.saturating_sub(radius) + 1..=(y + radius).min(height - 1) {
            extreme::<MOST>(out, square.across.row(row));
        }
    }
}

#[inline(always)]
fn extreme<const MOST: bool>(out: &mut [f32], with: &[f32]) {
    for (out, with) in out.iter_mut().zip(with) {
        *out = match MOST {
            true => larger(*out, *with),
            false => smaller(*out, *with),
        };
    }
}

#[cfg(test)]
#[path = "square_tests.rs"]
mod tests;
