// SPDX-License-Identifier: MPL-2.0

//! What is known of a frame that went through the chain.

use crate::filter::key::Screen;
use std::time::{Duration, Instant};

/// Time that each stage took.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StageTimes {
    /// Luma of the frame at every size that is needed, and the colours for key, edge fit and memory.
    pub guide: Duration,
    /// Motion, the search for the key's screen, the memory of the scene, the temporal filter.
    pub temporal: Duration,
    /// Hysteresis, islands, holes, morphology, regions.
    pub clean: Duration,
    /// The key on its grid; edge fit on the grid, feather, levels.
    pub edge: Duration,
    /// The pass over every pixel, with the key laid over it.
    pub output: Duration,
}

/// What one frame was like.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stats {
    /// Share of the matte's pixels that changed sides (crossed 0.5) since the last frame.
    pub changed: f32,
    /// Share of the frame that is subject.
    pub coverage: f32,
    /// Share of the picture that moved.
    pub motion: f32,
    /// Whether the past was forgotten before this frame.
    pub reset: bool,
    /// Whether the screen of the key is in the picture.
    pub screen: Screen,
    /// Time per stage.
    pub times: StageTimes,
}

/// Measures the time of one stage after the other.
pub(super) struct StageClock(Instant);

impl StageClock {
    /// The first stage begins now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// A stage ends now, the next one begins.
    pub fn lap(&mut self, into: &mut Duration) {
        let now = Instant::now();
        *into = now - self.0;
        self.0 = now;
    }
}
