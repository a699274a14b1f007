// SPDX-License-Identifier: MPL-2.0

//! The matte's average at the places of subsampled chroma.

use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

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
pub(crate) fn chroma_rows(level: Level, rows: [&[u8]; 3], weights: u32, sums: &mut [u16]) {
    match weights {
        1 => dispatch!(level, simd => sum_rows_kernel::<_, 1>(simd, rows, sums)),
        2 => dispatch!(level, simd => sum_rows_kernel::<_, 2>(simd, rows, sums)),
        _ => dispatch!(level, simd => sum_rows_kernel::<_, 4>(simd, rows, sums)),
    }
}

/// Horizontal part: the mean of the two columns under a chroma sample, or, if chroma sits on
/// even columns, of three with the weights 1, 2, 1.
pub(crate) fn chroma_columns(
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
pub(crate) fn chroma_columns_fine(sums: &[u16], weights: u32, cosited: bool, out: &mut [u16]) {
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
