// SPDX-License-Identifier: MPL-2.0

//! Several people in one region: each pixel belongs to whom its colour and its place speak for.
//!
//! For each person, colour counts by the logarithm of how much more often it occurs on them than on
//! the mean of all (`histogram`), at the pixel and above and below it, so that a face goes with the
//! clothes under it; and place by where they were before, moved by their velocity. The sum is
//! averaged over a small window, so that no single pixel decides, and the largest wins.

use super::histogram::{BINS, Histogram};
use super::track::Extent;
use crate::filter::Plane;
use crate::filter::plane::window::BoxMean;
use crate::simd::Level;

/// Most that a colour counts.
const COLOR: f32 = 5.0;
/// Share that is added to each colour's, so that few pixels prove little.
const DOUBT: f32 = 0.25 / BINS as f32;
/// What the colours above and below a pixel count against its own; how far they are taken across
/// and down, as a share of the plane's height.
const AROUND: f32 = 1.0;
const COLUMN: (f32, f32) = (1.0 / 36.0, 1.0 / 4.0);
/// What a pixel counts that was theirs before: more than a colour that both wear.
const PLACE: f32 = 2.0;
/// What a pixel counts where they cannot be.
const ELSEWHERE: f32 = -8.0;
/// How far somebody may have moved in a frame, and the window of the mean, as a share of the
/// plane's height.
const REACH: f32 = 0.12;
const WINDOW: f32 = 1.0 / 72.0;

/// Somebody in the group.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// What their pixels are labelled with.
    pub label: u8,
    pub colors: &'a Histogram,
    /// Where they are expected.
    pub extent: Extent,
    /// Pixels that they moved by since the labels before.
    pub shift: (isize, isize),
}

/// The region that they share.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// The region of every pixel, and which is theirs.
    pub owners: &'a [u8],
    pub owner: u8,
    pub extent: Extent,
    /// Number of every pixel's colour.
    pub bins: &'a [u16],
    /// Whose each pixel was in the frame before.
    pub before: &'a [u8],
    pub size: (usize, usize),
}

/// Scratch memory.
#[derive(Debug)]
pub struct Group {
    score: Plane,
    smooth: Plane,
    best: Plane,
    mean: BoxMean,
    /// What a colour counts for one of them, by its number.
    weights: Box<[f32; BINS]>,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            score: Plane::default(),
            smooth: Plane::default(),
            best: Plane::default(),
            mean: BoxMean::default(),
            weights: Box::new([0.0; BINS]),
        }
    }
}

impl Group {
    /// Takes the memory for regions of any size in a plane of this size.
    pub fn make_room(&mut self, level: Level, (width, height): (usize, usize)) {
        self.score.resize(width, height);
        self.best.resize(width, height);
        self.mean.apply(level, &self.score, 1, &mut self.smooth);
    }

    /// Labels the pixels of a region that several people share.
    pub fn split<'a>(
        &mut self,
        level: Level,
        shared: &Shared<'_>,
        members: impl Iterator<Item = Member<'a>> + Clone,
        labels: &mut [u8],
    ) {
        let Extent {
            left,
            top,
            right,
            bottom,
        } = shared.extent;
        let (width, height) = (right + 1 - left, bottom + 1 - top);
        for plane in [&mut self.score, &mut self.best] {
            plane.resize(width, height);
        }
        self.best.data_mut().fill(f32::NEG_INFINITY);
        let radius = |share: f32| ((shared.size.1 as f32 * share) as usize).max(1);
        let (fine, column) = (radius(WINDOW), (radius(COLUMN.0), radius(COLUMN.1)));
        for member in members.clone() {
            self.weigh(member.colors, members.clone());
            self.score_colors(shared);
            self.mean
                .apply_oblong(level, &self.score, column, &mut self.smooth);
            self.score_place(shared, &member);
            self.mean.apply(level, &self.score, fine, &mut self.smooth);
            for y in 0..height {
                let start = (top + y) * shared.size.0 + left;
                let labels = &mut labels[start..start + width];
                let owners = &shared.owners[start..start + width];
                let scores = self.smooth.row(y).iter().zip(self.best.row_mut(y));
                for ((label, owner), (score, best)) in labels.iter_mut().zip(owners).zip(scores) {
                    if *owner == shared.owner && score > best {
                        (*label, *best) = (member.label, *score);
                    }
                }
            }
        }
    }

    /// What each colour counts for somebody with these colours.
    fn weigh<'a>(&mut self, colors: &Histogram, all: impl Iterator<Item = Member<'a>> + Clone) {
        let count = all.clone().count() as f32;
        for (bin, weight) in self.weights.iter_mut().enumerate() {
            let bin = bin as u16;
            let sum: f32 = all.clone().map(|member| member.colors.share(bin)).sum();
            let ratio = (colors.share(bin) + DOUBT) / (sum / count + DOUBT);
            *weight = ratio.ln().clamp(-COLOR, COLOR);
        }
    }

    /// What each pixel's colour counts for a member; 0 outside of the region.
    fn score_colors(&mut self, shared: &Shared<'_>) {
        for (row, line) in (shared.extent.top..=shared.extent.bottom).enumerate() {
            let start = line * shared.size.0 + shared.extent.left;
            let pixels = shared.owners[start..].iter().zip(&shared.bins[start..]);
            for (score, (owner, bin)) in self.score.row_mut(row).iter_mut().zip(pixels) {
                *score = match *owner == shared.owner {
                    true => self.weights[usize::from(*bin)],
                    false => 0.0,
                };
            }
        }
    }

    /// Adds what the surroundings and the place of each pixel of the region count for a member.
    fn score_place(&mut self, shared: &Shared<'_>, member: &Member<'_>) {
        let (width, height) = shared.size;
        let near = (height as f32 * REACH) as usize;
        let near = member.extent.widened(near, shared.size);
        let (left, top) = (shared.extent.left, shared.extent.top);
        for (row, line) in (top..=shared.extent.bottom).enumerate() {
            let before = line
                .checked_add_signed(-member.shift.1)
                .filter(|y| *y < height);
            let around = self.smooth.row(row);
            let scores = self.score.row_mut(row).iter_mut().zip(around);
            for (column, (score, around)) in scores.enumerate() {
                let x = left + column;
                if shared.owners[line * width + x] != shared.owner {
                    continue;
                }
                let from = x
                    .checked_add_signed(-member.shift.0)
                    .filter(|x| *x < width)
                    .zip(before);
                let was = from.is_some_and(|(x, y)| shared.before[y * width + x] == member.label);
                let place = match (was, near.holds(x, line)) {
                    (true, _) => PLACE,
                    (false, true) => 0.0,
                    (false, false) => ELSEWHERE,
                };
                *score += around * AROUND + place;
            }
        }
    }
}
