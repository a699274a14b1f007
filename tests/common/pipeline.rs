// SPDX-License-Identifier: MPL-2.0

//! Streams through elements to their end, and networks whose answer is known.

use super::init;
use super::stream::{HANG, Stream};
use gst::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// A folder that this test binary has to itself.
pub fn scratch(name: &str) -> PathBuf {
    let binary = std::env::current_exe().expect("a program knows its file");
    let binary = binary.file_stem().expect("a file has a name").to_owned();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(binary)
        .join(name);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// One of the tiny models of `tests/models`, alone in a folder with a description of our own.
pub fn model_with(folder: &str, onnx: &str, toml: &str) -> PathBuf {
    let folder = scratch(folder);
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/models")
        .join(onnx);
    let file = folder.join(onnx);
    place(&file, &std::fs::read(source).expect("the model is there"));
    place(&file.with_extension("toml"), toml.as_bytes());
    file
}

/// Writes a file at once: another test of the binary, a process of its own, may be reading it.
fn place(file: &Path, bytes: &[u8]) {
    let part = file.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&part, bytes).expect("the scratch folder can be written");
    std::fs::rename(&part, file).expect("the scratch folder can be written");
}

/// A network that takes what is green for the subject: 8x6 pixels, alpha = green.
pub fn green_model() -> PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| model_with("green", "alpha.onnx", "[input]\nrange = [0, 1]\n"))
        .clone()
}

/// What came out of a pipeline.
#[derive(Debug)]
pub struct Run {
    /// Frames in order.
    pub buffers: Vec<gst::Buffer>,
    /// The error on the bus, if there was one.
    pub error: Option<String>,
}

/// Sends samples (caps and buffer each) through `elements` to the end of the stream.
pub fn run_samples(elements: &str, samples: impl IntoIterator<Item = gst::Sample>) -> Run {
    let stream = Stream::new(elements);
    let buffers = Arc::new(Mutex::new(Vec::new()));
    let collected = buffers.clone();
    stream.collect(move |buffer| collected.lock().unwrap().push(buffer));
    if stream.pipeline.set_state(gst::State::Playing).is_ok() {
        for sample in samples {
            // After an error nothing is taken any more; the bus tells.
            if stream.source.push_sample(&sample).is_err() {
                break;
            }
        }
        let _ = stream.source.end_of_stream();
    }
    let kinds = [gst::MessageType::Error, gst::MessageType::Eos];
    let message = stream.bus.timed_pop_filtered(HANG, &kinds);
    let message = message.unwrap_or_else(|| panic!("{elements}: hangs"));
    let error = match message.view() {
        gst::MessageView::Error(error) => Some(error.error().to_string()),
        _ => None,
    };
    let stopped = stream.pipeline.set_state(gst::State::Null);
    stopped.expect("every pipeline can be stopped");
    let buffers = std::mem::take(&mut *buffers.lock().unwrap());
    Run { buffers, error }
}

/// Sends frames of one format through `elements` to the end of the stream.
pub fn run(
    info: &gst_video::VideoInfo,
    elements: &str,
    frames: impl IntoIterator<Item = gst::Buffer>,
) -> Run {
    init();
    let caps = info.to_caps().expect("valid caps");
    let samples = frames
        .into_iter()
        .map(|buffer| gst::Sample::builder().buffer(&buffer).caps(&caps).build());
    run_samples(elements, samples)
}

/// Warnings and errors on a bus since the last call, and our own messages by name.
pub fn heard(bus: &gst::Bus) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(message) = bus.pop() {
        match message.view() {
            gst::MessageView::Warning(w) => all.push(format!("warning: {}", w.error())),
            gst::MessageView::Error(e) => all.push(format!("error: {}", e.error())),
            gst::MessageView::Element(e) => {
                all.extend(e.structure().map(|s| s.name().to_string()));
            }
            _ => (),
        }
    }
    all
}
