// SPDX-License-Identifier: MPL-2.0

//! The newest matte, carried over to frames that get none of their own: moved along with the
//! picture by `crate::filter::motion::warp`.

use crate::filter::motion::warp::{Follow, Followed};
use crate::frame::{FrameFormat, FrameRef, GrayImage, LumaScaler};
use crate::pool::MattePool;
use crate::simd;

/// Longest side of the pictures that motion is looked for in.
const MOST: usize = 256;

/// Pictures of the frames that matter, at about the matte's resolution.
pub struct Carrier {
    format: FrameFormat,
    size: (usize, usize),
    scaler: Option<LumaScaler>,
    /// The frame that passes now.
    now: Shot,
    /// The frame that the network is on.
    sent: Shot,
    /// The frame that the newest matte belongs to.
    settled: Shot,
    /// The frame before.
    last: Shot,
    matte: GrayImage,
    follow: Follow,
}

/// Luma of a frame, if it was looked at.
#[derive(Default)]
struct Shot {
    luma: GrayImage,
    known: bool,
}

impl Shot {
    fn copy_from(&mut self, other: &Shot) {
        self.known = other.known;
        if other.known {
            self.luma.resize(other.luma.width(), other.luma.height());
            self.luma.data_mut().copy_from_slice(other.luma.data());
        }
    }
}

impl Carrier {
    /// For frames of one format and mattes of one size.
    pub fn new(format: FrameFormat, (width, height): (usize, usize)) -> Self {
        let part = width.max(height).div_ceil(MOST).max(1);
        Self {
            format,
            size: (width.div_ceil(part), height.div_ceil(part)),
            scaler: None,
            now: Shot::default(),
            sent: Shot::default(),
            settled: Shot::default(),
            last: Shot::default(),
            matte: GrayImage::default(),
            follow: Follow::default(),
        }
    }

    /// Goes on with frames of another format that show the same.
    pub fn change_format(&mut self, format: FrameFormat) {
        (self.format, self.scaler) = (format, None);
    }

    /// Whether the newest frame was looked at, so that a cut after it would be seen.
    pub fn sees_cuts(&self) -> bool {
        self.now.known
    }

    /// Begins a frame that is not looked at.
    pub fn skip(&mut self) {
        self.now.known = false;
    }

    /// Looks at a frame. Returns whether it is another scene than the frame before.
    ///
    /// # Errors
    /// Where the frame cannot be sampled, in words.
    pub fn look(&mut self, frame: &FrameRef) -> Result<bool, String> {
        std::mem::swap(&mut self.last, &mut self.now);
        self.now.known = false;
        if self.scaler.is_none() {
            let (width, height) = self.size;
            let made = LumaScaler::new(self.format, width, height, simd::level());
            self.scaler = Some(made.map_err(|error| error.to_string())?);
        }
        let Some(scaler) = &mut self.scaler else {
            return Ok(false);
        };
        self.now.luma.resize(self.size.0, self.size.1);
        let scaled = scaler.scale(frame, &mut self.now.luma.as_mut());
        scaled.map_err(|error| error.to_string())?;
        self.now.known = true;
        Ok(self.last.known
            && self
                .follow
                .is_cut(self.last.luma.as_ref(), self.now.luma.as_ref()))
    }

    /// Whether the newest matte's frame was looked at, so that the matte can be moved.
    pub fn can_follow(&self) -> bool {
        self.settled.known
    }

    /// The frame of now went to the network.
    pub fn sent(&mut self) {
        self.sent.copy_from(&self.now);
    }

    /// The network's matte for the frame that was sent is there.
    pub fn settled(&mut self, matte: &GrayImage) {
        std::mem::swap(&mut self.sent, &mut self.settled);
        self.matte.resize(matte.width(), matte.height());
        self.matte.data_mut().copy_from_slice(matte.data());
    }

    /// Forgets every frame.
    pub fn forget(&mut self) {
        for shot in [
            &mut self.now,
            &mut self.sent,
            &mut self.settled,
            &mut self.last,
        ] {
            shot.known = false;
        }
    }

    /// The settled matte moved to the frame of now, where it moved: what was found and, if it is
    /// [`Followed::Moved`], the matte. Where either frame was not looked at, it counts as still.
    ///
    /// # Errors
    /// Where no memory can be had.
    pub fn carry(&mut self, pool: &MattePool) -> Result<(Followed, Option<gst::Sample>), String> {
        if !self.now.known || !self.settled.known {
            return Ok((Followed::Still, None));
        }
        let (then, now) = (self.settled.luma.as_ref(), self.now.luma.as_ref());
        let (follow, matte) = (&mut self.follow, self.matte.as_ref());
        let filled = pool.fill(|out| follow.apply(simd::level(), then, now, matte, out));
        let (sample, followed) = filled.map_err(|error| error.to_string())?;
        Ok((followed, (followed == Followed::Moved).then_some(sample)))
    }
}
