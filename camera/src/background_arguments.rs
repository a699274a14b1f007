// SPDX-License-Identifier: MPL-2.0

//! The options that say what is behind the person: for a camera and for a file.

use crate::direction::{Flip, Rotation};
use crate::settings::{Background, Color, Place, Settings, from_everywhere};
use clap::Args;
use clap::parser::ArgMatches;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

/// What is behind the person, and how the picture is turned.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct BackgroundArguments {
    /// Mirror the picture: left and right, or top and bottom
    #[arg(long, value_name = "KIND")]
    pub flip: Option<Flip>,
    /// Turn the picture clockwise, before --flip
    #[arg(long, value_name = "DEGREES")]
    pub rotate: Option<Rotation>,
    /// What is behind you (blur)
    #[arg(long, value_name = "KIND")]
    pub background: Option<Background>,
    /// A picture behind you (chooses the background, too, as the next two do)
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
    /// A video behind you, again and again
    #[arg(long, value_name = "FILE")]
    pub video: Option<PathBuf>,
    /// Where you stand before the video (camera: where the camera sees you)
    #[arg(long, value_name = "PLACE")]
    pub place: Option<Place>,
    /// One colour behind you, such as green or '#00b140'
    #[arg(long, value_name = "COLOR")]
    pub color: Option<Color>,
    /// How much the room is blurred, 0 to 100 (50)
    #[arg(long, value_name = "N", value_parser = number::<f64>, allow_negative_numbers = true)]
    pub blur_strength: Option<f64>,
    /// Any property of the element mattebackground; may be given several times
    #[arg(long, value_name = "PROPERTY=VALUE", value_parser = property)]
    pub set: Vec<(String, String)>,
}

impl BackgroundArguments {
    /// Changes the settings, but for the kind of background: of all options that choose one, the
    /// last one does, which [`BackgroundArguments::choose`] knows.
    ///
    /// # Errors
    /// If the current folder is gone, from which paths are seen.
    pub fn apply(self, settings: &mut Settings) -> io::Result<()> {
        set(&mut settings.place, self.place);
        set(&mut settings.color, self.color);
        set(&mut settings.blur_strength, self.blur_strength);
        set_some(&mut settings.flip, self.flip);
        set_some(&mut settings.rotate, self.rotate);
        // Saved settings are read from other folders, too.
        let file = |path: Option<PathBuf>| path.as_deref().map(from_everywhere).transpose();
        set_some(&mut settings.picture, file(self.picture)?);
        set_some(&mut settings.video, file(self.video)?);
        for (property, value) in self.set {
            let value = toml::Value::String(value);
            settings.properties.insert(property, value);
        }
        Ok(())
    }

    /// Of all options that choose a background, the last one does.
    pub fn choose(&self, settings: &mut Settings, matches: &ArgMatches) {
        let choices = [
            ("background", self.background),
            ("picture", Some(Background::Picture)),
            ("video", Some(Background::Video)),
            ("color", Some(Background::Color)),
        ];
        let given = choices
            .into_iter()
            .filter_map(|(option, choice)| Some((position(matches, option)?, choice?)));
        if let Some((_, background)) = given.max_by_key(|(position, _)| *position) {
            settings.background = background;
        }
    }
}

/// Where an option stands in the command line.
pub fn position(matches: &ArgMatches, option: &str) -> Option<usize> {
    matches.indices_of(option)?.next_back()
}

/// Changes a setting if there is a value.
pub fn set<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

/// Changes a setting if there is a value.
pub fn set_some<T>(setting: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *setting = given;
    }
}

/// A text that is no value of its option.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// A word, or a fraction of a frame.
    #[error("a number is wanted")]
    Number,
    /// Not a property and its value.
    #[error("PROPERTY=VALUE is wanted")]
    Property,
}

/// A number as an option's value.
///
/// # Errors
/// If it is none.
pub fn number<T: FromStr>(text: &str) -> Result<T, ValueError> {
    text.parse().map_err(|_| ValueError::Number)
}

fn property(text: &str) -> Result<(String, String), ValueError> {
    let (property, value) = text.split_once('=').ok_or(ValueError::Property)?;
    Ok((property.into(), value.into()))
}
