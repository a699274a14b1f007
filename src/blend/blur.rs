// SPDX-License-Identifier: MPL-2.0

//! The room out of focus, without the subject in it.
//!
//! A normalised convolution (Knutsson and Westin 1993): the background's colours are weighted by
//! how surely they are background, weights and weighted colours are blurred alike, and the
//! quotient is a blur of the background alone, so the subject never bleeds into it. It runs on
//! cells of 2 to 16 pixels a side, area averages on a fixed grid (a still picture has a still
//! blur), and is enlarged bilinearly row by row while it is blended.

use super::cells::{Cell, Smoother};
use super::compositor::each_row;
use super::matte::{AlphaRows, PlaneKind, Remap, has_chroma};
use super::upscale::{Upscaler, centre};
use crate::frame::{Colorimetry, FrameRef, GrayRef, PixelLayout};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Standard deviations of a blur of strength 1, in frame heights.
const SIGMA: f32 = 1.0 / 2500.0;

/// Blurs frames of one layout and size by one strength.
#[derive(Debug)]
pub(super) struct Blur {
    layout: PixelLayout,
    width: usize,
    height: usize,
    sums: CellSums,
    smoother: Smoother,
    cells: Vec<Cell>,
    planes: Vec<SmallPlane>,
    row: Vec<u8>,
}

/// A plane of the blurred picture at cell resolution, its components interleaved.
#[derive(Debug)]
struct SmallPlane {
    data: Vec<u8>,
    /// Component of each byte of a cell; none where the byte is alpha or padding.
    slots: Vec<Option<usize>>,
    upscaler: Upscaler,
}

impl Blur {
    /// Takes memory for frames of `width` x `height`; `strength` is above 0, up to 100.
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        strength: f32,
        bokeh: bool,
        level: Level,
    ) -> Self {
        let sigma = strength.min(100.0) * SIGMA * height as f32;
        let scale = cell_side(sigma, height, bokeh);
        let grid = (width.div_ceil(scale), height.div_ceil(scale));
        let planes = (0..layout.info().planes)
            .map(|plane| SmallPlane::new(layout, color, plane, (width, height), scale, grid, level))
            .collect();
        Self {
            layout,
            width,
            height,
            sums: CellSums::new(layout, width, scale, level),
            smoother: Smoother::new(grid, sigma / scale as f32, bokeh, level),
            cells: vec![[0.0; 4]; grid.0 * grid.1],
            planes,
            row: vec![0; width * 4 + 4],
        }
    }

    /// Blurs a frame's background. `alpha` is used for its rows and left to be started again.
    pub fn update(&mut self, frame: &FrameRef, matte: GrayRef, alpha: &mut AlphaRows) {
        let planes = self.layout.info().planes;
        let scale = self.sums.scale;
        let columns = self.width.div_ceil(scale);
        alpha.start(matte);
        for y in 0..self.height {
            alpha.advance(matte, Remap::Fade(255), y);
            self.sums.add_weights(alpha, y);
            each_row(alpha, planes, y, |alpha, plane, at| {
                self.sums
                    .add(plane, frame.row(plane, at), alpha.samples(plane, y));
            });
            if y % scale == scale - 1 || y + 1 == self.height {
                let start = y / scale * columns;
                self.sums.take(&mut self.cells[start..start + columns]);
            }
        }
        self.smoother.run(&mut self.cells);
        for plane in &mut self.planes {
            plane.store(&self.cells);
            plane.upscaler.restart();
        }
    }

    /// Row `y` of a plane of the blurred picture, in the frame's layout.
    pub fn row(&mut self, plane: usize, y: usize) -> &[u8] {
        let info = self.layout.info();
        let small = &mut self.planes[plane];
        let bytes = small.upscaler.source_bytes();
        let (row, _) = info.plane_extent(plane, self.width, self.height);
        let out = &mut self.row[..row];
        let data = &small.data;
        let source = |r: usize| &data[r * bytes..][..bytes];
        if info.depth > 8 {
            small.upscaler.row16(source, y, info.shift, out);
        } else {
            small.upscaler.row(source, y, out);
        }
        out
    }
}

/// Side of a cell in pixels: as large as the blur hides.
fn cell_side(sigma: f32, height: usize, bokeh: bool) -> usize {
    let fine = if height > 720 { 4 } else { 2 };
    let side = match sigma {
        s if s >= 30.0 => 16,
        s if s >= 14.0 => 8,
        s if s >= 4.0 => 4,
        _ => 2,
    };
    // A disc has an edge, which larger cells would show as steps.
    if bokeh { side / 2 } else { side }.max(fine)
}

impl SmallPlane {
    fn new(
        layout: PixelLayout,
        color: Colorimetry,
        plane: usize,
        (width, height): (usize, usize),
        scale: usize,
        grid: (usize, usize),
        level: Level,
    ) -> Self {
        let info = layout.info();
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
        let (row, rows) = info.plane_extent(plane, width, height);
        let samples = row / info.sample_bytes();
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
                vec![Some(0), Some(1), Some(2)],
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
            upscaler: Upscaler::new(level, slots.len(), grid, places.into_iter(), rows),
            slots,
        }
    }

    fn store(&mut self, cells: &[Cell]) {
        let step = self.slots.len();
        for (slot, component) in self.slots.iter().enumerate() {
            let Some(component) = *component else {
                continue;
            };
            for (at, cell) in self.data[slot..].iter_mut().step_by(step).zip(cells) {
                *at = (cell[component] + 0.5) as u8;
            }
        }
    }
}

/// Weighted sums of a strip of cells, gathered row by row.
#[derive(Debug)]
struct CellSums {
    level: Level,
    layout: PixelLayout,
    scale: usize,
    width: usize,
    /// Sums of sample * weight / 16 over the strip's rows, for each plane and sample.
    values: Vec<Vec<u16>>,
    luma_weights: Vec<u16>,
    chroma_weights: Vec<u16>,
}

impl CellSums {
    fn new(layout: PixelLayout, width: usize, scale: usize, level: Level) -> Self {
        let info = layout.info();
        let chroma = if has_chroma(info) {
            width.div_ceil(2)
        } else {
            0
        };
        Self {
            level,
            layout,
            scale,
            width,
            values: (0..info.planes)
                .map(|p| vec![0; info.plane_extent(p, width, 1).0 / info.sample_bytes()])
                .collect(),
            luma_weights: vec![0; width],
            chroma_weights: vec![0; chroma],
        }
    }

    fn add_weights(&mut self, alpha: &AlphaRows, y: usize) {
        let (level, sums) = (self.level, &mut self.luma_weights);
        dispatch!(level, simd => add_weights_kernel(simd, sums, alpha.luma(y)));
        if !self.chroma_weights.is_empty() && alpha.chroma_row_after(y).is_some() {
            let sums = &mut self.chroma_weights;
            dispatch!(level, simd => add_weights_kernel(simd, sums, alpha.chroma()));
        }
    }

    fn add(&mut self, plane: usize, row: &[u8], alpha: &[u8]) {
        let info = self.layout.info();
        let (level, sums) = (self.level, &mut self.values[plane]);
        if info.depth > 8 {
            let shift = info.shift + info.depth - 8;
            dispatch!(level, simd => add16_kernel(simd, sums, row, alpha, shift));
        } else {
            dispatch!(level, simd => add_kernel(simd, sums, row, alpha));
        }
    }

    /// Writes a strip of cells, colours times weight and weight, and starts the next strip.
    fn take(&mut self, cells: &mut [Cell]) {
        let info = self.layout.info();
        let scale = self.scale;
        let unit = 1.0 / (255 * scale * scale) as f32;
        for (i, cell) in cells.iter_mut().enumerate() {
            let range = |sub: u32, len: usize| {
                let side = scale >> sub;
                (i * side).min(len)..((i + 1) * side).min(len)
            };
            let total = |weights: &[u16], sub: u32| -> f32 {
                let range = range(sub, weights.len());
                weights[range].iter().map(|&w| u32::from(w)).sum::<u32>() as f32
            };
            let luma = total(&self.luma_weights, 0);
            let chroma = total(&self.chroma_weights, 1);
            let weight = luma * unit;
            *cell = [0.0, 0.0, 0.0, weight];
            for (value, c) in cell.iter_mut().zip(info.components.iter().take(3)) {
                let (weights, count) = if c.w_sub == 1 {
                    (chroma, self.chroma_weights.len())
                } else {
                    (luma, self.width)
                };
                if weights > 0.0 {
                    let (offset, step) =
                        (c.offset / info.sample_bytes(), c.step / info.sample_bytes());
                    let range = range(c.w_sub, count);
                    let samples = &self.values[c.plane][range.start * step + offset..];
                    let sum: u32 = samples
                        .iter()
                        .step_by(step)
                        .take(range.len())
                        .map(|&v| u32::from(v))
                        .sum();
                    *value = sum as f32 * 16.0 / weights * weight;
                }
            }
        }
        for sums in self.values.iter_mut() {
            sums.fill(0);
        }
        self.luma_weights.fill(0);
        self.chroma_weights.fill(0);
    }
}

/// How surely a pixel is background: nothing that is half subject or more takes part.
#[inline(always)]
fn room(alpha: u8) -> u16 {
    u16::from(255 - alpha.saturating_add(alpha))
}

#[simd]
fn add_weights_kernel<S: Simd>(_: S, sums: &mut [u16], alpha: &[u8]) {
    for (s, &a) in sums.iter_mut().zip(alpha) {
        *s += room(a);
    }
}

#[simd]
fn add_kernel<S: Simd>(_: S, sums: &mut [u16], row: &[u8], alpha: &[u8]) {
    for ((s, &v), &a) in sums.iter_mut().zip(row).zip(alpha) {
        *s += (u16::from(v) * room(a) + 8) >> 4;
    }
}

#[simd]
fn add16_kernel<S: Simd>(_: S, sums: &mut [u16], row: &[u8], alpha: &[u8], shift: u32) {
    let (samples, _) = row.as_chunks::<2>();
    for ((s, &v), &a) in sums.iter_mut().zip(samples).zip(alpha) {
        // Eight bits of ten are left by `shift`; what stands above the tenth is not the picture.
        let sample = (u16::from_le_bytes(v) >> shift) & 0xff;
        *s += (sample * room(a) + 8) >> 4;
    }
}
