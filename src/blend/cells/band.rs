// SPDX-License-Identifier: MPL-2.0

//! Where a matte is neither 0 nor 255: the cells that an edge runs through, and runs of them, so
//! that work at the edge costs nothing elsewhere.

use crate::blend::alpha::SpanClasses;
use crate::blend::geometry::Geometry;
use std::ops::Range;

/// Runs of cells in each row of a grid.
#[derive(Debug)]
pub(crate) struct Runs {
    columns: usize,
    /// Side of a cell and width of the frame, in pixels.
    side: usize,
    width: usize,
    /// Where each row's runs begin in `runs`, and where the last one's end.
    starts: Vec<usize>,
    runs: Vec<(u16, u16)>,
    /// The same in pixels.
    pixels: Vec<Range<usize>>,
}

impl Runs {
    fn new(geometry: Geometry, side: usize) -> Self {
        let (columns, rows) = geometry.grid(side);
        let most = rows * columns.div_ceil(2);
        Self {
            columns,
            side,
            width: geometry.width,
            starts: vec![0; rows + 1],
            runs: Vec::with_capacity(most),
            pixels: Vec::with_capacity(most),
        }
    }

    fn fill(&mut self, mask: &[u8]) {
        self.runs.clear();
        self.pixels.clear();
        for (y, row) in mask.chunks_exact(self.columns).enumerate() {
            self.starts[y] = self.runs.len();
            let mut x = 0;
            while let Some(start) = row[x..].iter().position(|&m| m != 0) {
                let start = x + start;
                let len = row[start..].iter().position(|&m| m == 0);
                x = len.map_or(row.len(), |len| start + len);
                self.runs.push((start as u16, x as u16));
                let end = (x * self.side).min(self.width);
                self.pixels.push(start * self.side..end);
            }
        }
        if let Some(end) = self.starts.last_mut() {
            *end = self.runs.len();
        }
    }

    /// The runs of row `y`, left to right.
    pub fn row(&self, y: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        self.runs[self.starts[y]..self.starts[y + 1]]
            .iter()
            .map(|&(start, end)| usize::from(start)..usize::from(end))
    }

    /// The same in pixels.
    pub fn pixels(&self, y: usize) -> &[Range<usize>] {
        &self.pixels[self.starts[y]..self.starts[y + 1]]
    }
}

/// The edge cells of mattes.
#[derive(Debug)]
pub(crate) struct Band {
    columns: usize,
    mask: Vec<u8>,
    spare: Vec<u8>,
    /// Cells that the edge runs through.
    pub edge: Runs,
    /// These and their neighbours.
    pub near: Runs,
    /// These and all within the reach.
    pub wide: Runs,
    reach: usize,
}

impl Band {
    /// For frames of a kind, cells of `side` pixels, and a reach of so many cells.
    pub fn new(geometry: Geometry, side: usize, reach: usize) -> Self {
        let (columns, rows) = geometry.grid(side);
        let runs = || Runs::new(geometry, side);
        Self {
            columns,
            mask: vec![0; columns * rows],
            spare: vec![0; columns * rows],
            edge: runs(),
            near: runs(),
            wide: runs(),
            reach,
        }
    }

    /// Takes the edge of a matte from its span classes, which have cells of the same side.
    pub fn update(&mut self, classes: &SpanClasses) {
        classes.edges(&mut self.mask);
        self.edge.fill(&self.mask);
        grow(&mut self.mask, &mut self.spare, self.columns, 1);
        self.near.fill(&self.mask);
        grow(&mut self.mask, &mut self.spare, self.columns, self.reach);
        self.wide.fill(&self.mask);
    }
}

/// Grows the marked cells by `reach` cells in each direction.
fn grow(mask: &mut [u8], spare: &mut [u8], columns: usize, reach: usize) {
    for (from, to) in mask
        .chunks_exact(columns)
        .zip(spare.chunks_exact_mut(columns))
    {
        to.copy_from_slice(from);
        for shift in 1..=reach.min(columns - 1) {
            for (t, f) in to[shift..].iter_mut().zip(from) {
                *t |= f;
            }
            for (t, f) in to.iter_mut().zip(&from[shift..]) {
                *t |= f;
            }
        }
    }
    mask.copy_from_slice(spare);
    for shift in 1..=reach {
        let offset = shift * columns;
        if offset >= mask.len() {
            break;
        }
        for (m, s) in mask[offset..].iter_mut().zip(&*spare) {
            *m |= s;
        }
        for (m, s) in mask.iter_mut().zip(&spare[offset..]) {
            *m |= s;
        }
    }
}

#[cfg(test)]
#[path = "band_tests.rs"]
mod tests;
