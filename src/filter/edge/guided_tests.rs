// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{noise, sizes, window, window_means};

/// The line that one window fits: slope, offset and how well they explain the matte.
fn fitted_line(values: impl Iterator<Item = (f64, f64)>, fit: Fit, epsilon: f64) -> [f64; 3] {
    let [mut n, mut i, mut p, mut ii, mut ip, mut pp] = [0.0f64; 6];
    for (guide, matte) in values {
        let sure = (((2.0 * matte - 1.0).abs() - 0.7) / 0.3).max(0.0);
        let w = match fit {
            Fit::Plain => 1.0,
            Fit::Confident => 0.02 + 0.98 * sure * sure,
        };
        n += w;
        i += w * guide;
        p += w * matte;
        ii += w * guide * guide;
        ip += w * guide * matte;
        pp += w * matte * matte;
    }
    let (i, p) = (i / n, p / n);
    let covariance = ip / n - i * p;
    let slope = covariance / (ii / n - i * i + epsilon);
    let own = (pp / n - p * p).max(0.0);
    let left = (own - slope * covariance).max(0.0);
    let contrast = covariance * covariance / (own + 1e-4);
    let quality = match fit {
        Fit::Plain => 1.0,
        Fit::Confident if own < 1e-6 => 0.1 / 3e-4,
        Fit::Confident => (contrast + 3e-3) / (left + 3e-4),
    };
    [slope, p - slope * i, quality]
}

/// The coefficients in `f64`, straight from the formula.
pub(in crate::filter) fn reference(
    guide: &Plane,
    matte: &Plane,
    fit: Fit,
    (radius, epsilon): (usize, f64),
) -> (Vec<f64>, Vec<f64>) {
    let (size, radii) = (guide.size(), (radius, radius));
    let places = (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y)));
    let at = |(x, y): (usize, usize)| (guide.row(y)[x].into(), matte.row(y)[x].into());
    let lines: Vec<_> = places
        .map(|place| fitted_line(window(place, radii, size).map(at), fit, epsilon))
        .collect();
    let mean = |coefficient: usize| {
        window_means(radii, size, |x, y| {
            let line = lines[y * size.0 + x];
            (line[coefficient], line[2])
        })
    };
    (mean(0), mean(1))
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
