// SPDX-License-Identifier: MPL-2.0

//! What the streaming thread of `matterefine` owns, and the way of one matte through it.

use super::error::RefineError;
use super::screen::ScreenWatch;
use crate::filter::{Refiner, Stats, Timing};
use crate::frame::{GrayRef, Orientation};
use crate::meta::{Matte, Stage, same_shape};
use crate::pool::{MattePool, read_matte};
use crate::simd;
use crate::video::Stream;
use std::time::Duration;

/// What the streaming thread owns between caps.
pub(super) struct State {
    pub stream: Stream,
    pub aspect: gst::Fraction,
    /// What makes the frames upright; regions are the viewer's.
    pub orientation: Orientation,
    pub refiner: Refiner,
    pub pool: Option<MattePool>,
    #[cfg(feature = "v1_26")]
    pub masks: crate::analytics::Masks,
    /// The last refined matte, and the raw one that it comes from, for frames of a still scene.
    pub last: Option<gst::Sample>,
    pub last_raw: Option<gst::Sample>,
    /// The past is to be forgotten at the next frame.
    pub discont: bool,
    /// Time of the scene up to the newest frame.
    pub time: Duration,
    pub failing: bool,
    /// What was reported about the key's screen.
    pub screen: ScreenWatch,
}

impl State {
    /// Makes ready for frames of a stream, with nothing known about the scene.
    pub fn new(stream: Stream) -> Self {
        Self {
            aspect: stream.display_aspect(),
            stream,
            orientation: Orientation::Rotate0,
            refiner: Refiner::new(simd::level()),
            pool: None,
            #[cfg(feature = "v1_26")]
            masks: Default::default(),
            last: None,
            last_raw: None,
            discont: true,
            time: Duration::ZERO,
            failing: false,
            screen: ScreenWatch::default(),
        }
    }

    /// Whether frames of a stream show the same part of the scene as those before.
    pub fn is_seen_in(&self, stream: &Stream) -> bool {
        same_shape(self.aspect, stream.display_aspect())
    }

    /// Checks that a matte covers the frame of a buffer.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check_covers(&self, buffer: &gst::BufferRef, matte: &Matte) -> Result<(), RefineError> {
        let visible = self.stream.check(buffer)?;
        if !matte.lies_on(&visible) {
            return Err(RefineError::Cropped);
        }
        match matte.fits(self.aspect) {
            true => Ok(()),
            false => Err(RefineError::AspectRatio),
        }
    }

    /// The refined matte of a frame that shows nothing new since `raw` was refined.
    pub fn refined_before(&mut self, raw: &Matte) -> Option<Matte> {
        let (of, refined) = (self.last_raw.as_ref()?, self.last.as_ref()?);
        if !raw.still || self.discont || of.as_ptr() != raw.sample.as_ptr() {
            return None;
        }
        self.refiner.repeat(Some(self.time));
        Some(Matte {
            sample: refined.clone(),
            stage: Stage::Refined,
            screen: self.refiner.screen(),
            ..raw.clone()
        })
    }

    /// Refines a frame's matte.
    ///
    /// # Errors
    /// If frame or matte cannot be read, or there is no memory.
    pub fn refine(
        &mut self,
        buffer: &gst::BufferRef,
        raw: &Matte,
    ) -> Result<(Matte, Stats), RefineError> {
        let (stream, refiner) = (&self.stream, &mut self.refiner);
        let size = refiner.output_size(stream.width(), stream.height());
        let pool = match &mut self.pool {
            Some(pool) if (pool.width(), pool.height()) == size => pool,
            slot => slot.insert(MattePool::new(size.0, size.1)?),
        };
        let timing = Timing {
            pts: Some(self.time),
            discont: std::mem::take(&mut self.discont),
        };
        let mut refine = |gray: GrayRef<'_>, last: Option<GrayRef<'_>>| {
            stream.read(buffer, |frame| {
                pool.fill(|out| refiner.apply_into(gray, frame, timing, last, out))
            })
        };
        let (sample, stats) = read_matte(&raw.sample, |gray| match &self.last {
            Some(last) => read_matte(last, |last| refine(gray, Some(last))),
            None => Ok(refine(gray, None)),
        })????;
        let stats = stats?;
        self.last = Some(sample.clone());
        self.last_raw = Some(raw.sample.clone());
        let matte = Matte {
            sample,
            stage: Stage::Refined,
            screen: refiner.screen(),
            ..raw.clone()
        };
        Ok((matte, stats))
    }
}
