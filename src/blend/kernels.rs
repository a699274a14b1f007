// SPDX-License-Identifier: MPL-2.0

//! The loops over one row that every picture is made of.
//!
//! All of them work on plain slices and leave the vectors to the compiler, level by level; the
//! shortest slice decides how far they go. Alpha is 8-bit: 255 keeps what is in the frame.

use crate::frame::Word;
use crate::simd::Level;
use fearless_simd::{dispatch, prelude::*, u8x16};
use fearless_simd_macros::simd;

/// `round(x / 255)` for `x` up to 255 * 255, exactly.
#[inline(always)]
pub(super) fn div255(x: u16) -> u8 {
    let t = x + 128;
    ((t + (t >> 8)) >> 8) as u8
}

/// `(keep * alpha + other * (255 - alpha)) / 255`, rounded exactly.
#[inline(always)]
pub(super) fn mix(keep: u8, other: u8, alpha: u8) -> u8 {
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
pub(super) fn lerp(level: Level, row: &mut [u8], back: &[u8], alpha: &[u8]) {
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
pub(super) fn lerp16(level: Level, row: &mut [u8], back: &[u8], alpha: &[u8], word: Word) {
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
pub(super) fn lerp16_fine(
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
pub(super) fn lerp16_422(
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

#[simd]
fn fade_kernel<S: Simd>(_: S, matte: &[u8], strength: u8, out: &mut [u8]) {
    for (o, &m) in out.iter_mut().zip(matte) {
        *o = 255 - div255((255 - m) as u16 * strength as u16);
    }
}

/// Weakens a matte's effect: background is replaced by `strength` / 255 only.
pub(super) fn fade(level: Level, matte: &[u8], strength: u8, out: &mut [u8]) {
    dispatch!(level, simd => fade_kernel(simd, matte, strength, out));
}

#[simd]
fn repeat_kernel<S: Simd, const N: usize>(_: S, alpha: &[u8], out: &mut [u8]) {
    let (groups, _) = out.as_chunks_mut::<N>();
    for (group, &a) in groups.iter_mut().zip(alpha) {
        *group = [a; N];
    }
}

#[simd]
fn double_kernel<S: Simd>(simd: S, alpha: &[u8], out: &mut [u8]) {
    let mut outs = out.chunks_exact_mut(2 * S::u8s::LEN);
    let mut alphas = alpha.chunks_exact(S::u8s::LEN);
    let mut done = 0;
    for (out, a) in (&mut outs).zip(&mut alphas) {
        let a = S::u8s::from_slice(simd, a);
        let (low, high) = out.split_at_mut(S::u8s::LEN);
        a.zip_low(a).store_slice(low);
        a.zip_high(a).store_slice(high);
        done += S::u8s::LEN;
    }
    repeat_kernel::<S, 2>(simd, &alpha[done..], &mut out[2 * done..]);
}

/// Writes each alpha `times` (1 to 4) times in a row.
pub(super) fn repeat(level: Level, alpha: &[u8], times: usize, out: &mut [u8]) {
    match times {
        2 => dispatch!(level, simd => double_kernel(simd, alpha, out)),
        3 => dispatch!(level, simd => repeat_kernel::<_, 3>(simd, alpha, out)),
        4 => dispatch!(level, simd => repeat_kernel::<_, 4>(simd, alpha, out)),
        _ => out[..alpha.len()].copy_from_slice(alpha),
    }
}

#[simd]
fn repeat_colors_kernel<S: Simd>(_: S, alpha: &[u8], kept: u32, out: &mut [u8]) {
    let (groups, _) = out.as_chunks_mut::<4>();
    for (group, &a) in groups.iter_mut().zip(alpha) {
        *group = ((u32::from(a) * 0x0101_0101) | kept).to_le_bytes();
    }
}

/// Writes each alpha four times in a row, but 255 at `offset` (0 or 3), where a pixel has its own.
pub(super) fn repeat_colors(level: Level, alpha: &[u8], offset: usize, out: &mut [u8]) {
    let kept = 255 << (8 * offset);
    dispatch!(level, simd => repeat_colors_kernel(simd, alpha, kept, out));
}

#[simd]
fn copy_colors_kernel<S: Simd>(_: S, from: &[u8], kept: u32, to: &mut [u8]) {
    let (from, _) = from.as_chunks::<4>();
    let (to, _) = to.as_chunks_mut::<4>();
    for (to, from) in to.iter_mut().zip(from) {
        let code = (u32::from_le_bytes(*to) & kept) | (u32::from_le_bytes(*from) & !kept);
        *to = code.to_le_bytes();
    }
}

/// Copies pixels of four bytes, but not the alpha at `offset` (0 or 3).
pub(super) fn copy_colors(level: Level, from: &[u8], offset: usize, to: &mut [u8]) {
    let kept = 255 << (8 * offset);
    dispatch!(level, simd => copy_colors_kernel(simd, from, kept, to));
}

/// Copies pixels of four words, but not the alpha at `offset`.
pub(super) fn copy_colors16(from: &[u8], offset: usize, to: &mut [u8]) {
    let pairs = to.as_chunks_mut::<8>().0.iter_mut();
    for (to, from) in pairs.zip(from.as_chunks::<8>().0) {
        let kept = [to[offset], to[offset + 1]];
        *to = *from;
        to[offset..offset + 2].copy_from_slice(&kept);
    }
}

#[simd]
fn interleave_kernel<S: Simd, const LUMA_FIRST: bool>(
    _: S,
    luma: &[u8],
    chroma: &[u8],
    out: &mut [u8],
) {
    let (groups, _) = out.as_chunks_mut::<4>();
    let (pairs, _) = luma.as_chunks::<2>();
    for ((group, &[a, b]), &c) in groups.iter_mut().zip(pairs).zip(chroma) {
        *group = if LUMA_FIRST {
            [a, c, b, c]
        } else {
            [c, a, c, b]
        };
    }
}

/// Alpha of a packed 4:2:2 row. An odd last column repeats its luma alpha in the unused sample.
pub(super) fn interleave_422(
    level: Level,
    luma: &[u8],
    chroma: &[u8],
    luma_first: bool,
    out: &mut [u8],
) {
    if luma_first {
        dispatch!(level, simd => interleave_kernel::<_, true>(simd, luma, chroma, out));
    } else {
        dispatch!(level, simd => interleave_kernel::<_, false>(simd, luma, chroma, out));
    }
    if let ([.., last], [.., c], true) = (luma, chroma, luma.len() % 2 == 1) {
        let group = if luma_first {
            [*last, *c, *last, *c]
        } else {
            [*c, *last, *c, *last]
        };
        let start = luma.len() / 2 * 4;
        let rest = &mut out[start..];
        let len = rest.len().min(4);
        rest[..len].copy_from_slice(&group[..len]);
    }
}

#[simd]
fn sum_rows_kernel<S: Simd, const N: usize>(_: S, rows: [&[u8]; 3], out: &mut [u16]) {
    let [above, here, below] = rows;
    match N {
        1 => {
            for (o, &b) in out.iter_mut().zip(here) {
                *o = u16::from(b);
            }
        }
        2 => {
            for ((o, &b), &c) in out.iter_mut().zip(here).zip(below) {
                *o = u16::from(b) + u16::from(c);
            }
        }
        _ => {
            for (((o, &a), &b), &c) in out.iter_mut().zip(above).zip(here).zip(below) {
                *o = u16::from(a) + 2 * u16::from(b) + u16::from(c);
            }
        }
    }
}

#[simd]
fn sum_columns_kernel<S: Simd, const COSITED: bool>(
    _: S,
    sums: &[u16],
    shift: u32,
    out: &mut [u8],
) {
    let round = 1u16 << (shift - 1);
    let (here, _) = sums[1..].as_chunks::<2>();
    if COSITED {
        let (left, _) = sums.as_chunks::<2>();
        for ((o, &[a, b]), &[_, c]) in out.iter_mut().zip(left).zip(here) {
            *o = ((a + 2 * b + c + round) >> shift) as u8;
        }
    } else {
        for (o, &[b, c]) in out.iter_mut().zip(here) {
            *o = ((b + c + round) >> shift) as u8;
        }
    }
}

/// Vertical part of the matte's average at chroma positions, see [`chroma_columns`].
/// `weights` is the sum of the row weights: 1 (`here` alone), 2 (`here` and `below`) or
/// 4 (1, 2, 1).
pub(super) fn chroma_rows(level: Level, rows: [&[u8]; 3], weights: u32, sums: &mut [u16]) {
    match weights {
        1 => dispatch!(level, simd => sum_rows_kernel::<_, 1>(simd, rows, sums)),
        2 => dispatch!(level, simd => sum_rows_kernel::<_, 2>(simd, rows, sums)),
        _ => dispatch!(level, simd => sum_rows_kernel::<_, 4>(simd, rows, sums)),
    }
}

/// Horizontal part: the mean of the two columns under a chroma sample, or, where chroma sits on
/// even columns, of three with the weights 1, 2, 1.
pub(super) fn chroma_columns(
    level: Level,
    sums: &[u16],
    weights: u32,
    cosited: bool,
    out: &mut [u8],
) {
    let shift = weights.trailing_zeros() + if cosited { 2 } else { 1 };
    if cosited {
        dispatch!(level, simd => sum_columns_kernel::<_, true>(simd, sums, shift, out));
    } else {
        dispatch!(level, simd => sum_columns_kernel::<_, false>(simd, sums, shift, out));
    }
}

/// Like [`chroma_columns`], in 16ths and without rounding.
pub(super) fn chroma_columns_fine(sums: &[u16], weights: u32, cosited: bool, out: &mut [u16]) {
    let shift = 4 - (weights.trailing_zeros() + if cosited { 2 } else { 1 });
    for (o, s) in out.iter_mut().zip(sums.windows(3).step_by(2)) {
        let sum = if cosited {
            s[0] + 2 * s[1] + s[2]
        } else {
            s[1] + s[2]
        };
        *o = sum << shift;
    }
}

#[simd]
fn scale_alpha_kernel<S: Simd>(_: S, row: &mut [u8], offset: usize, alpha: &[u8]) {
    let (pixels, _) = row.as_chunks_mut::<4>();
    for (pixel, &a) in pixels.iter_mut().zip(alpha) {
        pixel[offset] = div255(u16::from(pixel[offset]) * u16::from(a));
    }
}

/// Multiplies the alpha byte at `offset` of each 4-byte pixel.
pub(super) fn scale_alpha(level: Level, row: &mut [u8], offset: usize, alpha: &[u8]) {
    match offset {
        0 => dispatch!(level, simd => scale_alpha_kernel(simd, row, 0, alpha)),
        _ => dispatch!(level, simd => scale_alpha_kernel(simd, row, 3, alpha)),
    }
}

#[simd]
fn set_alpha_kernel<S: Simd>(_: S, row: &mut [u8], offset: usize, alpha: &[u8]) {
    let (pixels, _) = row.as_chunks_mut::<4>();
    for (pixel, &a) in pixels.iter_mut().zip(alpha) {
        pixel[offset] = a;
    }
}

/// Writes the alpha byte at `offset` of each 4-byte pixel.
pub(super) fn set_alpha(level: Level, row: &mut [u8], offset: usize, alpha: &[u8]) {
    match offset {
        0 => dispatch!(level, simd => set_alpha_kernel(simd, row, 0, alpha)),
        _ => dispatch!(level, simd => set_alpha_kernel(simd, row, 3, alpha)),
    }
}

#[simd]
fn scale_alpha16_kernel<S: Simd>(_: S, row: &mut [u8], alpha: &[u8], word: Word) {
    for (own, &m) in row.as_chunks_mut::<2>().0.iter_mut().zip(alpha) {
        let scaled = u32::from(word.code(*own)) * u32::from(m) + 127;
        *own = word.bytes((scaled / 255) as u16);
    }
}

/// Multiplies a row of alpha words.
pub(super) fn scale_alpha16(level: Level, row: &mut [u8], alpha: &[u8], word: Word) {
    dispatch!(level, simd => scale_alpha16_kernel(simd, row, alpha, word));
}

/// Writes a row of alpha words.
pub(super) fn set_alpha16(level: Level, row: &mut [u8], alpha: &[u8], word: Word) {
    for whole in row.as_chunks_mut::<2>().0 {
        *whole = word.bytes(word.top());
    }
    scale_alpha16(level, row, alpha, word);
}

#[simd]
fn halve_kernel<S: Simd, T: Copy + Into<u32>, const STEP: usize>(_: S, from: &[T], to: &mut [u32]) {
    let (groups, _) = to.as_chunks_mut::<STEP>();
    for (group, pair) in groups.iter_mut().zip(from.chunks_exact(2 * STEP)) {
        for i in 0..STEP {
            group[i] = pair[i].into() + pair[i + STEP].into();
        }
    }
}

/// Adds neighbouring groups of `step` (1 to 4) numbers.
pub(super) fn halve<T: Copy + Into<u32>>(level: Level, from: &[T], step: usize, to: &mut [u32]) {
    match step {
        1 => dispatch!(level, simd => halve_kernel::<_, T, 1>(simd, from, to)),
        2 => dispatch!(level, simd => halve_kernel::<_, T, 2>(simd, from, to)),
        3 => dispatch!(level, simd => halve_kernel::<_, T, 3>(simd, from, to)),
        _ => dispatch!(level, simd => halve_kernel::<_, T, 4>(simd, from, to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mix_is_exact_for_every_input() {
        for a in 0..=255u8 {
            for p in 0..=255u8 {
                for b in [0u8, 1, 17, 127, 128, 200, 254, 255] {
                    let exact =
                        (f64::from(p) * f64::from(a) + f64::from(b) * f64::from(255 - a)) / 255.0;
                    assert_eq!(mix(p, b, a), exact.round() as u8, "{p} {b} {a}");
                }
            }
        }
    }

    #[test]
    fn mix_of_words_is_exact() {
        use crate::frame::PixelLayout::{Gray16Le, I42010Le, P010Le};
        for level in crate::simd::levels() {
            for layout in [I42010Le, P010Le, Gray16Le] {
                let word = layout.info().word();
                for a in 0..=255u8 {
                    for (p, b) in [
                        (0u16, word.top()),
                        (word.top(), 0),
                        (512, 511),
                        (64, 940),
                        (7, 1000),
                        (word.top(), word.top() - 1),
                    ] {
                        let mut row = word.bytes(p);
                        lerp16(level, &mut row, &word.bytes(b), &[a], word);
                        let exact = (f64::from(p) * f64::from(a)
                            + f64::from(b) * f64::from(255 - a))
                            / 255.0;
                        assert_eq!(word.code(row), exact.round() as u16);
                    }
                }
            }
        }
    }
}
