// SPDX-License-Identifier: MPL-2.0

//! The published stream, and a watch over it: PipeWire's sink (0.3) can wait for a buffer for ever
//! if a reader comes at the wrong moment. Pausing it for a moment wakes it.

use crate::distributor::FrameDistributor;
use crate::elements::error_of;
use crate::output::{Output, OutputError};
use gst::prelude::*;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// While somebody looks, frames come at least ten times per second; a sink that takes none for so
/// long is stuck. A busy machine alone must not look like it.
const PATIENCE: Duration = Duration::from_secs(3);

/// The pipeline that publishes; it stops when it is dropped.
pub struct Published {
    pipeline: gst::Pipeline,
    /// Frames that the sink was given.
    taken: Arc<AtomicU64>,
    /// How many these were when they last grew, and when.
    last: Cell<(u64, Instant)>,
    drops_unseen: bool,
}

impl Published {
    /// Publishes the distributor's frames.
    ///
    /// # Errors
    /// If that is not possible, with what is missing.
    pub fn start(
        output: &Output,
        name: &str,
        distributor: &FrameDistributor,
    ) -> Result<Self, OutputError> {
        let pipeline = output.pipeline(name, distributor)?;
        let taken = Arc::new(AtomicU64::new(0));
        for sink in pipeline.iterate_sinks().into_iter().flatten() {
            let Some(pad) = sink.static_pad("sink") else {
                continue;
            };
            let taken = taken.clone();
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                taken.fetch_add(1, Ordering::Relaxed);
                gst::PadProbeReturn::Ok
            });
        }
        let published = Self {
            pipeline,
            taken,
            last: Cell::new((0, Instant::now())),
            drops_unseen: *output == Output::PipeWire,
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
        let now = (self.taken.load(Ordering::Relaxed), Instant::now());
        let (count, since) = self.last.get();
        if !watched || now.0 != count {
            self.last.set(now);
            return false;
        }
        if since.elapsed() < PATIENCE {
            return false;
        }
        self.last.set(now);
        // At once: PipeWire starts the graph again if the stream was not yet taken out of it, and
        // begins anew, with the same race, if it was.
        for state in [gst::State::Paused, gst::State::Playing] {
            // What goes wrong here comes to the bus.
            let _ = self.pipeline.set_state(state);
        }
        true
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        // A sink that cannot stop is left to the end of the process.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
