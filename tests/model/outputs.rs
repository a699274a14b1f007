// SPDX-License-Identifier: MPL-2.0

//! What comes out: every kind of output, every type and layout of tensor, recurrent states.

use gstmatte::frame::{GrayImage, TensorMut};
use gstmatte::model::{ModelError, Network, Options, OutputKind};

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
        ("logits.onnx", OutputKind::Logits, 8.0),
        ("classes.onnx", OutputKind::Classes, 2.0),
        ("softmax.onnx", OutputKind::Softmax, 2.0),
    ] {
        let mut network = load_ok(name, &[]);
        assert_eq!(network.output().kind, kind, "{name}");
        fill(
            &mut network,
            |c, p| if c == 0 { 8.0 * ramp(p) - 4.0 } else { 0.0 },
        );
        let bias = if name == "logits.onnx" { -4.0 } else { 0.0 };
        assert_matte(&matte(&mut network), |p| {
            sigmoid(factor * (8.0 * ramp(p) - 4.0) + bias)
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

/// What the network says of a flat green, and whether it can be true.
fn says(network: &mut Network, green: f32) -> Result<Vec<u8>, ModelError> {
    fill(network, |c, _| if c == 1 { green } else { 0.1 });
    network.run()?;
    let mut out = GrayImage::default();
    network.decode(&mut out)?;
    Ok(out.data().to_vec())
}

#[test]
fn numbers_that_are_no_alpha_are_errors_that_say_how_to_mend_them() {
    for (name, keys, words) in [
        (
            "clip255.onnx",
            &[("output.range", "[0, 1]")][..],
            &["values from 127.5 to 127.5", "output.range = [0, 255]"][..],
        ),
        (
            "clip_both.onnx",
            &[("output.range", "[0, 1]")],
            &["values from -0.5 to -0.5", "output.range = [-1, 1]"],
        ),
        (
            "relu6.onnx",
            &[("output.kind", "alpha")],
            &["values from 4.3 to 4.3", "output.kind = \"logits\""],
        ),
        (
            "told_conv.onnx",
            &[],
            &[
                "values from 0.5 to 0.5 and none beyond",
                "output.kind = \"logits\"",
                "output.kind = \"alpha\"",
            ],
        ),
        (
            "classes.onnx",
            &[],
            &["none beyond", "output.kind = \"softmax\""],
        ),
        (
            "sigmoids.onnx",
            &[],
            &["classes that add up to 1.1", "output.kind = \"classes\""],
        ),
        (
            "float_labels.onnx",
            &[],
            &["the value 0.5", "output.kind = \"alpha\""],
        ),
        (
            "bare.onnx",
            &[("output.kind", "alpha"), ("input.range", "[0, 255]")],
            &[
                "values from 5 to 5",
                "output.kind = \"alpha\" allows 0 to 1",
            ],
        ),
    ] {
        let mut network = load_ok(name, keys);
        let green = match name {
            "clip_both.onnx" => 0.25,
            "bare.onnx" => 5.0,
            _ => 0.5,
        };
        let error = says(&mut network, green).expect_err(name).to_string();
        assert!(error.contains(name), "{error}");
        for word in words {
            assert!(error.contains(word), "{error}");
        }
    }
}

#[test]
fn the_keys_that_the_errors_name_set_it_right() {
    for (name, key, value) in [
        ("clip255.onnx", "output.range", "[0, 255]"),
        ("clip_both.onnx", "output.range", "[-1, 1]"),
    ] {
        let mut network = load_ok(name, &[(key, value)]);
        assert_eq!(says(&mut network, 0.5).unwrap(), [128; 48], "{name}");
        assert_eq!(says(&mut network, 1.0).unwrap(), [255; 48], "{name}");
    }
    let mut network = load_ok("relu6.onnx", &[("output.kind", "logits")]);
    assert_eq!(says(&mut network, 0.5).unwrap(), [byte(sigmoid(4.3)); 48]);
    let error = load_error(
        "clip255.onnx",
        &[("output.kind", "logits"), ("output.range", "[0, 255]")],
    );
    assert!(error.contains("output.range"), "{error}");
    for pair in ["[0]", "[0, 0]", "[0, 1e-60]", "[-3e38, 3e38]"] {
        let mut settings = gstmatte::model::DescriptionKeys::default();
        let origin = gstmatte::model::Origin::new("test");
        assert!(
            settings.insert_text("output.range", pair, &origin).is_err(),
            "{pair}"
        );
    }
}

#[test]
fn the_bounds_of_a_graph_are_read() {
    for (name, range) in [
        ("clip255.onnx", [0.0, 255.0]),
        ("clip_both.onnx", [-1.0, 1.0]),
    ] {
        let mut network = load_ok(name, &[]);
        assert_eq!(network.output().range, range, "{name}");
        let guesses = network.descriptor().guesses.join("\n");
        assert!(guesses.contains("output.range = ["), "{guesses}");
        assert_eq!(says(&mut network, 0.5).unwrap(), [128; 48], "{name}");
        assert_eq!(says(&mut network, 1.0).unwrap(), [255; 48], "{name}");
    }
    // What ends at 0 and 6 is no alpha.
    let error = load_error("relu6.onnx", &[]);
    assert!(
        error.contains("(0 to 6)") && error.contains("`output.kind`"),
        "{error}"
    );
}

/// One matte, given in all the ways that people give it: none needs a key.
#[test]
fn an_alpha_is_read_however_it_is_given() {
    for name in [
        "scaled",
        "double",
        "u8",
        "i8",
        "slice",
        "flat",
        "flat_classes",
        "five",
        "three",
    ] {
        let mut network = load_ok(&format!("given_{name}.onnx"), &[]);
        for green in [-2.0, -0.3, 0.0, 0.7, 2.0] {
            let expected = byte(sigmoid(green));
            for found in says(&mut network, green).unwrap() {
                let limit = if name == "u8" { 2 } else { 1 };
                assert!(
                    found.abs_diff(expected) <= limit,
                    "{name} of {green}: {found}, expected {expected}"
                );
            }
        }
    }
    let mut network = load_ok("given_tanh.onnx", &[]);
    assert_eq!(network.output().range, [-1.0, 1.0]);
    assert_eq!(says(&mut network, 0.5).unwrap(), [byte(sigmoid(1.0)); 48]);
    let mut network = load_ok("given_mask.onnx", &[]);
    assert_eq!(says(&mut network, 0.6).unwrap(), [255; 48]);
    assert_eq!(says(&mut network, 0.4).unwrap(), [0; 48]);
}

#[test]
fn what_the_graph_turns_over_is_asked_about() {
    for name in ["given_background.onnx", "given_first.onnx"] {
        let error = load_error(name, &[]);
        assert!(
            error.contains("high in the background ([1.0, 0.0]) or in the subject ([0.0, 1.0])?")
                && error.contains("`output.range`"),
            "{error}"
        );
        let mut network = load_ok(name, &[("output.range", "[1, 0]")]);
        assert_eq!(says(&mut network, 0.7).unwrap(), [byte(sigmoid(0.7)); 48]);
        let mut network = load_ok(name, &[("output.range", "[0, 1]")]);
        assert_eq!(says(&mut network, 0.7).unwrap(), [byte(sigmoid(-0.7)); 48]);
    }
}

/// A mask of yes and no may be true in the room: where a value is low, where it is class 0.
#[test]
fn a_mask_that_is_true_in_the_background_is_asked_about() {
    for name in ["given_less.onnx", "given_class_0.onnx"] {
        let error = load_error(name, &[]);
        assert!(
            error.contains("high in the background ([1.0, 0.0])"),
            "{error}"
        );
        let mut network = load_ok(name, &[("output.range", "[1, 0]")]);
        assert_eq!(says(&mut network, 0.7).unwrap(), [255; 48], "{name}");
        assert_eq!(says(&mut network, 0.05).unwrap(), [0; 48], "{name}");
    }
}

#[test]
fn whole_numbers_are_what_they_stand_for() {
    use OutputKind::{Classes, Logits, Softmax};
    for (name, kind) in [
        ("logits_u8", Logits),
        ("logits_i8", Logits),
        ("classes_u8", Classes),
        ("softmax_i8", Softmax),
    ] {
        let file = format!("given_{name}.onnx");
        // What is guessed may be said, too.
        for keys in [&[][..], &[("output.kind", kind.word())]] {
            let mut network = load_ok(&file, keys);
            assert_eq!(network.output().kind, kind, "{name}");
            for green in [-3.0, -0.7, 1.5, 3.0] {
                let expected = byte(sigmoid(green));
                for found in says(&mut network, green).unwrap() {
                    // Steps of 1/20 before the sigmoid are 1/80 of it at most.
                    let limit = if kind == Softmax { 1 } else { 4 };
                    assert!(
                        found.abs_diff(expected) <= limit,
                        "{name} of {green}: {found}, expected {expected}"
                    );
                }
            }
        }
    }
    let mut network = load_ok("given_logits_i8.onnx", &[]);
    let error = says(&mut network, 0.5).expect_err("undecided").to_string();
    assert!(error.contains("values from 0.5 to 0.5"), "{error}");
}

#[test]
fn a_run_on_a_test_picture_tells_what_the_graph_does_not() {
    let mut network = load_ok("given_conv.onnx", &[]);
    assert_eq!(network.output().kind, OutputKind::Alpha);
    let guesses = network.descriptor().guesses.join("\n");
    assert!(guesses.contains("values of a run"), "{guesses}");
    assert_eq!(says(&mut network, 0.4).unwrap(), [102; 48]);
    let mut network = load_ok("given_log.onnx", &[]);
    assert_eq!(says(&mut network, 0.7).unwrap(), [byte(sigmoid(0.7)); 48]);
}

#[test]
fn classes_may_be_alphas_of_their_own() {
    for (subject, expected) in [
        ("[1]", sigmoid(1.2)),
        ("[0]", 0.5),
        ("[0, 1]", sigmoid(1.2)),
    ] {
        let mut network = load_ok("given_each.onnx", &[("output.subject", subject)]);
        assert_eq!(network.output().kind, OutputKind::Alpha);
        assert_eq!(says(&mut network, 1.2).unwrap(), [byte(expected); 48]);
    }
}

/// The left half shows green as the mask of a person; the dog is all over the picture.
#[test]
fn instances_become_one_matte_of_the_chosen_classes() {
    for name in ["instances.onnx", "instances_best.onnx"] {
        for (subject, is_right) in [("person", false), ("dog", true), ("person, dog", true)] {
            let mut network = load_ok(name, &[("output.subject", subject)]);
            assert_eq!(network.output().kind, OutputKind::Instances);
            assert_eq!(network.matte_size(), (8, 6));
            assert!(network.warnings().is_empty(), "{:?}", network.warnings());
            fill(&mut network, |c, _| if c == 1 { 0.25 } else { 0.9 });
            let mask = byte(sigmoid(2.0));
            let right = if is_right { mask } else { 0 };
            let expected = [[mask; 4], [right; 4]].concat().repeat(6);
            assert_eq!(matte(&mut network), expected, "{name} {subject}");
        }
    }
    // What is guessed is the person.
    let network = load_ok("instances.onnx", &[]);
    assert_eq!(network.output().subject, [0]);
    let error = load_error("alpha.onnx", &[("output.kind", "instances")]);
    assert!(error.contains("it needs two outputs"), "{error}");
}

#[test]
fn of_two_outputs_the_soft_one_is_taken() {
    let mut network = load_ok("given_two.onnx", &[]);
    assert_eq!(network.output().name, "shares");
    assert_eq!(says(&mut network, 0.7).unwrap(), [byte(sigmoid(0.7)); 48]);
}

/// The sampler writes floats; the model gets its own type.
#[test]
fn pictures_of_other_types_are_taken() {
    for (name, scale, bias) in [
        ("double", 1.0, 0.0),
        ("i32", 255.0, 0.0),
        ("i8", 255.0, -128.0),
    ] {
        let mut network = load_ok(&format!("taken_{name}.onnx"), &[]);
        let spec = *network.input_spec();
        assert_eq!((spec.scale, spec.bias), ([scale; 3], [bias; 3]), "{name}");
        for green in [0.0, 0.2, 0.6, 1.0] {
            let found = says(&mut network, scale * green + bias).unwrap();
            assert_eq!(found, [byte(green); 48], "{name} of {green}");
        }
    }
}

#[test]
fn the_probability_of_the_background_is_turned_over() {
    let mut network = load_ok("alpha.onnx", &[("output.range", "[1, 0]")]);
    assert_eq!(says(&mut network, 0.2).unwrap(), [204; 48]);
    assert_eq!(says(&mut network, 1.0).unwrap(), [0; 48]);
}

/// What a recurrent network remembers of a frame that could not be is forgotten.
#[test]
fn recurrent_networks_recover() {
    let mut network = load_ok("recurrent_wild.onnx", &[]);
    let infer = |network: &mut Network, green| {
        let result = says(network, green);
        if result.is_err() {
            network.reset();
        }
        result
    };
    assert_eq!(infer(&mut network, 0.02).unwrap(), [51; 48]);
    let error = infer(&mut network, 0.5).expect_err("10 * (0.02 + 0.5)");
    assert!(matches!(error, ModelError::Implausible { .. }), "{error}");
    assert_eq!(infer(&mut network, 0.02).unwrap(), [51; 48]);
}

#[test]
fn class_indices_beyond_the_named_ones_are_errors() {
    let keys = [("output.labels", "[\"nothing\", \"person\"]")];
    let mut network = load_ok("labels.onnx", &keys);
    fill(&mut network, |c, p| if c == p % 2 { 1.0 } else { 0.0 });
    assert_matte(&matte(&mut network), |p| f32::from(u8::from(p % 2 == 1)));
    fill(&mut network, |c, p| if c == p % 3 { 1.0 } else { 0.0 });
    network.run().unwrap();
    let error = network
        .decode(&mut GrayImage::default())
        .expect_err("class 2");
    assert!(error.to_string().contains("allows 0 to 1"), "{error}");
}
