// SPDX-License-Identifier: MPL-2.0

//! How much two pictures differ, square by square.

use crate::frame::GrayRef;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Side of a square in pixels; those at the right and lower border may be smaller.
pub const SQUARE: usize = 4;
/// What a difference of 1 (of 255) counts.
pub const UNIT: u16 = 16;
/// Mean difference of a square from which it has changed, in units of [`UNIT`]; sensor noise is
/// below.
pub const CHANGED: u16 = 4 * UNIT;

/// The differences of two pictures. Owns its scratch memory.
#[derive(Debug, Default)]
pub struct Squares {
    means: Vec<u16>,
    columns: usize,
    total: u64,
    sums: Vec<u16>,
}

impl Squares {
    /// Squares in a row, and rows of squares, of the pictures that were compared last.
    pub fn size(&self) -> (usize, usize) {
        (self.columns, self.means.len() / self.columns.max(1))
    }

    /// The mean difference of each square in units of 1/16, row by row: 0 to 4080.
    pub fn means(&self) -> &[u16] {
        &self.means
    }

    /// The sum of all pixels' differences.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Compares two pictures of one size.
    pub fn compare(&mut self, level: Level, a: GrayRef<'_>, b: GrayRef<'_>) {
        debug_assert_eq!((a.width(), a.height()), (b.width(), b.height()));
        dispatch!(level, simd => compare(simd, self, a, b));
    }
}

#[simd]
fn compare<S: Simd>(_: S, squares: &mut Squares, a: GrayRef<'_>, b: GrayRef<'_>) {
    let (width, height) = (a.width(), a.height());
    squares.columns = width.div_ceil(SQUARE);
    squares.sums.resize(width, 0);
    squares.means.clear();
    squares.total = 0;
    for top in (0..height).step_by(SQUARE) {
        let rows = (height - top).min(SQUARE);
        squares.sums.fill(0);
        for y in top..top + rows {
            for (sum, (a, b)) in squares.sums.iter_mut().zip(a.row(y).iter().zip(b.row(y))) {
                *sum += u16::from(a.abs_diff(*b));
            }
        }
        for columns in squares.sums.chunks(SQUARE) {
            let sum = columns.iter().sum::<u16>();
            let pixels = (columns.len() * rows) as u16;
            squares.total += u64::from(sum);
            squares.means.push(match usize::from(pixels) {
                16 => sum,
                _ => (u32::from(sum) * u32::from(UNIT) / u32::from(pixels)) as u16,
            });
        }
    }
}

const _: () = assert!(
    SQUARE * SQUARE == UNIT as usize,
    "a whole square's sum is its mean"
);

#[cfg(test)]
#[path = "squares_tests.rs"]
mod tests;
