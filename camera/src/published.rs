// SPDX-License-Identifier: MPL-2.0

//! The published stream, and a watch over it. PipeWire's sink (0.3) can wait for a buffer for ever: it
//! drives the graph by the frames that it sends, and gets its buffers back only while the graph runs. If
//! a reader comes or goes at the wrong moment it gets none back, has sent all sixteen half a second
//! later, and nothing runs any more. Pausing it for a moment wakes it in some cases. If it does not, the
//! node must be made anew: neither this reader nor another one would ever see a frame again. The sink
//! fails if a reader wants a format that the node does not have, and has to be made anew then.

use crate::distributor::FrameDistributor;
use crate::elements::error_of;
use crate::output::{Names, Output, OutputError};
use crate::pipewire;
use crate::progress::Progress;
use gst::glib;
use gst::prelude::*;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// While somebody looks, frames come at least ten times per second; a sink that takes none for so
/// long is stuck. A busy machine alone must not look like it.
const PATIENCE: Duration = Duration::from_secs(3);
/// A sink that is stuck again within this was not really woken.
const RELAPSE: Duration = Duration::from_secs(15);

/// A sink that fails again within this waits for its next try.
const HASTE: Duration = Duration::from_secs(1);

/// The pipeline that publishes; it stops when it is dropped.
pub struct Published {
    pipeline: gst::Pipeline,
    /// Of the frames that the sink is given.
    progress: Progress,
    /// When the sink was last woken by a pause; its node is still the same.
    woken: Cell<Option<Instant>>,
    /// When the node was made.
    made: Cell<Instant>,
    drops_unseen: bool,
    /// As other programs show it.
    pub name: String,
}

impl Published {
    /// Publishes the distributor's frames.
    ///
    /// # Errors
    /// If that is not possible, with what is missing.
    pub fn start(
        output: &Output,
        names: &Names,
        distributor: &FrameDistributor,
    ) -> Result<Self, OutputError> {
        let pipeline = output.pipeline(names, distributor)?;
        let progress = Progress::new();
        for sink in pipeline.iterate_sinks().into_iter().flatten() {
            if let Some(pad) = sink.static_pad("sink") {
                progress.count(&pad);
            }
        }
        let published = Self {
            pipeline,
            progress,
            woken: Cell::new(None),
            made: Cell::new(Instant::now()),
            drops_unseen: *output == Output::PipeWire,
            name: names.description.clone(),
        };
        if published.pipeline.set_state(gst::State::Playing).is_err() {
            let said = error_of(&published.pipeline);
            let said = said.unwrap_or_else(|| "it does not start".into());
            return Err(OutputError::Stopped(said));
        }
        Ok(published)
    }

    /// Its errors come here.
    pub fn bus(&self) -> gst::Bus {
        self.pipeline.bus().unwrap_or_default()
    }

    /// Whether frames that nobody looks at cost nothing.
    pub fn drops_unseen(&self) -> bool {
        self.drops_unseen
    }

    /// Wakes a sink that is stuck; to be called now and then. True if it was.
    pub fn look_after(&self, watched: bool) -> bool {
        let recently = self.woken.get().map(|woken| woken.elapsed() < RELAPSE);
        if !watched {
            self.progress.restart();
            // It may still be broken, and nobody loses anything.
            if recently == Some(false) {
                self.renew();
            }
            return false;
        }
        if !self.progress.stands_still(PATIENCE) {
            return false;
        }
        if recently == Some(true) {
            self.renew();
        } else {
            self.woken.set(Some(Instant::now()));
            // At once: PipeWire starts the graph again if the stream was not yet taken out of it, and
            // begins anew, with the same race, if it was.
            self.through(gst::State::Paused);
        }
        true
    }

    /// Whether the sink goes on after an error: that of PipeWire 1.4 calls it one when its last reader
    /// has left, and is there for the next one.
    pub fn goes_on(&self, error: &glib::Error) -> bool {
        self.drops_unseen && error.matches(gst::ResourceError::NotFound)
    }

    /// How long to wait before a sink that has failed is made anew: not at all if it had worked for a
    /// while. None if that would be in vain: its server has gone, or it is a device.
    pub fn retry(&self, patience: Duration) -> Option<Duration> {
        let hasty = self.made.get().elapsed() < HASTE;
        let wait = if hasty { patience } else { Duration::ZERO };
        (self.drops_unseen && pipewire::runs()).then_some(wait)
    }

    /// Makes the node anew: readers lose it, and have to look for it again.
    pub fn renew(&self) {
        self.woken.set(None);
        self.made.set(Instant::now());
        self.through(gst::State::Null);
    }

    /// Goes to a state and back.
    fn through(&self, state: gst::State) {
        for state in [state, gst::State::Playing] {
            // What goes wrong here comes to the bus.
            let _ = self.pipeline.set_state(state);
        }
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        // A sink that cannot stop is left to the end of the process.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
