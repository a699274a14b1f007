// SPDX-License-Identifier: MPL-2.0

//! The slow, exact truth that the kernels are held to, and pictures to try them on.

use super::backdrop::Taps;
use crate::frame::{
    ChromaSite, Colorimetry, Component, FrameMut, FrameRef, GrayImage, PixelLayout, subsampled,
};

/// A frame that owns its memory, with padded rows whose padding is known.
pub struct Owned {
    pub layout: PixelLayout,
    pub color: Colorimetry,
    pub width: usize,
    pub height: usize,
    pub planes: Vec<(Vec<u8>, usize)>,
}

const PADDING: u8 = 0xa5;

impl Owned {
    /// Noise in every sample; strides are rows plus `pad` bytes.
    pub fn noise(
        layout: PixelLayout,
        color: Colorimetry,
        (width, height): (usize, usize),
        pad: usize,
        seed: u32,
    ) -> Self {
        let info = layout.info();
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            // Extremes matter more than the middle.
            match state >> 29 {
                0 => 0,
                1 => u16::MAX,
                _ => (state >> 8) as u16,
            }
        };
        let mut planes = Vec::new();
        for plane in 0..info.planes {
            let (row, rows) = info.plane_extent(plane, width, height);
            let stride = row + pad;
            let mut data = vec![PADDING; stride * rows];
            for y in 0..rows {
                let bytes = &mut data[y * stride..][..row];
                if info.depth > 8 {
                    for pair in bytes.chunks_exact_mut(2) {
                        let code = (next() >> (16 - info.depth)) << info.shift;
                        pair.copy_from_slice(&code.to_le_bytes());
                    }
                } else {
                    bytes.fill_with(|| next() as u8);
                }
            }
            planes.push((data, stride));
        }
        Self {
            layout,
            color,
            width,
            height,
            planes,
        }
    }

    pub fn as_ref(&self) -> FrameRef<'_> {
        let planes: Vec<_> = self.planes.iter().map(|(d, s)| (&d[..], *s)).collect();
        FrameRef::new(self.layout, self.color, self.width, self.height, &planes).unwrap()
    }

    pub fn as_mut(&mut self) -> FrameMut<'_> {
        let planes = self.planes.iter_mut().map(|(d, s)| (&mut d[..], *s));
        FrameMut::new(self.layout, self.color, self.width, self.height, planes).unwrap()
    }

    /// The code value of a component's sample.
    pub fn sample(&self, index: usize, x: usize, y: usize) -> u16 {
        sample(&self.as_ref(), index, x, y)
    }

    /// Whether the bytes between rows are as they were.
    pub fn padding_is_intact(&self) -> bool {
        let info = self.layout.info();
        self.planes
            .iter()
            .enumerate()
            .all(|(plane, (data, stride))| {
                let row = info.row_bytes(plane, self.width);
                data.chunks(*stride)
                    .all(|line| line[row.min(line.len())..].iter().all(|&b| b == PADDING))
            })
    }
}

/// The code value of a component's sample.
pub fn sample(frame: &FrameRef, index: usize, x: usize, y: usize) -> u16 {
    let info = frame.layout().info();
    let c = info.components[index];
    let row = frame.row(c.plane, y);
    let at = c.offset + x * c.step;
    if info.depth > 8 {
        info.word().code([row[at], row[at + 1]])
    } else {
        u16::from(row[at])
    }
}

/// Number of samples of a component.
pub fn extent(c: &Component, width: usize, height: usize) -> (usize, usize) {
    (subsampled(width, c.w_sub), subsampled(height, c.h_sub))
}

/// Exact alpha, 0 to 255, of a component's sample: the mean of the matte over the sample's pixels.
pub fn alpha(c: &Component, color: Colorimetry, matte: &GrayImage, x: usize, y: usize) -> f64 {
    let (w, h) = (matte.width(), matte.height());
    let value = |x: usize, y: usize| f32::from(matte.data()[y * w + x]);
    f64::from(Taps::new(c, color).mean(x, y, w, h, value))
}

/// `keep` over `other`, exactly.
pub fn over(keep: f64, other: f64, alpha: f64) -> f64 {
    (keep * alpha + other * (255.0 - alpha)) / 255.0
}

/// A matte of noise with large flat areas of 0 and 255, as mattes have.
pub fn matte(width: usize, height: usize, seed: u32) -> GrayImage {
    let mut image = GrayImage::new(width, height);
    let noise = Owned::noise(
        PixelLayout::Gray8,
        Colorimetry::default(),
        (width, height),
        0,
        seed,
    );
    image.data_mut().copy_from_slice(&noise.planes[0].0);
    // Areas much larger than the cells that mattes are looked at in, with edges of all kinds.
    let side = 2 * super::cover::cell_side(height) + 5;
    for (i, value) in image.data_mut().iter_mut().enumerate() {
        let (x, y) = (i % width / side, i / width / side);
        let area = ((x * 7 + y * 13 + x * y * 5 + seed as usize) * 40_503) >> 4;
        match area % 4 {
            0 => *value = 0,
            1 => *value = 255,
            _ => (),
        }
    }
    image
}

/// The chroma sitings.
pub fn sites() -> [ChromaSite; 4] {
    [(false, false), (true, false), (false, true), (true, true)].map(|(cosited_x, cosited_y)| {
        ChromaSite {
            cosited_x,
            cosited_y,
        }
    })
}
