// SPDX-License-Identifier: MPL-2.0

//! The deadband of the refined matte: small differences are not followed where the picture stands
//! still.
//!
//! The luma's noise comes through wherever the slope is steep, even under a matte that stands
//! perfectly still. [`Deadband`] takes it away: in still places a pixel follows at once only what
//! is outside of a small band around it, which shrinks towards 0 and 255 so that no haze stays
//! behind. Inside the band the difference decays slowly, so that a pixel does not keep the noise
//! that it began with. The middle is crossed only by what lies well beyond it: an edge that wobbles
//! by a pixel would go to and fro there.

use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;
use std::ops::Range;

/// Change of the picture up to which a place stands still.
const STILL: f32 = 0.25;
/// Difference, of 255, that does not decay any further.
const CLOSE: u8 = 3;

/// Distance from the middle, of 255, up to which a pixel of a still place stays on its side.
const BEYOND: u8 = 20;
/// The least value that is subject.
const MIDDLE: u8 = 128;
/// The least value that lets subject stay subject.
const LEAST: u8 = MIDDLE - BEYOND;
/// The least value that turns background into subject.
const MOST: u8 = MIDDLE + BEYOND;

/// How wide the deadband is, and where.
#[derive(Debug, Clone, Copy)]
pub struct Deadband<'a> {
    /// Greatest difference, of 255, that is not followed at once.
    pub width: u8,
    /// How much of a difference inside the band decays in this frame, of 255.
    pub decay: u8,
    /// How far the picture changed, 0 to 1, at the small matte's size.
    pub change: &'a Plane,
}

/// The deadband's width in each cell of the edge fit's grid: none where the picture changed.
#[derive(Debug, Default)]
pub(crate) struct Bands {
    /// The width at each pixel of the picture's change.
    at_change: Vec<u8>,
    /// Which columns of it each column of the grid covers.
    columns: Vec<Range<u32>>,
    /// Columns of the change, rows of the change and rows of the grid.
    sizes: (usize, usize, usize),
}

impl Bands {
    /// Takes the picture's change, for a grid of this size.
    pub(crate) fn update(
        &mut self,
        level: Level,
        deadband: &Deadband<'_>,
        (columns, rows): (usize, usize),
    ) {
        let (width, height) = deadband.change.size();
        if self.columns.len() != columns || self.sizes != (width, height, rows) {
            self.sizes = (width, height, rows);
            self.columns.clear();
            self.columns.extend((0..columns).map(|x| {
                let first = (x * width / columns) as u32;
                first..(((x + 1) * width).div_ceil(columns) as u32).max(first + 1)
            }));
        }
        self.at_change.resize(width * height, 0);
        dispatch!(level, simd => widths(simd, deadband, &mut self.at_change));
    }

    /// The widths of some columns of a row of the grid, each `STEP` times.
    #[inline(always)]
    pub(crate) fn expand<const STEP: usize>(
        &self,
        row: usize,
        columns: Range<usize>,
        to: &mut [u8],
    ) {
        let (width, height, rows) = self.sizes;
        let from = &self.at_change[row * height / rows * width..][..width];
        let cells = to[columns.start * STEP..].chunks_exact_mut(STEP);
        for (reach, cell) in self.columns[columns].iter().zip(cells) {
            let reach = &from[reach.start as usize..reach.end as usize];
            cell.fill(reach.iter().fold(u8::MAX, |least, band| least.min(*band)));
        }
    }
}

#[simd]
fn widths<S: Simd>(_: S, deadband: &Deadband<'_>, to: &mut [u8]) {
    for (to, change) in to.iter_mut().zip(deadband.change.data()) {
        *to = if *change > STILL { 0 } else { deadband.width };
    }
}

/// Replaces `to` by `last`, moved to within a width of `to`, less near 0 and 255, and from there by
/// `decay` to within [`CLOSE`] of it, but not over the middle if `to` is within [`BEYOND`] of that.
/// The width of a pixel is the smaller of two; where it is 0, `to` stays as it is. All slices are of
/// one length.
#[inline(always)]
pub(crate) fn apply<S: Simd>(
    simd: S,
    last: &[u8],
    to: &mut [u8],
    (bands, decay): ([&[u8]; 2], u8),
) {
    let lanes = S::u8s::LEN;
    let splat = |value| S::u8s::splat(simd, value);
    let (decay_lanes, near, none, top) = (splat(decay), splat(CLOSE), splat(0), splat(255));
    let (subject, background) = (splat(MIDDLE), splat(MIDDLE - 1));
    let (least, most) = (splat(LEAST), splat(MOST));
    let whole = to.len() / lanes * lanes;
    for i in (0..whole).step_by(lanes) {
        let load = |from: &[u8]| S::u8s::from_slice(simd, &from[i..i + lanes]);
        let (value, held) = (load(to), load(last));
        let limit = load(bands[0]).min(load(bands[1]));
        let band = limit.min(value).min(top - value);
        let next = held.min(value + band).max(value - band);
        let close = near.min(band);
        let goal = next.min(value + close).max(value - close);
        let (up, down) = (goal.max(next) - next, next - goal.min(next));
        let next = next + up.min(decay_lanes) - down.min(decay_lanes);
        let was_subject = held.simd_ge(subject);
        let floor = value.simd_ge(least).select(subject, none);
        let ceiling = value.simd_ge(most).select(top, background);
        let kept = was_subject.select(next.max(floor), next.min(ceiling));
        let next = limit.simd_eq(none).select(value, kept);
        next.store_slice(&mut to[i..i + lanes]);
    }
    if whole < to.len() {
        let bands = bands.map(|band| &band[whole..]);
        apply_rest(&last[whole..], &mut to[whole..], (bands, decay));
    }
}

#[cold]
#[inline(never)]
fn apply_rest(last: &[u8], to: &mut [u8], (bands, decay): ([&[u8]; 2], u8)) {
    let bands = bands[0].iter().zip(bands[1]);
    for ((last, to), (a, b)) in last.iter().zip(to).zip(bands) {
        let limit = *a.min(b);
        let band = limit.min(*to).min(255 - *to);
        let next = (*last).min(*to + band).max(*to - band);
        let close = CLOSE.min(band);
        let goal = next.min(*to + close).max(*to - close);
        let next = goal.clamp(next.saturating_sub(decay), next.saturating_add(decay));
        *to = match (*last >= MIDDLE, *to) {
            (_, value) if limit == 0 => value,
            (true, LEAST..) => next.max(MIDDLE),
            (false, ..MOST) => next.min(MIDDLE - 1),
            _ => next,
        };
    }
}

#[cfg(test)]
#[path = "deadband_tests.rs"]
mod tests;
