// SPDX-License-Identifier: MPL-2.0

//! Hysteresis per pixel over time: every pixel is on a side, subject (above 0.5) or background, and
//! changes it only for good reasons.
//!
//! A value past the second threshold (`low` for a subject's pixel, `high` for a background's)
//! changes the side at once. A value between 0.5 and that threshold is only evidence against the
//! side: its distance from 0.5 adds up over time (and is taken back while the value is on the
//! pixel's side), and the side changes when the sum reaches `DOUBT`. So noise around 0.5 changes
//! nothing, and no pixel stays where the network has not seen it for long. Where the picture
//! changes (`c`), all of this shrinks by `1 - c`: what moves is never late. A frame that repeats the
//! last one is no evidence.
//!
//! Softness is kept: while a pixel waits, its alpha is squeezed into a narrow part of its own side,
//! and farther on its own side it stays as it is. So a pixel shows nearly the same while the picture
//! moves and after it has stopped.

use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// The side changes when the distances past 0.5, summed over frames of 1/30 s, reach this.
const DOUBT: f32 = 0.15;

/// Width of the part of a pixel's own side that its alpha is squeezed into while it waits.
const SOFT: f32 = 0.01;

/// The side of each pixel, with the evidence against it.
#[derive(Debug, Default)]
pub struct PixelHysteresis {
    /// 1 for a subject's pixel, 0 for a background's.
    side: Plane,
    doubt: Plane,
    primed: bool,
}

impl PixelHysteresis {
    /// Forgets the sides: the next matte sets them.
    pub fn reset(&mut self) {
        self.primed = false;
    }

    /// Holds the pixels of `matte` to their sides, in place. `change` says how far the picture
    /// changed at each pixel, `news` how far it was seen anew, both 0 to 1; `frames` is the time
    /// passed in units of 1/30 s.
    pub fn apply(
        &mut self,
        level: Level,
        (low, high): (f32, f32),
        (change, news): (&Plane, &Plane),
        frames: f32,
        matte: &mut Plane,
    ) {
        if !self.primed || self.side.size() != matte.size() {
            self.primed = true;
            self.side.copy_from(matte);
            for side in self.side.data_mut() {
                *side = f32::from(u8::from(*side > 0.5));
            }
            self.doubt.resize(matte.width(), matte.height());
            self.doubt.data_mut().fill(0.0);
            return;
        }
        let margins = ((0.5 - low).max(0.0), (high - 0.5).max(0.0));
        dispatch!(level, simd => apply(simd, self, margins, (change, news), frames, matte));
    }
}

#[simd]
fn apply<S: Simd>(
    _: S,
    state: &mut PixelHysteresis,
    (below, above): (f32, f32),
    (change, news): (&Plane, &Plane),
    frames: f32,
    matte: &mut Plane,
) {
    let matte = matte.data_mut();
    let count = matte.len();
    let (change, news) = (&change.data()[..count], &news.data()[..count]);
    let side = &mut state.side.data_mut()[..count];
    let doubt = &mut state.doubt.data_mut()[..count];
    for k in 0..count {
        let (value, calm) = (matte[k], 1.0 - change[k]);
        let subject = side[k] > 0.5;
        // As seen from the pixel's own side: how far past the middle.
        let past = if subject { 0.5 - value } else { value - 0.5 };
        let margin = calm * if subject { below } else { above };
        let sum = (doubt[k] + past * frames * news[k]).max(0.0);
        let changes = (past > margin) | ((past > 0.0) & (sum > DOUBT * calm));
        let stays = !changes & (past > -SOFT);
        let held = (margin - past) * (SOFT / (margin + SOFT));
        let held = if subject { 0.5 + held } else { 0.5 - held };
        matte[k] = if stays { held } else { value };
        side[k] = if subject != changes { 1.0 } else { 0.0 };
        doubt[k] = if changes { 0.0 } else { sum };
    }
}

#[cfg(test)]
#[path = "pixel_hysteresis_tests.rs"]
mod tests;
