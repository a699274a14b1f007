// SPDX-License-Identifier: MPL-2.0

//! What the application hears on the bus.
//!
//! | element message | fields | when |
//! | --- | --- | --- |
//! | `matte-model-loaded` | `model`, `engine`, `provider` | a network is in use: after the start, and after a new one has taken over |
//! | `matte-network-stalled` | `pts` | a run takes far longer than it should; frames go on without a matte |
//! | `matte-network-recovered` | `pts` | the network works again after a stall or failures |
//! | `matte-subject-entered`, `matte-subject-left` | `pts` | a person came into the picture, or the last one left it |
//!
//! Failures, refused models and lost devices are warnings, one for each. That ONNX Runtime is missing
//! and the embedded engine runs is an info message, once.

use super::engine::About;
use super::imp::MatteSegment;
use gst::prelude::*;
use gst::subclass::prelude::*;

impl MatteSegment {
    fn post(&self, structure: gst::Structure) {
        let message = gst::message::Element::builder(structure).src(&*self.obj());
        // Fails only if there is no bus, and so no listener.
        let _ = self.obj().post_message(message.build());
    }

    pub(super) fn post_loaded(&self, about: &About) {
        let structure = gst::Structure::builder("matte-model-loaded")
            .field("model", &about.name)
            .field("engine", about.engine)
            .field("provider", &about.provider);
        self.post(structure.build());
    }

    /// Posts one of the messages that have only a time.
    pub(super) fn post_event(&self, name: &str, pts: Option<gst::ClockTime>) {
        let pts = pts.map_or(u64::MAX, |t| t.nseconds());
        self.post(gst::Structure::builder(name).field("pts", pts).build());
    }

    pub(super) fn post_latency(&self) {
        let message = gst::message::Latency::builder().src(&*self.obj()).build();
        let _ = self.obj().post_message(message);
    }
}
