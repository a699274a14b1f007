// SPDX-License-Identifier: MPL-2.0

//! ONNX Runtime is missing. In a test binary of its own, since one library serves a process.

#[path = "../common/mod.rs"]
mod common;

use common::pipeline::{Run, green_model, run};
use common::{frame, info, init};
use gst_video::VideoFormat;

#[test]
fn missing_library_is_an_error_that_says_where_it_looked() {
    init();
    let info = info(VideoFormat::I420, 64, 36);
    let elements = format!(
        "mattesegment model={} onnxruntime-library=/nonexistent/libonnxruntime.so",
        green_model().display()
    );
    for _ in 0..2 {
        let Run { error, buffers } = run(&info, &elements, [frame(&info, |_| 128)]);
        let error = error.expect("an error on the bus");
        assert!(error.contains("/nonexistent/libonnxruntime.so"), "{error}");
        assert!(buffers.is_empty());
    }
}
