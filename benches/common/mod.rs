// SPDX-License-Identifier: MPL-2.0

//! Timing of alternatives side by side: their runs are interleaved, so that a busy machine slows
//! all of them alike and ratios stay true.

use std::time::Instant;

/// One alternative.
pub struct Case<'a> {
    /// Name in the table.
    pub name: &'a str,
    /// One run.
    pub run: &'a mut dyn FnMut(),
}

/// Runs all cases in turn, `rounds` times after a warm-up, and prints one line each:
/// `room, case, median ms, 10th percentile, 90th percentile`, separated by tabs.
pub fn compare(room: &str, rounds: usize, cases: &mut [Case]) {
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    for round in 0..rounds + rounds.div_ceil(10) {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (case.run)();
            if round >= rounds.div_ceil(10) {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    for (case, times) in cases.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        println!(
            "{room}\t{}\t{:.4}\t{:.4}\t{:.4}",
            case.name,
            at(0.5),
            at(0.1),
            at(0.9)
        );
    }
}
