// SPDX-License-Identifier: MPL-2.0

//! Frames as they are published: one size, YUY2, bt601 in limited range, whatever the camera gives.
//!
//! Viewers of a virtual camera read its video as bt601 limited, whatever its caps say: PipeWire and
//! v4l2loopback carry no colorimetry. GStreamer's `videoconvert` leaves the range as it is if the
//! matrix stays the same, as it does from a camera's JPEG (bt601, full range), and truncates. The
//! plugin's own converter does layout, size and colour in one pass, rounded.

use gst_video::prelude::*;
use gstmatte::blend::{BlendError, Fit, Placement, Rescaler};
use gstmatte::frame::{Orientation, View};
use gstmatte::video::{MapError, Stream};

/// Colour of the bars beside a picture of another shape.
const BLACK: u32 = 0xff00_0000;

/// Why a frame cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// What came is no frame with caps.
    #[error("a frame without caps or without memory")]
    Empty,
    /// The caps are no raw video that can be converted.
    #[error("{0}")]
    Caps(#[from] gst::LoggableError),
    /// The memory is not what the caps say.
    #[error("{0}")]
    Map(#[from] MapError),
    /// The sizes cannot be converted.
    #[error("{0}")]
    Blend(#[from] BlendError),
    /// No memory.
    #[error("no memory for a published frame")]
    Memory,
}

/// How frames of some caps are converted.
struct Plan {
    caps: gst::Caps,
    from: Stream,
    /// Whether frames are already what is published.
    same: bool,
    rescaler: Rescaler,
}

impl Plan {
    /// Whether a frame can go on as it is: its rows lie as the published caps say.
    fn passes(&self, frame: &gst::BufferRef) -> bool {
        let info = &self.from.info;
        let plain = |meta: gst::MetaRef<gst_video::VideoMeta>| {
            (meta.width(), meta.height()) == (info.width(), info.height())
                && meta.offset() == info.offset()
                && meta.stride() == info.stride()
        };
        self.same
            && frame.size() == info.size()
            && frame.meta::<gst_video::VideoCropMeta>().is_none()
            && frame.meta::<gst_video::VideoMeta>().is_none_or(plain)
    }
}

/// Converts the frames of one camera.
pub struct Converter {
    to: Stream,
    pool: gst_video::VideoBufferPool,
    plan: Option<Plan>,
}

impl Converter {
    /// A converter to frames of these caps, square pixels.
    ///
    /// # Errors
    /// If the caps are no raw video or a frame has no memory.
    pub fn new(to: &gst::CapsRef) -> Result<Self, ConvertError> {
        let stream = Stream::from_caps(to)?;
        let pool = gst_video::VideoBufferPool::new();
        let mut config = pool.config();
        let size = u32::try_from(stream.info.size()).map_err(|_| ConvertError::Memory)?;
        config.set_params(Some(&to.to_owned()), size, 0, 0);
        pool.set_config(config).map_err(|_| ConvertError::Memory)?;
        pool.set_active(true).map_err(|_| ConvertError::Memory)?;
        Ok(Self {
            to: stream,
            pool,
            plan: None,
        })
    }

    /// The frame as it is published; the same memory if nothing is to be done.
    ///
    /// # Errors
    /// If the sample holds no frame of its caps.
    pub fn convert(&mut self, sample: &gst::Sample) -> Result<gst::Buffer, ConvertError> {
        let (Some(caps), Some(frame)) = (sample.caps(), sample.buffer_owned()) else {
            return Err(ConvertError::Empty);
        };
        let known = |plan: &Plan| plan.caps.as_ref() == caps;
        if !self.plan.as_ref().is_some_and(known) {
            self.plan = Some(plan(caps, &self.to)?);
        }
        let plan = self.plan.as_mut().ok_or(ConvertError::Empty)?;
        if plan.passes(&frame) {
            return Ok(frame);
        }
        let rescaler = &mut plan.rescaler;
        let new = self.pool.acquire_buffer(None);
        let mut published = new.map_err(|_| ConvertError::Memory)?;
        let out = published.get_mut().ok_or(ConvertError::Memory)?;
        plan.from.read(&frame, |frame| {
            self.to.write(out, |out| rescaler.convert_into(frame, out))
        })???;
        Ok(published)
    }
}

impl Drop for Converter {
    fn drop(&mut self) {
        // Deactivation only fails for pools that were never active.
        let _ = self.pool.set_active(false);
    }
}

/// How frames of some caps become those that are published.
fn plan(caps: &gst::CapsRef, to: &Stream) -> Result<Plan, ConvertError> {
    let from = Stream::from_caps(caps)?;
    let mut target = to.frame_format();
    // Nobody is told where chroma lies: it stays where it is, unless it must be made anew.
    target.color.site = from.color.site;
    let par = from.info.par();
    let placement = Placement {
        fit: Fit::Contain,
        from: from.view(Orientation::Rotate0),
        to: View::default(),
        bars: BLACK,
    };
    let level = gstmatte::simd::level();
    Ok(Plan {
        caps: caps.to_owned(),
        same: from.frame_format() == target && par.numer() == par.denom(),
        rescaler: Rescaler::new(from.frame_format(), target, placement, level)?,
        from,
    })
}

#[cfg(test)]
mod tests;
