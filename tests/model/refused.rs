// SPDX-License-Identifier: MPL-2.0

//! Models that are none for pictures, and descriptions that contradict their model.

use crate::*;

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
            "relu6.onnx",
            "what do the values of output `alpha` (f32 1x1x6x8) (0 to 6) mean: alpha, logits",
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
    let error = load_error("relu6.onnx", &[]);
    assert!(
        error.ends_with("set `output.kind` in relu6.toml beside it: [output], kind = ..."),
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
            "input.pixels",
            "4096",
            "the input is 8x6 whatever it says; leave it out",
        ),
        (
            "alpha.onnx",
            "input.multiple",
            "16",
            "the input is 8x6 whatever it says; leave it out",
        ),
        (
            "alpha.onnx",
            "output.subject",
            "background",
            "one channel and no classes to choose from; leave it out",
        ),
        (
            "logits.onnx",
            "output.labels",
            "[\"dog\", \"cat\"]",
            "one channel and no classes to choose from; leave it out",
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
            "labels",
            "\"labels\" needs one channel",
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
