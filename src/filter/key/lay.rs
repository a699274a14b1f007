// SPDX-License-Identifier: MPL-2.0

//! Lays the key over the network's refined matte, in the segments of the grid where it has a say.
//!
//! Cells become pixels by linear interpolation, in bytes. What comes of both mattes then goes through
//! the deadband that the network's went through, so that it stands as still. Where the key may not
//! add subject, no pixel gets more than the network gave it.

use super::band::{Band, SEGMENT, YOUNG, segments};
use super::join;
use crate::filter::Params;
use crate::filter::edge::coefficients::Coefficients;
use crate::filter::edge::shape::{Shape, levels};
use crate::filter::plane::{larger, smaller};
use crate::filter::regions::morphology::{Morphology, Radius};
use crate::filter::temporal::deadband::{self, Bands, Deadband};
use crate::frame::{GrayImage, GrayMut};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// How the last step lays the key over the network's matte.
#[derive(Debug, Clone, Copy)]
pub(in crate::filter) struct Lay<'a> {
    /// What keeps noise out of the network's matte, if mattes are steadied. What the key
    /// showed is remembered here.
    pub deadband: Option<Deadband<'a>>,
    /// Whether that must not be used any more.
    pub fresh: bool,
    /// Pixels of the refined matte per row of the frame as seen, across and down.
    pub per_row: Radius,
}

/// Rows on their way from cells to pixels.
#[derive(Debug, Default)]
struct Scratch {
    /// The cells of the row above or below.
    other: Vec<u8>,
    mixed: Vec<u16>,
    phase: Vec<u8>,
    key: Vec<u8>,
    network: Vec<u8>,
    /// How far the key may add and take away.
    weights: [Vec<u8>; 2],
}

/// What lays, with what it showed last and its scratch memory.
#[derive(Debug, Default)]
pub(super) struct Layer {
    morphology: Morphology,
    shape: Shape,
    edge: Coefficients,
    /// The key's cells as bytes, shaped as the matte is to be.
    cells: GrayImage,
    bands: Bands,
    /// The deadband's width at every pixel of a row.
    widths: Vec<u8>,
    scratch: Scratch,
    /// The last joint matte, where the key had a say.
    shown: GrayImage,
    /// Whether there is one.
    is_shown: bool,
}

impl Layer {
    /// Exchanges what holds nothing from one frame to the next.
    pub fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(self, other);
        std::mem::swap(&mut self.shown, &mut other.shown);
        std::mem::swap(&mut self.is_shown, &mut other.is_shown);
    }

    /// What was shown must not be used any more.
    pub fn forget(&mut self) {
        self.is_shown = false;
    }

    /// Lays what `band` drew over `out`; cells are `step` pixels wide: 1, 2, 3, 4, 6 or 8.
    pub fn lay(
        &mut self,
        level: Level,
        params: &Params,
        (band, step): (&mut Band, usize),
        lay: Lay<'_>,
        out: &mut GrayMut<'_>,
    ) {
        self.shape(level, params, (band, step), lay.per_row);
        self.scratch.reserve(band.key.width(), step);
        let size = (out.width(), out.height());
        self.is_shown &= (self.shown.width(), self.shown.height()) == size;
        let deadband = lay.deadband;
        match &deadband {
            Some(deadband) => {
                self.is_shown &= !lay.fresh;
                self.shown.resize(size.0, size.1);
                self.widths.resize(band.key.width() * step, 0);
                self.bands.update(level, deadband, band.key.size());
            }
            None => self.forget(),
        }
        let band = &*band;
        dispatch!(level, simd => match step {
            2 => rows::<_, 2>(simd, self, band, deadband, out),
            3 => rows::<_, 3>(simd, self, band, deadband, out),
            4 => rows::<_, 4>(simd, self, band, deadband, out),
            6 => rows::<_, 6>(simd, self, band, deadband, out),
            8 => rows::<_, 8>(simd, self, band, deadband, out),
            _ => rows::<_, 1>(simd, self, band, deadband, out),
        });
        self.is_shown = deadband.is_some();
    }

    /// Grows, feathers and stretches the key as asked, and makes bytes of it.
    fn shape(
        &mut self,
        level: Level,
        params: &Params,
        (band, step): (&mut Band, usize),
        per_row: Radius,
    ) {
        let cells = |rows: f32| Radius {
            across: rows * per_row.across / step as f32,
            down: rows * per_row.down / step as f32,
        };
        self.morphology
            .grow(level, &mut band.key, cells(params.grow));
        if params.feather != 0.0 {
            self.edge.without_guide(&band.key);
            let feather = cells(params.feather);
            self.shape
                .feather(level, feather, &band.key, &mut self.edge);
            band.key.copy_from(&self.edge.b);
        }
        let (width, height) = band.key.size();
        self.cells.resize(width, height);
        let (scale, offset) = levels(params.black_point, params.white_point);
        let map = (255.0 * scale, 255.0 * offset + 0.5);
        let says = band.says.chunks_exact(segments(width));
        for (y, says) in says.enumerate() {
            let to = &mut self.cells.data_mut()[y * width..][..width];
            for (segment, _) in says.iter().enumerate().filter(|(_, says)| **says) {
                let cells = segment * SEGMENT..((segment + 1) * SEGMENT).min(width);
                let (from, to) = (&band.key.row(y)[cells.clone()], &mut to[cells]);
                dispatch!(level, simd => bytes(simd, from, map, to));
            }
        }
        self.shape.gamma(params.gamma, &mut self.cells.as_mut());
    }
}

/// Makes bytes of values that a linear map stretches.
#[simd]
fn bytes<S: Simd>(_: S, from: &[f32], (scale, offset): (f32, f32), to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = smaller(larger(from * scale + offset, 0.0), 255.0) as i32 as u8;
    }
}

/// Weight, of 256, of the cell beside a pixel's own: the one before in the left half, the one after
/// in the right half.
const fn beside(phase: usize, step: usize) -> u16 {
    (128 * (2 * phase + 1).abs_diff(step) / step) as u16
}

#[simd]
fn rows<S: Simd, const STEP: usize>(
    simd: S,
    layer: &mut Layer,
    band: &Band,
    deadband: Option<Deadband<'_>>,
    out: &mut GrayMut<'_>,
) {
    let (columns, rows) = band.key.size();
    let count = segments(columns);
    for (y, says) in band.says.chunks_exact(count).enumerate() {
        let mut at = 0;
        while at < count {
            let begin = at;
            at += says[begin..]
                .iter()
                .take_while(|s| **s == says[begin])
                .count();
            if says[begin] {
                let run = begin..at;
                run_rows::<S, STEP>(simd, layer, band, (y, rows), run, deadband, out);
            }
        }
    }
}

/// Lays neighbouring segments of a row of cells over its rows of pixels.
#[inline(always)]
fn run_rows<S: Simd, const STEP: usize>(
    simd: S,
    layer: &mut Layer,
    band: &Band,
    (y, rows): (usize, usize),
    run: Range<usize>,
    deadband: Option<Deadband<'_>>,
    out: &mut GrayMut<'_>,
) {
    let (width, columns) = (out.width(), band.key.width());
    let count = segments(columns);
    let cells = run.start * SEGMENT..(run.end * SEGMENT).min(columns);
    let pixels = cells.start * STEP..(cells.end * STEP).min(width);
    let scratch = &mut layer.scratch;
    for (to, from) in scratch.weights.iter_mut().zip(&band.weights) {
        let from = &from[y * columns..][cells.clone()];
        to.resize(from.len() * STEP, 0);
        for (to, from) in to.chunks_exact_mut(STEP).zip(from) {
            to.fill(*from);
        }
    }
    if deadband.is_some() {
        let widths = &mut layer.widths;
        layer.bands.expand::<STEP>(y, cells.clone(), widths);
    }
    let row = |y: usize| &layer.cells.data()[y * columns..][..columns];
    for phase in 0..STEP.min(out.height() - y * STEP) {
        let other = match 2 * phase + 1 < STEP {
            true => y.checked_sub(1),
            false => Some(y + 1).filter(|row| *row < rows),
        };
        // Where the other row has nothing to say, the row itself goes on.
        scratch.other.clear();
        scratch.other.extend_from_slice(&row(y)[cells.clone()]);
        for segment in run.clone() {
            if let Some(other) = other.filter(|row| band.says[row * count + segment]) {
                let here = segment * SEGMENT..((segment + 1) * SEGMENT).min(columns);
                let to = here.start - cells.start..here.end - cells.start;
                scratch.other[to].copy_from_slice(&row(other)[here]);
            }
        }
        scratch.mix::<STEP>(&row(y)[cells.clone()], beside(phase, STEP));
        let at = y * STEP + phase;
        let matte = &mut out.row_mut(at)[pixels.clone()];
        scratch.network.clear();
        scratch.network.extend_from_slice(matte);
        let both = scratch.weights.each_ref().map(|w| &w[..matte.len()]);
        join::met(&scratch.key[..matte.len()], both, matte);
        let Some(Deadband { decay, .. }) = deadband else {
            continue;
        };
        let fresh = !layer.is_shown;
        let shown = &mut layer.shown.data_mut()[at * width..][..width];
        for segment in run.clone() {
            // A segment that is new has shown nothing, and one that settles is followed at once.
            if fresh || band.ages[y * count + segment] <= YOUNG {
                let here = segment * SEGMENT * STEP..((segment + 1) * SEGMENT * STEP).min(width);
                let from = here.start - pixels.start..here.end - pixels.start;
                shown[here].copy_from_slice(&matte[from]);
            }
        }
        let widths = &layer.widths[pixels.clone()];
        let bands = ([widths, widths], decay);
        let shown = &mut shown[pixels.clone()];
        deadband::apply(simd, shown, matte, bands);
        shown.copy_from_slice(matte);
        cap(&scratch.network, both[0], matte);
    }
}

/// Where the key may not add, no pixel gets more than the network gave it.
#[inline(always)]
fn cap(network: &[u8], adds: &[u8], matte: &mut [u8]) {
    for (matte, (network, adds)) in matte.iter_mut().zip(network.iter().zip(adds)) {
        let most = if *adds == 0 { *network } else { 255 };
        *matte = (*matte).min(most);
    }
}

impl Scratch {
    /// Makes room for rows of so many cells of `step` pixels, so that no longer run of segments has
    /// to.
    fn reserve(&mut self, columns: usize, step: usize) {
        let room = |bytes: &mut Vec<u8>, count: usize| {
            bytes.clear();
            bytes.reserve(count);
        };
        self.mixed.clear();
        self.mixed.reserve(columns + 2);
        for bytes in [&mut self.other, &mut self.phase] {
            room(bytes, columns);
        }
        for bytes in [&mut self.key, &mut self.network] {
            room(bytes, columns * step);
        }
        for bytes in &mut self.weights {
            room(bytes, columns * step);
        }
    }

    /// Makes a row of pixels that lies between a row of cells and the other one; `weight` of 256 is
    /// the other row's.
    #[inline(always)]
    fn mix<const STEP: usize>(&mut self, own: &[u8], weight: u16) {
        let count = own.len();
        self.mixed.resize(count + 2, 0);
        let mixed = self.mixed[1..=count].iter_mut();
        for (mixed, (own, other)) in mixed.zip(own.iter().zip(&self.other)) {
            *mixed = between(u16::from(*own), u16::from(*other), weight);
        }
        (self.mixed[0], self.mixed[count + 1]) = (self.mixed[1], self.mixed[count]);
        self.phase.resize(count, 0);
        self.key.resize(count * STEP, 0);
        for phase in 0..STEP {
            let side = if 2 * phase + 1 < STEP { 0 } else { 2 };
            let (here, side) = (&self.mixed[1..=count], &self.mixed[side..][..count]);
            let weight = beside(phase, STEP);
            for (pixel, (here, side)) in self.phase.iter_mut().zip(here.iter().zip(side)) {
                *pixel = between(*here, *side, weight) as u8;
            }
            let pixels = self.key.chunks_exact_mut(STEP);
            for (cell, pixel) in pixels.zip(&self.phase) {
                cell[phase] = *pixel;
            }
        }
    }
}

/// A value between two bytes, `weight` of 256 of the way from one to the other.
#[inline(always)]
fn between(from: u16, to: u16, weight: u16) -> u16 {
    (from * (256 - weight) + to * weight + 128) >> 8
}

#[cfg(test)]
#[path = "lay_tests.rs"]
mod tests;
