// SPDX-License-Identifier: MPL-2.0

//! The element's debug category.

use std::sync::LazyLock;

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "mattesegment",
        gst::DebugColorFlags::empty(),
        Some("Segmentation network on video frames"),
    )
});

/// Brings ONNX Runtime's own messages into GStreamer's log.
pub(super) fn log_onnxruntime(level: u8, message: &str) {
    match level {
        0 => gst::log!(CAT, "ONNX Runtime: {message}"),
        1 => gst::debug!(CAT, "ONNX Runtime: {message}"),
        2 => gst::warning!(CAT, "ONNX Runtime: {message}"),
        _ => gst::error!(CAT, "ONNX Runtime: {message}"),
    }
}
