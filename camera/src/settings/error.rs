// SPDX-License-Identifier: MPL-2.0

//! What can be wrong with settings and their file.

use std::path::{Path, PathBuf};

/// Settings that do not fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CheckError {
    /// No such frame rate.
    #[error("rate is {0}: 1 to 240 frames per second")]
    Rate(i32),
    /// No such strength.
    #[error("blur-strength is {0}: 0 to 100")]
    BlurStrength(f64),
    /// Characters that GStreamer's and PipeWire's own texts are made with.
    #[error("name is '{0}': a text without comma, quote and equals sign")]
    Name(String),
    /// A background that needs a file has none.
    #[error("background is '{0}', but no {0} is named: --{0} FILE, or the key {0}")]
    NoFile(&'static str),
    /// The background's file is gone.
    #[error("{key} {}: there is no such file", path.display())]
    MissingFile {
        /// `picture` or `video`.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
}

/// Why settings cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Nobody says where the settings file is.
    #[error("neither XDG_CONFIG_HOME nor HOME is set: name a file with --settings")]
    NoFolder,
    /// The file or its folder cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The settings file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file holds something else than settings.
    #[error("{}: {error}", path.display())]
    Syntax {
        /// The settings file.
        path: PathBuf,
        /// With the line.
        error: Box<toml::de::Error>,
    },
    /// What the file holds does not fit.
    #[error("{}: {error}", path.display())]
    InFile {
        /// The settings file.
        path: PathBuf,
        /// What is wrong.
        error: CheckError,
    },
    /// What the options say does not fit.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A property's value cannot be written.
    #[error("the settings cannot be written as TOML: {0}")]
    Toml(#[from] toml::ser::Error),
}

impl SettingsError {
    /// Names the file that an error of the system is about.
    pub fn file(path: &Path) -> impl Fn(std::io::Error) -> Self {
        move |error| Self::File {
            path: path.into(),
            error,
        }
    }
}
