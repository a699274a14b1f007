// SPDX-License-Identifier: MPL-2.0

//! How one thing looks at every pixel: the running mean of its colour with its variance, and for
//! how long it was seen.

use super::{Colored, LEAST_CHROMA, LEAST_LUMA, SEGMENT, rough_ln};
use crate::filter::plane::{NEUTRAL, larger, smaller};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

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

/// Greatest number of a [`Packed`] value.
const MOST: f32 = u16::MAX as f32;
/// What a step of a packed mean, variance and time stands for.
const STEPS: [f32; 3] = [1.0 / MOST, LARGEST / MOST, MEMORY / MOST];

/// A remembered appearance of every pixel.
#[derive(Debug, Default)]
pub(super) struct Appearance {
    /// Segments from left to right, then row by row.
    segments: Vec<Packed>,
    columns: usize,
}

/// What is known of the pixels of a segment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Segment {
    /// Mean of luma and of both colour differences, 0 to 1.
    pub means: [[f32; SEGMENT]; 3],
    /// Variance of luma, and of a colour difference (the mean of both), at most [`LARGEST`].
    pub variances: [[f32; SEGMENT]; 2],
    /// For how many frames of 1/30 s it was seen, at most [`MEMORY`].
    pub seen: [f32; SEGMENT],
}

/// The same in half the memory: every stream keeps it. All of it lies together, because the segments
/// that are asked for lie far apart.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
struct Packed {
    means: [[u16; SEGMENT]; 3],
    variances: [[u16; SEGMENT]; 2],
    seen: [u16; SEGMENT],
}

impl Packed {
    #[inline(always)]
    fn new(segment: &Segment) -> Self {
        Self {
            means: segment.means.map(pack::<0>),
            variances: segment.variances.map(pack::<1>),
            seen: pack::<2>(segment.seen),
        }
    }

    #[inline(always)]
    fn open(&self) -> Segment {
        Segment {
            means: self.means.map(open::<0>),
            variances: self.variances.map(open::<1>),
            seen: open::<2>(self.seen),
        }
    }
}

/// Multiplies means by a factor, all in steps of a packed mean: this looks at the whole memory.
#[simd]
fn follow<S: Simd>(_: S, segments: &mut [Packed], gain: f32) {
    let (clipped, neutral) = (CLIPPED * MOST, NEUTRAL * MOST);
    for packed in segments {
        let [luma, chroma @ ..] = &mut packed.means;
        for luma in luma {
            let known = f32::from(*luma);
            let lit = if known > clipped { known } else { known * gain };
            *luma = rounded(lit);
        }
        for value in chroma.as_flattened_mut() {
            *value = rounded(neutral + (f32::from(*value) - neutral) * gain);
        }
    }
}

/// Values in steps; what lies outside of 0 to 65535 of them becomes the nearest.
#[inline(always)]
fn pack<const KIND: usize>(values: [f32; SEGMENT]) -> [u16; SEGMENT] {
    let mut packed = [0; SEGMENT];
    for (to, value) in packed.iter_mut().zip(values) {
        *to = rounded(value * (1.0 / STEPS[KIND]));
    }
    packed
}

/// The nearest of 0 to 65535.
#[inline(always)]
fn rounded(steps: f32) -> u16 {
    // Beside a number as large as this one, the lowest bits of a float are whole steps. Rust's own
    // conversion looks for what does not fit, which takes longer than all the rest.
    const ONES: f32 = (1 << 23) as f32;
    (smaller(larger(steps, 0.0), MOST) + ONES).to_bits() as u16
}

#[inline(always)]
fn open<const KIND: usize>(packed: [u16; SEGMENT]) -> [f32; SEGMENT] {
    let mut values = [0.0; SEGMENT];
    for (to, packed) in values.iter_mut().zip(packed) {
        *to = f32::from(packed) * STEPS[KIND];
    }
    values
}

impl Appearance {
    /// Forgets everything.
    pub fn start(&mut self, (width, height): (usize, usize)) {
        self.columns = width.div_ceil(SEGMENT);
        self.segments.clear();
        let count = self.columns * height;
        self.segments.resize(count, Packed::default());
    }

    /// How many segments there are.
    pub fn count(&self) -> usize {
        self.segments.len()
    }

    /// Changes all segments, from left to right, then row by row.
    #[cfg(test)]
    pub fn change(&mut self, mut change: impl FnMut(usize, &mut Segment)) {
        for (n, packed) in self.segments.iter_mut().enumerate() {
            let mut segment = packed.open();
            change(n, &mut segment);
            *packed = Packed::new(&segment);
        }
    }

    /// The segment of row `y` from `at` on, a multiple of [`SEGMENT`].
    #[inline(always)]
    pub fn segment(&self, (at, y): (usize, usize)) -> Segment {
        self.segments[y * self.columns + at / SEGMENT].open()
    }

    /// The mean luma of a pixel, and for how many frames it was seen.
    #[inline(always)]
    pub fn luma(&self, (x, y): (usize, usize)) -> (f32, f32) {
        let packed = &self.segments[y * self.columns + x / SEGMENT];
        let (mean, seen) = (packed.means[0][x % SEGMENT], packed.seen[x % SEGMENT]);
        (f32::from(mean) * STEPS[0], f32::from(seen) * STEPS[2])
    }

    /// Follows a change of the light by this factor.
    pub fn follow(&mut self, level: Level, gain: f32) {
        dispatch!(level, simd => follow(simd, &mut self.segments, gain));
    }

    /// Learns the segment of row `y` from `at` on, where `learns` is above 0.
    #[inline(always)]
    pub fn learn(&mut self, (at, y): (usize, usize), colors: &Colored, learns: &[f32], pace: Pace) {
        let mut learnt = [0.0; SEGMENT];
        learnt.copy_from_slice(&learns[..SEGMENT]);
        // Most places are surely room or surely subject, and never both.
        let mut any = 0;
        for learns in &learnt {
            any |= u32::from(*learns > 0.0);
        }
        if any == 0 {
            return;
        }
        let packed = &mut self.segments[y * self.columns + at / SEGMENT];
        let mut segment = packed.open();
        segment.learn(colors, &learnt, pace);
        *packed = Packed::new(&segment);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::testing::Random;

    #[test]
    fn what_is_packed_comes_back_within_half_a_step() {
        let mut random = Random::new(4);
        let most = [1.0, LARGEST, MEMORY];
        for _ in 0..1000 {
            let mut any = |kind: usize| [(); SEGMENT].map(|()| random.unit() * most[kind]);
            let segment = Segment {
                means: [any(0), any(0), any(0)],
                variances: [any(1), any(1)],
                seen: any(2),
            };
            let found = Packed::new(&segment).open();
            let near = |kind: usize, a: &[f32], b: &[f32]| {
                let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 0.51 * STEPS[kind];
                assert!(a.iter().zip(b).all(close), "{kind}: {a:?} {b:?}");
            };
            near(0, found.means.as_flattened(), segment.means.as_flattened());
            let variances = [&found, &segment].map(|s| s.variances.as_flattened());
            near(1, variances[0], variances[1]);
            near(2, &found.seen, &segment.seen);
        }
        let beyond = pack::<0>([-1.0, f32::NAN, 2.0, f32::INFINITY, 1.0, 0.0, -0.0, 1e30]);
        assert_eq!(beyond, [0, 0, 65535, 65535, 65535, 0, 0, 65535]);
    }
}
