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
//! The plain filter blurs what it does not understand: near an edge most windows hold textures
//! that luma cannot tell apart, and their fits bleed into each other. [`Fit::Confident`] differs
//! in two places.
//! * Means inside a window are weighted by how sure the matte is, `w = w0 + (1 - w0)(2 p - 1)^2`:
//!   the fit learns subject and background from pixels that are sure and applies it to the rest.
//! * The mean over windows is weighted by how well each fitted, `1 / (r + r0)` with `r` the
//!   variance of `p` that the fit left over: windows whose luma explains nothing (a textured
//!   background, hair before dark clothes) give way to those whose luma does, and flat ones,
//!   which fit perfectly, keep the plain areas plain.

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

    /// The matte itself, whatever the guide is: slope 0.
    pub fn without_guide(&mut self, matte: &Plane) {
        self.a.resize(matte.width(), matte.height());
        self.a.data_mut().fill(0.0);
        self.b.copy_from(matte);
    }
}

/// How windows are fitted and put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fit {
    /// As published.
    Plain,
    /// Weighted by the matte's confidence and the fit's quality.
    #[default]
    Confident,
}

/// Least weight of an unsure pixel, `w0`.
pub(super) const LEAST_WEIGHT: f32 = 0.05;
/// Variance left over that counts as a perfect fit, `r0`.
pub(super) const PERFECT: f32 = 3e-4;

/// Weight of a pixel whose matte is `p`.
#[inline(always)]
pub(super) fn confidence(p: f32) -> f32 {
    let sure = 2.0 * p - 1.0;
    LEAST_WEIGHT + (1.0 - LEAST_WEIGHT) * sure * sure
}

/// The filter, with its scratch memory.
#[derive(Debug, Default)]
pub struct Guided {
    window: Coefficients,
    quality: Plane,
    quality_mean: Plane,
    mean: BoxMean,
    sums: Sums,
}

/// Column sums and window sums of weight, I, p, I I, I p and p p.
#[derive(Debug, Default)]
struct Sums {
    columns: [Vec<f32>; 6],
    windows: [Vec<f32>; 6],
    inverse: Vec<f32>,
    scratch: SlidingScratch,
}

impl Guided {
    /// Computes the coefficients that fit `matte` to `guide`, two planes of one size (the
    /// smaller's is taken), in windows of `2 radius + 1` pixels.
    ///
    /// `epsilon` is the variance of luma (0 to 1) below which a window counts as flat.
    pub fn coefficients(
        &mut self,
        level: Level,
        (guide, matte): (&Plane, &Plane),
        fit: Fit,
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
        match fit {
            Fit::Plain => dispatch!(level, simd => plain(simd, &input, sums, window)),
            Fit::Confident => {
                let quality = &mut self.quality;
                quality.resize(width, height);
                dispatch!(level, simd => confident(simd, &input, sums, window, quality));
            }
        }
        self.mean.apply(level, &self.window.a, radius, &mut out.a);
        self.mean.apply(level, &self.window.b, radius, &mut out.b);
        if fit == Fit::Confident {
            let mean = &mut self.quality_mean;
            self.mean.apply(level, &self.quality, radius, mean);
            for plane in [&mut out.a, &mut out.b] {
                dispatch!(level, simd => divide(simd, plane.data_mut(), mean.data()));
            }
        }
    }
}

/// Divides values by others, as many.
#[simd]
pub(super) fn divide<S: Simd>(_: S, values: &mut [f32], by: &[f32]) {
    for (value, by) in values.iter_mut().zip(by) {
        *value /= by;
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
                let [_, si, sp, sii, sip, _] = c;
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
        let [_, si, sp, sii, sip, _] = &sums.windows;
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
fn confident<S: Simd>(
    _: S,
    input: &Input<'_>,
    sums: &mut Sums,
    window: &mut Coefficients,
    quality: &mut Plane,
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
                let guide = &input.guide.row(row)[..width];
                let matte = &input.matte.row(row)[..width];
                let [sw, si, sp, sii, sip, spp] = c;
                let sw = &mut sw[radius..][..width];
                let si = &mut si[radius..][..width];
                let sp = &mut sp[radius..][..width];
                let sii = &mut sii[radius..][..width];
                let sip = &mut sip[radius..][..width];
                let spp = &mut spp[radius..][..width];
                for x in 0..width {
                    let (i, p) = (guide[x] - MIDDLE, matte[x]);
                    let w = sign * confidence(p);
                    let (wi, wp) = (w * i, w * p);
                    sw[x] += w;
                    si[x] += wi;
                    sp[x] += wp;
                    sii[x] += wi * i;
                    sip[x] += wi * p;
                    spp[x] += wp * p;
                }
            },
        );
        for k in 0..6 {
            let to = &mut sums.windows[k][..width];
            sliding_sum(&sums.columns[k], 2 * radius + 1, to, &mut sums.scratch);
        }
        let [sw, si, sp, sii, sip, spp] = &sums.windows;
        let (sw, si, sp) = (&sw[..width], &si[..width], &sp[..width]);
        let (sii, sip, spp) = (&sii[..width], &sip[..width], &spp[..width]);
        let a = &mut window.a.row_mut(y)[..width];
        let b = &mut window.b.row_mut(y)[..width];
        let q = &mut quality.row_mut(y)[..width];
        for x in 0..width {
            let n = 1.0 / sw[x].max(1e-6);
            let (i, p) = (si[x] * n, sp[x] * n);
            let covariance = sip[x] * n - i * p;
            let slope = covariance / ((sii[x] * n - i * i).max(0.0) + input.epsilon);
            let left = (spp[x] * n - p * p - slope * covariance).max(0.0);
            let fits = 1.0 / (left + PERFECT);
            a[x] = slope * fits;
            b[x] = (p - slope * (i + MIDDLE)) * fits;
            q[x] = fits;
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
        fit: Fit,
        (radius, epsilon): (usize, f64),
    ) -> (Vec<f64>, Vec<f64>) {
        let (width, height) = guide.size();
        let window = |x: usize, y: usize| {
            let rows = y.saturating_sub(radius)..=(y + radius).min(height - 1);
            rows.flat_map(move |v| {
                (x.saturating_sub(radius)..=(x + radius).min(width - 1)).map(move |u| (u, v))
            })
        };
        let (mut a, mut b, mut quality) = (Vec::new(), Vec::new(), Vec::new());
        for y in 0..height {
            for x in 0..width {
                let [mut n, mut i, mut p, mut ii, mut ip, mut pp] = [0.0f64; 6];
                for (u, v) in window(x, y) {
                    let (gi, mp) = (f64::from(guide.row(v)[u]), f64::from(matte.row(v)[u]));
                    let w = match fit {
                        Fit::Plain => 1.0,
                        Fit::Confident => 0.05 + 0.95 * (2.0 * mp - 1.0).powi(2),
                    };
                    n += w;
                    i += w * gi;
                    p += w * mp;
                    ii += w * gi * gi;
                    ip += w * gi * mp;
                    pp += w * mp * mp;
                }
                let (i, p) = (i / n, p / n);
                let covariance = ip / n - i * p;
                let slope = covariance / (ii / n - i * i + epsilon);
                let left = (pp / n - p * p - slope * covariance).max(0.0);
                a.push(slope);
                b.push(p - slope * i);
                quality.push(if fit == Fit::Plain {
                    1.0
                } else {
                    1.0 / (left + 3e-4)
                });
            }
        }
        let mean = |values: &[f64]| {
            let mut out = Vec::new();
            for y in 0..height {
                for x in 0..width {
                    let (sum, count) = window(x, y).fold((0.0, 0.0), |(s, c), (u, v)| {
                        let k = v * width + u;
                        (s + values[k] * quality[k], c + quality[k])
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
            let (radius, epsilon) = ([1, 2, 4, 6][i % 4], [1e-4, 1e-2][i % 2]);
            for fit in [Fit::Plain, Fit::Confident] {
                let (a, b) = reference(&guide, &matte, fit, (radius, f64::from(epsilon)));
                for level in crate::simd::levels() {
                    let planes = (&guide, &matte);
                    filter.coefficients(level, planes, fit, (radius, epsilon), &mut out);
                    for k in 0..a.len() {
                        let i = f64::from(guide.data()[k]);
                        let got = f64::from(out.a.data()[k]) * i + f64::from(out.b.data()[k]);
                        let error = (got - (a[k] * i + b[k])).abs();
                        assert!(
                            error < 2e-3,
                            "{width}x{height} r{radius} {fit:?} [{k}]: {error}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn flat_mattes_stay_flat() {
        let (mut filter, mut out) = (Guided::default(), Coefficients::default());
        let (guide, level) = (noise(50, 40, 1), crate::simd::level());
        for (value, fit) in [
            (0.0, Fit::Plain),
            (1.0, Fit::Plain),
            (0.0, Fit::Confident),
            (1.0, Fit::Confident),
        ] {
            let mut matte = Plane::new(50, 40);
            matte.data_mut().fill(value);
            filter.coefficients(level, (&guide, &matte), fit, (3, 1e-4), &mut out);
            assert!(out.a.data().iter().all(|a| a.abs() < 1e-3));
            assert!(out.b.data().iter().all(|b| (b - value).abs() < 1e-3));
        }
    }
}
