// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{Watch, disc, noise};

fn sample(plane: &Plane, x: f32, y: f32) -> f32 {
    BilinearSample::new(plane.size(), (x, y)).mix(|at| plane.data()[at])
}

/// A disc with a texture of its own over a background with another.
fn scene(left: f32) -> (Plane, Plane) {
    let matte = disc(96, 64, (left, 32.0), 18.0, 2.0);
    let (back, front) = (noise(96, 64, 1), noise(160, 64, 2));
    let mut luma = Plane::new(96, 64);
    for y in 0..64 {
        for x in 0..96 {
            let m = matte.row(y)[x];
            let texture = sample(&front, x as f32 + 60.0 - left, y as f32);
            luma.row_mut(y)[x] = 0.5 + 0.3 * (m * (texture - 0.2) - (1.0 - m) * back.row(y)[x]);
        }
    }
    (matte, luma)
}

#[test]
fn the_past_comes_along_and_uncovered_ground_has_none() {
    let level = crate::simd::level();
    let (mut reprojection, mut watch) = (Reprojection::default(), Watch::default());
    let mut mattes = Vec::new();
    let mut unsure = Plane::new(96, 64);
    unsure.data_mut().fill(0.5);
    for frame in 0..8 {
        let (matte, luma) = scene(30.0 + 3.0 * frame as f32);
        watch.update(level, &luma, 1.0);
        reprojection.update(level, &luma, &watch.motion, &unsure);
        mattes.push(matte);
    }
    let (before, now) = (&mattes[6], &mattes[7]);
    let mut pulled = before.clone();
    reprojection.pull([&mut pulled]);
    // Inside the disc the past holds, along the motion it is the present.
    let mean = |range: std::ops::Range<usize>| -> f32 {
        reprojection.trust().row(32)[range.clone()]
            .iter()
            .sum::<f32>()
            / range.len() as f32
    };
    assert!(mean(42..60) > 0.7, "inside {}", mean(42..60));
    assert!(mean(30..33) < 0.5, "uncovered {}", mean(30..33));
    let weighted = reprojection
        .trust()
        .data()
        .iter()
        .zip(pulled.data())
        .zip(now.data());
    let error: f32 = weighted.map(|((t, p), n)| t * (p - n).abs()).sum();
    let unmoved: f32 = before
        .data()
        .iter()
        .zip(now.data())
        .map(|(b, n)| (b - n).abs())
        .sum();
    assert!(error < 0.35 * unmoved, "{error} of {unmoved}");
}
