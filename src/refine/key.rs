// SPDX-License-Identifier: MPL-2.0

//! The property `key` as text: `auto`, or a colour.

use crate::blend::{ColorName, ColorNameError};
use crate::filter::KeyColor;
use crate::properties::{About, BoxError, PropertyType};
use gst::glib;
use gst::prelude::*;
use std::sync::Arc;

/// Finds the colour by itself.
const AUTO: &str = "auto";
/// No key, in words.
const NONE: &str = "none";

/// The screen's colour; none without a key.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Key(pub Option<KeyColor>);

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no colour.
    #[error("{0}; or it is auto, or none")]
    Color(#[from] ColorNameError),
    /// It is a colour that skin and walls have, too.
    #[error(
        "\"{0}\" is too close to gray to be told from a subject; a screen has a colour such as \
         green or #00b140"
    )]
    Gray(String),
}

impl Key {
    fn parse(text: &str) -> Result<Self, KeyError> {
        if [NONE, ""].contains(&text) {
            return Ok(Self(None));
        }
        if text == AUTO {
            return Ok(Self(Some(KeyColor::Auto)));
        }
        let ColorName(color) = text.parse()?;
        let key = KeyColor::named(color & 0xff_ffff);
        let key = key.ok_or_else(|| KeyError::Gray(text.into()))?;
        Ok(Self(Some(key)))
    }

    fn text(self) -> Option<Arc<str>> {
        let text = match self.0? {
            KeyColor::Auto => AUTO.into(),
            KeyColor::Named(rgb) => ColorName(0xff00_0000 | rgb).to_string().into(),
        };
        Some(text)
    }
}

impl PropertyType for Key {
    fn spec(about: &About, default: Self, _range: &[Self]) -> glib::ParamSpec {
        PropertyType::spec(about, default.text(), &[])
    }

    fn to_property(&self) -> glib::Value {
        self.text().as_deref().to_value()
    }

    fn from_property(value: &glib::Value, _default: Self) -> Result<Self, BoxError> {
        let text = value.get::<Option<&str>>()?.unwrap_or_default();
        // GStreamer's presets give texts back with a backslash before each special character.
        Ok(Self::parse(&text.replace('\\', ""))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_auto_and_nothing_are_read_and_written() {
        for (text, written) in [
            ("auto", Some("auto")),
            ("none", None),
            ("", None),
            ("green", Some("#008000")),
            ("#00b140", Some("#00b140")),
            (r"\#0047bb", Some("#0047bb")),
            (r"rgb\(0\,\ 177\,\ 64\)", Some("#00b140")),
            ("rgb(0, 177, 64)", Some("#00b140")),
            ("magenta", Some("#ff00ff")),
        ] {
            let key = Key::from_property(&text.to_value(), Key::default()).expect(text);
            assert_eq!(key.text().as_deref(), written, "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_said() {
        for text in ["white", "black", "gray", "#6a6a60", "transparent"] {
            let error = Key::parse(text).unwrap_err();
            assert_eq!(error, KeyError::Gray(text.into()));
        }
        let error = Key::parse("beach").unwrap_err().to_string();
        assert!(
            error.starts_with("\"beach\" is no color") && error.ends_with("or none"),
            "{error}"
        );
    }
}
