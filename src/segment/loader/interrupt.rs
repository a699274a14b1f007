// SPDX-License-Identifier: MPL-2.0

//! Flushes and stops reach the network without the streaming thread, which may be waiting for it.

use super::worker::Handle;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether a flush is under way, and the network that it interrupts.
#[derive(Default)]
pub struct Interrupt {
    state: Mutex<(bool, Option<Handle>)>,
}

impl Interrupt {
    fn lock(&self) -> MutexGuard<'_, (bool, Option<Handle>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on flushes interrupt this network; one that is under way does so at once.
    pub fn watch(&self, handle: Handle) {
        let mut state = self.lock();
        handle.flush(state.0);
        state.1 = Some(handle);
    }

    /// A flush or stop begins or ends.
    pub fn flush(&self, on: bool) {
        let mut state = self.lock();
        state.0 = on;
        if let Some(handle) = &state.1 {
            handle.flush(on);
        }
    }

    /// From now on flushes interrupt no network.
    pub fn forget(&self) {
        self.lock().1 = None;
    }
}
