// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{Random, noise, sizes};

fn flat(value: f32) -> Plane {
    let mut plane = Plane::new(20, 4);
    plane.data_mut().fill(value);
    plane
}

/// What becomes of a pixel with these values, the picture having changed by `change`.
fn run(values: &[f32], change: f32) -> Vec<f32> {
    let (mut state, change) = (PixelHysteresis::default(), flat(change));
    let (level, news) = (crate::simd::level(), flat(1.0));
    let steps = values.iter().map(|&value| {
        let mut matte = flat(value);
        state.apply(level, (0.3, 0.7), (&change, &news), 1.0, &mut matte);
        assert!(matte.data().iter().all(|v| *v == matte.data()[0]));
        matte.data()[0]
    });
    steps.collect()
}

#[test]
fn only_the_second_threshold_changes_a_side_at_once() {
    let out = run(&[0.9, 0.45, 0.55, 0.45, 0.25, 0.55, 0.56, 0.75], 0.0);
    let state: Vec<bool> = out.iter().map(|v| *v > 0.5).collect();
    let (on, off) = (true, false);
    assert_eq!(state, [on, on, on, on, off, off, off, on], "{out:?}");
}

#[test]
fn what_is_weak_but_lasts_is_believed_and_noise_is_not() {
    let out = run(&[[0.9].as_slice(), &[0.46; 10]].concat(), 0.0);
    let changed = out.iter().position(|v| *v < 0.5).expect("it changes");
    assert!((3..8).contains(&changed), "{out:?}");
    let mut random = Random::new(5);
    let values: Vec<f32> = (0..500).map(|_| 0.51 + 0.03 * random.normal()).collect();
    let toggles = |v: &[f32]| {
        v.windows(2)
            .filter(|p| (p[0] > 0.5) != (p[1] > 0.5))
            .count()
    };
    let (before, after) = (toggles(&values), toggles(&run(&values, 0.0)));
    assert!(before > 150 && after * 20 < before, "{after} of {before}");
}

#[test]
fn what_moves_is_not_late_and_sure_values_stay_as_they_are() {
    let values = [0.9, 0.45, 0.55, 0.1, 0.51];
    assert_eq!(run(&values, 1.0), values);
    assert_eq!(run(&[0.9, 0.8, 1.0, 0.71], 0.0), [0.9, 0.8, 1.0, 0.71]);
}

#[test]
fn a_repeated_frame_is_no_second_witness() {
    let (mut state, change) = (PixelHysteresis::default(), flat(0.0));
    let level = crate::simd::level();
    let mut shown = |value: f32, news: f32| {
        let mut matte = flat(value);
        state.apply(level, (0.3, 0.7), (&change, &flat(news)), 1.0, &mut matte);
        matte.data()[0]
    };
    shown(0.9, 1.0);
    let first = shown(0.45, 1.0);
    assert!((0..100).all(|_| shown(0.45, 0.0) == first), "{first}");
    assert!((0..10).any(|_| shown(0.45, 1.0) < 0.5));
}

#[test]
fn the_own_side_shows_the_same_while_the_picture_moves_and_stands() {
    for value in [0.56, 0.6, 0.69] {
        assert_eq!(run(&[0.9, value], 0.0), run(&[0.9, value], 1.0));
        assert_eq!(run(&[0.1, 1.0 - value], 0.0)[1], 1.0 - value);
    }
}

#[test]
fn alpha_stays_soft_and_in_order() {
    let steps: Vec<f32> = (0..=40).map(|n| 0.9 - 0.014 * n as f32).collect();
    let held: Vec<f32> = steps.iter().map(|&v| run(&[0.9, v], 0.0)[1]).collect();
    assert!(held.windows(2).all(|p| p[0] > p[1]), "{held:?}");
}

#[test]
fn every_size_and_level_gives_the_same() {
    for (width, height) in sizes() {
        let mut results: Vec<Plane> = Vec::new();
        for level in crate::simd::levels() {
            let (mut state, mut out) = (PixelHysteresis::default(), Plane::default());
            for seed in 0..4 {
                out = noise(width, height, seed);
                let change = noise(width, height, seed + 10);
                let news = noise(width, height, seed + 20);
                state.apply(level, (0.3, 0.7), (&change, &news), 1.0, &mut out);
            }
            results.push(out);
        }
        assert!(results.iter().all(|r| *r == results[0]), "{width}x{height}");
    }
}
