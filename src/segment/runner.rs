// SPDX-License-Identifier: MPL-2.0

//! Frames into the network and mattes out of it, whether the stream waits or not.

use super::engine::{About, Engine};
use super::error::SegmentError;
use super::worker::{Finished, Handle, Poll, Waited, Worker};
use crate::frame::{FrameFormat, FrameRef, Orientation, SampleError, Sampler, TensorSpec};
use crate::simd;
use crate::video::Stream;
use std::time::Duration;

/// A run that takes this many times as long as the one that warmed the network up has stalled.
const STALL_FACTOR: u32 = 10;
/// No run has stalled before this.
const STALL_LEAST: Duration = Duration::from_secs(2);

/// What became of a frame that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// The network runs on it.
    Started,
    /// The network is busy.
    Busy,
    /// A flush began or the element stops.
    Flushing,
}

/// Samples frames and has the network run on them.
pub struct Runner {
    /// What makes the frames upright.
    orientation: Orientation,
    sampler: Sampler,
    spec: TensorSpec,
    worker: Worker,
    about: About,
}

impl Runner {
    /// Makes a runner for a stream whose frames `orientation` makes upright for the network.
    ///
    /// # Errors
    /// [`SegmentError::Sample`] and [`SegmentError::NetworkThread`].
    pub fn new(
        engine: Box<dyn Engine>,
        stream: &Stream,
        orientation: Orientation,
    ) -> Result<Self, SegmentError> {
        let spec = *engine.input_spec();
        let format = stream.frame_format();
        let sampler = Sampler::upright(format, &spec, orientation, simd::level())?;
        let about = engine.about();
        let patience = STALL_LEAST.max(about.warm_up * STALL_FACTOR);
        Ok(Self {
            orientation,
            sampler,
            spec,
            worker: Worker::start(engine, patience).map_err(SegmentError::NetworkThread)?,
            about,
        })
    }

    /// Goes on with frames of another format, for which the network's input is the same.
    ///
    /// # Errors
    /// [`SampleError`] if they cannot be sampled; the runner goes on with the old ones.
    pub fn change_format(&mut self, format: FrameFormat) -> Result<(), SampleError> {
        self.sampler = Sampler::upright(format, &self.spec, self.orientation, simd::level())?;
        Ok(())
    }

    /// What is known about the network.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What interrupts it from other threads.
    pub fn handle(&self) -> Handle {
        self.worker.handle()
    }

    /// Whether the network can take a frame without waiting.
    #[cfg(test)]
    pub fn is_idle(&self) -> bool {
        let Waited::Done(engine) = self.worker.acquire(false) else {
            return false;
        };
        self.worker.give_back(engine);
        true
    }

    /// The newest result and how long the run under way has taken. To be called once per frame.
    pub fn poll(&self) -> Poll {
        self.worker.poll()
    }

    /// Hands a frame to the network, with the number of the run and the frame's PTS; with `wait`
    /// not before the network is idle.
    ///
    /// # Errors
    /// [`SampleError`] if the frame cannot be sampled.
    pub fn start(
        &mut self,
        frame: &FrameRef,
        job: (u64, Option<gst::ClockTime>),
        reset: bool,
        wait: bool,
    ) -> Result<Handover, SampleError> {
        let mut engine = match self.worker.acquire(wait) {
            Waited::Done(engine) => engine,
            Waited::Flushing => return Ok(Handover::Flushing),
            Waited::Stalled => return Ok(Handover::Busy),
        };
        if reset {
            self.sampler.forget();
        }
        match self.sampler.sample(frame, engine.input_mut()) {
            Ok(()) => {
                self.worker.offer(engine, job, reset);
                Ok(Handover::Started)
            }
            Err(error) => {
                self.worker.give_back(engine);
                Err(error)
            }
        }
    }

    /// Waits for the matte of the frame that was handed over last.
    pub fn wait(&self) -> Waited<Result<Finished, SegmentError>> {
        self.worker.wait()
    }

    /// Takes a finished matte's memory back.
    pub fn recycle(&self, finished: Finished) {
        self.worker.recycle(finished.matte);
    }

    /// Discards the run under way: its frame belongs to another time.
    pub fn forget(&self) {
        self.worker.forget();
    }
}
