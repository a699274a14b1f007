// SPDX-License-Identifier: MPL-2.0

//! Guided filter with a gray guide: fits, in every window, the matte as a linear function of the
//! luma, so that the matte's edges come to lie on the picture's.
//!
//! K. He, J. Sun, X. Tang, "Guided Image Filtering" (ECCV 2010), subsampled as in K. He, J. Sun,
//! "Fast Guided Filter" (2015): in window k
//! `a_k = cov(I, p) / (var(I) + eps)`, `b_k = mean(p) - a_k mean(I)`,
//! and the result is `q = mean(a) I + mean(b)` over the windows that hold a pixel. Only the two
//! coefficients are made here, at a low resolution; [`super::affine`] brings them to the frame's.
//!
//! With a weight per pixel all means are weighted ones. The caller gives a low weight to pixels
//! where the matte is not sure (around 0.5), so that the fit learns subject and background from
//! those that are, and applies what it learnt to the rest.

use super::Plane;
use super::window::{BoxMean, SlidingScratch, advance, sliding_sum, window_count, window_counts};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Luma is shifted by this before squares are summed: it keeps variances accurate in `f32`.
const MIDDLE: f32 = 0.5;

/// A matte as a linear function of the guide's luma at every place of a low resolution grid:
/// `q = a I + b`, matte and luma in 0 to 1.
#[derive(Debug, Default)]
pub struct Coefficients {
    /// Slope: matte per luma.
    pub a: Plane,
    /// Offset.
    pub b: Plane,
}

impl Coefficients {
    /// Both planes take this size; the content is undefined after a change.
    pub fn resize(&mut self, width: usize, height: usize) {
        self.a.resize(width, height);
        self.b.resize(width, height);
    }
}

/// The filter, with its scratch memory.
#[derive(Debug, Default)]
pub struct Guided {
    window: Coefficients,
    mean: BoxMean,
    sums: Sums,
}

/// Column sums and window sums of weight, I, p, I I and I p.
#[derive(Debug, Default)]
struct Sums {
    columns: [Vec<f32>; 5],
    windows: [Vec<f32>; 5],
    inverse: Vec<f32>,
    scratch: SlidingScratch,
}

impl Guided {
    /// Computes the coefficients that fit `matte` to `guide`, two planes of one size (the
    /// smaller's is taken), in windows of `2 radius + 1` pixels.
    ///
    /// `epsilon` is the variance of luma (0 to 1) below which a window counts as flat. `weight`
    /// is a plane of the same size with values above 0, or none for the plain filter.
    pub fn coefficients(
        &mut self,
        level: Level,
        guide: &Plane,
        matte: &Plane,
        weight: Option<&Plane>,
        (radius, epsilon): (usize, f32),
        out: &mut Coefficients,
    ) {
        debug_assert_eq!(guide.size(), matte.size());
        let (width, height) = guide.size();
        let radius = radius.min(width.max(height));
        self.window.resize(width, height);
        let padded = width + 2 * radius;
        for row in &mut self.sums.columns {
            row.clear();
            row.resize(padded, 0.0);
        }
        for row in &mut self.sums.windows {
            row.resize(width, 0.0);
        }
        self.sums.scratch.resize(padded);
        window_counts(width, radius, &mut self.sums.inverse);
        let input = Input {
            guide,
            matte,
            radius,
            epsilon: epsilon.max(1e-7),
        };
        let (sums, window) = (&mut self.sums, &mut self.window);
        match weight {
            Some(weight) => dispatch!(level, simd => weighted(simd, &input, weight, sums, window)),
            None => dispatch!(level, simd => plain(simd, &input, sums, window)),
        }
        self.mean.apply(level, &self.window.a, radius, &mut out.a);
        self.mean.apply(level, &self.window.b, radius, &mut out.b);
    }
}

struct Input<'a> {
    guide: &'a Plane,
    matte: &'a Plane,
    radius: usize,
    epsilon: f32,
}

#[simd]
fn plain<S: Simd>(_: S, input: &Input<'_>, sums: &mut Sums, window: &mut Coefficients) {
    let (width, height) = input.guide.size();
    let radius = input.radius;
    for y in 0..height {
        advance(
            y,
            radius,
            height,
            &mut sums.columns,
            #[inline(always)]
            |c| c.iter_mut().for_each(|c| c.fill(0.0)),
            #[inline(always)]
            |c, row, enters| {
                let sign = if enters { 1.0 } else { -1.0 };
                let (guide, matte) = (
                    &input.guide.row(row)[..width],
                    &input.matte.row(row)[..width],
                );
                let [_, si, sp, sii, sip] = c;
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
        for k in 1..5 {
            let to = &mut sums.windows[k][..width];
            sliding_sum(&sums.columns[k], 2 * radius + 1, to, &mut sums.scratch);
        }
        let [_, si, sp, sii, sip] = &sums.windows;
        let (si, sp, sii, sip) = (&si[..width], &sp[..width], &sii[..width], &sip[..width]);
        let inverse = &sums.inverse[..width];
        let a = &mut window.a.row_mut(y)[..width];
        let b = &mut window.b.row_mut(y)[..width];
        let rows = 1.0 / window_count(y, radius, height) as f32;
        for x in 0..width {
            let n = inverse[x] * rows;
            let (i, p) = (si[x] * n, sp[x] * n);
            let slope = (sip[x] * n - i * p) / ((sii[x] * n - i * i).max(0.0) + input.epsilon);
            a[x] = slope;
            b[x] = p - slope * (i + MIDDLE);
        }
    }
}

#[simd]
fn weighted<S: Simd>(
    _: S,
    input: &Input<'_>,
    weight: &Plane,
    sums: &mut Sums,
    window: &mut Coefficients,
) {
    let (width, height) = input.guide.size();
    let radius = input.radius;
    for y in 0..height {
        advance(
            y,
            radius,
            height,
            &mut sums.columns,
            #[inline(always)]
            |c| c.iter_mut().for_each(|c| c.fill(0.0)),
            #[inline(always)]
            |c, row, enters| {
                let sign = if enters { 1.0 } else { -1.0 };
                let (guide, matte) = (
                    &input.guide.row(row)[..width],
                    &input.matte.row(row)[..width],
                );
                let weight = &weight.row(row)[..width];
                let [sw, si, sp, sii, sip] = c;
                let sw = &mut sw[radius..][..width];
                let si = &mut si[radius..][..width];
                let sp = &mut sp[radius..][..width];
                let sii = &mut sii[radius..][..width];
                let sip = &mut sip[radius..][..width];
                for x in 0..width {
                    let (i, p, w) = (guide[x] - MIDDLE, matte[x], sign * weight[x]);
                    sw[x] += w;
                    si[x] += w * i;
                    sp[x] += w * p;
                    sii[x] += w * i * i;
                    sip[x] += w * i * p;
                }
            },
        );
        for k in 0..5 {
            let to = &mut sums.windows[k][..width];
            sliding_sum(&sums.columns[k], 2 * radius + 1, to, &mut sums.scratch);
        }
        let [sw, si, sp, sii, sip] = &sums.windows;
        let (sw, si, sp, sii, sip) = (
            &sw[..width],
            &si[..width],
            &sp[..width],
            &sii[..width],
            &sip[..width],
        );
        let a = &mut window.a.row_mut(y)[..width];
        let b = &mut window.b.row_mut(y)[..width];
        for x in 0..width {
            let n = 1.0 / sw[x].max(1e-6);
            let (i, p) = (si[x] * n, sp[x] * n);
            let slope = (sip[x] * n - i * p) / ((sii[x] * n - i * i).max(0.0) + input.epsilon);
            a[x] = slope;
            b[x] = p - slope * (i + MIDDLE);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::filter::testing::{noise, sizes};

    /// The coefficients in `f64`, straight from the formula.
    pub(in crate::filter) fn reference(
        guide: &Plane,
        matte: &Plane,
        weight: Option<&Plane>,
        (radius, epsilon): (usize, f64),
    ) -> (Vec<f64>, Vec<f64>) {
        let (width, height) = guide.size();
        let window = |x: usize, y: usize| {
            let rows = y.saturating_sub(radius)..=(y + radius).min(height - 1);
            rows.flat_map(move |v| {
                (x.saturating_sub(radius)..=(x + radius).min(width - 1)).map(move |u| (u, v))
            })
        };
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for y in 0..height {
            for x in 0..width {
                let [mut n, mut i, mut p, mut ii, mut ip] = [0.0f64; 5];
                for (u, v) in window(x, y) {
                    let w = weight.map_or(1.0, |w| f64::from(w.row(v)[u]));
                    let (gi, mp) = (f64::from(guide.row(v)[u]), f64::from(matte.row(v)[u]));
                    n += w;
                    i += w * gi;
                    p += w * mp;
                    ii += w * gi * gi;
                    ip += w * gi * mp;
                }
                let (i, p) = (i / n, p / n);
                let slope = (ip / n - i * p) / (ii / n - i * i + epsilon);
                a.push(slope);
                b.push(p - slope * i);
            }
        }
        let mean = |values: &[f64]| {
            let mut out = Vec::new();
            for y in 0..height {
                for x in 0..width {
                    let (sum, count) = window(x, y).fold((0.0, 0.0), |(s, c), (u, v)| {
                        (s + values[v * width + u], c + 1.0)
                    });
                    out.push(sum / count);
                }
            }
            out
        };
        (mean(&a), mean(&b))
    }

    #[test]
    fn equals_the_formula_at_every_size_and_level() {
        let (mut filter, mut out) = (Guided::default(), Coefficients::default());
        for (i, (width, height)) in sizes().into_iter().enumerate() {
            let (guide, matte) = (noise(width, height, 1), noise(width, height, 2));
            let mut weight = noise(width, height, 3);
            weight.data_mut().iter_mut().for_each(|w| *w += 0.05);
            let (radius, epsilon) = ([1, 2, 4, 6][i % 4], [1e-4, 1e-2][i % 2]);
            for weight in [None, Some(&weight)] {
                let (a, b) = reference(&guide, &matte, weight, (radius, f64::from(epsilon)));
                for level in crate::simd::levels() {
                    filter.coefficients(level, &guide, &matte, weight, (radius, epsilon), &mut out);
                    for k in 0..a.len() {
                        let i = f64::from(guide.data()[k]);
                        let got = f64::from(out.a.data()[k]) * i + f64::from(out.b.data()[k]);
                        let error = (got - (a[k] * i + b[k])).abs();
                        assert!(error < 1e-3, "{width}x{height} r{radius} [{k}]: {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn flat_mattes_stay_flat() {
        let (mut filter, mut out) = (Guided::default(), Coefficients::default());
        let guide = noise(50, 40, 1);
        for value in [0.0, 1.0] {
            let mut matte = Plane::new(50, 40);
            matte.data_mut().fill(value);
            filter.coefficients(
                crate::simd::level(),
                &guide,
                &matte,
                None,
                (3, 1e-4),
                &mut out,
            );
            assert!(out.a.data().iter().all(|a| a.abs() < 1e-3));
            assert!(out.b.data().iter().all(|b| (b - value).abs() < 1e-3));
        }
    }
}
