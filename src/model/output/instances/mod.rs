// SPDX-License-Identifier: MPL-2.0

//! Instance segmentation as YOLO gives it: boxes with scores and coefficients, and prototypes of
//! masks, become one matte of the chosen classes.
//!
//! A detection's mask is the sigmoid of its coefficients times the prototypes, inside of its box
//! (Bolya et al., "YOLACT: Real-time Instance Segmentation", 2019). What scores below
//! a quarter is none; of detections of the same thing the best one counts. The matte is the
//! strongest mask of each pixel.

mod decode;
mod detections;
mod scores;
#[cfg(test)]
mod tests;

pub(in crate::model) use decode::{decode_instance_bytes, decode_instances};
pub(in crate::model) use detections::Scratch;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::output_kind::OutputKind;
use super::super::signature::TensorInfo;
use super::{OutputPlan, subject};
use crate::frame::{TensorLayout, TensorSpec};
use ort::value::TensorElementType as E;

/// Prototypes of masks that are believed.
const PROTOTYPES: std::ops::RangeInclusive<usize> = 8..=256;

/// How boxes and prototypes are laid out.
#[derive(Debug, Clone, PartialEq)]
pub struct Instances {
    /// Name of the output that holds the prototypes.
    pub prototypes: String,
    /// Number of prototypes, and so of a detection's coefficients.
    pub count: usize,
    /// Number of detections that the output has room for.
    pub detections: usize,
    /// Number of classes, each with a score; 0 where the best detections were chosen in the network,
    /// each with one score and the index of its class.
    pub classes: usize,
    /// Width and height of the network's picture, which boxes are measured in.
    pub picture: (usize, usize),
}

/// The pair of outputs, if these are an instance segmentation's.
fn pair<'a>(
    outputs: &'a [TensorInfo],
    input: &TensorSpec,
) -> Option<(&'a TensorInfo, Instances, (usize, usize))> {
    let [boxes, prototypes] = outputs else {
        return None;
    };
    let (&[Some(1), Some(a), Some(b)], &[Some(1), Some(count), Some(height), Some(width)]) =
        (&boxes.dims[..], &prototypes.dims[..])
    else {
        return None;
    };
    let floats = |output: &TensorInfo| matches!(output.element, Some(E::Float32 | E::Float16));
    let alike = floats(boxes) && boxes.element == prototypes.element;
    if !alike || !PROTOTYPES.contains(&count) || width == 0 || height == 0 {
        return None;
    }
    // A row of box, score, class and coefficients for each detection; or a row of all detections for
    // each number of the box, each class and each coefficient.
    let (detections, classes) = match (a, b) {
        (detections, numbers) if numbers == 6 + count => (detections, 0),
        (numbers, detections) if numbers > 4 + count && detections > count => {
            (detections, numbers - 4 - count)
        }
        _ => return None,
    };
    let picture = (input.width, input.height);
    let name = prototypes.name.clone();
    let instances = Instances {
        prototypes: name,
        count,
        detections,
        classes,
        picture,
    };
    Some((boxes, instances, (width, height)))
}

/// Whether outputs have the shapes of an instance segmentation's.
pub(super) fn are_instances(outputs: &[TensorInfo], input: &TensorSpec) -> bool {
    pair(outputs, input).is_some()
}

/// How to read the outputs of an instance segmentation; none for other networks.
///
/// # Errors
/// They are described as one and are none, or nothing tells the subject.
pub(super) fn resolve(
    context: &ResolveContext,
    outputs: &[TensorInfo],
    input: &TensorSpec,
    guesses: &mut Vec<String>,
) -> Result<Option<OutputPlan>, ModelError> {
    let kind = OutputKind::Instances;
    let declared = context.keys.text("output.kind");
    if declared.is_some_and(|word| word != kind.word()) {
        return Ok(None);
    }
    let Some((boxes, instances, (width, height))) = pair(outputs, input) else {
        let problem = "it needs two outputs of floats: boxes with coefficients, 1xFxN or 1xNxF, and \
                       prototypes, 1xPxHxW";
        return match declared {
            Some(_) => Err(context.contradiction("output.kind", problem)),
            None => Ok(None),
        };
    };
    if declared.is_none() {
        guesses.push(format!(
            "output.kind = \"instances\", since `{}` has the sides of boxes and `{}` those of \
             prototypes",
            boxes.name, instances.prototypes
        ));
    }
    let classes = match instances.classes {
        0 => context.keys.labels().len(),
        count => count,
    };
    let subject = match (context.keys.subject(), classes) {
        (None, 1) => vec![0],
        // The classes of COCO, which begin with persons.
        (None, 80) if context.keys.labels().is_empty() => {
            guesses.push("output.subject = [0], the person of COCO's 80 classes".into());
            vec![0]
        }
        _ => subject::resolve(context, classes, kind, guesses)?,
    };
    Ok(Some(OutputPlan {
        name: boxes.name.clone(),
        kind,
        width,
        height,
        channels: instances.count,
        layout: TensorLayout::Nchw,
        subject,
        classes,
        range: [0.0, 1.0],
        quantised: super::Quantised::default(),
        instances: Some(instances),
    }))
}
