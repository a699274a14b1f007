// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattemix`: one table, one struct.

use super::BackgroundEos;
use crate::compose::{Effect, ImageFit, effect_properties};
use gst::glib;
use gst::prelude::*;

/// Values of the properties.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub background_fit: ImageFit,
    pub background_eos: BackgroundEos,
    pub background_timeout: u32,
    pub color: u32,
    pub effect: Effect,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            background_fit: ImageFit::default(),
            background_eos: BackgroundEos::default(),
            background_timeout: 1000,
            color: 0xff00_0000,
            effect: Effect::default(),
        }
    }
}

/// The property table; every call makes new specs, so that `mattebackground` can have them too.
pub fn properties() -> Vec<glib::ParamSpec> {
    let default = Settings::default();
    let mut all = vec![
        glib::ParamSpecEnum::builder_with_default("background-fit", default.background_fit)
            .nick("Background fit")
            .blurb("How the background video fills the frame")
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecEnum::builder_with_default("background-eos", default.background_eos)
            .nick("Background EOS")
            .blurb("What is seen after the background video's end")
            .mutable_playing()
            .build(),
        glib::ParamSpecUInt::builder("background-timeout")
            .nick("Background timeout")
            .blurb(
                "How long a frame waits for the background at most where neither is live, in ms; \
                    a background that let a frame wait so long is not waited for until it sends \
                    again",
            )
            .maximum(60_000)
            .default_value(default.background_timeout)
            .mutable_playing()
            .build(),
        glib::ParamSpecUInt::builder("color")
            .nick("Color")
            .blurb("Colour of the bars of background-fit=contain and for background-eos=color, as ARGB")
            .default_value(default.color)
            .mutable_playing()
            .controllable()
            .build(),
    ];
    all.push(crate::video::direction::property());
    all.extend(effect_properties());
    all
}

impl Settings {
    /// Takes a property's value; GObject has checked its type and range.
    pub fn set(&mut self, name: &str, value: &glib::Value) {
        const CHECKED: &str = "GObject checked the type";
        match name {
            "background-fit" => self.background_fit = value.get().expect(CHECKED),
            "background-eos" => self.background_eos = value.get().expect(CHECKED),
            "background-timeout" => self.background_timeout = value.get().expect(CHECKED),
            "color" => self.color = value.get().expect(CHECKED),
            name => self.effect.set(name, value),
        }
    }

    /// A property's value.
    pub fn get(&self, name: &str) -> glib::Value {
        match name {
            "background-fit" => self.background_fit.to_value(),
            "background-eos" => self.background_eos.to_value(),
            "background-timeout" => self.background_timeout.to_value(),
            "color" => self.color.to_value(),
            name => self.effect.get(name),
        }
    }
}
