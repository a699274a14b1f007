// SPDX-License-Identifier: MPL-2.0

//! Decontamination: the subject's own colour in half-covered pixels.
//!
//! A half-covered pixel shows a mix of subject and old room; blended as it is, the old room's
//! colour stays as a halo. Near the edge, the colours F of the subject and B of the room are
//! estimated as those that explain the surroundings best, in least squares, if both were constant
//! there:
//!
//! `minimise sum (I - alpha * F - (1 - alpha) * B)^2`
//!
//! and what they leave unexplained of a pixel is the subject's texture, as in blur fusion (Forte
//! 2021, "Approximate fast foreground colour estimation"):
//!
//! `F' = F + alpha * (I - alpha * F - (1 - alpha) * B)`
//!
//! The sums are taken on cells, in the cells near the edge only.

use super::band::Band;
use super::cells::Cell;
use super::cover::{Cover, Work, cell_side};
use super::kernels::mix;
use super::matte::{AlphaRows, PlaneKind, Remap};
use super::pass::each_row;
use super::small::SmallPlane;
use super::sums::{CellSums, Weight};
use crate::frame::{Colorimetry, FrameRef, GrayRef, PixelLayout, Word};
use crate::simd::Level;
use fearless_simd::{dispatch, f32x4, prelude::*};
use fearless_simd_macros::simd;
use std::ops::Range;

/// Cells on each side that take part in a mean.
const REACH: usize = 1;

/// Weights of a cell itself and of its neighbours.
const TENT: [f32; REACH + 1] = [2.0, 1.0];

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
    /// Sums of alpha squared; they take the place of the room's weights, which follow from the
    /// subject's.
    squares: CellSums,
    square_cells: Vec<Cell>,
    /// What the weights of subject and room add up to around each cell.
    whole: Vec<f32>,
    /// Black, where colours are to be the subject's or none; see [`Edge::set_doubt`].
    doubt: Option<Cell>,
    alpha: Vec<u8>,
}

/// The local means of one side of the edge.
#[derive(Debug)]
struct Means {
    sums: CellSums,
    cells: Vec<Cell>,
    wide: Vec<Cell>,
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
        let side = cell_side(height);
        let grid = (width.div_ceil(side), height.div_ceil(side));
        let means = |weight| Means {
            sums: CellSums::new(layout, width, side, weight, level),
            cells: vec![[0.0; 4]; grid.0 * grid.1],
            wide: vec![[0.0; 4]; grid.0 * grid.1],
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
            band: Band::new(width, height, side, REACH),
            subject: means(Weight::Subject),
            room: means(Weight::Room),
            squares: CellSums::new(PixelLayout::Gray8, width, side, Weight::Square, level),
            square_cells: vec![[0.0; 4]; grid.0],
            whole: whole(width, height, side),
            doubt: None,
            alpha: vec![0; 2 * width],
        }
    }

    /// Changes the amount, 0 (nothing) to 255 (all).
    pub fn set_amount(&mut self, amount: u8) {
        self.amount = amount;
    }

    /// With `black`, doubts that all is the subject's that is half covered: a haze over the room has no
    /// colour of its own, and what is found there is the room's. The subject's colour is believed as
    /// far as there is something nearby that is wholly subject; then its mean along all edges as far
    /// as there is something anywhere; then black.
    pub fn set_doubt(&mut self, black: Option<Cell>) {
        self.doubt = black;
    }

    /// Takes the means of a frame. `alpha` is used for its rows and left to be started again.
    pub fn update(
        &mut self,
        frame: &FrameRef,
        matte: GrayRef,
        cover: &Cover,
        remap: Remap,
        alpha: &mut AlphaRows,
    ) {
        self.band.update(cover);
        alpha.start(matte);
        for y in 0..self.height {
            let (strip, last) = (y / self.side, y % self.side == self.side - 1);
            let wide = self.band.wide.pixels(strip);
            if wide.is_empty() {
                continue;
            }
            // A pair, because of subsampled chroma, is enough for a mean.
            if y % self.side < SAMPLED {
                alpha.advance(matte, remap, y, wide);
                self.add(frame, alpha, y);
            }
            if last || y + 1 == self.height {
                let cells = strip * self.grid.0..(strip + 1) * self.grid.0;
                let (subject, room) = (&mut self.subject, &mut self.room);
                let (subjects, rooms) = (&mut subject.cells[cells.clone()], &mut room.cells[cells]);
                for run in self.band.wide.row(strip) {
                    subject.sums.take(subjects, run.clone());
                    room.sums.take(rooms, run.clone());
                    self.squares.take(&mut self.square_cells, run.clone());
                    let squares = &self.square_cells[run.clone()];
                    for (room, square) in rooms[run].iter_mut().zip(squares) {
                        room[3] = square[3];
                    }
                }
            }
        }
        self.solve();
    }

    /// Finds the colours near the edge.
    fn solve(&mut self) {
        let Self {
            level,
            band,
            grid,
            subject,
            room,
            whole,
            doubt,
            ..
        } = self;
        let (level, grid) = (*level, *grid);
        let other = doubt.map(|black| anywhere(subject, room, band, grid, black));
        for means in [&mut *subject, &mut *room] {
            let (cells, wide, near) = (&means.cells, &mut means.wide, &mut means.means);
            dispatch!(level, simd => smooth(simd, cells, wide, near, band, grid));
        }
        for y in 0..grid.1 {
            for run in band.near.row(y) {
                let range = y * grid.0 + run.start..y * grid.0 + run.end;
                let colors = subject.means[range.clone()]
                    .iter_mut()
                    .zip(&mut room.means[range.clone()]);
                for ((f, b), &whole) in colors.zip(&whole[range.clone()]) {
                    fit(f, b, whole);
                    if let Some(other) = &other {
                        *f = mixed(f, other, belief(f[3], b[3]));
                    }
                }
                for means in [&mut *subject, &mut *room] {
                    for plane in &mut means.planes {
                        plane.store(&means.means, range.clone());
                    }
                }
            }
        }
    }

    /// Begins a picture with the colours that were found last.
    pub fn restart(&mut self) {
        for means in [&mut self.subject, &mut self.room] {
            means.planes.iter_mut().for_each(SmallPlane::restart);
        }
    }

    fn add(&mut self, frame: &FrameRef, alpha: &mut AlphaRows, y: usize) {
        let mixed = self.band.wide.pixels(y / self.side);
        let work = Work { mixed, room: &[] };
        let (subject, room) = (&mut self.subject.sums, &mut self.room.sums);
        for sums in [&mut *subject, &mut *room, &mut self.squares] {
            sums.add_weights(alpha, y, work);
        }
        each_row(alpha, self.layout.info().planes, y, |alpha, plane, at| {
            let (row, samples) = (frame.row(plane, at), alpha.samples(plane, y, mixed));
            subject.add(plane, row, samples, work);
            room.add(plane, row, samples, work);
        });
    }

    /// Samples of a plane's row in a cell.
    fn samples_each(&self, plane: usize) -> usize {
        match PlaneKind::of(self.layout, plane) {
            PlaneKind::Luma(n) => n * self.side,
            PlaneKind::Chroma(n) => n * self.side / 2,
            PlaneKind::Packed422 { .. } => 2 * self.side,
        }
    }

    /// The samples of a plane's row, of `count` in all, that [`Edge::clean`] cleans; `y` is the luma
    /// row that completed it.
    pub fn runs(
        &self,
        plane: usize,
        y: usize,
        count: usize,
    ) -> impl Iterator<Item = Range<usize>> + '_ {
        let each = self.samples_each(plane);
        let range =
            move |run: Range<usize>| (run.start * each).min(count)..(run.end * each).min(count);
        self.band.edge.row(y / self.side).map(range)
    }

    /// Cleans a row of a plane; `y` is the luma row that completed it, `samples` its alpha.
    pub fn clean(&mut self, plane: usize, at: usize, y: usize, row: &mut [u8], samples: &[u8]) {
        let info = self.layout.info();
        let alpha_at = info.components.get(3).filter(|c| c.plane == plane);
        if info.alpha_plane().is_some_and(|c| c.plane == plane) {
            return;
        }
        let each = self.samples_each(plane);
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
            if let Some(c) = alpha_at {
                match bytes {
                    1 => keep_alpha::<1, 4>(row, c.offset, &mut self.alpha),
                    _ => keep_alpha::<2, 8>(row, c.offset, &mut self.alpha),
                }
            }
            if info.depth > 8 {
                let word = info.word();
                dispatch!(level, simd => clean16(simd, row, subject, room, alpha, amount, word));
            } else {
                dispatch!(level, simd => clean8(simd, row, subject, room, alpha, amount));
            }
            if let Some(c) = alpha_at {
                match bytes {
                    1 => put_alpha_back::<1, 4>(&self.alpha, c.offset, row),
                    _ => put_alpha_back::<2, 8>(&self.alpha, c.offset, row),
                }
            }
        }
    }
}

/// Rows of a cell that are looked at.
const SAMPLED: usize = 2;

/// The weight that a cell and its surroundings have in all, for each cell: less at the rim.
fn whole(width: usize, height: usize, side: usize) -> Vec<f32> {
    let axis = |size: usize, rows: usize| -> Vec<f32> {
        let count = size.div_ceil(side);
        let share = |i: usize| (size - i * side).min(rows) as f32 / side as f32;
        (0..count)
            .map(|at| {
                let cells = at.saturating_sub(REACH)..(at + REACH + 1).min(count);
                cells.map(|i| TENT[at.abs_diff(i)] * share(i)).sum()
            })
            .collect()
    };
    let (columns, rows) = (axis(width, side), axis(height, SAMPLED));
    rows.iter()
        .flat_map(|r| columns.iter().map(move |c| r * c))
        .collect()
}

/// How far a colour is believed to be the subject's, from the sums of alpha and of alpha squared. Their
/// ratio is how opaque it is what the colour was taken from: little is believed of a haze, all where
/// four fifths are opaque, as along edges.
fn belief(alpha: f32, square: f32) -> f32 {
    let opaque = square / alpha.max(1e-6);
    (opaque + 0.3125 * opaque * opaque).clamp(0.0, 1.0)
}

/// The first colour by `share`, the rest of the other; its weight is the first's.
fn mixed(color: &Cell, other: &Cell, share: f32) -> Cell {
    let mix = |i: usize| color[i] * share + other[i] * (1.0 - share);
    [mix(0), mix(1), mix(2), color[3]]
}

/// The subject's mean colour along all edges, as far as it is believed, else black.
fn anywhere(
    subject: &Means,
    room: &Means,
    band: &Band,
    (columns, rows): (usize, usize),
    black: Cell,
) -> Cell {
    let (mut sum, mut square) = ([0.0; 4], 0.0);
    for y in 0..rows {
        for x in band.wide.row(y).flatten() {
            let cell = subject.cells[y * columns + x];
            sum = std::array::from_fn(|i| sum[i] + cell[i]);
            square += room.cells[y * columns + x][3];
        }
    }
    let mean = sum.map(|s| s / sum[3].max(1e-6));
    let opaque = square / sum[3].max(1e-6);
    mixed(&mean, &black, opaque * opaque * belief(sum[3], square))
}

/// Turns the sums of `alpha * I` and alpha, and of `(1 - alpha) * I` and alpha squared, into the
/// two colours that explain them best. Where they are hard to tell apart, both keep near their
/// weighted means.
#[inline(always)]
fn fit(subject: &mut Cell, room: &mut Cell, whole: f32) {
    const RIDGE: f32 = 0.01;
    let square = room[3];
    let (keep, rest) = (subject[3].max(1e-6), (whole - subject[3]).max(1e-6));
    let cross = (subject[3] - square).max(0.0);
    let ridge = RIDGE * (keep + rest);
    let (ff, bb) = (square + ridge, (rest - cross).max(0.0) + ridge);
    let scale = 1.0 / (ff * bb - cross * cross).max(1e-12);
    for i in 0..3 {
        let f = subject[i] * (1.0 + ridge / keep);
        let b = room[i] * (1.0 + ridge / rest);
        subject[i] = ((bb * f - cross * b) * scale).clamp(0.0, 255.0);
        room[i] = ((ff * b - cross * f) * scale).clamp(0.0, 255.0);
    }
}

/// Sums over cells within the reach, falling off linearly: along rows into `wide`, then along
/// columns into `near`. A little of the whole edge is added, to answer where nothing is near.
#[simd]
fn smooth<S: Simd>(
    simd: S,
    cells: &[Cell],
    wide: &mut [Cell],
    near: &mut [Cell],
    band: &Band,
    (columns, rows): (usize, usize),
) {
    let load = |cell: &Cell| f32x4::from_slice(simd, cell);
    let [middle, beside] = TENT;
    let mut total = f32x4::splat(simd, 0.0);
    let mut count = 1.0;
    for y in 0..rows {
        let line = &cells[y * columns..][..columns];
        let out = &mut wide[y * columns..][..columns];
        for run in band.wide.row(y) {
            count += run.len() as f32;
            for x in run {
                let at = |x: Option<usize>| match x.and_then(|x| line.get(x)) {
                    Some(cell) => load(cell),
                    None => f32x4::splat(simd, 0.0),
                };
                let here = load(&line[x]);
                total += here;
                let sum = here * middle + (at(x.checked_sub(1)) + at(Some(x + 1))) * beside;
                sum.store_slice(&mut out[x]);
            }
        }
    }
    let prior = total * (1e-4 / count);
    for y in 0..rows {
        // Rows outside count nothing.
        let row = |y: Option<usize>, weight: f32| match y.filter(|&y| y < rows) {
            Some(y) => (&wide[y * columns..][..columns], weight),
            None => (&wide[..columns], 0.0),
        };
        let lines = [
            row(Some(y), middle),
            row(y.checked_sub(1), beside),
            row(Some(y + 1), beside),
        ];
        let out = &mut near[y * columns..][..columns];
        for x in band.near.row(y).flatten() {
            let mut sum = prior;
            for (line, weight) in lines {
                sum += load(&line[x]) * weight;
            }
            sum.store_slice(&mut out[x]);
        }
    }
}

#[inline(always)]
fn toward(pixel: i32, clean: i32, amount: u8, top: i32) -> i32 {
    let clean = clean.clamp(0, top);
    pixel + (((clean - pixel) * (i32::from(amount) * 257 + 1)) >> 16)
}

/// Notes the alpha at `offset` of pixels of `PIXEL` bytes, `N` of them alpha.
fn keep_alpha<const N: usize, const PIXEL: usize>(row: &[u8], offset: usize, kept: &mut [u8]) {
    let pixels = row.as_chunks::<PIXEL>().0;
    for (alpha, pixel) in kept.as_chunks_mut::<N>().0.iter_mut().zip(pixels) {
        alpha.copy_from_slice(&pixel[offset..offset + N]);
    }
}

/// Writes noted alpha to where it was.
fn put_alpha_back<const N: usize, const PIXEL: usize>(kept: &[u8], offset: usize, row: &mut [u8]) {
    let pixels = row.as_chunks_mut::<PIXEL>().0;
    for (pixel, alpha) in pixels.iter_mut().zip(kept.as_chunks::<N>().0) {
        pixel[offset..offset + N].copy_from_slice(alpha);
    }
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
    word: Word,
) {
    let (samples, _) = row.as_chunks_mut::<2>();
    let means = subject.iter().zip(room);
    // Twelve bits are enough for a colour that is guessed, and their products stay within 31; what
    // is finer stays as it is.
    let down = word.depth().saturating_sub(12);
    let (finer, top) = (
        1 << (word.depth() - down - 8),
        i32::from(word.top() >> down),
    );
    for ((p, (&f, &b)), &a) in samples.iter_mut().zip(means).zip(alpha) {
        let code = i32::from(word.code(*p));
        let pixel = code >> down;
        let (f, b, a) = (i32::from(f) * finer, i32::from(b) * finer, i32::from(a));
        let rest = pixel - (b + (((f - b) * (a * 257) + 32768) >> 16));
        let clean = f + ((rest * (a * 257) + 32768) >> 16);
        let code = code + ((toward(pixel, clean, amount, top) - pixel) << down);
        *p = word.bytes(code as u16);
    }
}
