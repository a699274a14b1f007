// SPDX-License-Identifier: MPL-2.0

//! What surrounds a run of the network: decoding each kind of output. With `MATTE_MODEL` set to an
//! .onnx file, its run and decoding as well. Where ONNX Runtime is found, the networks inside the
//! plugin run in both engines, in turn.

mod common;

use std::path::Path;

use common::{Case, compare};
use gstmatte::frame::{GrayImage, TensorMut};
use gstmatte::model::{DescriptionKeys, ModelSource, Network, Options, Origin};

fn load(path: &Path, size: Option<(usize, usize)>) -> Network {
    let mut overrides = DescriptionKeys::default();
    if let Some((width, height)) = size {
        let origin = Origin::new("bench");
        for (key, value) in [("input.width", width), ("input.height", height)] {
            overrides
                .insert_text(key, &value.to_string(), &origin)
                .expect("a side");
        }
    }
    let options = Options {
        overrides,
        ..Options::default()
    };
    Network::load(&ModelSource::File(path.into()), &options).unwrap_or_else(|e| panic!("{e}"))
}

/// The networks inside the plugin at 256x144, in each engine.
#[cfg(feature = "embedded")]
fn engines() {
    use gstmatte::model::{EngineRequest, builtin};
    let engines = [
        ("onnxruntime", EngineRequest::OnnxRuntime),
        ("embedded", EngineRequest::Embedded),
    ];
    for name in ["builtin", "builtin-lite"] {
        let source = builtin::find(name).expect("inside");
        let load = |engine| {
            let stream = Some((1280, 720));
            let options = Options {
                engine,
                stream,
                ..Options::default()
            };
            Network::load(&source, &options)
        };
        let networks = engines.map(|(engine, request)| (engine, load(request)));
        let [(first, Ok(mut a)), (second, Ok(mut b))] = networks else {
            return;
        };
        let titles = [first, second].map(|engine| format!("run {name} 256x144 {engine}"));
        let (mut a, mut b) = (|| a.run().expect("a run"), || b.run().expect("a run"));
        compare(
            "model",
            400,
            &mut [
                Case {
                    name: &titles[0],
                    run: &mut a,
                },
                Case {
                    name: &titles[1],
                    run: &mut b,
                },
            ],
        );
    }
}

fn main() {
    #[cfg(feature = "embedded")]
    engines();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    for name in [
        "open_alpha",
        "open_bytes",
        "open_logits",
        "open_softmax",
        "open_softmax_last",
        "open_softmax_last_21",
        "open_classes",
        "open_labels",
        "instances_large",
    ] {
        let size = name.starts_with("open").then_some((256, 144));
        let mut network = load(&models.join(format!("{name}.onnx")), size);
        // Scores of nothing at all are no matte.
        if let TensorMut::F32(values) = network.input_mut() {
            values.fill(1.0);
        }
        network.run().expect("a run");
        let mut matte = GrayImage::default();
        let (width, height) = network.matte_size();
        let mut run = || network.decode(&mut matte).expect("a matte");
        let title = format!("decode {name} {width}x{height}");
        compare(
            "model",
            200,
            &mut [Case {
                name: &title,
                run: &mut run,
            }],
        );
    }
    if let Some(path) = std::env::var_os("MATTE_MODEL") {
        let mut network = load(Path::new(&path), None);
        let mut matte = GrayImage::default();
        let name = network.descriptor().name.clone();
        let mut run = || network.run().expect("a run");
        let title = format!("run {name}");
        compare(
            "model",
            100,
            &mut [Case {
                name: &title,
                run: &mut run,
            }],
        );
        let mut decode = || network.decode(&mut matte).expect("a matte");
        let title = format!("decode {name}");
        compare(
            "model",
            100,
            &mut [Case {
                name: &title,
                run: &mut decode,
            }],
        );
    }
}
