// SPDX-License-Identifier: MPL-2.0

//! Guided filter with a colour guide: subject and background of the same brightness still differ
//! in colour.
//!
//! K. He, J. Sun, X. Tang, "Guided Image Filtering": in window k `a_k = (S + eps E)^-1 cov(J, p)`
//! with `J` the three components and `S` their covariance. Here `J` is Y, U, V. Weights by
//! confidence and by the fit's quality are those of [`super::guided`]. The colour differences are
//! known at the grid's resolution only (a camera seldom has more), so their share is added there
//! and the result is again a slope for luma and an offset: what comes after does not know that
//! there was colour.

use super::block_sums::{BlockSums, add, average, load, store};
use super::coefficients::Coefficients;
use super::edge_blocks::{EdgeBlock, EdgeBlockFinder};
use super::guided::{ALIKE, CONTRAST, PERFECT, PLAIN, SAME, WIDEST_BLOCK, weigh};
use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;

/// Components are shifted by this before squares are summed.
const MIDDLE: f32 = 0.5;
/// Rounds of fitting: the second learns from what the first made of the unsure pixels.
const ROUNDS: usize = 2;
/// Weight; Y U V; p; YY YU YV UU UV VV; Yp Up Vp; pp.
const SUMS: usize = 15;

/// The filter, with its scratch memory.
#[derive(Debug, Default)]
pub struct GuidedColor {
    finder: EdgeBlockFinder,
    fitted: Vec<EdgeBlock>,
    averaged: Vec<EdgeBlock>,
    sums: BlockSums<SUMS>,
    averages: BlockSums<5>,
    /// Slopes of Y, U, V, offset, and quality, per window.
    fits: [Plane; 5],
    /// The same, averaged and without the quality.
    means: [Plane; 4],
    weights: Plane,
    refit: Plane,
}

impl GuidedColor {
    /// As [`super::guided::Guided::coefficients`] with a confident fit, the guide being planes of
    /// Y, U and V of one size with `matte`.
    pub fn coefficients(
        &mut self,
        level: Level,
        guide: [&Plane; 3],
        matte: &Plane,
        (radius, epsilon): (usize, f32),
        out: &mut Coefficients,
    ) {
        let window = (radius, epsilon.max(1e-7));
        self.round(level, guide, matte, window, out);
        for _ in 1..ROUNDS {
            let mut refit = std::mem::take(&mut self.refit);
            out.evaluate(guide[0], &mut refit);
            self.round(level, guide, &refit, window, out);
            self.refit = refit;
        }
    }

    fn round(
        &mut self,
        level: Level,
        guide: [&Plane; 3],
        matte: &Plane,
        window: (usize, f32),
        out: &mut Coefficients,
    ) {
        let (width, height) = matte.size();
        let radius = window.0.min(width.max(height));
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
        for plane in self.fits.iter_mut().chain(&mut self.means) {
            plane.resize(width, height);
        }
        for block in &self.averaged {
            block.rows_around(radius, matte.size(), |y, columns| {
                let [ay, au, av, b, quality] = self
                    .fits
                    .each_mut()
                    .map(|plane| &mut plane.row_mut(y)[columns.clone()]);
                for slope in [ay, au, av] {
                    slope.fill(0.0);
                }
                quality.fill(PLAIN);
                for (b, p) in b.iter_mut().zip(&matte.row(y)[columns.clone()]) {
                    *b = p * PLAIN;
                }
            });
        }
        self.sums.resize(most, radius);
        let (blocks, sums, fits) = (&self.fitted, &mut self.sums, &mut self.fits);
        dispatch!(level, simd => fit(simd, (guide, matte, &self.weights), (radius, window.1), blocks, sums, fits));
        self.averages.resize(most, radius);
        let (blocks, sums) = (&self.averaged, &mut self.averages);
        let (planes, to) = (self.fits.each_ref(), self.means.each_mut());
        dispatch!(level, simd => means(simd, planes, radius, blocks, sums, to));
        self.add_color(guide, out);
    }

    /// Turns the slopes of colour into a share of the offset.
    fn add_color(&self, guide: [&Plane; 3], out: &mut Coefficients) {
        for block in &self.averaged {
            for y in block.rows.clone() {
                let columns = block.columns.clone();
                let [ay, au, av, offset] =
                    self.means.each_ref().map(|m| &m.row(y)[columns.clone()]);
                let (u, v) = (
                    &guide[1].row(y)[columns.clone()],
                    &guide[2].row(y)[columns.clone()],
                );
                out.a.row_mut(y)[columns.clone()].copy_from_slice(ay);
                let b = &mut out.b.row_mut(y)[columns];
                for (x, b) in b.iter_mut().enumerate() {
                    *b = offset[x] + au[x] * u[x] + av[x] * v[x];
                }
            }
        }
    }
}

#[simd]
fn fit<S: Simd>(
    simd: S,
    (guide, matte, weights): ([&Plane; 3], &Plane, &Plane),
    (radius, epsilon): (usize, f32),
    blocks: &[EdgeBlock],
    sums: &mut BlockSums<SUMS>,
    fits: &mut [Plane; 5],
) {
    for block in blocks {
        let columns = &block.columns;
        sums.sweep(
            simd,
            block,
            matte.size(),
            radius,
            #[inline(always)]
            |sums, entry| {
                let rows = guide.map(|plane| plane.row(entry.row));
                let (matte, weights) = (matte.row(entry.row), weights.row(entry.row));
                for x in (0..entry.from.len()).step_by(S::f32s::LEN) {
                    let from = entry.from.start + x;
                    let yuv = rows.map(
                        #[inline(always)]
                        |row| load(simd, row, from) - MIDDLE,
                    );
                    let p = load(simd, matte, from);
                    let w = load(simd, weights, from) * entry.sign;
                    let products = products::<S>(yuv, p, w);
                    for (sums, product) in sums.iter_mut().zip(products) {
                        add(simd, sums, entry.at + x, product);
                    }
                }
            },
            #[inline(always)]
            |sums, y| {
                let mut rows = fits
                    .each_mut()
                    .map(|plane| &mut plane.row_mut(y)[columns.clone()]);
                for x in (0..columns.len()).step_by(S::f32s::LEN) {
                    let sums = sums.each_ref().map(
                        #[inline(always)]
                        |sums| load(simd, sums, x),
                    );
                    for (value, row) in solve(simd, sums, epsilon).into_iter().zip(&mut rows) {
                        store::<S>(value, row, x);
                    }
                }
            },
        );
    }
}

/// What a pixel with weight `w` adds to the sums.
#[inline(always)]
fn products<S: Simd>([y, u, v]: [S::f32s; 3], p: S::f32s, w: S::f32s) -> [S::f32s; SUMS] {
    let (wy, wu, wv, wp) = (w * y, w * u, w * v, w * p);
    let squares = [wy * y, wy * u, wy * v, wu * u, wu * v, wv * v];
    let [yy, yu, yv, uu, uv, vv] = squares;
    let (yp, up, vp, pp) = (wy * p, wu * p, wv * p, wp * p);
    [w, wy, wu, wv, wp, yy, yu, yv, uu, uv, vv, yp, up, vp, pp]
}

/// Solves windows from their sums: slopes, offset and quality, the first four times the last.
#[inline(always)]
fn solve<S: Simd>(simd: S, sums: [S::f32s; SUMS], epsilon: f32) -> [S::f32s; 5] {
    let splat = |value| S::f32s::splat(simd, value);
    let [w, y, u, v, p, yy, yu, yv, uu, uv, vv, yp, up, vp, pp] = sums;
    let n = splat(1.0) / w.max(1e-6);
    let (my, mu, mv, mp) = (y * n, u * n, v * n, p * n);
    // The symmetric matrix S + eps E and its inverse by cofactors.
    let (syy, suu, svv) = (
        yy * n - my * my + epsilon,
        uu * n - mu * mu + epsilon,
        vv * n - mv * mv + epsilon,
    );
    let (syu, syv, suv) = (yu * n - my * mu, yv * n - my * mv, uv * n - mu * mv);
    let (cy, cu, cv) = (yp * n - my * mp, up * n - mu * mp, vp * n - mv * mp);
    let (iyy, iyu, iyv) = (
        suu * svv - suv * suv,
        suv * syv - syu * svv,
        syu * suv - suu * syv,
    );
    let (iuu, iuv, ivv) = (
        syy * svv - syv * syv,
        syv * syu - syy * suv,
        syy * suu - syu * syu,
    );
    let determinant = syy * iyy + syu * iyu + syv * iyv;
    let inverse = splat(1.0) / determinant.max(epsilon * epsilon * epsilon);
    let slope_y = (iyy * cy + iyu * cu + iyv * cv) * inverse;
    let slope_u = (iyu * cy + iuu * cu + iuv * cv) * inverse;
    let slope_v = (iyv * cy + iuv * cu + ivv * cv) * inverse;
    let explained = slope_y * cy + slope_u * cu + slope_v * cv;
    let own = (pp * n - mp * mp).max(splat(0.0));
    let left = (own - explained).max(splat(0.0));
    let contrast = (cy * cy + cu * cu + cv * cv) / (own + ALIKE);
    let fits = (contrast + CONTRAST) / (left + PERFECT);
    let fits = own.simd_lt(SAME).select(splat(PLAIN), fits);
    let slopes = slope_y * (my + MIDDLE) + slope_u * (mu + MIDDLE) + slope_v * (mv + MIDDLE);
    [
        slope_y * fits,
        slope_u * fits,
        slope_v * fits,
        (mp - slopes) * fits,
        fits,
    ]
}

#[simd]
fn means<S: Simd>(
    simd: S,
    planes: [&Plane; 5],
    radius: usize,
    blocks: &[EdgeBlock],
    sums: &mut BlockSums<5>,
    out: [&mut Plane; 4],
) {
    average(simd, planes, radius, blocks, sums, out);
}

#[cfg(test)]
#[path = "guided_color_tests.rs"]
mod tests;
