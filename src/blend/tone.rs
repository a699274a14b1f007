// SPDX-License-Identifier: MPL-2.0

//! Tone match: the subject's brightness and colour drawn towards the background's, so that both
//! look as if they stood in the same light.
//!
//! Means only, as in the first half of colour transfer (Reinhard et al. 2001, "Color transfer
//! between images"): brightness by a gain, which leaves black black, colour differences by an
//! offset. Both go part of the way and have their limits: a face must stay a face. They follow the
//! scene slowly, so that nothing flickers.

use super::cover::Work;
use crate::frame::{ColorModel, Colorimetry, FrameRef, PixelLayout, Range as CodeRange, Word};
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
const FOLLOW: f32 = 0.08;
/// Pixels and rows from one that is looked at to the next; both even.
const STEP: (usize, usize) = (8, 16);
/// 1 as a gain.
const UNIT: f32 = 128.0;

/// A gain and an offset, as `code * gain + offset`.
type Tuning = (f32, f32);

/// Mean code values of the colour components, in 8 bits.
pub(super) type Mean = [f32; 3];

/// Matches the tone of frames of one layout and size.
#[derive(Debug)]
pub(super) struct Tone {
    level: Level,
    layout: PixelLayout,
    black: f32,
    amount: f32,
    now: Option<[Tuning; 3]>,
    /// Gain and offset of each sample of a row, both times [`UNIT`], for each plane.
    rows: Vec<Vec<[i16; 2]>>,
}

impl Tone {
    /// For frames `width` pixels wide; `amount` is 0 (nothing) to 255 (all).
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        amount: u8,
        level: Level,
    ) -> Self {
        let info = layout.info();
        let limited = info.model != ColorModel::Rgb && color.range == CodeRange::Limited;
        let row = |plane| vec![[UNIT as i16, 0]; info.row_samples(plane, width)];
        Self {
            level,
            layout,
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

    /// Looks at a frame's subject; `back` is the background's mean, `work` gives each row's spans.
    pub fn update<'a>(&mut self, frame: &FrameRef, back: Mean, work: impl Fn(usize) -> Work<'a>) {
        let (mut sums, mut count) = ([0.0; 3], 0.0);
        for y in (0..frame.height()).step_by(STEP.1) {
            let Work { mixed, room } = work(y);
            for x in (0..frame.width()).step_by(STEP.0) {
                if mixed.iter().chain(room).any(|span| span.contains(&x)) {
                    continue;
                }
                add(frame, x, y, &mut sums);
                count += 1.0;
            }
        }
        if count > 0.0 {
            self.follow(sums.map(|sum| sum / count), back);
        }
    }

    fn follow(&mut self, subject: Mean, back: Mean) {
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
            now.0 += (wanted.0 - now.0) * FOLLOW;
            now.1 += (wanted.1 - now.1) * FOLLOW;
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
    pub fn apply(&self, plane: usize, samples: Range<usize>, row: &mut [u8]) {
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

/// Adds a pixel's components.
fn add(frame: &FrameRef, x: usize, y: usize, sums: &mut Mean) {
    let info = frame.layout().info();
    for (sum, c) in sums.iter_mut().zip(info.components) {
        let at = &frame.row(c.plane, y >> c.h_sub)[c.offset + (x >> c.w_sub) * c.step..];
        *sum += match info.depth > 8 {
            true => {
                let finer = (1u32 << (info.depth - 8)) as f32;
                f32::from(info.word().code([at[0], at[1]])) / finer
            }
            false => f32::from(at[0]),
        };
    }
}

/// Mean of a whole picture, looked at here and there.
pub(super) fn mean_of(frame: &FrameRef) -> Mean {
    let (mut sums, mut count) = ([0.0; 3], 0.0);
    for y in (0..frame.height()).step_by(STEP.1) {
        for x in (0..frame.width()).step_by(STEP.0) {
            add(frame, x, y, &mut sums);
            count += 1.0;
        }
    }
    sums.map(|sum| sum / count)
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
mod tests {
    use crate::blend::{Backdrop, Background, Compositor, argb, reference};
    use crate::frame::{Colorimetry, GrayImage, PixelLayout};
    use crate::simd;

    /// The first three components in the middle of a gray subject before a colour.
    fn middle(layout: PixelLayout, back: u32, amount: u8) -> [i32; 3] {
        let (color, size) = (Colorimetry::default(), (96, 64));
        let gray = argb(0xff80_8080);
        let mut frame = Backdrop::render(layout, color, size.0, size.1, |_, _| gray).unwrap();
        let mut matte = GrayImage::new(size.0, size.1);
        for (i, value) in matte.data_mut().iter_mut().enumerate() {
            *value = if i % size.0 < 64 { 255 } else { 0 };
        }
        let mut compositor = Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
        compositor.set_background(Background::Color(back)).unwrap();
        compositor.set_tone_match(amount);
        compositor
            .apply(&mut frame.view_mut(), matte.as_ref())
            .unwrap();
        std::array::from_fn(|i| match layout.info().components.get(i) {
            Some(c) => {
                let (x, y) = (32 >> c.w_sub, 32 >> c.h_sub);
                i32::from(reference::sample(&frame.view(), i, x, y) >> (layout.info().depth - 8))
            }
            None => 0,
        })
    }

    #[test]
    fn the_subject_moves_towards_the_background_and_not_too_far() {
        for &layout in PixelLayout::ALL {
            let name = layout.info().name;
            let plain = middle(layout, 0xffff_ffff, 0);
            for amount in [128, 255] {
                let (light, dark) = (
                    middle(layout, 0xffff_ffff, amount),
                    middle(layout, 0xff00_0000, amount),
                );
                assert!(
                    light[0] > plain[0] + 5 && light[0] < plain[0] * 14 / 10,
                    "{name}"
                );
                assert!(dark[0] < plain[0] - 5 && dark[0] > plain[0] / 2, "{name}");
                // Gray light makes no colour.
                let same = |a: [i32; 3]| (a[1] - plain[1]).abs() <= 1;
                if layout.info().model == crate::frame::ColorModel::Yuv {
                    assert!(same(light) && same(dark), "{name}");
                    // U is the second component: blue light makes it grow, yellow light shrink.
                    let (blue, yellow) = (
                        middle(layout, 0xff20_20ff, amount),
                        middle(layout, 0xffe0_e020, amount),
                    );
                    assert!(blue[1] > plain[1] + 2 && yellow[1] < plain[1] - 2, "{name}");
                    assert!(blue[1] - plain[1] <= 12, "{name}");
                }
            }
        }
    }
}
