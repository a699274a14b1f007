// SPDX-License-Identifier: MPL-2.0

//! The table of families is sound, and files are recognised.

use super::*;

fn face(
    input: &'static str,
    sides: &[usize],
    output: &'static str,
    out: &[usize],
) -> Outline<'static> {
    let mut outline = Outline::default();
    outline.inputs.push((input, Vec::new()));
    outline.outputs.push(output);
    outline.sides.insert(input, sides.to_vec());
    outline.sides.insert(output, out.to_vec());
    outline
}

/// What is known of a file, as keys.
fn described(outline: &Outline) -> (Option<&'static str>, DescriptionKeys) {
    let mut keys = DescriptionKeys::default();
    let family = Family::of(outline);
    if let Some(family) = &family {
        family.describe(&mut keys, false).unwrap();
    }
    (family.map(|family| family.name), keys)
}

#[test]
fn every_row_is_a_description_that_can_be_read() {
    for (name, _, numbers, others) in FAMILIES {
        let (open, fixed) = ([0, 3, 0, 0], [1, 3, 512, 512]);
        for sides in [open, fixed] {
            let outline = face("x", &sides, "y", &[1, 21, 512, 512]);
            let face = Face {
                outline: &outline,
                input: "x",
                output: "y",
            };
            let family = Family {
                name,
                numbers,
                others: others(&face),
            };
            let mut keys = DescriptionKeys::default();
            family.describe(&mut keys, false).unwrap();
            assert!(
                keys.range().is_some() && keys.text("input.order").is_some(),
                "{name}"
            );
            // What the graph or the user settles is left alone.
            let mut keys = DescriptionKeys::default();
            family.describe(&mut keys, true).unwrap();
            assert!(keys.range().is_none(), "{name}");
        }
    }
}

#[test]
fn families_are_told_by_names_and_sides() {
    let square = [1, 3, 512, 512];
    for (outline, name, range, subject) in [
        (
            face(
                "pixel_values",
                &[1, 3, 1024, 1024],
                "alphas",
                &[1, 1, 1024, 1024],
            ),
            "BiRefNet or RMBG-2.0",
            [0.0, 1.0],
            false,
        ),
        (
            face(
                "x",
                &[1, 3, 192, 192],
                "save_infer_model/scale_0.tmp_1",
                &[1, 2, 192, 192],
            ),
            "PP-HumanSeg",
            [-1.0, 1.0],
            false,
        ),
        (
            face(
                "sub_7:0",
                &[1, 257, 257, 3],
                "ResizeBilinear_3:0",
                &[1, 257, 257, 21],
            ),
            "DeepLab",
            [-1.0, 1.0],
            true,
        ),
        (
            face(
                "MobilenetV2/MobilenetV2/input:0",
                &[1, 3, 513, 513],
                "transpose:0",
                &[1, 2, 513, 513],
            ),
            "DeepLab with MobileNetV2",
            [-1.0, 1.0],
            false,
        ),
        (
            face("input", &square, "out", &[1, 21, 512, 512]),
            "torchvision's DeepLab, FCN or LR-ASPP",
            [0.0, 1.0],
            true,
        ),
    ] {
        let (found, keys) = described(&outline);
        assert_eq!(found, Some(name));
        assert_eq!(keys.range().unwrap()[0], range, "{name}");
        assert_eq!(keys.subject().is_some(), subject, "{name}");
    }
    let mut boxes = face("images", &[1, 3, 640, 640], "output0", &[1, 116, 8400]);
    boxes.outputs.push("output1");
    boxes.sides.insert("output1", vec![1, 32, 160, 160]);
    assert_eq!(described(&boxes).0, Some("YOLO's instance segmentation"));
    let (found, keys) = described(&face("input", &square, "output", &square));
    assert!(found.is_none() && keys.is_empty());
}

#[test]
fn the_classes_of_ultralytics_are_read() {
    let mut outline = face("images", &[1, 3, 640, 640], "output0", &[1, 3, 640, 640]);
    outline.metadata.push(("task", "semantic"));
    outline
        .metadata
        .push(("names", "{0: 'road', 1: 'person', 2: \"driver's seat\"}"));
    let (found, keys) = described(&outline);
    assert_eq!(found, Some("YOLO's semantic segmentation"));
    assert_eq!(keys.labels(), ["road", "person", "driver's seat"]);
    outline.metadata[1].1 = "{0: 'road', 2: 'person'}";
    assert_eq!(labels(&outline), "");
}

#[test]
fn what_wants_more_than_a_picture_is_refused_by_its_name() {
    let mut detect = face("images", &[1, 3, 640, 640], "output0", &[1, 84, 8400]);
    detect.metadata.push(("task", "detect"));
    let plain = face(
        "input",
        &[1, 3, 8, 8],
        "masks_queries_logits",
        &[1, 100, 8, 8],
    );
    for (outline, words) in [
        (
            face(
                "image_embeddings",
                &[1, 256, 64, 64],
                "masks",
                &[1, 1, 8, 8],
            ),
            "Segment Anything",
        ),
        (
            face("input_ids", &[1, 7], "logits", &[1, 1, 8, 8]),
            "CLIPSeg",
        ),
        (plain, "MaskFormer"),
        (detect, "\"detect\""),
    ] {
        let error = refuse(&outline, "m.onnx").expect_err(words).to_string();
        assert!(
            error.starts_with("m.onnx") && error.contains(words),
            "{error}"
        );
        assert!(error.contains("use "), "{error}");
    }
    assert!(refuse(&face("x", &[1, 3, 8, 8], "y", &[1, 1, 8, 8]), "m.onnx").is_ok());
}
