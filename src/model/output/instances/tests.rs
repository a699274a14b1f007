// SPDX-License-Identifier: MPL-2.0

//! Detections and prototypes made by hand into mattes.

use super::decode::Read;
use super::detections::Detection;
use super::*;
use crate::frame::GrayImage;

const PICTURE: (usize, usize) = (32, 24);
const SIZE: (usize, usize) = (8, 6);
/// Prototypes: the first is 1 everywhere, the second grows to the right, the others are 0.
const COUNT: usize = 8;

fn plan(classes: usize, detections: usize) -> OutputPlan {
    OutputPlan {
        name: "boxes".into(),
        kind: OutputKind::Instances,
        width: SIZE.0,
        height: SIZE.1,
        channels: COUNT,
        layout: TensorLayout::Nchw,
        subject: vec![0],
        classes,
        range: [0.0, 1.0],
        quantised: super::super::Quantised::default(),
        instances: Some(Instances {
            prototypes: "prototypes".into(),
            count: COUNT,
            detections,
            classes,
            picture: PICTURE,
        }),
    }
}

fn prototypes() -> Vec<f32> {
    let pixels = SIZE.0 * SIZE.1;
    let mut all = vec![0.0; COUNT * pixels];
    all[..pixels].fill(1.0);
    for (i, value) in all[pixels..2 * pixels].iter_mut().enumerate() {
        *value = (i % SIZE.0) as f32;
    }
    all
}

/// A detection: box from corner to corner, class and score, the first two coefficients.
type Given = ([f32; 4], usize, f32, [f32; 2]);

/// As a network gives them that chooses the best itself, or, with `classes`, as one that does not.
fn boxes(given: &[Given], classes: usize) -> Vec<f32> {
    let mut rows = Vec::new();
    for ([left, top, right, bottom], class, score, [a, b]) in given {
        let mut row = match classes {
            0 => vec![*left, *top, *right, *bottom, *score, *class as f32],
            _ => {
                let mut scores = vec![0.0; classes];
                scores[*class] = *score;
                let middle = [(left + right) / 2.0, (top + bottom) / 2.0];
                [&middle[..], &[right - left, bottom - top], &scores].concat()
            }
        };
        row.extend([*a, *b]);
        row.resize(row.len() + COUNT - 2, 0.0);
        rows.push(row);
    }
    match classes {
        0 => rows.concat(),
        _ => (0..rows[0].len())
            .flat_map(|n| rows.iter().map(move |row| row[n]).collect::<Vec<_>>())
            .collect(),
    }
}

fn matte(given: &[Given], classes: usize) -> Result<Vec<u8>, ModelError> {
    let plan = plan(classes, given.len());
    let (boxes, prototypes) = (boxes(given, classes), prototypes());
    let read = Read {
        plan: &plan,
        instances: plan.instances.as_ref().unwrap(),
        boxes: &boxes,
        prototypes: &prototypes,
    };
    let mut matte = GrayImage::default();
    read.matte(&mut Scratch::new(&plan), &mut matte, "m.onnx")?;
    assert_eq!((matte.width(), matte.height()), SIZE);
    Ok(matte.data().to_vec())
}

fn soft(x: f32) -> u8 {
    (255.0 / (1.0 + (-x).exp())).round() as u8
}

#[test]
fn masks_are_drawn_into_their_boxes() {
    for classes in [0, 3] {
        // The left half, and columns 5 and 6 of rows 1 to 4, whose mask grows to the right.
        let given = [
            ([0.0, 0.0, 16.0, 24.0], 0, 0.9, [2.0, 0.0]),
            ([20.0, 4.0, 28.0, 20.0], 0, 0.3, [-5.0, 1.0]),
        ];
        let found = matte(&given, classes).unwrap();
        for (i, found) in found.into_iter().enumerate() {
            let (x, y) = (i % SIZE.0, i / SIZE.0);
            let expected = match (x, y) {
                (0..=3, _) => soft(2.0),
                (5..=6, 1..=4) => soft(x as f32 - 5.0),
                _ => 0,
            };
            assert_eq!(found, expected, "{x},{y} of {classes} classes");
        }
    }
}

#[test]
fn other_classes_weak_ones_and_copies_do_not_count() {
    let all = [0.0, 0.0, 32.0, 24.0];
    for classes in [0, 3] {
        let nothing = matte(
            &[(all, 1, 0.9, [9.0, 0.0]), (all, 0, 0.2, [9.0, 0.0])],
            classes,
        );
        assert_eq!(nothing.unwrap(), [0; 48]);
        // Nearly the same box again, with a stronger mask and a weaker score.
        let copies = [
            (all, 0, 0.9, [0.0, 0.0]),
            ([0.0, 0.0, 31.0, 24.0], 0, 0.8, [9.0, 0.0]),
        ];
        assert_eq!(matte(&copies, classes).unwrap(), [128; 48]);
        // Of many the best are looked at, and none is too many.
        let many = vec![([0.0, 0.0, 4.0, 4.0], 0, 0.5, [9.0, 0.0]); 500];
        assert_eq!(matte(&many, classes).unwrap()[..2], [255, 0]);
    }
}

#[test]
fn boxes_beyond_the_picture_end_at_its_edges() {
    let beyond = [([-1e9, -50.0, 1e9, 1e30], 0, 0.9, [3.0, 0.0])];
    assert_eq!(matte(&beyond, 0).unwrap(), [soft(3.0); 48]);
    let turned = [([20.0, 20.0, 4.0, 4.0], 0, 0.9, [3.0, 0.0])];
    assert_eq!(matte(&turned, 0).unwrap(), [0; 48]);
}

#[test]
fn numbers_that_cannot_be_are_errors() {
    let all = [0.0, 0.0, 32.0, 24.0];
    for classes in [0, 3] {
        let score = matte(&[(all, 0, 4.5, [1.0, 0.0])], classes).expect_err("a score of 4.5");
        assert!(
            score
                .to_string()
                .contains("output.kind = \"instances\" allows 0 to 1"),
            "{score}"
        );
        for given in [
            (all, 0, f32::NAN, [1.0, 0.0]),
            (all, 0, 0.9, [f32::INFINITY, 0.0]),
            (all, 0, 0.9, [f32::NAN, 0.0]),
            ([f32::NAN; 4], 0, 0.9, [1.0, 0.0]),
        ] {
            let good = (all, 0, 0.5, [1.0, 0.0]);
            let error = matte(&[good, given, good], classes).expect_err("not finite");
            assert!(
                matches!(error, ModelError::NonFinite { .. }),
                "{given:?}: {error}"
            );
        }
    }
}

/// The plain way of `Read::find`: one score after the other.
fn find_plainly(read: &Read<f32>, scratch: &mut Scratch) -> [f32; 2] {
    let mut range = [0.0f32; 2];
    for class in &read.plan.subject {
        for index in 0..read.instances.detections {
            let number = |n: usize| read.boxes[n * read.instances.detections + index];
            let score = number(4 + class);
            match score.is_finite() {
                true => range = [range[0].min(score), range[1].max(score)],
                false => range = [f32::NAN; 2],
            }
            if range[0].is_nan() {
                return range;
            }
            if score >= 0.25 {
                let [x, y, w, h] = [0, 1, 2, 3].map(number);
                let area = [x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0];
                scratch.offer(Detection { score, index, area });
            }
        }
    }
    range
}

#[test]
fn scores_in_blocks_find_what_each_score_finds() {
    let (mut random, prototypes) = (crate::testing::Random::new(7), prototypes());
    let mut below = |top: f32| top * random.unit();
    for detections in [1, 15, 16, 17, 127, 128, 129, 1000] {
        for (most, bad) in [
            (0.2, None),
            (0.26, None),
            (1.0, None),
            (1.0, Some(f32::NAN)),
            (0.2, Some(f32::NAN)),
            (0.2, Some(f32::INFINITY)),
            (0.2, Some(f32::NEG_INFINITY)),
            (0.2, Some(-3.0)),
            (0.2, Some(3.0)),
        ] {
            let mut plan = plan(80, detections);
            plan.subject = (0..80).collect();
            let mut boxes = vec![0.0f32; (84 + COUNT) * detections];
            boxes[..4 * detections].fill_with(|| below(32.0));
            boxes[4 * detections..].fill_with(|| below(most));
            if let Some(bad) = bad {
                let at = below(80.0 * detections as f32) as usize;
                boxes[4 * detections + at] = bad;
            }
            let read = Read {
                plan: &plan,
                instances: plan.instances.as_ref().unwrap(),
                boxes: &boxes,
                prototypes: &prototypes,
            };
            let mut found = [(); 2].map(|()| Scratch::new(&plan));
            let [blocks, plain] = &mut found;
            let ranges = [read.find(blocks), find_plainly(&read, plain)];
            let told = format!("{detections} detections up to {most}, {bad:?}: {ranges:?}");
            if ranges[1][0].is_nan() {
                assert!(ranges[0].iter().all(|x| x.is_nan()), "{told}");
                continue;
            }
            assert_eq!(ranges[0], ranges[1], "{told}");
            let [blocks, plain] = found.each_ref().map(|scratch| {
                let list = scratch.found.iter();
                list.map(|d| (d.score, d.index, d.area)).collect::<Vec<_>>()
            });
            assert_eq!(blocks, plain, "{told}");
        }
    }
}
