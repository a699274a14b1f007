// SPDX-License-Identifier: MPL-2.0

//! What can be set: the settings file, in TOML, and its defaults.

use crate::direction::{self, Flip, Rotation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What stands behind the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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

impl FromStr for Background {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "blur" => Ok(Self::Blur),
            "picture" => Ok(Self::Picture),
            "video" => Ok(Self::Video),
            "color" => Ok(Self::Color),
            _ => Err(format!(
                "background '{text}' is not known: blur, picture, video or color"
            )),
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

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |side: &str| {
            side.parse()
                .ok()
                .filter(|side| (16..=8192).contains(side) && side % 2 == 0)
        };
        let sides = text.split_once('x');
        let sides = sides.and_then(|(width, height)| Some((side(width)?, side(height)?)));
        let (width, height) = sides.ok_or_else(|| {
            format!("size '{text}' is none: even numbers from 16 to 8192, such as 1280x720")
        })?;
        Ok(Self { width, height })
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
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

/// A colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(pub u32);

impl FromStr for Color {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix('#').filter(|digits| {
            digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        value
            .map(Self)
            .ok_or_else(|| format!("color '{text}' is none: #rrggbb, such as #00b140"))
    }
}

impl TryFrom<String> for Color {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        format!("#{:06x}", color.0)
    }
}

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The camera: a part of its name, or a path; unset: the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// A gst-launch fragment in the place of the camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `auto`, `pipewire`, or a loopback device.
    pub output: String,
    /// As other programs show it.
    pub name: String,
    /// Of the published video.
    pub size: Size,
    /// Frames a second, 1 to 240.
    pub rate: i32,
    /// How the camera's picture is mirrored, after it is turned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flip: Option<Flip>,
    /// How far the camera's picture is turned. Without this and `flip`: as the stream's tag says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate: Option<Rotation>,
    /// What stands behind the person.
    pub background: Background,
    /// The picture for `background = "picture"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<PathBuf>,
    /// The video for `background = "video"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<PathBuf>,
    /// The colour for `background = "color"`.
    pub color: Color,
    /// 0 to 100.
    pub blur_strength: f64,
    /// Whether a window shows what the others see.
    pub preview: bool,
    /// The element that makes the window.
    pub preview_sink: String,
    /// Whether the camera is closed while nobody looks.
    pub on_demand: bool,
    /// Properties of `mattebackground`, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, toml::Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            device: None,
            source: None,
            output: "auto".into(),
            name: "Matte".into(),
            size: Size {
                width: 1280,
                height: 720,
            },
            rate: 30,
            flip: None,
            rotate: None,
            background: Background::Blur,
            picture: None,
            video: None,
            color: Color(0x00_b1_40),
            blur_strength: 50.0,
            preview: false,
            preview_sink: "autovideosink".into(),
            on_demand: true,
            properties: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Where the settings file is, unless the user names another one.
    ///
    /// # Errors
    /// Where neither `XDG_CONFIG_HOME` nor `HOME` is set.
    pub fn default_path() -> Result<PathBuf, String> {
        let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        folder("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| folder("HOME").map(|home| PathBuf::from(home).join(".config")))
            .map(|folder| folder.join("matte/camera.toml"))
            .ok_or_else(|| {
                "neither XDG_CONFIG_HOME nor HOME is set: name a file with --settings".into()
            })
    }

    /// Reads a file. One that is not there gives the defaults, unless it was `asked` for.
    ///
    /// # Errors
    /// With file, line and what is wrong.
    pub fn read(path: &Path, asked: bool) -> Result<Self, String> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !asked => {
                return Ok(Self::default());
            }
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let settings: Self =
            toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        settings
            .check()
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(settings)
    }

    /// Writes a file, and the folders it lies in.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let failed = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        fs::write(path, self.to_toml()?).map_err(|error| failed(&error))
    }

    /// As a settings file holds them.
    ///
    /// # Errors
    /// Where a property's value cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, String> {
        toml::to_string(self).map_err(|error| error.to_string())
    }

    /// The way in which the camera's picture is turned, as `video-direction` names it.
    pub fn direction(&self) -> &'static str {
        direction::of(self.flip, self.rotate)
    }

    /// The size to ask the camera for: of the published video, before it is turned.
    pub fn camera_size(&self) -> Size {
        let Size { width, height } = self.size;
        match self.rotate {
            Some(Rotation::Right | Rotation::Left) => Size {
                width: height,
                height: width,
            },
            _ => self.size,
        }
    }

    /// Whether all of it fits together.
    ///
    /// # Errors
    /// With what was found and what to do.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=240).contains(&self.rate) {
            return Err(format!("rate is {}: 1 to 240 frames a second", self.rate));
        }
        if !(0.0..=100.0).contains(&self.blur_strength) {
            return Err(format!("blur-strength is {}: 0 to 100", self.blur_strength));
        }
        if self.name.is_empty()
            || self
                .name
                .contains(|c: char| c.is_control() || ",\"=".contains(c))
        {
            return Err(format!(
                "name is '{}': a text without comma, quote and equals sign",
                self.name
            ));
        }
        let file = match self.background {
            Background::Picture => Some(("picture", &self.picture)),
            Background::Video => Some(("video", &self.video)),
            Background::Blur | Background::Color => None,
        };
        match file {
            Some((key, None)) => Err(format!(
                "background is '{key}', but no {key} is named: --{key} FILE, or the key {key}"
            )),
            // What mattebackground alone understands, it also says what is wrong with.
            Some(("picture", Some(path))) if is_address(path) => Ok(()),
            Some((key, Some(path))) if !path.is_file() => {
                Err(format!("{key} {}: there is no such file", path.display()))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a picture is named by more than a path: `~/path` or an address such as `file:///path`.
fn is_address(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.starts_with('~') || text.starts_with("file:") || text.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut settings = Settings {
            device: Some("HD".into()),
            color: Color(0x12_34_56),
            ..Settings::default()
        };
        settings
            .properties
            .insert("preset".into(), toml::Value::String("fast".into()));
        let text = settings.to_toml().expect("it is plain data");
        assert_eq!(toml::from_str::<Settings>(&text), Ok(settings));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, said) in [
            ("rate = 30\nbackgruond = \"blur\"", "backgruond"),
            ("size = \"1281x720\"", "1281x720"),
            ("color = \"green\"", "#rrggbb"),
            ("background = \"beach\"", "beach"),
            ("rate = \"fast\"", "line 1"),
        ] {
            let error = toml::from_str::<Settings>(text)
                .expect_err(text)
                .to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (settings, said) in [
            (
                Settings {
                    rate: 0,
                    ..Settings::default()
                },
                "1 to 240",
            ),
            (
                Settings {
                    blur_strength: f64::NAN,
                    ..Settings::default()
                },
                "0 to 100",
            ),
            (
                Settings {
                    name: "a,b".into(),
                    ..Settings::default()
                },
                "without comma",
            ),
            (
                Settings {
                    background: Background::Picture,
                    ..Settings::default()
                },
                "no picture is named",
            ),
            (
                Settings {
                    background: Background::Video,
                    video: Some("/nowhere.mp4".into()),
                    ..Settings::default()
                },
                "no such file",
            ),
        ] {
            let error = settings.check().expect_err(said);
            assert!(error.contains(said), "{error}");
        }
        assert_eq!(Settings::default().check(), Ok(()));
        for address in ["~/beach.jpg", "file:///beach.jpg", "http://host/beach.jpg"] {
            let settings = Settings {
                background: Background::Picture,
                picture: Some(address.into()),
                ..Settings::default()
            };
            assert_eq!(
                settings.check(),
                Ok(()),
                "left to mattebackground: {address}"
            );
        }
    }
}
