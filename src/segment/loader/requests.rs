// SPDX-License-Identifier: MPL-2.0

//! Requests for another network while playing. A thread of its own loads and warms the network up;
//! the network takes over between two frames. If it cannot be loaded, the old one goes on.
//!
//! What is replaced is returned, not dropped: the caller drops it after it has unlocked the mutex.

use crate::model::{self, ModelSource};
use crate::segment::engine::Engine;
use crate::segment::settings::Settings;

/// A network that is ready to take over.
pub struct Ready {
    /// The settings that it was loaded for.
    pub settings: Settings,
    /// Where it came from, for the next change of caps.
    pub source: ModelSource,
    /// How it was loaded.
    pub options: model::Options,
    /// The network.
    pub engine: Box<dyn Engine>,
}

/// What a thread that loads needs to know of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Number of the request.
    pub number: u64,
    /// Width and height of the stream as the viewer sees it, if caps are known.
    pub stream: Option<(usize, usize)>,
}

/// The newest request and its result.
#[derive(Default)]
pub struct Requests {
    /// Number of the newest request; the results of older ones are dropped.
    newest: u64,
    /// Size of the stream that the network is loaded for.
    stream: Option<(usize, usize)>,
    /// The settings of the network that is being loaded, or waits to take over.
    wanted: Option<Settings>,
    /// The settings that the network in use was loaded for.
    in_use: Settings,
    ready: Option<Box<Ready>>,
}

impl Requests {
    /// Begins anew with a network that was loaded for these settings.
    #[must_use]
    pub fn restart(&mut self, in_use: Settings) -> Option<Box<Ready>> {
        self.newest += 1;
        (self.stream, self.wanted, self.in_use) = (None, None, in_use);
        self.ready.take()
    }

    /// The stream's size changes: what is being loaded is for another size. Returns the settings to
    /// be requested again.
    #[must_use]
    pub fn resize(&mut self, stream: (usize, usize)) -> (Option<Settings>, Option<Box<Ready>>) {
        self.newest += 1;
        self.stream = Some(stream);
        (self.wanted.take(), self.ready.take())
    }

    /// Begins a request in the place of older ones.
    #[must_use]
    pub fn begin(&mut self, wanted: Settings) -> (Request, Option<Box<Ready>>) {
        self.newest += 1;
        self.wanted = Some(wanted);
        let request = Request {
            number: self.newest,
            stream: self.stream,
        };
        (request, self.ready.take())
    }

    /// Takes a loaded network, and gives it back if there is a newer request.
    #[must_use]
    pub fn deliver(&mut self, number: u64, ready: Box<Ready>) -> Option<Box<Ready>> {
        if self.newest != number {
            return Some(ready);
        }
        self.ready.replace(ready)
    }

    /// What was requested cannot be loaded. Returns the settings of the network in use; none if
    /// there is a newer request.
    pub fn refuse(&mut self, number: u64) -> Option<Settings> {
        if self.newest != number {
            return None;
        }
        self.wanted = None;
        Some(self.in_use.clone())
    }

    /// The network that takes over now, if one is ready.
    pub fn take(&mut self) -> Option<Box<Ready>> {
        let ready = self.ready.take()?;
        self.wanted = None;
        self.in_use.clone_from(&ready.settings);
        Some(ready)
    }
}

#[cfg(test)]
#[path = "requests_tests.rs"]
mod tests;
