// SPDX-License-Identifier: MPL-2.0

//! Mean, maximum and minimum over 3x3 pixels, a row at a time, so that what uses them needs no plane for
//! them. At the borders the pixels that exist count.

use super::{larger, smaller};

/// Scratch of a row.
#[derive(Debug, Default)]
pub(crate) struct Window3 {
    /// The column's sum, maximum or minimum, with a neutral value on either side.
    column: Vec<f32>,
}

impl Window3 {
    /// Writes the means of a row, given with its neighbours, to `out`.
    #[inline(always)]
    pub(crate) fn mean(&mut self, rows: [Option<&[f32]>; 3], out: &mut [f32]) {
        let width = out.len();
        let (scale, edge) = self.sum(rows, width);
        self.combine(out, |a, b, c| (a + b + c) * scale);
        out[0] *= edge;
        if width > 1 {
            out[width - 1] *= edge;
        }
    }

    /// Writes what `map` makes of the means of a row, given with its neighbours, and of a row of
    /// other values, to `out`.
    #[inline(always)]
    pub(crate) fn mean_with(
        &mut self,
        rows: [Option<&[f32]>; 3],
        others: &[f32],
        out: &mut [f32],
        map: impl Fn(f32, f32) -> f32,
    ) {
        let width = out.len();
        let (scale, edge) = self.sum(rows, width);
        let (left, here, right) = (
            &self.column[..width],
            &self.column[1..][..width],
            &self.column[2..][..width],
        );
        let others = &others[..width];
        for x in 0..width {
            out[x] = map((left[x] + here[x] + right[x]) * scale, others[x]);
        }
        for x in [0, width - 1] {
            out[x] = map((left[x] + here[x] + right[x]) * scale * edge, others[x]);
        }
    }

    /// Adds the rows up. Returns what makes means of sums of three columns, and what the first and
    /// the last one of these, which have fewer columns, have to be multiplied by.
    #[inline(always)]
    fn sum(&mut self, rows: [Option<&[f32]>; 3], width: usize) -> (f32, f32) {
        self.fill(rows, width, 0.0, |a, b| a + b);
        let scale = 1.0 / (3 * rows.iter().flatten().count()) as f32;
        (scale, if width > 1 { 1.5 } else { 3.0 })
    }

    /// Writes the maxima of a row, given with its neighbours, to `out`; no value is below 0.
    #[inline(always)]
    pub(crate) fn most(&mut self, rows: [Option<&[f32]>; 3], out: &mut [f32]) {
        self.fill(rows, out.len(), 0.0, larger);
        self.combine(out, |a, b, c| larger(larger(a, b), c));
    }

    /// Writes the minima of a row, given with its neighbours, to `out`.
    #[inline(always)]
    pub(crate) fn least(&mut self, rows: [Option<&[f32]>; 3], out: &mut [f32]) {
        self.fill(rows, out.len(), f32::INFINITY, smaller);
        self.combine(out, |a, b, c| smaller(smaller(a, b), c));
    }

    /// Joins the rows that exist; the middle one does.
    #[inline(always)]
    fn fill(
        &mut self,
        rows: [Option<&[f32]>; 3],
        width: usize,
        neutral: f32,
        join: impl Fn(f32, f32) -> f32,
    ) {
        self.column.resize(width + 2, 0.0);
        self.column[0] = neutral;
        self.column[width + 1] = neutral;
        let column = &mut self.column[1..][..width];
        let [up, here, down] = rows.map(|row| row.unwrap_or_default());
        let here = &here[..width];
        match (up, down) {
            ([], []) => column.copy_from_slice(here),
            ([], other) | (other, []) => {
                let other = &other[..width];
                for x in 0..width {
                    column[x] = join(here[x], other[x]);
                }
            }
            (up, down) => {
                let (up, down) = (&up[..width], &down[..width]);
                for x in 0..width {
                    column[x] = join(join(here[x], up[x]), down[x]);
                }
            }
        }
    }

    #[inline(always)]
    fn combine(&mut self, row: &mut [f32], join: impl Fn(f32, f32, f32) -> f32) {
        let width = row.len();
        let left = &self.column[..width];
        let here = &self.column[1..][..width];
        let right = &self.column[2..][..width];
        for x in 0..width {
            row[x] = join(left[x], here[x], right[x]);
        }
    }
}

#[cfg(test)]
#[path = "window3_tests.rs"]
mod tests;
