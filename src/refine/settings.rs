// SPDX-License-Identifier: MPL-2.0

//! The properties of `matterefine`: a preset and what overrides it.

use super::key::Key;
use super::point::PointSettings;
use super::{EdgeMode, Preset, SubjectSelect, Temporal, region};
use crate::filter::{self, Params, Region, Screen, Stats};
use crate::properties::{About, BoxError, Properties, PropertyType, Refused, properties};
use crate::video::direction::DirectionSettings;
use gst::glib;
use std::sync::Arc;

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;

/// Values of the properties: a property that was never set follows the preset.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub general: General,
    overrides: Overrides,
}

properties! {
    /// The preset, and what no preset decides.
    #[derive(Debug, Clone)]
    pub struct General {
        /// Sets all properties of the post-processing that are not set individually
        preset: Preset = Preset::Balanced, "Preset", PLAYING;
        /// Where the subject may be, in shares of the frame as the viewer sees it:
        /// left,top,width,height of a rectangle, or x,y of each corner of a polygon; unset: everywhere
        subject_region: Area = Area::default(), "Subject region", PLAYING;
        /// Where weak answers of the network (a chair, a microphone) count as subject; written as
        /// subject-region; unset: nowhere
        keep: Area = Area::default(), "Keep", PLAYING;
        /// Which of several people is shown; the others are background. The choice stays with a
        /// person who is hidden for a moment, and changes for a clearly better one only
        subject_select: SubjectSelect = SubjectSelect::All, "Subject select", CONTROLLABLE;
        /// Green screen: the colour of what hangs behind the subject, as a name of CSS or #rrggbb, or
        /// auto for whichever green or blue is there. The matte's edge then is a chroma key's, inside
        /// of what the network says; unset, or none: the network is alone
        key: Key = Key::default(), "Key", PLAYING;
        with point: PointSettings;
        with direction: DirectionSettings;
        read_only {
            /// Of the newest frame: changed (share of the matte that crossed one half), coverage
            /// (share that is subject), motion (share of the picture that moved), screen (whether the
            /// screen of key is seen); ms per stage
            stats: Option<gst::Structure>, "Statistics";
        }
    }
}

properties! {
    /// What overrides the preset, field by field of [`Params`].
    #[derive(Debug, Clone, Default)]
    struct Overrides over Params as Values {
        /// Whether what the room and the subject looked like corrects the network's matte: what was
        /// background stays background beside the subject, and what is uncovered is known at once
        scene_memory: bool, "Scene memory", CONTROLLABLE;
        /// How the matte is filtered over time
        temporal: Temporal, "Temporal", CONTROLLABLE;
        /// Whether the adaptive filter moves the past along the picture's motion; takes about as
        /// much time as the rest of the filter
        temporal_flow: bool, "Temporal flow", CONTROLLABLE;
        /// How the matte's edge is fitted to the picture
        edge_mode: EdgeMode, "Edge mode", CONTROLLABLE;
        /// The edge fit, and with it the key, is computed on cells of this many pixels of the frame: 1,
        /// 2, 3, 4, 6 or 8; 0 takes it from the sizes of frame and matte
        guided_subsample: Cell [Cell(0), Cell(8)], "Guided subsample", PLAYING;
        /// How much the past counts: 0 follows every frame, 1 nearly freezes; the same at any frame
        /// rate
        temporal_strength: f32 [0.0, 1.0], "Temporal strength", CONTROLLABLE;
        /// Matte value that a region needs to stay, and below which a still pixel leaves the
        /// subject at once
        hysteresis_low: f32 [0.0, 1.0], "Hysteresis low", CONTROLLABLE;
        /// Matte value that a region must reach to appear, and above which a still pixel joins the
        /// subject at once; 0 turns hysteresis off
        hysteresis_high: f32 [0.0, 1.0], "Hysteresis high", CONTROLLABLE;
        /// Regions smaller than this share of the frame are dropped; 0 keeps all
        min_area: f32 [0.0, 1.0], "Minimum area", CONTROLLABLE;
        /// Holes smaller than this share of the frame are filled; 0 fills none
        max_hole: f32 [0.0, 1.0], "Maximum hole", CONTROLLABLE;
        /// Removes parts that are thinner than twice this, in rows of the frame that the viewer
        /// sees
        open: f32 [0.0, 64.0], "Open", CONTROLLABLE;
        /// Fills gaps that are thinner than twice this, in rows of the frame that the viewer sees
        close: f32 [0.0, 64.0], "Close", CONTROLLABLE;
        /// Moves the edge outward, or inward below 0, in rows of the frame that the viewer sees
        grow: f32 [-64.0, 64.0], "Grow", CONTROLLABLE;
        /// How far from the screen's colour still is screen, as a share of the way to the subject's;
        /// more takes away shadows and folds
        key_tolerance: f32 [0.0, 1.0], "Key tolerance", CONTROLLABLE;
        /// Over which share of the rest of the way to the subject's colour the matte rises; less
        /// makes edges harder
        key_softness: f32 [0.0, 1.0], "Key softness", CONTROLLABLE;
        /// Half the window of the edge fit, in pixels of the frame; 0 takes it from the sizes of frame
        /// and matte
        guided_radius: f32 [0.0, 128.0], "Guided radius", CONTROLLABLE;
        /// Variance of luma (0 to 1) below which the picture counts as flat
        guided_epsilon: f32 [1e-6, 1.0], "Guided epsilon", CONTROLLABLE;
        /// Softens the edge outward, or inward below 0, in rows of the frame that the viewer sees
        feather: f32 [-64.0, 64.0], "Feather", CONTROLLABLE;
        /// Matte value that becomes 0
        black_point: f32 [0.0, 1.0], "Black point", CONTROLLABLE;
        /// Matte value that becomes 1
        white_point: f32 [0.0, 1.0], "White point", CONTROLLABLE;
        /// The matte is raised to the power of 1 / gamma
        gamma: f32 [0.1, 10.0], "Gamma", CONTROLLABLE;
        // No controller moves it: a matte of another size per frame would be other memory per frame.
        /// Size of the refined matte as a share of the frame's
        output_scale: f32 [0.0625, 1.0], "Output scale", PLAYING;
    }
}

impl Properties for Settings {
    fn specs() -> Vec<glib::ParamSpec> {
        [General::specs(), Values::specs()].concat()
    }

    fn get(&self, name: &str) -> Option<glib::Value> {
        let general = self.general.get(name);
        // What counts, within the range of the property.
        let mut params = self.params().sanitized();
        params.white_point = params.white_point.min(1.0);
        general.or_else(|| Values::from(&params).get(name))
    }

    fn set(&mut self, name: &str, value: &glib::Value) -> Result<bool, Refused> {
        Ok(self.general.set(name, value)? || self.overrides.set(name, value)?)
    }
}

impl Settings {
    /// The parameters that the preset and the overrides come to.
    pub fn params(&self) -> Params {
        let preset = filter::Preset::from(self.general.preset);
        Params {
            subject_region: self.general.subject_region.region.clone(),
            keep: self.general.keep.region.clone(),
            subject_select: self.general.subject_select.into(),
            subject_point: self.general.point.place(),
            key: self.general.key.0,
            ..self.overrides.over(preset.into())
        }
    }

    /// Values that others contradict, and what counts instead.
    pub fn contradictions(&self) -> impl Iterator<Item = Contradiction> {
        let asked = self.params();
        let used = asked.sanitized();
        let points = Contradiction::Points {
            asked: asked.white_point,
            black: asked.black_point,
            used: used.white_point,
        };
        let hysteresis = Contradiction::Hysteresis {
            high: asked.hysteresis_high,
            low: asked.hysteresis_low,
        };
        let all = [
            (asked.white_point < used.white_point, points),
            (asked.hysteresis_high < used.hysteresis_high, hysteresis),
        ];
        let found = all.into_iter().filter(|(holds, _)| *holds);
        found.map(|(_, contradiction)| contradiction)
    }
}

/// Two values that cannot both count.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Contradiction {
    /// No matte value lies between black and white.
    #[error("white-point: {asked} is not above black-point ({black}); {used} counts instead")]
    Points {
        /// What was asked for.
        asked: f32,
        /// The black point.
        black: f32,
        /// The white point that counts.
        used: f32,
    },
    /// Regions would appear at a value at which they leave.
    #[error("hysteresis-high: {high} is below hysteresis-low ({low}); {low} counts instead")]
    Hysteresis {
        /// What was asked for.
        high: f32,
        /// The lower threshold.
        low: f32,
    },
}

/// Side of the cells that the edge fit is computed on, in pixels of the frame; 0 for what suits the
/// sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell(u32);

/// Why there is no such cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are no cells of {0} pixels; use 1, 2, 3, 4, 6 or 8, or 0 for what suits the sizes")]
pub struct NoCell(u32);

impl From<u32> for Cell {
    fn from(side: u32) -> Self {
        Self(side)
    }
}

impl From<Cell> for u32 {
    fn from(cell: Cell) -> Self {
        cell.0
    }
}

impl PropertyType for Cell {
    fn spec(about: &About, default: Self, range: &[Self]) -> glib::ParamSpec {
        let range: Vec<u32> = range.iter().map(|cell| cell.0).collect();
        PropertyType::spec(about, default.0, &range)
    }

    fn to_property(&self) -> glib::Value {
        self.0.to_property()
    }

    fn from_property(value: &glib::Value, _default: Self) -> Result<Self, BoxError> {
        match value.get()? {
            side @ (0..=4 | 6 | 8) => Ok(Self(side)),
            side => Err(NoCell(side).into()),
        }
    }
}

/// A region as it was written, and as it was read.
#[derive(Debug, Clone, Default)]
pub struct Area {
    text: Option<Arc<str>>,
    region: Option<Region>,
}

impl PropertyType for Area {
    fn spec(about: &About, default: Self, _range: &[Self]) -> glib::ParamSpec {
        PropertyType::spec(about, default.text, &[])
    }

    fn to_property(&self) -> glib::Value {
        self.text.to_property()
    }

    fn from_property(value: &glib::Value, _default: Self) -> Result<Self, BoxError> {
        let text = value.get::<Option<&str>>()?;
        Ok(Self {
            region: text.map_or(Ok(None), region::parse)?,
            text: text.map(Arc::from),
        })
    }
}

/// The property `stats` for one frame's figures; times in milliseconds.
pub fn stats(stats: &Stats) -> gst::Structure {
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    gst::Structure::builder("matte-refine-stats")
        .field("changed", f64::from(stats.changed))
        .field("coverage", f64::from(stats.coverage))
        .field("motion", f64::from(stats.motion))
        .field("screen", stats.screen == Screen::Seen)
        .field("guide-ms", ms(stats.times.guide))
        .field("temporal-ms", ms(stats.times.temporal))
        .field("clean-ms", ms(stats.times.clean))
        .field("edge-ms", ms(stats.times.edge))
        .field("output-ms", ms(stats.times.output))
        .build()
}
