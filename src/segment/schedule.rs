// SPDX-License-Identifier: MPL-2.0

//! Which frames the network runs on, and where the others get their matte from. [`decide`] is pure:
//! it knows no element, no network and no clock.

use super::Mode;
use crate::filter::renewal::Choice;
use std::time::Duration;

/// Late frames go without a run, but no longer than this after the last one: a matte that is never
/// renewed soon belongs to another picture.
const LONGEST_LATE: Duration = Duration::from_millis(250);

/// What is done about a frame's matte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The network runs on the frame.
    Run,
    /// The newest matte is moved along with the picture.
    Track,
    /// The newest matte was moved along when the frame was judged, and may be used.
    Follow,
    /// The frame shows what the last one showed, and leaves with the same matte.
    Repeat,
    /// The newest matte holds for this frame, too, because nothing moves.
    Still,
    /// The newest matte is used as it is.
    Carry,
    /// The small stream has fewer pictures than there are frames, and none for this one: it leaves
    /// with the matte of the frame before.
    Keep,
    /// The frame goes on without a matte: there is none.
    Pass,
}

/// What the decision about a frame rests on.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Property `mode`.
    pub mode: Mode,
    /// Property `interval`, in frames; 0: as [`Facts::choice`] says.
    pub interval: u32,
    /// Property `motion-compensation`.
    pub compensates: bool,
    /// QoS says that a frame of this running time comes too late.
    pub late: bool,
    /// The network's run takes far longer than it should.
    pub stalled: bool,
    /// The network can take a frame at once.
    pub idle: bool,
    /// There is a newest matte.
    pub has_matte: bool,
    /// Frames since the last run, this one included.
    pub frames_since_run: u32,
    /// The longest time that may have passed since the last run; none before the first.
    pub time_since_run: Option<Duration>,
    /// Frames are read for motion already.
    pub tracks_motion: bool,
    /// The frame of the newest matte was read, so that the matte can be moved.
    pub can_compensate: bool,
    /// The frame shows another scene than the one before. Known if [`Facts::reads_motion`].
    pub cut: bool,
    /// The frame shows nothing new since the last run. Known if [`Facts::is_due`].
    pub still: bool,
    /// What the picture of a frame asks for. Known if [`Facts::is_judged`].
    pub choice: Choice,
}

impl Facts {
    /// Whether a frame that gets a run waits for its matte.
    pub fn waits(&self) -> bool {
        self.mode == Mode::Sync && !self.stalled
    }

    /// Whether the frame is late and the last run recent enough to go without one.
    fn may_skip(&self) -> bool {
        let recent = self.time_since_run.is_some_and(|time| time < LONGEST_LATE);
        self.waits() && self.late && recent
    }

    /// Whether the frame gets no run because it is late. The newest matte must be one that can be
    /// moved; otherwise there is a run first, on a frame that is read for motion.
    pub fn is_skipped(&self) -> bool {
        self.may_skip() && (!self.compensates || self.can_compensate)
    }

    /// Whether the frame is read for motion: mattes are moved, or will be.
    pub fn reads_motion(&self) -> bool {
        self.tracks_motion || (self.compensates && (self.mode == Mode::Async || self.may_skip()))
    }

    /// Whether the network should run on the frame, unless nothing moves.
    pub fn is_due(&self) -> bool {
        let wanted = !self.has_matte || self.frames_since_run >= self.interval;
        wanted && !self.is_skipped() && (self.waits() || self.idle)
    }

    /// Whether the picture decides about the run: there is a matte that the frame can do with.
    pub fn is_judged(&self) -> bool {
        self.interval == 0 && self.is_due() && self.has_matte && !self.cut
    }

    /// What is done about the frame if it gets no matte of its own and something may have moved.
    pub fn without_run(&self) -> Action {
        match (self.has_matte && !self.cut, self.compensates) {
            (false, _) => Action::Pass,
            (true, true) => Action::Track,
            (true, false) => Action::Carry,
        }
    }
}

/// What is done about a frame.
pub fn decide(facts: &Facts) -> Action {
    if !facts.is_due() {
        return facts.without_run();
    }
    // After a cut the newest matte is of another scene, however still the new one is.
    if facts.still && facts.has_matte && !facts.cut {
        return Action::Still;
    }
    match facts.choice {
        Choice::Move if facts.is_judged() && facts.compensates => Action::Follow,
        Choice::Rest if facts.is_judged() => Action::Repeat,
        _ => Action::Run,
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
