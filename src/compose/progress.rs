// SPDX-License-Identifier: MPL-2.0

//! What goes on from frame to frame, whatever the caps: fading, and mattes that are missing.

use super::effect::Effect;
use super::fade::Fade;
use super::missing::{Gap, GapReport};
use crate::timeline::Tick;
use crate::video::{MapError, Visible};

/// State that outlives a change of caps.
#[derive(Debug)]
pub struct Progress {
    gap: Gap,
    fade: Fade,
    /// Whether the newest buffer contradicted its caps.
    contradiction: bool,
}

impl Progress {
    /// Before the first frame, with the effect on or off.
    pub fn new(enabled: bool) -> Self {
        Self {
            gap: Gap::default(),
            fade: Fade::new(enabled),
            contradiction: false,
        }
    }

    /// The same for frames of another stream, whose first contradiction is news.
    pub fn for_next_stream(self) -> Self {
        Self {
            contradiction: false,
            ..self
        }
    }

    /// Moves the fade on to the next frame.
    pub fn step(&mut self, effect: &Effect, tick: &Tick) {
        self.fade
            .step(effect.enabled, tick.step, effect.transition_ms);
    }

    /// Ends a fade at once, since another time begins.
    pub fn end_fade(&mut self, enabled: bool) {
        self.fade = Fade::new(enabled);
    }

    /// Whether nothing of the effect is to be seen.
    pub fn is_off(&self) -> bool {
        self.fade.is_off()
    }

    /// How much of the effect is seen, 0 to 255.
    pub fn strength(&self) -> u8 {
        self.fade.strength()
    }

    /// Notes whether a frame lacked its matte, and says what is to be reported about it.
    pub fn note_matte(&mut self, missing: bool, tick: &Tick) -> GapReport {
        self.gap.note(missing, tick.step.elapsed)
    }

    /// Notes whether a buffer contradicts its caps. Returns true for the first one after good ones:
    /// the user is to be warned of that.
    pub fn note_contradiction(&mut self, visible: &Result<Visible, MapError>) -> bool {
        let before = std::mem::replace(&mut self.contradiction, visible.is_err());
        self.contradiction && !before
    }
}
