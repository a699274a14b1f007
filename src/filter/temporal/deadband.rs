// SPDX-License-Identifier: MPL-2.0

//! The deadband of the refined matte: small differences are not followed where the picture stands
//! still.
//!
//! The luma's noise comes through wherever the slope is steep, even under a matte that stands
//! perfectly still. [`Deadband`] takes it away: in still places a pixel follows at once only what
//! is outside of a small band around it, which shrinks towards 0 and 255 so that no haze stays
//! behind. Inside the band the difference decays slowly, so that a pixel does not keep the noise
//! that it began with.

use crate::filter::Plane;
use crate::filter::motion::change::exceeds;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;

/// Change of the picture up to which a place stands still.
const STILL: f32 = 0.1;
/// Difference, of 255, that does not decay any further.
const CLOSE: u8 = 3;

/// Columns of the grid that are judged together.
pub const SEGMENT: usize = 16;

/// Groups of columns of a grid row `columns` wide that are judged together.
pub fn segments(columns: usize) -> usize {
    columns.div_ceil(SEGMENT)
}

/// Where the last matte stays, and how wide the deadband is.
#[derive(Debug, Clone, Copy)]
pub struct Deadband<'a> {
    /// Greatest difference, of 255, that is not followed at once.
    pub width: u8,
    /// How much of a difference inside the band decays in this frame, of 255.
    pub decay: u8,
    /// Whether the picture stands still, for the [`segments`] of every
    /// row of the grid.
    pub still: &'a [bool],
    /// Whether there is no last matte, or it must not be used.
    pub fresh: bool,
}

/// Where the picture stands still, in the pieces that the last step judges.
#[derive(Debug, Default)]
pub(crate) struct Stillness {
    still: Vec<bool>,
}

impl Stillness {
    /// Takes the picture's change, for a grid of this size.
    pub(crate) fn find(&mut self, level: Level, change: &Plane, grid: (usize, usize)) {
        dispatch!(level, simd => find(simd, change, grid, &mut self.still));
    }

    /// Whether it stands still, segment by segment and row by row of the grid.
    pub(crate) fn segments(&self) -> &[bool] {
        &self.still
    }
}

#[simd]
fn find<S: Simd>(_: S, change: &Plane, (columns, rows): (usize, usize), still: &mut Vec<bool>) {
    let count = segments(columns);
    still.clear();
    let row_of = |y: usize| y * change.height() / rows;
    for y in 0..rows {
        if y > 0 && row_of(y) == row_of(y - 1) {
            still.extend_from_within((y - 1) * count..y * count);
            continue;
        }
        let row = change.row(row_of(y));
        for s in 0..count {
            let first = s * SEGMENT * row.len() / columns;
            let last = ((s + 1) * SEGMENT * row.len()).div_ceil(columns);
            let last = last.min(row.len());
            still.push(!exceeds(&row[first.min(last - 1)..last], STILL));
        }
    }
}

/// Moves `shown` to within `width` of `to`, less near 0 and 255, and from there by `decay` to
/// within [`CLOSE`] of it; then `to` to `shown`.
#[inline(always)]
pub(crate) fn apply<S: Simd>(simd: S, shown: &mut [u8], to: &mut [u8], (width, decay): (u8, u8)) {
    let lanes = S::u8s::LEN;
    let splat = |value| S::u8s::splat(simd, value);
    let (limit, decay_lanes, near, top) = (splat(width), splat(decay), splat(CLOSE), splat(255));
    let whole = to.len() / lanes * lanes;
    for i in (0..whole).step_by(lanes) {
        let value = S::u8s::from_slice(simd, &to[i..i + lanes]);
        let last = S::u8s::from_slice(simd, &shown[i..i + lanes]);
        let band = limit.min(value).min(top - value);
        let next = last.min(value + band).max(value - band);
        let close = near.min(band);
        let goal = next.min(value + close).max(value - close);
        let (up, down) = (goal.max(next) - next, next - goal.min(next));
        let next = next + up.min(decay_lanes) - down.min(decay_lanes);
        next.store_slice(&mut shown[i..i + lanes]);
        next.store_slice(&mut to[i..i + lanes]);
    }
    if whole < to.len() {
        apply_rest(&mut shown[whole..], &mut to[whole..], (width, decay));
    }
}

#[cold]
#[inline(never)]
fn apply_rest(shown: &mut [u8], to: &mut [u8], (width, decay): (u8, u8)) {
    for (shown, to) in shown.iter_mut().zip(to) {
        let band = width.min(*to).min(255 - *to);
        let next = (*shown).min(*to + band).max(*to - band);
        let close = CLOSE.min(band);
        let goal = next.min(*to + close).max(*to - close);
        *shown = goal.clamp(next.saturating_sub(decay), next.saturating_add(decay));
        *to = *shown;
    }
}

#[cfg(test)]
#[path = "deadband_tests.rs"]
mod tests;
