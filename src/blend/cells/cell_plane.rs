// SPDX-License-Identifier: MPL-2.0

//! A plane of a picture at cell resolution, enlarged to the frame's plane row by row.

use super::Cell;
use crate::blend::alpha::{PlaneKind, Upscaler, centre};
use crate::blend::geometry::Geometry;
use crate::frame::{ColorModel, Range as CodeRange, Word};
use std::ops::Range;

/// The components of one plane at cell resolution, interleaved.
#[derive(Debug)]
pub(crate) struct CellPlane {
    data: Vec<u8>,
    /// Component of each byte of a cell; none if the byte is alpha or padding.
    slots: Vec<Option<usize>>,
    /// How samples of more than 8 bits stand in their words; none for 8 bits.
    word: Option<Word>,
    /// Whether 255 stands for the greatest code value, whatever the depth.
    full: bool,
    upscaler: Upscaler,
}

impl CellPlane {
    /// Plans the way from cells of `side` pixels to a plane of a frame.
    pub fn new(geometry: Geometry, plane: usize, side: usize) -> Self {
        let info = geometry.layout.info();
        let grid = geometry.grid(side);
        let (slots, columns) = column_places(geometry, plane, side);
        let rows = row_places(geometry, plane, side);
        Self {
            data: vec![255; grid.0 * grid.1 * slots.len()],
            word: (info.depth > 8).then_some(info.word()),
            full: match info.model {
                ColorModel::Rgb => true,
                ColorModel::Gray => geometry.color.range == CodeRange::Full,
                // Chroma has its middle at a power of two.
                ColorModel::Yuv => false,
            },
            upscaler: Upscaler::new(geometry.level, slots.len(), grid, columns, rows),
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

/// The component of each byte of a cell, and for each byte of a plane's row its place among the
/// cells and the byte of the cell that it comes from.
fn column_places(
    geometry: Geometry,
    plane: usize,
    side: usize,
) -> (
    Vec<Option<usize>>,
    impl Iterator<Item = (f64, usize)> + use<>,
) {
    let info = geometry.layout.info();
    let kind = PlaneKind::of(geometry.layout, plane);
    let component = |byte: usize| {
        let mut colors = info.components.iter().take(3);
        colors.position(|c| c.plane == plane && c.offset == byte * info.sample_bytes())
    };
    let slots = match kind {
        PlaneKind::Luma(n) | PlaneKind::Chroma(n) => (0..n).map(component).collect(),
        PlaneKind::Packed422 { .. } => {
            match info.components[1].offset < info.components[2].offset {
                true => vec![Some(0), Some(1), Some(2)],
                false => vec![Some(0), Some(2), Some(1)],
            }
        }
    };
    let scale = side as f64;
    let site = chroma_centre(geometry.color.site.cosited_x);
    let luma = move |x: usize| centre(x, 0.5, 1.0, scale);
    let chroma = move |x: usize| centre(x, site, 2.0, scale);
    let places = (0..info.row_samples(plane, geometry.width)).map(move |j| match kind {
        PlaneKind::Luma(n) => (luma(j / n), j % n),
        PlaneKind::Chroma(n) => (chroma(j / n), j % n),
        PlaneKind::Packed422 { luma_first } => match ((j % 2 == 0) == luma_first, j % 4) {
            (true, _) => (luma(j / 2), 0),
            (false, 0 | 1) => (chroma(j / 4), 1),
            (false, _) => (chroma(j / 4), 2),
        },
    });
    (slots, places)
}

/// The place of each of a plane's rows among the rows of cells.
fn row_places(geometry: Geometry, plane: usize, side: usize) -> impl Iterator<Item = f64> + use<> {
    let info = geometry.layout.info();
    let mut components = info.components.iter();
    let halved = components.any(|c| c.plane == plane && c.h_sub == 1);
    let (origin, pitch) = match halved {
        true => (chroma_centre(geometry.color.site.cosited_y), 2.0),
        false => (0.5, 1.0),
    };
    let (_, rows) = info.plane_extent(plane, geometry.width, geometry.height);
    (0..rows).map(move |y| centre(y, origin, pitch, side as f64))
}

/// Where the first chroma sample lies, in pixels from the edge.
fn chroma_centre(cosited: bool) -> f64 {
    if cosited { 0.5 } else { 1.0 }
}
