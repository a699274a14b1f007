// SPDX-License-Identifier: MPL-2.0

use super::*;
use gst::prelude::*;

#[test]
fn single_properties_override_the_preset_in_any_order() {
    let mut settings = Settings::default();
    settings.set("feather", &3.0f32.to_value()).unwrap();
    settings.set("preset", &Preset::Off.to_value()).unwrap();
    settings.set("temporal", &Temporal::Ema.to_value()).unwrap();
    let params = settings.params();
    assert_eq!(params.feather, 3.0);
    assert_eq!(params.temporal, filter::TemporalMode::Ema);
    assert_eq!(params.edge_mode, filter::EdgeMode::None);
    assert_eq!(
        settings.value("edge-mode").get::<EdgeMode>().unwrap(),
        EdgeMode::None
    );
}

#[test]
fn a_bad_region_is_refused_and_the_old_one_stays() {
    let mut settings = Settings::default();
    settings.set("keep", &"0,0,1,1".to_value()).unwrap();
    let error = settings.set("keep", &"0,0,1".to_value()).unwrap_err();
    assert!(error.to_string().starts_with("keep: 3 numbers"), "{error}");
    assert!(settings.params().keep.is_some());
}

#[test]
fn cells_that_are_not_computed_are_refused() {
    let mut settings = Settings::default();
    for side in 0..=8u32 {
        let set = settings.set("guided-subsample", &side.to_value());
        match side {
            5 | 7 => {
                let error = set.unwrap_err().to_string();
                let words = format!("guided-subsample: there are no cells of {side} pixels");
                assert!(error.starts_with(&words), "{error}");
                assert_eq!(settings.value("guided-subsample").get(), Ok(side - 1));
            }
            _ => {
                assert!(set.unwrap());
                assert_eq!(settings.params().guided_subsample, side);
            }
        }
    }
}

#[test]
fn what_is_read_is_what_counts_and_contradictions_are_named() {
    let mut settings = Settings::default();
    assert_eq!(settings.contradictions().count(), 0);
    for (name, value) in [
        ("black-point", 0.5f32),
        ("white-point", 0.25),
        ("hysteresis-low", 0.5),
        ("hysteresis-high", 0.25),
        ("guided-radius", 0.5),
    ] {
        assert!(settings.set(name, &value.to_value()).unwrap());
    }
    let read = |name: &str| settings.value(name).get::<f32>().unwrap();
    assert!(read("white-point") > 0.5);
    assert_eq!(read("hysteresis-high"), 0.5);
    assert_eq!(read("guided-radius"), 1.0);
    let used = settings.params().sanitized();
    assert_eq!(read("white-point"), used.white_point);
    let words: Vec<_> = settings.contradictions().map(|c| c.to_string()).collect();
    let [points, hysteresis] = &words[..] else {
        panic!("{words:?}");
    };
    assert!(
        points.starts_with("white-point: 0.25 is not above black-point (0.5)"),
        "{points}"
    );
    assert!(hysteresis.starts_with("hysteresis-high: 0.25 is below hysteresis-low (0.5)"));
    // Off is no contradiction.
    settings.set("hysteresis-high", &0.0f32.to_value()).unwrap();
    settings.set("white-point", &0.75f32.to_value()).unwrap();
    assert_eq!(settings.contradictions().count(), 0);
}
