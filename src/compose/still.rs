// SPDX-License-Identifier: MPL-2.0

//! A background picture in the output's format. Its first frame is there from the start, the others
//! come as they are converted, on whatever thread does it.

use crate::blend::{Backdrop, Fit, Picture};
use crate::frame::{FrameError, FrameFormat};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How a picture is fitted into frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// How it fills the frame.
    pub fit: Fit,
    /// What is seen where it does not fill the frame, 0xAARRGGBB.
    pub bars: u32,
    /// The frames.
    pub format: FrameFormat,
}

/// A picture in the output's format.
#[derive(Debug)]
pub struct Still {
    picture: Arc<Picture>,
    setting: Setting,
    first: Arc<Backdrop>,
    rest: Vec<OnceLock<Arc<Backdrop>>>,
}

impl Still {
    /// Converts the picture's first frame.
    ///
    /// # Errors
    /// Where the format has no size.
    pub fn new(picture: Arc<Picture>, setting: Setting) -> Result<Self, FrameError> {
        let first = convert(&picture, 0, setting)?;
        let rest = (1..picture.frame_count()).map(|_| OnceLock::new());
        Ok(Self {
            rest: rest.collect(),
            first: Arc::new(first),
            picture,
            setting,
        })
    }

    /// Whether this is the picture, so fitted.
    pub fn is(&self, picture: &Arc<Picture>, setting: Setting) -> bool {
        Arc::ptr_eq(&self.picture, picture) && self.setting == setting
    }

    /// Whether it fits frames of this format.
    pub fn fits(&self, format: FrameFormat) -> bool {
        self.setting.format == format
    }

    /// Converts the frames after the first, one after the other, until `stop` says so.
    pub fn convert_rest(&self, stop: impl Fn() -> bool) {
        for (i, slot) in self.rest.iter().enumerate() {
            if stop() {
                return;
            }
            // The format was good for the first frame.
            if let Ok(backdrop) = convert(&self.picture, i + 1, self.setting) {
                slot.get_or_init(|| Arc::new(backdrop));
            }
        }
    }

    /// Which frame is seen after this long.
    pub fn index(&self, time: Duration) -> usize {
        self.picture.frame_at(time)
    }

    /// The first frame.
    pub fn first(&self) -> &Arc<Backdrop> {
        &self.first
    }

    /// A frame, if it is converted.
    pub fn frame(&self, index: usize) -> Option<&Arc<Backdrop>> {
        match index {
            0 => Some(&self.first),
            _ => self.rest.get(index - 1)?.get(),
        }
    }
}

fn convert(picture: &Picture, index: usize, setting: Setting) -> Result<Backdrop, FrameError> {
    picture.backdrop(index, setting.fit, setting.bars, setting.format)
}
