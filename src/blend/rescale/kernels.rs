// SPDX-License-Identifier: MPL-2.0

//! Inner loops of rescaling. Integers, and single-precision floats without fused operations:
//! every SIMD level gives the same bits.

use super::axis::Span;
use super::color::Mix;
use crate::frame::LayoutInfo;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// What the weights of the columns sum to.
pub(super) const COLUMN_UNIT: u32 = 1 << 14;

/// `sums = row * weight`, added to what is there unless `fresh`.
pub(super) fn add_row(
    level: Level,
    row: &[u8],
    info: &LayoutInfo,
    weight: u16,
    fresh: bool,
    sums: &mut [u16],
) {
    if info.depth > 8 {
        let (row, _) = row.as_chunks::<2>();
        let (shift, mask) = (info.shift, (1u16 << info.depth) - 1);
        let code = |v: &[u8; 2]| (u16::from_le_bytes(*v) >> shift) & mask;
        dispatch!(level, simd => add(simd, row, code, weight, fresh, sums));
    } else {
        let code = |v: &u8| u16::from(*v);
        dispatch!(level, simd => add(simd, row, code, weight, fresh, sums));
    }
}

#[simd]
fn add<S: Simd, T, F: Fn(&T) -> u16>(
    _: S,
    row: &[T],
    code: F,
    weight: u16,
    fresh: bool,
    sums: &mut [u16],
) {
    if fresh {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum = code(value) * weight;
        }
    } else {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += code(value) * weight;
        }
    }
}

/// The columns of one component.
#[derive(Debug)]
pub(super) struct Columns {
    /// First sample of each target sample, in samples of the plane.
    starts: Vec<u32>,
    /// `taps` weights for each.
    weights: Vec<u32>,
    taps: usize,
    step: usize,
}

impl Columns {
    /// Takes over spans of a component whose `samples` lie at `offset`, `offset + step`, ...
    pub fn new(spans: &[Span], samples: usize, offset: usize, step: usize) -> Self {
        let taps = spans.iter().map(|s| s.weights.len()).max().unwrap_or(1);
        let mut weights = vec![0; taps * spans.len()];
        let mut starts = Vec::with_capacity(spans.len());
        for (span, padded) in spans.iter().zip(weights.chunks_exact_mut(taps)) {
            // All get the same number of weights; what is padded must lie inside the row, too.
            let start = span.start.min(samples - taps);
            padded[span.start - start..][..span.weights.len()].copy_from_slice(&span.weights);
            starts.push((offset + start * step) as u32);
        }
        Self {
            starts,
            weights,
            taps,
            step,
        }
    }

    /// Weighs the columns of a row of sums.
    pub fn apply(&self, sums: &[u16], line: &mut [u16]) {
        match (self.taps, self.step) {
            (1, _) => {
                for (out, start) in line.iter_mut().zip(&self.starts) {
                    *out = sums[*start as usize];
                }
            }
            (2, 1) => self.apply_by::<2, 1>(sums, line),
            (2, 2) => self.apply_by::<2, 2>(sums, line),
            (2, 4) => self.apply_by::<2, 4>(sums, line),
            (3, 1) => self.apply_by::<3, 1>(sums, line),
            (3, 2) => self.apply_by::<3, 2>(sums, line),
            (3, 4) => self.apply_by::<3, 4>(sums, line),
            _ => self.apply_any(sums, line),
        }
    }

    fn apply_by<const TAPS: usize, const STEP: usize>(&self, sums: &[u16], line: &mut [u16]) {
        let (weights, _) = self.weights.as_chunks::<TAPS>();
        for ((out, start), weights) in line.iter_mut().zip(&self.starts).zip(weights) {
            let window = &sums[*start as usize..][..(TAPS - 1) * STEP + 1];
            let mut sum = COLUMN_UNIT / 2;
            for i in 0..TAPS {
                sum += u32::from(window[i * STEP]) * weights[i];
            }
            *out = (sum / COLUMN_UNIT) as u16;
        }
    }

    fn apply_any(&self, sums: &[u16], line: &mut [u16]) {
        let weights = self.weights.chunks_exact(self.taps);
        for ((out, start), weights) in line.iter_mut().zip(&self.starts).zip(weights) {
            let window = sums[*start as usize..].iter().step_by(self.step);
            let sum: u32 = window
                .zip(weights)
                .map(|(sum, weight)| u32::from(*sum) * weight)
                .sum();
            *out = ((sum + COLUMN_UNIT / 2) / COLUMN_UNIT) as u16;
        }
    }
}

/// Code values of one target component out of the lines of the channels.
pub(super) fn mix<'a>(
    level: Level,
    mix: &Mix,
    line: impl Fn(usize) -> &'a [u16],
    codes: &mut [u16],
) {
    let [a, b, c] = mix.channels;
    match (mix.shift, mix.count) {
        (Some(shift), _) => dispatch!(level, simd => shift_down(simd, line(a), shift, codes)),
        (None, 0) => codes.fill(mix.bias.round() as u16),
        (None, 1) => dispatch!(level, simd => affine(simd, [line(a)], mix, codes)),
        (None, 2) => dispatch!(level, simd => affine(simd, [line(a), line(b)], mix, codes)),
        (None, _) => {
            dispatch!(level, simd => affine(simd, [line(a), line(b), line(c)], mix, codes));
        }
    }
}

#[simd]
fn shift_down<S: Simd>(_: S, line: &[u16], shift: u32, codes: &mut [u16]) {
    let half = 1 << (shift - 1);
    for (code, value) in codes.iter_mut().zip(line) {
        *code = (*value + half) >> shift;
    }
}

#[simd]
fn affine<S: Simd, const N: usize>(_: S, lines: [&[u16]; N], mix: &Mix, codes: &mut [u16]) {
    let lines = lines.map(|line| &line[..codes.len()]);
    let (factors, bias, top) = (mix.factors, mix.bias, mix.top);
    for (x, code) in codes.iter_mut().enumerate() {
        let mut value = bias;
        for i in 0..N {
            value += factors[i] * f32::from(lines[i][x]);
        }
        let value = if value < 0.0 {
            0.0
        } else if value > top {
            top
        } else {
            value
        };
        // At 2^23 the unit of an f32 is 1, so the addition rounds and the integer stands in the
        // low bits; a cast would need a test for NaN and overflow.
        *code = (value + 8_388_608.0).to_bits() as u16;
    }
}

/// Writes code values where a component's samples lie; `row` starts at the first.
pub(super) fn store(codes: &[u16], row: &mut [u8], step: usize, info: &LayoutInfo) {
    if info.depth > 8 {
        for (code, sample) in codes.iter().zip(row.chunks_mut(step)) {
            sample[..2].copy_from_slice(&(code << info.shift).to_le_bytes());
        }
    } else {
        match step {
            1 => {
                for (sample, code) in row.iter_mut().zip(codes) {
                    *sample = *code as u8;
                }
            }
            2 => store_by::<2>(codes, row),
            4 => store_by::<4>(codes, row),
            _ => {
                for (code, sample) in codes.iter().zip(row.chunks_mut(step)) {
                    sample[0] = *code as u8;
                }
            }
        }
    }
}

fn store_by<const STEP: usize>(codes: &[u16], row: &mut [u8]) {
    let (whole, rest) = row.as_chunks_mut::<STEP>();
    for (sample, code) in whole.iter_mut().zip(codes) {
        sample[0] = *code as u8;
    }
    // The last sample has no step behind it where its component is the last of the group.
    if let (Some(code), Some(sample)) = (codes.get(whole.len()), rest.first_mut()) {
        *sample = *code as u8;
    }
}
