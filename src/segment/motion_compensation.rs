// SPDX-License-Identifier: MPL-2.0

//! Motion compensation: moves the newest matte along with the picture, for frames that get no matte
//! of their own. `crate::filter::motion::warp` does the work.

use super::error::SegmentError;
use crate::filter::motion::warp::{Warp, Warped};
use crate::filter::renewal::{Choice, Pictures, Renewal};
use crate::frame::{FrameFormat, FrameRef, GrayImage, LumaScaler, SampleError};
use crate::pool::MattePool;
use crate::simd;
use std::time::Duration;

/// Longest side of the pictures in which motion is estimated, in pixels.
const LONGEST_SIDE: usize = 256;

/// The luma of the frames that matter, at about the matte's resolution.
pub struct MotionCompensation {
    format: FrameFormat,
    size: (usize, usize),
    scaler: Option<LumaScaler>,
    /// The current frame.
    now: Luma,
    /// The frame before.
    last: Luma,
    /// The frame that the network runs on.
    running: Luma,
    /// The frame that the newest matte belongs to.
    finished: Luma,
    /// The frame that the matte which left last was made or moved for.
    shown: Luma,
    matte: GrayImage,
    follow: Warp,
    renewal: Renewal,
}

/// The luma of a frame, if the frame was read.
#[derive(Default)]
struct Luma {
    image: GrayImage,
    known: bool,
}

impl Luma {
    fn copy_from(&mut self, other: &Luma) {
        self.known = other.known;
        if other.known {
            self.image.resize(other.image.width(), other.image.height());
            self.image.data_mut().copy_from_slice(other.image.data());
        }
    }
}

impl MotionCompensation {
    /// For frames of one format and mattes of one size.
    pub fn new(format: FrameFormat, (width, height): (usize, usize)) -> Self {
        let part = width.max(height).div_ceil(LONGEST_SIDE).max(1);
        Self {
            format,
            size: (width.div_ceil(part), height.div_ceil(part)),
            scaler: None,
            now: Luma::default(),
            last: Luma::default(),
            running: Luma::default(),
            finished: Luma::default(),
            shown: Luma::default(),
            matte: GrayImage::default(),
            follow: Warp::default(),
            renewal: Renewal::default(),
        }
    }

    /// Goes on with frames of another format that show the same.
    pub fn change_format(&mut self, format: FrameFormat) {
        (self.format, self.scaler) = (format, None);
    }

    /// Whether the newest frame was read, so that a cut after it is noticed.
    pub fn sees_cuts(&self) -> bool {
        self.now.known
    }

    /// Begins a frame that is not read.
    pub fn skip(&mut self) {
        self.now.known = false;
    }

    /// Reads a frame. Returns whether it shows another scene than the frame before.
    ///
    /// # Errors
    /// [`SampleError`] if the frame cannot be sampled.
    pub fn read(&mut self, frame: &FrameRef) -> Result<bool, SampleError> {
        std::mem::swap(&mut self.last, &mut self.now);
        self.now.known = false;
        if self.scaler.is_none() {
            let (width, height) = self.size;
            self.scaler = Some(LumaScaler::new(self.format, width, height, simd::level())?);
        }
        let Some(scaler) = &mut self.scaler else {
            return Ok(false);
        };
        self.now.image.resize(self.size.0, self.size.1);
        scaler.scale(frame, &mut self.now.image.as_mut())?;
        self.now.known = true;
        if !self.last.known {
            return Ok(false);
        }
        let (last, now) = (self.last.image.as_ref(), self.now.image.as_ref());
        Ok(self.follow.is_cut(simd::level(), last, now))
    }

    /// Whether the newest matte's frame was read, so that the matte can be moved.
    pub fn can_compensate(&self) -> bool {
        self.finished.known
    }

    /// The network runs on the current frame.
    pub fn run_started(&mut self) {
        self.renewal.ran();
        self.running.copy_from(&self.now);
    }

    /// The run has finished with a matte.
    pub fn run_finished(&mut self, matte: &GrayImage) {
        std::mem::swap(&mut self.running, &mut self.finished);
        self.shown.known = false;
        self.matte.resize(matte.width(), matte.height());
        self.matte.data_mut().copy_from_slice(matte.data());
    }

    /// Forgets every frame.
    pub fn forget(&mut self) {
        for luma in [
            &mut self.now,
            &mut self.last,
            &mut self.running,
            &mut self.finished,
            &mut self.shown,
        ] {
            luma.known = false;
        }
        self.renewal.reset();
    }

    /// Mattes cannot be relied on: the next frames need runs, whatever they show.
    pub fn doubt(&mut self) {
        self.renewal.reset();
        self.shown.known = false;
    }

    /// The current frame leaves with a matte that fits it.
    pub fn show(&mut self) {
        self.shown.copy_from(&self.now);
    }

    /// Whether the next frame has to be read if the picture decides about runs.
    pub fn needs_picture(&self) -> bool {
        self.renewal.needs_picture()
    }

    /// What the current frame's picture asks for, `since_run` after the last run (none before the
    /// first). With [`Choice::Move`] comes the newest matte, moved to the frame.
    ///
    /// # Errors
    /// [`SegmentError::Memory`].
    pub fn judge(
        &mut self,
        pool: &MattePool,
        since_run: Option<Duration>,
    ) -> Result<(Choice, Option<gst::Sample>), SegmentError> {
        let known = self.now.known && self.finished.known && self.renewal.measures();
        let (true, Some(since_run)) = (known, since_run) else {
            return Ok((Choice::Run, None));
        };
        let shown = if self.shown.known {
            &self.shown
        } else {
            &self.finished
        };
        let pictures = Pictures {
            shown: shown.image.as_ref(),
            run: self.finished.image.as_ref(),
            now: self.now.image.as_ref(),
        };
        let (renewal, level) = (&mut self.renewal, simd::level());
        if let Some(choice) = renewal.look(level, pictures, since_run) {
            return Ok((choice, None));
        }
        let (moved, matte) = ((pictures.run, pictures.now), self.matte.as_ref());
        let (sample, choice) =
            pool.fill(|out| renewal.follow(level, moved, matte, since_run, out))?;
        Ok((choice, (choice == Choice::Move).then_some(sample)))
    }

    /// Moves the newest matte to the current frame. Returns what was found and, if that is
    /// [`Warped::Moved`], the matte. If either frame was not read, the picture counts as still.
    ///
    /// # Errors
    /// [`SegmentError::Memory`].
    pub fn apply(
        &mut self,
        pool: &MattePool,
    ) -> Result<(Warped, Option<gst::Sample>), SegmentError> {
        if !self.now.known || !self.finished.known {
            return Ok((Warped::Still, None));
        }
        let (then, now) = (self.finished.image.as_ref(), self.now.image.as_ref());
        let (follow, matte) = (&mut self.follow, self.matte.as_ref());
        let (sample, followed) =
            pool.fill(|out| follow.apply(simd::level(), then, now, matte, out))?;
        Ok((followed, (followed == Warped::Moved).then_some(sample)))
    }
}
