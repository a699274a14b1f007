// SPDX-License-Identifier: MPL-2.0

//! Decontamination: the subject's own colour in half-covered pixels.
//!
//! A half-covered pixel shows a mix of subject and old background; blended as it is, the old
//! background's colour stays as a halo. Near the edge, the colours F of the subject and B of the
//! old background are estimated as those that explain the surroundings best, in least squares, if
//! both were constant there:
//!
//! `minimise sum (I - alpha * F - (1 - alpha) * B)^2`
//!
//! and what they leave unexplained of a pixel is the subject's texture, as in blur fusion (Forte
//! 2021, "Approximate fast foreground colour estimation"):
//!
//! `F' = F + alpha * (I - alpha * F - (1 - alpha) * B)`
//!
//! The sums are taken on cells, in the cells near the edge only.

use super::clean_kernels::{MixedRow, clean, keep_alpha, put_alpha_back};
use super::color_fit::{REACH, SAMPLED, belief, fit, mixed, smooth, whole_weights};
use super::{Effect, EffectRow};
use crate::blend::alpha::{
    AlphaRow, AlphaRows, MattedFrame, PlaneKind, PlaneRow, Remap, RowSpans, cell_side,
};
use crate::blend::background::BackgroundRows;
use crate::blend::cells::{Band, Cell, CellPlane, CellSums, Weight};
use crate::blend::geometry::Geometry;
use crate::frame::FrameRef;
use fearless_simd::dispatch;
use std::ops::Range;

/// Cleans the edges of frames of one kind.
#[derive(Debug)]
pub(crate) struct Decontamination {
    geometry: Geometry,
    grid: (usize, usize),
    side: usize,
    amount: u8,
    band: Band,
    subject: Means,
    background: Means,
    /// Sums of alpha squared; they take the place of the background's weights, which follow from
    /// the subject's.
    squares: CellSums,
    square_cells: Vec<Cell>,
    /// What the weights of subject and background add up to around each cell.
    whole: Vec<f32>,
    /// Black, if colours are to be the subject's or none; see [`Decontamination::set_doubt`].
    doubt: Option<Cell>,
    /// Alpha among the samples of a row, kept while they are cleaned.
    own_alpha: Vec<u8>,
}

/// The colours that were found near an edge, cell by cell; only cells of `band.near` count.
#[derive(Clone, Copy)]
pub(crate) struct EdgeColors<'a> {
    pub band: &'a Band,
    pub subject: &'a [Cell],
    pub background: &'a [Cell],
}

/// The local means of one side of the edge.
#[derive(Debug)]
struct Means {
    sums: CellSums,
    cells: Vec<Cell>,
    wide: Vec<Cell>,
    means: Vec<Cell>,
    planes: Vec<CellPlane>,
    row: Vec<u8>,
}

impl Means {
    fn new(geometry: Geometry, side: usize, weight: Weight) -> Self {
        let (columns, rows) = geometry.grid(side);
        let cells = || vec![[0.0; 4]; columns * rows];
        Self {
            sums: CellSums::new(geometry, side, weight),
            cells: cells(),
            wide: cells(),
            means: cells(),
            planes: (0..geometry.layout.info().planes)
                .map(|plane| CellPlane::new(geometry, plane, side))
                .collect(),
            row: vec![0; geometry.width * 4 + 4],
        }
    }
}

impl Decontamination {
    /// For frames of a kind; `amount` is 0 (nothing) to 255 (all).
    pub fn new(geometry: Geometry, amount: u8) -> Self {
        let side = cell_side(geometry.height);
        let grid = geometry.grid(side);
        Self {
            geometry,
            grid,
            side,
            amount,
            band: Band::new(geometry, side, REACH),
            subject: Means::new(geometry, side, Weight::Subject),
            background: Means::new(geometry, side, Weight::Background),
            squares: CellSums::new(geometry.gray(), side, Weight::Square),
            square_cells: vec![[0.0; 4]; grid.0],
            whole: whole_weights(geometry, side),
            doubt: None,
            own_alpha: vec![0; 2 * geometry.width],
        }
    }

    /// Changes the amount, 0 (nothing) to 255 (all).
    pub fn set_amount(&mut self, amount: u8) {
        self.amount = amount;
    }

    /// With `black`, doubts that everything half covered is the subject's: a haze over the
    /// background has no colour of its own, and what is found there is the background's. The
    /// subject's colour is believed as far as something nearby is wholly subject; then its mean
    /// along all edges, as far as there is something anywhere; then black.
    pub fn set_doubt(&mut self, black: Option<Cell>) {
        self.doubt = black;
    }

    /// Takes the sums of a strip's cells.
    fn take(&mut self, strip: usize) {
        let cells = strip * self.grid.0..(strip + 1) * self.grid.0;
        let (subject, background) = (&mut self.subject, &mut self.background);
        let subjects = &mut subject.cells[cells.clone()];
        let backgrounds = &mut background.cells[cells];
        for run in self.band.wide.row(strip) {
            subject.sums.take(subjects, run.clone());
            background.sums.take(backgrounds, run.clone());
            self.squares.take(&mut self.square_cells, run.clone());
            let squares = &self.square_cells[run.clone()];
            for (background, square) in backgrounds[run].iter_mut().zip(squares) {
                background[3] = square[3];
            }
        }
    }

    /// Finds the colours near the edge.
    fn solve(&mut self) {
        let Self {
            band,
            grid,
            subject,
            background,
            whole,
            doubt,
            ..
        } = self;
        let (level, grid) = (self.geometry.level, *grid);
        let other = doubt.map(|black| anywhere(subject, background, band, grid, black));
        for means in [&mut *subject, &mut *background] {
            let (cells, wide, near) = (&means.cells, &mut means.wide, &mut means.means);
            dispatch!(level, simd => smooth(simd, cells, wide, near, band, grid));
        }
        for y in 0..grid.1 {
            for run in band.near.row(y) {
                let range = y * grid.0 + run.start..y * grid.0 + run.end;
                let colors = subject.means[range.clone()]
                    .iter_mut()
                    .zip(&mut background.means[range.clone()]);
                for ((f, b), &whole) in colors.zip(&whole[range.clone()]) {
                    fit(f, b, whole);
                    if let Some(other) = &other {
                        *f = mixed(f, other, belief(f[3], b[3]));
                    }
                }
                for means in [&mut *subject, &mut *background] {
                    for plane in &mut means.planes {
                        plane.store(&means.means, range.clone());
                    }
                }
            }
        }
    }

    /// The colours that were found last.
    pub fn colors(&self) -> EdgeColors<'_> {
        EdgeColors {
            band: &self.band,
            subject: &self.subject.means,
            background: &self.background.means,
        }
    }

    /// Begins a picture with the colours that were found last.
    pub fn restart(&mut self) {
        for means in [&mut self.subject, &mut self.background] {
            means.planes.iter_mut().for_each(CellPlane::restart);
        }
    }

    /// Samples of a plane's row in a cell.
    fn samples_each(&self, kind: PlaneKind) -> usize {
        match kind {
            PlaneKind::Luma(n) => n * self.side,
            PlaneKind::Chroma(n) => n * self.side / 2,
            PlaneKind::Packed422 { .. } => 2 * self.side,
        }
    }

    /// The samples of a plane's row, of `count` in all, that [`Decontamination::clean`] cleans.
    pub fn runs(
        &self,
        plane_row: PlaneRow,
        count: usize,
    ) -> impl Iterator<Item = Range<usize>> + '_ {
        let each = self.samples_each(plane_row.kind);
        let range =
            move |run: Range<usize>| (run.start * each).min(count)..(run.end * each).min(count);
        self.band.edge.row(plane_row.y / self.side).map(range)
    }

    /// Cleans a row of a plane.
    pub fn clean(&mut self, row: &mut EffectRow) {
        let PlaneRow { plane, at, y, kind } = row.plane_row;
        let info = self.geometry.layout.info();
        let own_alpha = info.components.get(3).filter(|c| c.plane == plane);
        if info.alpha_plane().is_some_and(|c| c.plane == plane) {
            return;
        }
        let (each, bytes) = (self.samples_each(kind), info.sample_bytes());
        let count = row.alpha.len().min(row.row.len() / bytes);
        let range = |run: Range<usize>| (run.start * each).min(count)..(run.end * each).min(count);
        let (level, band) = (self.geometry.level, &self.band);
        let spans = |cells: usize| band.near.row(cells).map(range);
        for samples in band.edge.row(y / self.side).map(range) {
            for means in [&mut self.subject, &mut self.background] {
                means.planes[plane].part(at, spans, samples.clone(), &mut means.row);
            }
            let mixed = MixedRow {
                subject: &self.subject.row[samples.clone()],
                background: &self.background.row[samples.clone()],
                alpha: &row.alpha[samples.clone()],
            };
            let part = &mut row.row[samples.start * bytes..samples.end * bytes];
            let kept = &mut self.own_alpha;
            match (own_alpha, bytes) {
                (Some(c), 1) => keep_alpha::<1, 4>(part, c.offset, kept),
                (Some(c), _) => keep_alpha::<2, 8>(part, c.offset, kept),
                (None, _) => {}
            }
            clean(level, part, mixed, self.amount, info.word());
            match (own_alpha, bytes) {
                (Some(c), 1) => put_alpha_back::<1, 4>(kept, c.offset, part),
                (Some(c), _) => put_alpha_back::<2, 8>(kept, c.offset, part),
                (None, _) => {}
            }
        }
    }
}

impl Effect for Decontamination {
    fn prepare(&mut self, matted: &MattedFrame, remap: Remap, alpha: &mut AlphaRows) {
        self.band.update(matted.classes);
        let mut walk = matted.walk(alpha, remap);
        for strip in 0..self.grid.1 {
            let spans = RowSpans {
                mixed: self.band.wide.pixels(strip),
                background: &[],
            };
            if spans.mixed.is_empty() {
                continue;
            }
            let top = strip * self.side;
            for y in top..(top + SAMPLED).min(self.geometry.height) {
                let mut row = walk.row(y, spans);
                self.squares.add_weights(&row);
                let both = [&mut self.subject.sums, &mut self.background.sums];
                add_colors(both, &matted.frame, &mut row);
            }
            self.take(strip);
        }
        self.solve();
    }

    fn start(&mut self, _: &MattedFrame, _: &BackgroundRows) {
        self.restart();
    }

    fn apply(&mut self, row: &mut EffectRow, _: &mut BackgroundRows) {
        self.clean(row);
    }
}

/// Adds a row's weights and samples to the sums of both mixed.
fn add_colors(mut both: [&mut CellSums; 2], frame: &FrameRef, row: &mut AlphaRow) {
    both.iter_mut().for_each(|sums| sums.add_weights(row));
    for PlaneRow { plane, at, .. } in row.planes() {
        let (spans, samples) = (row.spans, row.samples(plane));
        for sums in &mut both {
            sums.add(plane, frame.row(plane, at), samples, spans);
        }
    }
}

/// The subject's mean colour along all edges, as far as it is believed, else black.
fn anywhere(
    subject: &Means,
    background: &Means,
    band: &Band,
    (columns, rows): (usize, usize),
    black: Cell,
) -> Cell {
    let (mut sum, mut square) = ([0.0; 4], 0.0);
    for y in 0..rows {
        for x in band.wide.row(y).flatten() {
            let cell = subject.cells[y * columns + x];
            sum = std::array::from_fn(|i| sum[i] + cell[i]);
            square += background.cells[y * columns + x][3];
        }
    }
    let mean = sum.map(|s| s / sum[3].max(1e-6));
    let opaque = square / sum[3].max(1e-6);
    mixed(&mean, &black, opaque * opaque * belief(sum[3], square))
}
