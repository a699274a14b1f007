// SPDX-License-Identifier: MPL-2.0

//! What the picture is given as: what the first layers of a graph tell of it, what is guessed openly,
//! and sides that the file leaves out.

use gstmatte::frame::{ChannelOrder, TensorLayout};

use crate::*;

/// What the sampler does to black and white.
fn ends(network: &Network) -> [[f32; 2]; 3] {
    let spec = network.input_spec();
    std::array::from_fn(|c| [spec.bias[c], spec.bias[c] + spec.scale[c]])
}

#[test]
fn the_range_is_read_from_the_first_layers() {
    for (name, range) in [
        ("bytes", [0.0, 255.0]),
        ("signed", [-1.0, 1.0]),
        ("layer", [0.0, 255.0]),
        ("imagenet_rgb", [0.0, 255.0]),
        ("imagenet_bgr", [0.0, 255.0]),
    ] {
        let network = load_ok(&format!("fed_{name}.onnx"), &[]);
        assert_eq!(ends(&network), [range; 3], "{name}");
        let said = network.warnings().join("\n");
        assert!(!said.contains("range"), "{name}: {said}");
        let order = match name {
            "imagenet_bgr" => ChannelOrder::Bgr,
            _ => ChannelOrder::Rgb,
        };
        assert_eq!(network.input_spec().order, order, "{name}");
        let settled = name.starts_with("imagenet");
        assert_eq!(said.is_empty(), settled, "{name}: {said}");
    }
    // What is said comes before what is read.
    let network = load_ok("fed_bytes.onnx", &[("input.range", "[0, 1]")]);
    assert_eq!(ends(&network), [[0.0, 1.0]; 3]);
}

#[test]
fn a_picture_that_is_turned_over_is_asked_about_and_can_be_described() {
    let error = load_error("fed_turned.onnx", &[]);
    assert!(
        error.contains("turn the picture over") && error.contains("`input.range`"),
        "{error}"
    );
    let network = load_ok("fed_turned.onnx", &[("input.range", "[1, 0]")]);
    assert_eq!(ends(&network), [[1.0, 0.0]; 3]);
}

#[test]
fn what_is_guessed_is_said_with_the_lines_that_settle_it() {
    let said = |name: &str, keys: &[(&str, &str)]| load_ok(name, keys).warnings().join("\n");
    assert_eq!(
        said("fed_plain.onnx", &[]),
        "nothing in fed_plain.onnx tells how it takes its picture; guessed. Write what is right into \
         fed_plain.toml beside it (`matte-camera describe` shows it); the guess is: [input] \
         order = \"rgb\"; range = [0.0, 1.0]"
    );
    let half = said("fed_plain.onnx", &[("input.order", "bgr")]);
    assert!(half.ends_with("[input] range = [0.0, 1.0]"), "{half}");
    let both = [("input.order", "bgr"), ("input.range", "[0, 1]")];
    assert_eq!(said("fed_plain.onnx", &both), "");
    assert_eq!(said("alpha.onnx", &[]), "");
}

#[test]
fn work_on_weights_that_stand_among_the_inputs_is_none_on_the_picture() {
    let network = load_ok("older.onnx", &[]);
    assert_eq!(ends(&network), [[-1.0, 1.0]; 3]);
    assert_eq!(network.warnings(), &[] as &[String]);
    assert_eq!(network.output().subject, [15]);
}

#[test]
fn open_sides_are_told_by_the_first_convolution() {
    let sizes = [("input.width", "8"), ("input.height", "6")];
    for (name, layout) in [
        ("open", TensorLayout::Nchw),
        ("open_last", TensorLayout::Nhwc),
        ("nothing", TensorLayout::Nchw),
    ] {
        let mut network = load_ok(&format!("fed_{name}.onnx"), &sizes);
        assert_eq!(network.input_spec().layout, layout, "{name}");
        if layout == TensorLayout::Nchw {
            fill(&mut network, |c, p| if c == 1 { ramp(p) } else { 0.2 });
            assert_matte(&matte(&mut network), ramp);
        }
    }
}

#[test]
fn of_a_batch_the_first_picture_is_the_frame() {
    let mut network = load_ok("batch.onnx", &[]);
    fill(
        &mut network,
        |c, p| if c == 1 { 4.0 * ramp(p) - 2.0 } else { 0.3 },
    );
    assert_matte(&matte(&mut network), |p| sigmoid(4.0 * ramp(p) - 2.0));
    let guesses = network.descriptor().guesses.join("\n");
    assert!(guesses.contains("2 pictures at once"), "{guesses}");
}

#[test]
fn a_fourth_channel_gets_what_is_said() {
    let error = load_error("fourth.onnx", &[]);
    assert!(
        error.contains("fourth channel") && error.contains("[input], fourth = "),
        "{error}"
    );
    for (value, expected) in [("0.25", 0.25), ("1", 1.0), ("matte", 0.0), ("trimap", 0.5)] {
        let mut network = load_ok("fourth.onnx", &[("input.fourth", value)]);
        fill(&mut network, |_, _| 0.7);
        for _ in 0..2 {
            assert_matte(&matte(&mut network), |_| expected);
        }
    }
    let error = load_error("alpha.onnx", &[("input.fourth", "0")]);
    assert!(
        error.contains("the model's input has 3 channel(s)"),
        "{error}"
    );
}

/// Half of what was there before and half of green, as a recurrent network has it.
#[test]
fn the_last_matte_comes_back_in_the_fourth_channel() {
    let mut network = load_ok("fourth_last.onnx", &[]);
    for _ in 0..2 {
        match network.input_mut() {
            TensorMut::F32(data) => {
                assert_eq!(data.len(), 3 * WIDTH * HEIGHT);
                let pixels = data.chunks_exact_mut(3).enumerate();
                pixels.for_each(|(p, pixel)| pixel.copy_from_slice(&[9.0, ramp(p), -9.0]));
            }
            other => panic!("{other:?}"),
        }
        for factor in [0.5, 0.75, 0.875] {
            assert_matte(&matte(&mut network), |p| factor * ramp(p));
        }
        network.reset();
    }
}

/// Half of the trimap and half of green, whose left half is the subject.
#[test]
fn a_trimap_is_sure_where_the_last_matte_was() {
    let mut network = load_ok("fourth_last.onnx", &[("input.fourth", "trimap")]);
    let is_left = |p: usize| f32::from(u8::from(p % WIDTH < WIDTH / 2));
    let frame = |network: &mut Network, green: fn(f32) -> f32| {
        match network.input_mut() {
            TensorMut::F32(data) => {
                let pixels = data.chunks_exact_mut(3).enumerate();
                pixels.for_each(|(p, pixel)| pixel[1] = green(is_left(p)));
            }
            other => panic!("{other:?}"),
        }
        matte(network)
    };
    // Nothing is known at first: 0.5 * 0.5 and half of green. That matte is sure of nothing.
    for _ in 0..2 {
        let found = frame(&mut network, |left| 1.5 * left - 0.25);
        assert_matte(&found, |p| 0.75 * is_left(p) + 0.125);
    }
    // 0 and 1, which is sure but for the two columns at the edge.
    assert_matte(&frame(&mut network, |left| 3.0 * left - 1.0), is_left);
    assert_matte(&frame(&mut network, |_| 0.0), |p| match p % WIDTH {
        0..=2 => 0.5,
        3..=4 => 0.25,
        _ => 0.0,
    });
    let mut network = load_ok("fourth.onnx", &[("input.fourth", "trimap")]);
    assert_matte(&matte(&mut network), |_| 0.5);
}

#[test]
fn sides_of_one_name_are_one_size() {
    let options = Options {
        stream: Some((1280, 720)),
        ..Options::default()
    };
    let network = load("one_side.onnx", &options).unwrap();
    let spec = network.input_spec();
    assert_eq!((spec.width, spec.height), (192, 192));
}

#[test]
fn sides_that_a_network_cannot_run_with_are_tried_larger() {
    let options = Options {
        stream: Some((640, 480)),
        ..Options::default()
    };
    let network = load("halves.onnx", &options).unwrap();
    let spec = network.input_spec();
    assert_eq!((spec.width % 32, spec.height % 32), (0, 0), "{spec:?}");
    let guesses = network.descriptor().guesses.join("\n");
    assert!(guesses.contains("input.multiple = 32"), "{guesses}");
    let error = load_error("halves.onnx", &[("input.multiple", "24")]);
    let words = "halves.onnx failed to run: ONNX Runtime says";
    assert!(error.starts_with(words), "{error}");
}
