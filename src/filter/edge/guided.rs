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
//! A confident fit is computed around edges only; see `edge_blocks`. The plain one, whose sums
//! are cheaper than to look for edges, is in `guided_plain`.

use super::block_sums::{BlockSums, add, average, load, store};
use super::coefficients::{Coefficients, MIDDLE};
use super::edge_blocks::{EdgeBlock, EdgeBlockFinder};
use super::guided_plain::Plain;
use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;

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
pub(crate) const LEAST_WEIGHT: f32 = 0.02;
/// How sure a pixel must be, `s0`: less says nothing.
const LEAST_SURENESS: f32 = 0.7;
/// Variance left over that counts as a perfect fit, `r0`.
pub(crate) const PERFECT: f32 = 3e-4;
/// Contrast that counts as some, `c0`.
pub(crate) const CONTRAST: f32 = 3e-3;
/// Quality of windows whose matte is the same all over: they keep it.
pub(crate) const PLAIN: f32 = 0.1 / PERFECT;
/// Variance of the matte up to which it is that.
pub(crate) const SAME: f32 = 1e-6;
/// Variance of the matte below which windows are hardly distinguished.
pub(crate) const ALIKE: f32 = 1e-4;

/// Weight of a pixel whose matte is `p`.
#[inline(always)]
pub(crate) fn confidence(p: f32) -> f32 {
    let sure = (((2.0 * p - 1.0).abs() - LEAST_SURENESS) * (1.0 / (1.0 - LEAST_SURENESS))).max(0.0);
    LEAST_WEIGHT + (1.0 - LEAST_WEIGHT) * sure * sure
}

/// The filter, with its scratch memory.
#[derive(Debug, Default)]
pub struct Guided {
    plain: Plain,
    window: Coefficients,
    quality: Plane,
    weights: Plane,
    finder: EdgeBlockFinder,
    fitted: Vec<EdgeBlock>,
    averaged: Vec<EdgeBlock>,
    sums: BlockSums<6>,
    means: BlockSums<3>,
}

/// Widest block: its sums stay in the first-level cache.
pub(crate) const WIDEST_BLOCK: usize = 32;

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
        let window = (radius.min(width.max(height)), epsilon.max(1e-7));
        match fit {
            Fit::Plain => self.plain.coefficients(level, (guide, matte), window, out),
            Fit::Confident => self.confident(level, (guide, matte), window, out),
        }
    }

    fn confident(
        &mut self,
        level: Level,
        (guide, matte): (&Plane, &Plane),
        (radius, epsilon): (usize, f32),
        out: &mut Coefficients,
    ) {
        let (width, height) = guide.size();
        // If no window sees an edge, the fit is the matte itself, and perfect.
        out.without_guide(matte);
        let most = WIDEST_BLOCK.max(8 * radius);
        self.finder.look(level, matte);
        self.finder.spread(level, radius);
        self.finder.blocks(most, &mut self.fitted);
        self.finder.spread(level, radius);
        self.finder.blocks(most, &mut self.averaged);
        self.weights.resize(width, height);
        dispatch!(level, simd => weigh(simd, matte, &mut self.weights));
        self.window.resize(width, height);
        self.quality.resize(width, height);
        for block in &self.averaged {
            block.rows_around(radius, matte.size(), |y, columns| {
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
            weights: &self.weights,
            radius,
            epsilon,
        };
        let planes = [&mut self.window.a, &mut self.window.b, &mut self.quality];
        self.sums.resize(most, radius);
        let (blocks, sums) = (&self.fitted, &mut self.sums);
        dispatch!(level, simd => fit_windows(simd, &input, blocks, sums, planes));
        let planes = [&self.window.a, &self.window.b, &self.quality];
        self.means.resize(most, radius);
        let (blocks, sums) = (&self.averaged, &mut self.means);
        let to = [&mut out.a, &mut out.b];
        dispatch!(level, simd => means(simd, planes, radius, blocks, sums, to));
    }
}

struct Input<'a> {
    guide: &'a Plane,
    matte: &'a Plane,
    weights: &'a Plane,
    radius: usize,
    epsilon: f32,
}

/// Fits windows: slope, offset and quality, the first two times the last.
#[simd]
fn fit_windows<S: Simd>(
    simd: S,
    input: &Input<'_>,
    blocks: &[EdgeBlock],
    sums: &mut BlockSums<6>,
    [out_a, out_b, out_q]: [&mut Plane; 3],
) {
    let middle = S::f32s::splat(simd, MIDDLE);
    for block in blocks {
        let columns = &block.columns;
        sums.sweep(
            simd,
            block,
            input.guide.size(),
            input.radius,
            #[inline(always)]
            |sums, entry| {
                let (guide, matte) = (input.guide.row(entry.row), input.matte.row(entry.row));
                let weights = input.weights.row(entry.row);
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
                    let sums = sums.each_ref().map(
                        #[inline(always)]
                        |sums| load(simd, sums, x),
                    );
                    let [slope, offset, fits] = solve(simd, sums, input.epsilon);
                    store::<S>(slope * fits, a_row, x);
                    store::<S>(offset * fits, b_row, x);
                    store::<S>(fits, q_row, x);
                }
            },
        );
    }
}

/// Solves windows from their sums: slope, offset and quality.
#[inline(always)]
fn solve<S: Simd>(simd: S, sums: [S::f32s; 6], epsilon: f32) -> [S::f32s; 3] {
    let splat = |value| S::f32s::splat(simd, value);
    let (zero, middle) = (splat(0.0), splat(MIDDLE));
    let [w, i, p, ii, ip, pp] = sums;
    let n = splat(1.0) / w.max(1e-6);
    let (i, p) = (i * n, p * n);
    let covariance = ip * n - i * p;
    let variance = (ii * n - i * i).max(zero);
    let slope = covariance / (variance + epsilon);
    let own = (pp * n - p * p).max(zero);
    let left = (own - slope * covariance).max(zero);
    let contrast = covariance * covariance / (own + ALIKE);
    let fits = (contrast + CONTRAST) / (left + PERFECT);
    let fits = own.simd_lt(SAME).select(splat(PLAIN), fits);
    [slope, p - slope * (i + middle), fits]
}

#[simd]
fn means<S: Simd>(
    simd: S,
    planes: [&Plane; 3],
    radius: usize,
    blocks: &[EdgeBlock],
    sums: &mut BlockSums<3>,
    out: [&mut Plane; 2],
) {
    average(simd, planes, radius, blocks, sums, out);
}

/// The confidence of every pixel.
#[simd]
pub(crate) fn weigh<S: Simd>(_: S, matte: &Plane, weights: &mut Plane) {
    for (w, p) in weights.data_mut().iter_mut().zip(matte.data()) {
        *w = confidence(*p);
    }
}

#[cfg(test)]
#[path = "guided_tests.rs"]
pub(crate) mod tests;
