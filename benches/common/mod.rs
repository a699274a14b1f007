// SPDX-License-Identifier: MPL-2.0

//! A tiny benchmark harness: the cases take turns, so that a busy machine disturbs all alike.

use std::time::Instant;

/// Something to be timed.
pub struct Case<'a> {
    /// Name in the table.
    pub name: &'a str,
    /// One run.
    pub run: &'a mut dyn FnMut(),
}

/// Runs the cases in turn, `rounds` times after one round to warm up, and prints a row for each:
/// room, case, median, 10th and 90th percentile in milliseconds, separated by tabs.
pub fn compare(room: &str, rounds: usize, cases: &mut [Case]) {
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    for round in 0..=rounds {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (case.run)();
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    for (case, mut times) in cases.iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times[((times.len() - 1) as f64 * part).round() as usize];
        println!(
            "{room}\t{}\t{:.3}\t{:.3}\t{:.3}",
            case.name,
            at(0.5),
            at(0.1),
            at(0.9)
        );
    }
}
