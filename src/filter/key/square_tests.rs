// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{noise, sizes, window};

#[test]
fn every_level_gives_the_extremes_of_the_window() {
    for size in sizes() {
        let plane = noise(size.0, size.1, 3);
        for radius in [0, 1, 2, 6] {
            let places = |x, y| {
                let places = window((x, y), (radius, radius), size);
                places.map(|(u, v)| plane.row(v)[u])
            };
            for level in crate::simd::levels() {
                let (mut most, mut least) = (plane.clone(), plane.clone());
                let mut square = Square::default();
                square.raise(level, &mut most, radius);
                square.lower(level, &mut least, radius);
                for n in 0..size.0 * size.1 {
                    let (x, y) = (n % size.0, n / size.0);
                    let expected = places(x, y).fold(0.0, f32::max);
                    assert_eq!(most.data()[n], expected, "{size:?} {radius} {level:?}");
                    let expected = places(x, y).fold(1.0, f32::min);
                    assert_eq!(least.data()[n], expected, "{size:?} {radius} {level:?}");
                }
            }
        }
    }
}
