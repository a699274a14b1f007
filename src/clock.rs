// SPDX-License-Identifier: MPL-2.0

//! How much time passes from frame to frame, whatever the timestamps say.
//!
//! Everything that happens over time (fades, animated pictures, steadying, rests of the network)
//! asks this clock and never subtracts timestamps itself: a stream whose timestamps are missing, all
//! the same, falling or wild must not stop an effect that hides the room.
//!
//! - Timestamps that move forward at a believable pace count exactly. Believable is from
//!   1/`PACE` of the rate of the caps (a millisecond where there is none) up to [`Clock::limit`];
//!   a burst of up to `BURST` frames may be faster.
//! - A frame whose timestamp does not do so counts as one frame: at the rate of the caps, else for its own
//!   duration, else by the wall. What was counted that way is taken off the next step that can be
//!   believed, so frames out of order (1, 0, 3, 2) add up to the time that they take. Timestamps that
//!   stay behind for more than `PATIENCE` are taken as a new beginning.
//! - A timestamp far ahead, or more than `PATIENCE` back, is a gap. If one follows another, the timestamps are wild: they
//!   are no gaps then.
//!
//! Where the clock had to guess, [`Step::longest`] is the longest time that it may have been. What hides
//! the room goes by that, what shows it by [`Step::elapsed`].
#![forbid(unsafe_code)]

use std::time::Duration;

/// A gap after which the past says nothing about the present.
pub const GAP: Duration = Duration::from_millis(700);
/// A frame's time where nothing is known about it.
pub const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 30);
/// Timestamps may be this many times slower than the rate of the caps.
const PACE: u32 = 8;
/// Cameras in the dark are this many times slower than their caps, not more.
const SLOWEST: u32 = 32;
/// The least step that is believed where there is no rate.
const LEAST: Duration = Duration::from_millis(1);
/// So many frames in a row may come faster than that: they do when something was held up.
const BURST: u32 = 3;
/// For how long timestamps may stay behind until they count from where they are.
const PATIENCE: Duration = Duration::from_millis(250);
/// Distances of frames that are believed: 500 frames a second to one in ten seconds.
const BELIEVED: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(2)..=Duration::from_secs(10);

/// What is known about when a frame is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stamp {
    /// Running time: grows while the stream plays, in either direction.
    pub time: Option<Duration>,
    /// How long the frame is said to be shown.
    pub duration: Option<Duration>,
    /// When it was seen, on a clock that never goes back; none where results must not depend on it.
    pub wall: Option<Duration>,
}

/// The way from one frame to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Time since the frame before.
    pub elapsed: Duration,
    /// The longest that it may have been.
    pub longest: Duration,
    /// Whether so much is missing that the frame before says nothing about this one.
    pub gap: bool,
}

impl Step {
    /// A step that is known exactly.
    pub const fn exact(elapsed: Duration) -> Self {
        Self {
            elapsed,
            longest: elapsed,
            gap: false,
        }
    }
}

/// The clock of one stream.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Distance of frames by the caps, where it can be believed.
    interval: Option<Duration>,
    /// The timestamp that time is counted from.
    anchor: Option<Duration>,
    /// The timestamp before.
    last: Option<Duration>,
    /// What was counted since then without a timestamp, and in how many frames.
    ahead: Duration,
    uncertain: u32,
    /// Frames in a row whose step was too short to be believed.
    short: u32,
    /// The last distance of two timestamps, where it can be believed.
    usual: Option<Duration>,
    wall: Option<Duration>,
    now: Duration,
    position: Duration,
    /// What a leap left out of `now`, until the next timestamp confirms it.
    leap: Duration,
    wild: bool,
    running: bool,
}

/// How far a timestamp is from where time is counted from.
enum Distance {
    /// It is not known.
    Unknown,
    /// A believable step.
    Forward(Duration),
    /// Not enough, or back.
    Behind,
    /// Far ahead (true) or far back, by this much.
    Leap(bool, Duration),
}

impl Clock {
    /// Sets the distance of frames that the caps promise; none where they have no rate. Rates above 500 a
    /// second (time bases, mostly) and below one in ten seconds are not believed.
    pub fn set_interval(&mut self, interval: Option<Duration>) {
        self.interval = interval.filter(|interval| BELIEVED.contains(interval));
    }

    /// Another time begins, after a flush say: the next timestamp is not compared with the last.
    pub fn restart(&mut self) {
        *self = Self {
            interval: self.interval,
            wall: self.wall,
            now: self.now,
            position: self.position,
            ..Self::default()
        };
    }

    /// The time of the newest frame: its timestamp as long as those can be believed. Never goes
    /// back but at a restart.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Like [`Clock::now`], but follows a leap at once, forward and back. It moves on under every fault.
    pub fn position(&self) -> Duration {
        self.position
    }

    /// A distance of two frames beyond this is a gap.
    pub fn limit(&self) -> Duration {
        let frame = self.interval.max(self.usual).unwrap_or_default();
        GAP.max(3 * frame)
    }

    /// Takes the next frame.
    pub fn step(&mut self, stamp: Stamp) -> Step {
        let passed = match (self.wall, stamp.wall) {
            (Some(last), Some(now)) => Some(now.saturating_sub(last)),
            _ => None,
        };
        self.wall = stamp.wall;
        let duration = stamp.duration.filter(|time| BELIEVED.contains(time));
        let counted = self.interval.or(duration);
        let guess = Step::exact(counted.or(passed).unwrap_or(FRAME));
        let guess = Step {
            longest: guess
                .elapsed
                .max(passed.unwrap_or_default())
                .max(counted.unwrap_or(FRAME)),
            ..guess
        };
        let first = !std::mem::replace(&mut self.running, true);
        let (step, exact) = match self.distance(stamp.time, counted) {
            Distance::Unknown => (self.count(guess), first),
            Distance::Behind => {
                let step = self.count(guess);
                if self.ahead > PATIENCE {
                    self.begin(stamp.time);
                }
                (step, false)
            }
            Distance::Forward(progress) => {
                let step = self.follow(stamp.time, progress);
                (step, self.ahead.is_zero())
            }
            Distance::Leap(forward, distance) => {
                let step = self.leap(stamp.time, forward, distance, guess);
                (step, step.gap)
            }
        };
        self.move_on(step, stamp.time, first, exact);
        if self.anchor.is_none() {
            self.begin(stamp.time);
            self.last = stamp.time;
        }
        step
    }

    /// Moves what the clock shows on by a step, to a timestamp that is `exact` or past it.
    fn move_on(&mut self, step: Step, time: Option<Duration>, first: bool, exact: bool) {
        self.now = match time {
            Some(time) if first => time,
            _ => self.now.saturating_add(step.elapsed),
        };
        if !step.gap {
            self.now = self.now.saturating_add(std::mem::take(&mut self.leap));
        }
        self.position = match time {
            Some(time) if exact => time,
            _ => self.position.saturating_add(step.elapsed),
        };
    }

    fn distance(&mut self, time: Option<Duration>, counted: Option<Duration>) -> Distance {
        let (Some(anchor), Some(time)) = (self.anchor, time) else {
            return Distance::Unknown;
        };
        let back = self
            .last
            .replace(time)
            .map_or(Duration::ZERO, |last| last.saturating_sub(time));
        let limit = self.limit();
        let least = counted.map_or(LEAST, |frame| frame / PACE) * (self.uncertain + 1);
        match time.checked_sub(anchor) {
            Some(progress) if progress > limit.saturating_add(self.ahead) => {
                Distance::Leap(true, progress)
            }
            Some(progress) if progress >= least => {
                self.short = 0;
                Distance::Forward(progress)
            }
            Some(progress) if !progress.is_zero() && self.short < BURST => {
                self.short += 1;
                Distance::Forward(progress)
            }
            None if back > PATIENCE => Distance::Leap(false, back),
            _ => Distance::Behind,
        }
    }

    /// From here on time is counted from this timestamp.
    fn begin(&mut self, time: Option<Duration>) {
        (self.anchor, self.ahead, self.uncertain) = (time, Duration::ZERO, 0);
    }

    /// A frame without a timestamp that can be believed.
    fn count(&mut self, guess: Step) -> Step {
        self.ahead = self.ahead.saturating_add(guess.elapsed);
        self.uncertain = self.uncertain.saturating_add(1).min(1 << 16);
        self.leap = Duration::ZERO;
        guess
    }

    /// Whether frames may be so far apart as a rule.
    fn may_be_usual(&self, distance: Duration) -> bool {
        let rare = |frame: Duration| distance > SLOWEST * frame;
        BELIEVED.contains(&distance) && !self.interval.is_some_and(rare)
    }

    fn follow(&mut self, time: Option<Duration>, progress: Duration) -> Step {
        let left = self.ahead.saturating_sub(progress);
        let elapsed = progress.saturating_sub(self.ahead);
        if self.uncertain == 0 {
            self.usual = Some(progress);
        }
        self.begin(time);
        // What was counted too much is waited for, but no effect stands still for long.
        self.ahead = left.min(FRAME);
        self.wild = false;
        Step::exact(elapsed)
    }

    fn leap(&mut self, time: Option<Duration>, forward: bool, by: Duration, guess: Step) -> Step {
        let missing = match forward {
            true => by.saturating_sub(self.ahead),
            false => Duration::ZERO,
        };
        self.begin(time);
        let believed = forward && BELIEVED.contains(&by);
        self.usual = (forward && self.may_be_usual(by)).then_some(by);
        self.leap = missing.saturating_sub(guess.elapsed);
        if believed {
            self.now = self.now.saturating_add(std::mem::take(&mut self.leap));
        }
        let gap = !std::mem::replace(&mut self.wild, true);
        if !gap {
            self.leap = Duration::ZERO;
        }
        Step {
            longest: guess.longest.max(missing),
            gap,
            ..guess
        }
    }
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
