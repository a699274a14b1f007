// SPDX-License-Identifier: MPL-2.0

//! Entries of a file's metadata become keys.

use super::super::Class;
use super::*;

#[test]
fn only_our_entries_are_read() {
    let entries = [
        ("author", "somebody"),
        ("matte.input.range", "[-1, 1]"),
        ("matte.input.order", "bgr"),
        ("matte.output.kind", "\"alpha\""),
        ("matte.model.version", "1.0"),
        ("matte.output.subject", "person, 15"),
        ("matte.state", "[{ input = \"a\", output = \"b\" }]"),
        ("matte.extra.ratio", "0.5"),
    ];
    let s = parse(entries, "m.onnx").unwrap();
    assert_eq!(s.range(), Some([[-1.0, 1.0]; 3]));
    assert_eq!(s.text("input.order"), Some("bgr"));
    assert_eq!(s.text("output.kind"), Some("alpha"));
    assert_eq!(s.text("model.version"), Some("1.0"));
    let subject = [Class::Name("person".into()), Class::Index(15)];
    assert_eq!(s.subject().as_deref(), Some(&subject[..]));
    assert_eq!(s.states().unwrap().len(), 1);
    assert_eq!(s.extras().count(), 1);
}

#[test]
fn bad_entries_are_named() {
    let error = parse([("matte.input.oder", "bgr")], "m.onnx")
        .expect_err("typo")
        .to_string();
    assert_eq!(
        error,
        "metadata of m.onnx: input.oder: unknown key, did you mean `input.order`?"
    );
    let error = parse([("matte.input.width", "wide")], "m.onnx")
        .expect_err("type")
        .to_string();
    assert!(
        error.starts_with("metadata of m.onnx: input.width: expected a whole"),
        "{error}"
    );
}
