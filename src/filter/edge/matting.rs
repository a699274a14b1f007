// SPDX-License-Identifier: MPL-2.0

//! Closed-form matting of the unsure band: the matte that is, in every small window, as linear a
//! function of luma as can be, and stays with the given matte where that is sure.
//!
//! A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting" (2006):
//! minimises `x' L x + (x - p)' D (x - p)` with `L` the matting Laplacian and `D` large where the
//! matte is sure. `L x` needs no matrix: K. He, J. Sun, X. Tang, "Fast Matting Using Large Kernel
//! Matting Laplacian Matrices" (2010) show that it is `x` less its guided-filtered self. The
//! system `(L + D) x = D p` is solved by conjugate gradients, scaled by its diagonal, from `p`, in
//! the smallest rectangle that holds all that is unsure.
//!
//! The guide is gray: every step is a guided filter, and with a colour guide each would solve a 3x3
//! system a window, at several times the cost, for a mode that is there to compare with: colour is
//! what [`super::guided_color`] is for, which is closer to the truth at a fraction of the time.

use super::coefficients::Coefficients;
use super::guided::{Fit, Guided};
use crate::filter::Plane;
use crate::simd::Level;
use std::ops::Range;

/// Steps of conjugate gradients.
const STEPS: usize = 8;
/// Weight of sure pixels in `D`.
const SURE_WEIGHT: f32 = 8.0;
/// Weight of unsure pixels: small, but the solution stays unique.
const UNSURE_WEIGHT: f32 = 0.02;

/// The solver, with its scratch memory.
#[derive(Debug, Default)]
pub struct Matting {
    around: [Plane; 2],
    guided: Guided,
    fitted: Coefficients,
    weight: Plane,
    residual: Plane,
    direction: Plane,
    image: Plane,
}

impl Matting {
    /// Refines `matte` in place by `guide`, two planes of one size, in windows of
    /// `2 radius + 1` pixels; `epsilon` is the variance of luma below which a window is flat.
    pub fn apply(
        &mut self,
        level: Level,
        guide: &Plane,
        (radius, epsilon): (usize, f32),
        matte: &mut Plane,
    ) {
        // What is sure further away than two windows has no say.
        let Some((columns, rows)) = unsure(matte, 2 * radius + 1) else {
            return;
        };
        let [mut near_guide, mut near] = std::mem::take(&mut self.around);
        for (plane, from) in [(&mut near_guide, guide), (&mut near, &*matte)] {
            plane.resize(columns.len(), rows.len());
            for (y, row) in rows.clone().enumerate() {
                plane
                    .row_mut(y)
                    .copy_from_slice(&from.row(row)[columns.clone()]);
            }
        }
        self.solve(level, &near_guide, (radius, epsilon), &mut near);
        for (y, row) in rows.enumerate() {
            matte.row_mut(row)[columns.clone()].copy_from_slice(near.row(y));
        }
        self.around = [near_guide, near];
    }

    fn solve(
        &mut self,
        level: Level,
        guide: &Plane,
        (radius, epsilon): (usize, f32),
        matte: &mut Plane,
    ) {
        let (width, height) = matte.size();
        for plane in [
            &mut self.weight,
            &mut self.residual,
            &mut self.direction,
            &mut self.image,
        ] {
            plane.resize(width, height);
        }
        for (weight, p) in self.weight.data_mut().iter_mut().zip(matte.data()) {
            let sure = ((2.0 * p - 1.0).abs() - 0.6).max(0.0) / 0.4;
            *weight = UNSURE_WEIGHT + SURE_WEIGHT * sure * sure;
        }
        let window = (radius, epsilon);
        self.start(level, guide, matte, window);
        let mut energy = self.energy();
        for _ in 0..STEPS {
            if energy < 1e-9 {
                break;
            }
            let Some(next) = self.step(level, guide, window, energy, matte) else {
                break;
            };
            energy = next;
        }
        matte
            .data_mut()
            .iter_mut()
            .for_each(|x| *x = x.clamp(0.0, 1.0));
    }

    /// The first residual and direction. The right side is `D p` and the start is `p`, so the
    /// residual is `-L p`.
    fn start(&mut self, level: Level, guide: &Plane, matte: &Plane, window: (usize, f32)) {
        self.laplacian(level, guide, matte, window);
        let start = self.residual.data_mut().iter_mut().zip(self.image.data());
        for (((r, l), d), weight) in start.zip(self.direction.data_mut()).zip(self.weight.data()) {
            *r = -l;
            *d = *r / (1.0 + weight);
        }
    }

    /// One step of conjugate gradients; returns what is left, or nothing if there is no way on.
    fn step(
        &mut self,
        level: Level,
        guide: &Plane,
        window: (usize, f32),
        energy: f64,
        matte: &mut Plane,
    ) -> Option<f64> {
        let direction = std::mem::take(&mut self.direction);
        self.laplacian(level, guide, &direction, window);
        self.direction = direction;
        let mut curvature = 0.0;
        let terms = self.image.data_mut().iter_mut().zip(self.direction.data());
        for ((image, d), weight) in terms.zip(self.weight.data()) {
            *image += weight * d;
            curvature += f64::from(*image * d);
        }
        if curvature <= 0.0 {
            return None;
        }
        let length = (energy / curvature) as f32;
        let state = matte.data_mut().iter_mut().zip(self.direction.data());
        for (((x, d), r), image) in state.zip(self.residual.data_mut()).zip(self.image.data()) {
            *x += length * d;
            *r -= length * image;
        }
        let next = self.energy();
        let keep = (next / energy) as f32;
        let direction = self.direction.data_mut().iter_mut();
        for ((d, r), weight) in direction.zip(self.residual.data()).zip(self.weight.data()) {
            *d = r / (1.0 + weight) + keep * *d;
        }
        Some(next)
    }

    /// `image = x - guided(x)`.
    fn laplacian(&mut self, level: Level, guide: &Plane, x: &Plane, window: (usize, f32)) {
        self.guided
            .coefficients(level, (guide, x), Fit::Plain, window, &mut self.fitted);
        let fitted = self.fitted.a.data().iter().zip(self.fitted.b.data());
        let terms = self
            .image
            .data_mut()
            .iter_mut()
            .zip(x.data())
            .zip(guide.data());
        for (((image, x), i), (a, b)) in terms.zip(fitted) {
            *image = x - (a * i + b);
        }
    }

    /// Residual times the scaled residual.
    fn energy(&self) -> f64 {
        let terms = self.residual.data().iter().zip(self.weight.data());
        terms
            .map(|(r, weight)| f64::from(r * r / (1.0 + weight)))
            .sum()
    }
}

/// The columns and rows, and `margin` more on all sides, that hold all values but 0 and 1 and every
/// change from one to the other.
fn unsure(matte: &Plane, margin: usize) -> Option<(Range<usize>, Range<usize>)> {
    let (width, height) = matte.size();
    let (mut columns, mut rows) = (width..0, height..0);
    for y in 0..height {
        let (row, above) = (matte.row(y), matte.row(y.saturating_sub(1)));
        for x in 0..width {
            let p = row[x];
            if (p > 0.0 && p < 1.0) || p != above[x] || p != row[x.saturating_sub(1)] {
                columns = columns.start.min(x)..columns.end.max(x + 1);
                rows = rows.start.min(y)..rows.end.max(y + 1);
            }
        }
    }
    let wider = |range: Range<usize>, limit: usize| {
        range.start.saturating_sub(margin)..(range.end + margin).min(limit)
    };
    (columns.start < columns.end).then(|| (wider(columns, width), wider(rows, height)))
}

#[cfg(test)]
#[path = "matting_tests.rs"]
mod tests;
