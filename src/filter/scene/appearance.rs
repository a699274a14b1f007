// SPDX-License-Identifier: MPL-2.0

//! How one thing looks at every pixel: the running mean of its colour with its variance, and for
//! how long it was seen.

use super::{Colored, LEAST_CHROMA, LEAST_LUMA, NEUTRAL, SEGMENT, rough_ln};
use crate::filter::Plane;

/// Frames of 1/30 s that the mean stands for at most.
const MEMORY: f32 = 60.0;
/// Frames after which an appearance begins to count, and after which it counts fully.
const KNOWN: (f32, f32) = (8.0, 24.0);
/// Frames up to which a new picture replaces the mean.
const NEW: f32 = 2.0;
/// Share of what is known that stays after 1/30 s in which the picture disagrees.
const STAYS: f32 = 0.85;
/// Squared difference, relative to the variance, from which the picture disagrees. Three channels that
/// differ by noise have 3.
const DISAGREES: f32 = 14.0;
/// Least weight of a new difference in the variance, per 1/30 s.
const VARIANCE_RATE: f32 = 0.05;
/// Greatest squared difference that goes into the variance, so that what passes does not widen it.
const LARGEST: f32 = (20.0 / 255.0) * (20.0 / 255.0);
/// Luma from which a pixel may be clipped: it does not follow the light.
const CLIPPED: f32 = 0.96;

/// A remembered appearance of every pixel.
#[derive(Debug, Default)]
pub(super) struct Appearance {
    /// Mean of luma and of both colour differences.
    pub means: [Plane; 3],
    /// Variance of luma, and of a colour difference (the mean of both).
    variances: [Plane; 2],
    /// 1 / variance, at least the least one believed in.
    scales: [Plane; 2],
    /// Half the logarithm of the variance's volume, relative to the least one.
    width: Plane,
    /// For how many frames of 1/30 s it was seen, at most [`MEMORY`].
    pub seen: Plane,
}

/// A row's luma and colour differences.
pub(super) type ColorRow<'a> = [&'a [f32]; 3];

impl Appearance {
    /// Forgets everything. Rows are as long as whole segments.
    pub fn start(&mut self, (width, height): (usize, usize)) {
        let width = width.next_multiple_of(SEGMENT);
        let planes = self.means.iter_mut().chain(&mut self.variances);
        let planes = planes.chain(&mut self.scales);
        for plane in planes.chain([&mut self.width, &mut self.seen]) {
            plane.resize(width, height);
            plane.data_mut().fill(0.0);
        }
    }

    /// Every plane, so that a test can spoil them.
    #[cfg(test)]
    pub fn planes_mut(&mut self) -> impl Iterator<Item = &mut Plane> {
        let planes = self.means.iter_mut().chain(&mut self.variances);
        let planes = planes.chain(&mut self.scales);
        planes.chain([&mut self.width, &mut self.seen])
    }

    /// Follows a change of the light by this factor.
    pub fn follow(&mut self, gain: f32) {
        let [luma, chroma @ ..] = &mut self.means;
        for luma in luma.data_mut() {
            let clipped = *luma > CLIPPED;
            *luma = if clipped {
                *luma
            } else {
                (*luma * gain).min(1.0)
            };
        }
        for value in chroma.iter_mut().flat_map(Plane::data_mut) {
            *value = NEUTRAL + (*value - NEUTRAL) * gain;
        }
    }

    /// Writes the squared differences of a segment of row `y` from `at` on from what is known, relative
    /// to the variance: 3 for what differs by noise.
    #[inline(always)]
    pub fn differences(&self, (at, y): (usize, usize), colors: &Colored, out: &mut [f32]) {
        let luma = &self.means[0].row(y)[at..][..SEGMENT];
        let u = &self.means[1].row(y)[at..][..SEGMENT];
        let v = &self.means[2].row(y)[at..][..SEGMENT];
        let scale = &self.scales[0].row(y)[at..][..SEGMENT];
        let chroma_scale = &self.scales[1].row(y)[at..][..SEGMENT];
        let out = &mut out[..SEGMENT];
        for x in 0..SEGMENT {
            let luma = colors.luma[x] - luma[x];
            let (u, v) = (colors.u[x] - u[x], colors.v[x] - v[x]);
            out[x] = luma * luma * scale[x] + (u * u + v * v) * chroma_scale[x];
        }
    }

    /// For how long each pixel of a segment of row `y` from `at` on was seen, and half the logarithm of
    /// its variance's volume.
    #[inline(always)]
    pub fn known(&self, (at, y): (usize, usize)) -> (&[f32], &[f32]) {
        let (seen, width) = (self.seen.row(y), self.width.row(y));
        (&seen[at..][..SEGMENT], &width[at..][..SEGMENT])
    }

    /// Learns row `y` where `learns` is above 0. The picture counts `frames` frames of 1/30 s.
    #[inline(always)]
    pub fn learn(&mut self, y: usize, colors: ColorRow<'_>, learns: &[f32], frames: f32) {
        let count = learns.len();
        let (luma, u, v) = (
            &colors[0][..count],
            &colors[1][..count],
            &colors[2][..count],
        );
        let [mean, mean_u, mean_v] = &mut self.means;
        let mean = &mut mean.row_mut(y)[..count];
        let mean_u = &mut mean_u.row_mut(y)[..count];
        let mean_v = &mut mean_v.row_mut(y)[..count];
        let [variance, color_variance] = &mut self.variances;
        let variance = &mut variance.row_mut(y)[..count];
        let color_variance = &mut color_variance.row_mut(y)[..count];
        let [scale, color_scale] = &mut self.scales;
        let scale = &mut scale.row_mut(y)[..count];
        let color_scale = &mut color_scale.row_mut(y)[..count];
        let width = &mut self.width.row_mut(y)[..count];
        let seen = &mut self.seen.row_mut(y)[..count];
        let stays = STAYS.powf(frames);
        let variance_rate = 1.0 - (1.0 - VARIANCE_RATE).powf(frames);
        for x in 0..count {
            let learns = learns[x] > 0.0;
            let before = seen[x];
            let (l, du, dv) = (luma[x] - mean[x], u[x] - mean_u[x], v[x] - mean_v[x]);
            let (square, color_square) = (l * l, du * du + dv * dv);
            let difference = square * scale[x] + color_square * color_scale[x];
            let agrees = (difference < DISAGREES) | (before < NEW);
            let longer = (before + frames).min(MEMORY);
            let now = if agrees { longer } else { before * stays };
            let now = if learns { now } else { before };
            let is_new = before < NEW;
            let weight = (frames / now.max(frames)).min(1.0);
            let weight = if is_new { 1.0 } else { weight };
            let weight = if learns { weight } else { 0.0 };
            let rate = if learns & !is_new {
                weight.max(variance_rate)
            } else {
                0.0
            };
            // What is new begins with the least variance.
            let start = learns & is_new;
            let (old, old_color) = (variance[x], color_variance[x]);
            let (old, old_color) = if start {
                (LEAST_LUMA, LEAST_CHROMA)
            } else {
                (old, old_color)
            };
            let spread = old + (square.min(LARGEST) - old) * rate;
            let color_spread = old_color + ((0.5 * color_square).min(LARGEST) - old_color) * rate;
            mean[x] += l * weight;
            mean_u[x] += du * weight;
            mean_v[x] += dv * weight;
            variance[x] = spread;
            color_variance[x] = color_spread;
            let (spread, color_spread) = (spread.max(LEAST_LUMA), color_spread.max(LEAST_CHROMA));
            scale[x] = 1.0 / spread;
            color_scale[x] = 1.0 / color_spread;
            width[x] = volume(spread, color_spread);
            seen[x] = now;
        }
    }
}

/// How far an appearance counts that was seen for so many frames, 0 to 1.
#[inline(always)]
pub(super) fn known(seen: f32) -> f32 {
    ((seen - KNOWN.0) * (1.0 / (KNOWN.1 - KNOWN.0))).clamp(0.0, 1.0)
}

/// Half the logarithm of the volume of these variances of luma and of a colour difference, relative to
/// the least one: what a likelihood loses by being wide.
#[inline(always)]
pub(super) fn volume(luma: f32, chroma: f32) -> f32 {
    0.5 * rough_ln(luma * (1.0 / LEAST_LUMA)) + rough_ln(chroma * (1.0 / LEAST_CHROMA))
}
