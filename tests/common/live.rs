// SPDX-License-Identifier: MPL-2.0

//! `mattebackground` in a pipeline that is fed frame by frame, so that things can happen between
//! two frames.

use super::{init, pixels};
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

/// Longest time that a frame may take; it is there for hangs, not for speed.
const HANG: gst::ClockTime = gst::ClockTime::from_seconds(120);

/// A running pipeline.
pub struct Live {
    pub pipeline: gst::Pipeline,
    pub element: gst::Element,
    pub bus: gst::Bus,
    source: gst_app::AppSrc,
    sink: gst_app::AppSink,
    failed: Arc<AtomicBool>,
    pushed: u64,
}

impl Live {
    /// A pipeline around `mattebackground` with these properties.
    pub fn new(properties: &[(&str, &str)]) -> Self {
        init();
        let element = gst::ElementFactory::make("mattebackground")
            .build()
            .expect("registered");
        for (name, value) in properties {
            element.set_property_from_str(name, value);
        }
        let source = gst_app::AppSrc::builder().format(gst::Format::Time).build();
        let sink = gst_app::AppSink::builder().sync(false).build();
        let pipeline = gst::Pipeline::new();
        let all = [source.upcast_ref(), &element, sink.upcast_ref()];
        pipeline.add_many(all).expect("new elements");
        gst::Element::link_many(all).expect("they fit");
        let bus = pipeline.bus().expect("a pipeline has a bus");
        // The error may stand behind other messages, which are for the test to read.
        let failed = Arc::new(AtomicBool::new(false));
        let flag = failed.clone();
        bus.set_sync_handler(move |_, message| {
            flag.fetch_or(message.type_() == gst::MessageType::Error, Relaxed);
            gst::BusSyncReply::Pass
        });
        pipeline
            .set_state(gst::State::Playing)
            .expect("the pipeline starts");
        Self {
            pipeline,
            element,
            bus,
            source,
            sink,
            failed,
            pushed: 0,
        }
    }

    /// Hands over a frame, 33 ms after the one before.
    pub fn push(&mut self, info: &gst_video::VideoInfo, mut buffer: gst::Buffer) {
        let time = gst::ClockTime::from_mseconds(33 * self.pushed);
        buffer.get_mut().expect("a new buffer").set_pts(time);
        self.pushed += 1;
        let caps = info.to_caps().expect("valid caps");
        let sample = gst::Sample::builder().buffer(&buffer).caps(&caps).build();
        // After an error nothing is taken any more; the bus tells.
        let _ = self.source.push_sample(&sample);
    }

    /// The next frame that comes out; `None` after an error.
    pub fn pull(&mut self) -> Option<gst::Sample> {
        let step = gst::ClockTime::from_mseconds(100);
        for _ in 0..HANG / step {
            if let Some(sample) = self.sink.try_pull_sample(step) {
                return Some(sample);
            }
            if self.failed.load(Relaxed) {
                return None;
            }
        }
        panic!("no frame comes out");
    }

    /// Hands over a frame and returns what is seen.
    pub fn show(&mut self, info: &gst_video::VideoInfo, buffer: gst::Buffer) -> Vec<u8> {
        self.push(info, buffer);
        let sample = self.pull().expect("a frame comes out");
        let caps = sample.caps().expect("frames have caps");
        pixels(sample.buffer().expect("a sample of a frame"), caps)
    }

    /// Warnings and errors on the bus, and our own messages by name; the rest is passed over.
    pub fn messages(&self) -> Vec<String> {
        super::pipeline::heard(&self.bus)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // An element that panicked refuses; there is nothing more to do then.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
