// SPDX-License-Identifier: MPL-2.0

//! The memory of the scene: what the room and the subject looked like at every pixel corrects the
//! network's matte before anything else sees it.
//!
//! A pixel has two remembered appearances (`appearance`): the room, learnt where the matte
//! and its surroundings are surely background, and the subject, learnt where they are surely
//! subject. An appearance is a Gaussian of colour. With `d` the squared difference of the picture
//! from one, relative to its variance, as a mean over 3x3 pixels, and `w` half the logarithm of its
//! variance's volume, the picture fits it by `-d / 2 - w`. A third Gaussian is that of the subject's colours
//! around the pixel (`subject_colors`).
//!
//! The logarithm of the matte's odds loses `e`, the sum of
//!
//! - for the room, the room's fit less that of the subject's colours around, -`COVERED` to
//!   `UNCOVERED`: so a shirt like the wall behind it says nothing. For the picture to say that the room is
//!   covered, every pixel of 3x3 must differ: at an outline half of them do;
//! - less, for the subject, its fit less the room's, 0 to `STAYS`,
//!
//! each times how well the appearance is known. A matte of exactly 0 or 1 stays what it is: the memory
//! settles what the network leaves open, and never shows a place that the network is sure of.
//!
//! The light of the whole scene is followed (`light`). Where the known room is no longer seen, because
//! the camera moves, the memory says nothing, and if that is nearly everywhere it forgets; where a
//! place disagrees for some frames, that place is learnt anew. Nothing is kept beyond
//! [`SceneMemory::reset`].
//!
//! Sources: background subtraction by Gaussians per pixel (Stauffer and Grimson, "Adaptive
//! background mixture models for real-time tracking", CVPR 1999), here with the network in place of the
//! mixture's own decision, so that who sits still is never learnt as room.

use super::appearance::{Appearance, Pace, known};
use super::light::LightMeter;
use super::subject_colors::SubjectColors;
use super::{Colored, Colors, SEGMENT, larger, rough_exp, smaller};
use crate::filter::Plane;
use crate::filter::plane::window3::Window3;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Most that a known room in sight takes from the logarithm of the odds.
const UNCOVERED: f32 = 4.0;
/// Most that a known room out of sight adds to it.
const COVERED: f32 = 2.0;
/// Most that a known subject in sight adds to it.
const STAYS: f32 = 2.0;
/// Greatest energy of a difference from an appearance, and from the colours around.
const MOST: (f32, f32) = (60.0, 30.0);
/// How badly an unknown room fits.
const UNKNOWN_ROOM: f32 = 6.0;
/// How well the room must be known for its own fit to count against the subject's.
const ROOM_IS_KNOWN: f32 = 0.3;
/// Matte around a pixel up to which the room is learnt, and from which the subject is.
const LEARNT: (f32, f32) = (0.25, 0.75);
/// Agreement of the picture with the known room up to which the memory says nothing, and from which
/// it is heard fully.
const AGREEMENT: (f32, f32) = (0.5, 0.8);
/// Agreement below which all is forgotten.
const LOST: f32 = 0.25;

/// One in so many rows is learnt in a frame: what is learnt changes slowly.
const LEARNT_ROWS: usize = 8;
/// Matte values this close to 0 or 1 are sure.
const SURE: f32 = 0.03;

/// The memory with its scratch memory.
#[derive(Debug, Default)]
pub struct SceneMemory {
    room: Appearance,
    subject: Appearance,
    colors: SubjectColors,
    meter: LightMeter,
    rows: Rows,
    learner: Learner,
    size: (usize, usize),
    primed: bool,
}

/// Rows of each kind that are kept: three for a window, and the one that is written.
const KEPT: usize = 4;

/// What is compared at every pixel.
const KINDS: usize = 3;

/// Rows on their way through [`correct`]: row `y` at `y % KEPT`.
#[derive(Debug, Default)]
struct Rows {
    /// Which segments have a pixel that is not sure, row by row.
    open: Vec<bool>,
    /// Squared differences from the room, the subject and the subject's colours around; a pixel more on
    /// either side.
    differences: [Plane; KINDS],
    /// Half the logarithm of the volume of the subject's colours around.
    widths: Plane,
}

/// What [`learn`] needs.
#[derive(Debug, Default)]
struct Learner {
    /// The matte as it came.
    raw: Plane,
    /// Frames that each of the interleaved sets of rows has not learnt yet.
    frames: [f32; LEARNT_ROWS],
    /// The set whose turn it is.
    turn: usize,
    /// The larger, or the smaller, of raw and corrected matte, for three rows.
    bounds: [Vec<f32>; 3],
    /// What is learnt of a row as room, and as subject: above 0; whole segments.
    room: Vec<f32>,
    subject: Vec<f32>,
    window: Window3,
}

impl SceneMemory {
    /// Forgets everything.
    pub fn reset(&mut self) {
        self.primed = false;
    }

    /// Corrects `matte` in place by what is known, then learns from it. `frames` says how many frames
    /// of 1/30 s the picture counts: less than the time that passed if it repeats an earlier one.
    /// Luma has the matte's size.
    pub fn apply(&mut self, level: Level, colors: Colors<'_>, frames: f32, matte: &mut Plane) {
        debug_assert_eq!(colors.luma.size(), matte.size());
        if !self.primed || self.size != matte.size() {
            self.start(matte.size());
        }
        let light = self.meter.measure(&self.room, colors.luma, matte);
        if light.agreement < LOST {
            self.start(matte.size());
        } else if light.gain != 1.0 {
            self.room.follow(light.gain);
            self.subject.follow(light.gain);
        }
        let heard = (light.agreement - AGREEMENT.0) * (1.0 / (AGREEMENT.1 - AGREEMENT.0));
        self.colors.update(level, colors, matte);
        self.learner.raw.copy_from(matte);
        dispatch!(level, simd => correct(simd, self, colors, heard.clamp(0.0, 1.0), matte));
        dispatch!(level, simd => learn(simd, self, colors, frames, matte));
    }

    fn start(&mut self, size: (usize, usize)) {
        self.room.start(size);
        self.subject.start(size);
        self.learner.frames = [0.0; LEARNT_ROWS];
        self.size = size;
        self.primed = true;
    }
}

/// Corrects the matte, segment by segment where it is not sure.
#[simd]
fn correct<S: Simd>(
    _: S,
    memory: &mut SceneMemory,
    colors: Colors<'_>,
    heard: f32,
    matte: &mut Plane,
) {
    let (width, height) = matte.size();
    let segments = width.div_ceil(SEGMENT);
    memory.rows.find_open(matte);
    memory.rows.resize(width);
    for y in 0..height + 1 {
        for segment in 0..segments {
            let at = segment * SEGMENT;
            if y < height && memory.rows.is_near_open((segment, segments), (y, height)) {
                compare(memory, colors, (at, y), width);
            }
        }
        let Some(y) = y.checked_sub(1) else { continue };
        for segment in 0..segments {
            if memory.rows.open[y * segments + segment] {
                let at = segment * SEGMENT;
                let end = (at + SEGMENT).min(width);
                correct_segment(
                    memory,
                    (at, y),
                    height,
                    heard,
                    &mut matte.row_mut(y)[at..end],
                );
            }
        }
    }
}

impl Rows {
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
                let open = |v: &f32| u32::from((*v > SURE) & (*v < 1.0 - SURE));
                segment.iter().fold(0, |any, v| any | open(v)) != 0
            }));
        }
    }

    /// Whether a segment, or one beside it, has a pixel that is not sure.
    #[inline(always)]
    fn is_near_open(&self, (x, columns): (usize, usize), (y, rows): (usize, usize)) -> bool {
        let (left, right) = (x.saturating_sub(1), (x + 2).min(columns));
        (y.saturating_sub(1)..(y + 2).min(rows))
            .any(|y| self.open[y * columns + left..y * columns + right].contains(&true))
    }
}

/// The differences of a segment from what is known.
#[inline(always)]
fn compare(memory: &mut SceneMemory, colors: Colors<'_>, (at, y): (usize, usize), width: usize) {
    let colors = Colored::load(colors, (at, y));
    let [room, subject, near] = &mut memory.rows.differences;
    let [room, subject, near] = [
        room.row_mut(y % KEPT),
        subject.row_mut(y % KEPT),
        near.row_mut(y % KEPT),
    ];
    let widths = &mut memory.rows.widths.row_mut(y % KEPT)[at..];
    memory
        .room
        .differences((at, y), &colors, &mut room[at + 1..]);
    memory
        .subject
        .differences((at, y), &colors, &mut subject[at + 1..]);
    let near_out = (&mut near[at + 1..], widths);
    memory.colors.differences((at, y), &colors, near_out);
    // Beyond the ends lies what is at the ends.
    let end = at + (width - at).min(SEGMENT);
    for row in [room, subject, near] {
        if at == 0 {
            row[0] = row[1];
        }
        row[end + 1] = row[end];
    }
}

/// Sums over 3x3 pixels of a segment, and in `least` the minima. The neighbours are compared, too.
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

/// Corrects a segment of the matte.
#[inline(always)]
fn correct_segment(
    memory: &SceneMemory,
    place: (usize, usize),
    height: usize,
    heard: f32,
    matte: &mut [f32],
) {
    let rows = &memory.rows;
    let mut means = [[0.0; SEGMENT]; KINDS];
    let mut room_least = [0.0; SEGMENT];
    let [room_mean, subject_mean, near_mean] = &mut means;
    window(
        &rows.differences[0],
        place,
        height,
        room_mean,
        Some(&mut room_least),
    );
    window(&rows.differences[1], place, height, subject_mean, None);
    window(&rows.differences[2], place, height, near_mean, None);
    let near_width = &rows.widths.row(place.1 % KEPT)[place.0..][..SEGMENT];
    let (room_seen, room_width) = memory.room.known(place);
    let (subject_seen, subject_width) = memory.subject.known(place);
    let mut evidence = [0.0; SEGMENT];
    for x in 0..SEGMENT {
        let misfit = 0.5 * smaller(room_mean[x], MOST.0);
        let wider = (near_width[x] - room_width[x]).max(0.0);
        let beside = 0.5 * smaller(near_mean[x], MOST.1) + wider;
        let uncovered = beside - misfit;
        let covered = smaller(beside - 0.5 * smaller(room_least[x], MOST.0), 0.0);
        let for_room = if uncovered > 0.0 { uncovered } else { covered };
        let room_known = known(room_seen[x]) * heard;
        let is_known = room_known > ROOM_IS_KNOWN;
        let other = if is_known {
            misfit + room_width[x]
        } else {
            UNKNOWN_ROOM
        };
        let for_subject = other - 0.5 * smaller(subject_mean[x], MOST.0) - subject_width[x];
        evidence[x] = for_subject.clamp(0.0, STAYS) * known(subject_seen[x]) * heard
            - for_room.clamp(-COVERED, UNCOVERED) * room_known;
    }
    for (value, evidence) in matte.iter_mut().zip(&evidence) {
        let odds = *value * rough_exp(*evidence);
        let corrected = odds / (odds + (1.0 - *value));
        // Not so for a number that is none: then the network has the last word.
        let holds = (0.0..=1.0).contains(&corrected);
        *value = if holds { corrected } else { *value };
    }
}

/// Learns the rows whose turn it is.
#[simd]
fn learn<S: Simd>(_: S, memory: &mut SceneMemory, colors: Colors<'_>, frames: f32, matte: &Plane) {
    let SceneMemory {
        room,
        subject,
        learner,
        ..
    } = memory;
    let (width, height) = matte.size();
    let whole = width.next_multiple_of(SEGMENT);
    for row in [&mut learner.room, &mut learner.subject] {
        row.resize(whole, 0.0);
        row[width..].fill(0.0);
    }
    learner.frames.iter_mut().for_each(|sum| *sum += frames);
    learner.turn = (learner.turn + 1) % LEARNT_ROWS;
    let frames = std::mem::take(&mut learner.frames[learner.turn]);
    if frames <= 0.0 {
        return;
    }
    let pace = Pace::of(frames);
    for y in (learner.turn..height).step_by(LEARNT_ROWS) {
        let sides = (&learner.raw, matte);
        bound(sides, y, &mut learner.bounds, larger);
        let most = &mut learner.room[..width];
        let bounds = around(&learner.bounds, y, height);
        learner.window.most(bounds, most);
        most.iter_mut().for_each(|v| *v = LEARNT.0 - *v);
        bound(sides, y, &mut learner.bounds, smaller);
        let least = &mut learner.subject[..width];
        let bounds = around(&learner.bounds, y, height);
        learner.window.least(bounds, least);
        least.iter_mut().for_each(|v| *v -= LEARNT.1);
        for at in (0..width).step_by(SEGMENT) {
            let colors = Colored::load(colors, (at, y));
            room.learn((at, y), &colors, &learner.room[at..], pace);
            subject.learn((at, y), &colors, &learner.subject[at..], pace);
        }
    }
}

/// Joins raw and corrected matte, in the rows around `y` that exist.
#[inline(always)]
fn bound(
    (raw, matte): (&Plane, &Plane),
    y: usize,
    bounds: &mut [Vec<f32>; 3],
    join: impl Fn(f32, f32) -> f32,
) {
    for (k, bounds) in bounds.iter_mut().enumerate() {
        let Some(y) = (y + k).checked_sub(1).filter(|&y| y < raw.height()) else {
            continue;
        };
        bounds.resize(raw.width(), 0.0);
        let values = raw.row(y).iter().zip(matte.row(y));
        for (bound, (raw, matte)) in bounds.iter_mut().zip(values) {
            *bound = join(*raw, *matte);
        }
    }
}

/// The rows around `y`, those that exist.
#[inline(always)]
fn around(bounds: &[Vec<f32>; 3], y: usize, height: usize) -> [Option<&[f32]>; 3] {
    [
        (y > 0).then_some(&bounds[0][..]),
        Some(&bounds[1][..]),
        (y + 1 < height).then_some(&bounds[2][..]),
    ]
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
