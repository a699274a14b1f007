// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn presets_are_inside_their_ranges() {
    for preset in [Preset::Fast, Preset::Balanced, Preset::Quality, Preset::Off] {
        let params = Params::from(preset);
        assert_eq!(params, params.sanitized(), "{preset:?}");
    }
}

#[test]
fn wild_values_are_held() {
    let params = Params {
        temporal_strength: f32::NAN,
        hysteresis_low: 3.0,
        hysteresis_high: -1.0,
        min_area: f32::INFINITY,
        guided_subsample: u32::MAX,
        guided_radius: 1e9,
        white_point: 0.0,
        black_point: 0.5,
        gamma: 0.0,
        subject_point: [f32::NAN, 7.0],
        subject_region: Some(Region {
            corners: [[0.0, f32::NAN]; 4].into(),
        }),
        ..Params::default()
    }
    .sanitized();
    assert_eq!(params.temporal_strength, 0.8);
    assert_eq!((params.hysteresis_low, params.hysteresis_high), (1.0, 0.0));
    assert_eq!((params.min_area, params.guided_subsample), (1.0, 8));
    assert_eq!((params.guided_radius, params.gamma), (128.0, 0.1));
    assert!(params.white_point > params.black_point);
    assert_eq!(params.subject_region, None);
    assert_eq!(params.subject_point, [0.5, 1.0]);
}

#[test]
fn regions_know_what_is_inside() {
    let region = Region::rectangle(0.25, 0.25, 0.5, 0.5);
    assert!(region.contains(0.5, 0.5) && region.contains(0.3, 0.7));
    assert!(!region.contains(0.1, 0.5) && !region.contains(0.5, 0.8));
    let triangle = Region {
        corners: [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]].into(),
    };
    assert!(triangle.contains(0.2, 0.2) && !triangle.contains(0.8, 0.8));
}
