// SPDX-License-Identifier: MPL-2.0

//! Morphology of soft mattes: dilation is the maximum over a disc, erosion the minimum. Radii are
//! in pixels and need not be whole: a matte at a low resolution is moved by fractions of its
//! pixels, mixed from the two whole radii around.

use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// How far an edge is moved, in pixels across and down; a number is both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Radius {
    /// Along rows.
    pub across: f32,
    /// Along columns; of the same sign.
    pub down: f32,
}

impl From<f32> for Radius {
    fn from(radius: f32) -> Self {
        Self {
            across: radius,
            down: radius,
        }
    }
}

impl Radius {
    /// How much longer it is across than down.
    const fn ratio(self) -> f32 {
        self.across / self.down
    }

    /// Whether both are the same as far as can be seen.
    pub(crate) fn is_round(self) -> bool {
        self.across == self.down || (self.ratio() - 1.0).abs() < 0.01
    }

    fn scaled(self, factor: f32) -> Self {
        Self {
            across: self.across * factor,
            down: self.down * factor,
        }
    }
}

/// Dilation, erosion, opening and closing, with their scratch memory.
#[derive(Debug, Default)]
pub struct Morphology {
    small: Plane,
    large: Plane,
    padded: Vec<f32>,
    doubled: Vec<f32>,
}

impl Morphology {
    /// Moves the edges of `matte` outward by `radius` pixels, inward if it is below 0.
    pub fn grow(&mut self, level: Level, matte: &mut Plane, radius: impl Into<Radius>) {
        let radius = radius.into();
        if radius.down == 0.0 || !(radius.across.is_finite() && radius.down.is_finite()) {
            return;
        }
        let limit = matte.width().max(matte.height()) as f32;
        let erode = radius.down < 0.0;
        let (across, down) = (radius.across.abs().min(limit), radius.down.abs().min(limit));
        if erode {
            invert(matte);
        }
        self.small.resize(matte.width(), matte.height());
        self.large.resize(matte.width(), matte.height());
        match radius.is_round() {
            true => self.round(level, matte, across),
            false => self.oval(level, matte, (across, down)),
        }
        if erode {
            invert(matte);
        }
    }

    /// Dilates by a disc, mixed from the two whole radii around.
    fn round(&mut self, level: Level, matte: &mut Plane, radius: f32) {
        let (whole, part) = (radius.floor() as usize, radius.fract());
        let mut scratch = Scratch {
            padded: &mut self.padded,
            doubled: &mut self.doubled,
        };
        let (small, large) = (&mut self.small, &mut self.large);
        dilate(level, matte, (whole, whole), &mut scratch, small);
        if part > 0.0 {
            dilate(level, matte, (whole + 1, whole + 1), &mut scratch, large);
            let values = small.data().iter().zip(large.data());
            for (to, (a, b)) in matte.data_mut().iter_mut().zip(values) {
                *to = a + (b - a) * part;
            }
        } else {
            matte.copy_from(small);
        }
    }

    /// Dilates by an ellipse, mixed from the four of whole radii around.
    fn oval(&mut self, level: Level, matte: &mut Plane, (across, down): (f32, f32)) {
        let mut scratch = Scratch {
            padded: &mut self.padded,
            doubled: &mut self.doubled,
        };
        let (one, sum) = (&mut self.small, &mut self.large);
        sum.data_mut().fill(0.0);
        let ends = |radius: f32| {
            let (whole, part) = (radius.floor() as usize, radius.fract());
            [(whole, 1.0 - part), (whole + 1, part)]
        };
        for (rows, share) in ends(down) {
            for (columns, part) in ends(across) {
                let weight = share * part;
                if weight == 0.0 {
                    continue;
                }
                dilate(level, matte, (columns, rows), &mut scratch, one);
                for (sum, value) in sum.data_mut().iter_mut().zip(one.data()) {
                    *sum += value * weight;
                }
            }
        }
        matte.copy_from(sum);
    }

    /// Removes what is thinner than `2 radius` pixels.
    pub fn open(&mut self, level: Level, matte: &mut Plane, radius: impl Into<Radius>) {
        let radius = radius.into();
        let sign = radius.down.signum();
        self.grow(level, matte, radius.scaled(-sign));
        self.grow(level, matte, radius.scaled(sign));
    }

    /// Fills gaps that are thinner than `2 radius` pixels.
    pub fn close(&mut self, level: Level, matte: &mut Plane, radius: impl Into<Radius>) {
        let radius = radius.into();
        let sign = radius.down.signum();
        self.grow(level, matte, radius.scaled(sign));
        self.grow(level, matte, radius.scaled(-sign));
    }
}

fn invert(matte: &mut Plane) {
    matte.data_mut().iter_mut().for_each(|v| *v = 1.0 - *v);
}

struct Scratch<'a> {
    padded: &'a mut Vec<f32>,
    doubled: &'a mut Vec<f32>,
}

/// Half the width of an ellipse's row at height `dy`, for radii across and down.
fn half_width((across, down): (usize, usize), dy: usize) -> usize {
    // A little more than the radius makes small discs round instead of diamonds.
    let (wide, high) = (across as f32 + 0.25, down as f32 + 0.25);
    ((high * high - (dy * dy) as f32).max(0.0).sqrt() * (wide / high)) as usize
}

fn dilate(
    level: Level,
    from: &Plane,
    radii: (usize, usize),
    scratch: &mut Scratch<'_>,
    to: &mut Plane,
) {
    to.copy_from(from);
    if radii == (0, 0) {
        return;
    }
    let padded = from.width() + 2 * radii.0;
    scratch.padded.clear();
    scratch.padded.resize(padded, 0.0);
    scratch.doubled.resize(padded, 0.0);
    dispatch!(level, simd => dilate_kernel(simd, from, radii, scratch, to));
}

/// For every source row and every row of the disc: the horizontal maximum over the disc's width
/// there goes into the row that the disc's row lands on. Zero padding is neutral: mattes are
/// not below 0.
#[simd]
fn dilate_kernel<S: Simd>(
    _: S,
    from: &Plane,
    radii: (usize, usize),
    scratch: &mut Scratch<'_>,
    to: &mut Plane,
) {
    let (width, height) = from.size();
    let radius = radii.0;
    for y in 0..height {
        for dy in 0..=radii.1 {
            let half = half_width(radii, dy);
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
#[path = "morphology_tests.rs"]
mod tests;
