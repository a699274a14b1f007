// SPDX-License-Identifier: MPL-2.0

//! Background pictures out of files: PNG (also animated), JPEG, WebP (also animated) and GIF,
//! turned upright as their EXIF orientation says, fitted into a frame.

use super::backdrop::{Backdrop, Rgba, argb};
use crate::frame::{FrameError, FrameFormat};
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::imageops::{self, FilterType};
use image::{
    AnimationDecoder, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    RgbaImage,
};
use std::io::{BufRead, BufReader, Cursor, Error, ErrorKind, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest side of a picture that is accepted.
const MAX_SIDE: u32 = 16_384;
/// Most memory that a picture may take, decoded.
const MAX_BYTES: u64 = 512 << 20;

/// How a picture of another shape fills the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fit {
    /// Fills the frame, keeps its shape, loses what sticks out.
    #[default]
    Cover,
    /// Wholly visible, keeps its shape, bars of one colour around it.
    Contain,
    /// Fills the frame, loses its shape.
    Stretch,
    /// Its own size, repeated from the top left corner.
    Tile,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file cannot be read.
    #[error(
        "cannot read the background picture {path}: {source}; name a PNG, JPEG, WebP or GIF that can be read"
    )]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The data is not a picture that can be decoded.
    #[error("cannot decode the background picture: {0}; PNG, JPEG, WebP and GIF are understood")]
    Decode(ImageError),
    /// The picture is too large.
    #[error(
        "the background picture is larger than {MAX_SIDE} pixels a side or {} MB in memory; \
         scale it to about the video's size",
        MAX_BYTES >> 20
    )]
    Huge,
    /// The picture has no pixels.
    #[error("the background picture is empty")]
    Empty,
}

impl From<ImageError> for PictureError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::Huge,
            error => Self::Decode(error),
        }
    }
}

/// A decoded picture, still or animated.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Frames and the time at which each ends; a still picture has one.
    frames: Vec<(RgbaImage, Duration)>,
}

impl Picture {
    /// Reads a file.
    ///
    /// # Errors
    /// [`PictureError`] says what is wrong with the file.
    pub fn open(path: &Path) -> Result<Self, PictureError> {
        let error = |source| PictureError::Read {
            path: path.to_owned(),
            source,
        };
        // Opening a pipe would wait for a writer.
        if !std::fs::metadata(path).map_err(error)?.is_file() {
            let problem = "expected a plain file";
            return Err(error(Error::new(ErrorKind::InvalidInput, problem)));
        }
        let file = std::fs::File::open(path).map_err(error)?;
        Self::read(BufReader::new(file))
    }

    /// Decodes a file's content.
    ///
    /// # Errors
    /// [`PictureError`] says what is wrong with the content.
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        Self::read(Cursor::new(bytes))
    }

    /// One frame of pixels that are already there.
    ///
    /// # Errors
    /// [`PictureError::Empty`] without pixels.
    pub fn from_rgba(image: RgbaImage) -> Result<Self, PictureError> {
        Self::from_frames(vec![(image, Duration::ZERO)])
    }

    fn from_frames(frames: Vec<(RgbaImage, Duration)>) -> Result<Self, PictureError> {
        if frames.is_empty()
            || frames
                .iter()
                .any(|(f, _)| f.width() == 0 || f.height() == 0)
        {
            return Err(PictureError::Empty);
        }
        Ok(Self { frames })
    }

    fn read(data: impl BufRead + Seek) -> Result<Self, PictureError> {
        let mut reader = ImageReader::new(data)
            .with_guessed_format()
            .map_err(|e| PictureError::Decode(e.into()))?;
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
        limits.max_alloc = Some(MAX_BYTES);
        reader.limits(limits.clone());
        match reader.format() {
            Some(ImageFormat::Gif) => {
                let mut decoder = GifDecoder::new(reader.into_inner())?;
                decoder.set_limits(limits)?;
                return animation(decoder);
            }
            Some(ImageFormat::WebP) => {
                let mut decoder = WebPDecoder::new(reader.into_inner())?;
                decoder.set_limits(limits)?;
                if decoder.has_animation() {
                    return animation(decoder);
                }
                return still(decoder);
            }
            Some(ImageFormat::Png) => {
                let decoder = PngDecoder::with_limits(reader.into_inner(), limits)?;
                if decoder.is_apng()? {
                    return animation(decoder.apng()?);
                }
                return still(decoder);
            }
            _ => {}
        }
        still(reader.into_decoder()?)
    }

    /// Whether it moves.
    pub fn is_animated(&self) -> bool {
        self.frames.len() > 1
    }

    /// Number of frames; a still picture has one.
    pub fn frame_count(&self) -> usize {
        self.frames.len()
    }

    /// Which frame is seen after this long; animations repeat for ever.
    pub fn frame_at(&self, time: Duration) -> usize {
        let total = self.frames.last().map_or(0, |f| f.1.as_nanos());
        if total == 0 {
            return 0;
        }
        let time = time.as_nanos() % total;
        self.frames
            .partition_point(|(_, end)| end.as_nanos() <= time)
    }

    /// Converts a frame of the picture to a video frame's layout and size. Takes some ten
    /// milliseconds; to be done once, off the streaming thread where that matters. An index past
    /// the end is the last frame. `bars` (0xAARRGGBB) is the colour beside the picture where
    /// [`Fit::Contain`] leaves the frame unfilled.
    ///
    /// # Errors
    /// [`FrameError::Empty`] where a side is zero.
    pub fn backdrop(
        &self,
        frame: usize,
        fit: Fit,
        bars: u32,
        format: FrameFormat,
    ) -> Result<Backdrop, FrameError> {
        let FrameFormat {
            layout,
            color,
            width,
            height,
        } = format;
        let image = &self.frames[frame.min(self.frames.len() - 1)].0;
        let (iw, ih) = (image.width() as usize, image.height() as usize);
        if width == 0 || height == 0 {
            return Err(FrameError::Empty { width, height });
        }
        if fit == Fit::Tile {
            return Backdrop::render(layout, color, width, height, |x, y| {
                pixel(image, x % iw, y % ih)
            });
        }
        let (rx, ry) = (width as f64 / iw as f64, height as f64 / ih as f64);
        let (sx, sy) = match fit {
            Fit::Cover => (rx.max(ry), rx.max(ry)),
            Fit::Contain => (rx.min(ry), rx.min(ry)),
            Fit::Stretch | Fit::Tile => (rx, ry),
        };
        // What of the picture is seen, cut before scaling so that covers of long strips stay small.
        let seen = |size: usize, scale: f64, frame: usize| {
            ((frame as f64 / scale).round() as usize).clamp(1, size)
        };
        let (cw, ch) = (seen(iw, sx, width), seen(ih, sy, height));
        let cut = imageops::crop_imm(
            image,
            ((iw - cw) / 2) as u32,
            ((ih - ch) / 2) as u32,
            cw as u32,
            ch as u32,
        );
        let target = |size: usize, scale: f64, frame: usize| {
            ((size as f64 * scale).round() as usize).clamp(1, frame)
        };
        let (tw, th) = match fit {
            Fit::Contain => (target(iw, sx, width), target(ih, sy, height)),
            _ => (width, height),
        };
        let scaled = if (tw, th) == (cw, ch) {
            cut.to_image()
        } else {
            imageops::resize(&*cut, tw as u32, th as u32, FilterType::Triangle)
        };
        let (left, top) = ((width - tw) / 2, (height - th) / 2);
        let bars = argb(bars);
        Backdrop::render(layout, color, width, height, |x, y| {
            match (x.checked_sub(left), y.checked_sub(top)) {
                (Some(x), Some(y)) if x < tw && y < th => pixel(&scaled, x, y),
                _ => bars,
            }
        })
    }
}

/// A pixel over black: a background has nothing behind it.
fn pixel(image: &RgbaImage, x: usize, y: usize) -> Rgba {
    let [r, g, b, a] = image.get_pixel(x as u32, y as u32).0;
    let scale = f32::from(a) / (255.0 * 255.0);
    [
        f32::from(r) * scale,
        f32::from(g) * scale,
        f32::from(b) * scale,
        1.0,
    ]
}

fn still(mut decoder: impl ImageDecoder) -> Result<Picture, PictureError> {
    // As decoded, and as kept: gray pictures become four times as large.
    let (width, height) = decoder.dimensions();
    let kept = 4 * u64::from(width) * u64::from(height);
    if decoder.total_bytes().max(kept) > MAX_BYTES {
        return Err(PictureError::Huge);
    }
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Picture::from_rgba(image.into_rgba8())
}

fn animation<'a>(decoder: impl AnimationDecoder<'a>) -> Result<Picture, PictureError> {
    let mut frames = Vec::new();
    let (mut end, mut bytes) = (Duration::ZERO, 0);
    for frame in decoder.into_frames() {
        let frame = frame?;
        // Browsers show delays below 20 ms as 100 ms; files rely on it.
        let delay = match Duration::from(frame.delay()) {
            d if d < Duration::from_millis(20) => Duration::from_millis(100),
            d => d,
        };
        end += delay;
        let image = frame.into_buffer();
        bytes += image.len() as u64;
        if bytes > MAX_BYTES {
            return Err(PictureError::Huge);
        }
        frames.push((image, end));
    }
    Picture::from_frames(frames)
}
