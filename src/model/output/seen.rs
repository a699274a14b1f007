// SPDX-License-Identifier: MPL-2.0

//! What a run on a test picture gave, where the graph leaves open what an output's values mean.

use super::super::error::SLACK;
use super::super::output_kind::OutputKind;
use super::axes::by_class;
use super::reading::Reading;

/// What an output held after a run on a test picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// The least value.
    low: f32,
    /// The greatest value.
    high: f32,
    /// The least and the greatest sum of a pixel's classes.
    sums: [f32; 2],
}

impl Seen {
    /// Sums up an output's values; none if there are too few, or some are not finite.
    pub fn of(values: &[f32], reading: &Reading) -> Option<Self> {
        let (classes, pixels) = (reading.channels, reading.width * reading.height);
        let values = by_class(reading.layout, classes, pixels, values).ok()?;
        let widest = [f32::INFINITY, f32::NEG_INFINITY];
        let wider = |[low, high]: [f32; 2], x: f32| [low.min(x), high.max(x)];
        let [low, high] = values.iter().copied().fold(widest, wider);
        let sums = values.columns().into_iter().map(|pixel| pixel.sum());
        let finite = values.iter().all(|x| x.is_finite());
        finite.then_some(Self {
            low,
            high,
            sums: sums.fold(widest, wider),
        })
    }

    /// What the values can only be; `likely` is what the graph makes likely.
    pub fn kind(&self, channels: usize, likely: Option<OutputKind>) -> Option<OutputKind> {
        let unit = self.low >= -SLACK && self.high <= 1.0 + SLACK;
        let one = |sum: f32| (sum - 1.0).abs() <= SLACK * (1.0 + 0.5 * channels as f32);
        let varied = self.high - self.low >= 0.5;
        if channels > 1 {
            return match (unit, self.sums.into_iter().all(one)) {
                (true, true) if likely.is_none() || varied => Some(OutputKind::Softmax),
                (true, _) => likely,
                (false, _) => Some(OutputKind::Classes),
            };
        }
        match likely {
            // Neither end is far: nothing was decided yet, as a sigmoid would have to.
            _ if unit && varied => Some(OutputKind::Alpha),
            None if self.low < -1.0 - SLACK => Some(OutputKind::Logits),
            likely => likely,
        }
    }
}

#[cfg(test)]
#[path = "seen_tests.rs"]
mod tests;
