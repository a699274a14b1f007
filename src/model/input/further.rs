// SPDX-License-Identifier: MPL-2.0

//! What the inputs besides the picture get: recurrent states and constants.

use ort::value::TensorElementType as E;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::description::StatePair;
use super::super::signature::{Signature, TensorInfo, find, list};

/// How an input's name and that of the output which feeds it usually differ: how one ends and how
/// the other ends, or how they begin.
const ENDINGS: &[(&str, &str)] = &[
    ("i", "o"),
    ("_in", "_out"),
    ("_i", "_o"),
    (".in", ".out"),
    ("_input", "_output"),
    ("", "_out"),
    ("", "_new"),
    ("0", "n"),
];
const BEGINNINGS: &[(&str, &str)] = &[
    ("in_", "out_"),
    ("prev_", "next_"),
    ("past_", "present_"),
    ("last_", "new_"),
    ("i_", "o_"),
];

/// Recurrent states.
type States = Vec<StatePair>;
/// Constants, by input.
type Extras = Vec<(String, Vec<f32>)>;

/// States and constants, as described or guessed.
///
/// # Errors
/// A description names what the model has not, or nothing tells what an input gets.
pub(super) fn resolve(
    context: &ResolveContext,
    image: &str,
    guesses: &mut Vec<String>,
) -> Result<(States, Extras), ModelError> {
    let (mut states, mut extras) = described(context)?;
    for input in &context.signature.inputs {
        let known = input.name == image
            || states.iter().any(|state| state.input == input.name)
            || extras.iter().any(|(name, _)| *name == input.name);
        if known {
            continue;
        }
        if let Some(output) = state_output(input, context.signature) {
            guesses.push(format!(
                "state: output `{output}` feeds input `{}`, from their names",
                input.name
            ));
            states.push(StatePair {
                input: input.name.clone(),
                output,
                shape: None,
            });
        } else if input.name == "downsample_ratio" {
            guesses.push("extra.downsample_ratio = 1, since the picture is small already".into());
            extras.push((input.name.clone(), vec![1.0]));
        } else if input.element == Some(E::String) {
            let problem = format!(
                "its input {input} takes text, not numbers; only networks that take a picture can be \
                 used"
            );
            return Err(context.unsuitable(problem));
        } else {
            let asked = format!(
                "what does its input {input} get, besides the picture? (a constant, or a \
                 [[state]] for what an output feeds back)"
            );
            return Err(context.ambiguous(&format!("extra.{}", input.name), asked));
        }
    }
    Ok((states, extras))
}

/// The states and constants of the description, which the model must have.
fn described(context: &ResolveContext) -> Result<(States, Extras), ModelError> {
    let Signature { inputs, outputs } = context.signature;
    let lacks = |what: &str, name: &str, tensors: &[TensorInfo]| {
        format!("the model has no {what} `{name}`, only {}", list(tensors))
    };
    let states = context.keys.states().unwrap_or_default();
    for StatePair { input, output, .. } in &states {
        if find(inputs, input).is_none() {
            return Err(context.contradiction("state", lacks("input", input, inputs)));
        }
        if find(outputs, output).is_none() {
            return Err(context.contradiction("state", lacks("output", output, outputs)));
        }
    }
    let mut extras = Vec::new();
    for (name, values, origin) in context.keys.extras() {
        if find(inputs, name).is_none() {
            let problem = lacks("input", name, inputs);
            return Err(origin.error(&format!("extra.{name}"), problem));
        }
        extras.push((name.to_owned(), values));
    }
    Ok((states, extras))
}

/// The output that feeds `input`, if names and shapes leave exactly one.
fn state_output(input: &TensorInfo, signature: &Signature) -> Option<String> {
    if !input.is_float() || input.dims.len() < 2 {
        return None;
    }
    let name = input.name.as_str();
    let by_ending = ENDINGS
        .iter()
        .filter_map(|(a, b)| Some(format!("{}{b}", name.strip_suffix(a)?)));
    let by_beginning = BEGINNINGS
        .iter()
        .filter_map(|(a, b)| Some(format!("{b}{}", name.strip_prefix(a)?)));
    let wanted: Vec<String> = by_ending.chain(by_beginning).collect();
    let compatible = |output: &&TensorInfo| {
        let sides = input.dims.iter().zip(&output.dims);
        wanted.contains(&output.name)
            && output.element == input.element
            && output.dims.len() == input.dims.len()
            && sides
                .into_iter()
                .all(|pair| !matches!(pair, (Some(a), Some(b)) if a != b))
    };
    let mut found = signature.outputs.iter().filter(compatible);
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only.name.clone()),
        _ => None,
    }
}

#[cfg(test)]
#[path = "further_tests.rs"]
mod tests;
