// SPDX-License-Identifier: MPL-2.0

//! Turns: what is costly and done once for many is done by one thread, while the others wait for it.

use crate::sync::lock;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, Weak};

/// A lock for each thing that threads may want to do at the same time, by its key.
#[derive(Debug)]
pub(super) struct Turns<K>(Mutex<HashMap<K, Weak<Mutex<()>>>>);

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash> Turns<K> {
    /// Does something while no other thread does something with the same key.
    pub fn take<T>(&self, key: &K, act: impl FnOnce() -> T) -> T {
        let turn = self.turn(key);
        let _held = lock(&turn);
        act()
    }

    fn turn(&self, key: &K) -> Arc<Mutex<()>> {
        let mut turns = lock(&self.0);
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        turns.insert(key.clone(), Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn one_thread_acts_for_a_key_and_others_beside_it_for_other_keys() {
        let (turns, acting) = (Turns::default(), AtomicU32::new(0));
        let both = Barrier::new(2);
        std::thread::scope(|scope| {
            for n in 0..8 {
                let (turns, acting, both) = (&turns, &acting, &both);
                scope.spawn(move || {
                    turns.take(&"same", || {
                        assert_eq!(acting.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        acting.fetch_sub(1, Ordering::SeqCst);
                    });
                    // Each waits inside of its turn for the other.
                    if n < 2 {
                        turns.take(&["one", "two"][n], || both.wait());
                    }
                });
            }
        });
        assert!(lock(&turns.0).values().all(|turn| turn.upgrade().is_none()));
    }
}
