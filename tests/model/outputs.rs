// SPDX-License-Identifier: MPL-2.0

//! What comes out: every kind of output, every type and layout of tensor, recurrent states.

use gstmatte::frame::{GrayImage, TensorMut};
use gstmatte::model::{ModelError, Options, OutputKind};

use crate::*;

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
