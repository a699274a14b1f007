// SPDX-License-Identifier: MPL-2.0

//! What the element counts, for its property `stats`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Inference times that the percentiles are taken from.
const WINDOW: usize = 256;

/// Counters since the element started. The streaming thread counts, any thread reads.
#[derive(Debug, Default)]
pub struct Counters {
    /// Frames that got a matte of their own.
    inferred: AtomicU64,
    /// Frames that got an earlier frame's matte.
    carried_over: AtomicU64,
    /// Those of them that showed nothing new.
    still: AtomicU64,
    /// Frames that left without a matte.
    dropped: AtomicU64,
    /// Frames that came too late for a run.
    late: AtomicU64,
    /// Frames whose picture on the pad `small` did not come.
    small_missing: AtomicU64,
    /// Runs of the network that failed, and frames that could not be read.
    failed: AtomicU64,
}

impl Counters {
    fn increment(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a frame that leaves, by whether it has a matte, whether that is its own, and whether
    /// the frame shows nothing new.
    pub fn add_frame(&self, matte: Option<(bool, bool)>) {
        Self::increment(match matte {
            Some((true, _)) => &self.inferred,
            Some((false, _)) => &self.carried_over,
            None => &self.dropped,
        });
        if let Some((false, true)) = matte {
            Self::increment(&self.still);
        }
    }

    /// Counts a frame that comes too late for a run.
    pub fn add_late(&self) {
        Self::increment(&self.late);
    }

    /// Counts a frame whose picture on the pad `small` did not come.
    pub fn add_small_missing(&self) {
        Self::increment(&self.small_missing);
    }

    /// Counts a run that failed, or a frame that could not be read.
    pub fn add_failed(&self) {
        Self::increment(&self.failed);
    }

    /// Begins anew.
    pub fn reset(&self) {
        let all = [
            &self.inferred,
            &self.carried_over,
            &self.still,
            &self.dropped,
            &self.late,
            &self.small_missing,
            &self.failed,
        ];
        all.into_iter()
            .for_each(|counter| counter.store(0, Ordering::Relaxed));
    }
}

/// Times of the network's runs since the element started.
#[derive(Debug, Clone)]
pub struct RunTimes {
    /// The newest, a ring.
    times: [Duration; WINDOW],
    runs: u64,
    total: Duration,
}

impl Default for RunTimes {
    fn default() -> Self {
        Self {
            times: [Duration::ZERO; WINDOW],
            runs: 0,
            total: Duration::ZERO,
        }
    }
}

impl RunTimes {
    /// Adds the time of a run.
    pub fn add(&mut self, time: Duration) {
        self.times[(self.runs % WINDOW as u64) as usize] = time;
        self.runs += 1;
        self.total += time;
    }

    /// The property's structure: the counters, and times in milliseconds with percentiles over the
    /// newest 256 runs. `latency` is what is reported with `mode=sync`.
    pub fn to_structure(&self, counters: &Counters, latency: Duration) -> gst::Structure {
        let held = usize::try_from(self.runs).unwrap_or(WINDOW).min(WINDOW);
        let mut sorted = self.times;
        let sorted = &mut sorted[..held];
        sorted.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let percentile = |p: usize| match held {
            0 => 0.0,
            n => ms(sorted[(n - 1) * p / 100]),
        };
        let mean = match self.runs {
            0 => 0.0,
            n => ms(self.total) / n as f64,
        };
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let inferred = count(&counters.inferred);
        let carried_over = count(&counters.carried_over);
        let dropped = count(&counters.dropped);
        gst::Structure::builder("matte-segment-stats")
            .field("frames", inferred + carried_over + dropped)
            .field("inferred", inferred)
            .field("carried-over", carried_over)
            .field("still", count(&counters.still))
            .field("dropped", dropped)
            .field("late", count(&counters.late))
            .field("small-missing", count(&counters.small_missing))
            .field("failed", count(&counters.failed))
            .field("runs", self.runs)
            .field("inference-mean", mean)
            .field("inference-p50", percentile(50))
            .field("inference-p95", percentile(95))
            .field("latency", ms(latency))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_newest_runs() {
        gst::init().unwrap();
        let mut times = RunTimes::default();
        let read = |times: &RunTimes, name: &str| {
            let stats = times.to_structure(&Counters::default(), Duration::ZERO);
            stats.get::<f64>(name).unwrap()
        };
        assert_eq!(read(&times, "inference-p95"), 0.0);
        for ms in 1..=100 {
            times.add(Duration::from_millis(ms));
        }
        assert_eq!(read(&times, "inference-p50"), 50.0);
        assert_eq!(read(&times, "inference-p95"), 95.0);
        assert!((read(&times, "inference-mean") - 50.5).abs() < 1e-9);
    }

    #[test]
    fn every_frame_counts_once_and_a_start_begins_anew() {
        gst::init().unwrap();
        let counters = Counters::default();
        for (inferred, still) in [(true, false), (true, false), (false, true), (false, false)] {
            counters.add_frame(Some((inferred, still)));
        }
        counters.add_frame(None);
        counters.add_late();
        counters.add_small_missing();
        counters.add_failed();
        let names = [
            "frames",
            "inferred",
            "carried-over",
            "still",
            "dropped",
            "late",
            "small-missing",
            "failed",
            "runs",
        ];
        let read = || {
            let stats = RunTimes::default().to_structure(&counters, Duration::ZERO);
            names.map(|name| stats.get::<u64>(name).unwrap())
        };
        assert_eq!(read(), [5, 2, 2, 1, 1, 1, 1, 1, 0]);
        counters.reset();
        assert_eq!(read(), [0; 9]);
    }
}
