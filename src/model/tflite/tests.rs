// SPDX-License-Identifier: MPL-2.0

use super::*;

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
    std::fs::read(format!("{folder}/{name}.tflite")).unwrap()
}

fn only(name: &str) -> (String, GraphHint) {
    let mut outputs = outputs(&file(name));
    assert_eq!(outputs.len(), 1, "{name}");
    outputs.remove(0)
}

#[test]
fn a_sigmoid_is_an_alpha_of_its_own_steps() {
    let (name, hint) = only("sigmoid_i8");
    assert_eq!(name, "alpha");
    assert_eq!(hint.operator.as_deref(), Some("Sigmoid"));
    let (scale, zero) = (1.0 / 256.0, -128.0);
    assert_eq!(hint.quantised, Some(Quantised { scale, zero }));
    let bounds = hint.bounds.unwrap();
    assert_eq!(bounds.range, [-128.0, 128.0]);
    assert!(bounds.activation && !bounds.turned);
}

#[test]
fn scores_and_shares_are_told_apart() {
    let (_, hint) = only("logits_i8");
    assert_eq!(hint.operator.as_deref(), Some("Conv"));
    assert_eq!(hint.quantised.unwrap().zero, 10.0);
    assert_eq!(hint.bounds, None);
    let (_, hint) = only("softmax_i8");
    assert_eq!(hint.operator.as_deref(), Some("Softmax"));
}

#[test]
fn values_that_are_turned_over_are_noticed() {
    let (_, hint) = only("turned");
    assert_eq!(hint.quantised, None);
    let bounds = hint.bounds.unwrap();
    assert_eq!(bounds.range, [0.0, 1.0]);
    assert!(bounds.turned);
}

#[test]
fn what_is_no_such_file_tells_nothing() {
    assert!(outputs(&[]).is_empty());
    assert!(outputs(b"\x08\0\0\0TFL2....").is_empty());
    let whole = file("sigmoid_i8");
    // Cut off anywhere, and with any byte of another value.
    for end in 0..whole.len() {
        outputs(&whole[..end]);
    }
    for at in 0..whole.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut other = whole.clone();
            other[at] = value;
            outputs(&other);
        }
    }
}
