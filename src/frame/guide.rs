// SPDX-License-Identifier: MPL-2.0

//! A frame's luma or colours as 8-bit pictures of any size, to guide the filters.

use super::resample::{Affine, Resampler, write_plane};
use super::rgb_affine::{affine, codes_to_rgb, color_components};
use super::{ColorModel, Colorimetry, FrameFormat, FrameRef, GrayMut, Matrix, Range, SampleError};
use crate::simd::Level;
use fearless_simd::dispatch;

const BYTES: (f32, f32) = (0.0, 255.0);

/// Writes a frame's luma into a gray picture of one size: full range (0 black, 255 white), area
/// averaged if that is smaller, interpolated linearly if it is larger. Luma of RGB layouts
/// is weighed by the frame's matrix. Owns its scratch memory: nothing is allocated while scaling.
#[derive(Debug)]
pub struct LumaScaler {
    resampler: Resampler,
    affine: Affine,
    size: (usize, usize),
    /// Whether luma samples are a plane of bytes that needs no change but copying.
    copies: bool,
}

impl LumaScaler {
    /// Plans the luma of frames of `format` at `width` x `height`.
    ///
    /// # Errors
    /// [`SampleError`] if either size is empty or too large.
    pub fn new(
        format: FrameFormat,
        width: usize,
        height: usize,
        level: Level,
    ) -> Result<Self, SampleError> {
        let size = (width, height);
        let info = format.layout.info();
        let components = if info.model == ColorModel::Rgb { 3 } else { 1 };
        let resampler = Resampler::new(format, components, size, level)?;
        let luma = &info.components[0];
        let whole_bytes = info.model != ColorModel::Rgb && info.depth == 8 && luma.step == 1;
        Ok(Self {
            affine: affine(luma_row(format), resampler.scales(), (255.0, 0.0), BYTES),
            resampler,
            size,
            copies: whole_bytes
                && size == (format.width, format.height)
                && format.color.range == Range::Full,
        })
    }

    /// What the frames are.
    pub fn format(&self) -> FrameFormat {
        self.resampler.format()
    }

    /// Writes `frame`'s luma into `out`.
    ///
    /// # Errors
    /// [`SampleError`] if the frame is not of the scaler's format or `out` not of its size.
    pub fn scale(
        &mut self,
        frame: &FrameRef<'_>,
        out: &mut GrayMut<'_>,
    ) -> Result<(), SampleError> {
        check_size(out, self.size)?;
        if self.copies {
            self.resampler.check(frame)?;
            let plane = self.format().layout.info().components[0].plane;
            for y in 0..self.size.1 {
                out.row_mut(y).copy_from_slice(frame.row(plane, y));
            }
            return Ok(());
        }
        let (affine, level) = (&self.affine, self.resampler.level());
        match self.format().layout.info().model {
            ColorModel::Rgb => self.resampler.run::<3>(frame, |y, rows| {
                dispatch!(level, simd => write_plane(simd, rows, affine, out.row_mut(y)));
            }),
            ColorModel::Yuv | ColorModel::Gray => self.resampler.run::<1>(frame, |y, rows| {
                dispatch!(level, simd => write_plane(simd, rows, affine, out.row_mut(y)));
            }),
        }
    }
}

/// Luma of 0 to 1 as an affine function of the components' code values.
fn luma_row(format: FrameFormat) -> [f64; 4] {
    let info = format.layout.info();
    if info.model == ColorModel::Rgb {
        let (kr, kb) = format.color.matrix.weights();
        let unit = 1.0 / f64::from(info.top());
        let (kr, kb) = (f64::from(kr) * unit, f64::from(kb) * unit);
        return [kr, unit - kr - kb, kb, 0.0];
    }
    let map = format.color.yuv_to_rgb(info.depth);
    let (factor, offset) = (f64::from(map.m[0][0]), f64::from(map.offset[0]));
    [factor, 0.0, 0.0, factor * offset]
}

/// Writes a frame's colour differences into two 8-bit pictures of one size, full range with neutral
/// chroma at 128, scaled as [`LumaScaler`] does. Luma in a plane of its own is not read.
#[derive(Debug)]
pub struct ChromaScaler {
    resampler: Resampler,
    affines: [Affine; 2],
    size: (usize, usize),
}

impl ChromaScaler {
    /// Plans the colour differences of frames of `format`, by its own matrix, at `width` x `height`.
    ///
    /// # Errors
    /// [`SampleError`] if either size is empty or too large.
    pub fn new(
        format: FrameFormat,
        width: usize,
        height: usize,
        level: Level,
    ) -> Result<Self, SampleError> {
        let components = color_components(format.layout);
        let size = (width, height);
        let mut resampler = Resampler::new(format, components, size, level)?;
        if format.layout.info().model == ColorModel::Yuv {
            resampler.skip_luma();
        }
        let rgb = codes_to_rgb(format.layout, format.color);
        let [_, u, v] = rgb_to_full_yuv(format.color.matrix, rgb);
        let affines = [u, v].map(|row| affine(row, resampler.scales(), (1.0, 0.0), BYTES));
        Ok(Self {
            resampler,
            affines,
            size,
        })
    }

    /// What the frames are.
    pub fn format(&self) -> FrameFormat {
        self.resampler.format()
    }

    /// Writes `frame`'s two colour differences into `out`.
    ///
    /// # Errors
    /// [`SampleError`] if the frame is not of the scaler's format or a picture not of its size.
    pub fn scale(
        &mut self,
        frame: &FrameRef<'_>,
        out: &mut [GrayMut<'_>; 2],
    ) -> Result<(), SampleError> {
        for picture in out.iter() {
            check_size(picture, self.size)?;
        }
        match color_components(self.format().layout) {
            1 => self.scale_from::<1>(frame, out),
            _ => self.scale_from::<3>(frame, out),
        }
    }

    fn scale_from<const N: usize>(
        &mut self,
        frame: &FrameRef<'_>,
        out: &mut [GrayMut<'_>; 2],
    ) -> Result<(), SampleError> {
        let (affines, level) = (&self.affines, self.resampler.level());
        self.resampler.run::<N>(frame, |y, rows| {
            for (out, affine) in out.iter_mut().zip(affines) {
                dispatch!(level, simd => write_plane(simd, rows, affine, out.row_mut(y)));
            }
        })
    }
}

/// Appends the conversion to full-range 8-bit YUV to an affine map to RGB of 0 to 1.
fn rgb_to_full_yuv(matrix: Matrix, rgb: [[f64; 4]; 3]) -> [[f64; 4]; 3] {
    let color = Colorimetry {
        matrix,
        range: Range::Full,
        ..Default::default()
    };
    let map = color.rgb_to_yuv(8);
    std::array::from_fn(|c| {
        let mut row = [0.0, 0.0, 0.0, f64::from(map.offset[c])];
        for (factor, rgb) in map.m[c].iter().zip(&rgb) {
            for (value, rgb) in row.iter_mut().zip(rgb) {
                *value += f64::from(*factor) * rgb;
            }
        }
        row
    })
}

fn check_size(out: &GrayMut<'_>, expected: (usize, usize)) -> Result<(), SampleError> {
    let found = (out.width(), out.height());
    if found == expected {
        Ok(())
    } else {
        Err(SampleError::PictureSize { found, expected })
    }
}
