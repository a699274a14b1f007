// SPDX-License-Identifier: MPL-2.0

//! Bytes and exponentials in operations that compilers turn into vectors.

/// The nearest byte. Adding 1.5 * 2^23 leaves the rounded number in the lowest bits; compilers turn
/// that into vectors, a saturating cast they do not.
#[inline(always)]
pub(in crate::model) fn byte(x: f32) -> u8 {
    (x.clamp(0.0, 255.0) + 12_582_912.0).to_bits() as u8
}

/// `exp(x)` within 2e-7 of its value, in operations that vectorise; `x` is held to -87 to 88.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; exp(r) is a polynomial (coefficients of Cephes' `expf`),
/// 2^n is put together from its exponent.
#[inline(always)]
pub(in crate::model) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + 12_582_912.0;
    let n = shifted - 12_582_912.0;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let poly = [1.398_2e-3, 8.333_452e-3, 4.166_58e-2, 0.166_666_66, 0.5];
    let p = poly.iter().fold(1.987_569_2e-4, |sum, c| sum * r + c);
    let scale = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    (p * r * r + r + 1.0) * scale
}
