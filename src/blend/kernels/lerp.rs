// SPDX-License-Identifier: MPL-2.0

//! Blending one row into another by alpha.

use crate::frame::Word;
use crate::simd::Level;
use fearless_simd::{dispatch, prelude::*, u8x16};
use fearless_simd_macros::simd;

/// `round(x / 255)` for `x` up to 255 * 255, exactly.
#[inline(always)]
pub(crate) fn div255(x: u16) -> u8 {
    let t = x + 128;
    ((t + (t >> 8)) >> 8) as u8
}

/// `(keep * alpha + other * (255 - alpha)) / 255`, rounded exactly.
#[inline(always)]
pub(crate) fn mix(keep: u8, other: u8, alpha: u8) -> u8 {
    div255(keep as u16 * alpha as u16 + other as u16 * (255 - alpha) as u16)
}

#[simd]
fn lerp_kernel<S: Simd>(simd: S, row: &mut [u8], back: &[u8], alpha: &[u8]) {
    let len = row.len().min(back.len()).min(alpha.len());
    let (row, back, alpha) = (&mut row[..len], &back[..len], &alpha[..len]);
    let mut rows = row.chunks_exact_mut(S::u8s::LEN);
    let (mut backs, mut alphas) = (
        back.chunks_exact(S::u8s::LEN),
        alpha.chunks_exact(S::u8s::LEN),
    );
    for ((p, b), a) in (&mut rows).zip(&mut backs).zip(&mut alphas) {
        let a = S::u8s::from_slice(simd, a);
        // Most of a matte is one or the other; neither needs the multiplications.
        if a.simd_eq(255).all_true() {
            continue;
        }
        let b = S::u8s::from_slice(simd, b);
        if a.simd_eq(0).all_true() {
            b.store_slice(p);
            continue;
        }
        let (p0, p1) = S::u8s::from_slice(simd, p).widening_mul(a);
        let (b0, b1) = b.widening_mul(!a);
        let (t0, t1) = (p0 + b0 + 128, p1 + b1 + 128);
        let (t0, t1) = ((t0 + (t0 >> 8)) >> 8, (t1 + (t1 >> 8)) >> 8);
        t0.relaxed_narrow(t1).store_slice(p);
    }
    // Most spans at an edge are shorter than a large vector.
    let (rows, row) = rows.into_remainder().as_chunks_mut::<16>();
    let (backs, back) = backs.remainder().as_chunks::<16>();
    let (alphas, alpha) = alphas.remainder().as_chunks::<16>();
    for ((p, b), a) in rows.iter_mut().zip(backs).zip(alphas) {
        let a = u8x16::from_slice(simd, a);
        let (p0, p1) = u8x16::from_slice(simd, p).widening_mul(a);
        let (b0, b1) = u8x16::from_slice(simd, b).widening_mul(!a);
        let (t0, t1) = (p0 + b0 + 128, p1 + b1 + 128);
        let (t0, t1) = ((t0 + (t0 >> 8)) >> 8, (t1 + (t1 >> 8)) >> 8);
        t0.relaxed_narrow(t1).store_slice(p);
    }
    for ((p, &b), &a) in row.iter_mut().zip(back).zip(alpha) {
        *p = mix(*p, b, a);
    }
}

/// Blends `back` into `row`; one alpha for each byte.
pub(crate) fn lerp(level: Level, row: &mut [u8], back: &[u8], alpha: &[u8]) {
    dispatch!(level, simd => lerp_kernel(simd, row, back, alpha));
}

#[simd]
fn lerp16_kernel<S: Simd, const WHOLE: bool>(
    _: S,
    row: &mut [u8],
    back: &[u8],
    alpha: &[u8],
    word: Word,
) {
    let (row, back) = (row.as_chunks_mut::<2>().0, back.as_chunks::<2>().0);
    for ((p, b), &a) in row.iter_mut().zip(back).zip(alpha) {
        let (keep, other) = (u32::from(word.code(*p)), u32::from(word.code(*b)));
        let sum = keep * u32::from(a) + other * u32::from(255 - a);
        let value = if WHOLE {
            (sum + 127) / 255
        } else {
            // Sums stay below 2^18 and quotients apart by 1/255, so that f32 rounds exactly.
            (sum as f32 * (1.0 / 255.0) + 0.5) as u32
        };
        *p = word.bytes(value as u16);
    }
}

/// Blends samples in 16-bit little-endian words; one alpha for each sample. What is in the words'
/// other bits is lost.
pub(crate) fn lerp16(level: Level, row: &mut [u8], back: &[u8], alpha: &[u8], word: Word) {
    if word.depth() > 10 {
        dispatch!(level, simd => lerp16_kernel::<_, true>(simd, row, back, alpha, word));
    } else {
        dispatch!(level, simd => lerp16_kernel::<_, false>(simd, row, back, alpha, word));
    }
}

/// 255 in the fine alpha of [`lerp16_fine`].
const FINE: u32 = 255 * 16;

#[simd]
fn lerp16_fine_kernel<S: Simd, const N: usize>(
    _: S,
    row: &mut [u8],
    back: &[u8],
    alpha: &[u16],
    word: Word,
) {
    let (row, back) = (row.as_chunks_mut::<2>().0, back.as_chunks::<2>().0);
    let (row, back) = (row.as_chunks_mut::<N>().0, back.as_chunks::<N>().0);
    for ((p, b), &a) in row.iter_mut().zip(back).zip(alpha) {
        for i in 0..N {
            p[i] = mix_fine(p[i], b[i], a, word);
        }
    }
}

#[inline(always)]
fn mix_fine(keep: [u8; 2], other: [u8; 2], alpha: u16, word: Word) -> [u8; 2] {
    let alpha = u32::from(alpha);
    // Below 2^22 for 10 bits, so that f32 is exact.
    let sum = u32::from(word.code(keep)) * alpha + u32::from(word.code(other)) * (FINE - alpha);
    word.bytes((sum as f32 * (1.0 / FINE as f32) + 0.5) as u16)
}

/// Like [`lerp16`], with alpha in 16ths of 1/255, each for `times` (1 or 2) neighbours: 8 bits of
/// alpha would cost 10-bit chroma two code values.
pub(crate) fn lerp16_fine(
    level: Level,
    row: &mut [u8],
    back: &[u8],
    alpha: &[u16],
    times: usize,
    word: Word,
) {
    match times {
        1 => dispatch!(level, simd => lerp16_fine_kernel::<_, 1>(simd, row, back, alpha, word)),
        _ => dispatch!(level, simd => lerp16_fine_kernel::<_, 2>(simd, row, back, alpha, word)),
    }
}

#[simd]
fn lerp16_422_kernel<S: Simd, const LUMA: usize>(
    _: S,
    row: &mut [u8],
    back: &[u8],
    (luma, chroma): (&[u8], &[u16]),
    word: Word,
) {
    let (row, back) = (row.as_chunks_mut::<2>().0, back.as_chunks::<2>().0);
    let (row, last) = row.as_chunks_mut::<4>();
    let (back, last_back) = back.as_chunks::<4>();
    // An odd last column may lack its unused sample, or repeats its alpha there.
    let alpha = |luma: &[u8], chroma: u16, i: usize| match i % 2 == LUMA {
        true => u16::from(luma[(i / 2).min(luma.len() - 1)]) * 16,
        false => chroma,
    };
    let mut lumas = luma.chunks(2);
    for (((p, b), luma), &c) in row.iter_mut().zip(back).zip(&mut lumas).zip(chroma) {
        for i in 0..4 {
            p[i] = mix_fine(p[i], b[i], alpha(luma, c, i), word);
        }
    }
    if let (Some(luma), Some(&c)) = (lumas.next(), chroma.get(row.len())) {
        for (i, (p, b)) in last.iter_mut().zip(last_back).enumerate() {
            *p = mix_fine(*p, *b, alpha(luma, c, i), word);
        }
    }
}

/// Like [`lerp16_fine`] for packed 4:2:2: one alpha of 8 bits for each pixel, one in 16ths for each
/// pair's chroma.
pub(crate) fn lerp16_422(
    level: Level,
    row: &mut [u8],
    back: &[u8],
    alpha: (&[u8], &[u16]),
    luma_first: bool,
    word: Word,
) {
    if luma_first {
        dispatch!(level, simd => lerp16_422_kernel::<_, 0>(simd, row, back, alpha, word));
    } else {
        dispatch!(level, simd => lerp16_422_kernel::<_, 1>(simd, row, back, alpha, word));
    }
}

/// Blends `back` into `row`, samples of 8 bits or words; one alpha for each sample.
pub(crate) fn mix_evenly(level: Level, word: Word, alpha: &[u8], (row, back): (&mut [u8], &[u8])) {
    match word.depth() {
        8 => lerp(level, row, back, alpha),
        _ => lerp16(level, row, back, alpha, word),
    }
}

#[simd]
fn fade_kernel<S: Simd>(_: S, matte: &[u8], strength: u8, out: &mut [u8]) {
    for (o, &m) in out.iter_mut().zip(matte) {
        *o = 255 - div255((255 - m) as u16 * strength as u16);
    }
}

/// Weakens a matte's effect: background is replaced by `strength` / 255 only.
pub(crate) fn fade(level: Level, matte: &[u8], strength: u8, out: &mut [u8]) {
    dispatch!(level, simd => fade_kernel(simd, matte, strength, out));
}

#[cfg(test)]
#[path = "lerp_tests.rs"]
mod tests;
