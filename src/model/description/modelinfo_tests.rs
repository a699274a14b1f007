// SPDX-License-Identifier: MPL-2.0

//! GStreamer's descriptions become keys, or errors that name the line.

use super::*;

const GOOD: &str = "\
# made by hand
[modelinfo]
version=1.0
group-id=selfie

[input]
type = float32
dims=-1,3,144,256
dir=input
ranges=-1.0,1.0;0.0,1.0;0.0,255.0

[alpha]
id=PLACEHOLDER_ID
type=float32
dims=-1,1,144,256
dir=output
";

#[test]
fn tensors_become_keys() {
    let s = parse(GOOD, "m.onnx.modelinfo").unwrap();
    assert_eq!(s.text("input.name"), Some("input"));
    assert_eq!(s.text("input.type"), Some("f32"));
    assert_eq!(s.text("input.layout"), Some("nchw"));
    assert_eq!(
        (s.side("input.width"), s.side("input.height")),
        (Some(256), Some(144))
    );
    assert_eq!(s.range(), Some([[-1.0, 1.0], [0.0, 1.0], [0.0, 255.0]]));
    assert_eq!(s.text("output.name"), Some("alpha"));
    assert_eq!(
        s.origin("input.range").unwrap().to_string(),
        "m.onnx.modelinfo:10"
    );
}

#[test]
fn caps_give_the_order() {
    let text = GOOD.replace("version=1.0", "version=1.1").replace(
        "dir=input",
        "dir=input\ncaps=video/x-raw, format=(string)BGR",
    );
    assert_eq!(parse(&text, "m").unwrap().text("input.order"), Some("bgr"));
}

#[test]
fn a_range_left_open_is_no_range() {
    let text = GOOD.replace("ranges=-1.0,1.0;0.0,1.0;0.0,255.0", "ranges=PLACEHOLDER");
    assert_eq!(parse(&text, "m").unwrap().range(), None);
}

#[test]
fn bad_lines_are_named() {
    for (from, to, expected) in [
        ("[modelinfo]", "[other]", "m: version: "),
        ("version=1.0", "version=2.0", "m:3: version: expected 1.0"),
        ("version=1.0", "version=x", "m:3: version: "),
        ("float32", "int64", "m:7: type: [input]: expected float32"),
        ("dims=-1,3", "dims=a,3", "m:8: dims: "),
        (
            "dir=input",
            "dir=in",
            "m:9: dir: [input]: expected input or output",
        ),
        ("-1.0,1.0;", "-1.0;", "m:10: ranges: "),
        ("-1.0,1.0;", "2.0,1.0;", "m:10: ranges: expected min,max"),
        (
            "group-id=selfie",
            "group-id",
            "m:4: group-id: expected `[tensor name]`",
        ),
        (
            "[input]\n",
            "[input]\ncaps=audio\n",
            "m:7: caps: expected video/x-raw",
        ),
    ] {
        let text = GOOD.replacen(from, to, 1);
        let error = parse(&text, "m").expect_err(to).to_string();
        assert!(error.starts_with(expected), "{to}: {error}");
    }
}
