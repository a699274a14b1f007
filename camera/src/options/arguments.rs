// SPDX-License-Identifier: MPL-2.0

//! The options by name, as clap reads them. The help, the manual page and the completions of shells
//! are made of what stands here.

use super::error::OptionsError;
use crate::describe::Describe;
use crate::direction::{Flip, Rotation};
use crate::settings::{self, Background, Color, Place, Settings, Size};
use crate::terminal::KEYS;
use clap::{ArgAction, Parser, Subcommand};
use std::path::PathBuf;
use std::str::FromStr;

/// The program's name.
pub const NAME: &str = "matte-camera";

/// Your camera with another background, for every program
#[derive(Debug, Parser)]
#[command(name = NAME, version, disable_help_flag = true, disable_version_flag = true)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[command(subcommand_value_name = "COMMAND", args_override_self = true, max_term_width = 100, after_help = format!("Keys:\n{KEYS}"))]
pub struct Arguments {
    /// Something else than a camera.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Name cameras and outputs, then end
    #[arg(long)]
    pub list: bool,
    /// The camera: a part of its name, or a path (the first one)
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// A gst-launch fragment instead of the camera
    #[arg(long, value_name = "FRAGMENT")]
    pub source: Option<String>,
    /// auto, pipewire, or a v4l2loopback device such as /dev/video10 (auto)
    #[arg(long, value_name = "OUTPUT")]
    pub output: Option<String>,
    /// The name that other programs show (Matte)
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The size of the published video (1280x720)
    #[arg(long, value_name = "WxH")]
    pub size: Option<Size>,
    /// Frames per second of the published video, 1 to 240 (30)
    #[arg(long, value_name = "N", value_parser = number::<i32>, allow_negative_numbers = true)]
    pub rate: Option<i32>,
    /// Mirror the camera's picture: left and right, or top and bottom
    #[arg(long, value_name = "KIND")]
    pub flip: Option<Flip>,
    /// Turn the camera's picture clockwise, before --flip
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
    /// Show a window with what the others see
    #[arg(long)]
    pub preview: bool,
    /// Run the camera also while nobody looks
    #[arg(long)]
    pub always: bool,
    /// Read no keys from the terminal
    #[arg(long)]
    pub no_keys: bool,
    /// The settings file, instead of ~/.config/matte/camera.toml
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Print the settings that are in force, then end
    #[arg(long)]
    pub show_settings: bool,
    /// Print this help
    // Also `--help` prints the short form: the whole of it fits on one screen.
    #[arg(short, long, action = ArgAction::HelpShort)]
    help: Option<bool>,
    /// Print the version
    #[arg(long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// What the program does beside publishing a camera.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what each way to read a model makes of a picture, and write its description
    Describe(Describe),
}

impl Arguments {
    /// Changes the settings, but for those whose meaning depends on the order of options: the kind
    /// of background and the source.
    ///
    /// # Errors
    /// If the current folder is gone, from which paths are seen.
    pub fn apply(self, settings: &mut Settings) -> Result<(), OptionsError> {
        set(&mut settings.output, self.output);
        set(&mut settings.name, self.name);
        set(&mut settings.size, self.size);
        set(&mut settings.rate, self.rate);
        set(&mut settings.place, self.place);
        set(&mut settings.color, self.color);
        set(&mut settings.blur_strength, self.blur_strength);
        set_some(&mut settings.device, self.device);
        set_some(&mut settings.flip, self.flip);
        set_some(&mut settings.rotate, self.rotate);
        set_some(&mut settings.picture, from_everywhere(self.picture)?);
        set_some(&mut settings.video, from_everywhere(self.video)?);
        settings.preview |= self.preview;
        settings.on_demand &= !self.always;
        for (property, value) in self.set {
            let value = toml::Value::String(value);
            settings.properties.insert(property, value);
        }
        Ok(())
    }
}

/// Saved settings are read from other folders, too.
fn from_everywhere(path: Option<PathBuf>) -> Result<Option<PathBuf>, OptionsError> {
    let path = path.as_deref().map(settings::from_everywhere);
    path.transpose().map_err(OptionsError::Folder)
}

fn set<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

fn set_some<T>(setting: &mut Option<T>, given: Option<T>) {
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

fn number<T: FromStr>(text: &str) -> Result<T, ValueError> {
    text.parse().map_err(|_| ValueError::Number)
}

fn property(text: &str) -> Result<(String, String), ValueError> {
    let (property, value) = text.split_once('=').ok_or(ValueError::Property)?;
    Ok((property.into(), value.into()))
}
