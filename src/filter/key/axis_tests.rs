// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{noise, sizes};

fn axis() -> KeyAxis {
    KeyAxis::of([-0.104, -0.31]).unwrap()
}

/// The strength straight from its definition.
fn reference(color: [f64; 2], axis: [f64; 2]) -> f64 {
    let neutral = 128.0 / 255.0;
    let [u, v] = color.map(|c| c - neutral);
    let length = axis[0].hypot(axis[1]);
    let (sine, cosine) = (axis[1] / length, axis[0] / length);
    // Turned so that the axis points along the first coordinate.
    let (along, across) = (u * cosine + v * sine, v * cosine - u * sine);
    along - across.abs()
}

#[test]
fn every_level_gives_what_the_definition_says() {
    for (width, height) in sizes() {
        let (u, v) = (noise(width, height, 1), noise(width, height, 2));
        for level in crate::simd::levels() {
            let mut out = Plane::default();
            strengths(level, axis(), [&u, &v], &mut out);
            assert_eq!(out.size(), (width, height));
            for ((out, u), v) in out.data().iter().zip(u.data()).zip(v.data()) {
                let expected = reference([f64::from(*u), f64::from(*v)], [-0.104, -0.31]);
                assert!((f64::from(*out) - expected).abs() < 1e-5, "{level:?}");
            }
        }
    }
}

#[test]
fn a_mix_with_gray_has_the_share_of_the_screen() {
    let whole = axis().strength(NEUTRAL - 0.104, NEUTRAL - 0.31);
    assert!((whole - 0.104_f32.hypot(0.31)).abs() < 1e-6);
    for share in [0.0, 0.25, 0.5, 1.0] {
        let strength = axis().strength(NEUTRAL - 0.104 * share, NEUTRAL - 0.31 * share);
        assert!((strength - share * whole).abs() < 1e-6);
    }
}

#[test]
fn skin_yellow_and_violet_have_nothing_of_green() {
    // Colour differences of #e0b090, #ffd700 and #8000ff in BT.601.
    for [u, v] in [[-0.1, 0.08], [-0.45, 0.11], [0.36, 0.1]] {
        assert!(axis().strength(NEUTRAL + u, NEUTRAL + v) < 0.0, "{u} {v}");
    }
}

#[test]
fn gray_is_no_axis() {
    assert_eq!(KeyAxis::of([0.0, 0.0]), None);
    assert_eq!(KeyAxis::of([f32::NAN, 1.0]), None);
}
