// SPDX-License-Identifier: MPL-2.0

//! What keeps a model from being described.

use gstmatte::frame::FrameError;
use gstmatte::model::ModelError;
use gstmatte::picture::PictureError;
use std::io;
use std::path::PathBuf;

/// What keeps a model from being described.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// The picture cannot be read.
    #[error("{}: {source}", path.display())]
    Picture {
        /// The picture's file.
        path: PathBuf,
        /// What is wrong with it.
        source: PictureError,
    },
    /// The picture moves.
    #[error("{} is an animation; give a still picture of a person", .0.display())]
    Animated(PathBuf),
    /// The picture has no pixels that can be taken.
    #[error("the picture: {0}")]
    Frame(#[from] FrameError),
    /// The model cannot be used, whatever a description says.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Every reading is contradicted.
    #[error(
        "none of {0} readings can be right: the network's numbers contradict all of them; describe it \
         by hand (docs/models.md has the keys)"
    )]
    Nothing(usize),
    /// There is no such reading.
    #[error("there is no reading {0}: --choose takes 1 to {1}")]
    NoReading(usize, usize),
    /// The sheet cannot be written.
    #[error("{}: {source}; --sheet names another file", path.display())]
    Sheet {
        /// The sheet's file.
        path: PathBuf,
        /// What is wrong with it.
        source: image::ImageError,
    },
    /// A description is there.
    #[error("{} is there already: --force replaces it, and keeps its keys", .0.display())]
    Exists(PathBuf),
    /// The description cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The description's file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
}
