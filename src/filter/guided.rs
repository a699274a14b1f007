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
//! * Means inside a window are weighted by how sure the matte is,
//!   `w = w0 + (1 - w0) s^2` with `s = max(0, (|2 p - 1| - s0) / (1 - s0))`: the fit learns subject
//!   and background from pixels that are sure and applies it to the rest.
//! * The mean over windows is weighted by what each understood, `(c + c0) / (r + r0)`: `r` is the
//!   variance of `p` that the fit left over, `c = cov(I, p)^2 / var(p)` the contrast between the
//!   sides that it saw. So windows whose luma explains nothing (a textured background, hair before
//!   dark clothes) give way to those whose luma does, and so do windows that saw one side only and
//!   took the few unsure pixels in them for the same. Windows whose matte is the same all over
//!   weigh much and keep it so.
//!
//! A confident fit is computed around edges only; see [`super::patches`].

use super::Plane;
use super::patches::{Finder, Patch};
use super::sums::{Sums, add, average, load, store};
use super::window::{
    BoxMean, REFRESH, SlidingScratch, advance, sliding_sum, window_count, window_counts,
};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch, prelude::*};
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

    /// What the coefficients make of a guide on their own grid, 0 to 1 and a little steeper, so that
    /// what is nearly 0 or 1 becomes so.
    pub(super) fn evaluate(&self, guide: &Plane, out: &mut Plane) {
        const STEEPER: f32 = 1.05;
        out.resize(guide.width(), guide.height());
        let coefficients = self.a.data().iter().zip(self.b.data());
        let values = out.data_mut().iter_mut().zip(guide.data());
        for ((q, i), (a, b)) in values.zip(coefficients) {
            *q = ((a * i + b - 0.5) * STEEPER + 0.5).clamp(0.0, 1.0);
        }
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
pub(super) const LEAST_WEIGHT: f32 = 0.02;
/// How sure a pixel must be, `s0`: less says nothing.
const SURE: f32 = 0.7;
/// Variance left over that counts as a perfect fit, `r0`.
pub(super) const PERFECT: f32 = 3e-4;
/// Contrast that counts as some, `c0`.
pub(super) const CONTRAST: f32 = 3e-3;
/// Quality of windows whose matte is the same all over: they keep it.
pub(super) const PLAIN: f32 = 0.1 / PERFECT;
/// Variance of the matte up to which it is that.
pub(super) const SAME: f32 = 1e-6;
/// Variance of the matte below which little is told apart.
pub(super) const ALIKE: f32 = 1e-4;

/// Weight of a pixel whose matte is `p`.
#[inline(always)]
pub(super) fn confidence(p: f32) -> f32 {
    let sure = (((2.0 * p - 1.0).abs() - SURE) * (1.0 / (1.0 - SURE))).max(0.0);
    LEAST_WEIGHT + (1.0 - LEAST_WEIGHT) * sure * sure
}

/// The filter, with its scratch memory.
#[derive(Debug, Default)]
pub struct Guided {
    window: Coefficients,
    plain: PlainSums,
    mean: BoxMean,
    quality: Plane,
    weights: Plane,
    finder: Finder,
    fitted: Vec<Patch>,
    averaged: Vec<Patch>,
    sums: Sums<6>,
    means: Sums<3>,
}

/// Column sums and window sums of I, p, I I, I p over whole rows.
#[derive(Debug, Default)]
struct PlainSums {
    columns: [Vec<f32>; 4],
    windows: [Vec<f32>; 4],
    inverse: Vec<f32>,
    scratch: SlidingScratch,
}

/// Widest patch: its sums stay in the first-level cache.
pub(super) const PATCH: usize = 32;

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
        let epsilon = epsilon.max(1e-7);
        match fit {
            Fit::Plain => self.plain(level, (guide, matte), (radius, epsilon), out),
            Fit::Confident => self.confident(level, (guide, matte), (radius, epsilon), out),
        }
    }

    fn plain(
        &mut self,
        level: Level,
        (guide, matte): (&Plane, &Plane),
        (radius, epsilon): (usize, f32),
        out: &mut Coefficients,
    ) {
        let (width, height) = guide.size();
        self.window.resize(width, height);
        let padded = width + 2 * radius;
        for row in &mut self.plain.columns {
            row.clear();
            row.resize(padded, 0.0);
        }
        for row in &mut self.plain.windows {
            row.resize(width, 0.0);
        }
        self.plain.scratch.resize(padded);
        window_counts(width, radius, &mut self.plain.inverse);
        let input = Input {
            guide,
            matte,
            radius,
            epsilon,
        };
        let (sums, window) = (&mut self.plain, &mut self.window);
        dispatch!(level, simd => plain(simd, &input, sums, window));
        self.mean.apply(level, &self.window.a, radius, &mut out.a);
        self.mean.apply(level, &self.window.b, radius, &mut out.b);
    }

    fn confident(
        &mut self,
        level: Level,
        (guide, matte): (&Plane, &Plane),
        (radius, epsilon): (usize, f32),
        out: &mut Coefficients,
    ) {
        let (width, height) = guide.size();
        // Where no window sees an edge, the fit is the matte itself, and perfect.
        out.without_guide(matte);
        let most = PATCH.max(8 * radius);
        self.finder.look(matte);
        self.finder.spread(radius);
        self.finder.patches(most, &mut self.fitted);
        self.finder.spread(radius);
        self.finder.patches(most, &mut self.averaged);
        self.weights.resize(width, height);
        dispatch!(level, simd => weigh(simd, matte, &mut self.weights));
        self.window.resize(width, height);
        self.quality.resize(width, height);
        for patch in &self.averaged {
            patch.rows_around(radius, matte.size(), |y, columns| {
                self.window.a.row_mut(y)[columns.clone()].fill(0.0);
                self.quality.row_mut(y)[columns.clone()].fill(PLAIN);
                let b = &mut self.window.b.row_mut(y)[columns.clone()];
                for (b, p) in b.iter_mut().zip(&matte.row(y)[columns]) {
                    *b = p * PLAIN;
                }
            });
        }
        let input = Input {
            guide,
            matte,
            radius,
            epsilon,
        };
        let planes = [&mut self.window.a, &mut self.window.b, &mut self.quality];
        self.sums.resize(most, radius);
        let (patches, sums) = (&self.fitted, &mut self.sums);
        dispatch!(level, simd => confident(simd, &input, &self.weights, patches, sums, planes));
        let planes = [&self.window.a, &self.window.b, &self.quality];
        self.means.resize(most, radius);
        let (patches, sums) = (&self.averaged, &mut self.means);
        let to = [&mut out.a, &mut out.b];
        dispatch!(level, simd => means(simd, planes, radius, patches, sums, to));
    }
}

struct Input<'a> {
    guide: &'a Plane,
    matte: &'a Plane,
    radius: usize,
    epsilon: f32,
}

#[simd]
fn plain<S: Simd>(_: S, input: &Input<'_>, sums: &mut PlainSums, window: &mut Coefficients) {
    let (width, height) = input.guide.size();
    let radius = input.radius;
    for y in 0..height {
        advance(
            (y, 0, REFRESH),
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
        for k in 0..4 {
            let to = &mut sums.windows[k][..width];
            sliding_sum(&sums.columns[k], 2 * radius + 1, to, &mut sums.scratch);
        }
        let [si, sp, sii, sip] = &sums.windows;
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

/// Fits windows: slope, offset and quality, the first two times the last.
#[simd]
fn confident<S: Simd>(
    simd: S,
    input: &Input<'_>,
    weights: &Plane,
    patches: &[Patch],
    sums: &mut Sums<6>,
    [out_a, out_b, out_q]: [&mut Plane; 3],
) {
    let middle = S::f32s::splat(simd, MIDDLE);
    let zero = S::f32s::splat(simd, 0.0);
    let one = S::f32s::splat(simd, 1.0);
    let plain = S::f32s::splat(simd, PLAIN);
    for patch in patches {
        let columns = &patch.columns;
        sums.sweep(
            simd,
            patch,
            input.guide.size(),
            input.radius,
            #[inline(always)]
            |sums, entry| {
                let (guide, matte) = (input.guide.row(entry.row), input.matte.row(entry.row));
                let weights = weights.row(entry.row);
                for x in (0..entry.from.len()).step_by(S::f32s::LEN) {
                    let from = entry.from.start + x;
                    let (i, p) = (load(simd, guide, from) - middle, load(simd, matte, from));
                    let w = load(simd, weights, from) * entry.sign;
                    let (wi, wp) = (w * i, w * p);
                    let at = entry.at + x;
                    let products = [w, wi, wp, wi * i, wi * p, wp * p];
                    for (sums, product) in sums.iter_mut().zip(products) {
                        add(simd, sums, at, product);
                    }
                }
            },
            #[inline(always)]
            |sums, y| {
                let a_row = &mut out_a.row_mut(y)[columns.clone()];
                let b_row = &mut out_b.row_mut(y)[columns.clone()];
                let q_row = &mut out_q.row_mut(y)[columns.clone()];
                for x in (0..columns.len()).step_by(S::f32s::LEN) {
                    let [w, i, p, ii, ip, pp] = sums.each_ref().map(
                        #[inline(always)]
                        |sums| load(simd, sums, x),
                    );
                    let n = one / w.max(1e-6);
                    let (i, p) = (i * n, p * n);
                    let covariance = ip * n - i * p;
                    let variance = (ii * n - i * i).max(zero);
                    let own = (pp * n - p * p).max(zero);
                    let slope = covariance / (variance + input.epsilon);
                    let left = (own - slope * covariance).max(zero);
                    let contrast = covariance * covariance / (own + ALIKE);
                    let fits = (contrast + CONTRAST) / (left + PERFECT);
                    let fits = own.simd_lt(SAME).select(plain, fits);
                    store::<S>(slope * fits, a_row, x);
                    store::<S>((p - slope * (i + middle)) * fits, b_row, x);
                    store::<S>(fits, q_row, x);
                }
            },
        );
    }
}

#[simd]
fn means<S: Simd>(
    simd: S,
    planes: [&Plane; 3],
    radius: usize,
    patches: &[Patch],
    sums: &mut Sums<3>,
    out: [&mut Plane; 2],
) {
    average(simd, planes, radius, patches, sums, out);
}

/// The confidence of every pixel.
#[simd]
pub(super) fn weigh<S: Simd>(_: S, matte: &Plane, weights: &mut Plane) {
    for (w, p) in weights.data_mut().iter_mut().zip(matte.data()) {
        *w = confidence(*p);
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
                    let sure = (((2.0 * mp - 1.0).abs() - 0.7) / 0.3).max(0.0);
                    let w = match fit {
                        Fit::Plain => 1.0,
                        Fit::Confident => 0.02 + 0.98 * sure * sure,
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
                let own = (pp / n - p * p).max(0.0);
                let left = (own - slope * covariance).max(0.0);
                let contrast = covariance * covariance / (own + 1e-4);
                a.push(slope);
                b.push(p - slope * i);
                quality.push(match fit {
                    Fit::Plain => 1.0,
                    Fit::Confident if own < 1e-6 => 0.1 / 3e-4,
                    Fit::Confident => (contrast + 3e-3) / (left + 3e-4),
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
            let (guide, mut matte) = (noise(width, height, 1), noise(width, height, 2));
            // Plain on both sides, with an edge of any value between.
            for y in 0..height {
                for (x, p) in matte.row_mut(y).iter_mut().enumerate() {
                    *p = match 3 * x / width {
                        0 if i % 2 == 0 => 0.0,
                        2 if i % 3 > 0 => 1.0,
                        _ => *p,
                    };
                }
            }
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
