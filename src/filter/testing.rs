// SPDX-License-Identifier: MPL-2.0

//! Pictures and sizes that the tests of the filters share.

use super::Plane;
use super::motion::change::{Motion, MotionSummary};
use crate::simd::Level;
pub(in crate::filter) use crate::testing::Random;

/// Sizes that between them have every side from 1 to 70, odd and even, thin and square.
pub(in crate::filter) fn sizes() -> Vec<(usize, usize)> {
    let mut sizes: Vec<_> = (1..=70).map(|i| (i, (i * 37) % 70 + 1)).collect();
    sizes.extend([(1, 1), (1, 70), (70, 1), (2, 2), (64, 64)]);
    sizes
}

/// A plane of independent values in 0 to 1.
pub(in crate::filter) fn noise(width: usize, height: usize, seed: u64) -> Plane {
    let mut random = Random::new(seed);
    let mut plane = Plane::new(width, height);
    plane.data_mut().fill_with(|| random.unit());
    plane
}

/// A detector of motion that is given one frame after the other.
#[derive(Default)]
pub(in crate::filter) struct Watch {
    pub motion: Motion,
    last: Plane,
}

impl Watch {
    /// As [`Motion::update`]; remembers the luma for the next frame.
    pub fn update(&mut self, level: Level, luma: &Plane, frames: f32) -> MotionSummary {
        let summary = self.motion.update(level, (luma, &self.last), frames);
        self.last.copy_from(luma);
        summary
    }
}

/// The places of a window around (`x`, `y`), cut off at the edges of a plane of this size.
pub(in crate::filter) fn window(
    (x, y): (usize, usize),
    (across, down): (usize, usize),
    (width, height): (usize, usize),
) -> impl Iterator<Item = (usize, usize)> {
    let columns = x.saturating_sub(across)..=(x + across).min(width - 1);
    let rows = y.saturating_sub(down)..=(y + down).min(height - 1);
    rows.flat_map(move |v| columns.clone().map(move |u| (u, v)))
}

/// The mean of every window of a plane of this size, weighted, in `f64` and straight from its
/// definition. `value` gives a place's value and its weight.
pub(in crate::filter) fn window_means(
    radii: (usize, usize),
    size: (usize, usize),
    value: impl Fn(usize, usize) -> (f64, f64),
) -> Vec<f64> {
    let places = (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y)));
    let mean = |at| {
        let values = window(at, radii, size).map(|(u, v)| value(u, v));
        let (sum, weight) = values.fold((0.0, 0.0), |(s, n), (v, w)| (s + v * w, n + w));
        sum / weight
    };
    places.map(mean).collect()
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
