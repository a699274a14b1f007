// SPDX-License-Identifier: MPL-2.0

//! A row of the matte out of two rows of coefficients and the luma.

use fearless_simd::{Simd, prelude::*};

/// `to = lerp(a0, a1, weight) luma + lerp(b0, b1, weight)`, rounded and clamped.
#[inline(always)]
pub(super) fn combine<S: Simd>(
    simd: S,
    [a0, b0, a1, b1]: [&[f32]; 4],
    weight: f32,
    luma: &[u8],
    to: &mut [u8],
) {
    let (lanes, quarter) = (S::u8s::LEN, S::f32s::LEN);
    let weight_lanes = S::f32s::splat(simd, weight);
    let whole = to.len() / lanes * lanes;
    for i in (0..whole).step_by(lanes) {
        let (low, high) = S::u8s::from_slice(simd, &luma[i..i + lanes]).widen();
        let ((l0, l1), (l2, l3)) = (low.widen(), high.widen());
        let rows = [
            &a0[i..i + lanes],
            &b0[i..i + lanes],
            &a1[i..i + lanes],
            &b1[i..i + lanes],
        ];
        let q0 = lerp_apply(simd, rows, 0, weight_lanes, l0);
        let q1 = lerp_apply(simd, rows, quarter, weight_lanes, l1);
        let q2 = lerp_apply(simd, rows, 2 * quarter, weight_lanes, l2);
        let q3 = lerp_apply(simd, rows, 3 * quarter, weight_lanes, l3);
        let (low, high) = (q0.relaxed_narrow(q1), q2.relaxed_narrow(q3));
        low.relaxed_narrow(high).store_slice(&mut to[i..i + lanes]);
    }
    if whole < to.len() {
        let rows = [&a0[whole..], &b0[whole..], &a1[whole..], &b1[whole..]];
        combine_rest(rows, weight, &luma[whole..], &mut to[whole..]);
    }
}

/// The end of a row, kept out of the way: most runs have none.
#[cold]
#[inline(never)]
fn combine_rest([a0, b0, a1, b1]: [&[f32]; 4], weight: f32, luma: &[u8], to: &mut [u8]) {
    for (i, (to, luma)) in to.iter_mut().zip(luma).enumerate() {
        let a = a0[i] + (a1[i] - a0[i]) * weight;
        let b = b0[i] + (b1[i] - b0[i]) * weight;
        *to = (a * f32::from(*luma) + b + 0.5) as u8;
    }
}

/// One vector of [`combine`], from column `at` of the rows.
#[inline(always)]
fn lerp_apply<S: Simd>(
    simd: S,
    [a0, b0, a1, b1]: [&[f32]; 4],
    at: usize,
    weight: S::f32s,
    luma: S::u32s,
) -> S::u32s {
    let range = at..at + S::f32s::LEN;
    let (a0, b0) = (
        S::f32s::from_slice(simd, &a0[range.clone()]),
        S::f32s::from_slice(simd, &b0[range.clone()]),
    );
    let (a1, b1) = (
        S::f32s::from_slice(simd, &a1[range.clone()]),
        S::f32s::from_slice(simd, &b1[range]),
    );
    let a = (a1 - a0).mul_add(weight, a0);
    let b = (b1 - b0).mul_add(weight, b0);
    let value: S::f32s = a.mul_add(luma.to_float::<S::f32s>(), b) + 0.5;
    value.max(0.0).min(255.0).to_int::<S::u32s>()
}
