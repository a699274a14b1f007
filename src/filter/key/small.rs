// SPDX-License-Identifier: MPL-2.0

//! What is known of the screen at a small size, of about 72 rows: the screen is smooth, and what
//! bounds the key need not be sharp.

use super::axis::{KeyAxis, strengths};
use super::plate::Plate;
use crate::filter::Plane;
use crate::filter::plane::larger;
use crate::filter::plane::resample::Bilinear;
use crate::frame::GrayRef;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// The mean difference of noise of single cells, in that of means of four of them.
const SINGLE: f32 = 2.0;

/// About how many rows the planes have. Distances count them.
const ROWS: usize = 72;

/// The size for a raw matte's.
pub(super) fn small_size((width, height): (usize, usize)) -> (usize, usize) {
    let factor = ((height + ROWS / 2) / ROWS).max(1);
    (width.div_ceil(factor), height.div_ceil(factor))
}

/// How the places become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Their mean.
    Mean,
    /// The largest.
    Most,
}

/// Brings planes of the raw matte's size to the small one.
#[derive(Debug, Default)]
pub(super) struct Reduce {
    rows: Vec<f32>,
}

impl Reduce {
    /// Writes what every place of `to` covers in `from`.
    pub fn apply(&mut self, level: Level, from: &Plane, of: Of, to: &mut Plane) {
        let (width, height) = small_size(from.size());
        to.resize(width, height);
        if to.size() == from.size() {
            to.copy_from(from);
            return;
        }
        self.rows.resize(from.width(), 0.0);
        match of {
            Of::Mean => {
                dispatch!(level, simd => reduced::<_, false>(simd, &mut self.rows, from, to))
            }
            Of::Most => {
                dispatch!(level, simd => reduced::<_, true>(simd, &mut self.rows, from, to))
            }
        }
    }
}

#[simd]
fn reduced<S: Simd, const MOST: bool>(_: S, rows: &mut [f32], from: &Plane, to: &mut Plane) {
    let (width, height) = to.size();
    for y in 0..height {
        let (first, end) = covered(y, height, from.height());
        rows.copy_from_slice(from.row(first));
        for row in first + 1..end {
            for (sum, value) in rows.iter_mut().zip(from.row(row)) {
                *sum = together::<MOST>(*sum, *value);
            }
        }
        for (x, out) in to.row_mut(y).iter_mut().enumerate() {
            let (left, right) = covered(x, width, rows.len());
            let mut sum = rows[left];
            for value in &rows[left + 1..right] {
                sum = together::<MOST>(sum, *value);
            }
            *out = match MOST {
                true => sum,
                false => sum / ((end - first) * (right - left)) as f32,
            };
        }
    }
}

#[inline(always)]
fn together<const MOST: bool>(a: f32, b: f32) -> f32 {
    if MOST { larger(a, b) } else { a + b }
}

/// The first of `from` places that place `at` of `count` covers, and the first after them.
#[inline(always)]
fn covered(at: usize, count: usize, from: usize) -> (usize, usize) {
    (at * from / count, ((at + 1) * from / count))
}

/// The planes, one size.
#[derive(Debug, Default)]
pub(super) struct Small {
    /// The network's newest matte.
    pub raw: Plane,
    /// Both colour differences, 0 to 1.
    pub chroma: [Plane; 2],
    /// How much they have of the screen's colour, and had in the frame before.
    pub strength: Plane,
    last: Plane,
    /// Offset and factor of the alpha of a place's strength.
    pub alpha: [Plane; 2],
    /// 1 over the screen's strength.
    pub inverse: Plane,
    /// How far the key is heard.
    pub trust: Plane,
    /// 1 where the screen is proven to lie behind.
    pub proof: Plane,
    /// How far a place is screen, whatever the network says.
    pub gap: Plane,
    bilinear: Bilinear,
}

impl Small {
    /// Forgets the frames before, and takes a size.
    pub fn reset(&mut self, (width, height): (usize, usize)) {
        for plane in [&mut self.inverse, &mut self.trust, &mut self.gap] {
            plane.resize(width, height);
            plane.data_mut().fill(0.0);
        }
        self.strength = Plane::default();
    }

    /// Exchanges what holds nothing from one frame to the next.
    pub fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.raw, &mut other.raw);
        std::mem::swap(&mut self.chroma, &mut other.chroma);
        std::mem::swap(&mut self.last, &mut other.last);
        std::mem::swap(&mut self.alpha, &mut other.alpha);
        std::mem::swap(&mut self.proof, &mut other.proof);
        std::mem::swap(&mut self.bilinear, &mut other.bilinear);
    }

    /// Takes the colours of a frame: means of four cells, of which the picture covers `span`.
    pub fn see(
        &mut self,
        pictures: [GrayRef<'_>; 2],
        span: (f32, f32),
        (width, height): (usize, usize),
    ) {
        for (plane, picture) in self.chroma.iter_mut().zip(pictures) {
            plane.resize(width, height);
            for y in 0..height {
                let rows = pair(y, height, (span.1, picture.height()));
                let [above, below] = rows.map(|row| picture.row(row));
                for (x, out) in plane.row_mut(y).iter_mut().enumerate() {
                    let [left, right] = pair(x, width, (span.0, picture.width()));
                    let codes = [above[left], above[right], below[left], below[right]];
                    let sum: u32 = codes.into_iter().map(u32::from).sum();
                    *out = sum as f32 * (1.0 / 1020.0);
                }
            }
        }
    }

    /// Finds the strengths; returns the mean difference of a cell's from the frame before, over all
    /// that has the screen's colour.
    pub fn measure(&mut self, level: Level, axis: KeyAxis) -> f32 {
        std::mem::swap(&mut self.strength, &mut self.last);
        strengths(level, axis, self.chroma.each_ref(), &mut self.strength);
        if self.last.size() != self.strength.size() {
            self.last.copy_from(&self.strength);
        }
        let (mut sum, mut count) = (0.0, 0.0_f32);
        for (now, last) in self.strength.data().iter().zip(self.last.data()) {
            let screen = f32::from(u8::from(*now > 0.0));
            sum += (now - last).abs() * screen;
            count += screen;
        }
        SINGLE * sum / count.max(1.0)
    }

    /// Takes what the plate knows.
    pub fn know(&mut self, level: Level, plate: &Plate) {
        let (width, height) = self.strength.size();
        let [offset, factor] = &mut self.alpha;
        for plane in [&mut *offset, &mut *factor, &mut self.proof] {
            plane.resize(width, height);
        }
        let [of_offset, of_factor] = &plate.alpha;
        for (from, to) in [
            (of_offset, offset),
            (of_factor, factor),
            (&plate.inverse, &mut self.inverse),
            (&plate.trust, &mut self.trust),
        ] {
            self.bilinear.apply(level, from, to);
        }
    }
}

/// The two cells of a grid, of which the picture covers `span`, around the middle of place `x` of
/// `count`.
fn pair(x: usize, count: usize, (span, cells): (f32, usize)) -> [usize; 2] {
    let at = (x as f32 + 0.5) * span / count as f32;
    let before = (at - 0.5).max(0.0) as usize;
    [before.min(cells - 1), (before + 1).min(cells - 1)]
}

#[cfg(test)]
#[path = "small_tests.rs"]
mod tests;
