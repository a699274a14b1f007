// SPDX-License-Identifier: MPL-2.0

//! The picture that is read for a frame, and how near in time it must be.

use super::queue::SmallPicture;
use crate::video::Stream;
use gst::ClockTime;
use std::sync::Arc;

/// The times of a frame and of its picture differ by no more than this.
const FARTHEST: ClockTime = ClockTime::from_mseconds(10);
/// The same if the distance of frames is not known.
const USUAL: ClockTime = ClockTime::from_mseconds(5);

/// What is read for a frame.
pub enum Picture {
    /// The frame itself.
    Frame,
    /// A picture of the small stream that shows the same.
    Small(SmallPicture),
    /// Nothing: the frame lies between two pictures of a slower small stream.
    Between,
    /// Nothing: the picture did not come, or the frame needs none.
    Missing,
}

impl Picture {
    /// The buffer to read and its caps, if `frame` with `caps` is the frame.
    pub fn source<'a>(
        &'a self,
        frame: &'a gst::BufferRef,
        caps: &Arc<Stream>,
    ) -> Option<(&'a gst::BufferRef, Arc<Stream>)> {
        match self {
            Self::Frame => Some((frame, Arc::clone(caps))),
            Self::Small(picture) => Some((&picture.buffer, Arc::clone(&picture.stream))),
            Self::Between | Self::Missing => None,
        }
    }
}

/// How far a picture's time may be from its frame's: a quarter of the way to the next frame, since
/// the next one's picture must never do.
pub fn tolerance(caps: &Stream, frame: &gst::BufferRef) -> ClockTime {
    let fps = caps.info.fps();
    let rate = (
        u64::from(fps.numer().unsigned_abs()),
        u64::from(fps.denom().unsigned_abs()),
    );
    let second = ClockTime::SECOND.nseconds();
    let declared = (second * rate.1)
        .checked_div(rate.0)
        .map(ClockTime::from_nseconds);
    let distance = declared.or(frame.duration().filter(|length| *length > ClockTime::ZERO));
    distance.map_or(USUAL, |distance| (distance / 4).min(FARTHEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_nearer_to_its_frame_than_to_the_next() {
        gst::init().unwrap();
        let of = |fps: (i32, i32), duration: Option<u64>| {
            let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Nv12, 64, 48)
                .fps(fps)
                .build()
                .unwrap();
            let caps = Stream::from_caps(&info.to_caps().unwrap()).unwrap();
            let mut frame = gst::Buffer::new();
            let length = duration.map(ClockTime::from_mseconds);
            frame.get_mut().unwrap().set_duration(length);
            tolerance(&caps, &frame)
        };
        assert_eq!(of((50, 1), None), ClockTime::from_mseconds(5));
        assert_eq!(of((1, 1), None), FARTHEST);
        assert_eq!(of((0, 1), Some(8)), ClockTime::from_mseconds(2));
        assert_eq!(of((0, 1), Some(0)), USUAL);
        assert_eq!(of((0, 1), None), USUAL);
    }
}
