// SPDX-License-Identifier: MPL-2.0

//! What the fuzz targets do with their bytes. `tests/robustness/corpus.rs` of the plugin replays the committed
//! corpus through the same functions with the stable toolchain.
//!
//! Each function must end for every input. What it checks beyond "no panic, no overflow, no byte
//! outside of its memory" is said at the function.

mod blending;
mod filters;
mod frames;
mod models;
mod pipeline;
mod sampling;

/// A target: its name and what it does with the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("describe", describe),
    ("outline", outline),
    ("sample", sample),
    ("blend", blend),
    ("picture", picture),
    ("refine", refine),
    ("stages", stages),
    ("pipeline", pipeline),
];

/// Model descriptions: `NAME.toml` and `NAME.onnx.modelinfo`, from text, and the answers that a
/// model gets with them.
pub fn describe(data: &[u8]) {
    models::describe(data);
}

/// ONNX files before ONNX Runtime sees them, and guesses from names and shapes. Whatever is
/// guessed keeps to the limits on sizes.
pub fn outline(data: &[u8]) {
    models::outline(data);
}

/// Frames of every layout, size, stride and offset into tensors and guides. Every vector level must
/// give the same bits, and no padding may count.
pub fn sample(data: &[u8]) {
    let _ = sampling::sample(&mut arbitrary::Unstructured::new(data));
}

/// Compositing over every layout, size, stride and offset. Every vector level must give the same
/// bytes, and bytes between the rows stay.
pub fn blend(data: &[u8]) {
    let _ = blending::blend(&mut arbitrary::Unstructured::new(data));
}

/// Background pictures out of files.
pub fn picture(data: &[u8]) {
    blending::picture(data);
}

/// The whole post-processing, frame after frame, with any parameters.
pub fn refine(data: &[u8]) {
    let _ = filters::refine(&mut arbitrary::Unstructured::new(data));
}

/// Each stage of post-processing alone, with any values. What is in 0 to 1 stays finite.
pub fn stages(data: &[u8]) {
    let _ = filters::stages(&mut arbitrary::Unstructured::new(data));
}

/// The whole chain in a pipeline, with changes of properties, caps and models between frames.
pub fn pipeline(data: &[u8]) {
    let _ = pipeline::pipeline(&mut arbitrary::Unstructured::new(data));
}
