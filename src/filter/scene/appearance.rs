// SPDX-License-Identifier: MPL-2.0

//! How one thing looks at every pixel: the running mean of its colour with its variance, and for
//! how long it was seen.

use super::{Colored, LEAST_CHROMA, LEAST_LUMA, SEGMENT, rough_ln};
use crate::filter::plane::{NEUTRAL, larger, smaller};

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
    /// Segments from left to right, then row by row.
    segments: Vec<Segment>,
    columns: usize,
}

/// What is known of the pixels of a segment. All of it lies together, because the segments that are
/// asked for lie far apart.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Segment {
    /// Mean of luma and of both colour differences.
    pub means: [[f32; SEGMENT]; 3],
    /// Variance of luma, and of a colour difference (the mean of both).
    pub variances: [[f32; SEGMENT]; 2],
    /// For how many frames of 1/30 s it was seen, at most [`MEMORY`].
    pub seen: [f32; SEGMENT],
}

impl Appearance {
    /// Forgets everything.
    pub fn start(&mut self, (width, height): (usize, usize)) {
        self.columns = width.div_ceil(SEGMENT);
        self.segments.clear();
        let count = self.columns * height;
        self.segments.resize(count, Segment::default());
    }

    /// All segments, from left to right, then row by row.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The same, so that a test can spoil them.
    #[cfg(test)]
    pub fn segments_mut(&mut self) -> &mut [Segment] {
        &mut self.segments
    }

    /// The segment of row `y` from `at` on, a multiple of [`SEGMENT`].
    #[inline(always)]
    pub fn segment(&self, (at, y): (usize, usize)) -> &Segment {
        &self.segments[y * self.columns + at / SEGMENT]
    }

    /// Follows a change of the light by this factor.
    pub fn follow(&mut self, gain: f32) {
        for segment in &mut self.segments {
            let [luma, chroma @ ..] = &mut segment.means;
            for luma in luma {
                let lit = smaller(*luma * gain, 1.0);
                *luma = if *luma > CLIPPED { *luma } else { lit };
            }
            for value in chroma.as_flattened_mut() {
                *value = NEUTRAL + (*value - NEUTRAL) * gain;
            }
        }
    }

    /// Learns the segment of row `y` from `at` on, where `learns` is above 0.
    #[inline(always)]
    pub fn learn(&mut self, (at, y): (usize, usize), colors: &Colored, learns: &[f32], pace: Pace) {
        let mut learnt = [0.0; SEGMENT];
        learnt.copy_from_slice(&learns[..SEGMENT]);
        self.segments[y * self.columns + at / SEGMENT].learn(colors, &learnt, pace);
    }
}

impl Segment {
    /// The squared differences of these colours from what is known, relative to the variance: 3 for
    /// what differs by noise.
    #[inline(always)]
    pub fn differences(&self, colors: &Colored, out: &mut [f32]) {
        for (x, out) in out[..SEGMENT].iter_mut().enumerate() {
            let square = (colors.luma[x] - self.means[0][x]).powi(2);
            let (u, v) = (
                colors.u[x] - self.means[1][x],
                colors.v[x] - self.means[2][x],
            );
            let (variance, chroma_variance) = self.believed(x);
            let sum = square * chroma_variance + (u * u + v * v) * variance;
            // One division, not two: it takes as long as all the rest.
            *out = sum / (variance * chroma_variance);
        }
    }

    /// Half the logarithm of the volume of a pixel's variance, relative to the least one.
    #[inline(always)]
    pub fn width(&self, x: usize) -> f32 {
        let (variance, chroma_variance) = self.believed(x);
        volume(variance, chroma_variance)
    }

    /// The variances of a pixel, at least those that are believed in.
    #[inline(always)]
    fn believed(&self, x: usize) -> (f32, f32) {
        let [luma, chroma] = &self.variances;
        (larger(luma[x], LEAST_LUMA), larger(chroma[x], LEAST_CHROMA))
    }

    #[inline(always)]
    fn learn(&mut self, colors: &Colored, learns: &[f32; SEGMENT], pace: Pace) {
        let [mean, mean_u, mean_v] = &mut self.means;
        let [variance, chroma_variance] = &mut self.variances;
        let seen = &mut self.seen;
        for x in 0..SEGMENT {
            let learns = learns[x] > 0.0;
            let before = seen[x];
            let luma = colors.luma[x] - mean[x];
            let (u, v) = (colors.u[x] - mean_u[x], colors.v[x] - mean_v[x]);
            let (square, chroma_square) = (luma * luma, u * u + v * v);
            let difference = square / larger(variance[x], LEAST_LUMA)
                + chroma_square / larger(chroma_variance[x], LEAST_CHROMA);
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
            let old = variance[x];
            let old = if starts { LEAST_LUMA } else { old };
            let old_chroma = chroma_variance[x];
            let old_chroma = if starts { LEAST_CHROMA } else { old_chroma };
            let chroma = smaller(0.5 * chroma_square, LARGEST);
            mean[x] += luma * weight;
            mean_u[x] += u * weight;
            mean_v[x] += v * weight;
            variance[x] = old + (smaller(square, LARGEST) - old) * rate;
            chroma_variance[x] = old_chroma + (chroma - old_chroma) * rate;
            seen[x] = now;
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
