// SPDX-License-Identifier: MPL-2.0

//! Spill: the light of a green screen on the subject, taken out of skin, hair and clothes.
//!
//! In the plane of both colour differences, the screen's colour lies on an axis through gray. A
//! colour has as much of it as its part along the axis says:
//!
//! `strength = max(0, along)`
//!
//! In RGB this is how far green exceeds about 0.6 of red and 0.4 of blue by the matrix of BT.709,
//! and two thirds of red and one third of blue by that of BT.601. Keys commonly take the mean or
//! the larger of both as the limit; the mean takes green that skin has by itself, the larger one
//! leaves warm skin as it is (docs/greenscreen.md has the numbers). With the green goes the
//! brightness that it has without any gray. What has more than half of the screen's own strength is
//! no spill but a green thing, and the more it has, the more of its colour it keeps:
//!
//! `removed = min(strength, max(0, screen - strength))`
//!
//! In half-covered pixels it is measured on the subject's own colour: [`super::spill_edge`].

use super::aim::{Aim, LIMITED, UNIT, full_range, removed};
use super::decontamination::EdgeColors;
use super::spill_edge::SpillEdge;
use super::{Effect, EffectRow};
use crate::blend::alpha::{MattedFrame, PlaneKind, Remap};
use crate::blend::background::BackgroundRows;
use crate::blend::geometry::Geometry;
use crate::frame::{
    ChromaScaler, ColorModel, FrameFormat, GrayImage, Range as CodeRange, SampleError, Word,
};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// Takes a screen's light out of frames of one kind.
#[derive(Debug)]
pub(crate) struct SpillRemoval {
    geometry: Geometry,
    /// The screen's colour, as differences from neutral in bytes, and how much of its light goes.
    screen: [i8; 2],
    amount: u8,
    aim: Aim,
    edge: SpillEdge,
    scaler: ChromaScaler,
    /// Both colour differences, one for two by two pixels.
    chroma: [GrayImage; 2],
    /// The spill there, in steps of colour differences as bytes.
    spill: GrayImage,
    /// What a sample of each plane's row changes by for each step, times [`UNIT`].
    rows: Vec<Vec<i16>>,
    /// The spill of each sample of a row.
    steps: Vec<u8>,
}

impl SpillRemoval {
    /// For frames of a kind, before a screen of this colour; `amount` is 0 (nothing) to 255 (all).
    ///
    /// # Errors
    /// [`SampleError`] if the frames are too large.
    pub fn new(geometry: Geometry, screen: [i8; 2], amount: u8) -> Result<Self, SampleError> {
        let (columns, rows) = (geometry.width.div_ceil(2), geometry.height.div_ceil(2));
        let format = FrameFormat {
            layout: geometry.layout,
            color: geometry.color,
            width: geometry.width,
            height: geometry.height,
        };
        let info = geometry.layout.info();
        let row = |plane| vec![0; info.row_samples(plane, geometry.width)];
        let picture = || {
            let mut picture = GrayImage::default();
            picture.resize(columns, rows);
            picture
        };
        let mut new = Self {
            geometry,
            screen,
            amount,
            aim: Aim::default(),
            edge: SpillEdge::new(geometry),
            scaler: ChromaScaler::new(format, columns, rows, geometry.level)?,
            chroma: [picture(), picture()],
            spill: picture(),
            rows: (0..info.planes).map(row).collect(),
            steps: vec![0; 4 * geometry.width + 4],
        };
        new.aim();
        Ok(new)
    }

    /// Changes the screen's colour and the amount.
    pub fn set(&mut self, screen: [i8; 2], amount: u8) {
        if (self.screen, self.amount) != (screen, amount) {
            (self.screen, self.amount) = (screen, amount);
            self.aim();
        }
    }

    /// Finds what a step of spill is in each sample.
    fn aim(&mut self) {
        self.aim = Aim::new(self.geometry, self.screen);
        let info = self.geometry.layout.info();
        let [u, v] = self.screen.map(f32::from);
        let length = u.hypot(v).max(1.0);
        let share = f32::from(self.amount) / 255.0;
        let [u, v] = [u, v].map(|c| c / length * share);
        let map = full_range(self.geometry.color).yuv_to_rgb(8).m;
        // The colour without luma, and what makes its least part 0: the gray that it lacks.
        let rgb = map.map(|row| (row[1] * u + row[2] * v) * 255.0);
        let luma = -rgb.into_iter().fold(0.0, f32::min);
        let changes = match (info.model, self.geometry.color.range) {
            (ColorModel::Rgb, _) => rgb.map(|c| c + luma),
            (_, CodeRange::Limited) => [luma * LIMITED[0], u * LIMITED[1], v * LIMITED[2]],
            (_, CodeRange::Full) => [luma, u, v],
        };
        for (component, change) in info.components.iter().take(3).zip(changes) {
            let bytes = info.sample_bytes();
            let samples = self.rows[component.plane][component.offset / bytes..].iter_mut();
            for sample in samples.step_by(component.step / bytes) {
                *sample = (change * UNIT).round() as i16;
            }
        }
    }

    /// Takes the spill out of a range of samples of a plane's row, `first` of which begins the row.
    fn take(&self, plane: usize, samples: Range<usize>, row: &mut [u8]) {
        let info = self.geometry.layout.info();
        let bytes = info.sample_bytes();
        let row = &mut row[samples.start * bytes..samples.end * bytes];
        let changes = (&self.steps[samples.clone()], &self.rows[plane][samples]);
        let level = self.geometry.level;
        match info.depth > 8 {
            true => dispatch!(level, simd => take16(simd, row, changes, info.word())),
            false => dispatch!(level, simd => take8(simd, row, changes)),
        }
    }

    /// Takes the spill out of a row of a plane, but for what the background replaces.
    pub fn take_out(&mut self, row: &mut EffectRow) {
        let (plane, kind) = (row.plane_row.plane, row.plane_row.kind);
        let info = self.geometry.layout.info();
        if self.rows[plane].iter().take(4).all(|change| *change == 0) {
            // Alpha.
            return;
        }
        let count = (row.row.len() / info.sample_bytes()).min(self.steps.len());
        let spill = self.spill.as_ref();
        let spill = spill.row((row.plane_row.y / 2).min(spill.height() - 1));
        let mut start = 0;
        let each = match kind {
            PlaneKind::Luma(n) => 2 * n,
            PlaneKind::Chroma(n) => n,
            PlaneKind::Packed422 { .. } => 4,
        };
        for (steps, spill) in self.steps[..count].chunks_mut(each).zip(spill) {
            steps.fill(*spill);
        }
        for span in row.spans.background {
            let replaced = kind.samples_of(span, count);
            self.take(plane, start..replaced.start, row.row);
            start = replaced.end;
        }
        self.take(plane, start..count, row.row);
    }
}

impl SpillRemoval {
    /// Measures the spill of a frame before anything in it is changed; `colors` are what
    /// decontamination found along the edge with the same `remap`.
    pub fn measure(&mut self, matted: &MattedFrame, remap: Remap, colors: EdgeColors<'_>) {
        let mut pictures = self.chroma.each_mut().map(GrayImage::as_mut);
        if self.scaler.scale(&matted.frame, &mut pictures).is_err() {
            // The compositor has checked the frame: it is one of these.
            self.spill.data_mut().fill(0);
            return;
        }
        let [u, v] = &self.chroma;
        let spill = self.spill.data_mut();
        find(self.geometry.level, [u.data(), v.data()], &self.aim, spill);
        // The screen itself keeps its colour while it fades.
        let width = self.spill.width();
        for (y, row) in self.spill.data_mut().chunks_exact_mut(width).enumerate() {
            for span in matted.classes.row(2 * y).background {
                row[span.start / 2..span.end.div_ceil(2)].fill(0);
            }
        }
        let pictures = ([u, v], &mut self.spill);
        self.edge.find(matted, remap, colors, &self.aim, pictures);
    }
}

impl Effect for SpillRemoval {
    fn apply(&mut self, row: &mut EffectRow, _: &mut BackgroundRows) {
        self.take_out(row);
    }
}

/// The spill of colours.
fn find(level: Level, colors: [&[u8]; 2], aim: &Aim, spill: &mut [u8]) {
    dispatch!(level, simd => find_in(simd, colors, aim, spill));
}

#[simd]
fn find_in<S: Simd>(_: S, [us, vs]: [&[u8]; 2], aim: &Aim, spill: &mut [u8]) {
    for ((spill, u), v) in spill.iter_mut().zip(us).zip(vs) {
        *spill = removed(aim.of(*u, *v), aim.screen) as u8;
    }
}

#[inline(always)]
fn taken(code: i32, step: u8, change: i16, finer: i32, top: i32) -> i32 {
    (code - ((i32::from(step) * i32::from(change) * finer + 64) >> 7)).clamp(0, top)
}

#[simd]
fn take8<S: Simd>(_: S, row: &mut [u8], (steps, changes): (&[u8], &[i16])) {
    for ((p, step), change) in row.iter_mut().zip(steps).zip(changes) {
        *p = taken(i32::from(*p), *step, *change, 1, 255) as u8;
    }
}

#[simd]
fn take16<S: Simd>(_: S, row: &mut [u8], (steps, changes): (&[u8], &[i16]), word: Word) {
    let (samples, _) = row.as_chunks_mut::<2>();
    let (finer, top) = (1 << (word.depth() - 8), i32::from(word.top()));
    for ((p, step), change) in samples.iter_mut().zip(steps).zip(changes) {
        let code = i32::from(word.code(*p));
        *p = word.bytes(taken(code, *step, *change, finer, top) as u16);
    }
}

#[cfg(test)]
#[path = "spill_tests.rs"]
mod tests;
