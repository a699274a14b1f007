// SPDX-License-Identifier: MPL-2.0

//! Distributes frames from the camera's pipeline to the pipelines that show them: the published
//! camera and the preview window, which go on whatever the camera's pipeline does. While there are
//! no frames, they get a plain dark picture.

use crate::settings::Size;
use gst::prelude::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// If the newest frame of the camera is older than this, the dark picture takes over.
const PATIENCE: Duration = Duration::from_millis(500);
/// YUY2: a dark grey, so that nobody takes it for a camera that is switched off.
const DARK: [u8; 2] = [48, 128];

struct State {
    outputs: Vec<gst_app::AppSrc>,
    newest: Option<Instant>,
}

/// Hands frames on; clones are the same distributor.
#[derive(Clone)]
pub struct FrameDistributor {
    state: Arc<Mutex<State>>,
    caps: gst::Caps,
    dark: gst::Buffer,
}

impl FrameDistributor {
    /// A distributor of frames of one size, YUY2.
    pub fn new(size: Size, rate: i32) -> Self {
        // All that v4l2sink compares with the device's caps must be named: it refuses caps without
        // a pixel aspect ratio, and a loopback device knows no colorimetry of its own.
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "YUY2")
            .field("width", size.width)
            .field("height", size.height)
            .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
            .field("interlace-mode", "progressive")
            .field("framerate", gst::Fraction::new(rate, 1))
            .field("colorimetry", "bt601")
            .build();
        let pixels = size.width as usize * size.height as usize;
        let state = State {
            outputs: Vec::new(),
            newest: None,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            caps,
            dark: gst::Buffer::from_slice(DARK.repeat(pixels)),
        }
    }

    /// Caps of the frames.
    pub fn caps(&self) -> &gst::Caps {
        &self.caps
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends frames to one more output, from now on.
    pub fn add(&self, output: gst_app::AppSrc) {
        output.set_caps(Some(&self.caps));
        self.state().outputs.push(output);
    }

    /// Sends no more frames to an output.
    pub fn remove(&self, output: &gst_app::AppSrc) {
        self.state().outputs.retain(|other| other != output);
    }

    /// Sends a frame of the camera.
    pub fn push(&self, frame: &gst::BufferRef) {
        self.state().newest = Some(Instant::now());
        self.send(frame);
    }

    /// Sends the dark picture, unless the camera's frames are coming.
    pub fn push_dark(&self) {
        let newest = self.state().newest;
        if newest.is_none_or(|newest| newest.elapsed() > PATIENCE) {
            self.send(&self.dark);
        }
    }

    /// Forgets the last frame, as the camera was closed: the dark picture may come at once.
    pub fn forget(&self) {
        self.state().newest = None;
    }

    fn send(&self, frame: &gst::BufferRef) {
        // Memory is shared, not copied. Each output gives its own times.
        let mut frame = frame.copy();
        {
            let frame = frame.make_mut();
            frame.set_pts(None);
            frame.set_dts(None);
            frame.set_duration(None);
        }
        for output in &self.state().outputs {
            // An output that is stopping takes no frames any more.
            let _ = output.push_buffer(frame.clone());
        }
    }
}

/// The source of a pipeline that shows the frames: it is live, holds two frames at most and gives
/// them the times at which they came.
pub fn frames_source() -> gst_app::AppSrc {
    let source = gst_app::AppSrc::builder()
        .format(gst::Format::Time)
        .is_live(true)
        .do_timestamp(true)
        .build();
    source.set_property("max-buffers", 2u64);
    source.set_property_from_str("leaky-type", "downstream");
    source
}

#[cfg(test)]
mod tests;
