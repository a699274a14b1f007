// SPDX-License-Identifier: MPL-2.0

//! TOML becomes keys, or errors that name file, line and key.

use super::super::{Class, StatePair};
use super::*;

#[test]
fn every_key_is_read() {
    let text = r#"
            [model]
            name = "m"
            version = "1"
            licence = "MIT"
            source = "here"
            sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
            [input]
            name = "x"
            layout = "nhwc"
            width = 256
            height = 144
            multiple = 16
            order = "bgr"
            type = "u8"
            range = [-1, 1.0]
            mean = [0.5, 0.25, 0]
            std = 2
            [output]
            name = "y"
            layout = "nchw"
            kind = "classes"
            subject = [1, "person"]
            labels = ["background", "person"]
            [[state]]
            input = "r1i"
            output = "r1o"
            shape = [1, 16, 72, 128]
            [extra]
            downsample_ratio = 0.25
        "#;
    let s = parse(text, "m.toml").unwrap();
    assert_eq!(s.text("model.licence"), Some("MIT"));
    assert_eq!(s.side("input.width"), Some(256));
    assert_eq!(s.range(), Some([[-1.0, 1.0]; 3]));
    assert_eq!(s.per_channel("input.mean"), Some([0.5, 0.25, 0.0]));
    assert_eq!(s.per_channel("input.std"), Some([2.0; 3]));
    assert_eq!(
        s.subject(),
        Some(vec![Class::Index(1), Class::Name("person".into())])
    );
    assert_eq!(s.labels(), ["background", "person"]);
    let state = StatePair {
        input: "r1i".into(),
        output: "r1o".into(),
        shape: Some(vec![1, 16, 72, 128]),
    };
    assert_eq!(s.states(), Some(vec![state]));
    let extras: Vec<_> = s
        .extras()
        .map(|(name, list, _)| (name.to_owned(), list))
        .collect();
    assert_eq!(extras, [("downsample_ratio".to_owned(), vec![0.25])]);
    assert_eq!(s.origin("input.width").unwrap().to_string(), "m.toml:11");
}

#[test]
fn errors_name_file_line_and_key() {
    for (text, expected) in [
        (
            "[input]\nwidht = 3",
            "m.toml:2: input.widht: unknown key, did you mean `input.width`?",
        ),
        (
            "[inptu]\nwidth = 3",
            "m.toml:2: inptu.width: unknown key, did you mean `input.width`?",
        ),
        ("x = 3", "m.toml:1: x: unknown key"),
        ("\ninput = 3", "m.toml:2: input: unknown key"),
        (
            "[input]\n\nwidth = \"big\"",
            "m.toml:3: input.width: expected a whole number from 1 to 16384, found \"big\"",
        ),
        (
            "[input]\nwidth = 0",
            "m.toml:2: input.width: expected a whole number from 1 to 16384, found 0",
        ),
        (
            "[input]\nlayout = \"hwc\"",
            "m.toml:2: input.layout: expected one of \"nchw\", \"nhwc\", found \"hwc\"",
        ),
        (
            "[input]\nstd = [1, 0, 1]",
            "m.toml:2: input.std: expected a number other than 0, or a list of one per channel, \
             found [1, 0, 1]",
        ),
        (
            "[input]\nrange = [1, 1]",
            "m.toml:2: input.range: expected a pair [black, white] of two different numbers, \
             or a list of one pair per channel, found [1, 1]",
        ),
        (
            "[model]\nsha256 = \"12\"",
            "m.toml:2: model.sha256: expected 64 hexadecimal digits in quotes, found \"12\"",
        ),
        (
            "[extra]\nratio = \"x\"",
            "m.toml:2: extra.ratio: expected a number or a list of numbers, found \"x\"",
        ),
    ] {
        let error = parse(text, "m.toml").expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn each_kind_refuses_what_it_is_not() {
    for line in [
        "model.name = 3",
        "model.name = \"\"",
        "input.mean = [1, 2]",
        "input.mean = nan",
        "input.range = [[0, 1], [0, 1]]",
        "input.range = 1",
        "output.labels = [1]",
        "output.labels = \"person\"",
        "output.subject = []",
        "output.subject = [-1]",
        "output.subject = [1.5]",
        "output.kind = true",
        "state = 3",
        "state = [{ input = \"a\" }]",
        "state = [{ input = \"a\", output = \"b\", init = 0 }]",
        "state = [{ input = \"a\", output = \"b\", shape = [0] }]",
        "extra.a = []",
        "extra = 3",
    ] {
        let error = parse(line, "m.toml").expect_err(line).to_string();
        assert!(error.starts_with("m.toml:1: "), "{line}: {error}");
    }
}

#[test]
fn broken_toml_names_the_line() {
    let error = parse("[input]\nwidth = \n", "m.toml")
        .expect_err("no value")
        .to_string();
    assert!(error.starts_with("m.toml:2: TOML: "), "{error}");
}
