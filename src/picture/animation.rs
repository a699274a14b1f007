// SPDX-License-Identifier: MPL-2.0

//! The frames of an animation, decoded one after the other and not kept.

use super::decoding::{check_size, flatten};
use super::error::PictureError;
use super::limits::limits;
use super::profile::{Converter, Meaning};
use super::source::Source;
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::LoopCount;
use image::{AnimationDecoder, ImageDecoder, ImageFormat, RgbaImage};
use std::num::NonZeroU32;
use std::time::Duration;

/// How many frames a decoder may hold at a time, besides the one that it gives.
const HELD: u64 = 3;

/// A frame of an animation.
#[derive(Debug)]
pub struct AnimationFrame {
    /// Opaque pixels.
    pub image: RgbaImage,
    /// How long it is seen.
    pub delay: Duration,
}

/// The frames of one file in their order. A decoder holds its canvas and the frame it works on,
/// however long the animation is.
pub struct Frames {
    frames: image::Frames<'static>,
    loops: Option<NonZeroU32>,
    to_srgb: Option<Converter>,
}

impl Frames {
    /// Starts with the first frame.
    pub(super) fn new(source: &Source, format: ImageFormat) -> Result<Self, PictureError> {
        let reader = source.reader();
        match format {
            ImageFormat::Gif => {
                let mut decoder = GifDecoder::new(reader)?;
                decoder.set_limits(limits())?;
                check_size(&decoder, HELD + 1)?;
                let meaning = Meaning::of_icc(decoder.icc_profile()?.as_deref());
                Ok(Self::of(decoder, &meaning))
            }
            ImageFormat::WebP => {
                let mut decoder = WebPDecoder::new(reader)?;
                check_size(&decoder, HELD + 1)?;
                let meaning = Meaning::of_icc(decoder.icc_profile()?.as_deref());
                Ok(Self::of(decoder, &meaning))
            }
            _ => {
                let decoder = PngDecoder::with_limits(reader, limits())?;
                check_size(&decoder, HELD + 1)?;
                Ok(Self::of(decoder.apng()?, &Meaning::of_png(source)))
            }
        }
    }

    fn of(decoder: impl AnimationDecoder<'static>, meaning: &Meaning) -> Self {
        let loops = match decoder.loop_count() {
            LoopCount::Infinite => None,
            LoopCount::Finite(count) => Some(count),
        };
        Self {
            frames: decoder.into_frames(),
            loops,
            to_srgb: meaning.converter(),
        }
    }

    /// How often the animation plays; none: for ever.
    pub fn loops(&self) -> Option<NonZeroU32> {
        self.loops
    }
}

impl Iterator for Frames {
    type Item = Result<AnimationFrame, PictureError>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = match self.frames.next()? {
            Ok(frame) => frame,
            Err(error) => return Some(Err(error.into())),
        };
        // Browsers show delays below 20 ms as 100 ms; files rely on it.
        let delay = match Duration::from(frame.delay()) {
            d if d < Duration::from_millis(20) => Duration::from_millis(100),
            d => d,
        };
        let mut image = frame.into_buffer();
        if let Some(converter) = &self.to_srgb {
            converter.apply(&mut image);
        }
        flatten(&mut image);
        Some(Ok(AnimationFrame { image, delay }))
    }
}
