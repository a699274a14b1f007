// SPDX-License-Identifier: MPL-2.0

//! Kinds of files that people have, one of each: the matte that they mean, or what is asked.

use crate::*;
use gstmatte::frame::TensorMut;
use gstmatte::model::OutputKind;

/// Green from -2 to 2.
fn green(pixel: usize) -> f32 {
    4.0 * ramp(pixel) - 2.0
}

fn of_green(network: &mut Network) -> Vec<u8> {
    fill(network, |c, p| if c == 1 { green(p) } else { 0.3 });
    matte(network)
}

/// The matte of a value of green.
type Expected = fn(f32) -> f32;

/// 1 where something holds.
fn yes(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}

#[test]
fn every_type_and_end_of_a_graph_gives_the_matte_that_it_means() {
    let kinds: [(&str, Expected); 8] = [
        ("bf16", sigmoid),
        ("bytes", sigmoid),
        ("mask_i64", |x| yes(x > 0.5)),
        ("mask_u8", |x| yes(x > 0.5)),
        ("hard", |x| (0.2 * x + 0.5).clamp(0.0, 1.0)),
        ("gather", sigmoid),
        ("deep", sigmoid),
        ("stretched", |x| (x + 2.0) / 4.0),
    ];
    for (name, expected) in kinds {
        let mut network = load_ok(&format!("given_{name}.onnx"), &[]);
        assert_eq!(network.output().kind, OutputKind::Alpha, "{name}");
        let found = of_green(&mut network);
        for (p, found) in found.into_iter().enumerate() {
            let expected = byte(expected(green(p)));
            assert!(
                found.abs_diff(expected) <= 1,
                "{name}: {found} for {expected}"
            );
        }
    }
}

#[test]
fn labels_of_any_whole_type_are_asked_for_their_subject() {
    for name in ["given_labels_i16.onnx", "given_labels_u16.onnx"] {
        let error = load_error(name, &[]);
        assert!(
            error.contains("indices of classes without names")
                && error.contains("[output], subject = ..."),
            "{error}"
        );
        let mut network = load_ok(name, &[("output.subject", "[1]")]);
        assert_matte(&of_green(&mut network), |p| yes(green(p) > 0.3));
    }
}

#[test]
fn a_picture_that_stands_upright_is_no_other_layout() {
    let mut network = load_ok("given_tall.onnx", &[]);
    assert_eq!(network.matte_size(), (6, 8));
    assert_matte(&of_green(&mut network), |p| sigmoid(green(p)));
}

#[test]
fn quantised_bytes_are_taken_by_their_scale() {
    let mut network = load_ok("taken_u8.onnx", &[]);
    match network.input_mut() {
        TensorMut::U8(data) => {
            let values = data.iter_mut().enumerate();
            values.for_each(|(i, x)| *x = ((i % 48) * 5) as u8);
        }
        other => panic!("{other:?}"),
    }
    assert_matte(&matte(&mut network), |p| (p * 5) as f32 / 255.0);
}

#[test]
fn what_a_graph_leaves_open_is_asked_with_the_choices() {
    let error = load_error("given_relu.onnx", &[]);
    assert!(
        error.contains("alpha, logits, minmax or labels") && error.contains("`output.kind`"),
        "{error}"
    );
    let mut network = load_ok("given_relu.onnx", &[("output.kind", "minmax")]);
    assert_matte(&of_green(&mut network), |p| green(p).max(0.0) / 2.0);
    // A softmax over all pixels says where, not how much.
    let error = load_error("given_pixels.onnx", &[]);
    assert!(
        error.contains("a softmax over all pixels") && error.contains("\"minmax\""),
        "{error}"
    );
    let mut network = load_ok("given_pixels.onnx", &[("output.kind", "minmax")]);
    let power = |p: usize| green(p).exp() - (-2.0f32).exp();
    assert_matte(&of_green(&mut network), |p| {
        power(p) / power(WIDTH * HEIGHT - 1)
    });
    let error = load_error("given_pixels.onnx", &[("output.kind", "softmax")]);
    assert!(error.contains("needs several channels"), "{error}");
}

#[test]
fn each_output_that_can_be_no_matte_is_told_with_its_reason() {
    for (name, reason) in [
        (
            "given_crop.onnx",
            "`alpha` (f32 1x1x6x5) has another aspect than 8x6, in either order of its axes: a crop",
        ),
        (
            "classifier.onnx",
            "`score` (f32 1x3x1x1) has no rows and columns",
        ),
    ] {
        let error = load_error(name, &[]);
        assert!(
            error.contains("none of its outputs can be a matte of its 8x6 picture")
                && error.contains(reason),
            "{error}"
        );
    }
}

#[test]
fn further_inputs_get_what_is_said() {
    let cases = [
        ("beside_size.onnx", "size", "[6, 8]"),
        ("beside_trimap.onnx", "trimap", "1"),
        ("beside_dotted.onnx", "input.2", "1"),
        ("beside_open.onnx", "ids", "1"),
    ];
    for (name, input, value) in cases {
        let key = format!("extra.{input}");
        let error = load_error(name, &[]);
        let quoted = match input.contains('.') {
            true => format!("[extra], \"{input}\" = ..."),
            false => format!("[extra], {input} = ..."),
        };
        assert!(error.contains(&quoted), "{error}");
        let mut network = load_ok(name, &[(&key, value)]);
        assert_matte(&of_green(&mut network), |p| sigmoid(green(p)));
    }
    // A list fills the last open side; a second picture is as large as the first one.
    let mut network = load_ok("beside_open.onnx", &[("extra.ids", "[0, 1, 2]")]);
    assert_matte(&of_green(&mut network), |p| sigmoid(green(p)));
    let second = [("input.name", "image"), ("extra.room", "0.5")];
    let mut network = load_ok("beside_picture.onnx", &second);
    assert_matte(&of_green(&mut network), |p| sigmoid(green(p)));
    let error = load_error("beside_text.onnx", &[]);
    assert!(error.contains("takes text, not numbers"), "{error}");
}

/// Each run gives the next numbers of one sequence, of which one network takes twice as many.
#[test]
fn a_network_runs_once_before_the_first_frame() {
    let kept = load_ok("runs.onnx", &[]);
    let mut single = load_ok("runs.onnx", &[]);
    assert!(single.shares_session_with(&kept));
    let mut double = load_ok("runs_double.onnx", &[]);
    let frames: Vec<Vec<u8>> = (0..4).map(|_| matte(&mut single)).collect();
    let found = matte(&mut double);
    // After n runs, numbers 96 n and on are those of the single one's frame n + 1.
    let runs = frames.iter().position(|frame| *frame == found);
    assert_eq!(runs, Some(1));
}
