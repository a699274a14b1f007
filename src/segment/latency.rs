// SPDX-License-Identifier: MPL-2.0

//! How long frames are held in `mode=sync`, as the element answers the latency query.
//!
//! The reported latency changes seldom, because each change makes the pipeline distribute its
//! latency anew. It rises if more than one run in twenty took longer than reported, and falls if
//! all were much faster.

use std::time::Duration;

/// Runs that are judged together.
const WINDOW: usize = 64;
/// Runs from one judgement to the next.
const EVERY: usize = 16;

/// The latency that is reported, and the times that it rests on.
#[derive(Debug)]
pub struct ReportedLatency {
    reported: Duration,
    recent: [Duration; WINDOW],
    runs: usize,
}

impl Default for ReportedLatency {
    fn default() -> Self {
        Self {
            reported: Duration::ZERO,
            recent: [Duration::ZERO; WINDOW],
            runs: 0,
        }
    }
}

/// A time and a quarter of it, in whole milliseconds.
fn with_margin(time: Duration) -> Duration {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2);
    Duration::from_millis((micros + micros / 4).div_ceil(1000).max(1))
}

impl ReportedLatency {
    /// Begins with the time of the run that warmed the network up.
    pub fn start(warm_up: Duration) -> Self {
        Self {
            reported: with_margin(warm_up),
            ..Self::default()
        }
    }

    /// What is reported.
    pub fn reported(&self) -> Duration {
        self.reported
    }

    /// Adds the time that a frame was held. Returns whether the reported latency has changed.
    pub fn add(&mut self, held: Duration) -> bool {
        self.recent[self.runs % WINDOW] = held;
        self.runs += 1;
        if !self.runs.is_multiple_of(EVERY) {
            return false;
        }
        let count = self.runs.min(WINDOW);
        let mut sorted = self.recent;
        sorted[..count].sort_unstable();
        let most = sorted[(count - 1) * 95 / 100];
        let rises = most > self.reported;
        let falls = count == WINDOW && with_margin(sorted[count - 1]) * 2 < self.reported;
        if rises || falls {
            self.reported = with_margin(most);
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
    fn the_reported_latency_rises_soon_falls_late_and_ignores_single_outliers() {
        let mut latency = ReportedLatency::start(ms(8));
        assert_eq!(latency.reported(), ms(10));
        for run in 0..640 {
            let held = if run % 40 == 0 { ms(90) } else { ms(9) };
            assert!(!latency.add(held), "run {run}");
        }
        let changes: Vec<_> = (0..640).filter(|_| latency.add(ms(60))).collect();
        assert_eq!((changes.len(), latency.reported()), (1, ms(75)));
        assert!(changes[0] < 64);
        // Half as long is no reason to set all clocks anew; far less is.
        assert!((0..640).all(|_| !latency.add(ms(40))));
        let changes: Vec<_> = (0..640).filter(|_| latency.add(ms(4))).collect();
        assert_eq!((changes.len(), latency.reported()), (1, ms(5)));
    }

    #[test]
    fn noise_around_a_value_changes_nothing() {
        let mut latency = ReportedLatency::start(ms(20));
        assert!((0..1000).all(|run| !latency.add(ms(15 + run % 10))));
    }
}
