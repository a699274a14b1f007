// SPDX-License-Identifier: MPL-2.0

//! Inner loops of resampling. They use no fused multiply-add and fixed lane counts, so that every
//! SIMD level gives the same bits.

use fearless_simd::{Simd, f32x4, prelude::*};
use fearless_simd_macros::simd;

/// A sample as it lies in memory.
pub(super) trait Code: Copy {
    /// Bytes as samples.
    fn codes(bytes: &[u8]) -> &[Self];
    /// The code value: the bits of `mask` after a shift down by `shift`.
    fn value(self, shift: u32, mask: u16) -> u16;
}

impl Code for [u8; 1] {
    #[inline(always)]
    fn codes(bytes: &[u8]) -> &[Self] {
        bytes.as_chunks().0
    }
    #[inline(always)]
    fn value(self, _: u32, _: u16) -> u16 {
        u16::from(self[0])
    }
}

impl Code for [u8; 2] {
    #[inline(always)]
    fn codes(bytes: &[u8]) -> &[Self] {
        bytes.as_chunks().0
    }
    #[inline(always)]
    fn value(self, shift: u32, mask: u16) -> u16 {
        (u16::from_le_bytes(self) >> shift) & mask
    }
}

/// What weighted samples are summed in: 16 bits if they suffice, twice as fast as 32.
pub(super) trait Sum:
    Copy + std::ops::Add<Output = Self> + std::ops::Mul<Output = Self>
{
    const ZERO: Self;
    fn from_code(code: u16) -> Self;
    /// A weight; those that go with a type fit in it.
    fn from_weight(weight: u32) -> Self;
    fn to_f32(self) -> f32;
}

impl Sum for u16 {
    const ZERO: Self = 0;
    #[inline(always)]
    fn from_code(code: u16) -> Self {
        code
    }
    #[inline(always)]
    fn from_weight(weight: u32) -> Self {
        weight as u16
    }
    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }
}

impl Sum for i32 {
    const ZERO: Self = 0;
    #[inline(always)]
    fn from_code(code: u16) -> Self {
        i32::from(code)
    }
    #[inline(always)]
    fn from_weight(weight: u32) -> Self {
        weight as i32
    }
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self as f32
    }
}

impl Sum for f32 {
    const ZERO: Self = 0.0;
    #[inline(always)]
    fn from_code(code: u16) -> Self {
        f32::from(code)
    }
    #[inline(always)]
    fn from_weight(weight: u32) -> Self {
        weight as f32
    }
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self
    }
}

/// How samples become code values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coding {
    pub shift: u32,
    pub mask: u16,
}

/// `sums = rows * weights`, added to what is there unless `fresh`.
#[simd]
pub(super) fn add_rows<S: Simd, C: Code, A: Sum, const N: usize>(
    _: S,
    sums: &mut [A],
    rows: [&[C]; N],
    weights: [A; N],
    coding: Coding,
    fresh: bool,
) {
    let rows = rows.map(|row| &row[..sums.len()]);
    if fresh {
        for (x, sum) in sums.iter_mut().enumerate() {
            *sum = weigh(x, rows, weights, coding);
        }
    } else {
        for (x, sum) in sums.iter_mut().enumerate() {
            *sum = *sum + weigh(x, rows, weights, coding);
        }
    }
}

#[inline(always)]
fn weigh<C: Code, A: Sum, const N: usize>(
    x: usize,
    rows: [&[C]; N],
    weights: [A; N],
    coding: Coding,
) -> A {
    let mut sum = A::ZERO;
    for i in 0..N {
        let code = A::from_code(rows[i][x].value(coding.shift, coding.mask));
        sum = sum + code * weights[i];
    }
    sum
}

/// Takes every `STEP`th of `sums` out as a component's row.
#[simd]
pub(super) fn split<S: Simd, A: Sum, const STEP: usize>(_: S, sums: &[A], row: &mut [f32]) {
    let (groups, _) = sums.as_chunks::<STEP>();
    for (value, group) in row.iter_mut().zip(groups) {
        *value = group[0].to_f32();
    }
}

/// Weights of all target samples along a row, each padded with zeros to whole vectors.
#[derive(Debug, Clone)]
pub(super) struct RowTaps {
    /// First source sample of each target sample.
    pub starts: Vec<u32>,
    /// `4 * vectors` weights for each target sample.
    pub weights: Vec<f32>,
    /// Vectors of 4 weights for each target sample; 0 if the target is the row itself.
    pub vectors: usize,
}

/// `out[t] = sum of row[starts[t] + k] * weights[t][k]`.
///
/// `row` must reach `4 * vectors` samples beyond every start.
#[simd]
pub(super) fn reduce<S: Simd>(simd: S, row: &[f32], taps: &RowTaps, out: &mut [f32]) {
    match taps.vectors {
        1 => reduce_by::<S, 1>(simd, row, taps, out),
        2 => reduce_by::<S, 2>(simd, row, taps, out),
        3 => reduce_by::<S, 3>(simd, row, taps, out),
        4 => reduce_by::<S, 4>(simd, row, taps, out),
        _ => reduce_any(simd, row, taps, out),
    }
}

#[inline(always)]
fn reduce_by<S: Simd, const V: usize>(simd: S, row: &[f32], taps: &RowTaps, out: &mut [f32]) {
    let (weights, _) = taps.weights.as_chunks::<4>();
    let (weights, _) = weights.as_chunks::<V>();
    let (starts, starts_left) = taps.starts.as_chunks::<4>();
    let (weights, weights_left) = weights.as_chunks::<4>();
    let (outs, outs_left) = out.as_chunks_mut::<4>();
    for ((out, starts), weights) in outs.iter_mut().zip(starts).zip(weights) {
        let a = dot(simd, row, starts[0], &weights[0]);
        let b = dot(simd, row, starts[1], &weights[1]);
        let c = dot(simd, row, starts[2], &weights[2]);
        let d = dot(simd, row, starts[3], &weights[3]);
        add_across(simd, a, b, c, d).store_slice(out);
    }
    let zero = f32x4::splat(simd, 0.0);
    for ((out, start), weights) in outs_left.iter_mut().zip(starts_left).zip(weights_left) {
        let sums = dot(simd, row, *start, weights);
        *out = add_across(simd, sums, zero, zero, zero)[0];
    }
}

#[inline(always)]
fn reduce_any<S: Simd>(simd: S, row: &[f32], taps: &RowTaps, out: &mut [f32]) {
    let (weights, _) = taps.weights.as_chunks::<4>();
    let zero = f32x4::splat(simd, 0.0);
    let weights = weights.chunks_exact(taps.vectors);
    for ((out, start), weights) in out.iter_mut().zip(&taps.starts).zip(weights) {
        let sums = dot(simd, row, *start, weights);
        *out = add_across(simd, sums, zero, zero, zero)[0];
    }
}

/// Four partial sums of `row * weights` from `start` on.
#[inline(always)]
fn dot<S: Simd>(simd: S, row: &[f32], start: u32, weights: &[[f32; 4]]) -> f32x4<S> {
    let row = &row[start as usize..][..4 * weights.len()];
    let (row, _) = row.as_chunks::<4>();
    let mut sum = f32x4::splat(simd, 0.0);
    for (values, weights) in row.iter().zip(weights) {
        sum += f32x4::load_array_ref(simd, values) * f32x4::load_array_ref(simd, weights);
    }
    sum
}

/// The lane sums of four vectors, as one vector.
#[inline(always)]
fn add_across<S: Simd>(_: S, a: f32x4<S>, b: f32x4<S>, c: f32x4<S>, d: f32x4<S>) -> f32x4<S> {
    let ab = a.unzip_low(b) + a.unzip_high(b);
    let cd = c.unzip_low(d) + c.unzip_high(d);
    ab.unzip_low(cd) + ab.unzip_high(cd)
}

/// An affine function of `N` components with its result's bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::frame) struct Affine {
    /// Factor of each component; unused ones are 0.
    pub factors: [f32; 3],
    /// Added last.
    pub bias: f32,
    /// Results below are raised to this.
    pub low: f32,
    /// Results above are lowered to this.
    pub high: f32,
}

impl Affine {
    /// The value for column `x` of the components' rows.
    #[inline(always)]
    pub fn apply<const N: usize>(&self, x: usize, rows: [&[f32]; N]) -> f32 {
        let mut value = self.bias;
        for (factor, row) in self.factors.iter().zip(rows) {
            value += factor * row[x];
        }
        if value < self.low {
            self.low
        } else if value > self.high {
            self.high
        } else {
            value
        }
    }
}

/// A number as a tensor or picture stores it.
pub(in crate::frame) trait Element: Copy {
    /// The nearest number to `value`, which is in range.
    fn encode(value: f32) -> Self;
}

impl Element for f32 {
    #[inline(always)]
    fn encode(value: f32) -> Self {
        value
    }
}

impl Element for u8 {
    /// Ties go to the even number.
    #[inline(always)]
    fn encode(value: f32) -> Self {
        // At 2^23 the unit of an f32 is 1, so the addition rounds and the integer stands in the
        // low bits. Unlike a cast it needs no test for NaN or overflow and vectorises.
        (value + 8_388_608.0).to_bits() as u8
    }
}

/// `out[x] = affine(rows[..][x])`.
#[simd]
pub(in crate::frame) fn write_plane<S: Simd, T: Element, const N: usize>(
    _: S,
    rows: [&[f32]; N],
    affine: &Affine,
    out: &mut [T],
) {
    let rows = rows.map(|row| &row[..out.len()]);
    let affine = *affine;
    for (x, out) in out.iter_mut().enumerate() {
        *out = T::encode(affine.apply(x, rows));
    }
}

/// `out[C * x + c] = affine[c](rows[..][x])`.
#[simd]
pub(in crate::frame) fn write_packed<S: Simd, T: Element, const N: usize, const C: usize>(
    _: S,
    rows: [&[f32]; N],
    affines: &[Affine; C],
    out: &mut [T],
) {
    let (pixels, _) = out.as_chunks_mut::<C>();
    let rows = rows.map(|row| &row[..pixels.len()]);
    let affines = *affines;
    for (x, pixel) in pixels.iter_mut().enumerate() {
        for c in 0..C {
            pixel[c] = T::encode(affines[c].apply(x, rows));
        }
    }
}
