// SPDX-License-Identifier: MPL-2.0

//! What can be set: the settings file, in TOML, and its defaults.

mod error;
mod files;
#[cfg(test)]
mod tests;
mod values;

pub use error::{CheckError, SettingsError};
pub use files::from_everywhere;
pub use values::{Background, Color, Place, Size};

use crate::direction::{self, Flip, Rotation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The camera: a part of its name, or a path; unset: the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// A gst-launch fragment instead of the camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `auto`, `pipewire`, or a loopback device.
    pub output: String,
    /// As other programs show it.
    pub name: String,
    /// Of the published video.
    pub size: Size,
    /// Frames per second, 1 to 240.
    pub rate: i32,
    /// How the camera's picture is mirrored, after it is turned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flip: Option<Flip>,
    /// How far the camera's picture is turned. Unset, like `flip`: as the stream's tag says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate: Option<Rotation>,
    /// What is shown behind the person.
    pub background: Background,
    /// The picture for `background = "picture"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<PathBuf>,
    /// The video for `background = "video"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<PathBuf>,
    /// Where the person stands before that video.
    pub place: Place,
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
    /// The folder of the settings file, from which its paths are seen.
    #[serde(skip)]
    pub folder: PathBuf,
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
            place: Place::Camera,
            color: Color(0x00_b1_40),
            blur_strength: 50.0,
            preview: false,
            preview_sink: "autovideosink".into(),
            on_demand: true,
            folder: PathBuf::new(),
            properties: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Where the settings file is, unless the user names another one.
    ///
    /// # Errors
    /// If neither `XDG_CONFIG_HOME` nor `HOME` is set.
    pub fn default_path() -> Result<PathBuf, SettingsError> {
        let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        folder("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| folder("HOME").map(|home| PathBuf::from(home).join(".config")))
            .map(|folder| folder.join("matte/camera.toml"))
            .ok_or(SettingsError::NoFolder)
    }

    /// Reads a file, without a check: options may still replace what does not fit. A missing file gives
    /// the defaults, unless it was `asked` for.
    ///
    /// # Errors
    /// With file, line and what cannot be read.
    pub fn read(path: &Path, asked: bool) -> Result<Self, SettingsError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !asked => {
                return Ok(Self::default());
            }
            Err(error) => return Err(SettingsError::file(path)(error)),
        };
        let settings = toml::from_str(&text).map_err(|error| SettingsError::Syntax {
            path: path.into(),
            error: Box::new(error),
        })?;
        Ok(Self {
            folder: path.parent().unwrap_or(Path::new("")).into(),
            ..settings
        })
    }

    /// Writes a file, and the folders that it lies in.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SettingsError> {
        let text = self.to_toml()?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(SettingsError::file(path))?;
        }
        fs::write(path, text).map_err(SettingsError::file(path))
    }

    /// As a settings file holds them.
    ///
    /// # Errors
    /// If a property's value cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, SettingsError> {
        Ok(toml::to_string(self)?)
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

    /// Whether the same camera is read.
    pub fn has_camera_of(&self, other: &Self) -> bool {
        (&self.device, &self.source) == (&other.device, &other.source)
    }

    /// Whether the same is behind the person.
    pub fn has_background_of(&self, other: &Self) -> bool {
        let of = |settings: &Self| {
            let Self {
                background,
                picture,
                video,
                ..
            } = settings;
            (*background, picture.clone(), video.clone())
        };
        of(self) == of(other)
    }

    /// Whether all of it fits together, and the file of the background is there: not for the main
    /// loop.
    ///
    /// # Errors
    /// With what was found and what to do.
    pub fn check(&self) -> Result<(), CheckError> {
        self.check_values()?;
        self.check_file()
    }

    /// Whether all of it fits together. Files are not looked at, which may take their time.
    ///
    /// # Errors
    /// With what was found and what to do.
    pub fn check_values(&self) -> Result<(), CheckError> {
        if !(1..=240).contains(&self.rate) {
            return Err(CheckError::Rate(self.rate));
        }
        if !(0.0..=100.0).contains(&self.blur_strength) {
            return Err(CheckError::BlurStrength(self.blur_strength));
        }
        let special = |c: char| c.is_control() || ",\"=".contains(c);
        if self.name.is_empty() || self.name.contains(special) {
            return Err(CheckError::Name(self.name.clone()));
        }
        match self.background {
            Background::Picture => self.picture_file().map(drop),
            Background::Video => self.video_file().map(drop),
            Background::Blur | Background::Color => Ok(()),
        }
    }

    /// Whether the file of the background is there: not for the main loop.
    ///
    /// # Errors
    /// With the file.
    pub fn check_file(&self) -> Result<(), CheckError> {
        let (key, path) = match self.background {
            Background::Picture => ("picture", self.picture_file()?),
            Background::Video => ("video", self.video_file()?),
            Background::Blur | Background::Color => return Ok(()),
        };
        // What mattebackground alone understands, it also says what is wrong with.
        let is_left = self.background == Background::Picture && files::is_address(&path);
        match is_left || path.is_file() {
            true => Ok(()),
            false => Err(CheckError::MissingFile { key, path }),
        }
    }

    /// The picture, or its address.
    ///
    /// # Errors
    /// If none is named.
    pub fn picture_file(&self) -> Result<PathBuf, CheckError> {
        self.file("picture", self.picture.as_deref())
    }

    /// The video.
    ///
    /// # Errors
    /// If none is named.
    pub fn video_file(&self) -> Result<PathBuf, CheckError> {
        self.file("video", self.video.as_deref())
    }

    fn file(&self, key: &'static str, path: Option<&Path>) -> Result<PathBuf, CheckError> {
        let path = path.ok_or(CheckError::NoFile(key))?;
        Ok(files::locate(path, &self.folder))
    }
}
