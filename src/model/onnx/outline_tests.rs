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
