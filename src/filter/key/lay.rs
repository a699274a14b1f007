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
use crate::filter::edge::shape::Shape;
use crate::filter::plane::{larger, smaller};
use crate::filter::regions::morphology::{Morphology, Radius};
use crate::filter::temporal::deadband::{self, Bands, Deadband};
use crate::frame::{GrayImage, GrayMut};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Most pixels of a row of a segment.
const WIDEST: usize = 8 * SEGMENT;
/// Cells of a segment and one on either side.
const AROUND: usize = SEGMENT + 2;

/// How the last step lays the key over the network's matte.
#[derive(Debug, Clone, Copy)]
pub(in crate::filter) struct Lay<'a> {
    /// What keeps noise out of the network's matte, if mattes are steadied.
    pub deadband: Option<Deadband<'a>>,
    /// Pixels of the refined matte per row of the frame as seen, across and down.
    pub per_row: Radius,
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
    /// The last joint matte, where the key had a say.
    shown: GrayImage,
    /// Whether there is one.
    is_shown: bool,
}

impl Layer {
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
        let size = (out.width(), out.height());
        self.is_shown &= (self.shown.width(), self.shown.height()) == size;
        let mut deadband = lay.deadband;
        match &mut deadband {
            Some(deadband) => {
                deadband.fresh |= !self.is_shown;
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
        let scale = 255.0 / (params.white_point - params.black_point).max(1.0 / 255.0);
        let map = (scale, 0.5 - params.black_point * scale);
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

    /// The cells of a segment with one more on either side, as far as those have a say.
    #[inline(always)]
    fn around(&self, band: &Band, y: usize, segment: usize) -> [u8; AROUND] {
        let width = self.cells.width();
        let row = &self.cells.data()[y * width..][..width];
        let count = segments(width);
        let says = &band.says[y * count..][..count];
        let cells = segment * SEGMENT..((segment + 1) * SEGMENT).min(width);
        let here = &row[cells.clone()];
        let mut around = [here[here.len() - 1]; AROUND];
        around[1..=here.len()].copy_from_slice(here);
        let before = segment > 0 && says[segment - 1];
        around[0] = if before { row[cells.start - 1] } else { here[0] };
        if segment + 1 < count && says[segment + 1] {
            around[AROUND - 1] = row[cells.end];
        }
        around
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
        for segment in (0..count).filter(|segment| says[*segment]) {
            segment_rows::<S, STEP>(simd, layer, band, (y, segment), rows, deadband, out);
        }
    }
}

/// Lays a segment of a row of cells over its rows of pixels.
#[inline(always)]
fn segment_rows<S: Simd, const STEP: usize>(
    simd: S,
    layer: &mut Layer,
    band: &Band,
    (y, segment): (usize, usize),
    rows: usize,
    deadband: Option<Deadband<'_>>,
    out: &mut GrayMut<'_>,
) {
    let (width, columns) = (out.width(), band.key.width());
    let count = segments(columns);
    let cells = segment * SEGMENT..((segment + 1) * SEGMENT).min(columns);
    let pixels = cells.start * STEP..(cells.end * STEP).min(width);
    let length = pixels.len();
    let mut weights = [[0_u8; WIDEST]; 2];
    for (to, from) in weights.iter_mut().zip(&band.weights) {
        let from = &from[y * columns..][cells.clone()];
        for (to, from) in to.chunks_exact_mut(STEP).zip(from) {
            to.fill(*from);
        }
    }
    if deadband.is_some() {
        let widths = &mut layer.widths;
        layer.bands.expand::<STEP>(y, cells, widths);
    }
    let steadies = deadband.filter(|d| !d.fresh && band.ages[y * count + segment] > YOUNG);
    let own = layer.around(band, y, segment);
    let next_to = |row: Option<usize>| match row.filter(|row| band.says[row * count + segment]) {
        Some(row) => layer.around(band, row, segment),
        None => own,
    };
    let above = next_to(y.checked_sub(1));
    let below = next_to(Some(y + 1).filter(|row| *row < rows));
    let flat = flat([&own, &above, &below]);
    for phase in 0..STEP.min(out.height() - y * STEP) {
        let row = y * STEP + phase;
        let matte = &mut out.row_mut(row)[pixels.clone()];
        if let Some(flat) = flat
            && is_flat(matte, flat)
        {
            if deadband.is_some() {
                layer.shown.data_mut()[row * width..][pixels.clone()].fill(flat);
            }
            continue;
        }
        let other = if 2 * phase + 1 < STEP { &above } else { &below };
        let key = pixels_of::<STEP>(&own, other, beside(phase, STEP));
        let mut network = [0; WIDEST];
        network[..length].copy_from_slice(matte);
        let mut joint = network;
        let all = SEGMENT * STEP;
        let both = [&weights[0][..all], &weights[1][..all]];
        join::met(&key[..all], both, &mut joint[..all]);
        if deadband.is_some() {
            let shown = &mut layer.shown.data_mut()[row * width..][pixels.clone()];
            match steadies {
                Some(Deadband { decay, .. }) => {
                    let widths = &layer.widths[pixels.clone()];
                    let bands = ([widths, widths], decay);
                    deadband::apply(simd, shown, &mut joint[..length], bands);
                    cap(&network[..all], &weights[0][..all], &mut joint[..all]);
                }
                None => shown.copy_from_slice(&joint[..length]),
            }
        }
        matte.copy_from_slice(&joint[..length]);
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

/// What all cells are, if that is nothing but background or nothing but subject.
#[inline(always)]
fn flat(rows: [&[u8; AROUND]; 3]) -> Option<u8> {
    let value = rows[0][0];
    let is_sure = value == 0 || value == 255;
    (is_sure && rows.iter().all(|row| is_flat(&row[..], value))).then_some(value)
}

#[inline(always)]
fn is_flat(row: &[u8], value: u8) -> bool {
    row.iter().fold(0, |other, v| other | (v ^ value)) == 0
}

/// A row of pixels between two rows of cells; `weight` of 256 is the other row's.
#[inline(always)]
fn pixels_of<const STEP: usize>(
    own: &[u8; AROUND],
    other: &[u8; AROUND],
    weight: u16,
) -> [u8; WIDEST] {
    let mut mixed = [0_u16; AROUND];
    for (mixed, (own, other)) in mixed.iter_mut().zip(own.iter().zip(other)) {
        *mixed = between(u16::from(*own), u16::from(*other), weight);
    }
    let mut phases = [[0_u8; SEGMENT]; STEP];
    for (phase, pixels) in phases.iter_mut().enumerate() {
        let side = if 2 * phase + 1 < STEP { 0 } else { 2 };
        let weight = beside(phase, STEP);
        for (x, pixel) in pixels.iter_mut().enumerate() {
            *pixel = between(mixed[x + 1], mixed[x + side], weight) as u8;
        }
    }
    let mut out = [0; WIDEST];
    for (x, cell) in out[..SEGMENT * STEP].chunks_exact_mut(STEP).enumerate() {
        for (pixel, phase) in cell.iter_mut().zip(&phases) {
            *pixel = phase[x];
        }
    }
    out
}

/// A value between two bytes, `weight` of 256 of the way from one to the other.
#[inline(always)]
fn between(from: u16, to: u16, weight: u16) -> u16 {
    (from * (256 - weight) + to * weight + 128) >> 8
}

#[cfg(test)]
#[path = "lay_tests.rs"]
mod tests;
