// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{noise, sizes, window_means};

/// The window mean in `f64`, straight from its definition.
pub(in crate::filter) fn reference(from: &Plane, radius: usize) -> Vec<f64> {
    oblong(from, (radius, radius))
}

fn oblong(from: &Plane, radii: (usize, usize)) -> Vec<f64> {
    window_means(radii, from.size(), |x, y| (from.row(y)[x].into(), 1.0))
}

#[test]
fn equals_the_definition_at_every_size_radius_and_level() {
    let (mut filter, mut out) = (BoxMean::default(), Plane::default());
    for (width, height) in sizes() {
        let plane = noise(width, height, 7);
        for radius in [0, 1, 2, 3, 4, 5, 8, 13, 90] {
            for radii in [(radius, radius), (radius, 2), (0, radius)] {
                let limit = width.max(height);
                let expected = oblong(&plane, (radii.0.min(limit), radii.1.min(limit)));
                for level in crate::simd::levels() {
                    filter.apply_oblong(level, &plane, radii, &mut out);
                    for (i, (a, b)) in out.data().iter().zip(&expected).enumerate() {
                        let error = (f64::from(*a) - b).abs();
                        assert!(error < 1e-5, "{width}x{height} {radii:?} [{i}] {a} {b}");
                    }
                }
            }
        }
    }
}
