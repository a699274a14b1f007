// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::noise;

#[test]
fn small_planes_have_about_72_rows() {
    for (raw, small) in [
        ((256, 144), (128, 72)),
        ((128, 72), (128, 72)),
        ((256, 256), (64, 64)),
        ((7, 3), (7, 3)),
        ((513, 289), (129, 73)),
    ] {
        assert_eq!(small_size(raw), small);
    }
}

#[test]
fn every_level_gives_mean_and_most_of_what_a_place_covers() {
    for size in [(256, 144), (255, 143), (131, 217), (40, 30), (301, 257)] {
        let plane = noise(size.0, size.1, 5);
        let (width, height) = small_size(size);
        for level in crate::simd::levels() {
            let (mut mean, mut most) = (Plane::default(), Plane::default());
            let mut reduce = Reduce::default();
            reduce.apply(level, &plane, Of::Mean, &mut mean);
            reduce.apply(level, &plane, Of::Most, &mut most);
            let (mut all, mut largest) = (0, 0.0_f32);
            for n in 0..width * height {
                let (x, y) = (n % width, n / width);
                let rows = y * size.1 / height..(y + 1) * size.1 / height;
                let columns = x * size.0 / width..(x + 1) * size.0 / width;
                let values: Vec<_> = rows
                    .flat_map(|v| plane.row(v)[columns.clone()].iter())
                    .collect();
                let sum: f64 = values.iter().map(|v| f64::from(**v)).sum();
                let found = f64::from(mean.data()[n]);
                assert!((found - sum / values.len() as f64).abs() < 1e-6);
                let expected = values.iter().fold(0.0_f32, |most, v| most.max(**v));
                assert_eq!(most.data()[n], expected);
                all += values.len();
                largest = largest.max(expected);
            }
            assert_eq!(all, size.0 * size.1, "every place counts once");
            let expected = plane.data().iter().fold(0.0_f32, |most, v| most.max(*v));
            assert_eq!(largest, expected);
        }
    }
}
