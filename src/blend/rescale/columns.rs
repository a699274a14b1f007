// SPDX-License-Identifier: MPL-2.0

//! The columns of a component: from weighed rows of the source to samples of the target. Integers:
//! every vector level gives the same bits.

use super::axis::Span;
use crate::simd::Level;
use fearless_simd::{dispatch, prelude::*, u8x16, u16x8};
use fearless_simd_macros::simd;

/// What the weights of the columns sum to.
pub(super) const COLUMN_UNIT: u32 = 1 << 14;

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
    /// The component's samples alone, and some padding behind them.
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
    /// None if eight target samples reach further than a shuffle.
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

/// `left + (right - left) * weight / 65536`, within one of it, and exact if both are the same.
#[inline(always)]
fn interpolate(left: u16, right: u16, weight: u16) -> u16 {
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
        *out = interpolate(left, right, weight);
    }
}
