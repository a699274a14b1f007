// SPDX-License-Identifier: MPL-2.0

//! Light wrap: some of the new background's light on the subject's rim, as a real room would throw
//! it there.
//!
//! The room's share of each cell, spread over a few cells, says how much light comes from behind;
//! the subject is mixed with the softened background by that share before it is laid over the
//! background.

use super::backdrop::Backdrop;
use super::cover::{self, Cover, Work};
use super::kernels;
use super::matte::{AlphaRows, Remap};
use super::sums::{CellSums, Weight};
use crate::frame::{Colorimetry, FrameRef, GrayImage, GrayRef, PixelLayout};
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
    /// The softened background, where it is not soft of itself.
    soft: Option<Backdrop>,
}

impl Wrap {
    /// For frames of `width` x `height`; `amount` is 0 (nothing) to 255 (at the very edge about
    /// half the light comes from behind).
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        amount: u8,
        level: Level,
    ) -> Self {
        let side = cover::cell_side(height);
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
            soft: None,
        }
    }

    /// Changes the amount, 0 to 255.
    pub fn set_amount(&mut self, amount: u8) {
        self.amount = amount;
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
                spread_row(&self.cells, row);
            }
        }
        let rows = self.keep.height();
        let amount = f32::from(self.amount);
        for (y, out) in self.keep.data_mut().chunks_exact_mut(columns).enumerate() {
            for (x, out) in out.iter_mut().enumerate() {
                let sum: f32 = TENT
                    .iter()
                    .enumerate()
                    .map(|(i, w)| {
                        let v = (y + i).saturating_sub(2).min(rows - 1);
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
            kernels::lerp16(self.level, row, back, samples, info.shift);
        } else {
            kernels::lerp(self.level, row, back, samples);
        }
    }
}

/// Weights of a cell and its two neighbours on each side.
const TENT: [f32; 5] = [1.0 / 9.0, 2.0 / 9.0, 3.0 / 9.0, 2.0 / 9.0, 1.0 / 9.0];

fn spread_row(cells: &[[f32; 4]], out: &mut [f32]) {
    let last = cells.len() - 1;
    for (x, out) in out.iter_mut().enumerate() {
        *out = TENT
            .iter()
            .enumerate()
            .map(|(i, w)| w * cells[(x + i).saturating_sub(2).min(last)][3])
            .sum();
    }
}
