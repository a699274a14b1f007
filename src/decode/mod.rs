// SPDX-License-Identifier: MPL-2.0

//! The element `mattedecode`: tensors of others' inference elements become mattes.
//!
//! It exists in builds with the cargo feature `v1_26` alone. GStreamer has tensors on frames since
//! 1.26: before, there is nothing that it could decode, as there is no `onnxinference`. An
//! application that asks for the element (`gst_element_factory_find`, `gst-inspect-1.0 --exists`)
//! learns by that alone what this system can do. An element that is there and fails at the first
//! frame would tell it too late.
/**
 * SECTION:element-mattedecode
 *
 * Decodes a tensor that another element's network has put on the frame (`GstTensorMeta`), and
 * attaches it as `MatteMeta`: `onnxinference`, `tfliteinference` or an element for an NPU then take
 * the place of #mattesegment. The frame itself passes through untouched.
 *
 * #mattedecode:model names the file that the other element runs. What its values mean is read as
 * for #mattesegment: from `NAME.toml` and `NAME.modelinfo` beside it, and from the file itself, if
 * it is an `.onnx` or a `.tflite` file. A description alone (`NAME.toml`) does for files in other
 * formats. Without any, the tensor must say it by its id, `matting-generic-out`, or its values must
 * leave no doubt.
 *
 * A frame without such a tensor, or with values that cannot be right, gets no matte, and the
 * elements behind show nothing of it. A warning says why.
 *
 * Inference elements take frames of the network's size. `originalbuffersave` and
 * `originalbufferrestore` (of gst-plugins-rs) bring the matte back to the frame as it was.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! videoconvertscale ! video/x-raw,format=RGB,width=256,height=144 ! onnxinference model-file=matte.onnx ! mattedecode model=matte.onnx ! matterefine ! mattecompose ! videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */
use gst::glib;
use gst::prelude::*;

mod error;
mod imp;
mod settings;
mod state;
mod tensors;

glib::wrapper! {
    /// Element that decodes tensors; see the module's page.
    pub struct MatteDecode(ObjectSubclass<imp::MatteDecode>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object,
        @implements gst::Preset;
}

/// Registers the element.
///
/// # Errors
/// If GStreamer refuses the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    gst::Element::register(
        Some(plugin),
        "mattedecode",
        // `tensordecodebin` must not take it for a tensor that it knows nothing of.
        gst::Rank::NONE,
        MatteDecode::static_type(),
    )
}
