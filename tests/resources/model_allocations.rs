// SPDX-License-Identifier: MPL-2.0

//! A run and its decoding allocate nothing of ours: all memory is made when the model is loaded.

#[path = "../common/counting.rs"]
mod counting;

use counting::allocations;
use std::path::Path;

use gstmatte::frame::{GrayImage, TensorMut};
use gstmatte::model::{DescriptionKeys, ModelSource, Network, Options, Origin};

#[cfg(feature = "embedded")]
#[test]
fn a_run_of_the_embedded_engine_allocates_nothing() {
    for name in ["builtin", "builtin-lite"] {
        let options = Options {
            engine: gstmatte::model::EngineRequest::Embedded,
            ..Options::default()
        };
        let source = gstmatte::model::builtin::find(name).unwrap();
        let mut network = Network::load(&source, &options).unwrap();
        let mut matte = GrayImage::new(network.matte_size().0, network.matte_size().1);
        let before = allocations();
        for _ in 0..3 {
            network.run().unwrap();
            network.decode(&mut matte).unwrap();
        }
        assert_eq!(allocations() - before, 0, "{name}");
    }
}

#[test]
fn a_run_allocates_nothing() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    let mut overrides = DescriptionKeys::default();
    overrides
        .insert_text("extra.ratio", "0.5", &Origin::new("test"))
        .unwrap();
    for name in [
        "alpha",
        "classes",
        "given_each",
        "instances",
        "given_logits_i8",
        "given_softmax_i8",
        "softmax",
        "logits",
        "labels",
        "bytes",
        "half",
        "gray",
        "recurrent",
    ] {
        let overrides = if name == "recurrent" {
            overrides.clone()
        } else {
            DescriptionKeys::default()
        };
        let source = ModelSource::File(models.join(format!("{name}.onnx")));
        let options = Options {
            overrides,
            ..Options::default()
        };
        let mut network =
            Network::load(&source, &options).unwrap_or_else(|error| panic!("{error}"));
        let mut matte = GrayImage::new(network.matte_size().0, network.matte_size().1);
        // Scores of nothing at all are no matte.
        if let TensorMut::F32(values) = network.input_mut() {
            values.fill(2.0);
        }
        let before = allocations();
        for _ in 0..10 {
            let _ = network.input_mut();
            network.run().unwrap();
            network.decode(&mut matte).unwrap();
            network.reset();
        }
        assert_eq!(allocations() - before, 0, "{name}");
    }
}
