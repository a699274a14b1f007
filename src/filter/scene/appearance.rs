// SPDX-License-Identifier: MPL-2.0

//! How one thing looks at every pixel: the running mean of its colour with its variance, and for
//! how long it was seen.

use super::{Colored, LEAST_CHROMA, LEAST_LUMA, NEUTRAL, SEGMENT, copy, rough_ln};
use crate::filter::Plane;
use crate::filter::plane::{larger, smaller};

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
    pub fn seen_and_width(&self, (at, y): (usize, usize)) -> (&[f32], &[f32]) {
        let (seen, width) = (self.seen.row(y), self.width.row(y));
        (&seen[at..][..SEGMENT], &width[at..][..SEGMENT])
    }

    /// Learns a segment of row `y` from `at` on, where `learns` is above 0.
    #[inline(always)]
    pub fn learn(&mut self, (at, y): (usize, usize), colors: &Colored, learns: &[f32], pace: Pace) {
        let learns = copy(learns);
        let [mean, mean_u, mean_v] = &mut self.means;
        let [variance, chroma_variance] = &mut self.variances;
        let [scale, chroma_scale] = &mut self.scales;
        let planes = [
            mean,
            mean_u,
            mean_v,
            variance,
            chroma_variance,
            scale,
            chroma_scale,
            &mut self.width,
            &mut self.seen,
        ];
        // In arrays of their own, values cannot overlap, so the compiler can use vectors.
        let rows = planes.map(|plane| &mut plane.row_mut(y)[at..][..SEGMENT]);
        let mut mean = copy(rows[0]);
        let mut mean_u = copy(rows[1]);
        let mut mean_v = copy(rows[2]);
        let mut variance = copy(rows[3]);
        let mut chroma_variance = copy(rows[4]);
        let mut scale = copy(rows[5]);
        let mut chroma_scale = copy(rows[6]);
        let mut width = copy(rows[7]);
        let mut seen = copy(rows[8]);
        for x in 0..SEGMENT {
            let learns = learns[x] > 0.0;
            let before = seen[x];
            let luma = colors.luma[x] - mean[x];
            let (u, v) = (colors.u[x] - mean_u[x], colors.v[x] - mean_v[x]);
            let (square, chroma_square) = (luma * luma, u * u + v * v);
            let difference = square * scale[x] + chroma_square * chroma_scale[x];
            let is_new = before < NEW;
            let agrees = (difference < DISAGREES) | is_new;
            let longer = smaller(before + pace.frames, MEMORY);
            let now = if agrees { longer } else { before * pace.stays };
            let now = if learns { now } else { before };
            let weight = smaller(pace.frames / larger(now, pace.frames), 1.0);
            let weight = if is_new { 1.0 } else { weight };
            let weight = if learns { weight } else { 0.0 };
            let rate = larger(weight, pace.variance_rate);
            let rate = if learns & !is_new { rate } else { 0.0 };
            // What is new begins with the least variance.
            let starts = learns & is_new;
            let old = if starts { LEAST_LUMA } else { variance[x] };
            let old_chroma = if starts {
                LEAST_CHROMA
            } else {
                chroma_variance[x]
            };
            let spread = old + (smaller(square, LARGEST) - old) * rate;
            let chroma = smaller(0.5 * chroma_square, LARGEST);
            let chroma_spread = old_chroma + (chroma - old_chroma) * rate;
            mean[x] += luma * weight;
            mean_u[x] += u * weight;
            mean_v[x] += v * weight;
            variance[x] = spread;
            chroma_variance[x] = chroma_spread;
            let spread = larger(spread, LEAST_LUMA);
            let chroma_spread = larger(chroma_spread, LEAST_CHROMA);
            scale[x] = 1.0 / spread;
            chroma_scale[x] = 1.0 / chroma_spread;
            width[x] = volume(spread, chroma_spread);
            seen[x] = now;
        }
        let values = [
            mean,
            mean_u,
            mean_v,
            variance,
            chroma_variance,
            scale,
            chroma_scale,
            width,
            seen,
        ];
        for (row, values) in rows.into_iter().zip(&values) {
            row.copy_from_slice(values);
        }
    }
}

/// How fast is learnt when a picture counts some frames of 1/30 s.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    frames: f32,
    /// Share of what is known that stays where the picture disagrees.
    stays: f32,
    /// Least weight of a new difference in the variance.
    variance_rate: f32,
}

impl Pace {
    /// For a picture that counts so many frames.
    pub fn of(frames: f32) -> Self {
        Self {
            frames,
            stays: STAYS.powf(frames),
            variance_rate: 1.0 - (1.0 - VARIANCE_RATE).powf(frames),
        }
    }
}

/// How far an appearance counts that was seen for so many frames, 0 to 1.
#[inline(always)]
pub(super) fn confidence(seen: f32) -> f32 {
    ((seen - KNOWN.0) * (1.0 / (KNOWN.1 - KNOWN.0))).clamp(0.0, 1.0)
}

/// Half the logarithm of the volume of these variances of luma and of a colour difference, relative to
/// the least one: what a likelihood loses by being wide.
#[inline(always)]
pub(super) fn volume(luma: f32, chroma: f32) -> f32 {
    0.5 * rough_ln(luma * (1.0 / LEAST_LUMA)) + rough_ln(chroma * (1.0 / LEAST_CHROMA))
}
