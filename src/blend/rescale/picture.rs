// SPDX-License-Identifier: MPL-2.0

//! A picture becomes a background: fitted into a frame, in the frame's layout and colorimetry.

use super::conversion::Conversion;
use super::placement::{Fit, Placement};
use crate::blend::backdrop::Backdrop;
use crate::blend::error::BlendError;
use crate::frame::{Colorimetry, FrameFormat, FrameRef, PixelLayout, View};
use crate::simd::Level;
use image::RgbaImage;

/// How a picture is fitted into frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// How it fills the frame.
    pub fit: Fit,
    /// What is seen where it does not fill the frame, 0xAARRGGBB.
    pub bars: u32,
    /// The frames.
    pub format: FrameFormat,
    /// How the viewer sees them: the picture stands upright and in its own shape for the viewer.
    pub view: View,
}

/// Fits pictures of one size into frames.
#[derive(Debug)]
pub struct Fitter {
    size: (u32, u32),
    conversion: Conversion,
}

impl Fitter {
    /// For pictures of a size, (width, height) in pixels.
    ///
    /// # Errors
    /// [`BlendError::Frame`] if a side of picture or frame is zero.
    pub fn new(size: (u32, u32), setting: Setting, level: Level) -> Result<Self, BlendError> {
        let placement = Placement {
            fit: setting.fit,
            from: View::default(),
            to: setting.view,
            bars: setting.bars,
        };
        let conversion = Conversion::new(rgba(size), setting.format, placement, level)?;
        Ok(Self { size, conversion })
    }

    /// A backdrop to be written, with its bars.
    ///
    /// # Errors
    /// [`BlendError::Frame`] if a side is zero.
    pub fn blank(&self) -> Result<Backdrop, BlendError> {
        Ok(self.conversion.blank()?)
    }

    /// Writes a picture into a backdrop that [`Self::blank`] has made. The picture's alpha is
    /// ignored. Takes some milliseconds.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a picture or a backdrop of another size.
    pub fn fit(&mut self, picture: &RgbaImage, to: &mut Backdrop) -> Result<(), BlendError> {
        let format = rgba(picture.dimensions());
        let planes = [(&picture.as_raw()[..], 4 * format.width)];
        let (layout, color) = (format.layout, format.color);
        let frame = FrameRef::new(layout, color, format.width, format.height, &planes)?;
        self.conversion.convert(&frame, to)
    }

    /// Size of the pictures.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }
}

/// A picture, fitted.
///
/// # Errors
/// [`BlendError::Frame`] if a side of picture or frame is zero.
pub fn fitted(picture: &RgbaImage, setting: Setting, level: Level) -> Result<Backdrop, BlendError> {
    let mut fitter = Fitter::new(picture.dimensions(), setting, level)?;
    let mut backdrop = fitter.blank()?;
    fitter.fit(picture, &mut backdrop)?;
    Ok(backdrop)
}

/// A picture as frames know it.
fn rgba((width, height): (u32, u32)) -> FrameFormat {
    FrameFormat {
        layout: PixelLayout::Rgba,
        color: Colorimetry::default(),
        width: width as usize,
        height: height as usize,
    }
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
