// SPDX-License-Identifier: MPL-2.0

//! Fading the effect in and out.

use crate::clock::Step;

/// How much of the effect is seen, on its way between off (0) and on (1).
#[derive(Debug, Clone, Copy)]
pub struct Fade {
    amount: f32,
}

impl Fade {
    /// Starts on or off.
    pub fn new(enabled: bool) -> Self {
        let amount = if enabled { 1.0 } else { 0.0 };
        Self { amount }
    }

    /// Moves towards on or off by the time since the last step. If that is not certain, a step
    /// towards on, which hides the room, takes the longest that it may have been.
    pub fn step(&mut self, enabled: bool, step: Step, transition_ms: u32) {
        let (target, passed) = match enabled {
            true => (1.0, step.longest),
            false => (0.0, step.elapsed),
        };
        let most = match transition_ms {
            0 => 1.0,
            ms => passed.as_secs_f32() * 1e3 / ms as f32,
        };
        self.amount += (target - self.amount).clamp(-most, most);
    }

    /// Whether nothing of the effect is to be seen.
    pub fn is_off(&self) -> bool {
        self.amount == 0.0
    }

    /// For [`crate::blend::Compositor::set_strength`].
    pub fn strength(&self) -> u8 {
        (self.amount * 255.0).round() as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Stamp};
    use std::time::Duration;

    /// Frames of 40 ms until the fade has reached its end.
    fn frames(enabled: bool, time: impl Fn(u64) -> Option<u64>) -> u64 {
        let mut clock = Clock::default();
        clock.set_interval(Some(Duration::from_millis(40)));
        let mut fade = Fade::new(!enabled);
        (0..1000)
            .find(|i| {
                let time = time(*i).map(Duration::from_millis);
                let step = clock.step(Stamp {
                    time,
                    ..Stamp::default()
                });
                fade.step(enabled, step, 400);
                fade.strength() == if enabled { 255 } else { 0 }
            })
            .expect("it ends")
            + 1
    }

    #[test]
    fn it_ends_in_time_whatever_the_timestamps() {
        for enabled in [true, false] {
            for (kind, time) in [
                ("right", (|i| Some(40 * i)) as fn(u64) -> Option<u64>),
                ("missing", |_| None),
                ("zero", |_| Some(0)),
                ("falling", |i| Some(1_000_000 - 40 * i)),
                ("swapped", |i| Some(40 * (i ^ 1))),
                ("random", |i| Some(i.wrapping_mul(0x9e37_79b9) % 5_000)),
            ] {
                let frames = frames(enabled, time);
                assert!(frames <= 12, "{kind} {enabled}: {frames}");
                let least = if kind == "random" { 1 } else { 8 };
                assert!(frames >= least, "{kind} {enabled}: {frames}");
            }
        }
        // Far ahead: hidden at once, shown no sooner than frames pass.
        let ahead = |i: u64| Some(3_600_000 * i);
        assert!(frames(true, ahead) <= 2);
        assert!((8..=12).contains(&frames(false, ahead)));
    }
}
