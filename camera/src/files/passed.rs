// SPDX-License-Identifier: MPL-2.0

//! What has passed a pad, counted in the stream's thread.

use gst::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Buffers, and the time of the last one's end.
#[derive(Debug, Default)]
pub struct Passed {
    buffers: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Passed {
    /// How many buffers.
    pub fn buffers(&self) -> u64 {
        self.buffers.load(Ordering::Relaxed)
    }

    /// Since the beginning of the file.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }

    /// Counts what passes a pad, too.
    pub fn count(self: &Arc<Self>, pad: &gst::Pad) {
        let passed = self.clone();
        // What has passed already stays on the pad.
        let segment = pad.sticky_event::<gst::event::Segment>(0);
        let segment = Mutex::new(segment.map(|event| event.segment().clone()));
        let what = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        pad.add_probe(what, move |_, info| {
            let mut segment = segment.lock().unwrap_or_else(PoisonError::into_inner);
            match &info.data {
                Some(gst::PadProbeData::Event(event)) => {
                    if let gst::EventView::Segment(new) = event.view() {
                        *segment = Some(new.segment().clone());
                    }
                }
                Some(gst::PadProbeData::Buffer(buffer)) => {
                    passed.buffers.fetch_add(1, Ordering::Relaxed);
                    let end = buffer
                        .pts()
                        .map(|pts| pts + buffer.duration().unwrap_or_default());
                    let segment = segment.as_ref();
                    let segment = segment.and_then(|own| own.downcast_ref::<gst::ClockTime>());
                    if let Some(time) = segment.and_then(|own| own.to_running_time(end)) {
                        passed
                            .nanoseconds
                            .fetch_max(time.nseconds(), Ordering::Relaxed);
                    }
                }
                _ => (),
            }
            gst::PadProbeReturn::Ok
        });
    }
}
