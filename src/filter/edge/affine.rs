// SPDX-License-Identifier: MPL-2.0

//! From coefficients on a low resolution grid to the matte at the frame's resolution:
//! `q = a I + b`, with `a` and `b` upsampled bilinearly and `I` the full luma.
//!
//! This is the part that touches every pixel, so it computes no more than it must: where the
//! coefficients mean plain background or plain subject (`a` is nothing, `b` is 0 or 1), rows are
//! filled without reading the luma. The grid's cells are exactly `step` pixels wide, so the
//! weights of the upsampling repeat every `step` pixels.
//!
//! In still places [`crate::filter::temporal::deadband`] keeps the luma's noise out.

use super::affine_row::combine;
use super::coefficients::Coefficients;
use crate::filter::plane::resample::grid;
use crate::filter::temporal::deadband::{self, Bands, Deadband};
use crate::frame::{GrayMut, GrayRef};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// A slope or offset below this changes no 8-bit value by more than a quarter.
const NOTHING: f32 = 0.25 / 255.0;

/// Columns of the grid that are of one kind together.
const SEGMENT: usize = 16;

/// What a segment of a grid row turns into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    /// 0 everywhere.
    #[default]
    Background,
    /// 255 everywhere.
    Subject,
    /// Has to be computed.
    Mixed,
}

/// One grid row, upsampled to full width, scaled for luma and matte in 0 to 255.
#[derive(Debug, Default)]
struct Expanded {
    row: Option<usize>,
    a: Vec<f32>,
    b: Vec<f32>,
    /// Width of the deadband, if there is one.
    band: Vec<u8>,
}

/// The upsampler's scratch memory.
#[derive(Debug, Default)]
pub struct Affine {
    /// Kinds of this frame's segments, row after row of the grid.
    kinds: Vec<Kind>,
    /// What each column of a grid row allows: 1 background, 2 subject, more neither.
    codes: Vec<u32>,
    padded: Vec<f32>,
    bands: Bands,
    expanded: [Expanded; 2],
}

impl Affine {
    /// Writes `a I + b` for every pixel of `guide` to `out`, both of one size. The coefficients'
    /// planes have the size of the [`grid`] of `step` x `step` pixels over it; `step` is 1, 2, 3,
    /// 4, 6 or 8. The deadband comes with the last matte; one of another size than `out` is none.
    pub fn apply(
        &mut self,
        level: Level,
        coefficients: &Coefficients,
        guide: GrayRef<'_>,
        step: usize,
        deadband: Option<(GrayRef<'_>, Deadband<'_>)>,
        out: &mut GrayMut<'_>,
    ) {
        let (width, height) = coefficients.a.size();
        debug_assert_eq!((width, height), grid(guide.width(), guide.height(), step));
        debug_assert_eq!((guide.width(), guide.height()), (out.width(), out.height()));
        let size = (out.width(), out.height());
        let deadband = deadband.filter(|(last, _)| (last.width(), last.height()) == size);
        if let Some((_, deadband)) = &deadband {
            self.bands.update(level, deadband, (width, height));
        }
        self.codes.resize(width, 0);
        dispatch!(level, simd => classify(simd, self, coefficients));
        self.padded.resize(width + 2, 0.0);
        for expanded in &mut self.expanded {
            expanded.row = None;
            expanded.a.resize(width * step, 0.0);
            expanded.b.resize(width * step, 0.0);
            expanded.band.resize(width * step, 0);
        }
        dispatch!(level, simd => match step {
            2 => apply::<_, 2>(simd, self, coefficients, guide, deadband, out),
            3 => apply::<_, 3>(simd, self, coefficients, guide, deadband, out),
            4 => apply::<_, 4>(simd, self, coefficients, guide, deadband, out),
            6 => apply::<_, 6>(simd, self, coefficients, guide, deadband, out),
            8 => apply::<_, 8>(simd, self, coefficients, guide, deadband, out),
            _ => apply::<_, 1>(simd, self, coefficients, guide, deadband, out),
        });
    }
}

/// Finds the kind of every segment. The upsampling reaches one column over its borders.
#[simd]
fn classify<S: Simd>(_: S, filter: &mut Affine, coefficients: &Coefficients) {
    let (width, height) = coefficients.a.size();
    let codes = &mut filter.codes[..width];
    filter.kinds.clear();
    for y in 0..height {
        let (a, b) = (coefficients.a.row(y), coefficients.b.row(y));
        for ((code, a), b) in codes.iter_mut().zip(a).zip(b) {
            let mixed = u32::from(a.abs() > NOTHING);
            let (low, high) = (u32::from(*b < NOTHING), u32::from(*b > 1.0 - NOTHING));
            *code = (mixed | (1 - low - high)) << 2 | high << 1 | low;
        }
        for start in (0..width).step_by(SEGMENT) {
            let range = start.saturating_sub(1)..(start + SEGMENT + 1).min(width);
            let mut all = 0;
            for code in &codes[range] {
                all |= code;
            }
            filter.kinds.push(match all {
                1 => Kind::Background,
                2 => Kind::Subject,
                _ => Kind::Mixed,
            });
        }
    }
}

/// Weight of the second of the two grid columns (or rows) around pixel `phase` of a cell, the
/// first being the cell before in the left half, the cell itself in the right half.
const fn phase_weight(phase: usize, step: usize) -> f32 {
    let position = (phase as f32 + 0.5) / step as f32;
    if position < 0.5 {
        position + 0.5
    } else {
        position - 0.5
    }
}

/// Upsamples the columns of a grid row that lie in `columns` to full width. `padded` is the row
/// with its first and last value repeated.
#[inline(always)]
fn expand<const STEP: usize>(padded: &[f32], columns: Range<usize>, to: &mut [f32]) {
    let mut weights = [0.0; STEP];
    for (phase, weight) in weights.iter_mut().enumerate() {
        *weight = phase_weight(phase, STEP);
    }
    let count = columns.len();
    let before = &padded[columns.start..][..count];
    let here = &padded[columns.start + 1..][..count];
    let after = &padded[columns.start + 2..][..count];
    let to = &mut to[columns.start * STEP..columns.end * STEP];
    for (x, cell) in to.chunks_exact_mut(STEP).enumerate() {
        let (before, here, after) = (before[x], here[x], after[x]);
        for phase in 0..STEP {
            cell[phase] = if 2 * phase + 1 < STEP {
                before + (here - before) * weights[phase]
            } else {
                here + (after - here) * weights[phase]
            };
        }
    }
}

/// Upsamples the segments of a grid row that are mixed, or of another kind than a neighbouring row.
#[inline(always)]
fn expand_row<const STEP: usize>(
    row: usize,
    (kinds, segments): (&[Kind], usize),
    padded: &mut [f32],
    coefficients: &Coefficients,
    bands: Option<&Bands>,
    slot: &mut Expanded,
) {
    let (width, height) = coefficients.a.size();
    let kinds_of = |row: usize| &kinds[row * segments..][..segments];
    let here = kinds_of(row);
    let (above, below) = (
        kinds_of(row.saturating_sub(1)),
        kinds_of((row + 1).min(height - 1)),
    );
    let needed = |s: usize| here[s] == Kind::Mixed || above[s] != here[s] || below[s] != here[s];
    let columns = |s: usize| s * SEGMENT..((s + 1) * SEGMENT).min(width);
    for (from, to, scale) in [
        (coefficients.a.row(row), &mut slot.a, 1.0),
        (coefficients.b.row(row), &mut slot.b, 255.0),
    ] {
        for (p, v) in padded[1..].iter_mut().zip(from) {
            *p = v * scale;
        }
        padded[0] = padded[1];
        padded[width + 1] = padded[width];
        for s in (0..segments).filter(|s| needed(*s)) {
            expand::<STEP>(padded, columns(s), to);
        }
    }
    if let Some(bands) = bands {
        for s in (0..segments).filter(|s| needed(*s)) {
            bands.expand::<STEP>(row, columns(s), &mut slot.band);
        }
    }
    slot.row = Some(row);
}

/// The two grid rows around a row of pixels, and the second one's weight.
#[derive(Clone, Copy)]
struct RowPair {
    first: usize,
    second: usize,
    weight: f32,
}

impl RowPair {
    #[inline(always)]
    fn new<const STEP: usize>(y: usize, grid_height: usize) -> Self {
        let (cell, left_half) = (y / STEP, 2 * (y % STEP) + 1 < STEP);
        let (first, second) = match left_half {
            true => (cell.saturating_sub(1), cell),
            false => (cell, (cell + 1).min(grid_height - 1)),
        };
        Self {
            first,
            second,
            weight: phase_weight(y % STEP, STEP),
        }
    }
}

#[simd]
fn apply<S: Simd, const STEP: usize>(
    simd: S,
    filter: &mut Affine,
    coefficients: &Coefficients,
    guide: GrayRef<'_>,
    deadband: Option<(GrayRef<'_>, Deadband<'_>)>,
    out: &mut GrayMut<'_>,
) {
    let (grid_width, grid_height) = coefficients.a.size();
    let (width, wide) = (guide.width(), SEGMENT * STEP);
    let segments = grid_width.div_ceil(SEGMENT);
    for y in 0..guide.height() {
        let rows = RowPair::new::<STEP>(y, grid_height);
        let (to, luma) = (out.row_mut(y), guide.row(y));
        let mut at = 0;
        while at < segments {
            let begin = at;
            let (kind, end) = filter.run_of_one_kind(rows, segments, begin);
            at = end;
            let pixels = begin * wide..(end * wide).min(width);
            if kind != Kind::Mixed {
                to[pixels].fill(if kind == Kind::Subject { 255 } else { 0 });
                continue;
            }
            filter.expand::<STEP>(rows, segments, coefficients, deadband.is_some());
            let (p, q) = (
                &filter.expanded[rows.first % 2],
                &filter.expanded[rows.second % 2],
            );
            let four = [&p.a, &p.b, &q.a, &q.b].map(
                #[inline(always)]
                |row| &row[pixels.clone()],
            );
            let part = (&luma[pixels.clone()], &mut to[pixels.clone()]);
            combine(simd, four, rows.weight, part.0, part.1);
            if let Some((last, deadband)) = deadband {
                let last = &last.row(y)[pixels.clone()];
                let bands = [rows.first, rows.second]
                    .map(|row| &filter.expanded[row % 2].band[pixels.clone()]);
                deadband::apply(simd, last, &mut to[pixels], (bands, deadband.decay));
            }
        }
    }
}

impl Affine {
    /// The kind of the segment at `begin` between two grid rows, and the first segment of another
    /// kind after it.
    #[inline(always)]
    fn run_of_one_kind(&self, rows: RowPair, segments: usize, begin: usize) -> (Kind, usize) {
        let (top, bottom) = (
            &self.kinds[rows.first * segments..][..segments],
            &self.kinds[rows.second * segments..][..segments],
        );
        let kind = common_kind(top[begin], bottom[begin]);
        let mut end = begin + 1;
        while end < segments && common_kind(top[end], bottom[end]) == kind {
            end += 1;
        }
        (kind, end)
    }

    /// Upsamples two grid rows to full width, unless that is done already.
    #[inline(always)]
    fn expand<const STEP: usize>(
        &mut self,
        rows: RowPair,
        segments: usize,
        coefficients: &Coefficients,
        has_deadband: bool,
    ) {
        let bands = has_deadband.then_some(&self.bands);
        for row in [rows.first, rows.second] {
            let slot = &mut self.expanded[row % 2];
            if slot.row != Some(row) {
                let kinds = (&self.kinds[..], segments);
                let padded = &mut self.padded;
                expand_row::<STEP>(row, kinds, padded, coefficients, bands, slot);
            }
        }
    }
}

/// Kind of what lies between two grid rows.
#[inline(always)]
fn common_kind(top: Kind, bottom: Kind) -> Kind {
    if top == bottom { top } else { Kind::Mixed }
}

#[cfg(test)]
#[path = "affine_tests.rs"]
pub(crate) mod tests;
