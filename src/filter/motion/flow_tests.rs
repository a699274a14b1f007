// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::plane::bilinear_sample::BilinearSample;
use crate::filter::plane::window::BoxMean;
use crate::filter::testing::{noise, sizes};

fn sample(plane: &Plane, x: f32, y: f32) -> f32 {
    BilinearSample::new(plane.size(), (x, y)).mix(|at| plane.data()[at])
}

/// Smooth texture that can be looked at between its pixels.
fn texture(width: usize, height: usize, shift: (f32, f32)) -> Plane {
    let (mut smooth, mut large) = (Plane::default(), noise(width + 80, height + 80, 6));
    for _ in 0..2 {
        BoxMean::default().apply(crate::simd::level(), &large, 1, &mut smooth);
        std::mem::swap(&mut smooth, &mut large);
    }
    let mut out = Plane::new(width, height);
    for y in 0..height {
        for (x, value) in out.row_mut(y).iter_mut().enumerate() {
            *value = sample(&large, x as f32 + 40.0 + shift.0, y as f32 + 40.0 + shift.1);
        }
    }
    out
}

#[test]
fn finds_the_motion_of_a_texture_to_a_third_of_a_pixel() {
    let mut everywhere = Plane::new(96, 64);
    everywhere.data_mut().fill(1.0);
    for shift in [(0.0, 0.0), (3.0, -2.0), (-7.0, 5.0), (1.5, 0.5)] {
        for level in crate::simd::levels() {
            let mut flow = Flow::default();
            flow.update(level, &texture(96, 64, (0.0, 0.0)), &everywhere);
            flow.update(level, &texture(96, 64, shift), &everywhere);
            let mut row = Vec::new();
            flow.row(32, &mut row);
            let v = along(&row, 48);
            assert!(v.sure, "{shift:?} {level:?}");
            let error = (v.x - shift.0).hypot(v.y - shift.1);
            assert!(error < 0.34, "{shift:?} {level:?}: {v:?}");
        }
    }
}

#[test]
fn what_stands_still_does_not_move_and_the_unknown_is_not_believed() {
    let nothing = Plane::new(96, 64);
    let mut everywhere = Plane::new(96, 64);
    everywhere.data_mut().fill(1.0);
    let mut flow = Flow::default();
    let level = crate::simd::level();
    flow.update(level, &noise(96, 64, 1), &nothing);
    flow.update(level, &noise(96, 64, 2), &nothing);
    assert!(
        flow.vectors()
            .iter()
            .all(|v| (v.x, v.y, v.sure) == (0.0, 0.0, true))
    );
    flow.update(level, &noise(96, 64, 3), &everywhere);
    let sure = flow.vectors().iter().filter(|v| v.sure).count();
    assert!(
        sure < flow.vectors().len() / 2,
        "{sure} blocks believe in noise"
    );
}

#[test]
fn every_size_is_taken_and_levels_agree() {
    for (width, height) in sizes() {
        let mut everywhere = Plane::new(width, height);
        everywhere.data_mut().fill(1.0);
        let mut results = Vec::new();
        for level in crate::simd::levels() {
            let mut flow = Flow::default();
            for seed in 0..3 {
                flow.update(level, &noise(width, height, seed), &everywhere);
            }
            let mut row = Vec::new();
            flow.row(height - 1, &mut row);
            along(&row, width - 1);
            results.push(flow.vectors().to_vec());
        }
        assert!(results.iter().all(|r| *r == results[0]), "{width}x{height}");
    }
}
