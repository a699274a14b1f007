// SPDX-License-Identifier: MPL-2.0

//! The properties that `mattecompose` and `mattemix` share: how edges are treated, whether the
//! effect is on, and what is seen without a matte.

use super::OnMissingMatte;
use gst::glib;
use gst::prelude::*;

/// Values of the shared properties.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    pub decontamination: f64,
    pub light_wrap: f64,
    pub tone_match: f64,
    pub on_missing_matte: OnMissingMatte,
    pub enabled: bool,
    pub transition_ms: u32,
}

impl Default for Effect {
    fn default() -> Self {
        Self {
            decontamination: 1.0,
            light_wrap: 0.0,
            tone_match: 0.0,
            on_missing_matte: OnMissingMatte::default(),
            enabled: true,
            transition_ms: 0,
        }
    }
}

/// The property table; every call makes new specs, for each element its own.
pub fn properties() -> Vec<glib::ParamSpec> {
    let default = Effect::default();
    let share = |name: &str, nick: &str, blurb: &str, default: f64| {
        glib::ParamSpecDouble::builder(name)
            .nick(nick)
            .blurb(blurb)
            .minimum(0.0)
            .maximum(1.0)
            .default_value(default)
            .mutable_playing()
            .controllable()
            .build()
    };
    vec![
        share(
            "decontamination",
            "Decontamination",
            "How much of the old background's colour is taken out of half-covered pixels",
            default.decontamination,
        ),
        share(
            "light-wrap",
            "Light wrap",
            "How much light of the new background wraps round the subject's edge",
            default.light_wrap,
        ),
        share(
            "tone-match",
            "Tone match",
            "How far the subject's brightness and colour are drawn towards the background's",
            default.tone_match,
        ),
        glib::ParamSpecEnum::builder_with_default("on-missing-matte", default.on_missing_matte)
            .nick("On missing matte")
            .blurb("What is shown for a frame that has no valid matte")
            .mutable_playing()
            .build(),
        glib::ParamSpecBoolean::builder("enabled")
            .nick("Enabled")
            .blurb("Whether the background is replaced at all; off shows the room")
            .default_value(default.enabled)
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecUInt::builder("transition-ms")
            .nick("Transition")
            .blurb("Time in which the effect fades in and out when enabled changes, in ms")
            .maximum(10_000)
            .default_value(default.transition_ms)
            .mutable_playing()
            .controllable()
            .build(),
    ]
}

impl Effect {
    /// Takes a property's value; GObject has checked its name, type and range.
    pub fn set(&mut self, name: &str, value: &glib::Value) {
        const CHECKED: &str = "GObject checked the type";
        match name {
            "decontamination" => self.decontamination = value.get().expect(CHECKED),
            "light-wrap" => self.light_wrap = value.get().expect(CHECKED),
            "tone-match" => self.tone_match = value.get().expect(CHECKED),
            "on-missing-matte" => self.on_missing_matte = value.get().expect(CHECKED),
            "enabled" => self.enabled = value.get().expect(CHECKED),
            "transition-ms" => self.transition_ms = value.get().expect(CHECKED),
            _ => unreachable!("GObject knows only the properties of the tables"),
        }
    }

    /// A property's value.
    pub fn get(&self, name: &str) -> glib::Value {
        match name {
            "decontamination" => self.decontamination.to_value(),
            "light-wrap" => self.light_wrap.to_value(),
            "tone-match" => self.tone_match.to_value(),
            "on-missing-matte" => self.on_missing_matte.to_value(),
            "enabled" => self.enabled.to_value(),
            "transition-ms" => self.transition_ms.to_value(),
            _ => unreachable!("GObject knows only the properties of the tables"),
        }
    }
}
