// SPDX-License-Identifier: MPL-2.0

//! Background pictures out of files, as pixels that a viewer would see: upright as their EXIF
//! orientation says, in sRGB as their colour profile says, opaque over black.
//!
//! - [`Picture`]: what a file holds, a still picture or an animation
//! - [`Frames`]: the frames of an animation, one after the other
//! - [`path_of`]: the file that a property's text names
//!
//! PNG, JPEG, WebP, GIF, TIFF and BMP are decoded in Rust. AVIF, HEIC, JPEG XL and SVG are decoded
//! by gdk-pixbuf if the system has it.
//!
//! Files come from anywhere. What is read of them is limited before memory is taken for it, and
//! everything but a plain file is refused.

mod animation;
#[cfg(test)]
mod color_tests;
mod decoding;
mod error;
mod gdk;
mod kind;
mod limits;
mod location;
mod profile;
mod source;
mod still;
#[cfg(test)]
mod tests;

pub use animation::{AnimationFrame, Frames};
pub use error::{OpenError, PictureError, SystemError};
pub use location::{LocationError, path_of};

use decoding::flatten;
use image::{ImageFormat, RgbaImage};
use kind::{Kind, SystemKind};
use limits::{MAX_FILE, MAX_SIDE};
use profile::Meaning;
use source::Source;
use std::path::Path;

/// What a file holds.
#[derive(Debug, Clone)]
pub struct Picture(Content);

#[derive(Debug, Clone)]
enum Content {
    /// Pixels, and the size that the file names if the picture was drawn larger.
    Still(RgbaImage, Option<(u32, u32)>),
    Animation(Source, ImageFormat),
}

impl Picture {
    /// Reads a file: a still picture whole, of an animation the beginning.
    ///
    /// # Errors
    /// [`PictureError`] says what is wrong with the file.
    pub fn open(path: &Path) -> Result<Self, PictureError> {
        let source = Source::open(path).map_err(|source| PictureError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::read(source)
    }

    /// Decodes a file's content.
    ///
    /// # Errors
    /// [`PictureError`] says what is wrong with the content.
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        Self::read(Source::Bytes(bytes.into()))
    }

    /// A still picture of pixels that are already there.
    ///
    /// # Errors
    /// [`PictureError::Empty`] without pixels.
    pub fn from_rgba(image: RgbaImage) -> Result<Self, PictureError> {
        Self::from_pixels(image, None)
    }

    fn from_pixels(
        mut image: RgbaImage,
        own_size: Option<(u32, u32)>,
    ) -> Result<Self, PictureError> {
        if image.as_raw().is_empty() {
            return Err(PictureError::Empty);
        }
        flatten(&mut image);
        Ok(Self(Content::Still(image, own_size)))
    }

    fn read(source: Source) -> Result<Self, PictureError> {
        let head = source.head(kind::HEAD).map_err(PictureError::from_io)?;
        let format = match kind::of(&head) {
            Kind::Own(format) => format,
            Kind::System(kind) => return Self::read_by_system(&source, kind),
            Kind::Other(name, advice) => return Err(PictureError::Kind { name, advice }),
            Kind::Unknown => return Err(PictureError::unknown(&head)),
        };
        if still::is_animated(&source, format)? {
            let mut frames = Frames::new(&source, format)?;
            let first = frames.next().ok_or(PictureError::Empty)??;
            // What breaks after the first frame is reported when it is to be seen.
            if frames.next().is_none() {
                return Self::from_rgba(first.image);
            }
            return Ok(Self(Content::Animation(source, format)));
        }
        Self::from_rgba(still::read(&source, format)?)
    }

    fn read_by_system(source: &Source, kind: &'static SystemKind) -> Result<Self, PictureError> {
        let bytes = source.whole(MAX_FILE).map_err(PictureError::from_io)?;
        let bytes = bytes.ok_or(PictureError::Huge)?;
        // Some loaders decode before they tell the size.
        if let Ok(size) = imagesize::blob_size(&bytes)
            && [size.width, size.height]
                .iter()
                .any(|side| *side > MAX_SIDE as usize)
        {
            return Err(PictureError::Huge);
        }
        let points = code_points(&bytes);
        let decoded = gdk::decode(bytes, kind).map_err(|error| match error {
            SystemError::Huge => PictureError::Huge,
            source => PictureError::System {
                name: kind.name,
                package: kind.package,
                source,
            },
        })?;
        let meaning = match (&decoded.icc, points) {
            (None, Some((primaries, transfer))) => Meaning::of_code_points(primaries, transfer),
            (icc, _) => Meaning::of_icc(icc.as_deref()),
        };
        let image = meaning.apply(decoded.image.into());
        Self::from_pixels(image, decoded.own_size)
    }

    /// The pixels of a still picture, opaque; none of an animation.
    pub fn still(&self) -> Option<&RgbaImage> {
        match &self.0 {
            Content::Still(image, _) => Some(image),
            Content::Animation(..) => None,
        }
    }

    /// The size of a still picture in its file, if its pixels here are more: a drawing.
    pub fn own_size(&self) -> Option<(u32, u32)> {
        match &self.0 {
            Content::Still(_, size) => *size,
            Content::Animation(..) => None,
        }
    }

    /// Whether it moves.
    pub fn is_animated(&self) -> bool {
        self.still().is_none()
    }

    /// The frames of an animation from its start; none of a still picture.
    ///
    /// # Errors
    /// [`PictureError`] if the file has become another.
    pub fn frames(&self) -> Result<Option<Frames>, PictureError> {
        match &self.0 {
            Content::Still(..) => Ok(None),
            Content::Animation(source, format) => Frames::new(source, *format).map(Some),
        }
    }
}

/// The colour primaries and the transfer that an AVIF or HEIC file names by numbers of H.273, which
/// its decoders do not apply.
fn code_points(bytes: &[u8]) -> Option<(u8, u8)> {
    const NAME: &[u8] = b"colrnclx";
    let head = &bytes[..bytes.len().min(1 << 16)];
    let at = head.windows(NAME.len()).position(|name| name == NAME)?;
    match head.get(at + NAME.len()..at + NAME.len() + 4)? {
        [0, primaries, 0, transfer] => Some((*primaries, *transfer)),
        _ => None,
    }
}
