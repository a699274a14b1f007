// SPDX-License-Identifier: MPL-2.0

//! Which of several people is shown: each is followed under an identity (`tracker`), and a rule
//! chooses one (`choice`).

mod choice;
mod group;
mod histogram;
mod picture;
#[cfg(test)]
mod tests;
mod track;
mod tracker;

use super::SubjectSelect;
use crate::simd::Level;
use choice::{Candidate, Choice};
pub use picture::Picture;
use tracker::Tracker;

/// How near to the point somebody must be, as a share of the frame's height: a click beside the
/// hair still means them.
const AT_POINT: f32 = 0.05;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// The rule.
    pub rule: SubjectSelect,
    /// The point of the rule `point`, in shares of the frame.
    pub point: [f32; 2],
}

/// Follows people and chooses.
#[derive(Debug, Default)]
pub struct Selection {
    tracker: Tracker,
    choice: Choice,
    wanted: Option<Wanted>,
    /// 1 where the chosen one is.
    shown: Vec<u8>,
    /// Units of 1/30 s that passed without a matte.
    missed: f32,
}

impl Selection {
    /// Forgets everybody.
    pub fn reset(&mut self) {
        self.tracker.reset();
        self.choice.forget();
        self.missed = 0.0;
    }

    /// Another scene begins: everybody is out of sight, but would be recognised.
    pub fn lose(&mut self) {
        self.tracker.lose();
        self.choice.stop_waiting();
    }

    /// Time passes in which the last choice holds.
    pub fn rest(&mut self, frames: f32) {
        self.missed += frames;
    }

    /// Takes the next matte, `frames` units of 1/30 s after the last one. Returns 1 for each pixel
    /// of the chosen one, 0 for all others.
    pub fn apply(
        &mut self,
        level: Level,
        picture: Picture<'_>,
        frames: f32,
        wanted: Wanted,
    ) -> &[u8] {
        if self.wanted.replace(wanted) != Some(wanted) {
            self.choice.forget();
        }
        let frames = frames + std::mem::take(&mut self.missed);
        let size = picture.colors.luma.size();
        self.tracker.follow(level, &picture, frames);
        let tracker = &self.tracker;
        for (old, new) in tracker.renamed() {
            self.choice.rename(*old, *new);
        }
        let (across, down) = picture.per_row;
        let height = size.1 as f32 / down;
        let unit = (1.0 / (across * height), 1.0 / (down * height));
        let at = match wanted.rule {
            SubjectSelect::Point => wanted.point,
            _ => [0.5; 2],
        };
        let at = (at[0] * size.0 as f32 - 0.5, at[1] * size.1 as f32 - 0.5);
        let nearest = match wanted.rule {
            SubjectSelect::Point => tracker.distances(at, unit),
            _ => tracker.distances_of_centres(at, unit),
        };
        let candidates = tracker.tracks().map(|(slot, track)| Candidate {
            id: track.id,
            area: track.usual,
            distance: nearest[slot],
            at_point: nearest[slot] <= AT_POINT,
            seen: track.is_seen(),
        });
        let chosen = self.choice.decide(wanted.rule, candidates, frames / 30.0);
        let chosen = chosen.and_then(|id| tracker.label(id));
        self.shown.resize(tracker.labels().len(), 0);
        for (shown, label) in self.shown.iter_mut().zip(tracker.labels()) {
            *shown = u8::from(Some(*label) == chosen);
        }
        &self.shown
    }
}
