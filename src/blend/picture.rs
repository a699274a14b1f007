// SPDX-License-Identifier: MPL-2.0

//! A picture becomes a background: fitted into a frame, in the frame's layout and colorimetry.

use super::rescale::{Conversion, Placement};
use super::{Backdrop, BlendError};
use crate::frame::{Colorimetry, FrameFormat, FrameRef, PixelLayout, View};
use crate::simd::Level;
use image::RgbaImage;

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
    /// [`BlendError::Frame`] where a side of picture or frame is zero.
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

    /// A backdrop to be written, bars and all.
    ///
    /// # Errors
    /// [`BlendError::Frame`] where a side is zero.
    pub fn blank(&self) -> Result<Backdrop, BlendError> {
        Ok(self.conversion.blank()?)
    }

    /// Writes a picture into a backdrop that [`Self::blank`] has made. The picture's alpha counts
    /// for nothing. Takes some milliseconds.
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
/// [`BlendError::Frame`] where a side of picture or frame is zero.
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
mod tests {
    use super::*;
    use crate::simd;
    use image::Rgba;

    /// Left half red, right half blue.
    fn halves(width: u32, height: u32) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, _| {
            if x * 2 < width {
                Rgba([255, 0, 0, 255])
            } else {
                Rgba([0, 0, 255, 255])
            }
        })
    }

    fn setting(fit: Fit, layout: PixelLayout, width: usize, height: usize) -> Setting {
        Setting {
            fit,
            bars: 0x4000_ff00,
            format: FrameFormat {
                layout,
                color: Colorimetry::default(),
                width,
                height,
            },
            view: View::default(),
        }
    }

    /// The pixels of the picture fitted into an RGB frame, with green bars.
    fn pixels(picture: &RgbaImage, fit: Fit, width: usize, height: usize) -> Vec<[u8; 3]> {
        let setting = setting(fit, PixelLayout::Rgb, width, height);
        let backdrop = fitted(picture, setting, simd::level()).unwrap();
        (0..height)
            .flat_map(|y| backdrop.view().row(0, y).as_chunks().0.to_vec())
            .collect()
    }

    fn near(found: [u8; 3], wanted: [u8; 3]) -> bool {
        found.iter().zip(wanted).all(|(f, w)| f.abs_diff(w) < 12)
    }

    const RED: [u8; 3] = [255, 0, 0];
    const BLUE: [u8; 3] = [0, 0, 255];
    const GREEN: [u8; 3] = [0, 255, 0];

    #[test]
    fn pictures_are_opaque_and_bars_have_their_own_alpha() {
        for &layout in PixelLayout::ALL.iter().filter(|l| l.info().alpha) {
            let setting = setting(Fit::Contain, layout, 8, 8);
            let backdrop = fitted(&halves(8, 4), setting, simd::level()).unwrap();
            let (info, view) = (layout.info(), backdrop.view());
            let alpha = &info.components[3];
            let at = |y| {
                let at = &view.row(alpha.plane, y)[alpha.offset + 3 * alpha.step..];
                match info.depth > 8 {
                    true => info.word().code([at[0], at[1]]),
                    false => at[0].into(),
                }
            };
            let bars = (f32::from(info.top()) * 64.0 / 255.0).round() as u16;
            assert_eq!(
                [at(0), at(4), at(7)],
                [bars, info.top(), bars],
                "{}",
                info.name
            );
        }
    }

    #[test]
    fn fits_do_what_they_say() {
        let picture = halves(20, 10);
        let at = |fit, x: usize, y: usize| pixels(&picture, fit, 40, 40)[y * 40 + x];
        // Cover: twice too wide, the middle is seen in full height.
        assert!(near(at(Fit::Cover, 0, 0), RED) && near(at(Fit::Cover, 39, 39), BLUE));
        // Contain: 40x20 in the middle, bars above and below.
        assert_eq!(at(Fit::Contain, 0, 9), GREEN);
        assert_eq!(at(Fit::Contain, 0, 30), GREEN);
        assert!(near(at(Fit::Contain, 2, 20), RED) && near(at(Fit::Contain, 37, 20), BLUE));
        assert!(near(at(Fit::Stretch, 2, 2), RED) && near(at(Fit::Stretch, 37, 37), BLUE));
        // Tile: 20 pixels red and blue, again and again.
        for x in 0..40 {
            let wanted = if x % 20 < 10 { RED } else { BLUE };
            assert_eq!(at(Fit::Tile, x, 33), wanted);
        }
    }

    #[test]
    fn pictures_of_any_size_fit_frames_of_any_size() {
        for (pw, ph) in [(1, 1), (1, 300), (300, 1), (7, 5)] {
            let picture = halves(pw, ph);
            for (w, h) in [(1, 1), (2, 2), (3, 1), (15, 17)] {
                for fit in [Fit::Cover, Fit::Contain, Fit::Stretch, Fit::Tile] {
                    for &layout in PixelLayout::ALL {
                        let backdrop = fitted(&picture, setting(fit, layout, w, h), simd::level());
                        assert_eq!(backdrop.unwrap().size(), (w, h));
                    }
                }
            }
        }
    }
}
