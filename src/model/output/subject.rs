// SPDX-License-Identifier: MPL-2.0

//! Which classes of an output are kept.

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::description::Class;
use super::super::output_kind::OutputKind;

/// Names of the class that is a person, in lower case.
const PEOPLE: [&str; 5] = ["person", "people", "human", "selfie", "foreground"];

/// The kept classes as indices, ascending; none if the output has one channel that is not labels.
///
/// # Errors
/// Labels or subject contradict the model, or nothing tells which classes are kept.
pub(super) fn resolve(
    context: &ResolveContext,
    channels: usize,
    kind: OutputKind,
    guesses: &mut Vec<String>,
) -> Result<Vec<usize>, ModelError> {
    let labels = context.keys.labels();
    let count = match (kind, channels) {
        (OutputKind::Labels, _) => labels.len(),
        (OutputKind::Instances, 0) => 0,
        (_, 1) => return one_channel(context),
        _ if !labels.is_empty() && labels.len() != channels => {
            let problem = format!(
                "{} names for the {channels} classes of the model",
                labels.len()
            );
            return Err(context.contradiction("output.labels", problem));
        }
        _ => channels,
    };
    let mut subject = match context.keys.subject() {
        Some(classes) => classes
            .iter()
            .map(|class| index(context, class, &labels, count))
            .collect::<Result<Vec<usize>, _>>()?,
        None => vec![guess(context, &labels, count, guesses)?],
    };
    subject.sort_unstable();
    subject.dedup();
    Ok(subject)
}

/// One channel has no classes to choose from.
///
/// # Errors
/// Labels or a subject are given all the same.
fn one_channel(context: &ResolveContext) -> Result<Vec<usize>, ModelError> {
    for key in ["output.subject", "output.labels"] {
        if context.keys.origin(key).is_some() {
            let problem = "the model has one channel and no classes to choose from; leave it out";
            return Err(context.contradiction(key, problem));
        }
    }
    Ok(Vec::new())
}

/// The index of a class that `output.subject` names, among `count` ones (0 if nothing tells).
fn index(
    context: &ResolveContext,
    class: &Class,
    labels: &[String],
    count: usize,
) -> Result<usize, ModelError> {
    let problem = match class {
        Class::Index(index) if count == 0 || *index < count => return Ok(*index),
        Class::Index(index) => {
            format!("there is no class {index}; the model has {count}, from 0")
        }
        Class::Name(name) => {
            if let Some(index) = labels.iter().position(|label| label == name) {
                return Ok(index);
            }
            let known = if labels.is_empty() {
                "set output.labels, or give its index".to_owned()
            } else {
                format!("output.labels has {}", labels.join(", "))
            };
            format!("there is no class named \"{name}\"; {known}")
        }
    };
    Err(context.contradiction("output.subject", problem))
}

/// The class that is most likely a person.
fn guess(
    context: &ResolveContext,
    labels: &[String],
    count: usize,
    guesses: &mut Vec<String>,
) -> Result<usize, ModelError> {
    let person = |label: &String| PEOPLE.contains(&label.to_lowercase().as_str());
    let (index, words) = match (labels.iter().position(person), count) {
        (Some(index), _) => (index, format!("[\"{}\"]", labels[index])),
        (None, 2) => (1, "[1], the second of two classes".into()),
        (None, 21) if labels.is_empty() => {
            (15, "[15], the person of Pascal VOC's 21 classes".into())
        }
        _ => {
            let known = match (labels.is_empty(), count) {
                (false, _) => labels.join(", "),
                (true, 0) => "indices of classes without names".into(),
                (true, _) => format!("{count} classes without names"),
            };
            let asked = format!("which classes are the subject? It has {known}");
            return Err(context.ambiguous("output.subject", asked));
        }
    };
    guesses.push(format!("output.subject = {words}"));
    Ok(index)
}
