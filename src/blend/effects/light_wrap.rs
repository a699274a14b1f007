// SPDX-License-Identifier: MPL-2.0

//! Light wrap: some of the new background's light on the subject's rim, as in a real room.
//!
//! The background's share of each cell, spread over a few cells, says how much light comes from
//! behind; the subject is mixed with the softened background by that share before it is laid over
//! the background.

use super::{Effect, EffectRow};
use crate::blend::alpha::{AlphaRows, MattedFrame, PlaneRow, Remap, RowSpans, cell_side, whole};
use crate::blend::backdrop::Backdrop;
use crate::blend::background::BackgroundRows;
use crate::blend::cells::{Cell, CellSums, Weight};
use crate::blend::geometry::Geometry;
use crate::blend::kernels::mix_evenly;
use crate::frame::{GrayImage, View};

/// How far light reaches from a cell: half the tent's base, in cells.
const REACH: f32 = 3.0;

/// Wraps light round the subject in frames of one kind.
#[derive(Debug)]
pub(crate) struct LightWrap {
    geometry: Geometry,
    side: usize,
    columns: usize,
    amount: u8,
    sums: CellSums,
    cells: Vec<Cell>,
    spread: Vec<f32>,
    /// What the subject keeps, for each cell.
    keep: GrayImage,
    alpha: AlphaRows,
    /// Weights of a cell and its neighbours, across and down.
    tents: [Vec<f32>; 2],
    /// The softened background, if it is not soft itself.
    soft: Option<Backdrop>,
}

impl LightWrap {
    /// For frames of a kind; `amount` is 0 (nothing) to 255 (at the very edge about half the light
    /// comes from behind).
    pub fn new(geometry: Geometry, amount: u8) -> Self {
        let (side, tents) = spread(geometry.view, (geometry.width, geometry.height));
        let (columns, rows) = geometry.grid(side);
        Self {
            geometry,
            side,
            columns,
            amount,
            sums: CellSums::new(geometry.gray(), side, Weight::Background),
            cells: vec![[0.0; 4]; columns],
            spread: vec![0.0; columns * rows],
            keep: GrayImage::new(columns, rows),
            alpha: AlphaRows::new(geometry),
            tents,
            soft: None,
        }
    }

    /// Changes the amount, 0 to 255.
    pub fn set_amount(&mut self, amount: u8) {
        self.amount = amount;
    }

    /// The amount, 0 to 255.
    pub fn amount(&self) -> u8 {
        self.amount
    }

    /// Gives the softened background; none if each row of the background is soft itself.
    pub fn set_soft(&mut self, soft: Option<Backdrop>) {
        self.soft = soft;
    }

    /// Spreads the background's share down the columns, and turns it into what the subject keeps.
    fn find_light(&mut self) {
        let (columns, rows) = (self.columns, self.keep.height());
        let (amount, tent) = (f32::from(self.amount), &self.tents[1]);
        for (y, out) in self.keep.data_mut().chunks_exact_mut(columns).enumerate() {
            for (x, out) in out.iter_mut().enumerate() {
                let sum: f32 = tent
                    .iter()
                    .enumerate()
                    .map(|(i, w)| {
                        let v = (y + i).saturating_sub(tent.len() / 2).min(rows - 1);
                        w * self.spread[v * columns + x]
                    })
                    .sum();
                *out = (255.5 - amount * sum.min(1.0)) as u8;
            }
        }
    }
}

impl Effect for LightWrap {
    fn prepare(&mut self, matted: &MattedFrame, remap: Remap, alpha: &mut AlphaRows) {
        let (columns, all) = (self.columns, whole(self.geometry.width));
        let mut walk = matted.walk(alpha, remap);
        for y in 0..self.geometry.height {
            let spans = match remap {
                Remap::Fade(255) => matted.classes.row(y),
                _ => RowSpans::all(&all),
            };
            self.sums.add_weights(&walk.row(y, spans));
            if y % self.side == self.side - 1 || y + 1 == self.geometry.height {
                self.sums.take(&mut self.cells, 0..columns);
                let row = &mut self.spread[y / self.side * columns..][..columns];
                spread_row(&self.cells, &self.tents[0], row);
            }
        }
        self.find_light();
    }

    fn start(&mut self, _: &MattedFrame, _: &BackgroundRows) {
        self.alpha.start(self.keep.as_ref());
    }

    fn advance(&mut self, y: usize) {
        let (keep, all) = (self.keep.as_ref(), whole(self.geometry.width));
        self.alpha.advance(keep, Remap::Fade(255), y, &all);
    }

    fn apply(&mut self, row: &mut EffectRow, background: &mut BackgroundRows) {
        let PlaneRow { plane, at, y, .. } = row.plane_row;
        let info = self.geometry.layout.info();
        let count = row.row.len() / info.sample_bytes();
        let soft = self.soft.as_ref().map(Backdrop::view);
        let light = match &soft {
            Some(soft) => soft.row(plane, at),
            None => background.row(plane, at, 0..count),
        };
        let all = whole(self.geometry.width);
        let keep = self.alpha.samples(plane, y, &all);
        mix_evenly(self.geometry.level, info.word(), keep, (row.row, light));
    }

    /// Light falls on what is wholly subject, too.
    fn needs_all_alpha(&self) -> bool {
        true
    }
}

/// Side of the cells for frames of a size, and the tents that spread light round on the screen.
fn spread(view: View, size: (usize, usize)) -> (usize, [Vec<f32>; 2]) {
    let base = cell_side(view.upright(size).1);
    let unit = view.unit();
    // Sums are taken in spans that end where the span classes' cells do. Cells that are too large
    // for the shorter axis would make it longer.
    let mut side = cell_side(size.1);
    while side > 2 && side as f32 > base as f32 * unit.0.min(unit.1) {
        side /= 2;
    }
    let radius = |unit: f32| reach(base as f32 * unit / side as f32);
    (side, [tent(radius(unit.0)), tent(radius(unit.1))])
}

/// The reach in cells of which `scale` make a cell of the plain size. Averaging into cells and
/// enlarging them spread light, too (1/4 of a cell squared, whatever its size); the tent does the
/// rest.
fn reach(scale: f32) -> f32 {
    if scale == 1.0 {
        return REACH;
    }
    const OWN: f32 = 0.25;
    let wanted = (variance(&tent(REACH)) + OWN) * scale * scale - OWN;
    // Half the interval in each step: a tent's variance grows with its reach.
    let (mut low, mut high) = (1.0, 1.0 + 2.0 * REACH * scale.max(1.0));
    for _ in 0..20 {
        let middle = (low + high) / 2.0;
        match variance(&tent(middle)) < wanted {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}

/// Variance of weights that are the same on both sides, in cells squared.
fn variance(weights: &[f32]) -> f32 {
    let middle = weights.len() / 2;
    let weighed = weights.iter().enumerate();
    weighed
        .map(|(i, w)| w * (i.abs_diff(middle).pow(2)) as f32)
        .sum()
}

/// Weights of a cell and its neighbours on each side that fall off linearly to nothing at `reach`.
fn tent(reach: f32) -> Vec<f32> {
    let beside = (reach.ceil() as isize - 1).max(0);
    let weights: Vec<f32> = (-beside..=beside)
        .map(|at| reach - at.unsigned_abs() as f32)
        .collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

fn spread_row(cells: &[Cell], tent: &[f32], out: &mut [f32]) {
    let last = cells.len() - 1;
    for (x, out) in out.iter_mut().enumerate() {
        *out = tent
            .iter()
            .enumerate()
            .map(|(i, w)| w * cells[(x + i).saturating_sub(tent.len() / 2).min(last)][3])
            .sum();
    }
}

#[cfg(test)]
#[path = "light_wrap_tests.rs"]
mod tests;
