// SPDX-License-Identifier: MPL-2.0

//! The properties of `matterefine`: a preset and what overrides it.

use super::{EdgeMode, Preset, Temporal, region};
use crate::filter::{Params, Region, Stats};
use gst::glib;
use gst::prelude::*;
use std::collections::BTreeMap;

/// Values of the properties: a property that was never set follows the preset.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    preset: Preset,
    overrides: BTreeMap<&'static str, Override>,
    subject_region: Area,
    keep: Area,
}

/// A region as it was written, and as it was read.
#[derive(Debug, Clone, Default)]
struct Area {
    text: Option<String>,
    region: Option<Region>,
}

/// A value that overrides the preset's.
#[derive(Debug, Clone, Copy)]
enum Override {
    Temporal(Temporal),
    EdgeMode(EdgeMode),
    Subsample(u32),
    Flow(bool),
    Number(f32),
}

/// A property that holds a number of [`Params`].
struct Number {
    name: &'static str,
    nick: &'static str,
    blurb: &'static str,
    range: (f32, f32),
    field: fn(&mut Params) -> &mut f32,
}

const NUMBERS: &[Number] = &[
    Number {
        name: "temporal-strength",
        nick: "Temporal strength",
        blurb: "How much the past counts: 0 follows every frame, 1 nearly freezes; the same at \
                any frame rate",
        range: (0.0, 1.0),
        field: |p| &mut p.temporal_strength,
    },
    Number {
        name: "hysteresis-low",
        nick: "Hysteresis low",
        blurb: "Matte value that a region needs to go on living, and below which a still pixel \
                leaves the subject at once",
        range: (0.0, 1.0),
        field: |p| &mut p.hysteresis_low,
    },
    Number {
        name: "hysteresis-high",
        nick: "Hysteresis high",
        blurb: "Matte value that a region must reach to appear, and above which a still pixel \
                joins the subject at once; 0 turns hysteresis off",
        range: (0.0, 1.0),
        field: |p| &mut p.hysteresis_high,
    },
    Number {
        name: "min-area",
        nick: "Minimum area",
        blurb: "Regions smaller than this share of the frame are dropped; 0 keeps all",
        range: (0.0, 1.0),
        field: |p| &mut p.min_area,
    },
    Number {
        name: "max-hole",
        nick: "Maximum hole",
        blurb: "Holes smaller than this share of the frame are filled; 0 fills none",
        range: (0.0, 1.0),
        field: |p| &mut p.max_hole,
    },
    Number {
        name: "open",
        nick: "Open",
        blurb: "Removes what is thinner than twice this, in rows of the frame that the viewer sees",
        range: (0.0, 64.0),
        field: |p| &mut p.open,
    },
    Number {
        name: "close",
        nick: "Close",
        blurb: "Fills gaps that are thinner than twice this, in rows of the frame that the viewer sees",
        range: (0.0, 64.0),
        field: |p| &mut p.close,
    },
    Number {
        name: "grow",
        nick: "Grow",
        blurb: "Moves the edge outward, or inward below 0, in rows of the frame that the viewer sees",
        range: (-64.0, 64.0),
        field: |p| &mut p.grow,
    },
    Number {
        name: "guided-radius",
        nick: "Guided radius",
        blurb: "Half the window of the edge fit, in pixels of the frame; 0 takes it from the \
                sizes of frame and matte",
        range: (0.0, 128.0),
        field: |p| &mut p.guided_radius,
    },
    Number {
        name: "guided-epsilon",
        nick: "Guided epsilon",
        blurb: "Variance of luma (0 to 1) below which the picture counts as flat",
        range: (1e-6, 1.0),
        field: |p| &mut p.guided_epsilon,
    },
    Number {
        name: "feather",
        nick: "Feather",
        blurb: "Softens the edge outward, or inward below 0, in rows of the frame that the viewer sees",
        range: (-64.0, 64.0),
        field: |p| &mut p.feather,
    },
    Number {
        name: "black-point",
        nick: "Black point",
        blurb: "Matte value that becomes 0",
        range: (0.0, 1.0),
        field: |p| &mut p.black_point,
    },
    Number {
        name: "white-point",
        nick: "White point",
        blurb: "Matte value that becomes 1",
        range: (0.0, 1.0),
        field: |p| &mut p.white_point,
    },
    Number {
        name: "gamma",
        nick: "Gamma",
        blurb: "The matte is raised to the power of 1 / gamma",
        range: (0.1, 10.0),
        field: |p| &mut p.gamma,
    },
    Number {
        name: "output-scale",
        nick: "Output scale",
        blurb: "Size of the refined matte as a share of the frame's",
        range: (0.0625, 1.0),
        field: |p| &mut p.output_scale,
    },
];

/// The property table; every call makes new specs, so that `mattebackground` can have them too.
pub fn properties() -> Vec<glib::ParamSpec> {
    let mut default = Params::default();
    let mut all = vec![
        glib::ParamSpecEnum::builder_with_default("preset", Preset::default())
            .nick("Preset")
            .blurb("Sets all properties of the post-processing that are not set themselves")
            .mutable_playing()
            .build(),
        glib::ParamSpecEnum::builder_with_default("temporal", Temporal::from(default.temporal))
            .nick("Temporal")
            .blurb("How the matte is steadied over time")
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecBoolean::builder("temporal-flow")
            .nick("Temporal flow")
            .blurb(
                "Whether adaptive steadying carries the past along the picture's motion; costs \
                 about as much as the rest of the steadying",
            )
            .default_value(default.temporal_flow)
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecEnum::builder_with_default("edge-mode", EdgeMode::from(default.edge_mode))
            .nick("Edge mode")
            .blurb("How the matte's edge is fitted to the picture")
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecUInt::builder("guided-subsample")
            .nick("Guided subsample")
            .blurb(
                "The edge fit is computed on cells of this many pixels of the frame: 1, 2, 3, 4, \
                 6 or 8; 0 takes it from the sizes of frame and matte",
            )
            .maximum(8)
            .default_value(default.guided_subsample as u32)
            .mutable_playing()
            .build(),
        glib::ParamSpecString::builder("subject-region")
            .nick("Subject region")
            .blurb(
                "Where the subject may be, in shares of the frame as the viewer sees it: \
                 left,top,width,height of a rectangle, or x,y of each corner of a polygon; unset: \
                 everywhere",
            )
            .mutable_playing()
            .build(),
        glib::ParamSpecString::builder("keep")
            .nick("Keep")
            .blurb(
                "Where weak answers of the network (a chair, a microphone) count as subject; \
                 written as subject-region; unset: nowhere",
            )
            .mutable_playing()
            .build(),
    ];
    for number in NUMBERS {
        let spec = glib::ParamSpecFloat::builder(number.name)
            .nick(number.nick)
            .blurb(number.blurb)
            .minimum(number.range.0)
            .maximum(number.range.1)
            .default_value(*(number.field)(&mut default))
            .mutable_playing();
        // A matte of another size in each frame would be memory of another size in each frame.
        let spec = match number.name {
            "output-scale" => spec,
            _ => spec.controllable(),
        };
        all.push(spec.build());
    }
    all.push(crate::video::direction::property());
    all.push(
        glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
            .nick("Statistics")
            .blurb(
                "Of the newest frame: changed (share of the matte that changed sides), coverage \
                 (share that is subject), motion (share of the picture that moved); ms a stage",
            )
            .read_only()
            .build(),
    );
    all
}

impl Settings {
    /// Takes a property's value; GObject has checked its type and range.
    ///
    /// # Errors
    /// A region that cannot be read; the old one stays.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> Result<(), String> {
        const CHECKED: &str = "GObject checked the type";
        match name {
            "preset" => self.preset = value.get().expect(CHECKED),
            "subject-region" | "keep" => {
                let text = value.get::<Option<String>>().expect(CHECKED);
                let region = region::parse(text.as_deref().unwrap_or_default())
                    .map_err(|error| format!("{name}: {error}"))?;
                match name {
                    "keep" => self.keep = Area { text, region },
                    _ => self.subject_region = Area { text, region },
                }
            }
            "temporal" => {
                let value = Override::Temporal(value.get().expect(CHECKED));
                self.overrides.insert("temporal", value);
            }
            "edge-mode" => {
                let value = Override::EdgeMode(value.get().expect(CHECKED));
                self.overrides.insert("edge-mode", value);
            }
            "temporal-flow" => {
                let value = Override::Flow(value.get().expect(CHECKED));
                self.overrides.insert("temporal-flow", value);
            }
            "guided-subsample" => {
                let value = Override::Subsample(value.get().expect(CHECKED));
                self.overrides.insert("guided-subsample", value);
            }
            _ => {
                let value = Override::Number(value.get().expect(CHECKED));
                self.overrides.insert(number(name).name, value);
            }
        }
        Ok(())
    }

    /// The value of a property that can be written.
    pub fn get(&self, name: &str) -> glib::Value {
        let mut params = self.params();
        match name {
            "preset" => self.preset.to_value(),
            "subject-region" => self.subject_region.text.to_value(),
            "keep" => self.keep.text.to_value(),
            "temporal" => Temporal::from(params.temporal).to_value(),
            "edge-mode" => EdgeMode::from(params.edge_mode).to_value(),
            "temporal-flow" => params.temporal_flow.to_value(),
            "guided-subsample" => (params.guided_subsample as u32).to_value(),
            _ => (number(name).field)(&mut params).to_value(),
        }
    }

    /// The parameters that preset and overrides come to.
    pub fn params(&self) -> Params {
        let mut params = Params::from(crate::filter::Preset::from(self.preset));
        for (name, value) in &self.overrides {
            match *value {
                Override::Temporal(value) => params.temporal = value.into(),
                Override::EdgeMode(value) => params.edge_mode = value.into(),
                Override::Flow(value) => params.temporal_flow = value,
                Override::Subsample(value) => params.guided_subsample = value as usize,
                Override::Number(value) => *(number(name).field)(&mut params) = value,
            }
        }
        params.subject_region = self.subject_region.region.clone();
        params.keep = self.keep.region.clone();
        params
    }
}

/// The property `stats` for one frame's figures; times in milliseconds.
pub fn stats(stats: &Stats) -> gst::Structure {
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    gst::Structure::builder("matte-refine-stats")
        .field("changed", f64::from(stats.changed))
        .field("coverage", f64::from(stats.coverage))
        .field("motion", f64::from(stats.motion))
        .field("guide-ms", ms(stats.times.guide))
        .field("temporal-ms", ms(stats.times.temporal))
        .field("clean-ms", ms(stats.times.clean))
        .field("edge-ms", ms(stats.times.edge))
        .field("output-ms", ms(stats.times.output))
        .build()
}

fn number(name: &str) -> &'static Number {
    NUMBERS
        .iter()
        .find(|number| number.name == name)
        .expect("GObject knows only the properties of the table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_properties_override_the_preset_in_any_order() {
        let mut settings = Settings::default();
        settings.set("feather", &3.0f32.to_value()).unwrap();
        settings.set("preset", &Preset::Off.to_value()).unwrap();
        settings.set("temporal", &Temporal::Ema.to_value()).unwrap();
        let params = settings.params();
        assert_eq!(params.feather, 3.0);
        assert_eq!(params.temporal, crate::filter::TemporalMode::Ema);
        assert_eq!(params.edge_mode, crate::filter::EdgeMode::None);
        assert_eq!(
            settings.get("edge-mode").get::<EdgeMode>().unwrap(),
            EdgeMode::None
        );
    }

    #[test]
    fn a_bad_region_is_refused_and_the_old_one_stays() {
        let mut settings = Settings::default();
        settings.set("keep", &"0,0,1,1".to_value()).unwrap();
        let error = settings.set("keep", &"0,0,1".to_value()).unwrap_err();
        assert!(error.starts_with("keep: 3 numbers"), "{error}");
        assert!(settings.params().keep.is_some());
    }
}
