// SPDX-License-Identifier: MPL-2.0

//! Decontamination: the subject's own colour in half-covered pixels.
//!
//! A half-covered pixel shows a mix of subject and old room; blended as it is, the old room's
//! colour stays as a halo. Blur fusion (Forte 2021, "Approximate fast foreground colour
//! estimation") takes local means of subject and room, weighted by the matte, and moves the
//! subject's mean by what the two do not explain:
//!
//! `F = Fm + alpha * (I - alpha * Fm - (1 - alpha) * Bm)`
//!
//! The means are taken on cells, in the cells near the edge only.

use super::band::Band;
use super::cells::Cell;
use super::compositor::each_row;
use super::kernels::mix;
use super::matte::{AlphaRows, PlaneKind, Remap};
use super::small::SmallPlane;
use super::sums::{CellSums, Weight};
use crate::frame::{Colorimetry, FrameRef, GrayRef, PixelLayout};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// Cells on each side that take part in a mean, with weights that fall off linearly.
const REACH: usize = 2;

/// Cleans the edges of frames of one layout and size.
#[derive(Debug)]
pub(super) struct Edge {
    level: Level,
    layout: PixelLayout,
    height: usize,
    grid: (usize, usize),
    side: usize,
    amount: u8,
    band: Band,
    subject: Means,
    room: Means,
    alpha: Vec<u8>,
}

/// The local means of one side of the edge.
#[derive(Debug)]
struct Means {
    sums: CellSums,
    cells: Vec<Cell>,
    means: Vec<Cell>,
    planes: Vec<SmallPlane>,
    row: Vec<u8>,
}

impl Edge {
    /// For frames of `width` x `height`; `amount` is 0 (nothing) to 255 (all).
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        amount: u8,
        level: Level,
    ) -> Self {
        let side = match height {
            0..=360 => 2,
            361..=720 => 4,
            721..=1440 => 8,
            _ => 16,
        };
        let grid = (width.div_ceil(side), height.div_ceil(side));
        let means = |weight| Means {
            sums: CellSums::new(layout, width, side, weight, level),
            cells: vec![[0.0; 4]; grid.0 * grid.1],
            means: vec![[0.0; 4]; grid.0 * grid.1],
            planes: (0..layout.info().planes)
                .map(|p| SmallPlane::new(layout, color, p, (width, height), side, level))
                .collect(),
            row: vec![0; width * 4 + 4],
        };
        Self {
            level,
            layout,
            height,
            grid,
            side,
            amount,
            band: Band::new(width, height, side, REACH, level),
            subject: means(Weight::Subject),
            room: means(Weight::Room),
            alpha: Vec::with_capacity(width),
        }
    }

    /// Takes the means of a frame. `alpha` is used for its rows and left to be started again.
    pub fn update(
        &mut self,
        frame: &FrameRef,
        matte: GrayRef,
        remap: Remap,
        alpha: &mut AlphaRows,
    ) {
        let planes = self.layout.info().planes;
        self.band.update(matte);
        alpha.start(matte);
        for y in 0..self.height {
            alpha.advance(matte, remap, y);
            let (strip, last) = (y / self.side, y % self.side == self.side - 1);
            for run in self.band.wide.row(strip) {
                self.subject.sums.add_weights(alpha, y, run.clone());
                self.room.sums.add_weights(alpha, y, run);
            }
            each_row(alpha, planes, y, |alpha, plane, at| {
                if self.band.wide.row(strip).next().is_none() {
                    return;
                }
                let (row, samples) = (frame.row(plane, at), alpha.samples(plane, y));
                for run in self.band.wide.row(strip) {
                    self.subject.sums.add(plane, row, samples, run.clone());
                    self.room.sums.add(plane, row, samples, run);
                }
            });
            if last || y + 1 == self.height {
                let cells = strip * self.grid.0..(strip + 1) * self.grid.0;
                for means in [&mut self.subject, &mut self.room] {
                    let cells = &mut means.cells[cells.clone()];
                    // Means look beyond the runs, where nothing is known.
                    cells.fill([0.0; 4]);
                    for run in self.band.wide.row(strip) {
                        means.sums.take(cells, run);
                    }
                }
            }
        }
        self.subject.smooth(&self.band, self.grid);
        self.room.smooth(&self.band, self.grid);
    }

    /// Cleans a row of a plane; `y` is the luma row that completed it, `samples` its alpha.
    pub fn clean(&mut self, plane: usize, at: usize, y: usize, row: &mut [u8], samples: &[u8]) {
        let info = self.layout.info();
        let kind = PlaneKind::of(self.layout, plane);
        let alpha_at = info.components.get(3).filter(|c| c.plane == plane);
        if alpha_at.is_some_and(|c| c.step == 1) {
            return;
        }
        let each = match kind {
            PlaneKind::Luma(n) => n * self.side,
            PlaneKind::Chroma(n) => n * self.side / 2,
            PlaneKind::Packed422 { .. } => 2 * self.side,
        };
        let count = samples.len().min(row.len() / info.sample_bytes());
        let range = |run: Range<usize>| (run.start * each).min(count)..(run.end * each).min(count);
        let (level, amount, band) = (self.level, self.amount, &self.band);
        let spans = |cells: usize| band.near.row(cells).map(range);
        for samples_range in band.edge.row(y / self.side).map(range) {
            for means in [&mut self.subject, &mut self.room] {
                means.planes[plane].part(at, spans, samples_range.clone(), &mut means.row);
            }
            let subject = &self.subject.row[samples_range.clone()];
            let room = &self.room.row[samples_range.clone()];
            let alpha = &samples[samples_range.clone()];
            let bytes = info.sample_bytes();
            let row = &mut row[samples_range.start * bytes..samples_range.end * bytes];
            if info.depth > 8 {
                let shift = info.shift;
                dispatch!(level, simd => clean16(simd, row, subject, room, alpha, amount, shift));
                continue;
            }
            if let Some(c) = alpha_at {
                self.alpha.clear();
                let kept = row[c.offset..].iter().step_by(c.step);
                self.alpha.extend(kept);
            }
            dispatch!(level, simd => clean8(simd, row, subject, room, alpha, amount));
            if let Some(c) = alpha_at {
                let places = row[c.offset..].iter_mut().step_by(c.step);
                places.zip(&self.alpha).for_each(|(p, &a)| *p = a);
            }
        }
    }
}

impl Means {
    /// Spreads the cells' colours over the cells near the edge.
    fn smooth(&mut self, band: &Band, (columns, rows): (usize, usize)) {
        let mut total = [0.0f32; 4];
        for y in 0..rows {
            for cell in band.wide.row(y).flatten() {
                let cell = self.cells[y * columns + cell];
                total.iter_mut().zip(cell).for_each(|(t, c)| *t += c);
            }
        }
        // Enough to answer where there is nothing near, too little to be seen elsewhere.
        let prior = 1e-4 / total[3].max(1e-4);
        for y in 0..rows {
            for run in band.near.row(y) {
                for x in run.clone() {
                    let mut sum = total.map(|t| t * prior);
                    for v in y.saturating_sub(REACH)..(y + REACH + 1).min(rows) {
                        let tall = (REACH + 1 - y.abs_diff(v)) as f32;
                        for u in x.saturating_sub(REACH)..(x + REACH + 1).min(columns) {
                            let weight = tall * (REACH + 1 - x.abs_diff(u)) as f32;
                            let cell = &self.cells[v * columns + u];
                            for i in 0..4 {
                                sum[i] += weight * cell[i];
                            }
                        }
                    }
                    let scale = 1.0 / sum[3].max(1e-9);
                    self.means[y * columns + x] = sum.map(|s| (s * scale).clamp(0.0, 255.0));
                }
                let range = y * columns + run.start..y * columns + run.end;
                for plane in &mut self.planes {
                    plane.store(&self.means, range.clone());
                }
            }
        }
        for plane in &mut self.planes {
            plane.restart();
        }
    }
}

#[inline(always)]
fn toward(pixel: i32, clean: i32, amount: u8, top: i32) -> i32 {
    let clean = clean.clamp(0, top);
    pixel + (((clean - pixel) * (i32::from(amount) * 257 + 1)) >> 16)
}

#[simd]
fn clean8<S: Simd>(_: S, row: &mut [u8], subject: &[u8], room: &[u8], alpha: &[u8], amount: u8) {
    let means = subject.iter().zip(room);
    for ((p, (&f, &b)), &a) in row.iter_mut().zip(means).zip(alpha) {
        let pixel = i32::from(*p);
        let rest = pixel - i32::from(mix(f, b, a));
        // a / 255 to 16 bits.
        let part = (rest * (i32::from(a) * 257) + 32768) >> 16;
        *p = toward(pixel, i32::from(f) + part, amount, 255) as u8;
    }
}

#[simd]
fn clean16<S: Simd>(
    _: S,
    row: &mut [u8],
    subject: &[u8],
    room: &[u8],
    alpha: &[u8],
    amount: u8,
    shift: u32,
) {
    let (samples, _) = row.as_chunks_mut::<2>();
    let means = subject.iter().zip(room);
    for ((p, (&f, &b)), &a) in samples.iter_mut().zip(means).zip(alpha) {
        let pixel = i32::from(u16::from_le_bytes(*p) >> shift);
        let (f, b, a) = (i32::from(f) * 4, i32::from(b) * 4, i32::from(a));
        let rest = pixel - (b + (((f - b) * (a * 257) + 32768) >> 16));
        let clean = f + ((rest * (a * 257) + 32768) >> 16);
        let code = toward(pixel, clean, amount, 1023) as u16;
        *p = (code << shift).to_le_bytes();
    }
}
