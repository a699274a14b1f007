// SPDX-License-Identifier: MPL-2.0

//! The guided filter's coefficients as published, in one pass over rows: the means of slopes and
//! offsets follow a window behind the fits, so that these never leave the nearest memory.

use super::coefficients::{Coefficients, MIDDLE};
use crate::filter::Plane;
use crate::filter::plane::window::{
    REFRESH, SlidingScratch, advance, sliding_sum, window_count, window_counts,
};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// The fit with its scratch memory: column sums and window sums of I, p, I I, I p, and of a, b.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    columns: [Vec<f32>; 4],
    windows: [Vec<f32>; 4],
    /// The newest rows of fits, row `y` at `y % rows`.
    fits: Coefficients,
    means: [Vec<f32>; 2],
    inverse: Vec<f32>,
    scratch: SlidingScratch,
}

impl Plain {
    /// Fits `matte` to `guide`, two planes of one size, in windows of `2 radius + 1` pixels, which
    /// is no more than the planes' longer side.
    pub(crate) fn coefficients(
        &mut self,
        level: Level,
        (guide, matte): (&Plane, &Plane),
        (radius, epsilon): (usize, f32),
        out: &mut Coefficients,
    ) {
        let (width, height) = guide.size();
        let padded = width + 2 * radius;
        for row in self.columns.iter_mut().chain(&mut self.means) {
            row.clear();
            row.resize(padded, 0.0);
        }
        for row in &mut self.windows {
            row.resize(width, 0.0);
        }
        self.scratch.resize(padded);
        self.fits.resize(width, (2 * radius + 2).min(height));
        window_counts(width, radius, &mut self.inverse);
        out.resize(width, height);
        let input = Input {
            guide,
            matte,
            radius,
            epsilon,
        };
        dispatch!(level, simd => pass(simd, self, &input, out));
    }
}

struct Input<'a> {
    guide: &'a Plane,
    matte: &'a Plane,
    radius: usize,
    epsilon: f32,
}

#[simd]
fn pass<S: Simd>(_: S, plain: &mut Plain, input: &Input<'_>, out: &mut Coefficients) {
    let (height, radius) = (input.guide.height(), input.radius);
    for y in 0..height + radius {
        if y < height {
            plain.fit(input, y);
        }
        if let Some(y) = y.checked_sub(radius) {
            plain.average(radius, height, y, out);
        }
    }
}

impl Plain {
    /// Fits the windows of row `y`.
    #[inline(always)]
    fn fit(&mut self, input: &Input<'_>, y: usize) {
        let (width, height) = input.guide.size();
        let radius = input.radius;
        advance(
            (y, 0, REFRESH),
            radius,
            height,
            &mut self.columns,
            #[inline(always)]
            |c| c.iter_mut().for_each(|c| c.fill(0.0)),
            #[inline(always)]
            |c, row, enters| {
                let sign = if enters { 1.0 } else { -1.0 };
                let (guide, matte) = (
                    &input.guide.row(row)[..width],
                    &input.matte.row(row)[..width],
                );
                let [si, sp, sii, sip] = c;
                let si = &mut si[radius..][..width];
                let sp = &mut sp[radius..][..width];
                let sii = &mut sii[radius..][..width];
                let sip = &mut sip[radius..][..width];
                for x in 0..width {
                    let (i, p) = (guide[x] - MIDDLE, matte[x]);
                    let signed = sign * i;
                    si[x] += signed;
                    sp[x] += sign * p;
                    sii[x] += signed * i;
                    sip[x] += signed * p;
                }
            },
        );
        for (columns, windows) in self.columns.iter().zip(&mut self.windows) {
            let to = &mut windows[..width];
            sliding_sum(columns, 2 * radius + 1, to, &mut self.scratch);
        }
        let [si, sp, sii, sip] = &self.windows;
        let (si, sp, sii, sip) = (&si[..width], &sp[..width], &sii[..width], &sip[..width]);
        let inverse = &self.inverse[..width];
        let kept = self.fits.a.height();
        let a = &mut self.fits.a.row_mut(y % kept)[..width];
        let b = &mut self.fits.b.row_mut(y % kept)[..width];
        let rows = 1.0 / window_count(y, radius, height) as f32;
        for x in 0..width {
            let n = inverse[x] * rows;
            let (i, p) = (si[x] * n, sp[x] * n);
            let slope = (sip[x] * n - i * p) / ((sii[x] * n - i * i).max(0.0) + input.epsilon);
            a[x] = slope;
            b[x] = p - slope * (i + MIDDLE);
        }
    }

    /// Writes the means around row `y`.
    #[inline(always)]
    fn average(&mut self, radius: usize, height: usize, y: usize, out: &mut Coefficients) {
        let kept = self.fits.a.height();
        let rows = 1.0 / window_count(y, radius, height) as f32;
        let planes = [(&self.fits.a, &mut out.a), (&self.fits.b, &mut out.b)];
        for (columns, (fits, to)) in self.means.iter_mut().zip(planes) {
            advance(
                (y, 0, REFRESH),
                radius,
                height,
                &mut columns[..],
                #[inline(always)]
                |c| c.fill(0.0),
                #[inline(always)]
                |c, row, enters| {
                    let sign = if enters { 1.0 } else { -1.0 };
                    let values = fits.row(row % kept);
                    for (c, v) in c[radius..].iter_mut().zip(values) {
                        *c += sign * v;
                    }
                },
            );
            let to = to.row_mut(y);
            sliding_sum(columns, 2 * radius + 1, to, &mut self.scratch);
            for (value, inverse) in to.iter_mut().zip(&self.inverse) {
                *value *= inverse * rows;
            }
        }
    }
}
