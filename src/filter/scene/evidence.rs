// SPDX-License-Identifier: MPL-2.0

//! What the known room and the known subject say about a matte.
//!
//! An appearance is a Gaussian of colour. With `d` the squared difference of the picture from one,
//! relative to its variance, as a mean over 3x3 pixels, and `w` half the logarithm of its variance's
//! volume, the picture fits it by `-d / 2 - w`. A third Gaussian is that of the subject's colours
//! around the pixel (`subject_colors`).
//!
//! The logarithm of the matte's odds changes by the sum of
//!
//! - the fit of the subject's colours around less that of the room, -[`UNCOVERED`] to [`COVERED`]:
//!   so a shirt like the wall behind it says nothing. For the picture to say that the room is
//!   covered, every pixel of 3x3 must differ: at an outline half of them do;
//! - the subject's fit less the room's, 0 to [`STAYS`],
//!
//! each times how well the appearance is known. Both may say the same, so their sum is at most
//! [`SHOWS`]. Towards 0 and 1 the matte is sure, and is changed less ([`SURE`]).

use super::appearance::confidence;
use super::known::Known;
use super::{Colored, Colors, SEGMENT, rough_exp};
use crate::filter::Plane;
use crate::filter::plane::smaller;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Most that a known room in sight takes from the logarithm of the odds.
const UNCOVERED: f32 = 4.0;
/// Most that a known room out of sight adds to it.
const COVERED: f32 = 2.0;
/// Most that a known subject in sight adds to it.
const STAYS: f32 = 2.0;
/// Most that is added in all: what the network finds less than 0.1 likely never becomes subject.
const SHOWS: f32 = 2.0;
/// Greatest squared difference from an appearance, and from the colours around.
const MOST: (f32, f32) = (60.0, 30.0);
/// How badly an unknown room fits.
const UNKNOWN_ROOM: f32 = 6.0;
/// How well the room must be known for its own fit to count against the subject's.
const ROOM_IS_KNOWN: f32 = 0.3;
/// Distance of the matte from 0 and 1 up to which it is sure; from twice that on it is changed in
/// full.
const SURE: f32 = 0.03;

/// Rows of each kind that are kept: three for a window, and the one that is written.
const KEPT: usize = 4;

/// What is compared at every pixel.
const KINDS: usize = 3;

/// Corrects mattes. Row `y` on its way through is at `y % KEPT`.
#[derive(Debug, Default)]
pub(super) struct Corrector {
    /// Which segments have a pixel that is not sure, row by row.
    open: Vec<u8>,
    /// The same of a row and those above and below, with one segment more at each end.
    above_and_below: Vec<u8>,
    /// The same with the segments to the left and right.
    near: Vec<u8>,
    /// Squared differences from the room, the subject and the subject's colours around; a pixel
    /// more on either side.
    differences: [Plane; KINDS],
    /// Half the logarithm of the volume of the subject's colours around.
    widths: Plane,
}

impl Corrector {
    /// Corrects `matte` in place; `heard` says how far the memory counts, 0 to 1.
    pub fn apply(
        &mut self,
        level: Level,
        known: &Known,
        colors: Colors<'_>,
        heard: f32,
        matte: &mut Plane,
    ) {
        dispatch!(level, simd => correct(simd, self, known, colors, heard, matte));
    }

    fn resize(&mut self, width: usize) {
        let width = width.div_ceil(SEGMENT) * SEGMENT;
        self.differences
            .iter_mut()
            .for_each(|p| p.resize(width + 2, KEPT));
        self.widths.resize(width, KEPT);
    }

    /// Finds the segments with a pixel that is not sure.
    #[inline(always)]
    fn find_open(&mut self, matte: &Plane) {
        self.open.clear();
        for y in 0..matte.height() {
            let segments = matte.row(y).chunks(SEGMENT);
            self.open.extend(segments.map(|segment| {
                let open = |v: &f32| u8::from((*v > SURE) & (*v < 1.0 - SURE));
                segment.iter().fold(0, |any, v| any | open(v))
            }));
        }
    }

    /// Finds the segments of a row that have such a pixel, or are beside such a segment.
    #[inline(always)]
    fn find_near(&mut self, y: usize, columns: usize) {
        // One more at each end, without such a pixel.
        self.above_and_below.clear();
        self.above_and_below.resize(columns + 2, 0);
        let rows = self.open.chunks_exact(columns);
        let first = y.saturating_sub(1);
        for row in rows.skip(first).take(y + 2 - first) {
            for (any, open) in self.above_and_below[1..].iter_mut().zip(row) {
                *any |= open;
            }
        }
        let columns = &self.above_and_below;
        let three = columns.iter().zip(&columns[1..]).zip(&columns[2..]);
        self.near.clear();
        self.near.extend(three.map(|((a, b), c)| a | b | c));
    }

    /// The differences of a segment from what is known.
    #[inline(always)]
    fn compare(
        &mut self,
        known: &Known,
        colors: Colors<'_>,
        (at, y): (usize, usize),
        width: usize,
    ) {
        let colors = Colored::load(colors, (at, y));
        let [room, subject, near] = &mut self.differences;
        let [room, subject, near] = [
            room.row_mut(y % KEPT),
            subject.row_mut(y % KEPT),
            near.row_mut(y % KEPT),
        ];
        let widths = &mut self.widths.row_mut(y % KEPT)[at..];
        let place = (at, y);
        let (known_room, known_subject) = (known.room.segment(place), known.subject.segment(place));
        known_room.differences(&colors, &mut room[at + 1..]);
        known_subject.differences(&colors, &mut subject[at + 1..]);
        let near_out = (&mut near[at + 1..], widths);
        known.colors.differences(place, &colors, near_out);
        // Beyond the ends lies what is at the ends.
        let end = at + (width - at).min(SEGMENT);
        for row in [room, subject, near] {
            if at == 0 {
                row[0] = row[1];
            }
            row[end + 1] = row[end];
        }
    }

    /// Corrects a segment of the matte.
    #[inline(always)]
    fn correct_segment(
        &self,
        known: &Known,
        place: (usize, usize),
        height: usize,
        heard: f32,
        matte: &mut [f32],
    ) {
        let mut means = [[0.0; SEGMENT]; KINDS];
        let mut room_least = [0.0; SEGMENT];
        let [room_mean, subject_mean, near_mean] = &mut means;
        window(
            &self.differences[0],
            place,
            height,
            room_mean,
            Some(&mut room_least),
        );
        window(&self.differences[1], place, height, subject_mean, None);
        window(&self.differences[2], place, height, near_mean, None);
        let near_width = &self.widths.row(place.1 % KEPT)[place.0..][..SEGMENT];
        let (room, subject) = (known.room.segment(place), known.subject.segment(place));
        let mut evidence = [0.0; SEGMENT];
        for x in 0..SEGMENT {
            let misfit = 0.5 * smaller(room_mean[x], MOST.0);
            let room_width = room.width(x);
            let wider = (near_width[x] - room_width).max(0.0);
            let beside = 0.5 * smaller(near_mean[x], MOST.1) + wider;
            let uncovered = beside - misfit;
            let covered = smaller(beside - 0.5 * smaller(room_least[x], MOST.0), 0.0);
            let for_room = if uncovered > 0.0 { uncovered } else { covered };
            let room_known = confidence(room.seen[x]) * heard;
            let is_known = room_known > ROOM_IS_KNOWN;
            let other = if is_known {
                misfit + room_width
            } else {
                UNKNOWN_ROOM
            };
            let for_subject = other - 0.5 * smaller(subject_mean[x], MOST.0) - subject.width(x);
            let for_subject = for_subject.clamp(0.0, STAYS) * confidence(subject.seen[x]) * heard;
            let for_room = for_room.clamp(-COVERED, UNCOVERED) * room_known;
            evidence[x] = smaller(for_subject - for_room, SHOWS);
        }
        for (value, evidence) in matte.iter_mut().zip(&evidence) {
            let open = (smaller(*value, 1.0 - *value) - SURE) * (1.0 / SURE);
            let odds = *value * rough_exp(*evidence * open.clamp(0.0, 1.0));
            let corrected = odds / (odds + (1.0 - *value));
            // Not so for a number that is none: then the network has the last word.
            let holds = (0.0..=1.0).contains(&corrected);
            *value = if holds { corrected } else { *value };
        }
    }
}

/// Corrects the matte, segment by segment where it is not sure.
#[simd]
fn correct<S: Simd>(
    _: S,
    corrector: &mut Corrector,
    known: &Known,
    colors: Colors<'_>,
    heard: f32,
    matte: &mut Plane,
) {
    let (width, height) = matte.size();
    let segments = width.div_ceil(SEGMENT);
    corrector.find_open(matte);
    corrector.resize(width);
    for y in 0..height + 1 {
        if y < height {
            corrector.find_near(y, segments);
            for segment in 0..segments {
                if corrector.near[segment] != 0 {
                    corrector.compare(known, colors, (segment * SEGMENT, y), width);
                }
            }
        }
        let Some(y) = y.checked_sub(1) else { continue };
        for segment in 0..segments {
            if corrector.open[y * segments + segment] != 0 {
                let at = segment * SEGMENT;
                let end = (at + SEGMENT).min(width);
                let matte = &mut matte.row_mut(y)[at..end];
                corrector.correct_segment(known, (at, y), height, heard, matte);
            }
        }
    }
}

/// Means over 3x3 pixels of a segment, and in `least` the minima. The neighbours are compared, too.
#[inline(always)]
fn window(
    plane: &Plane,
    (at, y): (usize, usize),
    height: usize,
    mean: &mut [f32; SEGMENT],
    least: Option<&mut [f32; SEGMENT]>,
) {
    let up = &plane.row(y.saturating_sub(1) % KEPT)[at..][..SEGMENT + 2];
    let here = &plane.row(y % KEPT)[at..][..SEGMENT + 2];
    let down = &plane.row((y + 1).min(height - 1) % KEPT)[at..][..SEGMENT + 2];
    let mut column = [0.0; SEGMENT + 2];
    for x in 0..SEGMENT + 2 {
        column[x] = up[x] + here[x] + down[x];
    }
    for x in 0..SEGMENT {
        mean[x] = (column[x] + column[x + 1] + column[x + 2]) * (1.0 / 9.0);
    }
    let Some(least) = least else { return };
    for x in 0..SEGMENT + 2 {
        column[x] = smaller(smaller(up[x], here[x]), down[x]);
    }
    for x in 0..SEGMENT {
        least[x] = smaller(smaller(column[x], column[x + 1]), column[x + 2]);
    }
}
