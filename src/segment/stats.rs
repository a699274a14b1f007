// SPDX-License-Identifier: MPL-2.0

//! What the element counts, for its property `stats`.

use std::time::Duration;

/// Inference times that the percentiles are taken from.
const WINDOW: usize = 256;

/// Counters since the element started.
#[derive(Debug)]
pub struct Stats {
    /// Frames that came in.
    pub frames: u64,
    /// Frames that got a matte of their own.
    pub inferred: u64,
    /// Frames that got an earlier frame's matte.
    pub carried_over: u64,
    /// Frames that left without a matte.
    pub dropped: u64,
    /// Frames that came too late for a run.
    pub late: u64,
    /// Runs of the network that failed.
    pub failed: u64,
    /// Newest inference times, a ring.
    times: [Duration; WINDOW],
    runs: u64,
    total: Duration,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            frames: 0,
            inferred: 0,
            carried_over: 0,
            dropped: 0,
            late: 0,
            failed: 0,
            times: [Duration::ZERO; WINDOW],
            runs: 0,
            total: Duration::ZERO,
        }
    }
}

impl Stats {
    /// Notes a run of the network.
    pub fn ran(&mut self, time: Duration) {
        self.times[(self.runs % WINDOW as u64) as usize] = time;
        self.runs += 1;
        self.total += time;
    }

    /// The counters as the property's structure; times in milliseconds, percentiles over the
    /// newest 256 runs. `latency` is what is told with `mode=sync`.
    pub fn to_structure(&self, latency: Duration) -> gst::Structure {
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
        gst::Structure::builder("matte-segment-stats")
            .field("frames", self.frames)
            .field("inferred", self.inferred)
            .field("carried-over", self.carried_over)
            .field("dropped", self.dropped)
            .field("late", self.late)
            .field("failed", self.failed)
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
        let mut stats = Stats::default();
        assert_eq!(
            stats
                .to_structure(Duration::ZERO)
                .get::<f64>("inference-p95")
                .unwrap(),
            0.0
        );
        for ms in 1..=100 {
            stats.ran(Duration::from_millis(ms));
        }
        let s = stats.to_structure(Duration::ZERO);
        assert_eq!(s.get::<f64>("inference-p50").unwrap(), 50.0);
        assert_eq!(s.get::<f64>("inference-p95").unwrap(), 95.0);
        assert!((s.get::<f64>("inference-mean").unwrap() - 50.5).abs() < 1e-9);
    }
}
