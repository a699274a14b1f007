// SPDX-License-Identifier: MPL-2.0

//! A new model while playing: it is loaded and warmed up on a thread of its own and takes over
//! between two frames. A model that cannot be loaded is refused and the old one goes on.

use crate::model::{self, ModelSource, Network};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A model that is ready to take over.
pub struct Ready {
    /// Where it came from, for the next change of caps.
    pub source: ModelSource,
    /// How it was loaded.
    pub options: model::Options,
    /// The model.
    pub network: Box<Network>,
}

/// Where the loading thread leaves a model and the streaming thread finds it.
#[derive(Default)]
pub struct Swap {
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    /// Number of the newest request; the results of older ones are dropped.
    newest: u64,
    /// Size of the stream that the network is to be loaded for.
    stream: Option<(usize, usize)>,
    ready: Option<Ready>,
}

impl Swap {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what is being loaded; called when caps change and when the element stops.
    pub fn restart(&self, stream: Option<(usize, usize)>) {
        let mut slot = self.lock();
        slot.newest += 1;
        slot.stream = stream;
        slot.ready = None;
    }

    /// Begins a request: its number, and the stream's size if caps are known.
    pub fn request(&self) -> (u64, Option<(usize, usize)>) {
        let mut slot = self.lock();
        slot.newest += 1;
        slot.ready = None;
        (slot.newest, slot.stream)
    }

    /// Hands a loaded model over, unless a newer request was made meanwhile.
    pub fn deliver(&self, number: u64, ready: Ready) {
        let mut slot = self.lock();
        if slot.newest == number {
            slot.ready = Some(ready);
        }
    }

    /// The model that takes over now, if one is ready. Never waits for the loading thread.
    pub fn take(&self) -> Option<Ready> {
        self.slot.try_lock().ok()?.ready.take()
    }
}
