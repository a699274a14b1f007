// SPDX-License-Identifier: MPL-2.0

//! Where a matte is neither 0 nor 255: the cells that an edge runs through, and runs of them, so
//! that work at the edge costs nothing elsewhere.

use super::cover::Cover;
use std::ops::Range;

/// Runs of cells in each row of a grid.
#[derive(Debug)]
pub(super) struct Runs {
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
    fn new(width: usize, height: usize, side: usize) -> Self {
        let (columns, rows) = (width.div_ceil(side), height.div_ceil(side));
        let most = rows * columns.div_ceil(2);
        Self {
            columns,
            side,
            width,
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
pub(super) struct Band {
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
    /// For frames of `width` x `height`, cells of `side` pixels, and a reach of so many cells.
    pub fn new(width: usize, height: usize, side: usize, reach: usize) -> Self {
        let (columns, rows) = (width.div_ceil(side), height.div_ceil(side));
        let runs = || Runs::new(width, height, side);
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

    /// Takes the edge of a matte from its cover, which has cells of the same side.
    pub fn update(&mut self, cover: &Cover) {
        cover.edges(&mut self.mask);
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
mod tests {
    use super::*;
    use crate::frame::GrayImage;

    #[test]
    fn the_edge_is_found_in_mattes_of_any_size() {
        // A vertical edge at 3/8 of the width: pixel 30 of 80, cell 3 of cells of 8.
        for (mw, mh) in [(80, 40), (160, 20), (16, 8)] {
            let mut matte = GrayImage::new(mw, mh);
            for (i, value) in matte.data_mut().iter_mut().enumerate() {
                *value = if i % mw < mw * 3 / 8 { 0 } else { 255 };
            }
            // High enough for cells of 8 pixels.
            let (w, h) = (80, 400);
            let mut cover = Cover::new(w, h, (false, false), crate::simd::level());
            cover.update(matte.as_ref());
            let mut band = Band::new(w, h, cover.side(), 2);
            band.update(&cover);
            for y in 0..50 {
                let edge: Vec<_> = band.edge.row(y).collect();
                assert_eq!(edge.len(), 1, "{mw}x{mh}");
                assert!(
                    edge[0].contains(&3) && edge[0].len() <= 3,
                    "{mw}x{mh} {edge:?}"
                );
                let wide: Vec<_> = band.wide.row(y).collect();
                assert_eq!(wide.len(), 1);
                assert_eq!(wide[0], edge[0].start - 3..edge[0].end + 3);
            }
        }
    }

    #[test]
    fn flat_mattes_have_no_edge() {
        for value in [0, 3, 252, 255] {
            let mut matte = GrayImage::new(20, 20);
            matte.data_mut().fill(value);
            let mut cover = Cover::new(33, 17, (false, false), crate::simd::level());
            cover.update(matte.as_ref());
            let mut band = Band::new(33, 17, cover.side(), 2);
            band.update(&cover);
            assert!((0..9).all(|y| band.wide.row(y).next().is_none()));
        }
    }
}
