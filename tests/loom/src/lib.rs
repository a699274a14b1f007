// SPDX-License-Identifier: MPL-2.0

//! Models of what the threads of `mattesegment` share: the streaming thread, the network's thread
//! and whoever flushes or stops. loom tries every order in which they can meet and fails where one
//! of them waits for ever. Its waits have no timeouts, so nothing is saved by one.
//!
//! `src/segment/worker.rs` and `src/model/turn.rs` are the plugin's own (see `build.rs`); what they
//! need of the rest is stood in for here.
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

    /// A turn that is always there; turns have a model of their own.
    pub struct Turn;

    impl Turn {
        pub fn take() -> Self {
            Self
        }
    }

    impl Drop for Turn {
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

    mod worker {
        use crate::gst;
        include!(concat!(env!("OUT_DIR"), "/worker.rs"));

        mod tests {
            use super::*;

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

            fn model(f: impl Fn() + Sync + Send + 'static) {
                let mut builder = loom::model::Builder::new();
                builder.preemption_bound = Some(3);
                builder.check(f);
            }

            const LONG: Duration = Duration::from_secs(3600);

            /// A frame in `mode=sync`.
            fn frame(worker: &Worker) -> bool {
                match worker.acquire(LONG) {
                    Waited::Done(engine) => worker.offer(engine, None, false),
                    Waited::Flushing => return false,
                    Waited::Stalled => unreachable!("there are no timeouts"),
                }
                matches!(worker.wait(LONG), Waited::Done(Ok(_)))
            }

            #[test]
            fn frames_get_their_mattes_and_the_thread_ends() {
                model(|| {
                    let worker = Worker::start(Box::new(Net)).expect("a thread");
                    assert!(frame(&worker) && frame(&worker));
                });
            }

            #[test]
            fn a_flush_lets_nobody_wait_and_what_follows_works() {
                model(|| {
                    let worker = Worker::start(Box::new(Net)).expect("a thread");
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
                    let worker = Worker::start(Box::new(Net)).expect("a thread");
                    if let Waited::Done(engine) = worker.acquire(LONG) {
                        worker.offer(engine, None, true);
                    }
                    worker.take();
                });
            }

            #[test]
            fn a_forgotten_job_gives_the_network_back() {
                model(|| {
                    let worker = Worker::start(Box::new(Net)).expect("a thread");
                    if let Waited::Done(engine) = worker.acquire(LONG) {
                        worker.offer(engine, None, false);
                    }
                    worker.forget();
                    assert!(frame(&worker));
                });
            }
        }
    }
}

mod turn {
    include!(concat!(env!("OUT_DIR"), "/turn.rs"));

    mod tests {
        use super::*;
        use std::sync::Arc;

        #[test]
        fn everybody_comes_to_their_turn() {
            for limit in [1, 2] {
                let mut builder = loom::model::Builder::new();
                builder.preemption_bound = Some(2);
                builder.check(move || {
                    let turns = Arc::new(Turns::new(limit));
                    let threads: Vec<_> = (0..2)
                        .map(|_| {
                            let turns = Arc::clone(&turns);
                            loom::thread::spawn(move || {
                                turns.enter();
                                assert!(turns.lock().running <= limit);
                                turns.leave();
                            })
                        })
                        .collect();
                    turns.enter();
                    turns.leave();
                    for thread in threads {
                        thread.join().expect("it ends");
                    }
                    assert_eq!(turns.lock().running, 0);
                });
            }
        }
    }
}
