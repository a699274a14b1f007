// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{noise, sizes};

fn reference(from: &Plane, radii: (usize, usize)) -> Vec<f32> {
    let (width, height) = from.size();
    let mut out = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let mut most = 0.0f32;
            for v in y.saturating_sub(radii.1)..=(y + radii.1).min(height - 1) {
                let half = half_width(radii, v.abs_diff(y));
                for u in x.saturating_sub(half)..=(x + half).min(width - 1) {
                    most = most.max(from.row(v)[u]);
                }
            }
            out.push(most);
        }
    }
    out
}

#[test]
fn equals_the_definition_at_every_size_and_level() {
    let mut filter = Morphology::default();
    for (i, (width, height)) in sizes().into_iter().enumerate() {
        let plane = noise(width, height, 3);
        let radius = [1, 2, 3, 5, 9][i % 5];
        let limit = width.max(height);
        let other = [4, 1, 8, 3, 2][i % 5];
        for radii in [(radius, radius), (radius, other)] {
            let radii = (radii.0.min(limit), radii.1.min(limit));
            let expected = reference(&plane, radii);
            for level in crate::simd::levels() {
                let mut out = plane.clone();
                let radius = Radius {
                    across: radii.0 as f32,
                    down: radii.1 as f32,
                };
                filter.grow(level, &mut out, radius);
                assert_eq!(out.data(), expected, "{width}x{height} {radii:?}");
            }
        }
    }
}

#[test]
fn erosion_is_dilation_of_the_rest_and_fractions_lie_between() {
    let (mut filter, level) = (Morphology::default(), crate::simd::level());
    let plane = noise(33, 21, 3);
    let (mut eroded, mut inverse) = (plane.clone(), plane.clone());
    filter.grow(level, &mut eroded, -2.0);
    invert(&mut inverse);
    filter.grow(level, &mut inverse, 2.0);
    invert(&mut inverse);
    assert_eq!(eroded, inverse);
    let sum = |radius: f32, filter: &mut Morphology| {
        let mut out = plane.clone();
        filter.grow(level, &mut out, radius);
        out.data().iter().sum::<f32>()
    };
    let sums: Vec<f32> = [-1.5, -1.0, -0.4, 0.0, 0.4, 1.0, 1.5]
        .map(|r| sum(r, &mut filter))
        .to_vec();
    assert!(sums.is_sorted(), "{sums:?}");
}

/// Both axes are moved by what they are asked for, in parts of pixels too.
#[test]
fn ovals_reach_as_far_as_asked_on_each_axis() {
    let (mut filter, level) = (Morphology::default(), crate::simd::level());
    for (across, down) in [(2.0, 3.4), (3.7, 1.6), (0.5, 1.0), (1.4, 0.7)] {
        let mut plane = Plane::new(31, 31);
        for y in 10..21 {
            plane.row_mut(y)[10..21].fill(1.0);
        }
        filter.grow(level, &mut plane, Radius { across, down });
        let wide: f32 = plane.row(15).iter().sum();
        let high: f32 = (0..31).map(|y| plane.row(y)[15]).sum();
        assert!((wide - 11.0 - 2.0 * across).abs() < 1e-3, "{wide} {across}");
        assert!((high - 11.0 - 2.0 * down).abs() < 1e-3, "{high} {down}");
    }
}

#[test]
fn opening_removes_threads_and_closing_fills_cracks() {
    let (mut filter, level) = (Morphology::default(), crate::simd::level());
    let mut plane = Plane::new(40, 40);
    for y in 0..40 {
        plane.row_mut(y)[..20].fill(1.0);
    }
    plane.row_mut(20).fill(1.0);
    plane.row_mut(10)[..15].fill(0.0);
    filter.open(level, &mut plane, 2.0);
    assert_eq!(plane.row(20)[35], 0.0);
    filter.close(level, &mut plane, 2.0);
    assert_eq!(plane.row(10)[5], 1.0);
}
