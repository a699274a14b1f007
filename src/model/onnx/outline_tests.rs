// SPDX-License-Identifier: MPL-2.0

//! What is read out of small files.

use super::*;

#[test]
fn sides_are_known_by_names_that_are_the_inputs_own() {
    let recurrent = include_bytes!("../../../tests/models/recurrent.onnx");
    let outline = Outline::read(recurrent, "recurrent.onnx").unwrap();
    assert_eq!(outline.inputs[0], ("image", vec!["n", "", "h", "w"]));
    // `n` is a side of the state as well.
    let known = [("h".to_owned(), 6), ("w".to_owned(), 8)];
    assert_eq!(outline.named_sides("image", &[1, 3, 6, 8]), known);
    assert!(outline.named_sides("nothing", &[1, 3, 6, 8]).is_empty());

    let alpha = include_bytes!("../../../tests/models/alpha.onnx");
    let outline = Outline::read(alpha, "alpha.onnx").unwrap();
    assert!(outline.named_sides("image", &[1, 3, 6, 8]).is_empty());

    let outline = Outline {
        inputs: vec![("image", vec!["", "c", "side", "side"])],
        ..Outline::default()
    };
    let square = [("c".to_owned(), 3), ("side".to_owned(), 8)];
    assert_eq!(outline.named_sides("image", &[1, 3, 8, 8]), square);
    assert_eq!(outline.named_sides("image", &[1, 3, 6, 8]), square[..1]);
}

fn number(value: f32) -> Constant {
    Constant {
        sides: Vec::new(),
        values: vec![value],
    }
}

/// An outline of nodes that are written as operator, inputs, output, and of a few constants.
fn graph(nodes: &[(&'static str, &[&'static str], &'static str)]) -> Outline<'static> {
    let constants = [
        ("none", 0.0),
        ("one", 1.0),
        ("high", 255.0),
        ("scale", 0.5),
        ("zero", 3.0),
    ];
    let mut outline = Outline {
        constants: constants
            .into_iter()
            .map(|(name, x)| (name, number(x)))
            .collect(),
        ..Outline::default()
    };
    for (operator, inputs, output) in nodes {
        outline.makers.insert(output, outline.nodes.len());
        outline.nodes.push(Node {
            operator,
            inputs: inputs.to_vec(),
            outputs: vec![output],
            attributes: vec![
                ("min", number(-1.0)),
                ("max", number(1.0)),
                ("axis", number(1.0)),
            ],
        });
    }
    outline
}

#[test]
fn bounds_are_moved_by_constants() {
    let outline = graph(&[
        ("Sigmoid", &["x"], "soft"),
        ("Mul", &["high", "soft"], "scaled"),
        ("Cast", &["scaled"], "cast"),
        ("Sub", &["one", "soft"], "inverse"),
        ("Div", &["scaled", "high"], "unit"),
        ("QuantizeLinear", &["soft", "scale", "zero"], "quantised"),
        ("DequantizeLinear", &["quantised", "scale", "zero"], "back"),
        ("Clip", &["x"], "clipped"),
        ("Clip", &["soft", "", "high"], "soft_clipped"),
        ("Tanh", &["x"], "tanh"),
        ("Softmax", &["x"], "shares"),
        ("Transpose", &["shares"], "turned"),
        ("Slice", &["turned"], "class"),
        ("Gather", &["shares", "one"], "second"),
        ("Gather", &["shares", "none"], "first"),
        ("Neg", &["x"], "minus"),
        ("Sigmoid", &["minus"], "background"),
        ("Sub", &["one", "background"], "subject"),
        ("Greater", &["soft", "none"], "over"),
        ("Less", &["soft", "one"], "under"),
        ("GreaterOrEqual", &["one", "soft"], "under_too"),
        ("LessOrEqual", &["background", "one"], "seldom_room"),
        ("Greater", &["background", "none"], "room"),
        ("Not", &["over"], "not_over"),
        ("Not", &["under"], "not_under"),
        ("Equal", &["x", "none"], "class_0"),
        ("Equal", &["x", "one"], "class_1"),
        ("Or", &["over", "class_1"], "either"),
    ]);
    for (tensor, range, activation, turned) in [
        ("soft", [0.0, 1.0], true, false),
        ("cast", [0.0, 255.0], true, false),
        ("inverse", [0.0, 1.0], true, true),
        ("unit", [0.0, 1.0], true, false),
        ("quantised", [3.0, 5.0], true, false),
        ("back", [0.0, 1.0], true, false),
        ("clipped", [-1.0, 1.0], false, false),
        ("soft_clipped", [0.0, 1.0], true, false),
        ("tanh", [-1.0, 1.0], true, false),
        ("class", [0.0, 1.0], true, false),
        ("second", [0.0, 1.0], true, false),
        ("first", [0.0, 1.0], true, true),
        ("background", [0.0, 1.0], true, true),
        ("subject", [0.0, 1.0], true, false),
        ("over", [0.0, 1.0], true, false),
        ("under", [0.0, 1.0], true, true),
        ("under_too", [0.0, 1.0], true, true),
        ("seldom_room", [0.0, 1.0], true, false),
        ("room", [0.0, 1.0], true, true),
        ("not_over", [0.0, 1.0], true, true),
        ("not_under", [0.0, 1.0], true, false),
        ("class_0", [0.0, 1.0], true, true),
        ("class_1", [0.0, 1.0], true, false),
        ("either", [0.0, 1.0], true, false),
    ] {
        let expected = Bounds {
            range,
            activation,
            turned,
        };
        assert_eq!(outline.bounds(tensor), Some(expected), "{tensor}");
    }
}

#[test]
fn what_whole_numbers_stand_for_is_read() {
    let outline = graph(&[
        ("QuantizeLinear", &["x", "scale", "zero"], "numbers"),
        ("Transpose", &["numbers"], "turned"),
        ("Cast", &["numbers"], "other"),
        ("QuantizeLinear", &["x", "none"], "nothing"),
        ("QLinearSigmoid", &["x", "one", "none", "scale"], "soft"),
        ("Identity", &["loop"], "loop"),
    ]);
    let expected = |zero| Some(Quantised { scale: 0.5, zero });
    assert_eq!(outline.quantised("turned"), expected(3.0));
    assert_eq!(outline.quantised("soft"), expected(0.0));
    for tensor in ["other", "nothing", "loop", "nowhere"] {
        assert_eq!(outline.quantised(tensor), None, "{tensor}");
    }
    assert_eq!(outline.operator("soft"), Some("Sigmoid"));
}

#[test]
fn what_the_graph_does_not_bound_has_no_bounds() {
    let outline = graph(&[
        ("Conv", &["x", "w"], "score"),
        ("Relu", &["score"], "positive"),
        ("Sigmoid", &["x"], "soft"),
        ("Mul", &["soft", "soft"], "product"),
        ("Div", &["one", "soft"], "inverse"),
        ("Mul", &["soft", "nothing"], "unknown"),
        ("Clip", &["x", "computed", "high"], "half_open"),
        ("Identity", &["loop"], "loop"),
        ("Softmax", &["x"], "of_all_pixels"),
        ("Reshape", &["of_all_pixels"], "map"),
    ]);
    for tensor in [
        "score",
        "positive",
        "product",
        "inverse",
        "unknown",
        "half_open",
        "loop",
        "map",
        "nowhere",
    ] {
        assert_eq!(outline.bounds(tensor), None, "{tensor}");
    }
}

/// A field of a message that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let head = [number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
    [&head[..], bytes].concat()
}

#[test]
fn sides_of_minus_one_are_open() {
    let minus_one = [&[0xff; 9][..], &[1]].concat();
    let sides: Vec<u8> = [&[1u8][..], &[3], &minus_one, &[64]]
        .into_iter()
        .flat_map(|side| field(1, &[&[1 << 3], side].concat()))
        .collect();
    let tensor = [&[1 << 3, 1], &field(2, &sides)[..]].concat();
    let value = [field(1, b"image"), field(2, &field(1, &tensor))].concat();
    let mut outline = Outline::default();
    outline.value(&value).unwrap();
    assert_eq!(outline.sides["image"], [1, 3, 0, 64]);
}
