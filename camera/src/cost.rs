// SPDX-License-Identifier: MPL-2.0

//! What the camera costs: processor time, frames, and how late they come.

use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the cost is told.
const PERIOD: Duration = Duration::from_secs(1);

/// What the program has cost in the last second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Processor time of the whole program, in percent of one core.
    pub processor: f64,
    /// Frames of the camera per second.
    pub rate: f64,
    /// From the camera's frame to the finished one, in milliseconds; 0 without frames.
    pub latency: f64,
}

/// Counts frames, in the thread that they come from; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    frames: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Tally {
    /// Counts a frame that comes so long after the camera has taken it.
    pub fn count(&self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.0.frames.fetch_add(1, Ordering::Relaxed);
        self.0.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn read(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.0.frames), read(&self.0.nanoseconds))
    }
}

/// Everything that only grows, at a moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    processor: Duration,
    frames: u64,
    nanoseconds: u64,
}

impl Reading {
    fn now(tally: Option<&Tally>) -> Self {
        let (frames, nanoseconds) = tally.map_or((0, 0), Tally::read);
        // The clock of the process's own time: it is never below zero.
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            at: Instant::now(),
            processor: Duration::try_from(time).unwrap_or_default(),
            frames,
            nanoseconds,
        }
    }

    /// The cost between an earlier reading and this one. Where the frames were counted anew, as
    /// the camera was opened again, they count from 0.
    fn since(&self, earlier: &Self) -> Cost {
        let seconds = self.at.duration_since(earlier.at).as_secs_f64();
        let processor = self.processor.saturating_sub(earlier.processor);
        let (frames, nanoseconds) = match self.frames.checked_sub(earlier.frames) {
            Some(frames) => (frames, self.nanoseconds.wrapping_sub(earlier.nanoseconds)),
            None => (self.frames, self.nanoseconds),
        };
        Cost {
            processor: 100.0 * processor.as_secs_f64() / seconds,
            rate: frames as f64 / seconds,
            latency: match frames {
                0 => 0.0,
                frames => nanoseconds as f64 / frames as f64 / 1e6,
            },
        }
    }
}

/// Tells the cost once per second.
#[derive(Debug)]
pub struct Meter(Reading);

impl Meter {
    /// Time runs from now on.
    pub fn new() -> Self {
        Self(Reading::now(None))
    }

    /// The cost since the last answer, if that is a second ago; without a tally no frames flow.
    pub fn read(&mut self, tally: Option<&Tally>) -> Option<Cost> {
        if self.0.at.elapsed() < PERIOD {
            return None;
        }
        let now = Reading::now(tally);
        let cost = now.since(&self.0);
        self.0 = now;
        Some(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_that_of_the_time_between() {
        let earlier = Reading {
            at: Instant::now(),
            processor: Duration::from_secs(5),
            frames: 100,
            nanoseconds: 1_000_000_000,
        };
        let later = Reading {
            at: earlier.at + Duration::from_secs(2),
            processor: Duration::from_millis(5500),
            frames: 160,
            nanoseconds: 2_800_000_000,
        };
        let expected = Cost {
            processor: 25.0,
            rate: 30.0,
            latency: 30.0,
        };
        assert_eq!(later.since(&earlier), expected);
        let anew = Reading {
            frames: 20,
            nanoseconds: 400_000_000,
            ..later
        };
        let cost = anew.since(&earlier);
        assert_eq!((cost.rate, cost.latency), (10.0, 20.0));
        let closed = Reading {
            frames: 0,
            nanoseconds: 0,
            ..later
        };
        let cost = closed.since(&earlier);
        assert_eq!((cost.rate, cost.latency), (0.0, 0.0));
    }

    #[test]
    fn clones_count_together() {
        let tally = Tally::default();
        tally.clone().count(Duration::from_millis(3));
        tally.count(Duration::MAX);
        assert_eq!(tally.read().0, 2);
    }
}
