// SPDX-License-Identifier: MPL-2.0

//! What the application hears on the bus.
//!
//! | element message | fields | when |
//! | --- | --- | --- |
//! | `matte-model-loaded` | `model`, `provider` | a network was loaded: at the start, and when a new one takes over |
//! | `matte-network-stalled` | `pts` | a run takes far longer than it should; frames go on without a matte |
//! | `matte-network-recovered` | `pts` | the network works again after a stall or failures |
//! | `matte-subject-entered`, `matte-subject-left` | `pts` | somebody came into the picture, or nobody is left |
//!
//! Failures, refused models and lost devices are warnings, told once each.

use super::imp::MatteSegment;
use gst::prelude::*;
use gst::subclass::prelude::*;

impl MatteSegment {
    fn post(&self, structure: gst::Structure) {
        let message = gst::message::Element::builder(structure).src(&*self.obj());
        // Nobody listens where there is no bus.
        let _ = self.obj().post_message(message.build());
    }

    pub(super) fn tell_loaded(&self, model: &str, provider: &str) {
        let structure = gst::Structure::builder("matte-model-loaded")
            .field("model", model)
            .field("provider", provider);
        self.post(structure.build());
    }

    /// One of the messages that say no more than when.
    pub(super) fn tell(&self, name: &str, pts: Option<gst::ClockTime>) {
        let pts = pts.map_or(u64::MAX, |t| t.nseconds());
        self.post(gst::Structure::builder(name).field("pts", pts).build());
    }

    pub(super) fn tell_latency(&self) {
        let message = gst::message::Latency::builder().src(&*self.obj()).build();
        let _ = self.obj().post_message(message);
    }
}
