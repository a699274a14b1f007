// SPDX-License-Identifier: MPL-2.0

//! Values with a form of their own, in options and in the settings file.

use gstmatte::blend::ColorName;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What is shown behind the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Background {
    /// The room, out of focus.
    #[default]
    Blur,
    /// A picture from a file.
    Picture,
    /// A video from a file, again and again.
    Video,
    /// One colour.
    Color,
}

/// Where the person stands before a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Where the camera sees the person.
    #[default]
    Camera,
    /// Small, in the lower right corner.
    Right,
    /// Small, in the lower left corner.
    Left,
}

impl Place {
    /// The one after it.
    pub fn next(self) -> Self {
        match self {
            Self::Camera => Self::Right,
            Self::Right => Self::Left,
            Self::Left => Self::Camera,
        }
    }
}

/// Width and height in pixels, written `1280x720`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size {
    /// Pixels, even, 16 to 8192.
    pub width: i32,
    /// Pixels, even, 16 to 8192.
    pub height: i32,
}

/// A text that is no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a size is two even numbers from 16 to 8192, such as 1280x720")]
pub struct SizeError;

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let side = |side: &str| {
            side.parse()
                .ok()
                .filter(|side| (16..=8192).contains(side) && side % 2 == 0)
        };
        let (width, height) = text.split_once('x').ok_or(SizeError)?;
        Ok(Self {
            width: side(width).ok_or(SizeError)?,
            height: side(height).ok_or(SizeError)?,
        })
    }
}

impl TryFrom<String> for Size {
    type Error = SizeError;

    fn try_from(text: String) -> Result<Self, SizeError> {
        text.parse()
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

/// A colour, 0xrrggbb; read as CSS writes it, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(pub u32);

/// A text that is no colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a color is a name of CSS or #rrggbb, such as green or #00b140, without transparency")]
pub struct ColorError;

impl FromStr for Color {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Self, ColorError> {
        let ColorName(argb) = text.parse().map_err(|_| ColorError)?;
        match argb.to_be_bytes() {
            [u8::MAX, red, green, blue] => Ok(Self(u32::from_be_bytes([0, red, green, blue]))),
            _ => Err(ColorError),
        }
    }
}

impl TryFrom<String> for Color {
    type Error = ColorError;

    fn try_from(text: String) -> Result<Self, ColorError> {
        text.parse()
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        format!("#{:06x}", color.0)
    }
}
