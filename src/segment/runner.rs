// SPDX-License-Identifier: MPL-2.0

//! Frames into the network and mattes out of it, whether the stream waits or not.

use super::engine::{About, Engine};
use super::worker::{Failure, Finished, Handle, Waited, Worker};
use crate::frame::{FrameRef, Orientation, SampleError, Sampler, TensorSpec};
use crate::simd;
use crate::video::Stream;
use std::time::Duration;

/// A run that takes this many times as long as the one that warmed the network up has stalled.
const STALL_FACTOR: u32 = 10;
/// No run has stalled before this.
const STALL_LEAST: Duration = Duration::from_secs(2);

/// What handing a frame over came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Started {
    /// The network runs on it.
    Yes,
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

/// Why a runner cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The stream's frames cannot be sampled into the network's input.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The system gives no thread.
    #[error("no thread for the network: {0}")]
    Thread(#[from] std::io::Error),
}

impl Runner {
    /// Makes a runner for a stream whose frames `orientation` makes upright for the network.
    ///
    /// # Errors
    /// [`RunnerError`].
    pub fn new(
        engine: Box<dyn Engine>,
        stream: &Stream,
        orientation: Orientation,
    ) -> Result<Self, RunnerError> {
        let spec = *engine.input_spec();
        let format = stream.frame_format();
        let sampler = Sampler::upright(format, &spec, orientation, simd::level())?;
        let about = engine.about();
        Ok(Self {
            orientation,
            sampler,
            spec,
            worker: Worker::start(engine, STALL_LEAST.max(about.warm_up * STALL_FACTOR))?,
            about,
        })
    }

    /// Goes on with frames of another stream, for which the network's input is the same.
    ///
    /// # Errors
    /// Where they cannot be sampled; the runner goes on with the old ones.
    pub fn change_stream(&mut self, stream: &Stream) -> Result<(), SampleError> {
        let format = stream.frame_format();
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
    pub fn is_free(&self) -> bool {
        self.worker.is_free()
    }

    /// How many times the time is gone that a run may take, the wait for a turn counted less; 0
    /// where all is well. To be asked once a frame.
    pub fn overdue(&self) -> u32 {
        self.worker.overdue()
    }

    /// Hands a frame to the network, as its run number `run`; with `wait` not before it is idle.
    ///
    /// # Errors
    /// Where the frame cannot be sampled, in words.
    pub fn start(
        &mut self,
        frame: &FrameRef,
        job: (u64, Option<gst::ClockTime>),
        reset: bool,
        wait: bool,
    ) -> Result<Started, String> {
        let mut engine = match self.worker.acquire(wait) {
            Waited::Done(engine) => engine,
            Waited::Flushing => return Ok(Started::Flushing),
            Waited::Stalled => return Ok(Started::Busy),
        };
        if reset {
            self.sampler.forget();
        }
        match self.sampler.sample(frame, engine.input_mut()) {
            Ok(()) => {
                self.worker.offer(engine, job, reset);
                Ok(Started::Yes)
            }
            Err(error) => {
                self.worker.give_back(engine);
                Err(error.to_string())
            }
        }
    }

    /// Waits for the matte of the frame that was handed over last.
    pub fn wait(&self) -> Waited<Result<Finished, Failure>> {
        self.worker.wait()
    }

    /// What the network has said since the last call.
    pub fn take(&self) -> Option<Result<Finished, Failure>> {
        self.worker.take()
    }

    /// Takes a finished matte's memory back.
    pub fn recycle(&self, finished: Finished) {
        self.worker.recycle(finished.matte);
    }

    /// Lets a run that is under way come to nothing: its frame belongs to another time.
    pub fn forget(&self) {
        self.worker.forget();
    }
}
