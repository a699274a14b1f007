// SPDX-License-Identifier: MPL-2.0

//! The last touch on the edge: feather, levels and gamma. Feather and levels work on the
//! coefficients of [`super::affine`], so they cost nothing per pixel of the frame.

use super::coefficients::Coefficients;
use crate::filter::Plane;
use crate::filter::plane::window::BoxMean;
use crate::filter::regions::morphology::Radius;
use crate::frame::GrayMut;
use crate::simd::Level;

/// Feather, levels and gamma, with their scratch memory.
#[derive(Debug, Default)]
pub struct Shape {
    matte: Plane,
    blurred: Plane,
    twice: Plane,
    wider: Plane,
    mean: BoxMean,
    table: Vec<u8>,
    gamma: f32,
}

impl Shape {
    /// Softens the matte's edge over `radius` pixels of the coefficients' grid, outward (the
    /// subject stays whole), or inward (the background stays clean) if it is below 0. `guide`
    /// is the luma on that grid.
    ///
    /// The matte is blurred (two box means, together `2 |radius|` wide on either side of the
    /// edge) and doubled: outward `min(1, 2 blur)`, inward `max(0, 2 blur - 1)`. What the guide
    /// put into the edge fades as the blur gets wider than a cell of the grid.
    pub fn feather(
        &mut self,
        level: Level,
        radius: impl Into<Radius>,
        guide: &Plane,
        edge: &mut Coefficients,
    ) {
        let extent: Radius = radius.into();
        let radius = extent.down;
        if radius == 0.0 {
            return;
        }
        let (a, b) = (edge.a.data_mut(), edge.b.data_mut());
        self.matte.resize(guide.width(), guide.height());
        for (((m, i), a), b) in self
            .matte
            .data_mut()
            .iter_mut()
            .zip(guide.data())
            .zip(&*a)
            .zip(&*b)
        {
            *m = (a * i + b).clamp(0.0, 1.0);
        }
        let high = (radius.abs() * 0.5).round().max(1.0);
        let wide = match extent.is_round() {
            true => high,
            // A window of 2 r + 1 cells, longer or shorter by as much as the radius is.
            false => ((2.0 * high + 1.0) * extent.across / extent.down - 1.0).max(0.0) * 0.5,
        };
        let share = radius.abs().min(1.0);
        let (mean, wider, radii) = (&mut self.mean, &mut self.wider, (wide, high as usize));
        blur(level, mean, &self.matte, radii, wider, &mut self.twice);
        blur(level, mean, &self.twice, radii, wider, &mut self.blurred);
        for ((a, b), blur) in a.iter_mut().zip(b).zip(self.blurred.data()) {
            let soft = if radius > 0.0 {
                (2.0 * blur).min(1.0)
            } else {
                (2.0 * blur - 1.0).max(0.0)
            };
            *a *= 1.0 - share;
            *b += (soft - *b) * share;
        }
    }

    /// Stretches `black` to 0 and `white` to 1: the same linear map on slope and offset.
    pub fn levels(&self, black: f32, white: f32, edge: &mut Coefficients) {
        if black == 0.0 && white == 1.0 {
            return;
        }
        let (scale, offset) = levels(black, white);
        edge.a.data_mut().iter_mut().for_each(|a| *a *= scale);
        let offsets = edge.b.data_mut().iter_mut();
        offsets.for_each(|b| *b = *b * scale + offset);
    }

    /// Raises the finished matte to the power of `1 / gamma`, in place.
    pub fn gamma(&mut self, gamma: f32, matte: &mut GrayMut<'_>) {
        if gamma == 1.0 {
            return;
        }
        if self.table.is_empty() || self.gamma != gamma {
            self.gamma = gamma;
            self.table.clear();
            let power = 1.0 / gamma;
            self.table
                .extend((0..=255).map(|v| ((v as f32 / 255.0).powf(power) * 255.0 + 0.5) as u8));
        }
        for y in 0..matte.height() {
            for value in matte.row_mut(y) {
                *value = self.table[usize::from(*value)];
            }
        }
    }
}

/// The linear map that stretches `black` to 0 and `white` to 1, as factor and offset.
pub(in crate::filter) fn levels(black: f32, white: f32) -> (f32, f32) {
    let scale = 1.0 / (white - black).max(1.0 / 255.0);
    (scale, -black * scale)
}

/// A box mean of a whole radius down, and one across that need not be whole: mixed from the two
/// around.
fn blur(
    level: Level,
    mean: &mut BoxMean,
    from: &Plane,
    (across, down): (f32, usize),
    wider: &mut Plane,
    to: &mut Plane,
) {
    let (whole, part) = (across.floor() as usize, across.fract());
    mean.apply_oblong(level, from, (whole, down), to);
    if part > 0.0 {
        mean.apply_oblong(level, from, (whole + 1, down), wider);
        for (to, wider) in to.data_mut().iter_mut().zip(wider.data()) {
            *to += (wider - *to) * part;
        }
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
