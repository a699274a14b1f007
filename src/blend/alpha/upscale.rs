// SPDX-License-Identifier: MPL-2.0

//! Bilinear enlargement of a small 8-bit picture, one output row at a time.
//!
//! Each source row is stretched once, to 16-bit fixed point (value * 256), 16 output bytes at a
//! time by a byte shuffle; an output row is then a vertical mix of two stretched rows. So the
//! expensive horizontal step is paid for source rows only. The stretched pair stays in cache.

use crate::frame::Word;
use crate::simd::Level;
use fearless_simd::{dispatch, prelude::*, u8x16};
use fearless_simd_macros::simd;
use std::ops::Range;

/// Bytes that one shuffle makes.
const SHUFFLED: usize = 16;

/// How 16 neighbouring output bytes are taken from a source row.
#[derive(Debug, Clone)]
struct Block {
    /// First source byte.
    base: usize,
    /// Whether all indices fit a shuffle of 16 bytes.
    near: bool,
    /// Left neighbour of each output byte, in bytes from `base`.
    index: [u16; SHUFFLED],
    /// The same for the shuffle.
    shuffle: [u8; SHUFFLED],
    /// Weight of the right neighbour, of 256.
    weight: [u8; SHUFFLED],
}

/// Positions along one axis, in source samples, of output sample centres.
///
/// `scale` is output samples per source sample; `origin` is where output sample 0 sits, in output
/// samples from the picture's edge (0.5 for a full-size component).
pub(crate) fn centre(index: usize, origin: f64, pitch: f64, scale: f64) -> f64 {
    (index as f64 * pitch + origin) / scale - 0.5
}

/// Enlarges pictures of one size and pixel step to one output size.
#[derive(Debug)]
pub(crate) struct Upscaler {
    level: Level,
    /// Bytes from a source sample to its right neighbour.
    step: usize,
    source: (usize, usize),
    blocks: Vec<Block>,
    /// Upper source row and weight of the lower, of 65536, for each output row.
    rows: Vec<(usize, u16)>,
    /// A source row with its last sample repeated behind it.
    padded: Vec<u8>,
    /// Two stretched rows; source row `r` lives in slot `r % 2`.
    stretched: [Vec<u16>; 2],
    held: [Option<usize>; 2],
}

impl Upscaler {
    /// Plans for source rows of `source.0` samples of `step` bytes, `source.1` of them.
    ///
    /// `bytes` gives, for each output byte of a row, the position in source samples and the byte
    /// within the sample; `rows` the position of each output row in source rows. Positions
    /// outside are clamped to the edge.
    pub fn new(
        level: Level,
        step: usize,
        source: (usize, usize),
        bytes: impl Iterator<Item = (f64, usize)>,
        rows: impl Iterator<Item = f64>,
    ) -> Self {
        let places: Vec<(usize, u8)> = bytes
            .map(|(position, byte)| {
                let (left, weight) = split(position, source.0, 256.0);
                (left * step + byte, weight as u8)
            })
            .collect();
        let blocks = places.chunks(SHUFFLED).map(Block::new).collect::<Vec<_>>();
        let rows = rows
            .map(|position| {
                let (upper, weight) = split(position, source.1, 65536.0);
                (upper, weight as u16)
            })
            .collect();
        let width = blocks.len() * SHUFFLED;
        Self {
            level,
            step,
            source,
            blocks,
            rows,
            padded: vec![0; source.0 * step + 2 * SHUFFLED + step],
            stretched: [vec![0; width], vec![0; width]],
            held: [None; 2],
        }
    }

    /// Forgets the rows of the last picture; to be called before the first row of a new one.
    pub fn restart(&mut self) {
        self.held = [None; 2];
    }

    /// Makes the samples `range` of output row `y`, at the same place in `out`. Of a source row
    /// only the output ranges that `spans` gives for it are stretched (what lies outside the row
    /// counts for nothing); they hold all that is asked for while the row is in use.
    pub fn part<'a, I: Iterator<Item = Range<usize>>>(
        &mut self,
        source: impl Fn(usize) -> &'a [u8],
        spans: impl Fn(usize) -> I,
        y: usize,
        range: Range<usize>,
        out: &mut [u8],
    ) {
        let (upper, weight) = self.stretch(source, spans, y);
        let [a, b] = self.pair(upper);
        let (a, b, out) = (&a[range.clone()], &b[range.clone()], &mut out[range]);
        let level = self.level;
        if weight == 0 {
            dispatch!(level, simd => round_kernel(simd, a, out));
        } else {
            dispatch!(level, simd => mix_kernel(simd, a, b, weight, out));
        }
    }

    /// Like [`Upscaler::part`] with all of a source row stretched, but samples of more than 8 bits
    /// in 16-bit words. If the picture is `full`, 255 becomes the greatest code value; if not, as
    /// many times 255 as there are code values for each of 8 bits.
    pub fn part16<'a>(
        &mut self,
        source: impl Fn(usize) -> &'a [u8],
        y: usize,
        (word, full): (Word, bool),
        range: Range<usize>,
        out: &mut [u8],
    ) {
        let all = self.blocks.len() * SHUFFLED;
        let (upper, weight) = self.stretch(source, |_| std::iter::once(0..all), y);
        let [a, b] = self.pair(upper);
        let (a, b) = (&a[range.clone()], &b[range.clone()]);
        let (level, out) = (self.level, &mut out[2 * range.start..2 * range.end]);
        dispatch!(level, simd => mix16_kernel(simd, a, b, weight, (word, full), out));
    }

    /// Bytes of a source row.
    pub fn source_bytes(&self) -> usize {
        self.source.0 * self.step
    }

    fn pair(&self, upper: usize) -> [&[u16]; 2] {
        let here = upper % 2;
        [&self.stretched[here], &self.stretched[1 - here]]
    }

    fn stretch<'a, I: Iterator<Item = Range<usize>>>(
        &mut self,
        source: impl Fn(usize) -> &'a [u8],
        spans: impl Fn(usize) -> I,
        y: usize,
    ) -> (usize, u16) {
        let (upper, weight) = self.rows[y];
        for row in [upper, upper + 1] {
            let slot = row % 2;
            if self.held[slot] == Some(row) || (row > upper && weight == 0) {
                continue;
            }
            let bytes = self.source.0 * self.step;
            self.padded[..bytes].copy_from_slice(&source(row)[..bytes]);
            // The right neighbour of the last sample is itself.
            self.padded.copy_within(bytes - self.step..bytes, bytes);
            let (level, padded, step) = (self.level, &self.padded[..], self.step);
            for span in spans(row) {
                let end = span.end.div_ceil(SHUFFLED).min(self.blocks.len());
                let blocks = (span.start / SHUFFLED).min(end)..end;
                let out = &mut self.stretched[slot][blocks.start * SHUFFLED..blocks.end * SHUFFLED];
                let blocks = &self.blocks[blocks];
                dispatch!(level, simd => stretch_kernel(simd, padded, step, blocks, out));
            }
            self.held[slot] = Some(row);
        }
        (upper, weight)
    }
}

/// Left neighbour and weight of the right one, of `unit`, at a position among `count` samples.
fn split(position: f64, count: usize, unit: f64) -> (usize, u32) {
    let clamped = position.clamp(0.0, (count - 1) as f64);
    let left = clamped.floor();
    let weight = ((clamped - left) * unit).round();
    let (left, weight) = if weight >= unit {
        (left + 1.0, 0.0)
    } else {
        (left, weight)
    };
    (left as usize, weight as u32)
}

impl Block {
    fn new(places: &[(usize, u8)]) -> Self {
        let base = places.iter().map(|p| p.0).min().unwrap_or(0);
        let mut block = Block {
            base,
            near: true,
            index: [0; SHUFFLED],
            shuffle: [0; SHUFFLED],
            weight: [0; SHUFFLED],
        };
        for (i, &(left, weight)) in places.iter().enumerate() {
            let index = left - base;
            block.near &= index < SHUFFLED;
            block.index[i] = index as u16;
            block.shuffle[i] = index as u8 & 15;
            block.weight[i] = weight;
        }
        block
    }
}

#[simd]
fn stretch_kernel<S: Simd>(simd: S, source: &[u8], step: usize, blocks: &[Block], out: &mut [u16]) {
    let (chunks, _) = out.as_chunks_mut::<SHUFFLED>();
    for (block, chunk) in blocks.iter().zip(chunks) {
        if block.near {
            let left = u8x16::from_slice(simd, &source[block.base..block.base + SHUFFLED]);
            let right = u8x16::from_slice(
                simd,
                &source[block.base + step..block.base + step + SHUFFLED],
            );
            let index = u8x16::from_slice(simd, &block.shuffle);
            let weight = u8x16::from_slice(simd, &block.weight);
            let (left, right) = (left.swizzle_dyn(index), right.swizzle_dyn(index));
            // left * (256 - w) + right * w, with 256 - w as (255 - w) + 1 to stay in bytes.
            let (a0, a1) = left.widening_mul(!weight);
            let (b0, b1) = right.widening_mul(weight);
            let (c0, c1) = left.widen();
            (a0 + b0 + c0).store_slice(&mut chunk[..8]);
            (a1 + b1 + c1).store_slice(&mut chunk[8..]);
        } else {
            let places = block.index.iter().zip(&block.weight);
            for (out, (&index, &weight)) in chunk.iter_mut().zip(places) {
                let at = block.base + usize::from(index);
                let (left, right) = (u16::from(source[at]), u16::from(source[at + step]));
                *out = left * (256 - u16::from(weight)) + right * u16::from(weight);
            }
        }
    }
}

#[inline(always)]
fn high(value: u16, weight: u16) -> u16 {
    ((u32::from(value) * u32::from(weight)) >> 16) as u16
}

#[simd]
fn round_kernel<S: Simd>(_: S, row: &[u16], out: &mut [u8]) {
    for (o, &v) in out.iter_mut().zip(row) {
        *o = ((v + 128) >> 8) as u8;
    }
}

#[simd]
fn mix_kernel<S: Simd>(_: S, upper: &[u16], lower: &[u16], weight: u16, out: &mut [u8]) {
    let rest = weight.wrapping_neg();
    for ((o, &a), &b) in out.iter_mut().zip(upper).zip(lower) {
        *o = ((high(a, rest) + high(b, weight) + 128) >> 8) as u8;
    }
}

#[simd]
fn mix16_kernel<S: Simd>(
    _: S,
    upper: &[u16],
    lower: &[u16],
    weight: u16,
    (word, full): (Word, bool),
    out: &mut [u8],
) {
    let (samples, _) = out.as_chunks_mut::<2>();
    let (down, top) = (16 - word.depth(), u32::from(word.top()));
    let half = (1 << down) >> 1;
    for ((o, &a), &b) in samples.iter_mut().zip(upper).zip(lower) {
        let (a, b) = (u32::from(a), u32::from(b));
        let weight = u32::from(weight);
        let value = ((a * (65536 - weight)) >> 16) + ((b * weight) >> 16);
        let value = if full { value + (value >> 8) } else { value };
        *o = word.bytes(((value + half) >> down).min(top) as u16);
    }
}

#[cfg(test)]
#[path = "upscale_tests.rs"]
mod tests;
