// SPDX-License-Identifier: MPL-2.0

//! Where the network runs: on the streaming thread or beside it.

use super::Mode;
use super::worker::{Job, Worker, infer};
use crate::frame::{FrameRef, GrayImage, SampleError, Sampler};
use crate::model::Network;
use crate::pool::MattePool;
use crate::simd;
use crate::video::Stream;
use std::time::{Duration, Instant};

/// What a run of the network came to.
pub struct Outcome {
    /// The raw matte, or why there is none.
    pub result: Result<gst::Sample, String>,
    /// PTS of the frame that it was made from.
    pub pts: Option<gst::ClockTime>,
    /// Time that the network took.
    pub time: Duration,
}

impl Outcome {
    /// A run that came to nothing.
    pub fn failed(reason: String) -> Self {
        Self {
            result: Err(reason),
            pts: None,
            time: Duration::ZERO,
        }
    }
}

/// Samples frames and has the network run on them.
pub struct Runner {
    sampler: Sampler,
    place: Place,
}

enum Place {
    Here {
        network: Box<Network>,
        matte: GrayImage,
    },
    Beside {
        worker: Worker,
        stale: bool,
    },
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
    /// Makes a runner for a stream.
    ///
    /// # Errors
    /// [`RunnerError`].
    pub fn new(network: Network, mode: Mode, stream: &Stream) -> Result<Self, RunnerError> {
        let sampler = Sampler::new(stream.frame_format(), network.input_spec(), simd::level())?;
        let place = match mode {
            Mode::Sync => Place::Here {
                network: Box::new(network),
                matte: GrayImage::default(),
            },
            Mode::Async => Place::Beside {
                worker: Worker::start(network)?,
                stale: false,
            },
        };
        Ok(Self { sampler, place })
    }

    /// Whether the network can take a frame now. Always so on the streaming thread.
    pub fn is_free(&self) -> bool {
        match &self.place {
            Place::Here { .. } => true,
            Place::Beside { worker, .. } => worker.is_free(),
        }
    }

    /// Runs the network on a frame and returns what it said, or hands the frame over and returns
    /// nothing.
    pub fn run(
        &mut self,
        frame: &FrameRef,
        pts: Option<gst::ClockTime>,
        reset: bool,
        pool: &MattePool,
    ) -> Option<Outcome> {
        match &mut self.place {
            Place::Here { network, matte } => {
                if reset {
                    network.reset();
                }
                if let Err(error) = self.sampler.sample(frame, network.input_mut()) {
                    return Some(Outcome::failed(error.to_string()));
                }
                let start = Instant::now();
                let result = infer(network, matte).map_err(|error| error.to_string());
                let time = start.elapsed();
                let result = result.and_then(|()| to_sample(matte, pool));
                Some(Outcome { result, pts, time })
            }
            Place::Beside { worker, .. } => {
                let mut tensor = worker.spare()?;
                let sampled = self.sampler.sample(frame, tensor.as_mut());
                if let Err(error) = sampled {
                    worker.give_back(tensor);
                    return Some(Outcome::failed(error.to_string()));
                }
                worker.offer(Job { tensor, pts, reset });
                None
            }
        }
    }

    /// What the network beside the stream has said since the last call.
    pub fn finished(&mut self, pool: &MattePool) -> Option<Outcome> {
        let Place::Beside { worker, stale } = &mut self.place else {
            return None;
        };
        let finished = worker.take()?;
        if std::mem::take(stale) {
            return None;
        }
        Some(match finished {
            Ok(finished) => {
                let result = to_sample(&finished.matte, pool);
                worker.recycle(finished.matte);
                Outcome {
                    result,
                    pts: finished.pts,
                    time: finished.time,
                }
            }
            Err(error) => Outcome::failed(error),
        })
    }

    /// Lets a run that is under way come to nothing: its frame belongs to the time before a flush.
    pub fn forget(&mut self) {
        if let Place::Beside { worker, stale } = &mut self.place {
            worker.take();
            *stale = !worker.is_free();
        }
    }
}

fn to_sample(matte: &GrayImage, pool: &MattePool) -> Result<gst::Sample, String> {
    if (matte.width(), matte.height()) != (pool.width(), pool.height()) {
        return Err(format!(
            "the network gave a matte of {}x{} where {}x{} was expected",
            matte.width(),
            matte.height(),
            pool.width(),
            pool.height()
        ));
    }
    pool.fill(|out| {
        for (y, row) in matte.as_ref().rows().enumerate() {
            out.row_mut(y).copy_from_slice(row);
        }
    })
    .map(|(sample, ())| sample)
    .map_err(|error| error.to_string())
}
