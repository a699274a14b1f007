// SPDX-License-Identifier: MPL-2.0

//! Ways to feed a network.

use super::super::load::Loader;
use super::keys::{SOURCE, and, pair};
use crate::model::ModelError;
use crate::model::description::{DescriptionKeys, Origin};
use crate::model::signature::Signature;
use toml::Value;

/// What programs usually make of code values, as lines of an `[input]` section.
const NUMBERS: [&[(&str, &str)]; 4] = [
    &[("input.range", "[0.0, 1.0]")],
    &[
        ("input.range", "[0.0, 1.0]"),
        ("input.mean", "[0.485, 0.456, 0.406]"),
        ("input.std", "[0.229, 0.224, 0.225]"),
    ],
    &[("input.range", "[-1.0, 1.0]")],
    &[("input.range", "[0.0, 255.0]")],
];

/// Descriptions that say all about the inputs, the likeliest first; at most about `most`.
pub(super) fn ways_to_feed(
    loader: &Loader,
    signature: &Signature,
    keys: DescriptionKeys,
    most: usize,
) -> Vec<Result<DescriptionKeys, ModelError>> {
    let about = match loader.with(&keys).descriptor(signature) {
        Ok(about) => about,
        Err(error) => {
            let ModelError::Ambiguous { key, .. } = &error else {
                return vec![Err(error)];
            };
            let answers = answers_about_inputs(key, signature);
            if answers.is_empty() {
                return vec![Err(error)];
            }
            let ways = answers
                .into_iter()
                .flat_map(|answer| match and(&keys, &[(key, answer)]) {
                    Ok(keys) => ways_to_feed(loader, signature, keys, most),
                    Err(error) => vec![Err(error)],
                });
            return ways.take(most).collect();
        }
    };
    let doubted = |key: &str| about.doubts.iter().any(|line| line.starts_with(key));
    let orders: &[&str] = match doubted("order") {
        true => &["rgb", "bgr"],
        false => &[""],
    };
    let described = |keys: DescriptionKeys, order: &str| match order {
        "" => Ok(keys),
        order => and(&keys, &[("input.order", order.into())]),
    };
    let origin = Origin::new(SOURCE);
    let numbered = |numbers: &[(&str, &str)]| {
        let mut keys = keys.clone();
        for (key, value) in numbers {
            // Nothing of the table can be refused: a test of it says so.
            let _ = keys.insert_text(key, value, &origin);
        }
        keys
    };
    let numbers: Vec<DescriptionKeys> = match doubted("range") {
        true => NUMBERS.into_iter().map(numbered).collect(),
        false => vec![keys.clone()],
    };
    let mut ways = Vec::new();
    for order in orders {
        ways.extend(numbers.iter().map(|keys| described(keys.clone(), order)));
    }
    ways
}

/// What a key about the inputs may be.
fn answers_about_inputs(key: &str, signature: &Signature) -> Vec<Value> {
    let numbers = |all: &[f64]| all.iter().map(|&number| number.into()).collect();
    match key {
        "input.name" => {
            let names = signature.inputs.iter().map(|input| input.name.clone());
            names.map(Value::String).collect()
        }
        "input.layout" => vec!["nchw".into(), "nhwc".into()],
        "input.range" => vec![pair([0.0, 1.0]), pair([1.0, 0.0])],
        "input.fourth" => numbers(&[0.0, 0.5, 1.0]),
        extra if extra.starts_with("extra.") => numbers(&[1.0, 0.0, 0.5]),
        _ => Vec::new(),
    }
}
