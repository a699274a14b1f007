// SPDX-License-Identifier: MPL-2.0

//! Finds the screen's colour where the network is sure that there is background, and follows it.

use super::axis::KeyAxis;
use crate::filter::key_color::{KeyColor, chroma};
use crate::filter::plane::NEUTRAL;
use crate::filter::temporal::weight_after;
use crate::frame::Matrix;

/// What `key=auto` looks for, 0xRRGGBB: the colours that screens are painted and dyed in.
const KNOWN: [u32; 2] = [0x00_b140, 0x00_47bb];

/// How a screen is told from other things, before it is known.
#[derive(Debug, Clone, Copy)]
struct Demand {
    /// Least distance of its colour from gray.
    saturation: f32,
    /// Least cosine of the angle to the colour that was asked for.
    cosine: f32,
    /// Least share of the sure background.
    share: f32,
}

/// Somebody says what colour the screen has: 50 degrees make it the same colour in other light.
const NAMED: Demand = Demand {
    saturation: 0.05,
    cosine: 0.643,
    share: 0.1,
};
/// Nobody says so: 30 degrees, and colours that walls seldom have.
const UNNAMED: Demand = Demand {
    saturation: 0.1,
    cosine: 0.866,
    share: 0.25,
};

/// Share of the screen's mean strength from which a place of the background is screen.
const ACCEPTED: f32 = 0.3;
/// Share of the sure background below which the screen is lost.
const LOST: f32 = 0.05;
/// Frames of 1/30 s for which so little is believed to be the screen; then it takes as much as if its
/// colour were named, and another one is looked for.
const PATIENCE: f32 = 15.0;
/// How fast its colour is followed, per 1/30 s.
const PACE: f32 = 0.06;

/// The screen's colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// Mean difference from neutral.
    pub color: [f32; 2],
    /// The direction of that.
    pub axis: KeyAxis,
    /// The least strength of the screen.
    pub least: f32,
}

impl Found {
    /// The screen's mean strength.
    pub fn length(&self) -> f32 {
        self.color[0].hypot(self.color[1])
    }

    fn of(color: [f32; 2]) -> Option<Self> {
        let axis = KeyAxis::of(color)?;
        let least = ACCEPTED * color[0].hypot(color[1]);
        Some(Self { color, axis, least })
    }
}

/// The search, with what it found.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The newest screen that was found, also while it is out of sight: it may only be covered.
    found: Option<Found>,
    /// For how many frames of 1/30 s there was too little of it.
    missed: f32,
    /// Whether another scene began since it was seen.
    elsewhere: bool,
}

impl Search {
    /// Forgets what was found.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Another scene begins: the screen is out of sight, but its colour would be recognised.
    pub fn lose(&mut self) {
        self.missed = f32::INFINITY;
        self.elsewhere = true;
    }

    /// The screen, if the newest frame shows it.
    pub fn seen(&self) -> Option<Found> {
        self.found.filter(|_| self.missed == 0.0)
    }

    /// The screen, if it is seen or was a moment ago.
    pub fn known(&self) -> Option<Found> {
        self.found.filter(|_| self.missed <= PATIENCE)
    }

    /// Looks at the colours (0 to 1) of the sure background of a frame, `frames` of 1/30 s after the
    /// last one. Returns whether what it sees is not the screen that it saw before, or may hang
    /// elsewhere.
    pub fn look(
        &mut self,
        wanted: KeyColor,
        matrix: Matrix,
        samples: &[[f32; 2]],
        frames: f32,
    ) -> bool {
        if let Some(found) = self.found {
            let is_screen = |c: [f32; 2]| found.axis.strength(c[0], c[1]) >= found.least;
            let (color, share) = mean(samples, is_screen);
            // What is out of sight for long is as good as named.
            let least = match self.missed <= PATIENCE {
                true => LOST,
                false => NAMED.share,
            };
            if share >= least {
                let weight = match self.elsewhere {
                    true => 1.0,
                    false => weight_after(PACE, frames),
                };
                let next =
                    std::array::from_fn(|i| found.color[i] + (color[i] - found.color[i]) * weight);
                self.found = Found::of(next).or(self.found);
                self.missed = 0.0;
                return std::mem::take(&mut self.elsewhere);
            }
            // A subject that covers everything is no sign.
            self.missed += if samples.is_empty() { 0.0 } else { frames };
            if self.missed <= PATIENCE {
                return false;
            }
        }
        let Some(found) = find(wanted, matrix, samples) else {
            return false;
        };
        *self = Self {
            found: Some(found),
            ..Self::default()
        };
        true
    }
}

/// The screen among the colours of the background.
fn find(wanted: KeyColor, matrix: Matrix, samples: &[[f32; 2]]) -> Option<Found> {
    match wanted {
        KeyColor::Named(rgb) => like(rgb, matrix, samples, NAMED).map(|(found, _)| found),
        KeyColor::Auto => {
            let screens = KNOWN.iter();
            let screens = screens.filter_map(|rgb| like(*rgb, matrix, samples, UNNAMED));
            let largest = screens.max_by(|a, b| a.1.total_cmp(&b.1));
            largest.map(|(found, _)| found)
        }
    }
}

/// A screen of about this colour, and its share of the background.
fn like(rgb: u32, matrix: Matrix, samples: &[[f32; 2]], demand: Demand) -> Option<(Found, f32)> {
    let wanted = KeyAxis::of(chroma(rgb, matrix))?;
    let is_like = |[u, v]: [f32; 2]| {
        let color = [u - NEUTRAL, v - NEUTRAL];
        color[0].hypot(color[1]) >= demand.saturation
            && KeyAxis::of(color).is_some_and(|axis| axis.cosine(wanted) >= demand.cosine)
    };
    let (color, share) = mean(samples, is_like);
    let found = Found::of(color).filter(|_| share >= demand.share)?;
    Some((found, share))
}

/// The mean difference from neutral of the colours that are taken, and their share of all.
fn mean(samples: &[[f32; 2]], takes: impl Fn([f32; 2]) -> bool) -> ([f32; 2], f32) {
    let (mut sum, mut count) = ([0.0; 2], 0.0_f32);
    for [u, v] in samples.iter().copied().filter(|color| takes(*color)) {
        sum = [sum[0] + u - NEUTRAL, sum[1] + v - NEUTRAL];
        count += 1.0;
    }
    let share = count / (samples.len() as f32).max(1.0);
    (sum.map(|s| s / count.max(1.0)), share)
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
