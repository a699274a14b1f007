// SPDX-License-Identifier: MPL-2.0

//! Whom the rule chooses, with hysteresis: pure, by the numbers of each frame.

use crate::filter::SubjectSelect;

/// Seconds that another one must be the better choice before the choice changes.
const SETTLE: f32 = 1.0;
/// Seconds that somebody who is not seen stays chosen although others are seen.
const PATIENCE: f32 = 3.0;
/// How many times as large another one must be.
const LARGER: f32 = 1.3;
/// How much nearer another one must be, as a share of the frame's height.
const NEARER: f32 = 0.1;

/// Somebody who may be chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Identity.
    pub id: u32,
    /// Size when nobody is before them, in any unit.
    pub area: f32,
    /// Distance from the point that counts, in shares of the frame's height; 0 on it.
    pub distance: f32,
    /// Whether they are at the point that was named.
    pub at_point: bool,
    /// Whether anything of them is seen.
    pub seen: bool,
}

/// The choice of a stream.
#[derive(Debug, Default)]
pub struct Choice {
    chosen: Option<u32>,
    /// Seconds since the chosen one was seen.
    unseen: f32,
    /// Who would be a better choice, and since how many seconds.
    better: Option<(u32, f32)>,
}

impl Choice {
    /// The next frame is chosen anew.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Nobody is waited for: whoever comes first may be chosen.
    pub fn stop_waiting(&mut self) {
        self.unseen = PATIENCE;
    }

    /// An identity turned out to be another one.
    pub fn rename(&mut self, old: u32, new: u32) {
        if self.chosen == Some(old) {
            self.chosen = Some(new);
        }
        self.better = self.better.filter(|(id, _)| *id != old);
    }

    /// Whom `rule` chooses, `seconds` after the last frame.
    pub fn decide(
        &mut self,
        rule: SubjectSelect,
        candidates: impl Iterator<Item = Candidate> + Clone,
        seconds: f32,
    ) -> Option<u32> {
        let best = best(rule, candidates.clone().filter(|c| c.seen));
        let chosen = candidates.clone().find(|c| Some(c.id) == self.chosen);
        match chosen.filter(|chosen| chosen.seen) {
            None => self.miss(best, seconds),
            Some(chosen) => {
                self.unseen = 0.0;
                let better = best.filter(|best| is_better(rule, best, &chosen));
                self.compare(better.map(|b| b.id), seconds);
            }
        }
        self.chosen
    }

    /// The chosen one is not seen, or nobody is chosen.
    fn miss(&mut self, best: Option<Candidate>, seconds: f32) {
        self.better = None;
        self.unseen += seconds;
        if (self.chosen.is_none() || self.unseen >= PATIENCE)
            && let Some(best) = best
        {
            (self.chosen, self.unseen) = (Some(best.id), 0.0);
        }
    }

    /// The chosen one is seen; somebody else may be the better choice.
    fn compare(&mut self, better: Option<u32>, seconds: f32) {
        self.better = better.map(|id| match self.better {
            Some((same, since)) if same == id => (id, since + seconds),
            _ => (id, 0.0),
        });
        if let Some((id, since)) = self.better
            && since >= SETTLE
        {
            (self.chosen, self.better) = (Some(id), None);
        }
    }
}

/// The first choice of a rule.
fn best(rule: SubjectSelect, candidates: impl Iterator<Item = Candidate>) -> Option<Candidate> {
    match rule {
        SubjectSelect::All => None,
        SubjectSelect::Largest => candidates.max_by(|a, b| a.area.total_cmp(&b.area)),
        SubjectSelect::Nearest => candidates.min_by(|a, b| a.distance.total_cmp(&b.distance)),
        SubjectSelect::Point => {
            let there = candidates.filter(|c| c.at_point);
            there.min_by(|a, b| a.distance.total_cmp(&b.distance))
        }
    }
}

/// Whether another one is so much better that the choice may change.
fn is_better(rule: SubjectSelect, other: &Candidate, chosen: &Candidate) -> bool {
    match rule {
        SubjectSelect::Largest => other.area > chosen.area * LARGER,
        SubjectSelect::Nearest => other.distance + NEARER < chosen.distance,
        SubjectSelect::All | SubjectSelect::Point => false,
    }
}

#[cfg(test)]
#[path = "choice_tests.rs"]
mod tests;
