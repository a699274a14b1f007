// SPDX-License-Identifier: MPL-2.0

//! The chroma key: how much a colour has of the screen's.
//!
//! In the plane of both colour differences, the screen's colour lies on an axis through neutral
//! gray. With `along` the part of a colour on that axis and `across` what is off it,
//!
//! `strength = along - |across|`
//!
//! (K. Jack, "Video Demystified", chroma keying, with an acceptance angle of 90 degrees.) The
//! strength of a mix of the screen with a colour that has none is the share of the screen in it, so
//! that edges keep their alpha; colours more than 45 degrees off the axis have a strength below 0.

use crate::filter::Plane;
use crate::filter::plane::NEUTRAL;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// The direction of the screen's colour from neutral gray, of length 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct KeyAxis {
    u: f32,
    v: f32,
}

impl KeyAxis {
    /// The axis of a colour, as its differences from neutral; none of a colour that has no hue.
    pub fn of([u, v]: [f32; 2]) -> Option<Self> {
        let length = u.hypot(v);
        (length > 1e-3).then(|| Self {
            u: u / length,
            v: v / length,
        })
    }

    /// How much colour differences, 0 to 1 and neutral at 128/255, have of the screen's.
    #[inline(always)]
    pub fn strength(self, u: f32, v: f32) -> f32 {
        let (u, v) = (u - NEUTRAL, v - NEUTRAL);
        let across = v * self.u - u * self.v;
        u * self.u + v * self.v - across.abs()
    }

    /// The cosine of the angle to another axis.
    pub fn cosine(self, other: Self) -> f32 {
        self.u * other.u + self.v * other.v
    }
}

/// The strength of every place of two planes of colour differences; `out` takes their size.
pub(super) fn strengths(level: Level, axis: KeyAxis, [u, v]: [&Plane; 2], out: &mut Plane) {
    debug_assert_eq!(u.size(), v.size());
    out.resize(u.width(), u.height());
    dispatch!(level, simd => strengths_of(simd, axis, (u, v), out));
}

#[simd]
fn strengths_of<S: Simd>(_: S, axis: KeyAxis, (u, v): (&Plane, &Plane), out: &mut Plane) {
    let colors = u.data().iter().zip(v.data());
    for (out, (u, v)) in out.data_mut().iter_mut().zip(colors) {
        *out = axis.strength(*u, *v);
    }
}

#[cfg(test)]
#[path = "axis_tests.rs"]
mod tests;
