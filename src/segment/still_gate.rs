// SPDX-License-Identifier: MPL-2.0

//! The still gate: no frame needs a run of the network while nothing moves.

use crate::filter::renewal::LONGEST_REST;
use crate::frame::{FrameFormat, FrameRef, SampleError, StillDetector};
use crate::simd;
use std::time::Duration;

/// Opens for frames that need a run. The detector is made when it is first needed.
#[derive(Debug)]
pub struct StillGate {
    format: FrameFormat,
    detector: Option<StillDetector>,
}

impl StillGate {
    /// A gate for frames of one format.
    pub fn new(format: FrameFormat) -> Self {
        Self {
            format,
            detector: None,
        }
    }

    /// Goes on with frames of another format. What it knows was measured in the old one, so the
    /// next frame needs a run.
    pub fn change_format(&mut self, format: FrameFormat) {
        *self = Self::new(format);
    }

    /// Whether a frame needs a run, `since_run` after the last one (none before the first). With a
    /// threshold of 0 every frame does, and none is read. The threshold is a share of white.
    ///
    /// # Errors
    /// [`SampleError`] if the frame cannot be read.
    pub fn needs_run(
        &mut self,
        frame: &FrameRef,
        since_run: Option<Duration>,
        threshold: f32,
    ) -> Result<bool, SampleError> {
        if threshold <= 0.0 {
            self.detector = None;
            return Ok(true);
        }
        if self.detector.is_none() {
            self.detector = Some(StillDetector::new(self.format, simd::level())?);
        }
        let Some(detector) = &mut self.detector else {
            return Ok(true);
        };
        let change = detector.change(frame)?;
        Ok(change > threshold || since_run.is_none_or(|time| time >= LONGEST_REST))
    }

    /// Notes that the network runs on the frame that was asked about last.
    pub fn run_started(&mut self) {
        if let Some(detector) = &mut self.detector {
            detector.take_reference();
        }
    }

    /// Forgets the past: the next frame needs a run.
    pub fn forget(&mut self) {
        if let Some(detector) = &mut self.detector {
            detector.forget();
        }
    }
}
