// SPDX-License-Identifier: MPL-2.0

//! What a target component is made of, in the source's code values.

use crate::frame::{ColorModel, FrameFormat};

/// Bits behind the point of a weighed 16-bit sum of samples of this depth.
pub(super) const fn fraction(depth: u32) -> u32 {
    16 - depth
}

/// Most bits of a sample that is weighed: what is left of 16 is the weights'.
const WEIGHED: u32 = 12;

/// Bits that a sample is shifted down by before it is weighed.
pub(super) const fn coarser(depth: u32) -> u32 {
    depth.saturating_sub(WEIGHED)
}

/// What the weights of rows of samples of this depth sum to.
pub(super) const fn row_unit(depth: u32) -> u32 {
    1 << (fraction(depth) + coarser(depth))
}

/// A factor below which a component adds less than a tenth of a code value over its whole range.
const NEGLIGIBLE: f64 = 0.1;

/// A target component as an affine function of channels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mix {
    /// Factors of weighed sums (see [`fraction`]); 0 if a channel is not needed.
    pub factors: [f32; 3],
    /// Channels with a factor that is not 0.
    pub channels: [usize; 3],
    /// How many of `channels` count.
    pub count: usize,
    /// Added last, in code values.
    pub bias: f32,
    /// Greatest code value.
    pub top: f32,
    /// Bits by which a single channel is shifted down, if nothing else has to be done.
    pub shift: Option<u32>,
}

impl Mix {
    fn new(factors: [f64; 3], bias: f64, (from_depth, to_depth): (u32, u32)) -> Self {
        let range = f64::from((1u32 << from_depth) - 1);
        let unit = f64::from(1u32 << fraction(from_depth));
        let mut mix = Self {
            factors: [0.0; 3],
            channels: [0; 3],
            count: 0,
            bias: bias as f32,
            top: ((1u32 << to_depth) - 1) as f32,
            shift: None,
        };
        for (channel, factor) in factors.into_iter().enumerate() {
            if factor.abs() * range >= NEGLIGIBLE {
                mix.factors[mix.count] = (factor / unit) as f32;
                mix.channels[mix.count] = channel;
                mix.count += 1;
            }
        }
        let same = mix.count == 1
            && from_depth == to_depth
            && (factors[mix.channels[0]] - 1.0).abs() * range < NEGLIGIBLE
            && bias.abs() < NEGLIGIBLE;
        mix.shift = same.then_some(fraction(from_depth));
        mix
    }

    /// Whether a channel is needed.
    pub fn uses(&self, channel: usize) -> bool {
        self.channels[..self.count].contains(&channel)
    }

    /// Replaces channels by their places in `kept`, which holds all that are used.
    pub fn renumber(&mut self, kept: &[usize]) {
        for channel in &mut self.channels[..self.count] {
            *channel = kept.iter().position(|k| k == channel).unwrap_or(0);
        }
    }
}

/// Rows R, G, B in 0 to 1 as affine functions of the source's components (three and a constant).
pub(super) fn to_rgb(format: FrameFormat) -> [[f64; 4]; 3] {
    let info = format.layout.info();
    if info.model == ColorModel::Rgb {
        let unit = 1.0 / f64::from((1u32 << info.depth) - 1);
        return std::array::from_fn(|i| std::array::from_fn(|c| if c == i { unit } else { 0.0 }));
    }
    let map = format.color.yuv_to_rgb(info.depth);
    let components = if info.model == ColorModel::Gray { 1 } else { 3 };
    std::array::from_fn(|i| {
        let mut row = [0.0; 4];
        for c in 0..components {
            row[c] = f64::from(map.m[i][c]);
            row[3] += row[c] * f64::from(map.offset[c]);
        }
        row
    })
}

/// The target's components as affine functions of R, G, B and a constant.
pub(super) fn from_rgb(format: FrameFormat) -> Vec<[f64; 4]> {
    let info = format.layout.info();
    if info.model == ColorModel::Rgb {
        let top = f64::from((1u32 << info.depth) - 1);
        let row = |i| std::array::from_fn(|c| if c == i { top } else { 0.0 });
        return (0..3).map(row).collect();
    }
    let map = format.color.rgb_to_yuv(info.depth);
    let components = if info.model == ColorModel::Gray { 1 } else { 3 };
    let row = |i: usize| {
        let [r, g, b] = map.m[i].map(f64::from);
        [r, g, b, f64::from(map.offset[i])]
    };
    (0..components).map(row).collect()
}

/// The colour components of `to` in their order; alpha is not among them.
pub(super) fn mixes(from: FrameFormat, to: FrameFormat) -> Vec<Mix> {
    let rgb = to_rgb(from);
    let depths = (from.layout.info().depth, to.layout.info().depth);
    let mix = |row: [f64; 4]| {
        let sum = |c: usize| (0..3).map(|i| row[i] * rgb[i][c]).sum::<f64>();
        Mix::new([sum(0), sum(1), sum(2)], sum(3) + row[3], depths)
    };
    from_rgb(to).into_iter().map(mix).collect()
}

#[cfg(test)]
#[path = "color_tests.rs"]
mod tests;
