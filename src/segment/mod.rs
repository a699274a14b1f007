// SPDX-License-Identifier: MPL-2.0

//! The element `mattesegment`: the network says where the subject is.
/**
 * SECTION:element-mattesegment
 *
 * Runs a segmentation network (ONNX) on every frame and attaches the raw matte to it as
 * `MatteMeta`. The frame itself passes through untouched, in its own raw format, without conversion
 * or copy.
 *
 * The network sees frames upright and in their true shape, as the tag `image-orientation` and the
 * caps' pixel-aspect-ratio say. #mattesegment:video-direction overrides the tag. The matte itself is
 * stored as the frame is.
 *
 * If the pad `small` is requested, the network reads the pictures that come there in place of the
 * frames, which then nothing in this element reads: cameras give a low-resolution stream beside the
 * main one. Both streams must show the same and have the same timestamps; the matte covers the whole
 * frame. A frame waits for its picture for at most #mattesegment:small-latency. If it does not come,
 * the frame has no matte. If the small stream has fewer pictures, frames between two of them keep the
 * matte of the frame before for at most 100 ms. Put a queue before each pad.
 *
 * #matterefine refines the matte, and #mattecompose, #mattemix or any program that reads the meta
 * uses it.
 *
 * ONNX Runtime runs the network where it is found when the element starts: from
 * #mattesegment:onnxruntime-library, from the environment variable `ORT_DYLIB_PATH`, beside the
 * plugin, or from the system. Elsewhere the engine inside the plugin does, which takes longer;
 * #mattesegment:engine chooses one, and #mattesegment:active-engine tells which one runs.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! mattesegment ! matterefine ! mattecompose background=overlay ! videoconvert ! autovideosink
 * ]|
 * |[
 * gst-launch-1.0 mattesegment name=segment ! matterefine ! mattecompose ! videoconvert ! autovideosink libcamerasrc name=camera camera.src ! video/x-raw,format=NV12,width=1280,height=720 ! queue ! segment.sink camera.src_0 ! video/x-raw,format=NV12,width=320,height=180 ! queue ! segment.small
 * ]|
 *
 * Since: 0.1
 */
use crate::control::Control;
use crate::model::EngineRequest;
use crate::properties::property_enum;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;

mod engine;
mod error;
mod failure;
mod imp;
mod latency;
mod loader;
mod loading;
mod log;
mod messages;
mod motion_compensation;
mod perform;
mod runner;
mod schedule;
mod settings;
mod shared;
mod small;
mod small_pad;
mod small_picture;
mod source;
mod stats;
mod still_gate;
mod stream;
#[cfg(test)]
mod tests;
mod turned;
mod worker;

pub(crate) use settings::Settings;
pub(crate) use small_pad::SMALL;

glib::wrapper! {
    /// Element that runs the network; see the module's page.
    pub struct MatteSegment(ObjectSubclass<imp::MatteSegment>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object,
        @implements gst::Preset;
}

impl MatteSegment {
    /// Its properties that move over time.
    pub(crate) fn control(&self) -> &Control {
        &self.imp().control
    }
}

property_enum! {
    /// Whether a frame waits for its matte.
    Mode, "GstMatteSegmentMode" {
        Sync = 0, "sync", "Sync: every frame waits for its own matte";
        Async = 1, "async",
            "Async: no frame waits, the newest finished matte is moved along with the picture";
    }
}

property_enum! {
    /// What runs the network.
    EngineChoice, "GstMatteSegmentEngine" {
        Auto = 0, "auto", "Auto: ONNX Runtime where it is found, else the embedded engine";
        OnnxRuntime = 1, "onnxruntime", "ONNX Runtime: the library, or an error where it is missing";
        Embedded = 2, "embedded", "Embedded: the engine inside the plugin, which needs no library";
    }
}

impl From<EngineChoice> for EngineRequest {
    fn from(choice: EngineChoice) -> Self {
        match choice {
            EngineChoice::Auto => Self::Auto,
            EngineChoice::OnnxRuntime => Self::OnnxRuntime,
            EngineChoice::Embedded => Self::Embedded,
        }
    }
}

/// Registers the element.
///
/// # Errors
/// If GStreamer refuses the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    crate::model::set_log_sink(log::log_onnxruntime);
    gst::Element::register(
        Some(plugin),
        "mattesegment",
        gst::Rank::NONE,
        MatteSegment::static_type(),
    )
}
