// SPDX-License-Identifier: MPL-2.0

//! Tensors made by hand into mattes: numbers that can be true, and numbers that cannot.

use super::*;
use crate::frame::TensorLayout;

#[test]
fn exp_is_close_everywhere() {
    for i in -870_000..880_000 {
        let x = i as f32 / 10_000.0;
        let (found, exact) = (f64::from(exp(x)), f64::from(x).exp());
        assert!(
            (found / exact - 1.0).abs() < 2e-7,
            "exp({x}) = {found}, not {exact}"
        );
    }
    assert!(exp(-1e30) < 1e-37 && exp(1e30) > 1e38);
}

#[test]
fn bytes_are_the_nearest() {
    for i in -1000..300_000 {
        let x = i as f32 / 1000.0;
        let exact = f64::from(x).clamp(0.0, 255.0).round_ties_even();
        assert_eq!(f64::from(byte(x)), exact, "{x}");
    }
    assert_eq!((byte(f32::MAX), byte(f32::MIN)), (255, 0));
}

/// One channel of so many pixels in a row, taken for `kind`.
fn plan(kind: OutputKind) -> OutputPlan {
    OutputPlan {
        name: String::new(),
        kind,
        width: 1,
        height: 1,
        channels: 1,
        layout: TensorLayout::Nchw,
        subject: vec![1],
        classes: 0,
        range: [0.0, 1.0],
        quantised: Quantised::default(),
        instances: None,
    }
}

/// The matte of `data`, all in one row, or what is said about it.
fn decoded<T: Sample>(plan: OutputPlan, data: &[T]) -> Result<Vec<u8>, String> {
    let width = data.len() / plan.channels;
    let plan = OutputPlan { width, ..plan };
    let mut matte = GrayImage::default();
    match fill(&plan, data, &mut matte, "m.onnx") {
        Ok(()) => Ok(matte.data().to_vec()),
        Err(ModelError::Implausible { what, .. }) => Err(what.to_string()),
        Err(ModelError::NonFinite { .. }) => Err("not finite".into()),
        Err(other) => panic!("{other}"),
    }
}

/// One bad number anywhere among good ones fails the frame, in every kind; and what a kind
/// allows never does.
#[test]
fn one_number_that_cannot_be_fails_the_frame() {
    use OutputKind::*;
    let kinds: [(OutputKind, &[f32], &[f32]); 5] = [
        (
            Alpha,
            &[0.0, 0.5, 1.0, 1.003, -0.003],
            &[1.005, -0.005, 255.0, -1.0, f32::MAX],
        ),
        (Logits, &[-90.0, 0.0, 3e38], &[]),
        (MinMax, &[-3e38, 0.0, 3e38], &[]),
        (
            Labels,
            &[0.0, 1.0, 7.0, 255.0],
            &[0.5, -1.0, 254.9, 5e6, -0.25],
        ),
        (Classes, &[-80.0, 0.0, 12.0], &[]),
    ];
    for (kind, good, bad) in kinds {
        let channels = if kind == Classes { 2 } else { 1 };
        let plan = || OutputPlan {
            channels,
            ..plan(kind)
        };
        for length in [1, 7, 64, 65, 200] {
            let mut data: Vec<f32> = good.iter().copied().cycle().take(length * 2).collect();
            assert_eq!(decoded(plan(), &data).err(), None, "{kind:?}");
            for at in [0, length / 2, length * 2 - 1] {
                for &value in bad.iter().chain(&[f32::NAN, f32::INFINITY, -f32::INFINITY]) {
                    let before = std::mem::replace(&mut data[at], value);
                    let error = decoded(plan(), &data).expect_err("a bad number");
                    assert_eq!(error == "not finite", !value.is_finite(), "{error}");
                    data[at] = before;
                }
            }
        }
    }
}

#[test]
fn probabilities_add_up_to_one() {
    use TensorLayout::{Nchw, Nhwc};
    for (channels, layout) in [2, 3, 9, 21]
        .into_iter()
        .flat_map(|n| [(n, Nchw), (n, Nhwc)])
    {
        for length in [1, 3, 64, 65, 130] {
            let plan = || OutputPlan {
                channels,
                layout,
                ..plan(OutputKind::Softmax)
            };
            let at = |pixel: usize, class: usize| match layout {
                Nchw => class * length + pixel,
                Nhwc => pixel * channels + class,
            };
            let mut data = vec![0.0f32; length * channels];
            for (pixel, class) in (0..length).flat_map(|p| (0..channels).map(move |c| (p, c))) {
                let share = match class {
                    1 => 0.4,
                    _ => 0.6 / (channels - 1) as f32,
                };
                // As half floats and bytes round them, too.
                data[at(pixel, class)] = (share * 255.0).round() / 255.0;
            }
            assert_eq!(decoded(plan(), &data), Ok(vec![102; length]));
            for (pixel, class) in [(0, 0), (length - 1, 1), (length - 1, channels - 1)] {
                let index = at(pixel, class);
                let before = data[index];
                for (value, word) in [(1.0, "add up to"), (-0.5, "from -0.5"), (200.0, "to 200")] {
                    data[index] = value;
                    let error = decoded(plan(), &data).expect_err("no probabilities");
                    assert!(
                        error.contains(word) && error.contains("\"classes\""),
                        "{error}"
                    );
                }
                data[index] = before;
            }
        }
    }
}

#[test]
fn each_of_two_classes_can_be_the_subject() {
    let shares = [0.25f32, 0.75, 1.0, 0.0, 0.5, 0.5];
    for (subject, expected) in [
        (vec![0], vec![64, 255, 128]),
        (vec![1], vec![191, 0, 128]),
        (vec![0, 1], vec![255; 3]),
    ] {
        let plan = OutputPlan {
            channels: 2,
            layout: TensorLayout::Nhwc,
            subject,
            ..plan(OutputKind::Softmax)
        };
        assert_eq!(decoded(plan, &shares), Ok(expected));
    }
}

#[test]
fn scores_that_decide_nothing_are_none() {
    for kind in [OutputKind::Logits, OutputKind::Classes] {
        let channels = if kind == OutputKind::Classes { 2 } else { 1 };
        let plan = || OutputPlan {
            channels,
            ..plan(kind)
        };
        let mut scores = [0.0f32, 0.25, 1.0, 0.9].repeat(70);
        let error = decoded(plan(), &scores).expect_err("0 to 1");
        assert!(error.contains("from 0 to 1 and none beyond"), "{error}");
        for value in [-0.3, 1.3] {
            scores[137] = value;
            assert!(decoded(plan(), &scores).is_ok(), "{kind:?}");
        }
    }
}

#[test]
fn whole_numbers_stand_for_others() {
    let quantised = Quantised {
        scale: 0.5,
        zero: 10.0,
    };
    let scores = OutputPlan {
        quantised,
        ..plan(OutputKind::Logits)
    };
    let expected = [-2.0f32, 0.0, 2.0].map(|x| (255.0 / (1.0 + (-x).exp())).round() as u8);
    assert_eq!(decoded(scores, &[6u8, 10, 14]), Ok(expected.to_vec()));
    for layout in [TensorLayout::Nchw, TensorLayout::Nhwc] {
        let shares = |step: f32| OutputPlan {
            channels: 2,
            layout,
            quantised: Quantised {
                scale: 1.0 / step,
                zero: -128.0,
            },
            ..plan(OutputKind::Softmax)
        };
        // One pixel, whatever the order.
        assert_eq!(decoded(shares(256.0), &[-64i8, 64]), Ok(vec![191]));
        let error = decoded(shares(256.0), &[-64i8, 0]).expect_err("1/4 and 1/2");
        assert!(error.contains("add up to 0.75"), "{error}");
        assert!(decoded(shares(100.0), &[100i8, -128]).is_err(), "above 1");
    }
}

#[test]
fn too_few_values_are_an_error() {
    for layout in [TensorLayout::Nchw, TensorLayout::Nhwc] {
        let plan = OutputPlan {
            channels: 2,
            width: 2,
            layout,
            ..plan(OutputKind::Classes)
        };
        let error = fill(&plan, &[0.0f32; 3], &mut GrayImage::default(), "m.onnx");
        assert!(matches!(error, Err(ModelError::Run { .. })), "{error:?}");
    }
}

#[test]
fn whole_numbers_with_a_meaning_go_on_to_work() {
    let alpha = || plan(OutputKind::Alpha);
    let bytes = OutputPlan {
        range: [0.0, 255.0],
        ..alpha()
    };
    assert_eq!(decoded(bytes, &[0u8, 3, 255]), Ok(vec![0, 3, 255]));
    let mask = OutputPlan {
        range: [0.0, 1.0],
        ..alpha()
    };
    assert_eq!(decoded(mask, &[0u8, 1, 1]), Ok(vec![0, 255, 255]));
    let labels = || plan(OutputKind::Labels);
    assert_eq!(decoded(labels(), &[0i64, 1, 15]), Ok(vec![0, 255, 0]));
    assert_eq!(decoded(labels(), &[0i8, 1, 15]), Ok(vec![0, 255, 0]));
    assert_eq!(decoded(labels(), &[false, true]), Ok(vec![0, 255]));
    assert_eq!(decoded(labels(), &[0.0f32, 1.0]), Ok(vec![0, 255]));
    let known = OutputPlan {
        classes: 3,
        ..labels()
    };
    let error = decoded(known, &[0i32, 3]).expect_err("there is no class 3");
    assert!(
        error.contains("allows 0 to 2") && error.contains("output.labels"),
        "{error}"
    );
    assert!(decoded(labels(), &[0i32, -1]).is_err());
}

#[test]
fn a_declared_range_is_spanned() {
    let plan = |low, high| OutputPlan {
        range: [low, high],
        ..plan(OutputKind::Alpha)
    };
    assert_eq!(
        decoded(plan(-1.0, 1.0), &[-1.0f32, 0.2, 1.0]),
        Ok(vec![0, 153, 255])
    );
    assert_eq!(
        decoded(plan(0.0, 255.0), &[0.0f32, 17.0, 255.5]),
        Ok(vec![0, 17, 255])
    );
    let error = decoded(plan(0.0, 255.0), &[-200.0f32]).expect_err("below");
    assert!(
        error.contains("allows 0 to 255; set output.range"),
        "{error}"
    );
}

#[test]
fn the_error_names_the_key_that_sets_it_right() {
    for (values, key) in [
        ([0.0, 250.0], "output.range = [0, 255]"),
        ([-1.0, 0.9], "output.range = [-1, 1]"),
        ([-14.0, 9.0], "output.kind = \"logits\""),
    ] {
        let error = decoded(plan(OutputKind::Alpha), &values[..]).expect_err("no alpha");
        let found = format!("values from {} to {}, but", values[0], values[1]);
        assert!(error.starts_with(&found) && error.contains(key), "{error}");
        assert!(
            error.contains("output.kind = \"alpha\" allows 0 to 1"),
            "{error}"
        );
    }
}

#[test]
fn many_classes_in_both_layouts() {
    let (width, height, channels) = (13, 11, 21);
    let value = |pixel: usize, class: usize| ((pixel * 31 + class * 17) % 23) as f32 - 11.0;
    for layout in [TensorLayout::Nchw, TensorLayout::Nhwc] {
        let mut data = vec![0.0f32; width * height * channels];
        for pixel in 0..width * height {
            for class in 0..channels {
                let index = match layout {
                    TensorLayout::Nchw => class * width * height + pixel,
                    TensorLayout::Nhwc => pixel * channels + class,
                };
                data[index] = value(pixel, class);
            }
        }
        let plan = OutputPlan {
            width,
            height,
            channels,
            layout,
            subject: vec![3, 15],
            ..plan(OutputKind::Classes)
        };
        let mut matte = GrayImage::default();
        fill(&plan, &data, &mut matte, "m.onnx").unwrap();
        for (pixel, &found) in matte.data().iter().enumerate() {
            let mass = |class| f64::from(value(pixel, class)).exp();
            let all: f64 = (0..channels).map(mass).sum();
            let exact = 255.0 * (mass(3) + mass(15)) / all;
            assert!(
                (f64::from(found) - exact).abs() <= 0.501,
                "{pixel}: {found}, {exact}"
            );
        }
    }
}
