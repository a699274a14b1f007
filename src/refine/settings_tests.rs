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
