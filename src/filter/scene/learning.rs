// SPDX-License-Identifier: MPL-2.0

//! What is learnt of a picture: the room where raw and corrected matte say surely background, all
//! around a pixel, and the subject where they say surely subject.

use super::appearance::Pace;
use super::known::Known;
use super::{Colored, Colors, SEGMENT};
use crate::filter::Plane;
use crate::filter::plane::window3::Window3;
use crate::filter::plane::{larger, smaller};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Matte around a pixel up to which the room is learnt, and from which the subject is.
const LEARNT: (f32, f32) = (0.25, 0.75);
/// One in so many rows is learnt in a frame: what is learnt changes slowly.
const LEARNT_ROWS: usize = 8;

/// Learns, with its scratch memory.
#[derive(Debug, Default)]
pub(super) struct Learner {
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

impl Learner {
    /// Exchanges what holds nothing from one matte to the next.
    pub fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.raw, &mut other.raw);
    }

    /// Nothing waits to be learnt.
    pub fn start(&mut self) {
        self.frames = [0.0; LEARNT_ROWS];
    }

    /// Takes the matte as it comes.
    pub fn take(&mut self, raw: &Plane) {
        self.raw.copy_from(raw);
    }

    /// Learns from a picture that counts `frames` frames of 1/30 s, and its corrected matte.
    pub fn learn(
        &mut self,
        level: Level,
        known: &mut Known,
        colors: Colors<'_>,
        frames: f32,
        matte: &Plane,
    ) {
        self.frames.iter_mut().for_each(|sum| *sum += frames);
        self.turn = (self.turn + 1) % LEARNT_ROWS;
        let frames = std::mem::take(&mut self.frames[self.turn]);
        if frames > 0.0 {
            dispatch!(level, simd => learn(simd, self, known, colors, Pace::of(frames), matte));
        }
    }
}

/// Learns the rows whose turn it is.
#[simd]
fn learn<S: Simd>(
    _: S,
    learner: &mut Learner,
    known: &mut Known,
    colors: Colors<'_>,
    pace: Pace,
    matte: &Plane,
) {
    let (width, height) = matte.size();
    let whole = width.next_multiple_of(SEGMENT);
    for row in [&mut learner.room, &mut learner.subject] {
        row.resize(whole, 0.0);
        row[width..].fill(0.0);
    }
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
            known
                .room
                .learn((at, y), &colors, &learner.room[at..], pace);
            known
                .subject
                .learn((at, y), &colors, &learner.subject[at..], pace);
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
