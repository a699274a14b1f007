// SPDX-License-Identifier: MPL-2.0

//! Timing of alternatives side by side: their runs are interleaved, so that a busy machine slows
//! all of them alike and ratios stay true. Processor time of the thread is counted, not the
//! clock on the wall, so that being preempted costs nothing.

use rustix::time::{ClockId, clock_gettime};

/// One alternative.
pub struct Case<'a> {
    /// Name in the table.
    pub name: &'a str,
    /// One run.
    pub run: &'a mut dyn FnMut(),
}

fn now_ms() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 * 1e-6
}

/// Runs all cases in turn, `rounds` times after a warm-up, and prints one line each:
/// `room, case, median ms, 10th percentile, 90th percentile`, separated by tabs.
pub fn compare(room: &str, rounds: usize, cases: &mut [Case]) {
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    for round in 0..=rounds {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let start = now_ms();
            (case.run)();
            if round > 0 {
                times.push(now_ms() - start);
            }
        }
    }
    for (case, mut times) in cases.iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times[((times.len() - 1) as f64 * part).round() as usize];
        let (median, low, high) = (at(0.5), at(0.1), at(0.9));
        println!("{room}\t{}\t{median:.4}\t{low:.4}\t{high:.4}", case.name);
    }
}
