// SPDX-License-Identifier: MPL-2.0

//! Background frames in the camera's format.

use super::background_queue::BackgroundFrame;
use crate::blend::{BlendError, Placement, Rescaler};
use crate::frame::{FrameRef, View};
use crate::simd;
use crate::video::Stream;
use std::sync::Arc;

/// Converts background frames of one stream to the camera's format.
#[derive(Debug)]
pub struct Conversion {
    stream: Arc<Stream>,
    /// How the viewer would see the background by itself.
    view: View,
    rescaler: Rescaler,
    /// Number of the frame that is converted.
    serial: Option<u64>,
}

impl Conversion {
    /// From frames of `stream` to frames of `camera`, placed as `placement` says.
    ///
    /// # Errors
    /// [`BlendError`] if there is no such conversion.
    pub fn new(
        stream: &Arc<Stream>,
        camera: &Stream,
        placement: Placement,
    ) -> Result<Self, BlendError> {
        let (from, to) = (stream.frame_format(), camera.frame_format());
        Ok(Self {
            stream: Arc::clone(stream),
            view: placement.from,
            rescaler: Rescaler::new(from, to, placement, simd::level())?,
            serial: None,
        })
    }

    /// Whether it was made for frames of this stream and view.
    pub fn is_for(&self, stream: &Arc<Stream>, view: View) -> bool {
        Arc::ptr_eq(&self.stream, stream) && self.view == view
    }

    /// Changes the colour of the bars, 0xAARRGGBB.
    pub fn set_bars(&mut self, color: u32) {
        self.rescaler.set_bars(color);
        self.serial = None;
    }

    /// A frame in the camera's format, converted only if it is not the one before, whose number is
    /// the same. None if it cannot be read.
    pub fn convert(&mut self, frame: &BackgroundFrame, serial: u64) -> Option<FrameRef<'_>> {
        if self.serial != Some(serial) {
            let rescaler = &mut self.rescaler;
            let read = self
                .stream
                .read(&frame.buffer, |view| rescaler.convert(view));
            let Ok(Ok(())) = read else {
                return None;
            };
            self.serial = Some(serial);
        }
        Some(self.rescaler.view())
    }
}
