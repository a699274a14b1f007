// SPDX-License-Identifier: MPL-2.0

//! How many networks of this process run at once: many streams must not thrash a few cores.
//!
//! Every run takes a [`Turn`] first. Turns come in the order in which they were asked for, so no
//! stream starves another. The limit is the number of cores, or what the environment variable
//! [`VARIABLE`] says (1 or more). A run that hangs keeps its place only as long as a run may take:
//! then others go on beside it.

use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Environment variable that limits how many networks run at once.
pub const VARIABLE: &str = "MATTE_CONCURRENT_RUNS";

/// A queue in front of a number of equal places.
#[derive(Debug)]
struct Turns {
    limit: usize,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Who runs, by number, and until when that holds a place.
    running: Vec<(u64, Instant)>,
    /// Number of the next who asks, and of the next who may run.
    next: u64,
    serving: u64,
}

/// Leave to run one network; ends when dropped, or after a time for those who wait for a place.
#[derive(Debug)]
pub struct Turn(&'static Turns, u64);

impl Turn {
    /// Waits for a free place, which is held for at most `patience`.
    pub fn take(patience: Duration) -> Self {
        static TURNS: OnceLock<Turns> = OnceLock::new();
        let turns = TURNS.get_or_init(|| {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            Turns::new(limit(std::env::var(VARIABLE).ok().as_deref(), cores))
        });
        Self(turns, turns.enter(patience))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}

/// The limit that the variable's text asks for; anything but a number from 1 is the cores' number.
fn limit(text: Option<&str>, cores: usize) -> usize {
    text.and_then(|text| text.trim().parse().ok())
        .filter(|limit| *limit > 0)
        .unwrap_or(cores)
}

impl Turns {
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

    /// Waits for a place; returns the number to leave with.
    fn enter(&self, patience: Duration) -> u64 {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        loop {
            // Only the first in line waits for a place, so only that one looks at the time.
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
        // The next in line may have a place as well.
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
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn the_limit_is_the_variables_or_the_cores() {
        assert_eq!(limit(None, 4), 4);
        assert_eq!(limit(Some(" 2 "), 4), 2);
        for nonsense in ["", "0", "-1", "many"] {
            assert_eq!(limit(Some(nonsense), 4), 4, "{nonsense}");
        }
    }

    #[test]
    fn no_more_than_the_limit_run_and_all_come_to_their_turn() {
        let turns = Arc::new(Turns::new(2));
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let number = turns.enter(LONG);
                        most.fetch_max(
                            running.fetch_add(1, Ordering::SeqCst) + 1,
                            Ordering::SeqCst,
                        );
                        thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                        turns.leave(number);
                    }
                });
            }
        });
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
        assert!(turns.lock().running.is_empty());
    }

    #[test]
    fn a_run_that_hangs_holds_up_nobody_for_longer_than_its_patience() {
        let turns = Turns::new(1);
        let start = Instant::now();
        let hanging = turns.enter(Duration::from_millis(300));
        let other = turns.enter(LONG);
        assert!(start.elapsed() >= Duration::from_millis(300));
        // It comes back at last, and takes nobody's place away.
        turns.leave(hanging);
        assert_eq!(turns.lock().running.len(), 1);
        turns.leave(other);
        assert!(turns.lock().running.is_empty());
    }

    #[test]
    fn turns_come_in_the_order_of_asking() {
        let turns = Arc::new(Turns::new(1));
        let first = turns.enter(LONG);
        let order = Arc::new(Mutex::new(Vec::new()));
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
                let before = turns.lock().next;
                let asking = Arc::clone(&turns);
                let thread = thread::spawn(move || {
                    let turn = turns.enter(LONG);
                    order.lock().unwrap().push(number);
                    turns.leave(turn);
                });
                // The next one asks only after this one stands in the queue.
                while asking.lock().next == before {
                    thread::yield_now();
                }
                thread
            })
            .collect();
        turns.leave(first);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
    }
}
