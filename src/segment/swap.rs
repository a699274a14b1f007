// SPDX-License-Identifier: MPL-2.0

//! A new network while playing: it is loaded and warmed up on a thread of its own and takes over
//! between two frames. One that cannot be loaded is refused and the old one goes on.

use super::engine::Engine;
use super::settings::Settings;
use crate::model::{self, ModelSource};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A network that is ready to take over.
pub struct Ready {
    /// What asked for it.
    pub settings: Settings,
    /// Where it came from, for the next change of caps.
    pub source: ModelSource,
    /// How it was loaded.
    pub options: model::Options,
    /// The network.
    pub engine: Box<dyn Engine>,
}

/// Where the loading thread leaves a network and the streaming thread finds it.
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
    /// What is being loaded, or waits to take over.
    wanted: Option<Settings>,
    /// What the network in use was loaded for.
    good: Settings,
    ready: Option<Ready>,
}

impl Swap {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins anew with a network that was loaded for `good`.
    pub fn start(&self, good: Settings) {
        let mut slot = self.lock();
        slot.newest += 1;
        (slot.stream, slot.wanted, slot.ready) = (None, None, None);
        slot.good = good;
    }

    /// The stream's size changes: what is being loaded is for another. Returns what was wanted, to
    /// be asked for again.
    pub fn resize(&self, stream: (usize, usize)) -> Option<Settings> {
        let mut slot = self.lock();
        slot.newest += 1;
        slot.stream = Some(stream);
        slot.ready = None;
        slot.wanted.take()
    }

    /// Begins a request: its number, and the stream's size if caps are known.
    pub fn request(&self, wanted: Settings) -> (u64, Option<(usize, usize)>) {
        let mut slot = self.lock();
        slot.newest += 1;
        slot.ready = None;
        slot.wanted = Some(wanted);
        (slot.newest, slot.stream)
    }

    /// Hands a loaded network over, unless a newer request was made meanwhile.
    pub fn deliver(&self, number: u64, ready: Ready) {
        let mut slot = self.lock();
        if slot.newest == number {
            slot.ready = Some(ready);
        }
    }

    /// What was wanted cannot be had. Returns what the network in use was loaded for; none where
    /// a newer request was made meanwhile.
    pub fn refuse(&self, number: u64) -> Option<Settings> {
        let mut slot = self.lock();
        if slot.newest != number {
            return None;
        }
        slot.wanted = None;
        Some(slot.good.clone())
    }

    /// The network that takes over now, if one is ready. Never waits for the loading thread.
    pub fn take(&self) -> Option<Ready> {
        let mut slot = self.slot.try_lock().ok()?;
        let ready = slot.ready.take()?;
        slot.wanted = None;
        slot.good = ready.settings.clone();
        Some(ready)
    }
}
