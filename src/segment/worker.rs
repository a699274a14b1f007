// SPDX-License-Identifier: MPL-2.0

//! The network beside the stream, for `mode=async`: one thread, one job at a time, no queue.
//!
//! The streaming thread samples a frame into a spare tensor and offers it; while the network is
//! busy the offer is refused and the frame goes on with the newest finished matte. So nothing
//! piles up, however slow the network is, and no frame is held.

use crate::frame::{ElementType, GrayImage, Half, TensorMut, TensorSpec};
use crate::model::{ModelError, Network, Stopper};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Memory for one sampled frame, outside the network, which is busy with another.
#[derive(Debug)]
pub enum Tensor {
    F32(Vec<f32>),
    F16(Vec<Half>),
    U8(Vec<u8>),
}

impl Tensor {
    fn new(spec: &TensorSpec) -> Self {
        let elements = spec.elements();
        match spec.element {
            ElementType::F32 => Tensor::F32(vec![0.0; elements]),
            ElementType::F16 => Tensor::F16(vec![Half(0); elements]),
            ElementType::U8 => Tensor::U8(vec![0; elements]),
        }
    }

    /// The memory to sample into.
    pub fn as_mut(&mut self) -> TensorMut<'_> {
        match self {
            Tensor::F32(data) => TensorMut::F32(data),
            Tensor::F16(data) => TensorMut::F16(data),
            Tensor::U8(data) => TensorMut::U8(data),
        }
    }

    /// Copies into the network's own input, which has the same specification.
    fn copy_to(&self, input: TensorMut<'_>) {
        match (self, input) {
            (Tensor::F32(from), TensorMut::F32(to)) => to.copy_from_slice(from),
            (Tensor::F16(from), TensorMut::F16(to)) => to.copy_from_slice(from),
            (Tensor::U8(from), TensorMut::U8(to)) => to.copy_from_slice(from),
            _ => unreachable!("both were made from the network's specification"),
        }
    }
}

/// One frame for the network.
#[derive(Debug)]
pub struct Job {
    /// The sampled frame.
    pub tensor: Tensor,
    /// Its PTS.
    pub pts: Option<gst::ClockTime>,
    /// Forget what recurrent states hold first.
    pub reset: bool,
}

/// A finished matte.
#[derive(Debug, Default)]
pub struct Finished {
    /// The raw matte.
    pub matte: GrayImage,
    /// PTS of the frame that it was made from.
    pub pts: Option<gst::ClockTime>,
    /// Time that the network took.
    pub time: Duration,
}

/// What the two threads share.
#[derive(Debug, Default)]
struct Shared {
    slots: Mutex<Slots>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Slots {
    job: Option<Job>,
    stop: bool,
    /// The one tensor, while neither a job nor the network has it: the network is free.
    spare: Option<Tensor>,
    /// Newest result that was not yet taken.
    done: Option<Result<Finished, String>>,
    /// A matte picture that nobody uses.
    spare_matte: Option<GrayImage>,
}

impl Shared {
    /// The slots. A panic in the worker leaves them usable: they hold only whole values.
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handle of the thread; dropping it ends the run under way and then the thread.
pub struct Worker {
    shared: Arc<Shared>,
    stopper: Stopper,
}

impl Worker {
    /// Starts the thread, which takes the network with it.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(network: Network) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        shared.lock().spare = Some(Tensor::new(network.input_spec()));
        let theirs = Arc::clone(&shared);
        let stopper = network.stopper();
        // Not joined: a run that takes long must not hold up the element's stop. The thread owns
        // all that it touches and ends by itself.
        thread::Builder::new()
            .name("matte-network".into())
            .spawn(move || run(network, &theirs))?;
        Ok(Self { shared, stopper })
    }

    /// A tensor to sample the next frame into, if the network is free.
    pub fn spare(&self) -> Option<Tensor> {
        self.shared.lock().spare.take()
    }

    /// Whether a tensor can be had: neither a job nor a run is under way.
    pub fn is_free(&self) -> bool {
        self.shared.lock().spare.is_some()
    }

    /// Gives an unused tensor back.
    pub fn give_back(&self, tensor: Tensor) {
        self.shared.lock().spare = Some(tensor);
    }

    /// Hands a frame over; call it only with a tensor from [`Worker::spare`].
    pub fn offer(&self, job: Job) {
        self.shared.lock().job = Some(job);
        self.shared.wake.notify_one();
    }

    /// The newest result since the last call. The error's text is the network's.
    pub fn take(&self) -> Option<Result<Finished, String>> {
        self.shared.lock().done.take()
    }

    /// Gives a picture back to be written again.
    pub fn recycle(&self, matte: GrayImage) {
        self.shared.lock().spare_matte = Some(matte);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.stopper.stop();
        self.shared.wake.notify_one();
    }
}

fn run(mut network: Network, shared: &Shared) {
    loop {
        let (job, mut matte) = {
            let mut slots = shared.lock();
            loop {
                if slots.stop {
                    return;
                }
                if let Some(job) = slots.job.take() {
                    break (job, slots.spare_matte.take().unwrap_or_default());
                }
                slots = shared
                    .wake
                    .wait(slots)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        };
        let Job { tensor, pts, reset } = job;
        let start = Instant::now();
        // A panic must not leave the streaming thread waiting for a network that is gone.
        let result = catch_unwind(AssertUnwindSafe(|| {
            if reset {
                network.reset();
            }
            tensor.copy_to(network.input_mut());
            infer(&mut network, &mut matte)
        }));
        let result = match result {
            Ok(Ok(())) => Ok(Finished {
                matte,
                pts,
                time: start.elapsed(),
            }),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the network's thread panicked".to_owned()),
        };
        let mut slots = shared.lock();
        slots.spare = Some(tensor);
        slots.done = Some(result);
    }
}

/// Runs the network on what its input holds and decodes the raw matte. After a failure the
/// recurrent states are cleared: they may hold what failed.
///
/// # Errors
/// The network's.
pub fn infer(network: &mut Network, matte: &mut GrayImage) -> Result<(), ModelError> {
    let result = network.run().and_then(|()| network.decode(matte));
    if result.is_err() {
        network.reset();
    }
    result
}
