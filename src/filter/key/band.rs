// SPDX-License-Identifier: MPL-2.0

//! Draws the key on its grid, in the band around the subject where it has something to say.
//!
//! The grid is judged in segments of its rows. In those without a say the key is as the network's
//! matte, 0 or 1, and is not laid over it.
//!
//! The sensor's noise is taken out of the strengths, so that the edge does not flicker: what differs
//! from the mean so far by no more than noise is averaged, what differs by more is new.
//!
//! `mean += w (strength - mean)` with `w = w0 + (1 - w0) min(1, difference / limit)^4`, where `w0` is
//! the pace, or 1 over the number of frames, as long as those are few.

use super::axis::KeyAxis;
use super::join::WHOLE;
use crate::filter::Plane;
use crate::filter::plane::resample::taps;
use crate::filter::plane::shuffle_resize::Tap;
use crate::filter::plane::{larger, smaller};
use crate::frame::GrayRef;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Columns of the grid that are drawn together.
pub(super) const SEGMENT: usize = 16;

/// Planes of the small size that are brought to the grid.
pub(super) const TERMS: usize = 7;

/// Frames in which a segment's means settle.
pub(super) const YOUNG: u8 = 4;

/// How much larger noise may be where nothing moves.
const QUIET: f32 = 2.0;

/// How many segments a row of the grid has.
pub(super) fn segments(columns: usize) -> usize {
    columns.div_ceil(SEGMENT)
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawing<'a> {
    /// Least and most that the key may say; how far it may add and take away; offset and factor of
    /// the alpha of a strength; how fast means follow what differs by noise.
    pub terms: [&'a Plane; TERMS],
    /// The network's matte.
    pub matte: &'a Plane,
    /// Both colour differences on the grid.
    pub chroma: [GrayRef<'a>; 2],
    /// Cells of the grid that the picture covers.
    pub span: (f32, f32),
    pub axis: KeyAxis,
    /// Difference from the mean that is no noise.
    pub limit: f32,
    /// Pace from which something moves in a segment.
    pub moves: f32,
}

/// The band, with the mean strengths and its scratch memory.
#[derive(Debug, Default)]
pub(super) struct Band {
    /// Whether each segment has a say in this frame, and for how many frames it has had one.
    pub says: Vec<bool>,
    pub ages: Vec<u8>,
    rows_say: Vec<bool>,
    mean: Plane,
    columns: Vec<Tap>,
    tops: Vec<Tap>,
    planned: [(usize, usize, f32); 2],
    /// Rows between two of the terms'.
    rows: [Vec<f32>; TERMS],
    /// Terms at the cells of a segment.
    terms: [[f32; SEGMENT]; 4],
    /// The key.
    pub key: Plane,
    /// How far it may add and take away, of [`WHOLE`].
    pub weights: [Vec<u8>; 2],
}

impl Band {
    /// Forgets the means.
    pub fn reset(&mut self) {
        self.ages.clear();
    }

    /// Exchanges what holds nothing from one frame to the next.
    pub fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(self, other);
        std::mem::swap(&mut self.ages, &mut other.ages);
        std::mem::swap(&mut self.mean, &mut other.mean);
    }

    /// Draws a frame.
    pub fn draw(&mut self, level: Level, drawing: &Drawing<'_>) {
        let (width, height) = (drawing.chroma[0].width(), drawing.chroma[0].height());
        let count = segments(width);
        if self.mean.size() != (width, height) || self.ages.len() != count * height {
            self.ages.clear();
            self.ages.resize(count * height, 0);
        }
        self.says.clear();
        self.says.resize(count * height, false);
        for plane in [&mut self.key, &mut self.mean] {
            plane.resize(width, height);
        }
        for weights in &mut self.weights {
            weights.resize(width * height, 0);
        }
        let (small, rows) = drawing.matte.size();
        let planned = [
            (small, width, drawing.span.0),
            (rows, height, drawing.span.1),
        ];
        if self.planned != planned {
            self.planned = planned;
            for ((places, cells, span), to) in
                planned.into_iter().zip([&mut self.columns, &mut self.tops])
            {
                // `span` cells cover all places.
                taps(places, cells, (places * cells) as f32 / span, to);
            }
        }
        self.rows.iter_mut().for_each(|row| row.resize(small, 0.0));
        self.ask(drawing.terms, count);
        dispatch!(level, simd => draw_rows(simd, self, drawing));
    }

    /// Finds the segments of the terms' rows that have a say.
    fn ask(&mut self, [least, most, _, takes, ..]: [&Plane; TERMS], count: usize) {
        self.rows_say.clear();
        for y in 0..least.height() {
            let row = [least.row(y), most.row(y), takes.row(y)];
            for segment in 0..count {
                let first = self.columns[segment * SEGMENT].first;
                let last = ((segment + 1) * SEGMENT).min(self.columns.len()) - 1;
                let last = self.columns[last].second;
                let says = |x: usize| row[1][x] > row[0][x] && row[2][x] > 0.0;
                self.rows_say
                    .push((first as usize..=last as usize).any(says));
            }
        }
    }

    /// Draws a row of the grid.
    #[inline(always)]
    fn row(&mut self, drawing: &Drawing<'_>, y: usize, at: Tap) {
        let (width, count) = (self.columns.len(), segments(self.columns.len()));
        let rows = (at.first as usize, at.second as usize);
        let matte = drawing
            .matte
            .row(if at.weight < 0.5 { rows.0 } else { rows.1 });
        let mut empty = true;
        for segment in 0..count {
            let says =
                self.rows_say[rows.0 * count + segment] || self.rows_say[rows.1 * count + segment];
            self.says[y * count + segment] = says;
            let age = &mut self.ages[y * count + segment];
            *age = if says { age.saturating_add(1) } else { 0 };
            let cells = segment * SEGMENT..((segment + 1) * SEGMENT).min(width);
            if says {
                empty = false;
                continue;
            }
            let subject = matte[self.columns[cells.start + cells.len() / 2].first as usize] > 0.5;
            self.key.row_mut(y)[cells].fill(f32::from(u8::from(subject)));
        }
        if empty {
            return;
        }
        for (row, plane) in self.rows.iter_mut().zip(drawing.terms) {
            between(plane.row(rows.0), plane.row(rows.1), at.weight, row);
        }
        for segment in 0..count {
            if self.says[y * count + segment] {
                self.segment(drawing, y, segment);
            }
        }
    }

    /// Draws a segment of a row of the grid.
    #[inline(always)]
    fn segment(&mut self, drawing: &Drawing<'_>, y: usize, segment: usize) {
        let (width, count) = (self.columns.len(), segments(self.columns.len()));
        let cells = segment * SEGMENT..((segment + 1) * SEGMENT).min(width);
        let columns = &self.columns[cells.clone()];
        let [least_of, most_of, adds, takes, offset_of, factor_of, pace] = &self.rows;
        let pace = fastest(pace, columns);
        let age = &mut self.ages[y * count + segment];
        let mut limit = drawing.limit;
        match pace > drawing.moves {
            true => *age = (*age).min(YOUNG),
            false => limit *= QUIET,
        }
        let pace = match *age {
            // At first it is the plain mean.
            1..=YOUNG => larger(pace, 1.0 / f32::from(*age)),
            _ => pace,
        };
        let colors = drawing.chroma.map(|plane| &plane.row(y)[cells.clone()]);
        let mean = &mut self.mean.row_mut(y)[cells.clone()];
        average(colors, (drawing.axis, 1.0 / limit), pace, mean);
        let [a, b, c, d] = &mut self.terms;
        let terms = [&mut a[..], b, c, d].map(|term| &mut term[..cells.len()]);
        let [least, most, offset, factor] = terms;
        tapped(least_of, columns, least);
        tapped(most_of, columns, most);
        line(offset_of, columns, offset);
        line(factor_of, columns, factor);
        let key = &mut self.key.row_mut(y)[cells.clone()];
        finish(mean, ([&mut *least, &mut *most], [offset, factor]), key);
        tapped(adds, columns, least);
        line(takes, columns, most);
        for (weights, term) in self.weights.iter_mut().zip([least, most]) {
            bytes(term, &mut weights[y * width..][cells.clone()]);
        }
    }
}

#[simd]
fn draw_rows<S: Simd>(_: S, band: &mut Band, drawing: &Drawing<'_>) {
    for y in 0..band.key.height() {
        band.row(drawing, y, band.tops[y]);
    }
}

#[inline(always)]
fn between(above: &[f32], below: &[f32], weight: f32, out: &mut [f32]) {
    for ((out, above), below) in out.iter_mut().zip(above).zip(below) {
        *out = above + (below - above) * weight;
    }
}

/// The values of a row at cells.
#[inline(always)]
fn tapped(row: &[f32], columns: &[Tap], out: &mut [f32]) {
    for (out, tap) in out.iter_mut().zip(columns) {
        *out = at(row, *tap);
    }
}

/// The values of a row that is smooth, at cells: a line between the first and the last.
#[inline(always)]
fn line(row: &[f32], columns: &[Tap], out: &mut [f32]) {
    let (first, last) = (at(row, columns[0]), at(row, columns[columns.len() - 1]));
    let step = (last - first) / (columns.len() as f32 - 1.0).max(1.0);
    for (x, out) in out.iter_mut().enumerate() {
        *out = first + x as i32 as f32 * step;
    }
}

/// The largest value that cells touch.
#[inline(always)]
fn fastest(row: &[f32], columns: &[Tap]) -> f32 {
    let reach = columns[0].first as usize..=columns[columns.len() - 1].second as usize;
    row[reach].iter().fold(0.0, |most, v| larger(most, *v))
}

#[inline(always)]
fn at(row: &[f32], tap: Tap) -> f32 {
    let (a, b) = (row[tap.first as usize], row[tap.second as usize]);
    a + (b - a) * tap.weight
}

/// Moves the means towards the strengths of colours.
#[inline(always)]
fn average([us, vs]: [&[u8]; 2], (axis, per_limit): (KeyAxis, f32), pace: f32, means: &mut [f32]) {
    for (mean, (u, v)) in means.iter_mut().zip(us.iter().zip(vs)) {
        let [u, v] = [*u, *v].map(|code| f32::from(code) * (1.0 / 255.0));
        let difference = axis.strength(u, v) - *mean;
        let far = smaller(difference * difference * (per_limit * per_limit), 1.0);
        *mean += difference * (pace + (1.0 - pace) * far * far);
    }
}

/// The key of means.
#[inline(always)]
fn finish(
    means: &[f32],
    ([least, most], [offset, factor]): ([&mut [f32]; 2], [&mut [f32]; 2]),
    out: &mut [f32],
) {
    let bounds = least.iter().zip(most).zip(offset.iter().zip(factor));
    for ((out, mean), ((least, most), (offset, factor))) in out.iter_mut().zip(means).zip(bounds) {
        let key = smaller(larger(*offset - *factor * mean, 0.0), 1.0);
        *out = *least + (*most - *least) * key;
    }
}

/// Weights of [`WHOLE`].
#[inline(always)]
fn bytes(values: &[f32], out: &mut [u8]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out = (value * f32::from(WHOLE)) as i32 as u8;
    }
}

#[cfg(test)]
#[path = "band_tests.rs"]
mod tests;
