// SPDX-License-Identifier: MPL-2.0

//! Files: broken ones, descriptions beside them, data outside of them, models in memory.

use std::path::PathBuf;

use gstmatte::model::{ModelError, ModelSource, Network, Options, OutputKind};

use crate::*;

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
        error.contains("none.onnx") && error.contains("cannot read") && error.contains("builtin"),
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
    // What people lay there instead of a model is named.
    for (data, words) in [
        (
            &b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"[..],
            "git lfs pull",
        ),
        (b"\n<!DOCTYPE html><html></html>", "web page"),
        (b"PK\x03\x04 and more", "zip archive"),
        (b"\x1f\x8b\x08 and more", "gunzip"),
        (b"\x1c\0\0\0TFL3\0\0\0\0", "TensorFlow Lite"),
        (b"\x89HDF\r\n\x1a\n", "Keras"),
        (b"\xef\xbb\xbf<!doctype html>", "web page"),
        (b"\xfd7zXZ\0", "unxz"),
        (b"BZh91AY", "bunzip2"),
        (b"\x28\xb5\x2f\xfd", "unzstd"),
        (b"\x80\x02}q\0.", "PyTorch"),
        (b"GGUF\x03\0\0\0", "weights alone"),
        (b"\x10\0\0\0\0\0\0\0{\"a\":{}}", "weights alone"),
        (b"<?xml version=\"1.0\"?><net>", "OpenVINO"),
        (
            b"{\"error\":\"Repository not found\"}",
            "a server's message",
        ),
        (b"Entry not found", "a server's message"),
    ] {
        let error = failure(&ModelSource::File(folder.write("other.onnx", data)));
        let error = error.to_string();
        assert!(
            error.contains("other.onnx") && error.contains(words),
            "{error}"
        );
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
    let alpha = with(&[("output.kind", "alpha")]);
    let mut network = Network::load(&place("inside_it.data"), &alpha).unwrap();
    fill(&mut network, |_, _| 1.0);
    assert_matte(&matte(&mut network), |_| 0.0);
    let memory = ModelSource::Memory {
        name: "m".into(),
        model: model.into(),
        descriptor: None,
    };
    assert!(matches!(failure(&memory), ModelError::ExternalData { .. }));
}

/// A hub's cache keeps each file once and links to it from its snapshots.
#[cfg(unix)]
#[test]
fn outside_data_may_be_links_of_a_hubs_cache() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("hub");
    let ModelSource::File(model) = file("outside.onnx") else {
        unreachable!()
    };
    let model = std::fs::read(model).unwrap();
    let at = model
        .windows(14)
        .position(|w| w == b"../outside.bin")
        .unwrap();
    let mut changed = model;
    changed[at..at + 14].copy_from_slice(b"inside_it.data");
    let snapshot = folder.0.join("snapshots/1");
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::create_dir(folder.0.join("blobs")).unwrap();
    folder.write("blobs/a", changed);
    folder.write("blobs/b", [0u8; 12]);
    symlink("../../blobs/a", snapshot.join("m.onnx")).unwrap();
    symlink("../../blobs/b", snapshot.join("inside_it.data")).unwrap();
    let source = ModelSource::File(snapshot.join("m.onnx"));
    let alpha = with(&[("output.kind", "alpha")]);
    let mut network = Network::load(&source, &alpha).unwrap();
    fill(&mut network, |_, _| 1.0);
    assert_matte(&matte(&mut network), |_| 0.0);
    // Out of the cache is out.
    folder.write("elsewhere", [0u8; 12]);
    std::fs::remove_file(snapshot.join("inside_it.data")).unwrap();
    symlink("../../elsewhere", snapshot.join("inside_it.data")).unwrap();
    assert!(matches!(failure(&source), ModelError::ExternalData { .. }));
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
