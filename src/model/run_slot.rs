// SPDX-License-Identifier: MPL-2.0

//! How many networks of this process run at once: many streams must not thrash a few cores.
//!
//! Every run takes a [`RunSlot`] first. Slots are given in the order of the requests, so no stream
//! starves another. There are as many as there are cores, or as the environment variable
//! [`VARIABLE`] says (1 or more). A run that hangs keeps its slot only as long as a run may take;
//! then others go on beside it.

use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Environment variable that limits how many networks run at once.
pub const VARIABLE: &str = "MATTE_CONCURRENT_RUNS";

/// A number of equal slots and the queue in front of them.
#[derive(Debug)]
struct RunSlots {
    limit: usize,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The runs that hold a slot, by number, and until when.
    running: Vec<(u64, Instant)>,
    /// Number of the next request, and of the request that gets the next slot.
    next: u64,
    serving: u64,
}

/// Permission to run one network. It ends when it is dropped; for those who wait for a slot it ends
/// after the time for which it was taken.
#[derive(Debug)]
pub struct RunSlot(&'static RunSlots, u64);

impl RunSlot {
    /// Waits for a free slot and holds it for at most `patience`.
    pub fn take(patience: Duration) -> Self {
        static SLOTS: OnceLock<RunSlots> = OnceLock::new();
        let slots = SLOTS.get_or_init(|| {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            RunSlots::new(limit(std::env::var(VARIABLE).ok().as_deref(), cores))
        });
        Self(slots, slots.enter(patience))
    }
}

impl Drop for RunSlot {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}

/// What is wrong with the variable, in words: without it, every core may run a network.
pub fn refused() -> Option<String> {
    refusal(&std::env::var(VARIABLE).ok()?)
}

fn refusal(text: &str) -> Option<String> {
    let words = format!(
        "{VARIABLE} is `{text}`, and a number of networks from 1 on is expected; one per core may run"
    );
    (limit(Some(text), 0) == 0).then_some(words)
}

/// The limit that the variable's text asks for; the number of cores for anything but a number of at
/// least 1.
fn limit(text: Option<&str>, cores: usize) -> usize {
    text.and_then(|text| text.trim().parse().ok())
        .filter(|limit| *limit > 0)
        .unwrap_or(cores)
}

impl RunSlots {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::default(),
            wake: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only counters, each whole at any time.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a slot; returns the number to leave with.
    fn enter(&self, patience: Duration) -> u64 {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        loop {
            // Only the first in the queue waits for a slot, so only that one looks at the time.
            if state.serving != number {
                let woken = self.wake.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let now = Instant::now();
            state.running.retain(|(_, until)| *until > now);
            if state.running.len() < self.limit {
                break;
            }
            let soonest = state.running.iter().map(|(_, until)| *until - now).min();
            let woken = self.wake.wait_timeout(state, soonest.unwrap_or_default());
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.serving += 1;
        state.running.push((number, Instant::now() + patience));
        // There may be a slot for the next in the queue as well.
        self.wake.notify_all();
        number
    }

    fn leave(&self, number: u64) {
        self.lock()
            .running
            .retain(|(running, _)| *running != number);
        self.wake.notify_all();
    }
}

#[cfg(test)]
#[path = "run_slot_tests.rs"]
mod tests;
