// SPDX-License-Identifier: MPL-2.0

use super::*;
use std::fs;
use std::path::Path;

fn init() {
    gst::init().expect("GStreamer is there");
    gstmatte::plugin_register_static().expect("the plugin is linked in");
}

fn set(pairs: &[(&str, &str)]) -> BTreeMap<String, toml::Value> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, text)| (name.to_string(), toml::Value::String(text.to_string())))
        .collect()
}

#[test]
fn values_that_cannot_be_used_are_refused_with_the_reason() {
    init();
    for (name, text, said) in [
        ("feather", "1000", "-64 to 64"),
        ("guided-subsample", "5", "guided-subsample"),
        ("subject-region", "beach", "subject-region"),
        ("keep", "beach", "keep"),
        ("model", "/nowhere.onnx", "/nowhere.onnx"),
        ("model", "/dev/null", "/dev/null"),
        ("execution-provider", "beach", "beach"),
        ("threads", "0", "1 to 64"),
        ("beauty", "1", "no property 'beauty'"),
    ] {
        let error = property(&set(&[(name, text)]), name).expect_err(text);
        let error = error.to_string();
        assert!(error.contains(said), "{name}: {error}");
    }
    let error = property(&set(&[]), "beauty").expect_err("nothing to reset");
    assert!(error.to_string().contains("beauty"), "{error}");
}

#[test]
fn a_value_is_tried_beside_those_that_are_set() {
    init();
    // Without this one the other one can be used.
    let both = set(&[("model", "/nowhere.onnx"), ("execution-provider", "cpu")]);
    let error = property(&both, "execution-provider").expect_err("there is no model");
    assert!(error.to_string().contains("/nowhere.onnx"), "{error}");
    let one = set(&[("execution-provider", "cpu")]);
    property(&one, "execution-provider").expect("the network starts");
    property(&both, "feather").expect("the network is not asked");
}

#[test]
fn files_of_backgrounds_are_read() {
    init();
    let folder = std::env::temp_dir().join(format!("matte-trial-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("there is a place for files");
    let none = folder.join("none.jpg");
    fs::write(&none, "no picture, no video").expect("it can be written");
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures/room.jpg");
    let with = |kind, path: &Path| Settings {
        background: kind,
        picture: Some(path.into()),
        video: Some(path.into()),
        ..Settings::default()
    };
    for (kind, path) in [
        (Background::Picture, &none),
        (Background::Picture, &folder.join("gone.jpg")),
        (Background::Video, &none),
        (Background::Video, &folder.join("gone.mp4")),
    ] {
        let error = background(&with(kind, path)).expect_err("it cannot be used");
        let name = path.file_name().expect("it has a name").to_string_lossy();
        assert!(error.to_string().contains(&*name), "{error}");
    }
    background(&with(Background::Blur, &none)).expect("none is needed");
    background(&with(Background::Picture, &room)).expect("it is a picture");
    // GStreamer plays a still picture as a video of one frame.
    background(&with(Background::Video, &room)).expect("it has a picture");
    fs::remove_dir_all(&folder).expect("it is ours");
}
