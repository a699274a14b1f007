// SPDX-License-Identifier: MPL-2.0

//! Pictures and sizes that the tests of the filters share.

use super::Plane;

/// Sizes that between them have every side from 1 to 70, odd and even, thin and square.
pub(in crate::filter) fn sizes() -> Vec<(usize, usize)> {
    let mut sizes: Vec<_> = (1..=70).map(|i| (i, (i * 37) % 70 + 1)).collect();
    sizes.extend([(1, 1), (1, 70), (70, 1), (2, 2), (64, 64)]);
    sizes
}

/// A small generator of repeatable numbers (xorshift64*).
#[derive(Debug, Clone)]
pub(in crate::filter) struct Random(u64);

impl Random {
    pub(in crate::filter) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(in crate::filter) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// In 0 to 1.
    pub(in crate::filter) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Normal with deviation 1 (sum of twelve uniforms).
    pub(in crate::filter) fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.unit()).sum::<f32>() - 6.0
    }
}

/// A plane of independent values in 0 to 1.
pub(in crate::filter) fn noise(width: usize, height: usize, seed: u64) -> Plane {
    let mut random = Random::new(seed);
    let mut plane = Plane::new(width, height);
    plane.data_mut().fill_with(|| random.unit());
    plane
}

/// A soft disc: 1 inside, 0 outside, an edge `soft` pixels wide.
pub(in crate::filter) fn disc(
    width: usize,
    height: usize,
    centre: (f32, f32),
    radius: f32,
    soft: f32,
) -> Plane {
    let mut plane = Plane::new(width, height);
    for y in 0..height {
        for (x, value) in plane.row_mut(y).iter_mut().enumerate() {
            let distance = (x as f32 - centre.0).hypot(y as f32 - centre.1);
            *value = ((radius - distance) / soft + 0.5).clamp(0.0, 1.0);
        }
    }
    plane
}
