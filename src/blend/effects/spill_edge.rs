// SPDX-License-Identifier: MPL-2.0

//! The spill in half-covered pixels. What such a pixel shows of the screen itself is no spill, and
//! [`Decontamination`](super::Decontamination) takes it out first. So the spill is measured on the
//! colour that this puts there. Strength is linear in colour, so its formula holds for strengths:
//!
//! `strength' = f + alpha * (strength - alpha * f - (1 - alpha) * b)`
//!
//! with the strengths `f` and `b` of the subject's and the screen's colour nearby.

use super::aim::{Aim, removed};
use super::decontamination::EdgeColors;
use crate::blend::alpha::{AlphaRows, MattedFrame, Remap, RowSpans, cell_side};
use crate::blend::cells::{Cell, CellPlane};
use crate::blend::geometry::Geometry;
use crate::frame::GrayImage;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// What stands for a strength of 0 in bytes.
const NONE: f32 = 128.0;

/// Measures the spill along edges, one value for two by two pixels.
#[derive(Debug)]
pub(super) struct SpillEdge {
    level: Level,
    /// Columns and rows of the cells, and their side in values.
    grid: (usize, usize),
    side: usize,
    alpha: AlphaRows,
    /// The strengths of subject and screen in cells; the first component counts.
    cells: Vec<Cell>,
    planes: [CellPlane; 2],
    rows: [Vec<u8>; 2],
    spans: Vec<Range<usize>>,
}

impl SpillEdge {
    /// For frames of a kind.
    pub fn new(geometry: Geometry) -> Self {
        let side = cell_side(geometry.height);
        let (columns, rows) = geometry.grid(side);
        let halves = Geometry {
            width: geometry.width.div_ceil(2),
            height: geometry.height.div_ceil(2),
            ..geometry.gray()
        };
        let plane = || CellPlane::new(halves, 0, side / 2);
        Self {
            level: geometry.level,
            grid: (columns, rows),
            side: side / 2,
            alpha: AlphaRows::new(halves),
            cells: vec![[0.0; 4]; columns * rows],
            planes: [plane(), plane()],
            rows: [vec![0; halves.width], vec![0; halves.width]],
            spans: Vec::with_capacity(columns),
        }
    }

    /// Writes the spill of pixels in edge cells to `spill`. `chroma` has the frame's colour
    /// differences at its size, as bytes of full range.
    pub fn find(
        &mut self,
        matted: &MattedFrame,
        remap: Remap,
        colors: EdgeColors<'_>,
        aim: &Aim,
        ([us, vs], spill): ([&GrayImage; 2], &mut GrayImage),
    ) {
        let band = colors.band;
        for (plane, from) in self
            .planes
            .iter_mut()
            .zip([colors.subject, colors.background])
        {
            for y in 0..self.grid.1 {
                for run in band.near.row(y) {
                    let range = y * self.grid.0 + run.start..y * self.grid.0 + run.end;
                    let cells = self.cells[range.clone()].iter_mut();
                    for (to, cell) in cells.zip(&from[range.clone()]) {
                        to[0] = (NONE + aim.strength(cell)).clamp(0.0, 255.0);
                    }
                    plane.store(&self.cells, range);
                }
            }
            plane.restart();
        }
        let (width, side) = (spill.width(), self.side);
        let halves = |run: Range<usize>| run.start * side..(run.end * side).min(width);
        let mut walk = matted.walk(&mut self.alpha, remap);
        for y in 0..spill.height() {
            self.spans.clear();
            self.spans.extend(band.edge.row(y / side).map(halves));
            if self.spans.is_empty() {
                continue;
            }
            let spans = RowSpans {
                mixed: &self.spans,
                background: &[],
            };
            let alpha = walk.row(y, spans);
            for span in &self.spans {
                for (plane, row) in self.planes.iter_mut().zip(&mut self.rows) {
                    let near = |cells| band.near.row(cells).map(halves);
                    plane.part(y, near, span.clone(), row);
                }
                let [subject, screen] = self.rows.each_ref().map(|row| &row[span.clone()]);
                let at = y * width + span.start..y * width + span.end;
                let mixed = Mixed {
                    colors: [&us.data()[at.clone()], &vs.data()[at.clone()]],
                    alpha: &alpha.luma()[span.clone()],
                    subject,
                    screen,
                };
                let out = &mut spill.data_mut()[at];
                dispatch!(self.level, simd => find_in(simd, mixed, aim, out));
            }
        }
    }
}

/// Pixels of a row along an edge.
#[derive(Clone, Copy)]
struct Mixed<'a> {
    colors: [&'a [u8]; 2],
    alpha: &'a [u8],
    /// Strengths nearby, more by [`NONE`].
    subject: &'a [u8],
    screen: &'a [u8],
}

#[simd]
fn find_in<S: Simd>(_: S, mixed: Mixed, aim: &Aim, spill: &mut [u8]) {
    let [us, vs] = mixed.colors;
    let sides = mixed.subject.iter().zip(mixed.screen).zip(mixed.alpha);
    let colors = us.iter().zip(vs).zip(sides);
    for (spill, ((u, v), ((f, b), a))) in spill.iter_mut().zip(colors) {
        let [f, b] = [*f, *b].map(|code| i32::from(code) - NONE as i32);
        let a = i32::from(*a);
        let mix = (f * a + b * (255 - a)) * 257;
        let rest = aim.of(*u, *v) - ((mix + 32768) >> 16);
        let own = f + ((rest * a * 257 + 32768) >> 16);
        *spill = removed(own, aim.screen) as u8;
    }
}
