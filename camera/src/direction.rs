// SPDX-License-Identifier: MPL-2.0

//! Cameras that hang upside down, on their side, or show a mirror's picture.

use serde::{Deserialize, Serialize};

/// How a picture is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Flip {
    /// Left and right change places, as in a mirror.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
}

/// How far a picture is turned; a number of degrees in texts and files, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(try_from = "i64", into = "i64")]
pub enum Rotation {
    /// Not at all, whatever the stream's tag says.
    #[value(name = "0")]
    Zero,
    /// 90 degrees.
    #[value(name = "90")]
    Right,
    /// 180 degrees.
    #[value(name = "180")]
    Half,
    /// 270 degrees.
    #[value(name = "270")]
    Left,
}

impl TryFrom<i64> for Rotation {
    type Error = RotationError;

    fn try_from(degrees: i64) -> Result<Self, RotationError> {
        match degrees {
            0 => Ok(Self::Zero),
            90 => Ok(Self::Right),
            180 => Ok(Self::Half),
            270 => Ok(Self::Left),
            _ => Err(RotationError(degrees)),
        }
    }
}

impl From<Rotation> for i64 {
    fn from(rotation: Rotation) -> Self {
        match rotation {
            Rotation::Zero => 0,
            Rotation::Right => 90,
            Rotation::Half => 180,
            Rotation::Left => 270,
        }
    }
}

/// An angle that no picture is turned by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rotate is {0}: 0, 90, 180 or 270 degrees clockwise")]
pub struct RotationError(i64);

/// Both together, first turned, then mirrored, as GStreamer's `video-direction` names it. If
/// neither is set: `auto`, which goes by the stream's tag.
pub fn of(flip: Option<Flip>, rotate: Option<Rotation>) -> &'static str {
    use {Flip::Horizontal, Flip::Vertical, Rotation::Half, Rotation::Left, Rotation::Right};
    match (rotate.unwrap_or(Rotation::Zero), flip) {
        (Rotation::Zero, None) if rotate.is_none() => "auto",
        (Rotation::Zero, None) => "identity",
        (Right, None) => "90r",
        (Half, None) => "180",
        (Left, None) => "90l",
        (Rotation::Zero, Some(Horizontal)) | (Half, Some(Vertical)) => "horiz",
        (Rotation::Zero, Some(Vertical)) | (Half, Some(Horizontal)) => "vert",
        (Right, Some(Horizontal)) | (Left, Some(Vertical)) => "ul-lr",
        (Right, Some(Vertical)) | (Left, Some(Horizontal)) => "ur-ll",
    }
}

#[cfg(test)]
mod tests;
