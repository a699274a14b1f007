// SPDX-License-Identifier: MPL-2.0

//! The command line of `matte-camera convert`.

use crate::background_arguments::BackgroundArguments;
use crate::settings::Settings;
use clap::{ArgAction, Args};
use std::path::PathBuf;

/// What is asked of `convert`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Convert {
    /// The file to read, whatever GStreamer reads; or its address
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// The file to write: .mp4, .m4v, .mov, .mkv, .webm, .ts, or pictures: out/%05d.png
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// What is behind the person.
    #[command(flatten)]
    pub background: BackgroundArguments,
    /// Nothing behind the person: write an alpha channel (.mov, .mkv, .webm, .png)
    #[arg(long, conflicts_with_all = ["background", "picture", "video", "color", "matte"])]
    pub transparent: bool,
    /// Write the matte itself: white where the person is
    #[arg(long, conflicts_with_all = ["background", "picture", "video", "color"])]
    pub matte: bool,
    /// A gst-launch fragment that encodes the video (the codec that it had)
    #[arg(long, value_name = "FRAGMENT")]
    pub encoder: Option<String>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
    /// Print this help
    #[arg(short, long, action = ArgAction::HelpShort)]
    pub help: Option<bool>,
}

impl Convert {
    /// What the options say about the background that no setting of the camera can.
    pub fn choose(&self, settings: &mut Settings) {
        let background = match (self.transparent, self.matte) {
            (true, _) => "transparent",
            (_, true) => "matte",
            _ => return,
        };
        let value = toml::Value::String(background.into());
        settings.properties.insert("background".into(), value);
    }
}
