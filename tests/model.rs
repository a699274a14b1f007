// SPDX-License-Identifier: MPL-2.0

//! Tiny models through the real ONNX Runtime. `tests/models/make.py` made them; each computes what
//! can be worked out by hand. A machine without ONNX Runtime fails these tests with the message
//! that says where it was looked for (set ORT_DYLIB_PATH).

use std::path::{Path, PathBuf};

use gstmatte::frame::{GrayImage, TensorMut};
use gstmatte::model::{
    ModelError, ModelSource, Network, Options, OutputKind, ProviderRequest, Search, SessionOptions,
    Settings,
};

const WIDTH: usize = 8;
const HEIGHT: usize = 6;

fn file(name: &str) -> ModelSource {
    ModelSource::File(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/models")
            .join(name),
    )
}

/// Settings as an element's properties would give them.
fn settings(pairs: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::default();
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

#[test]
fn alpha_is_copied_and_clamped() {
    let mut network = load_ok("alpha.onnx", &[]);
    assert_eq!(network.output().kind, OutputKind::Alpha);
    assert!(
        network
            .descriptor()
            .guesses
            .iter()
            .any(|g| g.contains("output.kind"))
    );
    fill(
        &mut network,
        |c, p| if c == 1 { 2.0 * ramp(p) - 0.5 } else { 0.3 },
    );
    assert_matte(&matte(&mut network), |p| {
        (2.0 * ramp(p) - 0.5).clamp(0.0, 1.0)
    });
    assert_eq!(network.active_provider().to_string(), "cpu");
    assert!(network.warnings().is_empty());
}

#[test]
fn logits_classes_and_softmax_become_probabilities() {
    for (name, kind, factor) in [
        ("logits.onnx", OutputKind::Logits, 1.0),
        ("classes.onnx", OutputKind::Classes, 2.0),
        ("softmax.onnx", OutputKind::Softmax, 2.0),
    ] {
        let mut network = load_ok(name, &[]);
        assert_eq!(network.output().kind, kind, "{name}");
        fill(
            &mut network,
            |c, p| if c == 0 { 8.0 * ramp(p) - 4.0 } else { 0.0 },
        );
        assert_matte(&matte(&mut network), |p| {
            sigmoid(factor * (8.0 * ramp(p) - 4.0))
        });
    }
}

#[test]
fn the_other_class_is_the_complement() {
    let mut network = load_ok("classes.onnx", &[("output.subject", "[0]")]);
    fill(&mut network, |_, p| 4.0 * ramp(p) - 2.0);
    assert_matte(&matte(&mut network), |p| {
        1.0 - sigmoid(2.0 * (4.0 * ramp(p) - 2.0))
    });
    let mut network = load_ok("classes.onnx", &[("output.subject", "[0, 1]")]);
    assert_matte(&matte(&mut network), |_| 1.0);
}

#[test]
fn labels_keep_the_named_classes() {
    // The strongest channel is pixel % 3.
    let strongest = |c: usize, p: usize| if c == p % 3 { 1.0 } else { 0.0 };
    for (subject, kept) in [
        ("[\"person\"]", vec![1]),
        ("[\"cat\", 0]", vec![0, 2]),
        ("[2]", vec![2]),
    ] {
        let mut network = load_ok("labels.onnx", &[("output.subject", subject)]);
        assert_eq!(network.output().kind, OutputKind::Labels);
        fill(&mut network, strongest);
        assert_matte(&matte(&mut network), |p| {
            f32::from(u8::from(kept.contains(&(p % 3))))
        });
    }
    let mut guessed = load_ok("labels.onnx", &[]);
    fill(&mut guessed, strongest);
    assert_matte(&matte(&mut guessed), |p| f32::from(u8::from(p % 3 == 1)));
}

#[test]
fn pixels_with_channels_together() {
    let mut network = load_ok("nhwc.onnx", &[]);
    match network.input_mut() {
        TensorMut::F32(data) => {
            for (index, x) in data.iter_mut().enumerate() {
                *x = if index % 3 == 1 {
                    6.0 * ramp(index / 3) - 3.0
                } else {
                    9.0
                };
            }
        }
        other => panic!("{other:?}"),
    }
    assert_matte(&matte(&mut network), |p| sigmoid(6.0 * ramp(p) - 3.0));
}

#[test]
fn bytes_stay_bytes() {
    let mut network = load_ok("bytes.onnx", &[]);
    assert_eq!(network.input_spec().scale, [255.0; 3]);
    match network.input_mut() {
        TensorMut::U8(data) => {
            for (index, x) in data.iter_mut().enumerate() {
                *x = if index / (WIDTH * HEIGHT) == 2 {
                    (index % 48 * 5) as u8
                } else {
                    77
                };
            }
        }
        other => panic!("{other:?}"),
    }
    let found = matte(&mut network);
    assert!((0..48).all(|p| found[p] == (p * 5) as u8), "{found:?}");
}

#[test]
fn halves_go_in_and_out() {
    let mut network = load_ok("half.onnx", &[]);
    match network.input_mut() {
        TensorMut::F16(data) => {
            for (index, x) in data.iter_mut().enumerate() {
                // 0.5 and 1 in the red channel, 2 elsewhere.
                x.0 = if index >= 48 {
                    0x4000
                } else if index % 2 == 0 {
                    0x3800
                } else {
                    0x3c00
                };
            }
        }
        other => panic!("{other:?}"),
    }
    assert_matte(&matte(&mut network), |p| if p % 2 == 0 { 0.5 } else { 1.0 });
}

#[test]
fn gray_gets_the_luma_and_an_open_size_the_streams_aspect() {
    let options = Options {
        stream: Some((1080, 1920)),
        ..with(&[("input.range", "[-1, 1]")])
    };
    let mut network = load("gray.onnx", &options).unwrap();
    let spec = *network.input_spec();
    assert_eq!((spec.width, spec.height), (144, 256));
    // The luma of a red of 1 is 0.299; from -1 to 1 that is -0.402, clamped to 0; white is 1.
    fill(
        &mut network,
        |c, p| if p == 0 || c == 1 { 1.0 } else { 0.0 },
    );
    let found = matte(&mut network);
    assert_eq!(found.len(), 144 * 256);
    assert_eq!(found[0], 255);
    assert!(
        found[1].abs_diff(byte(2.0 * 0.587 - 1.0)) <= 1,
        "{}",
        found[1]
    );
}

#[test]
fn states_carry_over_and_are_cleared() {
    let pairs = [
        ("extra.ratio", "0.5"),
        ("input.width", "8"),
        ("input.height", "6"),
    ];
    let mut network = load_ok("recurrent.onnx", &pairs);
    assert_eq!(network.output().name, "pha");
    assert_eq!(network.descriptor().states.len(), 1);
    for _ in 0..3 {
        fill(&mut network, |_, p| ramp(p));
        for factor in [0.5, 0.75, 0.875, 0.9375] {
            assert_matte(&matte(&mut network), |p| factor * ramp(p));
        }
        network.reset();
    }
}

#[test]
fn the_lowest_and_highest_value_span_the_matte() {
    let mut network = load_ok("minmax.onnx", &[]);
    fill(&mut network, |_, p| 3.0 + ramp(p));
    assert_matte(&matte(&mut network), ramp);
    fill(&mut network, |_, _| 5.0);
    assert_matte(&matte(&mut network), |_| 0.0);
}

#[test]
fn nan_and_infinity_are_errors() {
    let mut network = load_ok("nan.onnx", &[]);
    let mut out = GrayImage::default();
    for bad in [-1.0, 0.0] {
        fill(&mut network, |_, p| if p == 17 { bad } else { 1.5 });
        network.run().unwrap();
        let error = network.decode(&mut out).expect_err("not finite");
        assert!(matches!(error, ModelError::NonFinite { .. }), "{error}");
        assert!(error.to_string().contains("nan.onnx") && error.to_string().contains("`mask`"));
    }
    // In every kind that computes with several values, too.
    for name in ["classes.onnx", "softmax.onnx", "logits.onnx"] {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut network = load_ok(name, &[]);
            fill(&mut network, |_, p| if p == 5 { bad } else { 0.0 });
            network.run().unwrap();
            let error = network.decode(&mut out).expect_err(name);
            assert!(
                matches!(error, ModelError::NonFinite { .. }),
                "{name} {bad}: {error}"
            );
        }
    }
    // A good frame afterwards works again.
    fill(&mut network, |_, _| 1.0);
    assert_matte(&matte(&mut network), |_| 0.0);
}

#[test]
fn what_is_no_matte_model_is_refused() {
    for (name, expected) in [
        ("sound.onnx", "none of its inputs can take a picture"),
        ("classifier.onnx", "none of its outputs can be a matte"),
        (
            "two.onnx",
            "which input takes the picture? It has `image` (f32 1x3x6x8), `background`",
        ),
        (
            "bare.onnx",
            "what do the values of output `mask` (f32 1x1x6x8) mean: alpha, logits",
        ),
        (
            "huge.onnx",
            "its picture input has a side of 1048576; expected 1 to 16384",
        ),
        ("square.onnx", "none of its outputs can be a matte"),
        (
            "outside.onnx",
            "keeps data in `../outside.bin`, which is refused",
        ),
    ] {
        let error = load_error(name, &[]);
        assert!(
            error.starts_with(name) && error.contains(expected),
            "{name}: {error}"
        );
    }
    let large = [
        ("extra.ratio", "1"),
        ("input.width", "16384"),
        ("input.height", "16384"),
    ];
    let error = load_error("recurrent.onnx", &large);
    assert!(
        error.contains("an input of 16384x16384 is too large"),
        "{error}"
    );
    let error = load_error("bare.onnx", &[]);
    assert!(
        error.ends_with("set `output.kind` in the model's descriptor"),
        "{error}"
    );
}

#[test]
fn contradictions_name_their_place_and_key() {
    for (name, key, value, expected) in [
        (
            "alpha.onnx",
            "input.name",
            "picture",
            "the model has no input `picture`, only `image`",
        ),
        (
            "alpha.onnx",
            "input.layout",
            "nhwc",
            "nhwc does not fit input `image`",
        ),
        (
            "alpha.onnx",
            "input.width",
            "9",
            "the model's is fixed at 8, but 9 is asked for",
        ),
        (
            "alpha.onnx",
            "input.type",
            "u8",
            "the model's input is f32, not u8",
        ),
        (
            "alpha.onnx",
            "input.order",
            "gray",
            "gray does not fit the model's 3 channel(s)",
        ),
        (
            "alpha.onnx",
            "output.name",
            "mask",
            "the model has no output `mask`, only `alpha`",
        ),
        (
            "alpha.onnx",
            "output.kind",
            "softmax",
            "\"softmax\" needs several channels",
        ),
        (
            "classes.onnx",
            "output.kind",
            "alpha",
            "\"alpha\" needs one channel",
        ),
        (
            "classes.onnx",
            "output.subject",
            "[2]",
            "there is no class 2; the model has 2",
        ),
        (
            "classes.onnx",
            "output.subject",
            "[\"dog\"]",
            "no class named \"dog\"; set output.labels",
        ),
        (
            "classes.onnx",
            "output.labels",
            "[\"a\"]",
            "1 names for the 2 classes",
        ),
        (
            "alpha.onnx",
            "extra.ratio",
            "1",
            "the model has no input `ratio`",
        ),
        (
            "recurrent.onnx",
            "extra.ratio",
            "[1, 2]",
            "2 values, but input `ratio` (f32 1) takes 1",
        ),
        (
            "recurrent.onnx",
            "state",
            "[{ input = \"h\", output = \"pha\" }]",
            "no input `h`",
        ),
        (
            "recurrent.onnx",
            "state",
            "[{ input = \"h_in\", output = \"q\" }]",
            "no output `q`",
        ),
        (
            "recurrent.onnx",
            "state",
            "[{ input = \"h_in\", output = \"h_out\", shape = [1, 1] }]",
            "the shape [1, 1] does not fit input `h_in`",
        ),
    ] {
        let mut pairs = vec![(key, value)];
        if name == "recurrent.onnx" && key == "state" {
            pairs.push(("extra.ratio", "1"));
        }
        let error = load_error(name, &pairs);
        let start = format!("property: {key}: ");
        assert!(
            error.starts_with(&start) && error.contains(expected),
            "{key} = {value}: {error}"
        );
    }
    let error = load_error("recurrent.onnx", &[]);
    assert!(error.contains("set `extra.ratio`"), "{error}");
}

/// A folder of its own for a test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("matte-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn model(&self, name: &str) -> ModelSource {
        let ModelSource::File(from) = file(name) else {
            unreachable!()
        };
        std::fs::copy(from, self.0.join(name)).unwrap();
        ModelSource::File(self.0.join(name))
    }

    fn write(&self, name: &str, data: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, data).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn failure(source: &ModelSource) -> ModelError {
    Network::load(source, &Options::default())
        .map(|_| ())
        .expect_err("must be refused")
}

#[test]
fn missing_and_broken_files_are_refused() {
    let folder = Folder::new("broken");
    let error = failure(&ModelSource::File(folder.0.join("none.onnx"))).to_string();
    assert!(
        error.contains("none.onnx") && error.contains("cannot read"),
        "{error}"
    );
    let error = failure(&ModelSource::File(folder.0.clone())).to_string();
    assert!(error.contains("cannot read"), "{error}");

    let ModelSource::File(good) = file("recurrent.onnx") else {
        unreachable!()
    };
    let good = std::fs::read(good).unwrap();
    for (name, data) in [
        ("empty.onnx", Vec::new()),
        ("text.onnx", b"this is no model at all".to_vec()),
        ("picture.onnx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
        ("ort.onnx", b"\x18\0\0\0ORTM\0\0\0\0".to_vec()),
    ] {
        let error = failure(&ModelSource::File(folder.write(name, data)));
        assert!(
            matches!(error, ModelError::NotOnnx { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().starts_with(name), "{error}");
    }
    // Cut off anywhere: an error, never a crash. A cut may leave a whole, smaller message.
    for len in 0..good.len() {
        let path = folder.write("cut.onnx", &good[..len]);
        let error = failure(&ModelSource::File(path));
        assert!(error.to_string().contains("cut.onnx"), "{len}: {error}");
    }
    // Any byte changed: an error or a model, never a crash.
    for at in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        let source = ModelSource::File(folder.write("changed.onnx", bad));
        let _ = Network::load(&source, &with(&[("extra.ratio", "1")]));
    }
}

#[test]
fn descriptions_are_found_beside_the_file_in_their_order() {
    let folder = Folder::new("beside");
    let source = folder.model("bare.onnx");
    let load = |pairs: &[(&str, &str)]| Network::load(&source, &with(pairs));
    let modelinfo = "[modelinfo]\nversion=1.0\n[image]\ndir=input\nranges=-1.0,1.0\n";
    folder.write("bare.onnx.modelinfo", modelinfo);
    folder.write(
        "bare.toml",
        "[output]\nkind = \"logits\"\n[input]\norder = \"bgr\"\n",
    );
    let network = load(&[("output.kind", "minmax")]).unwrap();
    assert_eq!(
        network.output().kind,
        OutputKind::MinMax,
        "properties come first"
    );
    let network = load(&[]).unwrap();
    assert_eq!(network.output().kind, OutputKind::Logits, "then TOML");
    assert_eq!(network.input_spec().bias, [-1.0; 3], "then modelinfo");
    folder.write(
        "bare.toml",
        "[input]\nrange = [0, 1]\n[output]\nkind = \"alpha\"\n",
    );
    assert_eq!(
        load(&[]).unwrap().input_spec().bias,
        [0.0; 3],
        "TOML before modelinfo"
    );

    folder.write("bare.toml", "[input]\nranges = [0, 1]\n");
    let error = load(&[]).map(|_| ()).expect_err("unknown key").to_string();
    assert!(
        error.contains("bare.toml:2: input.ranges: unknown key"),
        "{error}"
    );
    folder.write("bare.toml", [0xff, 0xfe, 0]);
    let error = load(&[]).map(|_| ()).expect_err("no text").to_string();
    assert!(error.contains("bare.toml"), "{error}");
    std::fs::remove_file(folder.0.join("bare.toml")).unwrap();
    folder.write("bare.onnx.modelinfo", "[image]\ndir=input\n");
    let error = load(&[]).map(|_| ()).expect_err("no version").to_string();
    assert!(error.contains("bare.onnx.modelinfo: version:"), "{error}");
}

#[test]
fn a_wrong_checksum_is_refused() {
    let folder = Folder::new("sum");
    let source = folder.model("alpha.onnx");
    let sum = "0".repeat(64);
    folder.write("alpha.toml", format!("[model]\nsha256 = \"{sum}\"\n"));
    let error = failure(&source);
    assert!(
        matches!(&error, ModelError::Checksum { expected, .. } if *expected == sum),
        "{error}"
    );
    assert!(error.to_string().contains("alpha.toml:2"), "{error}");
}

#[cfg(unix)]
#[test]
fn outside_data_stays_inside_of_the_models_folder() {
    let folder = Folder::new("outside");
    let ModelSource::File(model) = file("outside.onnx") else {
        unreachable!()
    };
    let model = std::fs::read(model).unwrap();
    let place = |location: &str| {
        assert_eq!(
            location.len(),
            "../outside.bin".len(),
            "same length keeps the file whole"
        );
        let at = model
            .windows(14)
            .position(|window| window == b"../outside.bin")
            .unwrap();
        let mut changed = model.clone();
        changed[at..at + 14].copy_from_slice(location.as_bytes());
        ModelSource::File(folder.write("m.onnx", changed))
    };
    folder.write("inside_it.data", [0u8; 12]);
    std::fs::create_dir(folder.0.join("sub")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", folder.0.join("linked_it.data")).unwrap();
    for location in [
        "../outside.bin",
        "/etc/hostname_",
        "linked_it.data",
        "sub/../../x.da",
        "not_there.data",
        "././././././sub",
    ] {
        let error = failure(&place(&format!("{location:14}")[..14]));
        assert!(
            matches!(error, ModelError::ExternalData { .. }),
            "{location}: {error}"
        );
    }
    let mut network = Network::load(&place("inside_it.data"), &Options::default()).unwrap();
    fill(&mut network, |_, _| 1.0);
    assert_matte(&matte(&mut network), |_| 0.5);
    let memory = ModelSource::Memory {
        name: "m".into(),
        model: model.into(),
        descriptor: None,
    };
    assert!(matches!(failure(&memory), ModelError::ExternalData { .. }));
}

#[test]
fn models_in_memory_bring_their_description() {
    let ModelSource::File(path) = file("bare.onnx") else {
        unreachable!()
    };
    let model = std::fs::read(path).unwrap();
    let source = |text: &'static str| ModelSource::Memory {
        name: "built-in".into(),
        model: model.clone().into(),
        descriptor: Some(text.into()),
    };
    let text = "model.name = \"small\"\nmodel.licence = \"MPL-2.0\"\noutput.kind = \"alpha\"";
    let network = Network::load(&source(text), &Options::default()).unwrap();
    assert_eq!(network.descriptor().name, "small");
    assert_eq!(network.descriptor().licence.as_deref(), Some("MPL-2.0"));
    let error = failure(&source("output.kin = \"alpha\"")).to_string();
    assert!(
        error.starts_with("built-in.toml:1: output.kin: unknown key"),
        "{error}"
    );
}

#[test]
fn sessions_are_shared_but_not_tensors_and_states() {
    let pairs = [
        ("extra.ratio", "0.5"),
        ("input.width", "8"),
        ("input.height", "6"),
    ];
    let mut first = load_ok("recurrent.onnx", &pairs);
    let mut second = load_ok("recurrent.onnx", &pairs);
    assert!(first.shares_session_with(&second));
    fill(&mut first, |_, _| 1.0);
    fill(&mut second, |_, p| ramp(p));
    for factor in [0.5, 0.75] {
        assert_matte(&matte(&mut first), |_| factor);
        assert_matte(&matte(&mut second), |p| factor * ramp(p));
    }
    first.reset();
    assert_matte(&matte(&mut second), |p| 0.875 * ramp(p));
    assert_matte(&matte(&mut first), |_| 0.5);

    let other = Options {
        session: SessionOptions {
            threads: 2,
            ..SessionOptions::default()
        },
        ..with(&pairs)
    };
    assert!(!first.shares_session_with(&load("recurrent.onnx", &other).unwrap()));
}

#[test]
fn networks_run_on_any_thread_at_once() {
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            std::thread::spawn(move || {
                let mut network = load_ok("alpha.onnx", &[]);
                for run in 0..50 {
                    let value = (worker * 50 + run) as f32 / 200.0;
                    fill(&mut network, |_, _| value);
                    assert_matte(&matte(&mut network), |_| value);
                }
            })
        })
        .collect();
    workers
        .into_iter()
        .for_each(|worker| worker.join().unwrap());
}

#[test]
fn providers_that_are_not_there_warn_or_fail() {
    let options = |text: &str, strict: bool| Options {
        session: SessionOptions {
            provider: ProviderRequest {
                strict,
                ..ProviderRequest::parse(text).unwrap()
            },
            ..SessionOptions::default()
        },
        ..Options::default()
    };
    // Rockchip's is in no public build for this machine.
    let network = load("alpha.onnx", &options("rknpu", false)).unwrap();
    assert_eq!(network.active_provider().to_string(), "cpu");
    assert!(
        network.warnings()[0].contains("rknpu is not part of"),
        "{:?}",
        network.warnings()
    );
    let error = load("alpha.onnx", &options("rknpu", true))
        .map(|_| ())
        .expect_err("strict");
    assert!(matches!(error, ModelError::Provider(_)), "{error}");
    let network = load("alpha.onnx", &options("auto", false)).unwrap();
    assert!(network.warnings().is_empty(), "auto takes what there is");
}

#[test]
fn a_stopped_run_fails_and_a_resumed_one_works() {
    let mut network = load_ok("alpha.onnx", &[]);
    let stopper = network.stopper();
    stopper.stop();
    assert!(matches!(network.run(), Err(ModelError::Run { .. })));
    stopper.resume();
    network.run().unwrap();
}

#[test]
fn another_library_than_the_loaded_one_is_a_warning() {
    let _first = load_ok("alpha.onnx", &[]);
    let search = Search {
        library: Some("/nowhere/lib.so".into()),
        ..Search::default()
    };
    let network = load(
        "alpha.onnx",
        &Options {
            search,
            ..Options::default()
        },
    )
    .unwrap();
    assert!(network.warnings()[0].contains("/nowhere/lib.so is not used"));
}

#[test]
fn networks_can_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Network>();
}

#[test]
fn every_provider_gives_the_same_matte_or_says_why_not() {
    // With a library that has more than the CPU (ORT_DYLIB_PATH), this runs on more.
    let mut reference = load_ok("alpha.onnx", &[]);
    fill(&mut reference, |_, p| ramp(p));
    let expected = matte(&mut reference);
    for kind in gstmatte::model::ProviderKind::ALL {
        for options in [vec![], vec![("no_such_option".to_owned(), "1".to_owned())]] {
            let mut provider = ProviderRequest::parse(kind.nick()).unwrap();
            provider.options = options.clone();
            let session = SessionOptions {
                provider,
                ..SessionOptions::default()
            };
            let options = Options {
                session,
                ..Options::default()
            };
            let mut network = match load("alpha.onnx", &options) {
                Ok(network) => network,
                Err(ModelError::Provider(problem)) => {
                    assert!(problem.contains("no_such_option"), "{kind}: {problem}");
                    continue;
                }
                Err(error) => panic!("{kind}: {error}"),
            };
            let runs_on = network.active_provider().clone();
            println!("{kind}: runs on {runs_on}, {:?}", network.warnings());
            assert!(
                runs_on.has(*kind) || !network.warnings().is_empty(),
                "{kind} is not used and nothing is said"
            );
            fill(&mut network, |_, p| ramp(p));
            let found = matte(&mut network);
            let same = found
                .iter()
                .zip(&expected)
                .all(|(a, b)| a.abs_diff(*b) <= 1);
            assert!(same, "{kind}");
        }
    }
}
