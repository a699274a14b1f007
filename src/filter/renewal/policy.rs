// SPDX-License-Identifier: MPL-2.0

//! What is done about a frame, given what was measured: a pure state that sees no picture.

use std::time::Duration;

/// Risk of a moved matte above which the network runs instead.
const LIMIT: f32 = 0.025;
/// Risk from which a frame moves so much that the next ones surely will.
const HEAVY: f32 = 3.0 * LIMIT;
/// Heavy frames in a row after which frames are no longer all measured.
const LASTING: u32 = 3;
/// Most frames that run unmeasured between two that are measured.
const UNMEASURED: u32 = 3;
/// Runs at the start of a scene: filters over time, too, need to see it a few times.
const START: u32 = 24;
/// Runs of a still, noisy picture before it rests: means over time need them.
const LOOKS: u32 = 6;
/// A still picture rests for a frame after its first run, and for half a frame more after each
/// further one: the first looks tell most.
const REST: (Duration, Duration) = (Duration::from_millis(34), Duration::from_millis(17));
/// However still the picture is, the network runs this often.
pub const LONGEST_REST: Duration = Duration::from_secs(1);
/// The longest time that a matte is moved along.
const LONGEST_MOVE: Duration = Duration::from_millis(350);

/// What is done about a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The network runs on it.
    Run,
    /// The newest matte is moved to it.
    Move,
    /// The matte that was shown last is shown again.
    Rest,
}

/// What was measured about a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// Nothing.
    Unknown,
    /// It shows what was shown last.
    Still {
        /// It is another picture of it, as a sensor's noise tells.
        anew: bool,
    },
    /// Something moved, and the moved matte has this [risk](super::Risk).
    Moved(f32),
}

/// The state.
#[derive(Debug, Default)]
pub struct Policy {
    /// Runs since the scene began.
    started: u32,
    /// Runs since the picture moved heavily.
    looks: u32,
    /// Heavy frames in a row.
    heavy: u32,
    /// Frames to come that run unmeasured.
    unmeasured: u32,
}

impl Policy {
    /// Another scene begins.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether the next frame has to be measured; otherwise the network runs on it.
    pub fn measures(&self) -> bool {
        self.started >= START && self.unmeasured == 0
    }

    /// Whether the picture of the next frame is needed, for a comparison with the one after it.
    pub fn needs_picture(&self) -> bool {
        self.unmeasured <= 1
    }

    /// What is done about a frame, `since_run` after the last one that the network ran on.
    pub fn choose(&self, seen: Seen, since_run: Duration) -> Choice {
        let rest = REST.0 + REST.1 * self.looks.saturating_sub(1);
        match seen {
            Seen::Still { anew: true } if self.looks < LOOKS => Choice::Run,
            Seen::Still { .. } if since_run < rest.min(LONGEST_REST) => Choice::Rest,
            Seen::Moved(risk) if risk <= LIMIT && since_run <= LONGEST_MOVE => Choice::Move,
            _ => Choice::Run,
        }
    }

    /// Notes that the network runs on a frame of which this was seen.
    pub fn ran(&mut self, seen: Seen) {
        self.started = self.started.saturating_add(1);
        self.looks = self.looks.saturating_add(1);
        self.unmeasured = self.unmeasured.saturating_sub(1);
        match seen {
            // What is not measured because it moves is no look at a picture that stands.
            Seen::Unknown if self.heavy > 0 => self.looks = 1,
            Seen::Unknown => (),
            Seen::Moved(risk) if risk > HEAVY => {
                self.looks = 1;
                self.heavy = self.heavy.saturating_add(1);
                self.unmeasured = self.heavy.saturating_sub(LASTING).min(UNMEASURED);
            }
            Seen::Still { .. } | Seen::Moved(_) => self.heavy = 0,
        }
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
