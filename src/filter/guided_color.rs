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

use super::Plane;
use super::guided::{Coefficients, PERFECT, confidence, divide};
use super::window::{BoxMean, SlidingScratch, advance, sliding_sum};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Components are shifted by this before squares are summed.
const MIDDLE: f32 = 0.5;
/// Weight; Y U V; p; YY YU YV UU UV VV; Yp Up Vp; pp.
const SUMS: usize = 15;

/// The filter, with its scratch memory.
#[derive(Debug, Default)]
pub struct GuidedColor {
    columns: [Vec<f32>; SUMS],
    windows: [Vec<f32>; SUMS],
    scratch: SlidingScratch,
    mean: BoxMean,
    /// Slopes of Y, U, V, offset, and quality, per window and then averaged.
    fits: [Plane; 5],
    means: [Plane; 5],
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
        let (width, height) = matte.size();
        let radius = radius.min(width.max(height));
        let padded = width + 2 * radius;
        for row in &mut self.columns {
            row.clear();
            row.resize(padded, 0.0);
        }
        self.windows
            .iter_mut()
            .for_each(|row| row.resize(width, 0.0));
        self.fits
            .iter_mut()
            .for_each(|plane| plane.resize(width, height));
        self.scratch.resize(padded);
        let window = (radius, epsilon.max(1e-7));
        dispatch!(level, simd => fit(simd, self, guide, matte, window));
        for (fit, mean) in self.fits.iter().zip(&mut self.means) {
            self.mean.apply(level, fit, radius, mean);
        }
        let [y, u, v, offset, quality] = &mut self.means;
        for plane in [&mut *y, &mut *u, &mut *v, &mut *offset] {
            dispatch!(level, simd => divide(simd, plane.data_mut(), quality.data()));
        }
        out.a.copy_from(y);
        out.b.copy_from(offset);
        let chroma =
            (u.data().iter().zip(guide[1].data())).zip(v.data().iter().zip(guide[2].data()));
        for (b, ((au, u), (av, v))) in out.b.data_mut().iter_mut().zip(chroma) {
            *b += au * u + av * v;
        }
    }
}

#[simd]
fn fit<S: Simd>(
    _: S,
    filter: &mut GuidedColor,
    guide: [&Plane; 3],
    matte: &Plane,
    (radius, epsilon): (usize, f32),
) {
    let (width, height) = matte.size();
    for row in 0..height {
        advance(
            row,
            radius,
            height,
            &mut filter.columns,
            #[inline(always)]
            |c| c.iter_mut().for_each(|c| c.fill(0.0)),
            #[inline(always)]
            |c, row, enters| {
                let sign = if enters { 1.0 } else { -1.0 };
                let rows = [guide[0].row(row), guide[1].row(row), guide[2].row(row)];
                add_products(c, radius, sign, rows, matte.row(row));
            },
        );
        for k in 0..SUMS {
            let to = &mut filter.windows[k][..width];
            sliding_sum(&filter.columns[k], 2 * radius + 1, to, &mut filter.scratch);
        }
        let rows = filter.fits.each_mut().map(|plane| plane.row_mut(row));
        solve(&filter.windows, epsilon, width, rows);
    }
}

/// Adds the products of one row, times `sign`, to the column sums.
#[inline(always)]
fn add_products(
    columns: &mut [Vec<f32>; SUMS],
    radius: usize,
    sign: f32,
    guide: [&[f32]; 3],
    matte: &[f32],
) {
    let width = matte.len();
    let (ys, us, vs) = (&guide[0][..width], &guide[1][..width], &guide[2][..width]);
    let [w, y, u, v, p, yy, yu, yv, uu, uv, vv, yp, up, vp, pp] = columns;
    let w = &mut w[radius..][..width];
    let (y, u, v) = (
        &mut y[radius..][..width],
        &mut u[radius..][..width],
        &mut v[radius..][..width],
    );
    for x in 0..width {
        let weight = sign * confidence(matte[x]);
        w[x] += weight;
        y[x] += weight * (ys[x] - MIDDLE);
        u[x] += weight * (us[x] - MIDDLE);
        v[x] += weight * (vs[x] - MIDDLE);
    }
    let (p, pp, yp) = (
        &mut p[radius..][..width],
        &mut pp[radius..][..width],
        &mut yp[radius..][..width],
    );
    let (up, vp) = (&mut up[radius..][..width], &mut vp[radius..][..width]);
    for x in 0..width {
        let weighted = sign * confidence(matte[x]) * matte[x];
        p[x] += weighted;
        pp[x] += weighted * matte[x];
        yp[x] += weighted * (ys[x] - MIDDLE);
        up[x] += weighted * (us[x] - MIDDLE);
        vp[x] += weighted * (vs[x] - MIDDLE);
    }
    let (yy, yu, yv) = (
        &mut yy[radius..][..width],
        &mut yu[radius..][..width],
        &mut yv[radius..][..width],
    );
    for x in 0..width {
        let weighted = sign * confidence(matte[x]) * (ys[x] - MIDDLE);
        yy[x] += weighted * (ys[x] - MIDDLE);
        yu[x] += weighted * (us[x] - MIDDLE);
        yv[x] += weighted * (vs[x] - MIDDLE);
    }
    let (uu, uv, vv) = (
        &mut uu[radius..][..width],
        &mut uv[radius..][..width],
        &mut vv[radius..][..width],
    );
    for x in 0..width {
        let weight = sign * confidence(matte[x]);
        let (cu, cv) = (us[x] - MIDDLE, vs[x] - MIDDLE);
        uu[x] += weight * cu * cu;
        uv[x] += weight * cu * cv;
        vv[x] += weight * cv * cv;
    }
}

/// Solves every window of a row: slopes, offset and quality, the first four times the last.
#[inline(always)]
fn solve(windows: &[Vec<f32>; SUMS], epsilon: f32, width: usize, rows: [&mut [f32]; 5]) {
    let [w, y, u, v, p, yy, yu, yv, uu, uv, vv, yp, up, vp, pp] = windows.each_ref();
    let (w, y, u, v, p) = (
        &w[..width],
        &y[..width],
        &u[..width],
        &v[..width],
        &p[..width],
    );
    let (yy, yu, yv) = (&yy[..width], &yu[..width], &yv[..width]);
    let (uu, uv, vv) = (&uu[..width], &uv[..width], &vv[..width]);
    let (yp, up, vp, pp) = (&yp[..width], &up[..width], &vp[..width], &pp[..width]);
    let [ay, au, av, b, q] = rows;
    let (ay, au, av) = (&mut ay[..width], &mut au[..width], &mut av[..width]);
    let (b, q) = (&mut b[..width], &mut q[..width]);
    for x in 0..width {
        let n = 1.0 / w[x].max(1e-6);
        let (my, mu, mv, mp) = (y[x] * n, u[x] * n, v[x] * n, p[x] * n);
        // The symmetric matrix S + eps E and its inverse by cofactors.
        let (syy, syu, syv) = (
            yy[x] * n - my * my + epsilon,
            yu[x] * n - my * mu,
            yv[x] * n - my * mv,
        );
        let (suu, suv) = (uu[x] * n - mu * mu + epsilon, uv[x] * n - mu * mv);
        let svv = vv[x] * n - mv * mv + epsilon;
        let (cy, cu, cv) = (
            yp[x] * n - my * mp,
            up[x] * n - mu * mp,
            vp[x] * n - mv * mp,
        );
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
        let inverse = 1.0 / determinant.max(epsilon * epsilon * epsilon);
        let slope_y = (iyy * cy + iyu * cu + iyv * cv) * inverse;
        let slope_u = (iyu * cy + iuu * cu + iuv * cv) * inverse;
        let slope_v = (iyv * cy + iuv * cu + ivv * cv) * inverse;
        let explained = slope_y * cy + slope_u * cu + slope_v * cv;
        let left = (pp[x] * n - mp * mp - explained).max(0.0);
        let fits = 1.0 / (left + PERFECT);
        let slopes = slope_y * (my + MIDDLE) + slope_u * (mu + MIDDLE) + slope_v * (mv + MIDDLE);
        ay[x] = slope_y * fits;
        au[x] = slope_u * fits;
        av[x] = slope_v * fits;
        b[x] = (mp - slopes) * fits;
        q[x] = fits;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::guided::{Fit, tests::reference};
    use crate::filter::testing::{noise, sizes};

    #[test]
    fn without_colour_it_is_the_gray_filter() {
        let (mut filter, mut out) = (GuidedColor::default(), Coefficients::default());
        for (i, (width, height)) in sizes().into_iter().enumerate() {
            let (guide, matte) = (noise(width, height, 1), noise(width, height, 2));
            let mut flat = Plane::new(width, height);
            flat.data_mut().fill(0.5);
            let (radius, epsilon) = ([1, 2, 4][i % 3], 1e-2);
            let (a, b) = reference(&guide, &matte, Fit::Confident, (radius, f64::from(epsilon)));
            for level in crate::simd::levels() {
                let planes = [&guide, &flat, &flat];
                filter.coefficients(level, planes, &matte, (radius, epsilon), &mut out);
                for k in 0..a.len() {
                    let i = f64::from(guide.data()[k]);
                    let got = f64::from(out.a.data()[k]) * i + f64::from(out.b.data()[k]);
                    let error = (got - (a[k] * i + b[k])).abs();
                    assert!(error < 5e-3, "{width}x{height} [{k}]: {error}");
                }
            }
        }
    }

    #[test]
    fn any_one_component_can_carry_the_edge() {
        let (mut filter, mut out) = (GuidedColor::default(), Coefficients::default());
        let (width, height) = (40, 30);
        let truth: Vec<f32> = (0..width * height)
            .map(|k| if (k % width) < 20 { 1.0 } else { 0.0 })
            .collect();
        let mut edge = Plane::new(width, height);
        edge.data_mut().copy_from_slice(&truth);
        edge.data_mut().iter_mut().for_each(|v| *v = 0.3 + 0.2 * *v);
        let mut flat = Plane::new(width, height);
        flat.data_mut().fill(0.4);
        // The matte's edge is two pixels off and soft.
        let mut matte = Plane::new(width, height);
        for y in 0..height {
            for (x, value) in matte.row_mut(y).iter_mut().enumerate() {
                *value = ((22.0 - x as f32) / 6.0 + 0.5).clamp(0.0, 1.0);
            }
        }
        let raw: f32 = matte
            .data()
            .iter()
            .zip(&truth)
            .map(|(m, t)| (m - t).abs())
            .sum();
        let mut errors = [0.0; 3];
        for (carrier, error) in errors.iter_mut().enumerate() {
            let mut guide = [&flat; 3];
            guide[carrier] = &edge;
            filter.coefficients(crate::simd::level(), guide, &matte, (5, 1e-4), &mut out);
            for (k, t) in truth.iter().enumerate() {
                let q = out.a.data()[k] * guide[0].data()[k] + out.b.data()[k];
                *error += (q - t).abs();
            }
        }
        for error in errors {
            assert!(error < raw, "{errors:?} of {raw}");
            assert!((error - errors[0]).abs() < 0.01 * raw, "{errors:?}");
        }
    }
}
