// SPDX-License-Identifier: MPL-2.0

//! The options by name, as clap reads them. The help, the manual page and the completions of shells
//! are made of what stands here.

use super::error::OptionsError;
use crate::background_arguments::{BackgroundArguments, number, set, set_some};
use crate::describe::Describe;
use crate::files::Convert;
use crate::settings::{Settings, Size};
use crate::terminal::KEYS;
use clap::{ArgAction, Parser, Subcommand};
use std::path::PathBuf;

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
    /// What is behind the person, and how the picture is turned.
    #[command(flatten)]
    pub background: BackgroundArguments,
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
    /// Put another background into a file; its sound and subtitles stay
    // It has a whole command line of its own.
    Convert(Box<Convert>),
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
        set_some(&mut settings.device, self.device);
        settings.preview |= self.preview;
        settings.on_demand &= !self.always;
        self.background
            .apply(settings)
            .map_err(OptionsError::Folder)
    }
}
