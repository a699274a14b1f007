// SPDX-License-Identifier: MPL-2.0

//! The frames on their way from the camera's pipeline to those that show them: the published
//! camera and the preview window, each a pipeline of its own that goes on whatever the camera's does.
//! While there are no frames, a plain dark picture is sent.

use crate::settings::Size;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Frames older than this are no longer the camera's last word: the dark picture takes over.
const PATIENCE: Duration = Duration::from_millis(500);
/// YUY2: a quarter of white, no colour; plainly no camera that is switched off.
const DARK: [u8; 2] = [48, 128];

struct State {
    outputs: Vec<gst_app::AppSrc>,
    newest: Option<Instant>,
}

/// Hands frames on; clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    state: Arc<Mutex<State>>,
    caps: gst::Caps,
    dark: gst::Buffer,
}

impl Hub {
    /// A hub for frames of one size, YUY2.
    pub fn new(size: Size, rate: i32) -> Self {
        // What v4l2sink compares with the device's caps must all be named: it refuses caps without a pixel
        // aspect ratio, and a loopback device knows no colorimetry of its own.
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

    /// The camera was closed: its last frame is history.
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
            // An output that is stopping takes none, and that is its own affair.
            let _ = output.push_buffer(frame.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst::prelude::*;

    #[test]
    fn dark_pictures_come_only_while_no_frames_do() {
        gst::init().expect("GStreamer is there");
        let size = Size {
            width: 16,
            height: 16,
        };
        let hub = Hub::new(size, 30);
        let pipeline = gst::parse::launch("appsrc name=in ! appsink name=out sync=false")
            .expect("it is right")
            .downcast::<gst::Pipeline>()
            .expect("it is a pipeline");
        let part = |name| pipeline.by_name(name).expect("it is named");
        hub.add(part("in").downcast().expect("it is an appsrc"));
        let out: gst_app::AppSink = part("out").downcast().expect("it is an appsink");
        pipeline.set_state(gst::State::Playing).expect("it plays");
        let next = || {
            let sample = out.try_pull_sample(gst::ClockTime::from_mseconds(500));
            sample.map(|sample| {
                let map = sample.buffer().expect("it has one").map_readable();
                map.expect("it is memory")[0]
            })
        };
        hub.push_dark();
        assert_eq!(next(), Some(DARK[0]));
        hub.push(&gst::Buffer::from_slice(vec![200u8; 16 * 16 * 2]));
        assert_eq!(next(), Some(200));
        hub.push_dark();
        assert_eq!(next(), None);
        hub.forget();
        hub.push_dark();
        assert_eq!(next(), Some(DARK[0]));
        pipeline.set_state(gst::State::Null).expect("it stops");
    }
}
