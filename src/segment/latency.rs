// SPDX-License-Identifier: MPL-2.0

//! How long frames are held in `mode=sync`, as it is told to who asks for the latency.
//!
//! What is told changes seldom, since each change makes the pipeline set its clocks anew: it rises
//! where more than one run in twenty took longer than told, and falls where all were much faster.

use std::time::Duration;

/// Runs that are judged together.
const WINDOW: usize = 64;
/// Runs from one judgement to the next.
const EVERY: usize = 16;

/// The latency that is told, and what it is made of.
#[derive(Debug)]
pub struct Latency {
    told: Duration,
    recent: [Duration; WINDOW],
    runs: usize,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            told: Duration::ZERO,
            recent: [Duration::ZERO; WINDOW],
            runs: 0,
        }
    }
}

/// A quarter more than a time, in whole milliseconds.
fn with_margin(time: Duration) -> Duration {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2);
    Duration::from_millis((micros + micros / 4).div_ceil(1000).max(1))
}

impl Latency {
    /// Begins with what a run took while the network was loaded.
    pub fn start(warm_up: Duration) -> Self {
        Self {
            told: with_margin(warm_up),
            ..Self::default()
        }
    }

    /// What is told.
    pub fn told(&self) -> Duration {
        self.told
    }

    /// Takes in how long a frame was held. Returns whether what is told has changed.
    pub fn note(&mut self, held: Duration) -> bool {
        self.recent[self.runs % WINDOW] = held;
        self.runs += 1;
        if !self.runs.is_multiple_of(EVERY) {
            return false;
        }
        let count = self.runs.min(WINDOW);
        let mut sorted = self.recent;
        sorted[..count].sort_unstable();
        let most = sorted[(count - 1) * 95 / 100];
        let rises = most > self.told;
        let falls = count == WINDOW && with_margin(sorted[count - 1]) * 2 < self.told;
        if rises || falls {
            self.told = with_margin(most);
        }
        rises || falls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_is_told_rises_soon_falls_late_and_ignores_single_outliers() {
        let mut latency = Latency::start(ms(8));
        assert_eq!(latency.told(), ms(10));
        for run in 0..640 {
            let held = if run % 40 == 0 { ms(90) } else { ms(9) };
            assert!(!latency.note(held), "run {run}");
        }
        let changes: Vec<_> = (0..640).filter(|_| latency.note(ms(60))).collect();
        assert_eq!((changes.len(), latency.told()), (1, ms(75)));
        assert!(changes[0] < 64);
        // Half as long is no reason to set all clocks anew; far less is.
        assert!((0..640).all(|_| !latency.note(ms(40))));
        let changes: Vec<_> = (0..640).filter(|_| latency.note(ms(4))).collect();
        assert_eq!((changes.len(), latency.told()), (1, ms(5)));
    }

    #[test]
    fn noise_around_a_value_changes_nothing() {
        let mut latency = Latency::start(ms(20));
        assert!((0..1000).all(|run| !latency.note(ms(15 + run % 10))));
    }
}
