// SPDX-License-Identifier: MPL-2.0

//! The luma that steers the matte's edges, at the refined matte's size. A plane of 8-bit luma is
//! read where it lies; everything else is converted once into a picture of its own.

use crate::frame::{ColorModel, FrameError, FrameRef, GrayImage, GrayRef};

/// The guide's picture, kept between frames.
#[derive(Debug, Default)]
pub struct Guide {
    luma: GrayImage,
}

impl Guide {
    /// The luma of `frame` at `width` x `height`. Its range is the frame's own: a linear fit does
    /// not care.
    ///
    /// # Errors
    /// [`FrameError`] where the frame's memory is not what it claims.
    pub fn luma<'a>(
        &'a mut self,
        frame: &FrameRef<'a>,
        (width, height): (usize, usize),
    ) -> Result<GrayRef<'a>, FrameError> {
        let info = frame.layout().info();
        let component = info.components[0];
        let size = (frame.width(), frame.height());
        let plain = info.model != ColorModel::Rgb && info.depth == 8 && component.step == 1;
        if plain && size == (width, height) {
            let data = &frame.plane(component.plane)[component.offset..];
            return GrayRef::new(data, width, height, frame.stride(component.plane));
        }
        self.luma.resize(width, height);
        let rgb = info.model == ColorModel::Rgb;
        let (kr, kb) = frame.color().matrix.weights();
        let weights = if rgb {
            [kr, 1.0 - kr - kb, kb]
        } else {
            [1.0, 0.0, 0.0]
        };
        for y in 0..height {
            let source = y * size.1 / height;
            for x in 0..width {
                let column = x * size.0 / width;
                let mut luma = 0.0;
                for (c, weight) in info.components.iter().zip(weights) {
                    let row = frame.row(c.plane, source >> c.h_sub);
                    let at = c.offset + (column >> c.w_sub) * c.step;
                    let sample = if info.depth > 8 {
                        let word = u16::from_le_bytes([row[at], row[at + 1]]);
                        f32::from(word >> info.shift) / (1 << (info.depth - 8)) as f32
                    } else {
                        f32::from(row[at])
                    };
                    luma += weight * sample;
                }
                self.luma.data_mut()[y * width + x] = (luma + 0.5) as u8;
            }
        }
        Ok(self.luma.as_ref())
    }
}
