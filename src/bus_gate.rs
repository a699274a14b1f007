// SPDX-License-Identifier: MPL-2.0

//! Lets a thread that the element does not join post on the bus only while the element is started.
//!
//! A bus calls its bin without holding a reference to it. A child that posts while its bin is being
//! freed therefore makes `gst_bus_post` read freed memory (in the sync handler of `GstBin`).
//! GStreamer guarantees that this cannot happen before the change to READY or NULL has ended.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Closed at first; an element opens it in `start` and closes it in `stop`.
#[derive(Debug, Default)]
pub(crate) struct BusGate(Mutex<bool>);

impl BusGate {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on [`BusGate::post`] calls what it is given.
    pub fn open(&self) {
        *self.lock() = true;
    }

    /// Waits for the thread that is posting. Nothing is posted after this has returned.
    pub fn close(&self) {
        *self.lock() = false;
    }

    /// Calls `post` if the gate is open, one thread at a time; otherwise does nothing. `post` must
    /// not wait for the element's stop, as on a streaming thread.
    pub fn post(&self, post: impl FnOnce()) {
        let open = self.lock();
        if *open {
            post();
        }
    }
}

#[cfg(test)]
#[path = "bus_gate_tests.rs"]
mod tests;
