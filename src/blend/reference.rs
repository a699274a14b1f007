// SPDX-License-Identifier: MPL-2.0

//! The slow, exact truth that the kernels are held to, and pictures to try them on.

use super::backdrop::Taps;
use crate::frame::{
    ChromaSite, Colorimetry, Component, FrameMut, FrameRef, GrayImage, Packing, PixelLayout,
    Unpacked, subsampled,
};
use crate::testing::Random;

/// A frame that owns its memory, with padded rows whose padding is known.
pub struct Owned {
    pub layout: PixelLayout,
    pub color: Colorimetry,
    pub width: usize,
    pub height: usize,
    pub planes: Vec<(Vec<u8>, usize)>,
    /// Whether samples are spread out that are not whole bytes in memory.
    spread: bool,
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
        let mut random = Random::new(seed.into());
        let mut next = move || {
            let number = random.next();
            // Extremes matter more than the middle.
            match number >> 61 {
                0 => 0,
                1 => u16::MAX,
                _ => (number >> 40) as u16,
            }
        };
        let mut planes = Vec::new();
        for plane in 0..info.planes {
            let (row, rows) = info.plane_extent(plane, width, height);
            let stride = row + pad;
            let mut data = vec![PADDING; stride * rows];
            for y in 0..rows {
                let bytes = &mut data[y * stride..][..row];
                if info.packing.is_some() {
                    bytes.fill_with(|| next() as u8);
                } else if info.depth > 8 {
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
        let mut frame = Self {
            layout,
            color,
            width,
            height,
            planes,
            spread: false,
        };
        // Bits of no sample are not kept by anyone.
        if let Some(mut unpacked) = unpacked(&frame.as_ref()) {
            unpacked.take(&frame.as_ref());
            unpacked.give(&mut frame.as_mut());
        }
        frame
    }

    /// The same with samples spread out, as kernels get them.
    pub fn spread(mut self) -> Self {
        let Some(mut spread) = unpacked(&self.as_ref()) else {
            return self;
        };
        spread.take(&self.as_ref());
        let row = self.layout.info().row_bytes(0, self.width);
        let mut data = vec![PADDING; (row + 1) * self.height];
        for (y, line) in data.chunks_mut(row + 1).enumerate() {
            line[..row].copy_from_slice(spread.view().row(0, y));
        }
        (self.planes, self.spread) = (vec![(data, row + 1)], true);
        self
    }

    /// Shows a picture of the same layout and size.
    pub fn show(&mut self, picture: &FrameRef) {
        if let (Some(mut spread), false) = (unpacked(&self.as_ref()), self.spread) {
            spread.take(picture);
            return spread.give(&mut self.as_mut());
        }
        for plane in 0..self.layout.info().planes {
            let (_, rows) = (self.layout.info()).plane_extent(plane, self.width, self.height);
            for y in 0..rows {
                let mut to = self.as_mut();
                to.row_mut(plane, y).copy_from_slice(picture.row(plane, y));
            }
        }
    }

    pub fn as_ref(&self) -> FrameRef<'_> {
        let planes: Vec<_> = self.planes.iter().map(|(d, s)| (&d[..], *s)).collect();
        let (layout, color, width, height) = (self.layout, self.color, self.width, self.height);
        match self.spread {
            true => FrameRef::unpacked(layout, color, width, height, &planes),
            false => FrameRef::new(layout, color, width, height, &planes),
        }
        .unwrap()
    }

    pub fn as_mut(&mut self) -> FrameMut<'_> {
        let planes = self.planes.iter_mut().map(|(d, s)| (&mut d[..], *s));
        let (layout, color, width, height) = (self.layout, self.color, self.width, self.height);
        match self.spread {
            true => FrameMut::unpacked(layout, color, width, height, planes),
            false => FrameMut::new(layout, color, width, height, planes),
        }
        .unwrap()
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
                let row = match self.spread {
                    true => info.row_bytes(plane, self.width),
                    false => info.plane_extent(plane, self.width, self.height).0,
                };
                data.chunks(*stride)
                    .all(|line| line[row.min(line.len())..].iter().all(|&b| b == PADDING))
            })
    }
}

fn unpacked(frame: &FrameRef) -> Option<Unpacked> {
    let (layout, color) = (frame.layout(), frame.color());
    Unpacked::new(
        layout,
        color,
        frame.width(),
        frame.height(),
        crate::simd::level(),
    )
}

/// Half the distance between two values that a component of the layout can have, as code values;
/// nothing where it can have any.
pub fn grain(layout: PixelLayout, index: usize) -> f64 {
    let info = layout.info();
    match info.packing {
        Some(Packing::Pixels16(fields)) if fields[index].bits < info.depth => {
            f64::from(info.top()) / f64::from(fields[index].top()) / 2.0
        }
        Some(Packing::Pixels32(fields)) if fields[index].bits < info.depth => {
            f64::from(info.top()) / f64::from(fields[index].top()) / 2.0
        }
        _ => 0.0,
    }
}

/// The code value of a component's sample.
pub fn sample(frame: &FrameRef, index: usize, x: usize, y: usize) -> u16 {
    let info = frame.layout().info();
    let c = info.components[index];
    if frame.is_packed() {
        let row = [(frame.row(0, y), frame.stride(0))];
        let row = FrameRef::new(frame.layout(), frame.color(), frame.width(), 1, &row).unwrap();
        let mut spread = unpacked(&row).unwrap();
        spread.take(&row);
        return sample(&spread.view(), index, x, 0);
    }
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
    let side = 2 * super::alpha::cell_side(height) + 5;
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
