// SPDX-License-Identifier: MPL-2.0

//! A background picture in the output's caps; each of its frames is converted when it is first
//! shown and kept.

use crate::blend::{Backdrop, Fit, Picture};
use crate::video::Stream;
use std::sync::Arc;
use std::time::Duration;

/// A picture on its way into the output.
#[derive(Debug)]
pub struct Still {
    picture: Arc<Picture>,
    fit: Fit,
    bars: u32,
    frames: Vec<Option<Arc<Backdrop>>>,
}

impl Still {
    /// Makes nothing yet. `bars` (0xAARRGGBB) is seen where the picture does not fill the frame.
    pub fn new(picture: Arc<Picture>, fit: Fit, bars: u32) -> Self {
        Self {
            picture,
            fit,
            bars,
            frames: Vec::new(),
        }
    }

    /// Which frame is seen after this long.
    pub fn index(&self, time: Duration) -> usize {
        self.picture.frame_at(time)
    }

    /// A frame in the output's caps.
    ///
    /// # Errors
    /// Where the output has no size, in words.
    pub fn frame(&mut self, index: usize, output: &Stream) -> Result<Arc<Backdrop>, String> {
        if self.frames.len() <= index {
            self.frames.resize(index + 1, None);
        }
        if let Some(backdrop) = &self.frames[index] {
            return Ok(Arc::clone(backdrop));
        }
        let backdrop = self
            .picture
            .backdrop(index, self.fit, self.bars, output.frame_format())
            .map_err(|error| error.to_string())?;
        Ok(Arc::clone(self.frames[index].insert(Arc::new(backdrop))))
    }
}
