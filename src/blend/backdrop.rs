// SPDX-License-Identifier: MPL-2.0

//! A finished background in the frame's own layout, and the conversion that makes one.

use crate::frame::{
    ColorModel, Colorimetry, Component, FrameError, FrameMut, FrameRef, PixelLayout, Recoder,
    RgbToYuv, subsampled,
};

/// Straight red, green and blue of sRGB, and alpha, 0 to 1.
pub type Rgba = [f32; 4];

/// A colour written as 0xAARRGGBB.
pub fn argb(color: u32) -> Rgba {
    let byte = |shift: u32| ((color >> shift) & 255) as f32 / 255.0;
    [byte(16), byte(8), byte(0), byte(24)]
}

/// Rows of pixels under a sample.
const ROWS: usize = 3;

/// A picture in a frame's layout, size and colorimetry, ready to be blended without conversion.
#[derive(Debug, Clone)]
pub struct Backdrop {
    layout: PixelLayout,
    color: Colorimetry,
    width: usize,
    height: usize,
    planes: Vec<(Vec<u8>, usize)>,
}

impl Backdrop {
    /// A black, empty backdrop to be written.
    ///
    /// # Errors
    /// [`FrameError::Empty`] if a side is zero.
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
    ) -> Result<Self, FrameError> {
        if width == 0 || height == 0 {
            return Err(FrameError::Empty { width, height });
        }
        let info = layout.info();
        let planes = (0..info.planes)
            .map(|plane| {
                let (_, rows) = info.plane_extent(plane, width, height);
                let row = info.row_bytes(plane, width);
                let mut data = vec![0; row * rows];
                if let Some(filler) = info.filler() {
                    data.iter_mut()
                        .skip(filler)
                        .step_by(4)
                        .for_each(|x| *x = 255);
                }
                (data, row)
            })
            .collect();
        Ok(Self {
            layout,
            color,
            width,
            height,
            planes,
        })
    }

    /// A row of one colour, 0xAARRGGBB, to stand for a picture of it.
    pub(super) fn row(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        argb_color: u32,
    ) -> Result<Self, FrameError> {
        let mut row = Self::new(layout, color, width, 1)?;
        row.fill(argb_color);
        Ok(row)
    }

    /// Paints all of it in one colour, 0xAARRGGBB.
    pub(super) fn fill(&mut self, argb_color: u32) {
        let encoder = Encoder::new(self.layout, self.color);
        let codes = encoder.encode(argb(argb_color));
        for (component, code) in self.layout.info().components.iter().zip(codes) {
            let (data, _) = &mut self.planes[component.plane];
            for x in 0..subsampled(self.width, component.w_sub) {
                encoder.store(code, &mut data[component.offset + x * component.step..]);
            }
        }
        for (data, stride) in &mut self.planes {
            let (first, rest) = data.split_at_mut(*stride);
            for row in rest.chunks_exact_mut(*stride) {
                row.copy_from_slice(first);
            }
        }
    }

    /// Renders a function of the pixel position (column, row).
    ///
    /// # Errors
    /// [`FrameError::Empty`] if a side is zero.
    pub fn render(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        pixel: impl Fn(usize, usize) -> Rgba,
    ) -> Result<Self, FrameError> {
        let mut backdrop = Self::new(layout, color, width, height)?;
        let encoder = Encoder::new(layout, color);
        // Code values of as many rows of pixels as a sample can lie on.
        let mut rows = vec![vec![[0.0; 4]; width]; ROWS];
        for y in 0..height {
            for (x, codes) in rows[y % ROWS].iter_mut().enumerate() {
                *codes = encoder.encode(pixel(x, y));
            }
            backdrop.sample(&encoder, &rows, y);
        }
        Ok(backdrop)
    }

    /// Writes the samples that are complete with row `y` of the pixels' code values.
    fn sample(&mut self, encoder: &Encoder, rows: &[Vec<[f32; 4]>], y: usize) {
        let (width, height) = (self.width, self.height);
        for (index, component) in self.layout.info().components.iter().enumerate() {
            let complete = match component.h_sub {
                0 => Some(y),
                _ => (y % 2 == 1 || y + 1 == height).then_some(y / 2),
            };
            let Some(at) = complete else {
                continue;
            };
            let (data, stride) = &mut self.planes[component.plane];
            let row = &mut data[at * *stride..][..*stride];
            let taps = Taps::new(component, self.color);
            for x in 0..subsampled(width, component.w_sub) {
                let value = taps.mean(x, at, width, height, |x, y| rows[y % ROWS][x][index]);
                encoder.store(value, &mut row[component.offset + x * component.step..]);
            }
        }
    }

    /// The backdrop as a frame to read, with its samples spread out whatever the layout does in
    /// memory.
    pub fn view(&self) -> FrameRef<'_> {
        let mut planes = [(&[][..], 0); 4];
        for (view, (data, stride)) in planes.iter_mut().zip(&self.planes) {
            *view = (data, *stride);
        }
        let planes = &planes[..self.planes.len()];
        FrameRef::unpacked(self.layout, self.color, self.width, self.height, planes)
            .expect("planes were sized by plane_extent")
    }

    /// The backdrop as a frame to write.
    pub fn view_mut(&mut self) -> FrameMut<'_> {
        let planes = self.planes.iter_mut().map(|(data, s)| (&mut data[..], *s));
        FrameMut::unpacked(self.layout, self.color, self.width, self.height, planes)
            .expect("planes were sized by plane_extent")
    }

    /// Pixel layout.
    pub fn layout(&self) -> PixelLayout {
        self.layout
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }
}

/// Turns sRGB with alpha into a layout's code values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoder {
    model: ColorModel,
    alpha: bool,
    depth: u32,
    shift: u32,
    to_yuv: RgbToYuv,
    /// If the frame's signals mean another light than sRGB's.
    recoder: Option<Recoder>,
}

impl Encoder {
    pub fn new(layout: PixelLayout, color: Colorimetry) -> Self {
        let info = layout.info();
        Self {
            model: info.model,
            alpha: info.alpha,
            depth: info.depth,
            shift: info.shift,
            to_yuv: color.rgb_to_yuv(info.depth),
            recoder: Recoder::from_srgb(color),
        }
    }

    /// Code values in the order of the layout's components, not rounded.
    pub fn encode(&self, [r, g, b, a]: Rgba) -> [f32; 4] {
        let top = ((1u32 << self.depth) - 1) as f32;
        let [r, g, b] = match &self.recoder {
            Some(recoder) => recoder.signal([r, g, b]),
            None => [r, g, b],
        };
        let mut out = match self.model {
            ColorModel::Rgb => [r * top, g * top, b * top, 0.0],
            ColorModel::Yuv | ColorModel::Gray => {
                let yuv: [f32; 3] = std::array::from_fn(|i| {
                    let m = self.to_yuv.m[i];
                    m[0] * r + m[1] * g + m[2] * b + self.to_yuv.offset[i]
                });
                [yuv[0], yuv[1], yuv[2], 0.0]
            }
        };
        if self.alpha {
            out[3] = a * top;
        }
        out
    }

    /// Writes a code value where a sample lies.
    pub fn store(&self, value: f32, at: &mut [u8]) {
        let top = ((1u32 << self.depth) - 1) as f32;
        let code = value.round().clamp(0.0, top) as u16;
        if self.depth > 8 {
            at[..2].copy_from_slice(&(code << self.shift).to_le_bytes());
        } else {
            at[0] = code as u8;
        }
    }
}

/// The pixels under a sample and their weights, along both axes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taps {
    x: (u32, bool),
    y: (u32, bool),
}

impl Taps {
    pub fn new(component: &Component, color: Colorimetry) -> Self {
        Self {
            x: (component.w_sub, color.site.cosited_x),
            y: (component.h_sub, color.site.cosited_y),
        }
    }

    /// Offsets from the first pixel and weights: the sample itself; the two pixels it lies
    /// between; or, if it sits on the even one, that and half of each neighbour.
    fn axis((sub, cosited): (u32, bool)) -> &'static [(isize, f32)] {
        match (sub, cosited) {
            (0, _) => &[(0, 1.0)],
            (_, false) => &[(0, 0.5), (1, 0.5)],
            (_, true) => &[(-1, 0.25), (0, 0.5), (1, 0.25)],
        }
    }

    /// Weighted mean of `value` at sample (`x`, `y`); pixels outside are those at the edge.
    pub fn mean(
        &self,
        x: usize,
        y: usize,
        width: usize,
        height: usize,
        value: impl Fn(usize, usize) -> f32,
    ) -> f32 {
        let place = |index: usize, sub: u32, offset: isize, size: usize| {
            (index << sub).saturating_add_signed(offset).min(size - 1)
        };
        let mut sum = 0.0;
        for &(dy, wy) in Self::axis(self.y) {
            for &(dx, wx) in Self::axis(self.x) {
                let at = (
                    place(x, self.x.0, dx, width),
                    place(y, self.y.0, dy, height),
                );
                sum += wx * wy * value(at.0, at.1);
            }
        }
        sum
    }
}

#[cfg(test)]
#[path = "backdrop_tests.rs"]
mod tests;
