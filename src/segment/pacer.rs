// SPDX-License-Identifier: MPL-2.0

//! Whether a frame is worth a run of the network: while nothing moves, none is.

use crate::frame::{FrameFormat, FrameRef, StillDetector};
use crate::simd;
use std::time::Duration;

/// A run at least this often, however still the scene.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// Decides frame by frame. The detector is made when it is first wanted.
#[derive(Debug)]
pub struct Pacer {
    format: FrameFormat,
    detector: Option<StillDetector>,
}

impl Pacer {
    /// A pacer for frames of one format.
    pub fn new(format: FrameFormat) -> Self {
        Self {
            format,
            detector: None,
        }
    }

    /// Goes on with frames of another format. What it has seen was measured in the old one, so the next
    /// frame is worth a run.
    pub fn change_format(&mut self, format: FrameFormat) {
        *self = Self::new(format);
    }

    /// Whether the network should run on a frame, `rested` after its last run. A threshold of 0 says
    /// yes to every frame, and looks at none.
    ///
    /// # Errors
    /// Where the frame cannot be looked at, in words.
    pub fn needs_run(
        &mut self,
        frame: &FrameRef,
        rested: Option<Duration>,
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
        let rested = rested.is_none_or(|rested| rested >= LONGEST_REST);
        Ok(rested || change > threshold)
    }

    /// Notes that the network runs on the frame that was looked at last.
    pub fn ran(&mut self) {
        if let Some(detector) = &mut self.detector {
            detector.take_reference();
        }
    }

    /// Forgets the past: the next frame is worth a run.
    pub fn forget(&mut self) {
        if let Some(detector) = &mut self.detector {
            detector.forget();
        }
    }
}
