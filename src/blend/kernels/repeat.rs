// SPDX-License-Identifier: MPL-2.0

//! One alpha per sample out of one per pixel.

use crate::simd::Level;
use fearless_simd::{dispatch, prelude::*};
use fearless_simd_macros::simd;

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
pub(crate) fn repeat(level: Level, alpha: &[u8], times: usize, out: &mut [u8]) {
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

/// Writes each alpha four times in a row, but 255 at `offset` (0 or 3), which is the pixel's own
/// alpha.
pub(crate) fn repeat_colors(level: Level, alpha: &[u8], offset: usize, out: &mut [u8]) {
    let kept = 255 << (8 * offset);
    dispatch!(level, simd => repeat_colors_kernel(simd, alpha, kept, out));
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
pub(crate) fn interleave_422(
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
