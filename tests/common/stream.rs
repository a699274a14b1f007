// SPDX-License-Identifier: MPL-2.0

//! The rig for pipelines: the test pushes frames into them and pulls them out again, so that things
//! can happen between two frames.

use super::{init, pixels};
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Longest time that anything may take; it is there for hangs, not for speed.
pub const HANG: gst::ClockTime = gst::ClockTime::from_seconds(120);

/// `appsrc ! elements ! appsink`; it stops when dropped.
pub struct Stream {
    pub pipeline: gst::Pipeline,
    pub bus: gst::Bus,
    pub source: gst_app::AppSrc,
    sink: gst_app::AppSink,
    failed: Arc<AtomicBool>,
    pushed: u64,
}

impl Stream {
    /// Around elements as gst-launch-1.0 takes them; not started yet.
    pub fn new(elements: &str) -> Self {
        init();
        let text = format!("appsrc name=in format=time ! {elements} ! appsink name=out sync=false");
        let pipeline = gst::parse::launch(&text).expect(&text);
        let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
        let by_name = |name| pipeline.by_name(name).expect("it has the name");
        let bus = pipeline.bus().expect("a pipeline has a bus");
        // The error may stand behind other messages, which are for the test to read.
        let failed = Arc::new(AtomicBool::new(false));
        let flag = failed.clone();
        bus.set_sync_handler(move |_, message| {
            flag.fetch_or(message.type_() == gst::MessageType::Error, Relaxed);
            gst::BusSyncReply::Pass
        });
        Self {
            source: by_name("in").downcast().expect("an appsrc"),
            sink: by_name("out").downcast().expect("an appsink"),
            pipeline,
            bus,
            failed,
            pushed: 0,
        }
    }

    /// The same with properties of the element of this name, started.
    pub fn live(elements: &str, name: &str, properties: &[(&str, &str)]) -> Self {
        let stream = Self::new(elements);
        let element = stream.element(name);
        for (name, value) in properties {
            element.set_property_from_str(name, value);
        }
        stream.play();
        stream
    }

    /// An element by its name.
    pub fn element(&self, name: &str) -> gst::Element {
        self.pipeline.by_name(name).expect("it has the name")
    }

    /// Starts.
    pub fn play(&self) {
        let started = self.pipeline.set_state(gst::State::Playing);
        started.expect("the pipeline starts");
    }

    /// Hands over a frame, 33 ms after the one before.
    pub fn push(&mut self, info: &gst_video::VideoInfo, buffer: gst::Buffer) {
        let time = gst::ClockTime::from_mseconds(33 * self.pushed);
        self.pushed += 1;
        self.push_at(time, info, buffer);
    }

    /// Hands over a frame with a timestamp.
    pub fn push_at(
        &self,
        time: gst::ClockTime,
        info: &gst_video::VideoInfo,
        mut buffer: gst::Buffer,
    ) {
        buffer.get_mut().expect("a new buffer").set_pts(time);
        let caps = info.to_caps().expect("valid caps");
        let sample = gst::Sample::builder().buffer(&buffer).caps(&caps).build();
        // After an error nothing is taken any more; the bus tells.
        let _ = self.source.push_sample(&sample);
    }

    /// The next frame that comes out; `None` after an error.
    pub fn pull(&self) -> Option<gst::Sample> {
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

    /// Calls `take` with every frame that comes out, on the thread that sends it; none is pulled then.
    pub fn collect(&self, mut take: impl FnMut(gst::Buffer) + Send + 'static) {
        let new_sample = move |sink: &gst_app::AppSink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            sample.buffer_owned().into_iter().for_each(&mut take);
            Ok(gst::FlowSuccess::Ok)
        };
        let callbacks = gst_app::AppSinkCallbacks::builder();
        self.sink
            .set_callbacks(callbacks.new_sample(new_sample).build());
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

impl Drop for Stream {
    fn drop(&mut self) {
        // An element that panicked refuses; there is nothing more to do then.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
