// SPDX-License-Identifier: MPL-2.0

//! What each reading of a model gives of a picture.

use crate::*;
use gstmatte::frame::{Colorimetry, FrameRef, PixelLayout, Range};
use gstmatte::model::{Survey, Surveyed};

/// Blue and dark on the left, green that grows to the right; of the networks' own size.
fn picture() -> Vec<u8> {
    let pixel = |i: usize| [40, (ramp(i) * 255.0) as u8, 90];
    (0..WIDTH * HEIGHT).flat_map(pixel).collect()
}

fn survey(name: &str, options: &Options) -> Result<Survey, ModelError> {
    let picture = picture();
    let planes = [(picture.as_slice(), 3 * WIDTH)];
    let color = Colorimetry {
        range: Range::Full,
        ..Colorimetry::default()
    };
    let frame = FrameRef::new(PixelLayout::Rgb, color, WIDTH, HEIGHT, &planes).unwrap();
    Network::survey(&file(name), options, &frame)
}

fn readings(name: &str, keys: &[(&str, &str)]) -> Vec<Surveyed> {
    let survey = survey(name, &with(keys)).unwrap_or_else(|error| panic!("{name}: {error}"));
    survey.readings
}

fn lines(readings: &[Surveyed]) -> String {
    let all = readings.iter().map(|reading| reading.words().join(" "));
    all.collect::<Vec<_>>().join("\n")
}

/// The description of a reading is the model's: it then gives the same matte, and nothing is guessed.
#[test]
fn every_description_gives_the_matte_that_was_shown() {
    for name in [
        "fed_plain.onnx",
        "given_relu.onnx",
        "given_background.onnx",
        "given_each.onnx",
        "given_labels_i16.onnx",
        "given_two.onnx",
        "fed_turned.onnx",
        "fourth.onnx",
        "beside_trimap.onnx",
        "beside_dotted.onnx",
        "two.onnx",
        "bytes.onnx",
        "instances.onnx",
        "recurrent.onnx",
        "batch.onnx",
    ] {
        let Ok(found) = survey(name, &Options::default()) else {
            panic!("{name}: {:?}", survey(name, &Options::default()));
        };
        assert!(!found.readings.is_empty(), "{name}: {found:?}");
        for reading in &found.readings {
            let text = reading.to_toml("");
            let ModelSource::File(path) = file(name) else {
                panic!("no file")
            };
            let source = ModelSource::Memory {
                name: name.into(),
                model: std::fs::read(path).unwrap().into(),
                descriptor: Some(text.clone().into()),
            };
            let network = Network::load(&source, &Options::default());
            let mut network = network.unwrap_or_else(|error| panic!("{name}: {text}: {error}"));
            assert_eq!(network.warnings(), &[] as &[String], "{name}: {text}");
            let picture = picture();
            let planes = [(picture.as_slice(), 3 * WIDTH)];
            let color = Colorimetry {
                range: Range::Full,
                ..Colorimetry::default()
            };
            let frame = FrameRef::new(PixelLayout::Rgb, color, WIDTH, HEIGHT, &planes).unwrap();
            let level = gstmatte::simd::level();
            let format = gstmatte::frame::FrameFormat::from(&frame);
            let spec = *network.input_spec();
            let sampler = gstmatte::frame::Sampler::new(format, &spec, level);
            sampler
                .unwrap()
                .sample(&frame, network.input_mut())
                .unwrap();
            assert_eq!(matte(&mut network), reading.matte.data(), "{name}: {text}");
        }
    }
}

#[test]
fn what_is_open_is_shown_in_every_way_and_what_is_said_is_not() {
    // Four ranges in two orders, each the one way round and the other.
    let found = survey("fed_plain.onnx", &Options::default()).unwrap();
    let words = lines(&found.readings);
    for part in [
        "input.order = \"rgb\"",
        "input.order = \"bgr\"",
        "input.range = [-1.0, 1.0]",
        "input.range = [0.0, 255.0]",
        "input.mean = [0.485, 0.456, 0.406]",
        "output.range = [1.0, 0.0]",
    ] {
        assert!(words.contains(part), "{part} in {words}");
    }
    assert!(
        found.readings[0]
            .words()
            .contains(&"input.range = [0.0, 1.0]".to_owned())
    );
    let said = [
        ("input.range", "[0, 1]"),
        ("input.order", "rgb"),
        ("output.kind", "alpha"),
        ("output.range", "[0, 1]"),
    ];
    assert_eq!(readings("fed_plain.onnx", &said).len(), 1);
    // Ways that the numbers contradict are counted, and not shown.
    let found = survey("given_relu.onnx", &Options::default()).unwrap();
    assert!(found.contradicted > 0, "{found:?}");
    assert!(!lines(&found.readings).contains("labels"), "{found:?}");
    // Each class that is there.
    let words = lines(&readings("given_labels_i16.onnx", &[]));
    assert!(words.contains("output.subject = [1]"), "{words}");
}

#[test]
fn a_model_that_no_description_helps_is_refused_as_it_is_loaded() {
    for name in [
        "classifier.onnx",
        "sound.onnx",
        "beside_text.onnx",
        "square.onnx",
    ] {
        let error = survey(name, &Options::default())
            .expect_err(name)
            .to_string();
        assert_eq!(error, load_error(name, &[]));
    }
}
