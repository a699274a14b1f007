// SPDX-License-Identifier: MPL-2.0

//! What keeps a file from being converted.

use super::webm::MergeError;
use crate::background_source::BackgroundSourceError;
use crate::elements::NoPlugin;
use crate::properties::PropertyError;
use crate::settings::CheckError;
use gst::glib;
use std::io;
use std::path::PathBuf;

/// What keeps a file from being converted.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is nothing to read.
    #[error("{}: there is no such file", .0.display())]
    NoInput(PathBuf),
    /// A folder or a device.
    #[error("{}: not a file", .0.display())]
    NotAFile(PathBuf),
    /// A name that GStreamer cannot be told.
    #[error("{}: the path is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// The end of the name says nothing.
    #[error("{}: the end of the name is none of {known}", path.display())]
    Container {
        /// The output.
        path: PathBuf,
        /// The ends that are known.
        known: String,
    },
    /// What would be read is what would be written.
    #[error("{}: input and output are the same file", .0.display())]
    Same(PathBuf),
    /// The output is there.
    #[error("{} is there already: --force replaces it", .0.display())]
    Exists(PathBuf),
    /// A pattern with more than a number.
    #[error("{}: pictures are named by one number, such as out/%05d.png", .0.display())]
    Pattern(PathBuf),
    /// Many frames, one name.
    #[error("{}: a picture holds one frame; name many, such as out/%05d.png", .0.display())]
    OnePicture(PathBuf),
    /// One frame, a video.
    #[error("{} is a still picture: name a picture for it, such as out.png", .0.display())]
    Still(PathBuf),
    /// The output cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file or its folder.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// Colours and alpha cannot be put into one file.
    #[error("{}: the alpha cannot be put in: {source}", path.display())]
    Merge {
        /// The output.
        path: PathBuf,
        /// What is wrong with it.
        source: MergeError,
    },
    /// There is nothing to see.
    #[error("{}: no video stream{found}", path.display())]
    NoVideo {
        /// The input.
        path: PathBuf,
        /// What there is.
        found: String,
    },
    /// There is a video stream, but nothing in it.
    #[error("{}: the video has no frame that can be decoded", .0.display())]
    NoFrame(PathBuf),
    /// A plugin is missing.
    #[error(
        "{}: nothing is installed that reads {missing}: install gstreamer1.0-libav, \
         gstreamer1.0-plugins-bad or gstreamer1.0-plugins-ugly", path.display()
    )]
    NoDecoder {
        /// The input.
        path: PathBuf,
        /// As GStreamer names it.
        missing: String,
    },
    /// Nothing writes what is wanted.
    #[error("nothing is installed that writes {codecs}: install {packages}")]
    NoEncoder {
        /// The codecs that would do.
        codecs: String,
        /// Where they are.
        packages: String,
    },
    /// A container without alpha.
    #[error(
        "{0} holds no alpha here: name a .mov (ProRes 4444), .mkv (FFV1), .webm (VP9) or \
         out/%05d.png"
    )]
    NoAlpha(&'static str),
    /// The named encoder takes no alpha.
    #[error("encoder {0}: takes no alpha")]
    EncoderAlpha(String),
    /// The named encoder cannot be made.
    #[error("encoder {text}: {error}")]
    Encoder {
        /// The fragment.
        text: String,
        /// What GStreamer says.
        error: glib::Error,
    },
    /// The named encoder writes what the file does not hold.
    #[error("encoder {text}: {container} does not hold what it writes")]
    EncoderCodec {
        /// The fragment.
        text: String,
        /// The kind of file.
        container: &'static str,
    },
    /// An element has failed.
    #[error("{0}")]
    Failed(String),
    /// Nothing comes any more.
    #[error("nothing has moved for {0} s: given up")]
    Silent(u64),
    /// The user has ended it; what was written stays.
    #[error("stopped: {} ends after {seconds:.1} s", path.display())]
    Stopped {
        /// The output.
        path: PathBuf,
        /// How much is in it.
        seconds: f64,
    },
    /// The user has ended it; nothing stays.
    #[error("stopped: nothing is written")]
    Aborted,
    /// The plugin is not found.
    #[error(transparent)]
    NoPlugin(#[from] NoPlugin),
    /// A property of `mattebackground` cannot be set.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// The background's file is missing.
    #[error(transparent)]
    Settings(#[from] CheckError),
    /// The background's video cannot be played.
    #[error(transparent)]
    Background(#[from] BackgroundSourceError),
    /// The elements do not fit together.
    #[error(transparent)]
    Link(#[from] glib::BoolError),
    /// The pads do not fit together.
    #[error(transparent)]
    Pads(#[from] gst::PadLinkError),
    /// The file's name is none for GStreamer.
    #[error(transparent)]
    Name(#[from] glib::Error),
    /// GStreamer does not start.
    #[error("GStreamer does not start")]
    State(#[from] gst::StateChangeError),
    /// Nobody can listen to signals.
    #[error("no thread for signals: {0}")]
    Signals(#[source] io::Error),
    /// A part of the pipeline is not there.
    #[error("the pipeline has no {0}")]
    Part(&'static str),
}

impl FileError {
    /// The program's exit status: after Ctrl-C that of a program that it has ended.
    pub fn status(&self) -> u8 {
        match self {
            Self::Stopped { .. } | Self::Aborted => 130,
            _ => 1,
        }
    }
}
