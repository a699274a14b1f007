// SPDX-License-Identifier: MPL-2.0

//! The network's thread: one job at a time, no queue.
//!
//! The streaming thread takes the idle network, samples a frame into it and hands it over. In
//! `mode=sync` it then waits; in `mode=async` the frame goes on with the newest finished matte, and
//! no frame is taken while the network is busy. So nothing piles up, however slow the network is.
//! The network never runs on the streaming thread, so a flush or a stop waits for no run, not even
//! for one that cannot be ended.

use super::engine::{Cancel, Engine};
use super::error::SegmentError;
use crate::frame::GrayImage;
use crate::model::RunSlot;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a waiting thread looks at how long it has waited. Patience is counted in these steps:
/// a process that was suspended finds one step gone, not the whole night.
const STEP: Duration = Duration::from_millis(50);
/// The same for a stream that does not wait and looks once per frame, at whatever rate.
const LONGEST_STEP: Duration = Duration::from_secs(1);
/// The wait for a run slot may take this many times as long as a run before it counts as a stall.
const QUEUE_FACTOR: u32 = 4;

/// A finished matte.
#[derive(Debug, Default)]
pub struct Finished {
    /// The raw matte.
    pub matte: GrayImage,
    /// Number of the run, and PTS of the frame that it was made from.
    pub run: u64,
    pub pts: Option<gst::ClockTime>,
    /// Time that the network took.
    pub time: Duration,
    /// Time since the frame was handed over, the wait for a run slot included.
    pub held: Duration,
}

/// What the streaming thread asks once per frame.
#[derive(Debug)]
pub struct Poll {
    /// The newest result since the last call.
    pub result: Option<Result<Finished, SegmentError>>,
    /// How many times the patience with the run under way is used up; the wait for a run slot
    /// counts less. 0 if all is well.
    pub overdue: u32,
    /// The network can take a frame without waiting.
    pub idle: bool,
}

/// What waiting for the network came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Waited<T> {
    /// It is there.
    Done(T),
    /// A flush began or the element stops.
    Flushing,
    /// The network takes far longer than it should.
    Stalled,
}

/// One frame for the network, which holds it.
struct Job {
    engine: Box<dyn Engine>,
    run: u64,
    pts: Option<gst::ClockTime>,
    /// The recurrent states are cleared first.
    reset: bool,
    era: u64,
    offered: Instant,
}

/// What the threads share.
struct Shared {
    slots: Mutex<Slots>,
    wake: Condvar,
    cancel: Arc<dyn Cancel>,
    /// How long a run may take.
    patience: Duration,
}

#[derive(Default)]
struct Slots {
    /// The network, while it is not in use.
    idle: Option<Box<dyn Engine>>,
    job: Option<Job>,
    /// A run is under way.
    running: bool,
    /// How much of the patience with the run under way is used up, and up to when.
    waited: Duration,
    looked: Option<Instant>,
    /// Newest result that was not yet taken.
    done: Option<Result<Finished, SegmentError>>,
    /// A matte picture that is not in use.
    spare: Option<GrayImage>,
    /// A flush begins a new era; what belongs to an older one is discarded.
    era: u64,
    flushing: bool,
    stop: bool,
}

impl Slots {
    fn new_era(&mut self) {
        self.era += 1;
        self.done = None;
        if let Some(job) = self.job.take() {
            self.idle = Some(job.engine);
        }
    }

    /// How much patience `time` costs.
    fn cost(&self, time: Duration) -> Duration {
        if self.running {
            time
        } else {
            time / QUEUE_FACTOR
        }
    }
}

impl Shared {
    /// The slots. A panic in the network leaves them usable: they hold only whole values.
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `take` finds something, for at most `patience`.
    fn wait<T>(
        &self,
        patience: Duration,
        mut take: impl FnMut(&mut Slots) -> Option<T>,
    ) -> Waited<T> {
        let mut left = patience;
        let mut slots = self.lock();
        loop {
            if slots.flushing {
                return Waited::Flushing;
            }
            if let Some(found) = take(&mut slots) {
                return Waited::Done(found);
            }
            if left.is_zero() {
                return Waited::Stalled;
            }
            let waited = self.wake.wait_timeout(slots, STEP);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            slots = guard;
            if timeout.timed_out() {
                left = left.saturating_sub(slots.cost(STEP));
            }
        }
    }
}

/// Owner of the thread; dropping it ends the run under way and then the thread.
pub struct Worker {
    shared: Arc<Shared>,
}

/// Interrupts a [`Worker`] from any thread.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// While a flush lasts no thread waits; its begin ends the run under way.
    pub fn flush(&self, on: bool) {
        let mut slots = self.0.lock();
        slots.flushing = on;
        if on {
            slots.new_era();
            if slots.running {
                self.0.cancel.stop();
            }
        }
        self.0.wake.notify_all();
    }
}

impl Worker {
    /// Starts the thread. A run may take `patience`; after that no thread waits for it any more.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(engine: Box<dyn Engine>, patience: Duration) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            cancel: engine.cancel(),
            patience,
            slots: Mutex::new(Slots {
                idle: Some(engine),
                ..Slots::default()
            }),
            wake: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        // Not joined: a run that takes long must not hold up the element's stop. The thread owns
        // all that it touches and ends by itself.
        thread::Builder::new()
            .name("matte-network".into())
            .spawn(move || run(&theirs))?;
        Ok(Self { shared })
    }

    /// What interrupts it from other threads.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }

    /// What the network has done since the last call. To be called once per frame: patience is
    /// counted from call to call.
    pub fn poll(&self) -> Poll {
        let mut slots = self.shared.lock();
        let now = Instant::now();
        let passed = slots.looked.replace(now).map(|last| now - last);
        let passed = passed.unwrap_or_default().min(LONGEST_STEP);
        slots.waited = match slots.idle {
            Some(_) => Duration::ZERO,
            None => slots.waited + slots.cost(passed),
        };
        let times = slots.waited.as_nanos() / self.shared.patience.as_nanos().max(1);
        Poll {
            result: slots.done.take(),
            overdue: u32::try_from(times).unwrap_or(u32::MAX),
            idle: slots.idle.is_some(),
        }
    }

    /// The network, to sample a frame into; with `wait` not before it is idle, for as long as a
    /// run may take.
    pub fn acquire(&self, wait: bool) -> Waited<Box<dyn Engine>> {
        let patience = if wait {
            self.shared.patience
        } else {
            Duration::ZERO
        };
        self.shared.wait(patience, |slots| slots.idle.take())
    }

    /// Gives the network back unused.
    pub fn give_back(&self, engine: Box<dyn Engine>) {
        self.shared.lock().idle = Some(engine);
    }

    /// Hands the network over to run on what its input holds.
    pub fn offer(
        &self,
        engine: Box<dyn Engine>,
        (run, pts): (u64, Option<gst::ClockTime>),
        reset: bool,
    ) {
        let mut slots = self.shared.lock();
        (slots.waited, slots.looked) = (Duration::ZERO, None);
        slots.job = Some(Job {
            engine,
            run,
            pts,
            reset,
            era: slots.era,
            offered: Instant::now(),
        });
        self.shared.wake.notify_all();
    }

    /// The result of the job under way; waits for it as long as a run may take.
    pub fn wait(&self) -> Waited<Result<Finished, SegmentError>> {
        let patience = self.shared.patience;
        self.shared.wait(patience, |slots| slots.done.take())
    }

    /// Discards the run under way: its frame belongs to another time.
    pub fn forget(&self) {
        self.shared.lock().new_era();
    }

    /// Gives a picture back to be written again.
    pub fn recycle(&self, matte: GrayImage) {
        self.shared.lock().spare = Some(matte);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut slots = self.shared.lock();
        slots.stop = true;
        self.shared.cancel.stop();
        self.shared.wake.notify_all();
    }
}

fn run(shared: &Shared) {
    while let Some(job) = next(shared) {
        let run_slot = RunSlot::take(shared.patience);
        let Some((mut job, mut matte)) = begin(shared, job) else {
            continue;
        };
        let start = Instant::now();
        // A panic must not leave the streaming thread waiting for a network that is gone.
        let result = catch_unwind(AssertUnwindSafe(|| {
            if job.reset {
                job.engine.reset();
            }
            job.engine.infer(&mut matte)
        }));
        let time = start.elapsed();
        drop(run_slot);
        let result = match result {
            Ok(Ok(())) => Ok(Finished {
                matte,
                run: job.run,
                pts: job.pts,
                time,
                held: job.offered.elapsed(),
            }),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(SegmentError::RunPanicked),
        };
        let mut slots = shared.lock();
        slots.running = false;
        if job.era == slots.era {
            slots.done = Some(result);
        }
        slots.idle = Some(job.engine);
        shared.wake.notify_all();
    }
}

/// Waits for a job; none when the thread ends.
fn next(shared: &Shared) -> Option<Job> {
    let mut slots = shared.lock();
    loop {
        if slots.stop {
            return None;
        }
        if let Some(job) = slots.job.take() {
            return Some(job);
        }
        let woken = shared.wake.wait(slots);
        slots = woken.unwrap_or_else(PoisonError::into_inner);
    }
}

/// The job, if it is still wanted now that it has a run slot, and a picture for its matte.
fn begin(shared: &Shared, job: Job) -> Option<(Job, GrayImage)> {
    let mut slots = shared.lock();
    if slots.stop || job.era != slots.era {
        slots.idle = Some(job.engine);
        shared.wake.notify_all();
        return None;
    }
    // An earlier run may have been ended; under the lock, so that a flush comes before or after.
    shared.cancel.resume();
    slots.running = true;
    let matte = slots.spare.take().unwrap_or_default();
    Some((job, matte))
}
