// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{Random, Watch, disc, noise, sizes};

fn noisy(plane: &Plane, deviation: f32, random: &mut Random) -> Plane {
    let mut out = plane.clone();
    out.data_mut()
        .iter_mut()
        .for_each(|v| *v += deviation * random.normal());
    out
}

#[test]
fn noise_is_not_motion_and_motion_is_seen_where_it_is() {
    let background = noise(96, 64, 4);
    let mut random = Random::new(9);
    for deviation in [0.5 / 255.0, 2.0 / 255.0, 5.0 / 255.0] {
        let mut watch = Watch::default();
        let mut moving = 0.0;
        for frame in 0..40 {
            let luma = noisy(&background, deviation, &mut random);
            let summary = watch.update(crate::simd::level(), &luma, 1.0);
            assert_eq!(summary.cut, frame == 0);
            if frame > 3 {
                moving += summary.moving / 36.0;
            }
        }
        assert!(
            moving < 0.02,
            "noise {deviation}: {moving} of the picture moves"
        );
        let mut changed = background.clone();
        for y in 20..40 {
            for value in &mut changed.row_mut(y)[30..50] {
                *value = (*value + 0.3) % 1.0;
            }
        }
        let luma = noisy(&changed, deviation, &mut random);
        let summary = watch.update(crate::simd::level(), &luma, 1.0);
        assert!(!summary.cut);
        let change = watch.motion.change();
        let mean = |xs: std::ops::Range<usize>, ys: std::ops::Range<usize>| {
            let n = (xs.len() * ys.len()) as f32;
            ys.map(|y| change.row(y)[xs.clone()].iter().sum::<f32>())
                .sum::<f32>()
                / n
        };
        assert!(mean(31..49, 21..39) > 0.95);
        assert!(mean(60..96, 0..64) < 0.05);
    }
}

#[test]
fn exposure_is_not_motion_but_a_new_scene_is_a_cut() {
    let background = noise(96, 64, 4);
    let mut watch = Watch::default();
    let mut random = Random::new(1);
    for frame in 0..20 {
        let mut luma = noisy(&background, 2.0 / 255.0, &mut random);
        luma.data_mut()
            .iter_mut()
            .for_each(|v| *v += 0.01 * frame as f32);
        let summary = watch.update(crate::simd::level(), &luma, 1.0);
        assert!(frame < 3 || summary.moving < 0.05, "{frame} {summary:?}");
    }
    assert!(
        watch
            .update(crate::simd::level(), &noise(96, 64, 77), 1.0)
            .cut
    );
    // A person walking through is no cut.
    let mut watch = Watch::default();
    for frame in 0..20 {
        let luma = disc(96, 64, (10.0 + 4.0 * frame as f32, 32.0), 25.0, 2.0);
        let summary = watch.update(crate::simd::level(), &luma, 1.0);
        assert_eq!(summary.cut, frame == 0, "frame {frame}");
    }
}

#[test]
fn every_size_and_level_gives_the_same() {
    for (width, height) in sizes() {
        let mut results: Vec<Vec<f32>> = Vec::new();
        for level in crate::simd::levels() {
            let mut watch = Watch::default();
            for seed in 0..4 {
                let mut luma = noise(width, height, 8);
                let wobble = noise(width, height, seed);
                for (l, w) in luma.data_mut().iter_mut().zip(wobble.data()) {
                    *l += 0.02 * w;
                }
                watch.update(level, &luma, 1.0);
            }
            results.push(watch.motion.change().data().to_vec());
        }
        for other in &results[1..] {
            for (a, b) in results[0].iter().zip(other) {
                assert!((a - b).abs() < 1e-2, "{width}x{height}: {a} {b}");
            }
        }
    }
}

#[test]
fn what_repeats_the_last_frame_is_no_news() {
    let background = noise(96, 64, 4);
    let (mut watch, mut random) = (Watch::default(), Random::new(2));
    let level = crate::simd::level();
    let deviation = 2.0 / 255.0;
    let mut luma = background.clone();
    for _ in 0..20 {
        luma = noisy(&background, deviation, &mut random);
        watch.update(level, &luma, 1.0);
    }
    let mean = |plane: &Plane, xs: std::ops::Range<usize>| {
        let rows = (0..64).map(|y| plane.row(y)[xs.clone()].iter().sum::<f32>());
        rows.sum::<f32>() / (64 * xs.len()) as f32
    };
    assert!(mean(watch.motion.news(), 0..96) > 0.99);

    // Something moves, and the next frame shows the very same.
    for value in &mut luma.row_mut(30)[20..80] {
        *value = 1.0 - *value;
    }
    assert!(watch.update(level, &luma, 1.0).moving > 0.01);
    let repeated = watch.update(level, &luma, 1.0);
    assert_eq!((repeated.moving, repeated.news), (0.0, 0.0));
    assert!(watch.motion.change().data().iter().all(|c| *c == 0.0));

    // The right half is taken anew, the left one is left alone by compression.
    let anew = noisy(&background, deviation, &mut random);
    for y in 0..64 {
        luma.row_mut(y)[48..].copy_from_slice(&anew.row(y)[48..]);
    }
    watch.update(level, &luma, 1.0);
    assert_eq!(mean(watch.motion.news(), 0..46), 0.0);
    assert!(mean(watch.motion.news(), 49..96) > 0.99);
}
