// SPDX-License-Identifier: MPL-2.0

//! Where a matte is neither 0 nor 255: the cells that an edge runs through, and runs of them, so
//! that work at the edge costs nothing elsewhere.

use crate::frame::GrayRef;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// Mattes up to the first and from the second are as good as 0 and 255.
const CLEAR: (u8, u8) = (4, 251);

/// Runs of cells in each row of a grid.
#[derive(Debug)]
pub(super) struct Runs {
    columns: usize,
    /// Where each row's runs begin in `runs`, and where the last one's end.
    starts: Vec<usize>,
    runs: Vec<(u16, u16)>,
}

impl Runs {
    fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            starts: vec![0; rows + 1],
            runs: Vec::with_capacity(rows * columns.div_ceil(2)),
        }
    }

    fn fill(&mut self, mask: &[u8]) {
        self.runs.clear();
        for (y, row) in mask.chunks_exact(self.columns).enumerate() {
            self.starts[y] = self.runs.len();
            let mut x = 0;
            while let Some(start) = row[x..].iter().position(|&m| m != 0) {
                let start = x + start;
                let len = row[start..].iter().position(|&m| m == 0);
                x = len.map_or(row.len(), |len| start + len);
                self.runs.push((start as u16, x as u16));
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
}

/// Finds the edge cells of mattes.
#[derive(Debug)]
pub(super) struct Band {
    level: Level,
    side: usize,
    frame: (usize, usize),
    columns: usize,
    mask: Vec<u8>,
    spare: Vec<u8>,
    low: Vec<u8>,
    high: Vec<u8>,
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
    pub fn new(width: usize, height: usize, side: usize, reach: usize, level: Level) -> Self {
        let (columns, rows) = (width.div_ceil(side), height.div_ceil(side));
        let runs = || Runs::new(columns, rows);
        Self {
            level,
            side,
            frame: (width, height),
            columns,
            mask: vec![0; columns * rows],
            spare: vec![0; columns * rows],
            low: Vec::new(),
            high: Vec::new(),
            edge: runs(),
            near: runs(),
            wide: runs(),
            reach,
        }
    }

    /// Finds the edge of a matte of any size. Allocates only when the matte grew wider.
    pub fn update(&mut self, matte: GrayRef) {
        let width = matte.width();
        self.low.resize(width, 0);
        self.high.resize(width, 0);
        let level = self.level;
        let cells = self.mask.chunks_exact_mut(self.columns);
        for (j, cells) in cells.enumerate() {
            let rows = covered(j, self.side, self.frame.1, matte.height());
            let (low, high) = (&mut self.low[..], &mut self.high[..]);
            low.copy_from_slice(matte.row(rows.start));
            high.copy_from_slice(low);
            for y in rows.skip(1) {
                dispatch!(level, simd => extremes_kernel(simd, low, high, matte.row(y)));
            }
            dispatch!(level, simd => judge_kernel(simd, low, high));
            let flags = &*low;
            if width == self.frame.0 {
                // The usual case, worth a shortcut: cells are whole runs of samples.
                for (cell, flags) in cells.iter_mut().zip(flags.chunks(self.side)) {
                    *cell = u8::from(any(flags) == 3);
                }
                continue;
            }
            for (i, cell) in cells.iter_mut().enumerate() {
                let columns = covered(i, self.side, self.frame.0, width);
                *cell = u8::from(any(&flags[columns]) == 3);
            }
        }
        self.edge.fill(&self.mask);
        grow(&mut self.mask, &mut self.spare, self.columns, 1);
        self.near.fill(&self.mask);
        grow(&mut self.mask, &mut self.spare, self.columns, self.reach);
        self.wide.fill(&self.mask);
    }
}

/// The flags that are up in any of a few.
#[inline(always)]
fn any(flags: &[u8]) -> u8 {
    let (eights, rest) = flags.as_chunks::<8>();
    let rest = rest.iter().fold(0, |a, &b| a | b);
    let eights = eights
        .iter()
        .fold(0, |a, &eight| a | u64::from_ne_bytes(eight));
    let fours = eights | eights >> 32;
    let twos = fours | fours >> 16;
    (twos | twos >> 8) as u8 | rest
}

/// The matte's samples that a cell is made of, bilinear neighbours included.
fn covered(cell: usize, side: usize, frame: usize, matte: usize) -> Range<usize> {
    let start = (cell * side) * matte / frame;
    let end = (((cell + 1) * side).min(frame) * matte).div_ceil(frame);
    if matte == frame {
        return start..end;
    }
    start.saturating_sub(1)..(end + 1).min(matte)
}

#[simd]
fn extremes_kernel<S: Simd>(_: S, low: &mut [u8], high: &mut [u8], row: &[u8]) {
    for ((l, h), &m) in low.iter_mut().zip(high).zip(row) {
        *l = (*l).min(m);
        *h = (*h).max(m);
    }
}

/// Turns the extremes into flags, in place of the low ones: bit 0, something is not subject; bit
/// 1, something is not background.
#[simd]
fn judge_kernel<S: Simd>(_: S, low: &mut [u8], high: &[u8]) {
    for (l, &h) in low.iter_mut().zip(high) {
        *l = u8::from(*l < CLEAR.1) | u8::from(h > CLEAR.0) << 1;
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
            let mut band = Band::new(80, 40, 8, 2, crate::simd::level());
            band.update(matte.as_ref());
            for y in 0..5 {
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
            let mut band = Band::new(33, 17, 4, 2, crate::simd::level());
            band.update(matte.as_ref());
            assert!((0..5).all(|y| band.wide.row(y).next().is_none()));
        }
    }
}
