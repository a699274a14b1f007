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
    fit: (Fit, u32),
    frames: Vec<Option<Arc<Backdrop>>>,
}

impl Still {
    /// Makes nothing yet. `fit` is how the picture fills the frame and the colour of bars, if any.
    pub fn new(picture: Arc<Picture>, fit: (Fit, u32)) -> Self {
        Self {
            picture,
            fit,
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
        let (width, height) = (output.width(), output.height());
        let backdrop = self
            .picture
            .backdrop(index, self.fit, output.layout, output.color, width, height)
            .map_err(|error| error.to_string())?;
        Ok(Arc::clone(self.frames[index].insert(Arc::new(backdrop))))
    }
}
