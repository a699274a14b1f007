// SPDX-License-Identifier: MPL-2.0

//! The background out of focus, without the subject in it.
//!
//! A normalised convolution (Knutsson and Westin 1993): the background's colours are weighted by
//! how surely they are background, weights and weighted colours are blurred alike, and the
//! quotient is a blur of the background alone, so the subject never bleeds into it. It runs on
//! cells of 2 to 16 pixels a side, area averages on a fixed grid (a still picture has a still
//! blur), and is enlarged bilinearly row by row while it is blended.

use crate::blend::alpha::{AlphaRows, MattedFrame, PlaneRow, Remap};
use crate::blend::cells::{Cell, CellPlane, CellSums, Smoother, Weight};
use crate::blend::geometry::Geometry;
use crate::frame::View;
use std::ops::Range;

/// Standard deviations of a blur of strength 1, in frame heights.
const SIGMA: f32 = 1.0 / 2500.0;

/// Blurs frames of one layout and size by one strength.
#[derive(Debug)]
pub(crate) struct Blur {
    geometry: Geometry,
    strength: f32,
    bokeh: bool,
    sums: CellSums,
    smoother: Smoother,
    cells: Vec<Cell>,
    planes: Vec<CellPlane>,
    row: Vec<u8>,
}

impl Blur {
    /// Takes memory for frames of a kind; `strength` is above 0, up to 100.
    pub fn new(geometry: Geometry, strength: f32, bokeh: bool) -> Self {
        let (across, down) = sigma(strength, geometry);
        let side = cell_side(across.min(down), geometry.height, bokeh);
        let cells = |sigma: f32| sigma / side as f32;
        let (grid, level) = (geometry.grid(side), geometry.level);
        let planes = (0..geometry.layout.info().planes)
            .map(|plane| CellPlane::new(geometry, plane, side))
            .collect();
        Self {
            geometry,
            strength,
            bokeh,
            sums: CellSums::new(geometry, side, Weight::SureBackground),
            smoother: Smoother::new(grid, (cells(across), cells(down)), bokeh, level),
            cells: vec![[0.0; 4]; grid.0 * grid.1],
            planes,
            row: vec![0; geometry.width * 8 + 8],
        }
    }

    /// Changes the strength, above 0, up to 100. Takes memory only if it needs cells of another
    /// size and, now and then, if it becomes stronger than it was before.
    pub fn change(&mut self, strength: f32, bokeh: bool) {
        let (across, down) = sigma(strength, self.geometry);
        let side = cell_side(across.min(down), self.geometry.height, bokeh);
        if side == self.sums.side() {
            let cells = |sigma: f32| sigma / side as f32;
            self.smoother.change((cells(across), cells(down)), bokeh);
            (self.strength, self.bokeh) = (strength, bokeh);
        } else {
            *self = Self::new(self.geometry, strength, bokeh);
        }
    }

    /// Blurs frames that the viewer sees in another way.
    pub fn set_view(&mut self, view: View) {
        let geometry = Geometry {
            view,
            ..self.geometry
        };
        *self = Self::new(geometry, self.strength, self.bokeh);
    }

    /// Blurs a frame's background. `alpha` is used for its rows and left to be started again.
    pub fn update(&mut self, matted: &MattedFrame, alpha: &mut AlphaRows) {
        let (side, height) = (self.sums.side(), self.geometry.height);
        let (columns, _) = self.geometry.grid(side);
        let mut walk = matted.walk(alpha, Remap::Fade(255));
        for y in 0..height {
            let spans = matted.classes.row(y);
            let mut row = walk.row(y, spans);
            self.sums.add_weights(&row);
            for PlaneRow { plane, at, .. } in row.planes() {
                let samples = row.samples(plane);
                self.sums
                    .add(plane, matted.frame.row(plane, at), samples, spans);
            }
            if y % side == side - 1 || y + 1 == height {
                let start = y / side * columns;
                self.sums
                    .take(&mut self.cells[start..start + columns], 0..columns);
            }
        }
        // Mattes are not exact: cells that the subject touches count less than their share.
        for cell in &mut self.cells {
            let share = cell[3] * cell[3];
            *cell = cell.map(|c| c * share);
        }
        self.smoother.run(&mut self.cells);
        for plane in &mut self.planes {
            plane.store(&self.cells, 0..self.cells.len());
        }
    }

    /// Mean colour of the blurred picture.
    pub fn mean(&self) -> [f32; 3] {
        let mut sums = [0.0; 3];
        for cell in &self.cells {
            for (sum, value) in sums.iter_mut().zip(cell) {
                *sum += value;
            }
        }
        sums.map(|sum| sum / self.cells.len() as f32)
    }

    /// Begins a picture with what the last frame's background came to.
    pub fn restart(&mut self) {
        for plane in &mut self.planes {
            plane.restart();
        }
    }

    /// Writes a range of samples of row `y` of a plane of the blurred picture, in the frame's
    /// layout, at their place in a row.
    pub fn write(&mut self, plane: usize, y: usize, samples: Range<usize>, row: &mut [u8]) {
        self.planes[plane].row(y, samples, row);
    }

    /// The same samples in a row of one's own.
    pub fn row(&mut self, plane: usize, y: usize, samples: Range<usize>) -> &[u8] {
        let bytes = self.geometry.layout.info().sample_bytes();
        self.planes[plane].row(y, samples.clone(), &mut self.row);
        &self.row[samples.start * bytes..samples.end * bytes]
    }
}

/// Standard deviation in pixels, across and down: round for the viewer, whose pixels may be wider
/// than they are high.
fn sigma(strength: f32, geometry: Geometry) -> (f32, f32) {
    let (_, rows) = geometry.view.upright((geometry.width, geometry.height));
    let sigma = strength.min(100.0) * SIGMA * rows as f32;
    let unit = geometry.view.unit();
    (sigma * unit.0, sigma * unit.1)
}

/// Side of a cell in pixels: as large as the blur hides.
fn cell_side(sigma: f32, height: usize, bokeh: bool) -> usize {
    let fine = if height > 720 { 4 } else { 2 };
    let side = match sigma {
        s if s >= 28.0 => 16,
        s if s >= 8.0 => 8,
        s if s >= 4.0 => 4,
        _ => 2,
    };
    // A disc has an edge, which larger cells would show as steps.
    if bokeh { side / 2 } else { side }.max(fine)
}
