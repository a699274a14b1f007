// SPDX-License-Identifier: MPL-2.0

//! A plane of a picture at cell resolution, enlarged to the frame's plane row by row.

use super::cells::Cell;
use super::matte::PlaneKind;
use super::upscale::{Upscaler, centre};
use crate::frame::{ColorModel, Colorimetry, PixelLayout, Range as CodeRange, Word};
use crate::simd::Level;
use std::ops::Range;

/// The components of one plane at cell resolution, interleaved.
#[derive(Debug)]
pub(super) struct SmallPlane {
    data: Vec<u8>,
    /// Component of each byte of a cell; none where the byte is alpha or padding.
    slots: Vec<Option<usize>>,
    /// How samples of more than 8 bits stand in their words; none for 8 bits.
    word: Option<Word>,
    /// Whether 255 stands for the greatest code value, whatever the depth.
    full: bool,
    upscaler: Upscaler,
}

impl SmallPlane {
    /// Plans the way from cells of `scale` pixels a side to a plane of a frame.
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        plane: usize,
        (width, height): (usize, usize),
        scale: usize,
        level: Level,
    ) -> Self {
        let info = layout.info();
        let grid = (width.div_ceil(scale), height.div_ceil(scale));
        let kind = PlaneKind::of(layout, plane);
        let site = |cosited: bool| if cosited { 0.5 } else { 1.0 };
        let (cx, cy) = (site(color.site.cosited_x), site(color.site.cosited_y));
        let scale = scale as f64;
        let component = |offset: usize| {
            info.components
                .iter()
                .take(3)
                .position(|c| c.plane == plane && c.offset == offset)
        };
        let (_, rows) = info.plane_extent(plane, width, height);
        let samples = info.row_samples(plane, width);
        let luma = |x: usize| centre(x, 0.5, 1.0, scale);
        let chroma = |x: usize| centre(x, cx, 2.0, scale);
        let (slots, places): (Vec<_>, Vec<_>) = match kind {
            PlaneKind::Luma(n) => (
                (0..n).map(|i| component(i * info.sample_bytes())).collect(),
                (0..samples).map(|j| (luma(j / n), j % n)).collect(),
            ),
            PlaneKind::Chroma(n) => (
                (0..n).map(|i| component(i * info.sample_bytes())).collect(),
                (0..samples).map(|j| (chroma(j / n), j % n)).collect(),
            ),
            PlaneKind::Packed422 { luma_first } => (
                match info.components[1].offset < info.components[2].offset {
                    true => vec![Some(0), Some(1), Some(2)],
                    false => vec![Some(0), Some(2), Some(1)],
                },
                (0..samples)
                    .map(|j| match ((j % 2 == 0) == luma_first, j % 4) {
                        (true, _) => (luma(j / 2), 0),
                        (false, 0 | 1) => (chroma(j / 4), 1),
                        (false, _) => (chroma(j / 4), 2),
                    })
                    .collect(),
            ),
        };
        let halved = info
            .components
            .iter()
            .any(|c| c.plane == plane && c.h_sub == 1);
        let rows = (0..rows).map(|y| {
            if halved {
                centre(y, cy, 2.0, scale)
            } else {
                centre(y, 0.5, 1.0, scale)
            }
        });
        Self {
            data: vec![255; grid.0 * grid.1 * slots.len()],
            word: (info.depth > 8).then_some(info.word()),
            full: match info.model {
                ColorModel::Rgb => true,
                ColorModel::Gray => color.range == CodeRange::Full,
                // Chroma has its middle at a power of two.
                ColorModel::Yuv => false,
            },
            upscaler: Upscaler::new(level, slots.len(), grid, places.into_iter(), rows),
            slots,
        }
    }

    /// Takes the colours of a range of cells.
    pub fn store(&mut self, cells: &[Cell], range: Range<usize>) {
        let step = self.slots.len();
        for (slot, component) in self.slots.iter().enumerate() {
            let Some(component) = *component else {
                continue;
            };
            let data = &mut self.data[range.start * step..range.end * step];
            let cells = &cells[range.clone()];
            for (at, cell) in data[slot..].iter_mut().step_by(step).zip(cells) {
                *at = (cell[component] + 0.5) as u8;
            }
        }
    }

    /// Begins a new picture, after its cells are stored.
    pub fn restart(&mut self) {
        self.upscaler.restart();
    }

    /// A range of samples of row `y` of the plane at the frame's size, at their place in `out`.
    pub fn row(&mut self, y: usize, samples: Range<usize>, out: &mut [u8]) {
        let bytes = self.upscaler.source_bytes();
        let data = &self.data;
        let source = |r: usize| &data[r * bytes..][..bytes];
        match self.word {
            Some(word) => self
                .upscaler
                .part16(source, y, (word, self.full), samples, out),
            None => {
                let whole = |_| std::iter::once(0..usize::MAX);
                self.upscaler.part(source, whole, y, samples, out);
            }
        }
    }

    /// A range of samples of row `y`, 8 bits each whatever the depth, at the same place in `out`.
    /// `spans` gives for a row of cells the ranges of samples that are asked for while it is in
    /// use.
    pub fn part<I: Iterator<Item = Range<usize>>>(
        &mut self,
        y: usize,
        spans: impl Fn(usize) -> I,
        samples: Range<usize>,
        out: &mut [u8],
    ) {
        let bytes = self.upscaler.source_bytes();
        let data = &self.data;
        let source = |r: usize| &data[r * bytes..][..bytes];
        self.upscaler.part(source, spans, y, samples, out);
    }
}
