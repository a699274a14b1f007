// SPDX-License-Identifier: MPL-2.0

//! What a viewer sees of a frame: the visible part of it, without padding, as its own kind of colour at
//! 16 bits. GStreamer's converter reads it, not the code that is tested.

use gst_video::prelude::*;
use gst_video::{VideoConverter, VideoConverterConfig, VideoFormat, VideoFrame, VideoInfo};

/// Pixels along the direction in which subject and background lie beside each other, at least.
const SMALLEST: u32 = 32;

/// The part of a frame in which all is background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    Everything,
    Right,
    Left,
    Bottom,
    Top,
}

impl Region {
    /// The quarter that is farthest from the left of the upright picture. What is set wins over the
    /// tag.
    pub fn far_from_left(property: &str, tag: &str) -> Self {
        match (property, tag) {
            ("auto", "rotate-0" | "flip-rotate-180") | ("identity" | "vert", _) => Self::Right,
            ("auto", "rotate-180" | "flip-rotate-0") | ("180" | "horiz", _) => Self::Left,
            // Turned clockwise, the lower edge becomes the left one.
            ("auto", "rotate-90" | "flip-rotate-90") | ("90r" | "ur-ll", _) => Self::Top,
            _ => Self::Bottom,
        }
    }

    /// Whether the soft edge of a matte whose pixels are an eighth of the picture ends before the region:
    /// in pictures of a few pixels it does not.
    pub fn is_far(self, info: &VideoInfo) -> bool {
        let side = match self {
            Self::Left | Self::Right => info.width(),
            _ => info.height(),
        };
        side >= SMALLEST
    }

    fn holds(self, (x, y): (usize, usize), (width, height): (usize, usize)) -> bool {
        match self {
            Self::Everything => true,
            Self::Right => 4 * x >= 3 * width,
            Self::Left => 4 * (x + 1) <= width,
            Self::Bottom => 4 * y >= 3 * height,
            Self::Top => 4 * (y + 1) <= height,
        }
    }
}

/// The pixels of a region.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pixels: Vec<(usize, usize, [u16; 4])>,
}

impl Seen {
    /// What is seen of a frame in a region of its visible part.
    pub fn of(frame: &gst::Buffer, caps: &gst::CapsRef, region: Region) -> Self {
        let info = VideoInfo::from_caps(caps).expect("raw video");
        let Ok(readable) = VideoFrame::from_buffer_readable(frame.clone(), &info) else {
            return Self::bytes(frame);
        };
        // A VideoMeta may say that there is more than the caps do.
        let held = readable.info().clone();
        let whole = (held.width() as usize, held.height() as usize);
        let crop = frame
            .meta::<gst_video::VideoCropMeta>()
            .map(|meta| meta.rect());
        let (left, top, width, height) = match crop {
            Some((x, y, w, h)) => (x as usize, y as usize, w as usize, h as usize),
            None => (0, 0, info.width() as usize, info.height() as usize),
        };
        let lines = wide(&readable, &held);
        let mut pixels = Vec::new();
        for y in top..(top + height).min(whole.1) {
            for x in left..(left + width).min(whole.0) {
                if region.holds((x - left, y - top), (width, height)) {
                    pixels.push((x, y, lines[y * whole.0 + x]));
                }
            }
        }
        Self { pixels }
    }

    /// All of a frame that is none of its caps, as it came in: whoever looks at it has its bytes.
    fn bytes(frame: &gst::Buffer) -> Self {
        let bytes = frame.map_readable().expect("it is memory");
        let pixel = |(i, byte): (usize, &u8)| (i, 0, [u16::from(*byte); 4]);
        Self {
            pixels: bytes.iter().enumerate().map(pixel).collect(),
        }
    }

    /// The first pixel that differs, in words.
    pub fn difference(one: &Option<Self>, other: &Option<Self>) -> String {
        let (Some(one), Some(other)) = (one, other) else {
            return "seen once only".into();
        };
        let pairs = one.pixels.iter().zip(&other.pixels);
        let differing: Vec<_> = pairs.filter(|(a, b)| a != b).collect();
        match differing.first() {
            Some(first) => format!(
                "{first:?} and {} of {} more",
                differing.len() - 1,
                one.pixels.len()
            ),
            None => format!("{} pixels, {}", one.pixels.len(), other.pixels.len()),
        }
    }
}

/// A frame's pixels, four components of 16 bits each; a sample of chroma belongs to the pixels over it.
fn wide(frame: &VideoFrame<gst_video::video_frame::Readable>, info: &VideoInfo) -> Vec<[u16; 4]> {
    let to = match info.is_rgb() {
        true => VideoFormat::Argb64,
        false => VideoFormat::Ayuv64,
    };
    let mut to = VideoInfo::builder(to, info.width(), info.height()).fps(info.fps());
    let color = info.colorimetry();
    if !info.is_gray() {
        to = to.colorimetry(&color);
    }
    let to = to.build().expect("the same size");
    let mut config = VideoConverterConfig::new();
    config.set_chroma_resampler_method(gst_video::VideoResamplerMethod::Nearest);
    config.set_dither_method(gst_video::VideoDitherMethod::None);
    config.set_matrix_mode(gst_video::VideoMatrixMode::None);
    let converter = VideoConverter::new(info, &to, Some(config)).expect("known formats");
    let target = gst::Buffer::with_size(to.size()).expect("memory");
    let mut writable = VideoFrame::from_buffer_writable(target, &to).expect("a frame");
    converter.frame(frame, &mut writable);
    let (pixels, _) = writable.plane_data(0).expect("one plane").as_chunks::<8>();
    // What lies beside the colours of RGBx and the like is nobody's.
    let first = usize::from(!info.has_alpha());
    let pixel = |bytes: &[u8; 8]| {
        std::array::from_fn(|i| match i < first {
            true => u16::MAX,
            false => u16::from_ne_bytes([bytes[2 * i], bytes[2 * i + 1]]),
        })
    };
    pixels.iter().map(pixel).collect()
}
