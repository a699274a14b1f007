// SPDX-License-Identifier: MPL-2.0

//! Tone match: the subject's brightness and colour drawn towards the background's, so that both
//! look as if they stood in the same light.
//!
//! Means only, as in the first half of colour transfer (Reinhard et al. 2001, "Color transfer
//! between images"): brightness by a gain, which leaves black black, colour differences by an
//! offset. Both go part of the way and have their limits: a face must stay a face. They change
//! slowly when the scene does, so that nothing flickers.

use super::{Effect, EffectRow};
use crate::blend::alpha::{MattedFrame, RowSpans};
use crate::blend::background::BackgroundRows;
use crate::blend::geometry::Geometry;
use crate::blend::mean::{Mean, STEP, add_pixel};
use crate::frame::{ColorModel, PixelLayout, Range as CodeRange, Word};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// How far the means come together at full amount.
const GAIN_SHARE: f32 = 0.5;
const OFFSET_SHARE: f32 = 0.35;
/// Limits of the gain, and of the offset in code values of 8 bits.
const GAINS: (f32, f32) = (0.75, 1.35);
const OFFSET: f32 = 12.0;
/// Added to both means before they are divided: dark pictures have no reliable ratio.
const LIFT: f32 = 32.0;
/// How much of the way to a new scene's tone each frame goes.
const SMOOTHING: f32 = 0.08;
/// 1 as a gain.
const UNIT: f32 = 128.0;

/// A gain and an offset, as `code * gain + offset`.
type Tuning = (f32, f32);

/// Matches the tone of frames of one kind.
#[derive(Debug)]
pub(crate) struct ToneMatch {
    level: Level,
    layout: PixelLayout,
    /// Code value of black, of 255.
    black: f32,
    /// 0 to 1.
    amount: f32,
    /// Gain and offset of each component, smoothed; none before the first frame.
    now: Option<[Tuning; 3]>,
    /// Gain and offset of each sample of a row, both times [`UNIT`], for each plane.
    rows: Vec<Vec<[i16; 2]>>,
}

impl ToneMatch {
    /// For frames of a kind; `amount` is 0 (nothing) to 255 (all).
    pub fn new(geometry: Geometry, amount: u8) -> Self {
        let info = geometry.layout.info();
        let limited = geometry.color.range == CodeRange::Limited;
        let limited = limited && info.model != ColorModel::Rgb;
        let row = |plane| vec![[UNIT as i16, 0]; info.row_samples(plane, geometry.width)];
        Self {
            level: geometry.level,
            layout: geometry.layout,
            black: if limited { 16.0 } else { 0.0 },
            amount: f32::from(amount) / 255.0,
            now: None,
            rows: (0..info.planes).map(row).collect(),
        }
    }

    /// Changes the amount, 0 to 255.
    pub fn set_amount(&mut self, amount: u8) {
        self.amount = f32::from(amount) / 255.0;
    }

    /// Goes part of the way to the tuning that brings the means together.
    fn update(&mut self, subject: Mean, back: Mean) {
        let rgb = self.layout.info().model == ColorModel::Rgb;
        let wanted: [Tuning; 3] = std::array::from_fn(|i| {
            if !rgb && i > 0 {
                let offset = self.amount * OFFSET_SHARE * (back[i] - subject[i]);
                return (1.0, offset.clamp(-OFFSET, OFFSET));
            }
            let above = |mean: f32| (mean - self.black).max(0.0) + LIFT;
            let ratio = above(back[i]) / above(subject[i]) - 1.0;
            let gain = (1.0 + self.amount * GAIN_SHARE * ratio).clamp(GAINS.0, GAINS.1);
            (gain, self.black * (1.0 - gain))
        });
        let now = self.now.get_or_insert(wanted);
        for (now, wanted) in now.iter_mut().zip(wanted) {
            now.0 += (wanted.0 - now.0) * SMOOTHING;
            now.1 += (wanted.1 - now.1) * SMOOTHING;
        }
        let info = self.layout.info();
        for (component, (gain, offset)) in info.components.iter().take(3).zip(now) {
            let bytes = info.sample_bytes();
            let samples = self.rows[component.plane][component.offset / bytes..].iter_mut();
            let tuning = [(*gain * UNIT) as i16, (*offset * UNIT) as i16];
            for sample in samples.step_by(component.step / bytes) {
                *sample = tuning;
            }
        }
    }

    /// Tunes a range of samples of a plane's row.
    fn tune(&self, plane: usize, samples: Range<usize>, row: &mut [u8]) {
        let (info, level) = (self.layout.info(), self.level);
        let bytes = info.sample_bytes();
        let row = &mut row[samples.start * bytes..samples.end * bytes];
        let tunings = &self.rows[plane][samples];
        match info.depth > 8 {
            true => dispatch!(level, simd => tune16(simd, row, tunings, info.word())),
            false => dispatch!(level, simd => tune8(simd, row, tunings)),
        }
    }
}

impl Effect for ToneMatch {
    fn start(&mut self, matted: &MattedFrame, background: &BackgroundRows) {
        if let Some(subject) = subject_mean(matted) {
            self.update(subject, background.mean());
        }
    }

    fn apply(&mut self, row: &mut EffectRow, _: &mut BackgroundRows) {
        let (plane, kind) = (row.plane_row.plane, row.plane_row.kind);
        let count = row.row.len() / self.layout.info().sample_bytes();
        // All but what is replaced by the background.
        let mut start = 0;
        for span in row.spans.background {
            let replaced = kind.samples_of(span, count);
            self.tune(plane, start..replaced.start, row.row);
            start = replaced.end;
        }
        self.tune(plane, start..count, row.row);
    }
}

/// Mean of what is wholly subject, looked at here and there; none if nothing is.
fn subject_mean(matted: &MattedFrame) -> Option<Mean> {
    let (mut sums, mut count) = ([0.0; 3], 0.0);
    for y in (0..matted.frame.height()).step_by(STEP.1) {
        let RowSpans { mixed, background } = matted.classes.row(y);
        for x in (0..matted.frame.width()).step_by(STEP.0) {
            let mut others = mixed.iter().chain(background);
            if !others.any(|span| span.contains(&x)) {
                add_pixel(&matted.frame, x, y, &mut sums);
                count += 1.0;
            }
        }
    }
    (count > 0.0).then(|| sums.map(|sum| sum / count))
}

#[inline(always)]
fn tuned(code: i32, [gain, offset]: [i16; 2], finer: i32, top: i32) -> i32 {
    let half = UNIT as i32 / 2;
    ((code * i32::from(gain) + i32::from(offset) * finer + half) >> 7).clamp(0, top)
}

#[simd]
fn tune8<S: Simd>(_: S, row: &mut [u8], tunings: &[[i16; 2]]) {
    for (p, tuning) in row.iter_mut().zip(tunings) {
        *p = tuned(i32::from(*p), *tuning, 1, 255) as u8;
    }
}

#[simd]
fn tune16<S: Simd>(_: S, row: &mut [u8], tunings: &[[i16; 2]], word: Word) {
    let (samples, _) = row.as_chunks_mut::<2>();
    let (finer, top) = (1 << (word.depth() - 8), i32::from(word.top()));
    for (p, tuning) in samples.iter_mut().zip(tunings) {
        let code = i32::from(word.code(*p));
        *p = word.bytes(tuned(code, *tuning, finer, top) as u16);
    }
}

#[cfg(test)]
#[path = "tone_match_tests.rs"]
mod tests;
