// SPDX-License-Identifier: MPL-2.0

//! Tiny models through the real ONNX Runtime. `tests/models/make.py` made them; each computes what
//! can be worked out by hand. A machine without ONNX Runtime fails these tests with the message
//! that says where it was looked for (set ORT_DYLIB_PATH). `embedded` compares it with the engine
//! inside the plugin.

mod builtin;
#[cfg(feature = "embedded")]
mod embedded;
mod files;
mod inputs;
mod kinds;
mod outputs;
mod refused;
mod sessions;
mod survey;

use std::path::Path;

use gstmatte::frame::{GrayImage, TensorMut};
use gstmatte::model::{DescriptionKeys, ModelError, ModelSource, Network, Options};

const WIDTH: usize = 8;
const HEIGHT: usize = 6;

fn file(name: &str) -> ModelSource {
    ModelSource::File(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/models")
            .join(name),
    )
}

/// DescriptionKeys as an element's properties would give them.
fn settings(pairs: &[(&str, &str)]) -> DescriptionKeys {
    let mut settings = DescriptionKeys::default();
    let origin = gstmatte::model::Origin::new("property");
    for (key, value) in pairs {
        settings.insert_text(key, value, &origin).unwrap();
    }
    settings
}

fn with(pairs: &[(&str, &str)]) -> Options {
    Options {
        overrides: settings(pairs),
        ..Options::default()
    }
}

fn load(name: &str, options: &Options) -> Result<Network, ModelError> {
    Network::load(&file(name), options)
}

fn load_ok(name: &str, pairs: &[(&str, &str)]) -> Network {
    load(name, &with(pairs)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn load_error(name: &str, pairs: &[(&str, &str)]) -> String {
    load(name, &with(pairs))
        .map(|_| ())
        .expect_err(name)
        .to_string()
}

/// Fills a planar f32 input: `value(channel, pixel)`.
fn fill(network: &mut Network, value: impl Fn(usize, usize) -> f32) {
    let pixels = network.input_spec().width * network.input_spec().height;
    match network.input_mut() {
        TensorMut::F32(data) => {
            for (index, x) in data.iter_mut().enumerate() {
                *x = value(index / pixels, index % pixels);
            }
        }
        other => panic!("expected f32, found {other:?}"),
    }
}

fn matte(network: &mut Network) -> Vec<u8> {
    network.run().unwrap();
    let mut matte = GrayImage::default();
    network.decode(&mut matte).unwrap();
    assert_eq!((matte.width(), matte.height()), network.matte_size());
    matte.data().to_vec()
}

/// A value of 0 to 1 that differs from pixel to pixel.
fn ramp(pixel: usize) -> f32 {
    pixel as f32 / (WIDTH * HEIGHT - 1) as f32
}

fn byte(x: f32) -> u8 {
    (x * 255.0 + 0.5) as u8
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Compares with what each pixel should be, within one step.
fn assert_matte(found: &[u8], expected: impl Fn(usize) -> f32) {
    assert_eq!(found.len(), WIDTH * HEIGHT);
    for (pixel, &found) in found.iter().enumerate() {
        let expected = byte(expected(pixel));
        assert!(
            found.abs_diff(expected) <= 1,
            "pixel {pixel}: {found}, expected {expected}"
        );
    }
}
