// SPDX-License-Identifier: MPL-2.0

use arbitrary::{Result, Unstructured};
use gstmatte::model::DescriptionKeys;
use gstmatte::model::fuzzing::{self, Tensor, Told, Words};

/// Names that the guesses know, and some that they do not.
const NAMES: &[&str] = &[
    "image",
    "input",
    "x",
    "r1i",
    "r1o",
    "r2i",
    "r2o",
    "in_h",
    "out_h",
    "downsample_ratio",
    "alpha",
    "mask",
    "pha",
    "é",
];
const OPERATORS: &[&str] = &["Sigmoid", "Softmax", "Clip", "ArgMax", "Conv", "Tanh", ""];

fn tensor(name: &str, element: u8, sides: &[Option<usize>]) -> Tensor {
    Tensor {
        name: name.into(),
        element,
        sides: sides.to_vec(),
    }
}

/// Models that descriptions are tried on.
fn ask(settings: &DescriptionKeys) {
    let open = [None; 4];
    let planes = [Some(1), Some(3), None, None];
    let fixed = [Some(1), Some(3), Some(144), Some(256)];
    let classes = [Some(1), Some(21), Some(144), Some(256)];
    let image = |sides| tensor("image", 0, sides);
    for (inputs, outputs) in [
        (
            vec![image(&fixed)],
            vec![tensor(
                "alpha",
                0,
                &[Some(1), Some(1), Some(144), Some(256)],
            )],
        ),
        (vec![image(&fixed)], vec![tensor("mask", 0, &classes)]),
        (
            vec![image(&planes), tensor("r1i", 0, &open)],
            vec![
                tensor("alpha", 0, &[Some(1), Some(1), Some(144), Some(256)]),
                tensor("r1o", 0, &open),
            ],
        ),
        (
            vec![image(&open)],
            vec![tensor("mask", 3, &[Some(144), Some(256)])],
        ),
    ] {
        for stream in [None, Some((1280, 720)), Some((1, 30000))] {
            let _ = fuzzing::answer(settings, &inputs, &outputs, &Told::default(), stream);
        }
    }
}

pub fn describe(data: &[u8]) {
    let Some((&kind, text)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let words = match kind % 4 {
        0 | 1 => Words {
            toml: Some(&text),
            ..Words::default()
        },
        2 => Words {
            modelinfo: Some(&text),
            ..Words::default()
        },
        _ => {
            let lines = text.lines().filter_map(|line| line.split_once('='));
            Words {
                metadata: lines.collect(),
                ..Words::default()
            }
        }
    };
    if let Ok(settings) = fuzzing::read(&words) {
        ask(&settings);
    }
}

pub fn outline(data: &[u8]) {
    let Some((&kind, rest)) = data.split_first() else {
        return;
    };
    match kind % 4 {
        0 | 2 => {
            if let Ok((metadata, _)) = fuzzing::outline(rest, NAMES) {
                let words = Words {
                    metadata,
                    ..Words::default()
                };
                if let Ok(settings) = fuzzing::read(&words) {
                    ask(&settings);
                }
            }
        }
        1 => drop(guesses(&mut Unstructured::new(rest))),
        _ => fuzzing::tflite(rest),
    }
}

fn side(u: &mut Unstructured) -> Result<Option<usize>> {
    Ok(match u.int_in_range(0..=7u8)? {
        0 => None,
        1 => Some(u.arbitrary()?),
        2 => Some(*u.choose(&[0, 16384, 16385, 1 << 28])?),
        3 => Some(3),
        4 => Some(1),
        _ => Some(u.int_in_range(1..=600)?),
    })
}

/// Outputs have been made by a run, so their sides are real.
fn outputs(u: &mut Unstructured) -> Result<Vec<Tensor>> {
    let mut outputs = tensors(u)?;
    let sides = outputs.iter_mut().flat_map(|output| &mut output.sides);
    sides.for_each(|side| *side = Some(side.unwrap_or(1) % (1 << 12)));
    Ok(outputs)
}

fn tensors(u: &mut Unstructured) -> Result<Vec<Tensor>> {
    let mut tensors: Vec<Tensor> = Vec::new();
    for _ in 0..u.int_in_range(0..=4u8)? {
        let name: &str = if u.ratio(1, 8)? {
            u.arbitrary()?
        } else {
            u.choose(NAMES)?
        };
        let mut sides = Vec::new();
        for _ in 0..*u.choose(&[4usize, 4, 4, 0, 1, 2, 3, 5])? {
            sides.push(side(u)?);
        }
        if tensors.iter().all(|known| known.name != name) {
            tensors.push(Tensor {
                name: name.into(),
                element: u.int_in_range(0..=12)?,
                sides,
            });
        }
    }
    Ok(tensors)
}

fn guesses(u: &mut Unstructured) -> Result<()> {
    let (inputs, outputs) = (tensors(u)?, outputs(u)?);
    let operator = *u.choose(OPERATORS)?;
    let stream = if u.arbitrary()? {
        Some((u.arbitrary::<u16>()?.into(), u.arbitrary::<u16>()?.into()))
    } else {
        None
    };
    let text: &str = u.arbitrary()?;
    let words = Words {
        toml: Some(text),
        ..Words::default()
    };
    let settings = fuzzing::read(&words).unwrap_or_default();
    let told = Told {
        operator: Some(operator),
        bounds: told(u, |[low, high]| low < high && (high - low).is_finite())?,
        quantised: told(u, |[scale, _]| scale > 0.0 && scale.recip().is_finite())?,
        bytes: u.arbitrary()?,
    };
    let _ = fuzzing::answer(&settings, &inputs, &outputs, &told, stream);
    Ok(())
}

/// Two finite numbers that are `sound`, or none.
fn told(u: &mut Unstructured, sound: impl Fn([f32; 2]) -> bool) -> Result<Option<[f32; 2]>> {
    if !u.arbitrary()? {
        return Ok(None);
    }
    let numbers: [f32; 2] = match u.arbitrary()? {
        true => u.arbitrary()?,
        false => *u.choose(&[[0.0, 1.0], [0.0, 255.0], [-1.0, 1.0], [1.0 / 256.0, 0.0]])?,
    };
    Ok((numbers.iter().all(|x| x.is_finite()) && sound(numbers)).then_some(numbers))
}
