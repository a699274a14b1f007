// SPDX-License-Identifier: MPL-2.0

//! The picture that is read for a frame, and how near in time it must be.

use super::queue::SmallPicture;
use crate::timeline::{interval, scaled};
use crate::video::Stream;
use gst::ClockTime;
use std::sync::Arc;
use std::time::Duration;

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
/// the next one's picture must never do. `rate` is that of the segment.
pub fn tolerance(caps: &Stream, frame: &gst::BufferRef, rate: f64) -> ClockTime {
    let length = frame.duration().map(Duration::from);
    let length = length.filter(|length| !length.is_zero());
    let distance = interval(caps.info.fps(), rate)
        .or_else(|| length.and_then(|length| scaled(length, rate)))
        .and_then(|distance| ClockTime::try_from(distance).ok());
    distance.map_or(USUAL, |distance| (distance / 4).min(FARTHEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_nearer_to_its_frame_than_to_the_next() {
        gst::init().unwrap();
        let of = |fps: (i32, i32), duration: Option<u64>, rate: f64| {
            let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Nv12, 64, 48)
                .fps(fps)
                .build()
                .unwrap();
            let caps = Stream::from_caps(&info.to_caps().unwrap()).unwrap();
            let mut frame = gst::Buffer::new();
            let length = duration.map(ClockTime::from_mseconds);
            frame.get_mut().unwrap().set_duration(length);
            tolerance(&caps, &frame, rate)
        };
        assert_eq!(of((50, 1), None, 1.0), ClockTime::from_mseconds(5));
        assert_eq!(of((1, 1), None, 1.0), FARTHEST);
        assert_eq!(of((0, 1), Some(8), 1.0), ClockTime::from_mseconds(2));
        assert_eq!(of((0, 1), Some(0), 1.0), USUAL);
        assert_eq!(of((0, 1), None, 1.0), USUAL);
    }
}
