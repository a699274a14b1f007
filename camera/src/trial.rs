// SPDX-License-Identifier: MPL-2.0

//! Settings tried on elements of their own before the camera has them: a value may have the right
//! type and name a model, a picture or a video that nothing can be done with. All of it may take
//! its time.

use crate::background_source::{self, BackgroundSourceError};
use crate::elements::{self, NoPlugin, error_on, warning_on};
use crate::properties::{self, PropertyError};
use crate::settings::{Background, CheckError, Settings};
use gst::prelude::*;
use gstmatte::picture::{LocationError, Picture, PictureError, path_of};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Why settings cannot be used, although they fit together.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The plugin is not found.
    #[error(transparent)]
    NoPlugin(#[from] NoPlugin),
    /// A property of `mattebackground` cannot be set.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// `mattebackground` does not start: its network, its model, ONNX Runtime, a picture.
    #[error("{0}")]
    Start(String),
    /// The background's file is missing.
    #[error(transparent)]
    Settings(#[from] CheckError),
    /// The picture's address names no file.
    #[error("picture: {0}")]
    Location(#[from] LocationError),
    /// The picture cannot be read.
    #[error("picture {}: {error}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: PictureError,
    },
    /// The video cannot be played.
    #[error(transparent)]
    Video(#[from] BackgroundSourceError),
}

/// `mattebackground` in no pipeline, and what it says.
struct Alone {
    matte: gst::Element,
    bus: gst::Bus,
}

impl Alone {
    fn new() -> Result<Self, TrialError> {
        let matte = elements::matte()?;
        let bus = gst::Bus::new();
        matte.set_bus(Some(&bus));
        Ok(Self { matte, bus })
    }

    /// Loads the network, and the picture if there is one.
    fn start(&self) -> Result<(), TrialError> {
        let started = self.matte.set_state(gst::State::Paused);
        let said = error_on(&self.bus);
        let stopped = self.matte.set_state(gst::State::Null);
        let failed = |error| said.unwrap_or_else(|| format!("mattebackground: {error}"));
        started
            .and(stopped)
            .map(drop)
            .map_err(|error| TrialError::Start(failed(error)))
    }
}

/// Tries everything that the camera starts with.
///
/// # Errors
/// With what cannot be used.
pub fn all(settings: &Settings) -> Result<(), TrialError> {
    let alone = Alone::new()?;
    properties::set_all(&alone.matte, settings)?;
    alone.start()?;
    match settings.background {
        Background::Video => background(settings),
        _ => Ok(()),
    }
}

/// Tries the file of the background, if it has one.
///
/// # Errors
/// If the file is gone, or is not what it should be.
pub fn background(settings: &Settings) -> Result<(), TrialError> {
    settings.check_file()?;
    match settings.background {
        Background::Picture => {
            let named = settings.picture_file()?;
            let path = path_of(&named.to_string_lossy(), std::env::var_os("HOME"))?;
            Picture::open(&path).map_err(|error| TrialError::Picture { path, error })?;
        }
        Background::Video => background_source::check(&settings.video_file()?)?,
        Background::Blur | Background::Color => (),
    }
    Ok(())
}

/// Tries a property of `mattebackground` beside all others that are set. The network is loaded
/// only if the property may concern it.
///
/// # Errors
/// If there is no such property, or its value cannot be used.
pub fn property(properties: &BTreeMap<String, toml::Value>, name: &str) -> Result<(), TrialError> {
    let alone = Alone::new()?;
    if properties::is_plain(&alone.matte, name)? {
        if let Some(value) = properties.get(name) {
            properties::set(&alone.matte, name, &properties::text_of(value))?;
        }
        return match warning_on(&alone.bus) {
            Some(refused) => Err(TrialError::Start(refused)),
            None => Ok(()),
        };
    }
    for (name, value) in properties {
        properties::set(&alone.matte, name, &properties::text_of(value))?;
    }
    alone.start()
}

#[cfg(test)]
mod tests;
