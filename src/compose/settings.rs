// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattecompose`.

use super::effect::Effect;
use super::{Background, ImageFit};
use crate::blend::ColorName;
use crate::properties::{Properties, Refused, properties};
use crate::video::direction::DirectionSettings;
use gst::glib;
use std::sync::Arc;

properties! {
    /// Values of the properties.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Settings {
        /// What stands behind the subject
        background: Background = Background::Blur, "Background", CONTROLLABLE;
        /// Colour for background=color and for the bars of image-fit=contain, as ARGB
        color: u32 = 0xff00_0000, "Color", CONTROLLABLE;
        /// File with the picture for background=image: a path, ~/path or file:///path; PNG, JPEG,
        /// WebP, GIF, TIFF or BMP, and AVIF, HEIC, JPEG XL or SVG if gdk-pixbuf reads them. Setting
        /// it while background is blur or color switches to image
        image: Option<Arc<str>> = None, "Image", PLAYING;
        /// How the picture fills the frame
        image_fit: ImageFit = ImageFit::Cover, "Image fit", CONTROLLABLE;
        /// How far the background is out of focus, relative to the height that the viewer sees
        blur_strength: f64 [0.0, 100.0] = 50.0, "Blur strength", CONTROLLABLE;
        /// Draw bright points as discs, as a lens does; takes more time
        blur_bokeh: bool = false, "Blur bokeh", CONTROLLABLE;
        /// With background=transparent, keep the room's colours where alpha is low: every program
        /// that drops the alpha then shows the room. If off, transparent pixels are black
        keep_transparent_colors: bool = false, "Keep transparent colors", PLAYING;
        with direction: DirectionSettings;
        with effect: Effect;
        forms {
            /// The property color as a text: a name of CSS, such as green, or #rrggbb
            color_name: ColorName = color, "Color name", PLAYING;
        }
    }
}

impl Settings {
    /// Whether the picture has to be made anew when a property changes.
    pub fn concerns_picture(&self, name: &str) -> bool {
        let shown = self.background == Background::Image;
        match name {
            "image" | "background" => true,
            "image-fit" => shown,
            "color" | "color-name" => shown && self.image_fit == ImageFit::Contain,
            _ => false,
        }
    }

    /// Takes the value of a property, and switches to the picture if there is a new one: a user who
    /// writes `image=beach.jpg` and nothing else expects to see it.
    ///
    /// # Errors
    /// As [`Properties::set`].
    pub fn apply(&mut self, name: &str, value: &glib::Value) -> Result<(), Refused> {
        self.set(name, value)?;
        if name == "image"
            && self.image.is_some()
            && matches!(self.background, Background::Blur | Background::Color)
        {
            self.background = Background::Image;
        }
        Ok(())
    }
}
