// SPDX-License-Identifier: MPL-2.0

//! Models of what the threads of `mattesegment` share: the streaming thread, the network's thread
//! and whoever flushes or stops. loom tries every order in which they can meet and fails where one
//! of them waits for ever. Its waits have no timeouts, so nothing is saved by one.
//!
//! `src/segment/worker.rs`, `src/segment/loader/interrupt.rs`, `src/model/run_slot.rs` and
//! `src/bus_gate.rs` are the plugin's own (see `build.rs`); what they need of the rest is replaced
//! by stand-ins here.
#![cfg(test)]
#![allow(dead_code, reason = "not all of the plugin's sources is modelled")]

/// Stands in for the network's types.
mod model {
    #[derive(Debug)]
    pub enum ModelError {
        Run {},
    }

    impl std::fmt::Display for ModelError {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a failed run")
        }
    }

    /// A slot that is always free; slots have a model of their own.
    pub struct RunSlot;

    impl RunSlot {
        pub fn take(_: std::time::Duration) -> Self {
            Self
        }
    }

    impl Drop for RunSlot {
        fn drop(&mut self) {}
    }
}

mod frame {
    #[derive(Debug, Default)]
    pub struct GrayImage;
}

mod gst {
    pub type ClockTime = u64;
}

mod segment {
    pub mod engine {
        use crate::frame::GrayImage;
        use crate::model::ModelError;
        use std::sync::Arc;

        pub trait Engine: Send {
            fn infer(&mut self, matte: &mut GrayImage) -> Result<(), ModelError>;
            fn reset(&mut self);
            fn cancel(&self) -> Arc<dyn Cancel>;
        }

        pub trait Cancel: Send + Sync {
            fn stop(&self);
            fn resume(&self);
        }
    }

    pub mod error {
        use crate::model::ModelError;

        #[derive(Debug)]
        pub enum SegmentError {
            Model(ModelError),
            RunPanicked,
        }

        impl From<ModelError> for SegmentError {
            fn from(error: ModelError) -> Self {
                Self::Model(error)
            }
        }
    }

    mod interrupt {
        include!(concat!(env!("OUT_DIR"), "/interrupt.rs"));
    }

    mod worker {
        use crate::gst;
        include!(concat!(env!("OUT_DIR"), "/worker.rs"));

        mod tests {
            use super::*;
            use crate::model::ModelError;

            struct Net;

            struct Nothing;

            impl Cancel for Nothing {
                fn stop(&self) {}
                fn resume(&self) {}
            }

            impl Engine for Net {
                fn infer(&mut self, _: &mut GrayImage) -> Result<(), ModelError> {
                    loom::thread::yield_now();
                    Ok(())
                }
                fn reset(&mut self) {}
                fn cancel(&self) -> Arc<dyn Cancel> {
                    Arc::new(Nothing)
                }
            }

            /// A network whose runs end when the test says so, or are ended.
            #[derive(Default)]
            struct Held {
                /// Runs are ended, and runs may finish.
                state: Mutex<(bool, bool)>,
                wake: Condvar,
            }

            impl Held {
                fn set(&self, change: impl FnOnce(&mut (bool, bool))) {
                    change(&mut self.state.lock().expect("no panics"));
                    self.wake.notify_all();
                }
            }

            struct HeldNet(Arc<Held>);

            struct HeldCancel(Arc<Held>);

            impl Cancel for HeldCancel {
                fn stop(&self) {
                    self.0.set(|state| state.0 = true);
                }
                fn resume(&self) {
                    self.0.set(|state| state.0 = false);
                }
            }

            impl Engine for HeldNet {
                fn infer(&mut self, _: &mut GrayImage) -> Result<(), ModelError> {
                    let mut state = self.0.state.lock().expect("no panics");
                    loop {
                        match *state {
                            (true, _) => return Err(ModelError::Run {}),
                            (false, true) => return Ok(()),
                            (false, false) => {
                                state = self.0.wake.wait(state).expect("no panics");
                            }
                        }
                    }
                }
                fn reset(&mut self) {}
                fn cancel(&self) -> Arc<dyn Cancel> {
                    Arc::new(HeldCancel(Arc::clone(&self.0)))
                }
            }

            fn model(f: impl Fn() + Sync + Send + 'static) {
                let mut builder = loom::model::Builder::new();
                builder.preemption_bound = Some(3);
                builder.check(f);
            }

            const LONG: Duration = Duration::from_secs(3600);

            /// A frame in `mode=sync`.
            fn frame(worker: &Worker) -> bool {
                match worker.acquire(true) {
                    Waited::Done(engine) => worker.offer(engine, (0, None), false),
                    Waited::Flushing => return false,
                    Waited::Stalled => unreachable!("there are no timeouts"),
                }
                matches!(worker.wait(), Waited::Done(Ok(_)))
            }

            #[test]
            fn frames_get_their_mattes_and_the_thread_ends() {
                model(|| {
                    let worker = Worker::start(Box::new(Net), LONG).expect("a thread");
                    assert!(frame(&worker) && frame(&worker));
                });
            }

            #[test]
            fn a_flush_lets_nobody_wait_and_what_follows_works() {
                model(|| {
                    let worker = Worker::start(Box::new(Net), LONG).expect("a thread");
                    let handle = worker.handle();
                    let flusher = loom::thread::spawn(move || handle.flush(true));
                    // Before the flush or interrupted by it.
                    frame(&worker);
                    flusher.join().expect("it ends");
                    assert!(!frame(&worker), "nobody waits while a flush lasts");
                    worker.handle().flush(false);
                    worker.forget();
                    assert!(frame(&worker), "after the flush frames get mattes again");
                });
            }

            #[test]
            fn a_stop_at_any_moment_ends_the_thread() {
                model(|| {
                    let worker = Worker::start(Box::new(Net), LONG).expect("a thread");
                    if let Waited::Done(engine) = worker.acquire(true) {
                        worker.offer(engine, (0, None), true);
                    }
                    worker.poll();
                });
            }

            #[test]
            fn a_flush_ends_a_run_that_would_never_end_and_later_ones_go_on() {
                model(|| {
                    let held = Arc::new(Held::default());
                    let net = Box::new(HeldNet(Arc::clone(&held)));
                    let worker = Worker::start(net, LONG).expect("a thread");
                    if let Waited::Done(engine) = worker.acquire(true) {
                        worker.offer(engine, (0, None), false);
                    }
                    worker.handle().flush(true);
                    worker.handle().flush(false);
                    held.set(|state| state.1 = true);
                    assert!(frame(&worker));
                });
            }

            #[test]
            fn a_stop_ends_a_run_that_would_never_end() {
                model(|| {
                    let net = Box::new(HeldNet(Arc::default()));
                    let worker = Worker::start(net, LONG).expect("a thread");
                    if let Waited::Done(engine) = worker.acquire(true) {
                        worker.offer(engine, (0, None), false);
                    }
                });
            }

            #[test]
            fn a_network_that_comes_during_a_flush_hears_of_it() {
                use super::super::interrupt::Interrupt;
                model(|| {
                    let worker = Worker::start(Box::new(Net), LONG).expect("a thread");
                    let interrupt = Arc::new(Interrupt::default());
                    let theirs = Arc::clone(&interrupt);
                    let flusher = loom::thread::spawn(move || theirs.flush(true));
                    interrupt.watch(worker.handle());
                    flusher.join().expect("it ends");
                    assert!(!frame(&worker), "nobody waits while a flush lasts");
                    interrupt.flush(false);
                    assert!(frame(&worker));
                });
            }

            #[test]
            fn a_forgotten_job_gives_the_network_back() {
                model(|| {
                    let worker = Worker::start(Box::new(Net), LONG).expect("a thread");
                    if let Waited::Done(engine) = worker.acquire(true) {
                        worker.offer(engine, (0, None), false);
                    }
                    worker.forget();
                    assert!(frame(&worker));
                });
            }
        }
    }
}

mod bus_gate {
    include!(concat!(env!("OUT_DIR"), "/bus_gate.rs"));

    mod tests {
        use super::*;
        use std::sync::Arc;

        #[test]
        fn nothing_is_posted_after_the_gate_closes() {
            loom::model(|| {
                let gate = Arc::new(BusGate::default());
                let posted = Arc::new(Mutex::new(0));
                gate.open();
                let threads: Vec<_> = (0..2)
                    .map(|_| {
                        let (gate, posted) = (Arc::clone(&gate), Arc::clone(&posted));
                        loom::thread::spawn(move || {
                            gate.post(|| *posted.lock().expect("no panics") += 1);
                        })
                    })
                    .collect();
                gate.close();
                let before = *posted.lock().expect("no panics");
                for thread in threads {
                    thread.join().expect("it ends");
                }
                assert_eq!(before, *posted.lock().expect("no panics"));
            });
        }
    }
}

mod run_slot {
    include!(concat!(env!("OUT_DIR"), "/run_slot.rs"));

    mod tests {
        use super::*;
        use std::sync::Arc;

        const LONG: Duration = Duration::from_secs(3600);

        #[test]
        fn every_request_gets_a_slot() {
            for limit in [1, 2] {
                let mut builder = loom::model::Builder::new();
                builder.preemption_bound = Some(2);
                builder.check(move || {
                    let slots = Arc::new(RunSlots::new(limit));
                    let threads: Vec<_> = (0..2)
                        .map(|_| {
                            let slots = Arc::clone(&slots);
                            loom::thread::spawn(move || {
                                let number = slots.enter(LONG);
                                assert!(slots.lock().running.len() <= limit);
                                slots.leave(number);
                            })
                        })
                        .collect();
                    let number = slots.enter(LONG);
                    slots.leave(number);
                    for thread in threads {
                        thread.join().expect("it ends");
                    }
                    assert!(slots.lock().running.is_empty());
                });
            }
        }
    }
}
