// SPDX-License-Identifier: MPL-2.0

//! Inner loops of rescaling. Integers, and single-precision floats without fused operations:
//! every SIMD level gives the same bits.

use super::color::{Mix, coarser};
use crate::frame::LayoutInfo;
use crate::simd::Level;
use fearless_simd::{dispatch, prelude::*};
use fearless_simd_macros::simd;

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
    // The last sample has no step behind it if its component is the last of the group.
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
    // The last sample has no step behind it if its component is the last of the group.
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
