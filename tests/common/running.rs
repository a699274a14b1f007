// SPDX-License-Identifier: MPL-2.0

//! Pipelines that run by themselves, while tests change, stop and watch them.

use super::init;
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Waits until `ready`, at most two minutes: for hangs, not for speed.
pub fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "{what}: waited in vain"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A pipeline whose frames are counted at `sink`; it stops when dropped.
pub struct Running {
    pub pipeline: gst::Pipeline,
    pub frames: Arc<AtomicU64>,
}

impl Running {
    pub fn new(description: &str) -> Self {
        init();
        let pipeline = gst::parse::launch(description).expect(description);
        let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
        let frames = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&frames);
        let pad = pipeline
            .by_name("sink")
            .expect("it has a sink")
            .static_pad("sink");
        pad.expect("sinks have a pad")
            .add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                count.fetch_add(1, Ordering::SeqCst);
                gst::PadProbeReturn::Ok
            });
        Self { pipeline, frames }
    }

    pub fn state(&self, state: gst::State) {
        self.pipeline
            .set_state(state)
            .unwrap_or_else(|_| panic!("{state:?}: {:?}", self.errors()));
    }

    /// Waits for `count` more frames.
    pub fn more(&self, what: &str, count: u64) {
        let wanted = self.frames.load(Ordering::SeqCst) + count;
        wait_for(what, || {
            let errors = self.errors();
            assert!(errors.is_empty(), "{what}: {errors:?}");
            self.frames.load(Ordering::SeqCst) >= wanted
        });
    }

    /// Errors on the bus since the last call.
    pub fn errors(&self) -> Vec<String> {
        let bus = self.pipeline.bus().expect("pipelines have a bus");
        let errors = std::iter::from_fn(|| bus.pop_filtered(&[gst::MessageType::Error]));
        errors
            .filter_map(|message| match message.view() {
                gst::MessageView::Error(error) => Some(format!("{:?}", error.error())),
                _ => None,
            })
            .collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
