// SPDX-License-Identifier: MPL-2.0

//! Functions of one number as tables: transfer functions are powers and logarithms, which for every
//! sample of a frame would cost ten times as much.

/// Steps of a [`Uniform`].
const STEPS: usize = 4096;

/// A function of 0 to 1, linear between equal steps. For signals.
#[derive(Debug)]
pub struct Uniform(Box<[f32]>);

impl Uniform {
    /// Tabulates a function.
    pub fn new(function: impl Fn(f64) -> f64) -> Self {
        // One more, so that the last step has an end.
        let value = |i: usize| function((i as f64 / STEPS as f64).min(1.0)) as f32;
        Self((0..STEPS + 2).map(value).collect())
    }

    /// The value at `x`, which is held to 0 to 1.
    #[inline]
    pub fn at(&self, x: f32) -> f32 {
        // What is no number counts as 0.
        let place = if x > 0.0 { x.min(1.0) } else { 0.0 } * STEPS as f32;
        let index = place as usize;
        let (a, b) = (self.0[index], self.0[index + 1]);
        a + (b - a) * (place - index as f32)
    }
}

/// Bits of a step's place within an octave.
const FINE: u32 = 6;
/// The smallest and the largest argument of a [`Spread`].
const LEAST: f32 = 1.0 / (1u32 << 26) as f32;
const MOST: f32 = 64.0;

/// A function of 2^-26 to 64, linear between steps that grow with the argument (64 an octave). For
/// light, of which the eye sees ratios.
#[derive(Debug)]
pub struct Spread(Box<[f32]>);

impl Spread {
    /// Tabulates a function.
    pub fn new(function: impl Fn(f64) -> f64) -> Self {
        let (first, last) = (LEAST.to_bits(), MOST.to_bits());
        let step = 1 << (23 - FINE);
        let places = (first..=last + step).step_by(step as usize);
        Self(
            places
                .map(|bits| function(f64::from(f32::from_bits(bits))) as f32)
                .collect(),
        )
    }

    /// The value at `x`, which is held to the function's range.
    #[inline]
    pub fn at(&self, x: f32) -> f32 {
        // What is no number is held, too: as the smallest.
        let x = if x > LEAST { x.min(MOST) } else { LEAST };
        let place = x.to_bits() - LEAST.to_bits();
        let index = (place >> (23 - FINE)) as usize;
        let part = (place & ((1 << (23 - FINE)) - 1)) as f32 / (1u32 << (23 - FINE)) as f32;
        let (a, b) = (self.0[index], self.0[index + 1]);
        a + (b - a) * part
    }

    /// As [`Spread::at`], for a function that is 0 at 0.
    #[inline]
    pub fn at_from_zero(&self, x: f32) -> f32 {
        let value = self.at(x);
        if x < LEAST {
            value * x.max(0.0) / LEAST
        } else {
            value
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_the_functions() {
        let cubic = |x: f64| x * x * x;
        let uniform = Uniform::new(cubic);
        let spread = Spread::new(f64::sqrt);
        for i in 0..10_007 {
            let x = i as f32 / 10_007.0;
            assert!((uniform.at(x) - x * x * x).abs() < 1e-6, "{x}");
            let wide = x * 60.0;
            let off = spread.at_from_zero(wide) - wide.sqrt();
            assert!(off.abs() <= 3e-5 * wide.sqrt(), "{wide} {off}");
        }
    }

    #[test]
    fn arguments_outside_are_held() {
        let same = Uniform::new(|x| x);
        assert_eq!((same.at(-3.0), same.at(7.0)), (0.0, 1.0));
        let spread = Spread::new(|x| x);
        assert_eq!(spread.at(1e9), 64.0);
        assert_eq!(spread.at_from_zero(-1.0), 0.0);
        assert!(spread.at(f32::NAN).is_finite() && spread.at(f32::INFINITY).is_finite());
    }
}
