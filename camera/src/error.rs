// SPDX-License-Identifier: MPL-2.0

//! What ends the program before its user does.

use crate::chain::ChainError;
use crate::describe::DescribeError;
use crate::files::FileError;
use crate::options::OptionsError;
use crate::output::OutputError;
use crate::settings::SettingsError;
use crate::trial::TrialError;
use gst::glib;

/// What ends the program before its user does.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line or the settings file is wrong.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A model cannot be described.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// A file cannot be converted.
    #[error(transparent)]
    File(#[from] FileError),
    /// The settings cannot be printed.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// GStreamer does not start.
    #[error("GStreamer does not start: {0}")]
    Init(#[from] glib::Error),
    /// Nobody can listen to signals.
    #[error("no thread for signals: {0}")]
    Signals(#[from] std::io::Error),
    /// The plugin is not there, or cannot do what the settings want.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// Nothing can be published.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The camera's pipeline fails each time.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A part of GLib that every program has is not there.
    #[error("{0}")]
    Glib(#[from] glib::BoolError),
}

impl Error {
    /// The program's exit status.
    pub fn status(&self) -> u8 {
        match self {
            Self::File(error) => error.status(),
            _ => 1,
        }
    }
}
