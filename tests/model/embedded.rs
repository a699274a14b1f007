// SPDX-License-Identifier: MPL-2.0

//! The engine inside the plugin beside ONNX Runtime.

use gstmatte::model::{
    EngineKind, EngineRequest, ProviderRequest, Search, SessionOptions, builtin,
};
use image::imageops::{self, FilterType};

use crate::sessions::{RECURRENT, assert_share_model_alone};
use crate::*;

const BOTH: [EngineRequest; 2] = [EngineRequest::OnnxRuntime, EngineRequest::Embedded];

fn embedded() -> Options {
    Options {
        engine: EngineRequest::Embedded,
        ..Options::default()
    }
}

fn load_embedded(name: &str, pairs: &[(&str, &str)]) -> Result<Network, ModelError> {
    let overrides = settings(pairs);
    load(
        name,
        &Options {
            overrides,
            ..embedded()
        },
    )
}

fn shipped(name: &str) -> ModelSource {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    ModelSource::File(models.join(name))
}

/// Parts of the demo's frame and its background, light and dark.
fn pictures(count: u32) -> Vec<image::RgbImage> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let whole = ["presenter.jpg", "background.png"].map(|name| {
        let file = image::ImageReader::open(data.join(name)).unwrap();
        file.decode().unwrap().to_rgb8()
    });
    let part = |at: u32| {
        let whole = &whole[usize::from(at % 5 == 4)];
        let share = 40 + at * 7 % 60;
        let (width, height) = (whole.width() * share / 100, whole.height() * share / 100);
        let (x, y) = (whole.width() - width, whole.height() - height);
        let (x, y) = (x * (at % 7) / 6, y * (at % 4) / 3);
        let part = imageops::crop_imm(whole, x, y, width, height).to_image();
        imageops::brighten(&part, at as i32 % 60 - 30)
    };
    (0..count).map(part).collect()
}

#[test]
fn both_engines_give_the_same_mattes() {
    let sources = [
        (builtin::find("builtin").unwrap(), 100, [3, 1]),
        (builtin::find("builtin-lite").unwrap(), 100, [3, 1]),
        // Quantised sums are rounded in another order.
        (shipped("matte-int8.onnx"), 10, [255, 3]),
        (shipped("matte-lite-int8.onnx"), 10, [255, 3]),
    ];
    for (source, count, [most, mean]) in sources {
        for stream in [(1280, 720), (480, 640)] {
            let mut networks = BOTH.map(|engine| {
                let options = Options {
                    engine,
                    stream: Some(stream),
                    ..Options::default()
                };
                Network::load(&source, &options).unwrap()
            });
            assert_eq!(networks[0].input_spec(), networks[1].input_spec());
            let (width, height) = networks[0].matte_size();
            for picture in pictures(count) {
                let (w, h) = (width as u32, height as u32);
                let small = imageops::resize(&picture, w, h, FilterType::Triangle);
                let [a, b] = networks.each_mut().map(|network| {
                    let value = |channel: usize, pixel: usize| {
                        f32::from(small.as_raw()[3 * pixel + channel]) / 255.0
                    };
                    fill(network, value);
                    matte(network)
                });
                let far = a.iter().zip(&b).map(|(a, b)| u32::from(a.abs_diff(*b)));
                let (greatest, sum) = (far.clone().max().unwrap(), far.sum::<u32>());
                assert!(greatest <= most, "{source:?}: {greatest}");
                assert!(sum <= mean * a.len() as u32, "{sum} in {}", a.len());
            }
        }
    }
}

#[test]
fn it_says_which_engine_runs() {
    let [runtime, inside] = BOTH.map(|engine| {
        let options = Options {
            engine,
            ..Options::default()
        };
        load("alpha.onnx", &options).unwrap()
    });
    assert_eq!(runtime.engine(), EngineKind::OnnxRuntime);
    assert_eq!(inside.engine(), EngineKind::Embedded);
    assert_eq!(inside.active_provider().to_string(), "cpu");
    assert!(!runtime.shares_session_with(&inside));
    assert!(runtime.missing_runtime().is_none() && inside.missing_runtime().is_none());
}

#[test]
fn models_are_shared_but_not_tensors_and_states() {
    let [mut first, mut second] =
        [0, 1].map(|_| load_embedded("recurrent.onnx", &RECURRENT).unwrap());
    assert_share_model_alone(&mut first, &mut second);
}

#[test]
fn one_model_serves_every_size() {
    let source = builtin::find("builtin").unwrap();
    let [wide, tall] = [(1280, 720), (720, 1280)].map(|stream| {
        let options = Options {
            stream: Some(stream),
            ..embedded()
        };
        Network::load(&source, &options).unwrap()
    });
    assert!(wide.shares_session_with(&tall));
    assert_eq!(
        (wide.matte_size(), tall.matte_size()),
        ((256, 144), (144, 256))
    );
}

#[test]
fn whatever_it_loads_it_computes_like_onnxruntime() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|file| file.unwrap().file_name().into_string().ok())
        .filter(|name| name.ends_with(".onnx"))
        // These take minutes or all memory, on purpose.
        .filter(|name| !["slow.onnx", "hungry.onnx", "huge.onnx"].contains(&name.as_str()))
        .collect();
    names.sort();
    let mut refused = Vec::new();
    let mut run = 0;
    for name in &names {
        let options = BOTH.map(|engine| Options {
            engine,
            ..Options::default()
        });
        // Many need a description before anybody can run them.
        let Ok(mut reference) = load(name, &options[0]) else {
            continue;
        };
        let mut network = match load(name, &options[1]) {
            Ok(network) => network,
            Err(error) => {
                refused.push(format!("{name}: {error}"));
                continue;
            }
        };
        let mattes = [&mut reference, &mut network].map(|network| {
            match network.input_mut() {
                TensorMut::F32(data) => {
                    for (at, x) in data.iter_mut().enumerate() {
                        *x = (at * 7 % 11) as f32 / 10.0;
                    }
                }
                TensorMut::U8(data) => {
                    for (at, x) in data.iter_mut().enumerate() {
                        *x = (at * 7 % 11 * 25) as u8;
                    }
                }
                TensorMut::F16(_) => return None,
            }
            network.run().ok()?;
            let mut matte = GrayImage::default();
            network.decode(&mut matte).ok()?;
            Some(matte.data().to_vec())
        });
        if let [Some(expected), Some(found)] = mattes {
            run += 1;
            let far = expected
                .iter()
                .zip(&found)
                .map(|(a, b)| a.abs_diff(*b))
                .max();
            assert!(far <= Some(1), "{name}: {far:?}");
        }
    }
    println!("{run} run, refused: {refused:#?}");
    assert!(run >= 50, "{run} of {}, refused: {refused:#?}", names.len());
    for words in refused {
        assert!(words.contains("engine=onnxruntime"), "{words}");
    }
}

#[test]
fn a_stopped_run_fails_and_a_resumed_one_works() {
    let mut small = load_embedded("alpha.onnx", &[]).unwrap();
    let mut ours = Network::load(&builtin::find("builtin").unwrap(), &embedded()).unwrap();
    for network in [&mut small, &mut ours] {
        let stopper = network.stopper();
        stopper.stop();
        let error = network.run().expect_err("stopped");
        assert!(matches!(error, ModelError::Run { .. }), "{error}");
        stopper.resume();
        network.run().unwrap();
    }
}

#[test]
fn what_only_onnxruntime_has_is_not_ignored_in_silence() {
    let source = builtin::find("builtin").unwrap();
    let options = |provider: &str, strict: bool| Options {
        search: Search {
            library: Some("/somewhere/libonnxruntime.so".into()),
            ..Search::default()
        },
        session: SessionOptions {
            threads: 4,
            provider: ProviderRequest {
                strict,
                options: vec![("device".into(), "0".into())],
                ..ProviderRequest::parse(provider).unwrap()
            },
            ..SessionOptions::default()
        },
        ..embedded()
    };
    let network = Network::load(&source, &options("cuda", false)).unwrap();
    let all = network.warnings().join("\n");
    for part in [
        "/somewhere/libonnxruntime.so is not used",
        "cuda needs ONNX Runtime",
        "provider options have no effect",
        "threads=4 has no effect",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let error = Network::load(&source, &options("cuda", true)).map(|_| ());
    let error = error.expect_err("strict").to_string();
    assert!(error.contains("install ONNX Runtime"), "{error}");
    // "auto" takes what there is, and says nothing.
    let plain = Options {
        session: SessionOptions {
            provider: ProviderRequest::parse("auto").unwrap(),
            ..SessionOptions::default()
        },
        ..embedded()
    };
    let network = Network::load(&source, &plain).unwrap();
    assert!(network.warnings().is_empty(), "{:?}", network.warnings());
}

#[test]
fn what_it_cannot_run_is_an_error_that_names_it_and_the_way_out() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut model = std::fs::read(models.join("matte.onnx")).unwrap();
    let operator = b"DepthToSpace";
    let at = model
        .windows(operator.len())
        .position(|part| part == operator)
        .unwrap();
    model[at..at + operator.len()].copy_from_slice(b"SpaceToDream");
    let source = ModelSource::Memory {
        name: "dream.onnx".into(),
        model: model.into(),
        descriptor: None,
    };
    let error = Network::load(&source, &embedded())
        .map(|_| ())
        .expect_err("no such operator");
    let words = error.to_string();
    for part in [
        "dream.onnx cannot be loaded: the embedded engine says",
        "SpaceToDream",
        "engine=onnxruntime",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

/// rten panics for some graphs.
#[test]
fn a_graph_that_makes_no_sense_is_an_error() {
    let error = load_embedded("immense.onnx", &[])
        .map(|_| ())
        .expect_err("no such sides");
    let words = error.to_string();
    for part in ["immense.onnx", "makes no sense", "engine=onnxruntime"] {
        assert!(words.contains(part), "{part}: {words}");
    }
}
