// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattecompose`: one table, one struct.

use super::{Background, ImageFit, OnMissingMatte};
use gst::glib;
use gst::prelude::*;

/// Values of the properties.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub background: Background,
    pub color: u32,
    pub image: Option<String>,
    pub image_fit: ImageFit,
    pub blur_strength: f64,
    pub blur_bokeh: bool,
    pub decontamination: f64,
    pub light_wrap: f64,
    pub on_missing_matte: OnMissingMatte,
    pub enabled: bool,
    pub transition_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            background: Background::default(),
            color: 0xff00_0000,
            image: None,
            image_fit: ImageFit::default(),
            blur_strength: 50.0,
            blur_bokeh: false,
            decontamination: 1.0,
            light_wrap: 0.0,
            on_missing_matte: OnMissingMatte::default(),
            enabled: true,
            transition_ms: 0,
        }
    }
}

/// The property table; every call makes new specs, so that `mattebackground` can have them too.
pub fn properties() -> Vec<glib::ParamSpec> {
    let default = Settings::default();
    vec![
        glib::ParamSpecEnum::builder_with_default("background", default.background)
            .nick("Background")
            .blurb("What stands behind the subject")
            .mutable_playing()
            .build(),
        glib::ParamSpecUInt::builder("color")
            .nick("Color")
            .blurb("Colour for background=color and for the bars of image-fit=contain, as ARGB")
            .default_value(default.color)
            .mutable_playing()
            .build(),
        glib::ParamSpecString::builder("image")
            .nick("Image")
            .blurb(
                "File with the picture for background=image (PNG, JPEG, WebP or GIF). \
                    Setting it while background is blur or color switches to image",
            )
            .mutable_playing()
            .build(),
        glib::ParamSpecEnum::builder_with_default("image-fit", default.image_fit)
            .nick("Image fit")
            .blurb("How the picture fills the frame")
            .mutable_playing()
            .build(),
        glib::ParamSpecDouble::builder("blur-strength")
            .nick("Blur strength")
            .blurb("How far the background is out of focus, relative to the frame's height")
            .minimum(0.0)
            .maximum(100.0)
            .default_value(default.blur_strength)
            .mutable_playing()
            .build(),
        glib::ParamSpecBoolean::builder("blur-bokeh")
            .nick("Blur bokeh")
            .blurb("Let bright points become discs, as a lens does; costs more")
            .default_value(default.blur_bokeh)
            .mutable_playing()
            .build(),
        glib::ParamSpecDouble::builder("decontamination")
            .nick("Decontamination")
            .blurb("How much of the old background's colour is taken out of half-covered pixels")
            .minimum(0.0)
            .maximum(1.0)
            .default_value(default.decontamination)
            .mutable_playing()
            .build(),
        glib::ParamSpecDouble::builder("light-wrap")
            .nick("Light wrap")
            .blurb("How much light of the new background wraps round the subject's edge")
            .minimum(0.0)
            .maximum(1.0)
            .default_value(default.light_wrap)
            .mutable_playing()
            .build(),
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
            .build(),
        glib::ParamSpecUInt::builder("transition-ms")
            .nick("Transition")
            .blurb("Time in which the effect fades in and out when enabled changes, in ms")
            .maximum(10_000)
            .default_value(default.transition_ms)
            .mutable_playing()
            .build(),
    ]
}

impl Settings {
    /// Takes a property's value; GObject has checked its type and range.
    pub fn set(&mut self, name: &str, value: &glib::Value) {
        const CHECKED: &str = "GObject checked the type";
        match name {
            "background" => self.background = value.get().expect(CHECKED),
            "color" => self.color = value.get().expect(CHECKED),
            "image" => {
                self.image = value
                    .get::<Option<String>>()
                    .expect(CHECKED)
                    .filter(|p| !p.is_empty());
                // `image=beach.jpg` alone replaces the background, as its user expects.
                if self.image.is_some()
                    && matches!(self.background, Background::Blur | Background::Color)
                {
                    self.background = Background::Image;
                }
            }
            "image-fit" => self.image_fit = value.get().expect(CHECKED),
            "blur-strength" => self.blur_strength = value.get().expect(CHECKED),
            "blur-bokeh" => self.blur_bokeh = value.get().expect(CHECKED),
            "decontamination" => self.decontamination = value.get().expect(CHECKED),
            "light-wrap" => self.light_wrap = value.get().expect(CHECKED),
            "on-missing-matte" => self.on_missing_matte = value.get().expect(CHECKED),
            "enabled" => self.enabled = value.get().expect(CHECKED),
            "transition-ms" => self.transition_ms = value.get().expect(CHECKED),
            _ => unreachable!("GObject knows only the properties of the table"),
        }
    }

    /// A property's value.
    pub fn get(&self, name: &str) -> glib::Value {
        match name {
            "background" => self.background.to_value(),
            "color" => self.color.to_value(),
            "image" => self.image.to_value(),
            "image-fit" => self.image_fit.to_value(),
            "blur-strength" => self.blur_strength.to_value(),
            "blur-bokeh" => self.blur_bokeh.to_value(),
            "decontamination" => self.decontamination.to_value(),
            "light-wrap" => self.light_wrap.to_value(),
            "on-missing-matte" => self.on_missing_matte.to_value(),
            "enabled" => self.enabled.to_value(),
            "transition-ms" => self.transition_ms.to_value(),
            _ => unreachable!("GObject knows only the properties of the table"),
        }
    }
}
