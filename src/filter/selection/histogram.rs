// SPDX-License-Identifier: MPL-2.0

//! What somebody looks like: how often each colour occurs on them. Clothes tell people apart at any
//! size and in any pose.
//!
//! Sources: colour histograms of people in groups (McKenna, Jabri, Duric, Rosenfeld and Wechsler,
//! "Tracking groups of people", CVIU 2000); the likeness of two is Bhattacharyya's coefficient.

use crate::filter::scene::Colors;

/// Steps of luma and of each colour difference.
const STEPS: usize = 8;
/// Numbers of all colours.
pub const BINS: usize = STEPS * STEPS * STEPS;
/// Clothes have pale colours: the differences are spread by this around neutral.
const SPREAD: f32 = 2.5;

/// Writes the number of each pixel's colour.
pub fn number(colors: Colors<'_>, bins: &mut Vec<u16>) {
    let (width, height) = colors.luma.size();
    bins.resize(width * height, 0);
    let step = |value: f32| (value * STEPS as f32).clamp(0.0, STEPS as f32 - 1.0) as u16;
    let spread = |value: f32| step((value - 0.5) * SPREAD + 0.5);
    for (y, row) in bins.chunks_exact_mut(width).enumerate() {
        let luma = colors.luma.row(y);
        let [u, v] = colors.chroma.map(|plane| plane.row(y / 2));
        for (x, (bin, luma)) in row.iter_mut().zip(luma).enumerate() {
            let tint = spread(u[x / 2]) * STEPS as u16 + spread(v[x / 2]);
            *bin = step(*luma) * (STEPS * STEPS) as u16 + tint;
        }
    }
}

/// Shares of the colours; they sum to 1 as soon as something was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    shares: [f32; BINS],
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            shares: [0.0; BINS],
        }
    }
}

impl Histogram {
    /// Nothing is counted.
    pub fn clear(&mut self) {
        self.shares.fill(0.0);
    }

    /// Counts one pixel. [`Histogram::normalise`] is to follow.
    pub fn count(&mut self, bin: u16) {
        self.shares[usize::from(bin) % BINS] += 1.0;
    }

    /// Makes shares of counts.
    pub fn normalise(&mut self) {
        let sum: f32 = self.shares.iter().sum();
        if sum > 0.0 {
            self.shares.iter_mut().for_each(|share| *share /= sum);
        }
    }

    /// Takes on `weight` (0 to 1) of `newer`.
    pub fn learn(&mut self, newer: &Self, weight: f32) {
        for (share, newer) in self.shares.iter_mut().zip(newer.shares.iter()) {
            *share += (newer - *share) * weight;
        }
    }

    /// Share of a colour.
    pub fn share(&self, bin: u16) -> f32 {
        self.shares[usize::from(bin) % BINS]
    }

    /// How alike two are, 0 to 1.
    pub fn likeness(&self, other: &Self) -> f32 {
        let pairs = self.shares.iter().zip(other.shares.iter());
        pairs.map(|(a, b)| (a * b).sqrt()).sum()
    }
}

#[cfg(test)]
#[path = "histogram_tests.rs"]
mod tests;
