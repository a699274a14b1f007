// SPDX-License-Identifier: MPL-2.0

//! IEEE 754 binary16, as bits.

use super::kernels::Element;

/// The bits of a half-precision (binary16) number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Half(pub u16);

/// The largest finite half-precision number.
pub const HALF_MAX: f32 = 65_504.0;

const EXPONENT_STEP: u32 = 1 << 23;

impl Half {
    /// The nearest half to `value`, ties to even; infinite beyond the range.
    #[inline(always)]
    pub fn from_f32(value: f32) -> Self {
        let bits = value.to_bits();
        let sign = (bits >> 16) & 0x8000;
        let size = bits & 0x7fff_ffff;
        // Subnormal halves are multiples of 2^-24; adding 0.5, whose last bit is worth that,
        // makes the addition round to one of them.
        let subnormal = (f32::from_bits(size) + 0.5)
            .to_bits()
            .wrapping_sub(0.5f32.to_bits());
        // Otherwise the 13 lowest bits are rounded away and the exponent's bias falls by 112.
        let odd = (size >> 13) & 1;
        let normal = ((size.wrapping_add(0xfff + odd)) >> 13).wrapping_sub(112 << 10);
        let smallest_normal = 113 * EXPONENT_STEP;
        let overflow = 143 * EXPONENT_STEP;
        let infinite_or_nan = 0x7c00 | if size > 255 * EXPONENT_STEP { 0x200 } else { 0 };
        let half = if size < smallest_normal {
            subnormal
        } else if size < overflow {
            normal
        } else {
            infinite_or_nan
        };
        Self((sign | half) as u16)
    }

    /// The number as an f32, exactly.
    pub fn to_f32(self) -> f32 {
        let sign = if self.0 & 0x8000 != 0 { -1.0 } else { 1.0 };
        let exponent = i32::from((self.0 >> 10) & 31);
        let fraction = f32::from(self.0 & 0x3ff) / 1024.0;
        sign * match exponent {
            0 => fraction * 2f32.powi(-14),
            31 if fraction == 0.0 => f32::INFINITY,
            31 => f32::NAN,
            _ => (1.0 + fraction) * 2f32.powi(exponent - 15),
        }
    }
}

impl Element for Half {
    #[inline(always)]
    fn encode(value: f32) -> Self {
        Self::from_f32(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_survives_the_way_there_and_back() {
        for bits in 0..=u16::MAX {
            let half = Half(bits);
            let value = half.to_f32();
            if value.is_nan() {
                assert!(Half::from_f32(value).to_f32().is_nan());
            } else {
                assert_eq!(Half::from_f32(value), half, "{value}");
            }
        }
    }

    #[test]
    fn numbers_between_halves_go_to_the_nearer_and_ties_to_even() {
        // All neighbours of positive finite halves, the last one being infinite.
        for bits in 0..0x7bffu16 {
            let (low, high) = (Half(bits), Half(bits + 1));
            let (a, b) = (low.to_f32(), high.to_f32());
            let middle = (a + b) / 2.0;
            let even = if bits % 2 == 0 { low } else { high };
            assert_eq!(Half::from_f32(middle), even, "{middle}");
            assert_eq!(Half::from_f32(middle.next_down()), low);
            assert_eq!(Half::from_f32(middle.next_up()), high);
            assert_eq!(Half::from_f32(-middle).0, even.0 | 0x8000);
        }
        assert_eq!(Half::from_f32(65_519.996).to_f32(), HALF_MAX);
        assert_eq!(Half::from_f32(65_520.0).to_f32(), f32::INFINITY);
        assert_eq!(Half::from_f32(1e30).to_f32(), f32::INFINITY);
    }
}
