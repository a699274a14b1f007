// SPDX-License-Identifier: MPL-2.0

//! The element `mattesegment`: the network says where the subject is.
/**
 * SECTION:element-mattesegment
 *
 * Runs a segmentation network (ONNX) on every frame and attaches the raw matte to it as
 * `MatteMeta`. The frame itself passes through untouched: any raw format, no conversion, no copy.
 *
 * The network sees frames upright and in their true shape, as the tag `image-orientation` and the
 * caps' pixel-aspect-ratio say; the matte lies on the frame as it is stored.
 * #mattesegment:video-direction overrides the tag.
 *
 * The matte is refined by #matterefine and used by #mattecompose, or by any program that reads
 * the meta.
 *
 * ONNX Runtime is loaded when the element starts: from #mattesegment:onnxruntime-library, from
 * the environment variable `ORT_DYLIB_PATH`, beside the plugin, or from the system.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! mattesegment ! matterefine ! mattecompose background=overlay ! videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */
use crate::control::Control;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;

mod engine;
mod error;
mod failure;
mod imp;
mod latency;
mod loader;
mod messages;
mod motion_compensation;
mod perform;
mod runner;
mod schedule;
mod settings;
mod shared;
mod source;
mod stats;
mod still_gate;
mod stream;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod time_tests;
mod turned;
mod worker;

pub use imp::properties;

glib::wrapper! {
    /// Element that runs the network; see the module's page.
    pub struct MatteSegment(ObjectSubclass<imp::MatteSegment>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object;
}

impl MatteSegment {
    /// Its properties that move over time.
    pub(crate) fn control(&self) -> &Control {
        &self.imp().control
    }
}

/// Whether a frame waits for its matte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstMatteSegmentMode")]
#[repr(i32)]
pub enum Mode {
    /// Every frame gets its own matte.
    #[default]
    #[enum_value(name = "Sync: every frame waits for its own matte", nick = "sync")]
    Sync = 0,
    /// The network runs beside the stream.
    #[enum_value(
        name = "Async: no frame waits, the newest finished matte is moved along with the picture",
        nick = "async"
    )]
    Async = 1,
}

/// Registers the element and its enums.
///
/// # Errors
/// If GStreamer refuses the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    crate::model::set_log_sink(imp::log_onnxruntime);
    Mode::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    gst::Element::register(
        Some(plugin),
        "mattesegment",
        gst::Rank::NONE,
        MatteSegment::static_type(),
    )
}
