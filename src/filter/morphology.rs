// SPDX-License-Identifier: MPL-2.0

//! Morphology of soft mattes: dilation is the maximum over a disc, erosion the minimum. Radii are
//! in pixels and need not be whole: a matte at a low resolution is moved by fractions of its
//! pixels, mixed from the two whole radii around.

use super::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Dilation, erosion, opening and closing, with their scratch memory.
#[derive(Debug, Default)]
pub struct Morphology {
    small: Plane,
    large: Plane,
    padded: Vec<f32>,
    doubled: Vec<f32>,
}

impl Morphology {
    /// Moves the edges of `matte` outward by `radius` pixels, inward where it is below 0.
    pub fn grow(&mut self, level: Level, matte: &mut Plane, radius: f32) {
        if radius == 0.0 || !radius.is_finite() {
            return;
        }
        let limit = matte.width().max(matte.height()) as f32;
        let (erode, radius) = (radius < 0.0, radius.abs().min(limit));
        if erode {
            invert(matte);
        }
        let (whole, part) = (radius.floor(), radius.fract());
        let Self {
            small,
            large,
            padded,
            doubled,
        } = self;
        small.resize(matte.width(), matte.height());
        large.resize(matte.width(), matte.height());
        let mut scratch = Scratch { padded, doubled };
        dilate(level, matte, whole as usize, &mut scratch, small);
        if part > 0.0 {
            dilate(level, matte, whole as usize + 1, &mut scratch, large);
            let values = small.data().iter().zip(large.data());
            for (to, (a, b)) in matte.data_mut().iter_mut().zip(values) {
                *to = a + (b - a) * part;
            }
        } else {
            matte.copy_from(small);
        }
        if erode {
            invert(matte);
        }
    }

    /// Removes what is thinner than `2 radius` pixels.
    pub fn open(&mut self, level: Level, matte: &mut Plane, radius: f32) {
        self.grow(level, matte, -radius.abs());
        self.grow(level, matte, radius.abs());
    }

    /// Fills gaps that are thinner than `2 radius` pixels.
    pub fn close(&mut self, level: Level, matte: &mut Plane, radius: f32) {
        self.grow(level, matte, radius.abs());
        self.grow(level, matte, -radius.abs());
    }
}

fn invert(matte: &mut Plane) {
    matte.data_mut().iter_mut().for_each(|v| *v = 1.0 - *v);
}

struct Scratch<'a> {
    padded: &'a mut Vec<f32>,
    doubled: &'a mut Vec<f32>,
}

/// Half the width of a disc's row at height `dy`.
fn half_width(radius: usize, dy: usize) -> usize {
    // A little more than the radius makes small discs round instead of diamonds.
    let r = radius as f32 + 0.25;
    (r * r - (dy * dy) as f32).max(0.0).sqrt() as usize
}

fn dilate(level: Level, from: &Plane, radius: usize, scratch: &mut Scratch<'_>, to: &mut Plane) {
    to.copy_from(from);
    if radius == 0 {
        return;
    }
    let padded = from.width() + 2 * radius;
    scratch.padded.clear();
    scratch.padded.resize(padded, 0.0);
    scratch.doubled.resize(padded, 0.0);
    dispatch!(level, simd => dilate_kernel(simd, from, radius, scratch, to));
}

/// For every source row and every row of the disc: the horizontal maximum over the disc's width
/// there goes into the row that the disc's row lands on. Zero padding is neutral: mattes are
/// not below 0.
#[simd]
fn dilate_kernel<S: Simd>(
    _: S,
    from: &Plane,
    radius: usize,
    scratch: &mut Scratch<'_>,
    to: &mut Plane,
) {
    let (width, height) = from.size();
    for y in 0..height {
        for dy in 0..=radius {
            let half = half_width(radius, dy);
            scratch.padded.fill(0.0);
            scratch.padded[radius..][..width].copy_from_slice(from.row(y));
            // The maximum over 2 half + 1 neighbours by doubling.
            let (taps, mut reached) = (2 * half + 1, 1);
            while reached < taps {
                let shift = reached.min(taps - reached);
                let (low, high) = (&scratch.padded[..], &scratch.padded[shift..]);
                for ((d, a), b) in scratch.doubled.iter_mut().zip(low).zip(high) {
                    *d = a.max(*b);
                }
                std::mem::swap(scratch.padded, scratch.doubled);
                reached += shift;
            }
            let window = &scratch.padded[radius - half..];
            let above = y.checked_sub(dy);
            let below = Some(y + dy).filter(|&row| row < height && dy > 0);
            for row in above.into_iter().chain(below) {
                for (t, v) in to.row_mut(row).iter_mut().zip(window) {
                    *t = t.max(*v);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::testing::{noise, sizes};

    fn reference(from: &Plane, radius: usize) -> Vec<f32> {
        let (width, height) = from.size();
        let mut out = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let mut most = 0.0f32;
                for v in y.saturating_sub(radius)..=(y + radius).min(height - 1) {
                    let half = half_width(radius, v.abs_diff(y));
                    for u in x.saturating_sub(half)..=(x + half).min(width - 1) {
                        most = most.max(from.row(v)[u]);
                    }
                }
                out.push(most);
            }
        }
        out
    }

    #[test]
    fn equals_the_definition_at_every_size_and_level() {
        let mut filter = Morphology::default();
        for (i, (width, height)) in sizes().into_iter().enumerate() {
            let plane = noise(width, height, 3);
            let radius = [1, 2, 3, 5, 9][i % 5];
            let expected = reference(&plane, radius.min(width.max(height)));
            for level in crate::simd::levels() {
                let mut out = plane.clone();
                filter.grow(level, &mut out, radius as f32);
                assert_eq!(out.data(), expected, "{width}x{height} r{radius}");
            }
        }
    }

    #[test]
    fn erosion_is_dilation_of_the_rest_and_fractions_lie_between() {
        let (mut filter, level) = (Morphology::default(), crate::simd::level());
        let plane = noise(33, 21, 3);
        let (mut eroded, mut inverse) = (plane.clone(), plane.clone());
        filter.grow(level, &mut eroded, -2.0);
        invert(&mut inverse);
        filter.grow(level, &mut inverse, 2.0);
        invert(&mut inverse);
        assert_eq!(eroded, inverse);
        let sum = |radius: f32, filter: &mut Morphology| {
            let mut out = plane.clone();
            filter.grow(level, &mut out, radius);
            out.data().iter().sum::<f32>()
        };
        let sums: Vec<f32> = [-1.5, -1.0, -0.4, 0.0, 0.4, 1.0, 1.5]
            .map(|r| sum(r, &mut filter))
            .to_vec();
        assert!(sums.is_sorted(), "{sums:?}");
    }

    #[test]
    fn opening_removes_threads_and_closing_fills_cracks() {
        let (mut filter, level) = (Morphology::default(), crate::simd::level());
        let mut plane = Plane::new(40, 40);
        for y in 0..40 {
            plane.row_mut(y)[..20].fill(1.0);
        }
        plane.row_mut(20).fill(1.0);
        plane.row_mut(10)[..15].fill(0.0);
        filter.open(level, &mut plane, 2.0);
        assert_eq!(plane.row(20)[35], 0.0);
        filter.close(level, &mut plane, 2.0);
        assert_eq!(plane.row(10)[5], 1.0);
    }
}
