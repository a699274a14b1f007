// SPDX-License-Identifier: MPL-2.0

//! Whether a frame is worth a run of the network: while nothing moves, none is.

use crate::frame::{FrameFormat, FrameRef, StillDetector};
use crate::simd;

/// A run at least this often, however still the scene.
const LONGEST_REST: gst::ClockTime = gst::ClockTime::from_seconds(1);

/// Decides frame by frame. The detector is made when it is first wanted.
#[derive(Debug)]
pub struct Pacer {
    format: FrameFormat,
    detector: Option<StillDetector>,
    last_run: Option<gst::ClockTime>,
}

impl Pacer {
    /// A pacer for frames of one format.
    pub fn new(format: FrameFormat) -> Self {
        Self {
            format,
            detector: None,
            last_run: None,
        }
    }

    /// Whether the network should run on a frame. A threshold of 0 says yes to every frame, and
    /// looks at none.
    ///
    /// # Errors
    /// Where the frame cannot be looked at, in words.
    pub fn needs_run(
        &mut self,
        frame: &FrameRef,
        pts: Option<gst::ClockTime>,
        threshold: f32,
    ) -> Result<bool, String> {
        if threshold <= 0.0 {
            self.detector = None;
            return Ok(true);
        }
        if self.detector.is_none() {
            let made = StillDetector::new(self.format, simd::level());
            self.detector = Some(made.map_err(|error| error.to_string())?);
        }
        let Some(detector) = &mut self.detector else {
            return Ok(true);
        };
        let change = detector.change(frame).map_err(|error| error.to_string())?;
        let rested = match (self.last_run, pts) {
            (Some(last), Some(now)) => now.saturating_sub(last) >= LONGEST_REST || now < last,
            _ => true,
        };
        Ok(rested || change > threshold)
    }

    /// Notes that the network runs on the frame that was looked at last.
    pub fn ran(&mut self, pts: Option<gst::ClockTime>) {
        self.last_run = pts;
        if let Some(detector) = &mut self.detector {
            detector.take_reference();
        }
    }

    /// Forgets the past: the next frame is worth a run.
    pub fn forget(&mut self) {
        self.last_run = None;
        if let Some(detector) = &mut self.detector {
            detector.forget();
        }
    }
}
