// SPDX-License-Identifier: MPL-2.0

//! What is wrong with the command line or the settings.

use crate::settings::SettingsError;

/// What is wrong with the command line or the settings.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The command line is not understood.
    #[error("{}", usage(.0))]
    Usage(Box<clap::Error>),
    /// The current folder is gone, from which a path is seen.
    #[error("the current folder: {0}")]
    Folder(std::io::Error),
    /// The manual page or a shell's completions cannot be made.
    #[error("the page cannot be made: {0}")]
    Page(#[from] std::io::Error),
    /// The settings do not fit or cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// What clap says, without its own beginning: the program's name stands there.
fn usage(error: &clap::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("error: ")
        .unwrap_or(&text)
        .trim_end()
        .into()
}
