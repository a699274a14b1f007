// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattecompose`: one table, one struct.

use super::effect::{self, Effect};
use super::{Background, ImageFit};
use gst::glib;
use gst::prelude::*;
use std::sync::Arc;

/// Values of the properties.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub background: Background,
    pub color: u32,
    /// Shared: settings are copied for each frame while a property is controlled.
    pub image: Option<Arc<str>>,
    pub image_fit: ImageFit,
    pub blur_strength: f64,
    pub blur_bokeh: bool,
    pub keep_transparent_colors: bool,
    pub effect: Effect,
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
            keep_transparent_colors: false,
            effect: Effect::default(),
        }
    }
}

/// The property table; every call makes new specs, so that `mattebackground` can have them too.
pub fn properties() -> Vec<glib::ParamSpec> {
    let default = Settings::default();
    let mut all = vec![
        glib::ParamSpecEnum::builder_with_default("background", default.background)
            .nick("Background")
            .blurb("What stands behind the subject")
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecUInt::builder("color")
            .nick("Color")
            .blurb("Colour for background=color and for the bars of image-fit=contain, as ARGB")
            .default_value(default.color)
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecString::builder("image")
            .nick("Image")
            .blurb(
                "File with the picture for background=image: a path, ~/path or file:///path; \
                    PNG, JPEG, WebP, GIF, TIFF or BMP, and AVIF, HEIC, JPEG XL or SVG where \
                    gdk-pixbuf reads them. Setting it while background is blur or color switches to image",
            )
            .mutable_playing()
            .build(),
        glib::ParamSpecEnum::builder_with_default("image-fit", default.image_fit)
            .nick("Image fit")
            .blurb("How the picture fills the frame")
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecDouble::builder("blur-strength")
            .nick("Blur strength")
            .blurb("How far the background is out of focus, relative to the height that the viewer sees")
            .minimum(0.0)
            .maximum(100.0)
            .default_value(default.blur_strength)
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecBoolean::builder("blur-bokeh")
            .nick("Blur bokeh")
            .blurb("Let bright points become discs, as a lens does; costs more")
            .default_value(default.blur_bokeh)
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecBoolean::builder("keep-transparent-colors")
            .nick("Keep transparent colors")
            .blurb(
                "With background=transparent, leave the room's colours where alpha is low. Whoever \
                    drops the alpha then sees the room; off, transparent pixels are black",
            )
            .default_value(default.keep_transparent_colors)
            .mutable_playing()
            .build(),
    ];
    all.push(crate::video::direction::property());
    all.extend(effect::properties());
    all
}

impl Settings {
    /// Whether the picture has to be made anew when a property changes.
    pub fn concerns_picture(&self, name: &str) -> bool {
        let shown = self.background == Background::Image;
        match name {
            "image" | "background" => true,
            "image-fit" => shown,
            "color" => shown && self.image_fit == ImageFit::Contain,
            _ => false,
        }
    }

    /// Takes a property's value; GObject has checked its type and range.
    pub fn set(&mut self, name: &str, value: &glib::Value) {
        const CHECKED: &str = "GObject checked the type";
        match name {
            "background" => self.background = value.get().expect(CHECKED),
            "color" => self.color = value.get().expect(CHECKED),
            "image" => {
                self.image = value
                    .get::<Option<&str>>()
                    .expect(CHECKED)
                    .filter(|p| !p.is_empty())
                    .map(Arc::from);
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
            "keep-transparent-colors" => {
                self.keep_transparent_colors = value.get().expect(CHECKED);
            }
            name => self.effect.set(name, value),
        }
    }

    /// A property's value.
    pub fn get(&self, name: &str) -> glib::Value {
        match name {
            "background" => self.background.to_value(),
            "color" => self.color.to_value(),
            "image" => self.image.as_deref().to_value(),
            "image-fit" => self.image_fit.to_value(),
            "blur-strength" => self.blur_strength.to_value(),
            "blur-bokeh" => self.blur_bokeh.to_value(),
            "keep-transparent-colors" => self.keep_transparent_colors.to_value(),
            name => self.effect.get(name),
        }
    }
}
