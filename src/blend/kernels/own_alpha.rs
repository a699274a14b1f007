// SPDX-License-Identifier: MPL-2.0

//! Alpha that frames have themselves, among the samples of a row.

use super::lerp::div255;
use crate::frame::Word;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

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
pub(crate) fn copy_colors(level: Level, from: &[u8], offset: usize, to: &mut [u8]) {
    let kept = 255 << (8 * offset);
    dispatch!(level, simd => copy_colors_kernel(simd, from, kept, to));
}

/// Copies pixels of four words, but not the alpha at `offset`.
pub(crate) fn copy_colors16(from: &[u8], offset: usize, to: &mut [u8]) {
    let pairs = to.as_chunks_mut::<8>().0.iter_mut();
    for (to, from) in pairs.zip(from.as_chunks::<8>().0) {
        let kept = [to[offset], to[offset + 1]];
        *to = *from;
        to[offset..offset + 2].copy_from_slice(&kept);
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
pub(crate) fn scale_alpha(level: Level, row: &mut [u8], offset: usize, alpha: &[u8]) {
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
pub(crate) fn set_alpha(level: Level, row: &mut [u8], offset: usize, alpha: &[u8]) {
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
pub(crate) fn scale_alpha16(level: Level, row: &mut [u8], alpha: &[u8], word: Word) {
    dispatch!(level, simd => scale_alpha16_kernel(simd, row, alpha, word));
}

/// Writes a row of alpha words.
pub(crate) fn set_alpha16(level: Level, row: &mut [u8], alpha: &[u8], word: Word) {
    for whole in row.as_chunks_mut::<2>().0 {
        *whole = word.bytes(word.top());
    }
    scale_alpha16(level, row, alpha, word);
}
