// SPDX-License-Identifier: MPL-2.0

//! Light wrap: some of the new background's light on the subject's rim, as a real room would throw
//! it there.
//!
//! The room's share of each cell, spread over a few cells, says how much light comes from behind;
//! the subject is mixed with the softened background by that share before it is laid over the
//! background.

use super::backdrop::Backdrop;
use super::background::Place;
use super::cover::{self, Cover, Work};
use super::kernels;
use super::matte::{AlphaRows, Remap};
use super::sums::{CellSums, Weight};
use crate::frame::{FrameRef, GrayImage, GrayRef, PixelLayout, View};
use crate::simd::Level;

/// Wraps light round the subject in frames of one layout and size.
#[derive(Debug)]
pub(super) struct Wrap {
    level: Level,
    layout: PixelLayout,
    width: usize,
    height: usize,
    side: usize,
    columns: usize,
    amount: u8,
    sums: CellSums,
    cells: Vec<[f32; 4]>,
    spread: Vec<f32>,
    /// What the subject keeps, for each cell.
    keep: GrayImage,
    alpha: AlphaRows,
    /// Weights of a cell and its neighbours, across and down.
    tents: [Vec<f32>; 2],
    /// The softened background, where it is not soft of itself.
    soft: Option<Backdrop>,
}

impl Wrap {
    /// For frames of a kind; `amount` is 0 (nothing) to 255 (at the very edge about half the light
    /// comes from behind).
    pub fn new(place: Place, amount: u8) -> Self {
        let Place {
            layout,
            color,
            width,
            height,
            view,
            level,
        } = place;
        let (side, tents) = spread(view, (width, height));
        let (columns, rows) = (width.div_ceil(side), height.div_ceil(side));
        Self {
            level,
            layout,
            width,
            height,
            side,
            columns,
            amount,
            sums: CellSums::new(PixelLayout::Gray8, width, side, Weight::Room, level),
            cells: vec![[0.0; 4]; columns],
            spread: vec![0.0; columns * rows],
            keep: GrayImage::new(columns, rows),
            alpha: AlphaRows::new(layout, color, width, height, level),
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

    /// Gives the softened background; none where each row of the background is soft of itself.
    pub fn set_soft(&mut self, soft: Option<Backdrop>) {
        self.soft = soft;
    }

    /// Takes the room's share around every cell. `alpha` is used for its rows and left to be
    /// started again.
    pub fn update(&mut self, matte: GrayRef, cover: &Cover, remap: Remap, alpha: &mut AlphaRows) {
        let (columns, whole) = (self.columns, cover::whole(self.width));
        alpha.start(matte);
        for y in 0..self.height {
            let work = match remap {
                Remap::Fade(255) => cover.row(y),
                _ => Work::all(&whole),
            };
            alpha.advance(matte, remap, y, work.mixed);
            self.sums.add_weights(alpha, y, work);
            if y % self.side == self.side - 1 || y + 1 == self.height {
                self.sums.take(&mut self.cells, 0..columns);
                let row = &mut self.spread[y / self.side * columns..][..columns];
                spread_row(&self.cells, &self.tents[0], row);
            }
        }
        let rows = self.keep.height();
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

    /// Begins a picture with the light that was found last.
    pub fn restart(&mut self) {
        self.alpha.start(self.keep.as_ref());
    }

    /// To be called for each luma row in order before its planes' rows.
    pub fn advance(&mut self, y: usize) {
        let (keep, whole) = (self.keep.as_ref(), cover::whole(self.width));
        self.alpha.advance(keep, Remap::Fade(255), y, &whole);
    }

    /// Wraps light into a row of a plane; `back` is the background's row.
    pub fn row(&mut self, plane: usize, at: usize, y: usize, row: &mut [u8], back: &[u8]) {
        let info = self.layout.info();
        let soft = self.soft.as_ref().map(Backdrop::view);
        let back = soft.as_ref().map_or(back, |s: &FrameRef| s.row(plane, at));
        let samples = self.alpha.samples(plane, y, &cover::whole(self.width));
        if info.depth > 8 {
            kernels::lerp16(self.level, row, back, samples, info.word());
        } else {
            kernels::lerp(self.level, row, back, samples);
        }
    }
}

/// How far light reaches from a cell: half the tent's base, in cells.
const REACH: f32 = 3.0;

/// Side of the cells for frames of a size, and the tents that spread light round on the screen.
fn spread(view: View, size: (usize, usize)) -> (usize, [Vec<f32>; 2]) {
    let base = cover::cell_side(view.upright(size).1);
    let unit = view.unit();
    // Sums are taken in spans that end where the cover's cells do. Cells that are too large for
    // the shorter axis would make it longer.
    let mut side = cover::cell_side(size.1);
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

fn spread_row(cells: &[[f32; 4]], tent: &[f32], out: &mut [f32]) {
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
mod tests {
    use super::*;
    use crate::frame::Orientation;

    #[test]
    fn light_reaches_as_far_across_as_down_for_the_viewer() {
        let size = (720, 576);
        assert_eq!(spread(View::default(), size).1[0], tent(3.0));
        for pixel_aspect in [64.0 / 45.0, 16.0 / 15.0, 4.0 / 3.0, 0.5, 2.0] {
            for orientation in [Orientation::Rotate0, Orientation::Rotate90] {
                let view = View::new(orientation, pixel_aspect);
                let (side, tents) = spread(view, size);
                let spread = |tent: &[f32]| (variance(tent) + 0.25).sqrt() * side as f32;
                let wide = spread(&tents[0]) * pixel_aspect as f32;
                let ratio = wide / spread(&tents[1]);
                assert!((ratio - 1.0).abs() < 0.03, "{view:?}: {ratio}");
            }
        }
    }
}
