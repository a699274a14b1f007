// SPDX-License-Identifier: MPL-2.0

//! Locks that a panic elsewhere does not close, and waiting for what they guard to change.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Locks a mutex. If a thread panicked while it held the lock, the value is taken as that thread
/// left it: the element has reported the panic, and must still be able to stop.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that several threads change and wait for.
#[derive(Debug, Default)]
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Watched<T> {
    /// Locks it. Whoever changes it calls [`Watched::wake`] after that.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        lock(&self.value)
    }

    /// Wakes the threads that wait for a change.
    pub fn wake(&self) {
        self.changed.notify_all();
    }

    /// Changes it and wakes the threads that wait for a change.
    pub fn update(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.lock());
        self.wake();
    }

    /// Waits for a change.
    pub fn wait<'a>(&'a self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let woken = self.changed.wait(guard);
        woken.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change, at most so long. Returns also whether the time has passed.
    pub fn wait_for<'a>(
        &'a self,
        guard: MutexGuard<'a, T>,
        most: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        let woken = self.changed.wait_timeout(guard, most);
        let (guard, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
        (guard, timeout.timed_out())
    }
}
