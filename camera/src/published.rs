// SPDX-License-Identifier: MPL-2.0

//! The published stream, and a watch over it: PipeWire's sink (0.3) can wait for a buffer for ever
//! if a reader comes at the wrong moment. Pausing it for a moment wakes it.

use crate::distributor::FrameDistributor;
use crate::elements::error_of;
use crate::output::{Names, Output, OutputError};
use crate::progress::Progress;
use gst::prelude::*;
use std::time::Duration;

/// While somebody looks, frames come at least ten times per second; a sink that takes none for so
/// long is stuck. A busy machine alone must not look like it.
const PATIENCE: Duration = Duration::from_secs(3);

/// The pipeline that publishes; it stops when it is dropped.
pub struct Published {
    pipeline: gst::Pipeline,
    /// Of the frames that the sink is given.
    progress: Progress,
    drops_unseen: bool,
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
        if !watched {
            self.progress.restart();
        }
        if !watched || !self.progress.stands_still(PATIENCE) {
            return false;
        }
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
