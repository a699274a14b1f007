// SPDX-License-Identifier: MPL-2.0

//! Why there is no camera, or it cannot be read.

use crate::elements::MissingElement;

/// Why there is no camera, or it cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// None at all.
    #[error("no camera is found: is one plugged in, and may you read /dev/video*?")]
    None,
    /// None of this name.
    #[error("no camera '{wanted}'{}", others(.names))]
    NotFound {
        /// What the user asked for.
        wanted: String,
        /// The cameras that there are.
        names: Vec<String>,
    },
    /// The device file is no camera, or cannot be opened.
    #[error("{0}")]
    Open(String),
    /// Nobody has looked for one.
    #[error("no thread to look for cameras")]
    Search,
    /// An element is not installed.
    #[error(transparent)]
    Missing(#[from] MissingElement),
}

fn others(names: &[String]) -> String {
    match names {
        [] => ", and no other one either".into(),
        names => format!("; there are: {}", names.join(", ")),
    }
}
