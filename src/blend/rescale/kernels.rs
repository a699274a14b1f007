// SPDX-License-Identifier: MPL-2.0

//! Inner loops of rescaling. Integers, and single-precision floats without fused operations:
//! every SIMD level gives the same bits.

use super::axis::Span;
use super::color::{Mix, coarser};
use crate::frame::LayoutInfo;
use crate::simd::Level;
use fearless_simd::{dispatch, prelude::*, u8x16, u16x8};
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
        let (word, down) = (info.word(), coarser(info.depth));
        let code = |v: &[u8; 2]| word.code(*v) >> down;
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
    offset: usize,
    way: Way,
    /// The component's samples alone, and some room behind them.
    packed: Vec<u16>,
}

/// How columns are weighed: the usual ways are worth kernels of their own.
#[derive(Debug)]
enum Way {
    /// Two neighbours each, close enough together for a shuffle of eight.
    Near(Shuffles),
    /// Means of pairs: half the size.
    Halves,
    /// Any other.
    Taps,
}

/// The neighbours of all target samples, eight by eight.
#[derive(Debug)]
struct Shuffles {
    blocks: Vec<Near>,
    /// Weight of each right neighbour, of 65536.
    weights: Vec<u16>,
    /// The left and the right neighbours of a row.
    left: Vec<u16>,
    right: Vec<u16>,
}

/// Eight neighbouring target samples.
#[derive(Debug)]
struct Near {
    /// First source sample.
    base: usize,
    /// The bytes of each left neighbour, from `base`.
    shuffle: [u8; 16],
}

impl Shuffles {
    /// None where eight target samples reach further than a shuffle.
    fn new(starts: &[usize], weights: &[u32]) -> Option<Self> {
        let blocks: Option<Vec<Near>> = starts.chunks(8).map(Near::new).collect();
        let blocks = blocks?;
        let room = vec![0; blocks.len() * 8];
        let weight = |pair: &[u32]| (pair[1] << 2).min(65535) as u16;
        Some(Self {
            blocks,
            weights: weights.chunks_exact(2).map(weight).collect(),
            left: room.clone(),
            right: room,
        })
    }
}

impl Near {
    fn new(starts: &[usize]) -> Option<Self> {
        let base = *starts.iter().min()?;
        let mut shuffle = [0; 16];
        for (start, bytes) in starts.iter().zip(shuffle.as_chunks_mut::<2>().0) {
            let lane = start - base;
            if lane >= 8 {
                return None;
            }
            *bytes = [lane as u8 * 2, lane as u8 * 2 + 1];
        }
        Some(Self { base, shuffle })
    }
}

impl Columns {
    /// Takes over spans of a component whose `samples` lie at `offset`, `offset + step`, ...
    pub fn new(spans: &[Span], samples: usize, offset: usize, step: usize) -> Self {
        let taps = spans.iter().map(|s| s.weights.len()).max().unwrap_or(1);
        let mut weights = vec![0; taps * spans.len()];
        let mut firsts = Vec::with_capacity(spans.len());
        for (span, padded) in spans.iter().zip(weights.chunks_exact_mut(taps)) {
            // All get the same number of weights; what is padded must lie inside the row, too.
            let start = span.start.min(samples - taps);
            padded[span.start - start..][..span.weights.len()].copy_from_slice(&span.weights);
            firsts.push(start);
        }
        let half = [COLUMN_UNIT / 2; 2];
        let halves = taps == 2
            && weights.chunks_exact(2).all(|w| w == half)
            && firsts.iter().enumerate().all(|(i, start)| *start == 2 * i);
        let near = match taps {
            2 => Shuffles::new(&firsts, &weights),
            _ => None,
        };
        let way = match near {
            _ if halves => Way::Halves,
            Some(near) => Way::Near(near),
            None => Way::Taps,
        };
        Self {
            starts: firsts.iter().map(|s| (offset + s * step) as u32).collect(),
            weights,
            taps,
            step,
            offset,
            packed: vec![0; samples + 16],
            way,
        }
    }

    /// Weighs the columns of a row of sums.
    pub fn apply(&mut self, level: Level, sums: &[u16], line: &mut [u16]) {
        if !matches!(self.way, Way::Taps) {
            self.pack(level, sums);
        }
        match (&mut self.way, self.taps, self.step) {
            (Way::Near(shuffles), ..) => {
                let packed = &self.packed[..];
                dispatch!(level, simd => near(simd, packed, shuffles, line));
            }
            (Way::Halves, ..) => {
                let packed = &self.packed[..];
                dispatch!(level, simd => halves(simd, packed, line));
            }
            (_, 1, _) => {
                for (out, start) in line.iter_mut().zip(&self.starts) {
                    *out = sums[*start as usize];
                }
            }
            (_, 2, 1) => self.apply_by::<2, 1>(sums, line),
            (_, 2, 2) => self.apply_by::<2, 2>(sums, line),
            (_, 2, 4) => self.apply_by::<2, 4>(sums, line),
            (_, 3, 1) => self.apply_by::<3, 1>(sums, line),
            (_, 3, 2) => self.apply_by::<3, 2>(sums, line),
            (_, 3, 4) => self.apply_by::<3, 4>(sums, line),
            _ => self.apply_any(sums, line),
        }
    }

    /// Brings the component's samples side by side.
    fn pack(&mut self, level: Level, sums: &[u16]) {
        let (packed, offset) = (&mut self.packed, self.offset);
        match self.step {
            1 => {
                let len = sums.len().min(packed.len());
                packed[..len].copy_from_slice(&sums[..len]);
            }
            2 => dispatch!(level, simd => pack::<_, 2>(simd, sums, offset, packed)),
            4 => dispatch!(level, simd => pack::<_, 4>(simd, sums, offset, packed)),
            step => {
                let samples = sums[offset..].iter().step_by(step);
                packed.iter_mut().zip(samples).for_each(|(p, s)| *p = *s);
            }
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

#[simd]
fn pack<S: Simd, const STEP: usize>(_: S, sums: &[u16], offset: usize, packed: &mut [u16]) {
    let (groups, _) = sums.as_chunks::<STEP>();
    for (p, group) in packed.iter_mut().zip(groups) {
        *p = group[offset & (STEP - 1)];
    }
    // The last group may end with the component.
    let last = groups.len();
    if let (Some(p), Some(sum)) = (packed.get_mut(last), sums.get(last * STEP + offset)) {
        *p = *sum;
    }
}

#[simd]
fn halves<S: Simd>(_: S, packed: &[u16], line: &mut [u16]) {
    let (pairs, _) = packed.as_chunks::<2>();
    for (out, &[a, b]) in line.iter_mut().zip(pairs) {
        *out = ((u32::from(a) + u32::from(b) + 1) >> 1) as u16;
    }
}

#[inline(always)]
fn high(value: u16, weight: u16) -> u16 {
    ((u32::from(value) * u32::from(weight)) >> 16) as u16
}

/// `left + (right - left) * weight / 65536`, within one of it, and exact where both are the same.
#[inline(always)]
fn between(left: u16, right: u16, weight: u16) -> u16 {
    left.wrapping_sub(high(left, weight))
        .wrapping_add(high(right, weight))
}

/// In two steps, since no compiler makes one of them: neighbours side by side, then their means.
#[simd]
fn near<S: Simd>(simd: S, packed: &[u16], shuffles: &mut Shuffles, line: &mut [u16]) {
    let Shuffles {
        blocks,
        weights,
        left,
        right,
    } = shuffles;
    let (lefts, rights) = (left.as_chunks_mut::<8>().0, right.as_chunks_mut::<8>().0);
    for ((block, left), right) in blocks.iter().zip(lefts).zip(rights) {
        let index = u8x16::from_slice(simd, &block.shuffle);
        let here: u8x16<S> = u16x8::from_slice(simd, &packed[block.base..][..8]).bitcast();
        let next: u8x16<S> = u16x8::from_slice(simd, &packed[block.base + 1..][..8]).bitcast();
        let (here, next): (u16x8<S>, u16x8<S>) = (
            here.swizzle_dyn(index).bitcast(),
            next.swizzle_dyn(index).bitcast(),
        );
        here.store_slice(left);
        next.store_slice(right);
    }
    let pairs = left.iter().zip(right.iter());
    for ((out, (&left, &right)), &weight) in line.iter_mut().zip(pairs).zip(weights.iter()) {
        *out = between(left, right, weight);
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
    let half = (1 << shift) >> 1;
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
            sample[..2].copy_from_slice(&info.word().bytes(*code));
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

/// Writes the code values of two 8-bit components that take turns.
pub(super) fn store_pair(level: Level, codes: [&[u16]; 2], row: &mut [u8]) {
    dispatch!(level, simd => store_pair_kernel(simd, codes, row));
}

#[simd]
fn store_pair_kernel<S: Simd>(_: S, codes: [&[u16]; 2], row: &mut [u8]) {
    let (pairs, _) = row.as_chunks_mut::<2>();
    for ((pair, &a), &b) in pairs.iter_mut().zip(codes[0]).zip(codes[1]) {
        *pair = ((a & 0xff) | (b << 8)).to_le_bytes();
    }
}

/// Copies `count` samples of a component as they are, each row beginning at the first, steps apart.
pub(super) fn copy(level: Level, from: (&[u8], usize), to: (&mut [u8], usize), count: usize) {
    let ((source, from_step), (target, to_step)) = (from, to);
    match (from_step, to_step) {
        (1, 1) => target[..count].copy_from_slice(&source[..count]),
        (1, 2) => dispatch!(level, simd => copy_by::<_, 1, 2>(simd, source, target, count)),
        (2, 1) => dispatch!(level, simd => copy_by::<_, 2, 1>(simd, source, target, count)),
        (2, 2) => dispatch!(level, simd => copy_by::<_, 2, 2>(simd, source, target, count)),
        (1, 4) => dispatch!(level, simd => copy_by::<_, 1, 4>(simd, source, target, count)),
        (4, 1) => dispatch!(level, simd => copy_by::<_, 4, 1>(simd, source, target, count)),
        (2, 4) => dispatch!(level, simd => copy_by::<_, 2, 4>(simd, source, target, count)),
        (4, 2) => dispatch!(level, simd => copy_by::<_, 4, 2>(simd, source, target, count)),
        (4, 4) => dispatch!(level, simd => copy_by::<_, 4, 4>(simd, source, target, count)),
        _ => {
            let samples = source.iter().step_by(from_step).take(count);
            let places = target.iter_mut().step_by(to_step);
            places.zip(samples).for_each(|(to, from)| *to = *from);
        }
    }
}

/// Copies `count` samples in 16-bit words, as [`copy`].
pub(super) fn copy_words(from: (&[u8], usize), to: (&mut [u8], usize), count: usize) {
    let ((source, from_step), (target, to_step)) = (from, to);
    if (from_step, to_step) == (2, 2) {
        return target[..2 * count].copy_from_slice(&source[..2 * count]);
    }
    let samples = source.chunks(from_step).take(count);
    for (to, from) in target.chunks_mut(to_step).zip(samples) {
        to[..2].copy_from_slice(&from[..2]);
    }
}

#[simd]
fn copy_by<S: Simd, const FROM: usize, const TO: usize>(
    _: S,
    source: &[u8],
    target: &mut [u8],
    count: usize,
) {
    let ((from, _), (to, _)) = (source.as_chunks::<FROM>(), target.as_chunks_mut::<TO>());
    for (to, from) in to.iter_mut().zip(from).take(count) {
        to[0] = from[0];
    }
    // The last sample has no step behind it where its component is the last of the group.
    if let Some(last) = count.checked_sub(1) {
        target[last * TO] = source[last * FROM];
    }
}

/// Lets two planes' samples take turns.
pub(super) fn zip(level: Level, from: [&[u8]; 2], row: &mut [u8]) {
    dispatch!(level, simd => zip_kernel(simd, from, row));
}

#[simd]
fn zip_kernel<S: Simd>(_: S, from: [&[u8]; 2], row: &mut [u8]) {
    let (pairs, _) = row.as_chunks_mut::<2>();
    for ((pair, &a), &b) in pairs.iter_mut().zip(from[0]).zip(from[1]) {
        *pair = (u16::from(a) | (u16::from(b) << 8)).to_le_bytes();
    }
}
