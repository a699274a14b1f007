// SPDX-License-Identifier: MPL-2.0

//! The loops over one row that put the subject's colour into half-covered pixels.

use crate::blend::kernels::mix;
use crate::frame::Word;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// What is known of a row's samples: the colours of both mixed, 8 bits each, and alpha.
#[derive(Clone, Copy)]
pub(super) struct MixedRow<'a> {
    /// The subject's colour.
    pub subject: &'a [u8],
    /// The background's colour.
    pub background: &'a [u8],
    /// One alpha for each sample.
    pub alpha: &'a [u8],
}

/// Draws a row's samples towards the subject's colour, by `amount` of 255.
pub(super) fn clean(level: Level, row: &mut [u8], mixed: MixedRow, amount: u8, word: Word) {
    match word.depth() {
        8 => dispatch!(level, simd => clean8(simd, row, mixed, amount)),
        _ => dispatch!(level, simd => clean16(simd, row, mixed, amount, word)),
    }
}

#[inline(always)]
fn toward(pixel: i32, clean: i32, amount: u8, top: i32) -> i32 {
    let clean = clean.clamp(0, top);
    pixel + (((clean - pixel) * (i32::from(amount) * 257 + 1)) >> 16)
}

/// Copies the alpha at `offset` of pixels of `PIXEL` bytes, `N` of them alpha, to `kept`.
pub(super) fn keep_alpha<const N: usize, const PIXEL: usize>(
    row: &[u8],
    offset: usize,
    kept: &mut [u8],
) {
    let pixels = row.as_chunks::<PIXEL>().0;
    for (alpha, pixel) in kept.as_chunks_mut::<N>().0.iter_mut().zip(pixels) {
        alpha.copy_from_slice(&pixel[offset..offset + N]);
    }
}

/// Writes kept alpha to where it was.
pub(super) fn put_alpha_back<const N: usize, const PIXEL: usize>(
    kept: &[u8],
    offset: usize,
    row: &mut [u8],
) {
    let pixels = row.as_chunks_mut::<PIXEL>().0;
    for (pixel, alpha) in pixels.iter_mut().zip(kept.as_chunks::<N>().0) {
        pixel[offset..offset + N].copy_from_slice(alpha);
    }
}

#[simd]
fn clean8<S: Simd>(_: S, row: &mut [u8], mixed: MixedRow, amount: u8) {
    let colors = mixed.subject.iter().zip(mixed.background);
    for ((p, (&f, &b)), &a) in row.iter_mut().zip(colors).zip(mixed.alpha) {
        let pixel = i32::from(*p);
        let rest = pixel - i32::from(mix(f, b, a));
        // a / 255 to 16 bits.
        let part = (rest * (i32::from(a) * 257) + 32768) >> 16;
        *p = toward(pixel, i32::from(f) + part, amount, 255) as u8;
    }
}

#[simd]
fn clean16<S: Simd>(_: S, row: &mut [u8], mixed: MixedRow, amount: u8, word: Word) {
    let (samples, _) = row.as_chunks_mut::<2>();
    let colors = mixed.subject.iter().zip(mixed.background);
    // Twelve bits are enough for a colour that is guessed, and their products stay within 31; what
    // is finer stays as it is.
    let down = word.depth().saturating_sub(12);
    let (finer, top) = (
        1 << (word.depth() - down - 8),
        i32::from(word.top() >> down),
    );
    for ((p, (&f, &b)), &a) in samples.iter_mut().zip(colors).zip(mixed.alpha) {
        let code = i32::from(word.code(*p));
        let pixel = code >> down;
        let (f, b, a) = (i32::from(f) * finer, i32::from(b) * finer, i32::from(a));
        let rest = pixel - (b + (((f - b) * (a * 257) + 32768) >> 16));
        let clean = f + ((rest * (a * 257) + 32768) >> 16);
        let code = code + ((toward(pixel, clean, amount, top) - pixel) << down);
        *p = word.bytes(code as u16);
    }
}
