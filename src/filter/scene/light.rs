// SPDX-License-Identifier: MPL-2.0

//! The light of the whole scene: how much brighter or darker the known room became, and whether the
//! picture still shows it.

use super::SEGMENT;
use super::appearance::Appearance;
use crate::filter::Plane;

/// Frames after which a pixel is asked.
const KNOWN: f32 = 8.0;
/// Matte below which a pixel is asked.
const BACKGROUND: f32 = 0.2;
/// Luma between which a pixel is asked: neither black nor clipped.
const ASKED: (f32, f32) = (0.06, 0.9);
/// Gains that are measured.
const GAINS: (f32, f32) = (0.75, 1.333);
/// One in so many rows is asked.
const ROWS: usize = 2;
/// Fewest answers that count.
const ENOUGH: u32 = 24;
/// Standard deviations up to which a pixel agrees.
const AGREES: f32 = 4.0;

const BINS: usize = 256;

/// What the known room says about a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Light {
    /// The picture's brightness relative to what is known.
    pub gain: f32,
    /// Share of the known room that the picture shows, 0 to 1; 1 if too little is known.
    pub agreement: f32,
}

/// Measures the light; owns its scratch memory.
#[derive(Debug, Default)]
pub(super) struct LightMeter {
    /// Known luma and luma of the pixels that were asked.
    answers: Vec<(f32, f32)>,
}

impl LightMeter {
    /// The median of the gain over the known room, and what agrees with it.
    pub fn measure(&mut self, room: &Appearance, luma: &Plane, matte: &Plane) -> Light {
        self.ask(room, luma, matte);
        let count = self.answers.len() as u32;
        if count < ENOUGH {
            return Light {
                gain: 1.0,
                agreement: 1.0,
            };
        }
        let (least, most) = GAINS;
        let mut histogram = [0u32; BINS];
        for (known, value) in &self.answers {
            let bin = (value / known - least) * (BINS as f32 / (most - least));
            histogram[(bin.max(0.0) as usize).min(BINS - 1)] += 1;
        }
        let mut seen = 0;
        let median = histogram.iter().position(|n| {
            seen += n;
            2 * seen >= count
        });
        let bin = median.unwrap_or(BINS / 2) as f32 + 0.5;
        let gain = least + bin * ((most - least) / BINS as f32);
        // A bin is as wide as noise: no change is no change.
        let still = (gain - 1.0).abs() < 1.5 * (most - least) / BINS as f32;
        let gain = if still { 1.0 } else { gain };
        let limit = AGREES * super::LEAST_LUMA.sqrt();
        let agrees = |(known, value): &&(f32, f32)| (value - known * gain).abs() < limit;
        let agreeing = self.answers.iter().filter(agrees).count();
        Light {
            gain,
            agreement: agreeing as f32 / count as f32,
        }
    }

    /// Asks one pixel of each segment of the known room, in one of [`ROWS`] rows.
    fn ask(&mut self, room: &Appearance, luma: &Plane, matte: &Plane) {
        let (width, height) = matte.size();
        self.answers.clear();
        self.answers.reserve(room.count().div_ceil(ROWS));
        for (n, y) in (0..height).step_by(ROWS).enumerate() {
            let (luma, matte) = (luma.row(y), matte.row(y));
            // Another pixel in every row, so that all columns are asked.
            let k = n * 5 % SEGMENT;
            for x in (k..width).step_by(SEGMENT) {
                let (known, seen) = room.luma((x, y));
                let asked = known > ASKED.0 && known < ASKED.1 && seen > KNOWN;
                if asked && matte[x] < BACKGROUND {
                    self.answers.push((known, luma[x]));
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "light_tests.rs"]
mod tests;
