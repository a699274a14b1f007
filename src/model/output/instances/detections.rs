// SPDX-License-Identifier: MPL-2.0

//! The detections of a frame: the best ones, each thing once.

use crate::model::output::OutputPlan;

/// Boxes that share more of their area show the same thing.
const SAME_BOX: f32 = 0.7;
/// Detections that are looked at in a frame, the best ones; as many as Ultralytics' programs keep, since
/// one person alone has dozens.
const MOST: usize = 300;

/// A detection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Detection {
    /// 0 to 1.
    pub score: f32,
    /// Where it stands in the output.
    pub index: usize,
    /// Left, top, right and bottom of its box, in the network's picture.
    pub area: [f32; 4],
}

impl Detection {
    /// The share of both boxes that both have.
    fn overlap(&self, other: &Self) -> f32 {
        let [left, top] = [0, 1].map(|i| self.area[i].max(other.area[i]));
        let [right, bottom] = [2, 3].map(|i| self.area[i].min(other.area[i]));
        let both = (right - left).max(0.0) * (bottom - top).max(0.0);
        let size = |[l, t, r, b]: [f32; 4]| (r - l).max(0.0) * (b - t).max(0.0);
        both / (size(self.area) + size(other.area) - both).max(f32::MIN_POSITIVE)
    }
}

/// Memory for a frame's detections, made once.
#[derive(Debug, Default)]
pub(in crate::model) struct Scratch {
    pub(super) found: Vec<Detection>,
    /// The least score among them.
    least: f32,
    /// A row of the matte before the sigmoid.
    pub(super) row: Vec<f32>,
}

impl Scratch {
    /// Memory for what `plan` reads; none if it reads no instances.
    pub fn new(plan: &OutputPlan) -> Self {
        if plan.instances.is_none() {
            return Self::default();
        }
        Self {
            found: Vec::with_capacity(MOST),
            least: f32::INFINITY,
            row: vec![0.0; plan.width],
        }
    }

    /// Keeps a detection if it is among the best.
    pub(super) fn offer(&mut self, detection: Detection) {
        if self.found.len() < MOST {
            self.least = self.least.min(detection.score);
            self.found.push(detection);
            return;
        }
        if detection.score <= self.least {
            return;
        }
        let weakest = |a: &&mut Detection, b: &&mut Detection| a.score.total_cmp(&b.score);
        if let Some(weakest) = self.found.iter_mut().min_by(weakest) {
            *weakest = detection;
        }
        let scores = self.found.iter().map(|detection| detection.score);
        self.least = scores.fold(f32::INFINITY, f32::min);
    }

    /// Forgets the last frame's.
    pub(super) fn clear(&mut self) {
        self.found.clear();
        self.least = f32::INFINITY;
    }

    /// The best first, each thing once.
    pub(super) fn keep_best(&mut self) {
        self.found
            .sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
        let mut kept = 0;
        for i in 0..self.found.len() {
            let next = self.found[i];
            let seen = self.found[..kept]
                .iter()
                .any(|best| best.overlap(&next) > SAME_BOX);
            if !seen {
                self.found[kept] = next;
                kept += 1;
            }
        }
        self.found.truncate(kept);
    }
}
