// SPDX-License-Identifier: MPL-2.0

//! Which part of a buffer's pixels its caps mean.
//!
//! Caps say how large the frame is, a `GstVideoMeta` how large the picture in memory is, and a
//! `GstVideoCropMeta` which rectangle of that picture the frame is. Without a crop meta it is the
//! top left corner, as everywhere in GStreamer.

use super::MapError;
use crate::frame::{PixelLayout, Rectangle};
use gst_video::{VideoCropMeta, VideoFormat, VideoMeta};

/// What a buffer's metas say about its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metas {
    /// Format, width and height of the video meta.
    pub stored: Option<(VideoFormat, usize, usize)>,
    /// The rectangle of the crop meta.
    pub crop: Option<Rectangle>,
}

impl Metas {
    /// The metas of a buffer.
    pub fn of(buffer: &gst::BufferRef) -> Self {
        let stored = buffer.meta::<VideoMeta>().map(|meta| {
            let (width, height) = (meta.width() as usize, meta.height() as usize);
            (meta.format(), width, height)
        });
        let crop = buffer.meta::<VideoCropMeta>().map(|meta| {
            let (x, y, width, height) = meta.rect();
            Rectangle {
                x: x as usize,
                y: y as usize,
                width: width as usize,
                height: height as usize,
            }
        });
        Self { stored, crop }
    }
}

/// A frame within the picture that a buffer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visible {
    /// Width and height of the picture in memory.
    pub stored: (usize, usize),
    /// The frame.
    pub frame: Rectangle,
    /// Whether a crop meta says so.
    pub cropped: bool,
}

impl Visible {
    /// Whether the picture in memory is the frame and nothing else.
    pub fn is_all(&self) -> bool {
        self.stored == (self.frame.width, self.frame.height)
    }

    /// The frame from the first chroma sample that it has a share in, and how many columns and
    /// rows that begins before the frame: 0 but for crops that split chroma samples.
    pub fn from_whole_samples(&self, layout: PixelLayout) -> (Rectangle, (usize, usize)) {
        let (columns, rows) = layout.grain();
        let frame = self.frame;
        let (left, top) = (frame.x % columns, frame.y % rows);
        let part = Rectangle {
            x: frame.x - left,
            y: frame.y - top,
            width: frame.width + left,
            height: frame.height + top,
        };
        (part, (left, top))
    }
}

/// Finds the frame of `size` that caps of `format` mean.
///
/// # Errors
/// [`MapError`] where the metas contradict the caps or each other: the pixels then may be anything.
pub fn visible(
    format: VideoFormat,
    size: (usize, usize),
    metas: Metas,
) -> Result<Visible, MapError> {
    let stored = match metas.stored {
        None => size,
        Some((found, ..)) if found != format => {
            return Err(MapError::Format {
                found: found.to_str(),
                expected: format.to_str(),
            });
        }
        Some((_, width, height)) => (width, height),
    };
    let frame = match metas.crop {
        None => Rectangle {
            x: 0,
            y: 0,
            width: size.0,
            height: size.1,
        },
        Some(crop) if (crop.width, crop.height) != size => {
            return Err(MapError::Crop {
                found: (crop.width, crop.height),
                expected: size,
            });
        }
        Some(crop) => crop,
    };
    if !frame.lies_within(stored) {
        return Err(MapError::Outside { frame, stored });
    }
    Ok(Visible {
        stored,
        frame,
        cropped: metas.crop.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NV12: VideoFormat = VideoFormat::Nv12;
    const SIZE: (usize, usize) = (480, 380);

    fn part(x: usize, y: usize, width: usize, height: usize) -> Rectangle {
        Rectangle {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn the_frame_is_where_caps_and_metas_say_together() {
        let full = Some((NV12, 640, 480));
        for (stored, crop, found) in [
            (None, None, Some(part(0, 0, 480, 380))),
            (Some((NV12, 480, 380)), None, Some(part(0, 0, 480, 380))),
            (full, None, Some(part(0, 0, 480, 380))),
            (
                full,
                Some(part(160, 100, 480, 380)),
                Some(part(160, 100, 480, 380)),
            ),
            (full, Some(part(0, 0, 480, 380)), Some(part(0, 0, 480, 380))),
            (None, Some(part(0, 0, 480, 380)), Some(part(0, 0, 480, 380))),
            (full, Some(part(161, 99, 480, 380)), None),
            (full, Some(part(160, 101, 480, 380)), None),
            (full, Some(part(160, 100, 470, 380)), None),
            (full, Some(part(0, 0, 640, 480)), None),
            (full, Some(part(u32::MAX as usize, 0, 480, 380)), None),
            (None, Some(part(1, 0, 480, 380)), None),
            (Some((NV12, 479, 480)), None, None),
            (Some((NV12, 0, 0)), None, None),
            (Some((VideoFormat::I420, 640, 480)), None, None),
            (Some((VideoFormat::Unknown, 640, 480)), None, None),
        ] {
            let result = visible(NV12, SIZE, Metas { stored, crop });
            let frame = result.as_ref().ok().map(|visible| visible.frame);
            assert_eq!(frame, found, "{stored:?} {crop:?}: {result:?}");
        }
    }

    #[test]
    fn a_contradiction_says_what_was_found_and_what_was_expected() {
        let metas = Metas {
            stored: Some((NV12, 640, 480)),
            crop: Some(part(0, 0, 100, 90)),
        };
        let words = visible(NV12, SIZE, metas).unwrap_err().to_string();
        assert!(
            words.contains("100x90") && words.contains("480x380"),
            "{words}"
        );
        let metas = Metas {
            stored: Some((VideoFormat::I420, 640, 480)),
            crop: None,
        };
        let words = visible(NV12, SIZE, metas).unwrap_err().to_string();
        assert!(words.contains("I420") && words.contains("NV12"), "{words}");
    }

    #[test]
    fn a_view_begins_with_a_whole_chroma_sample() {
        for (layout, frame, view, before) in [
            (
                PixelLayout::Nv12,
                part(4, 6, 5, 5),
                part(4, 6, 5, 5),
                (0, 0),
            ),
            (
                PixelLayout::Nv12,
                part(5, 7, 5, 6),
                part(4, 6, 6, 7),
                (1, 1),
            ),
            (
                PixelLayout::Yuy2,
                part(5, 7, 5, 6),
                part(4, 7, 6, 6),
                (1, 0),
            ),
            (PixelLayout::Rgb, part(5, 7, 5, 6), part(5, 7, 5, 6), (0, 0)),
        ] {
            let visible = Visible {
                stored: (20, 20),
                frame,
                cropped: true,
            };
            assert_eq!(visible.from_whole_samples(layout), (view, before));
        }
    }
}
