// SPDX-License-Identifier: MPL-2.0

//! Instance segmentation as YOLO gives it: boxes with scores and coefficients, and prototypes of
//! masks, become one matte of the chosen classes.
//!
//! A detection's mask is the sigmoid of its coefficients times the prototypes, inside of its box
//! (Bolya et al., "YOLACT: Real-time Instance Segmentation", 2019). What scores below
//! [`LEAST_SCORE`] is none; of detections of the same thing the best one counts. The matte is the
//! strongest mask of each pixel.

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::error::{Fault, Implausible, SLACK};
use super::super::output_kind::OutputKind;
use super::super::signature::TensorInfo;
use super::numbers::{byte, exp};
use super::sample::Sample;
use super::{OutputPlan, subject};
use crate::frame::{GrayImage, TensorLayout, TensorSpec};
use ort::value::{DynTensor, TensorElementType as E};

/// Detections that score less are none, as in Ultralytics' own programs.
const LEAST_SCORE: f32 = 0.25;
/// Boxes that share more of their area show the same thing.
const SAME_BOX: f32 = 0.7;
/// Detections that are looked at in a frame, the best ones.
const MOST: usize = 64;
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

/// A detection: its box in the picture, what it scores, where it stands.
#[derive(Debug, Clone, Copy, Default)]
struct Detection {
    score: f32,
    index: usize,
    /// Left, top, right and bottom.
    area: [f32; 4],
}

impl Detection {
    /// The share of both boxes that both have.
    fn overlap(&self, other: &Self) -> f32 {
        let [left, top] = [0, 1].map(|i| self.area[i].max(other.area[i]));
        let [right, bottom] = [2, 3].map(|i| self.area[i].min(other.area[i]));
        let both = (right - left).max(0.0) * (bottom - top).max(0.0);
        let size = |[l, t, r, b]: [f32; 4]| (r - l).max(0.0) * (b - t).max(0.0);
        both / (size(self.area) + size(other.area) - both).max(f32::MIN_POSITIVE)
    }
}

/// Memory for a frame's detections, made once.
#[derive(Debug, Default)]
pub(in crate::model) struct Scratch {
    found: Vec<Detection>,
    /// The least score among them.
    least: f32,
    row: Vec<f32>,
}

impl Scratch {
    /// Memory for what `plan` reads; none if it reads no instances.
    pub fn new(plan: &OutputPlan) -> Self {
        if plan.instances.is_none() {
            return Self::default();
        }
        Self {
            found: Vec::with_capacity(MOST),
            least: f32::INFINITY,
            row: vec![0.0; plan.width],
        }
    }

    /// Keeps a detection if it is among the best.
    fn offer(&mut self, detection: Detection) {
        if self.found.len() < MOST {
            self.least = self.least.min(detection.score);
            self.found.push(detection);
            return;
        }
        if detection.score <= self.least {
            return;
        }
        let weakest = |a: &&mut Detection, b: &&mut Detection| a.score.total_cmp(&b.score);
        if let Some(weakest) = self.found.iter_mut().min_by(weakest) {
            *weakest = detection;
        }
        let scores = self.found.iter().map(|detection| detection.score);
        self.least = scores.fold(f32::INFINITY, f32::min);
    }

    fn clear(&mut self) {
        self.found.clear();
        self.least = f32::INFINITY;
    }

    /// The best first, each thing once.
    fn keep_best(&mut self) {
        self.found
            .sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
        let mut kept = 0;
        for i in 0..self.found.len() {
            let next = self.found[i];
            let seen = self.found[..kept]
                .iter()
                .any(|best| best.overlap(&next) > SAME_BOX);
            if !seen {
                self.found[kept] = next;
                kept += 1;
            }
        }
        self.found.truncate(kept);
    }
}

/// Decodes both outputs into `matte`, which gets the prototypes' size. `file` is the model's name in
/// errors.
///
/// # Errors
/// As for other outputs: numbers that are not finite, scores that are none, tensors of other shapes.
pub(in crate::model) fn decode_instances(
    plan: &OutputPlan,
    [boxes, prototypes]: [&DynTensor; 2],
    scratch: &mut Scratch,
    matte: &mut GrayImage,
    file: &str,
) -> Result<(), ModelError> {
    let wrong = |message: &str| ModelError::Run {
        file: file.to_owned(),
        message: message.to_owned(),
    };
    let Some(instances) = &plan.instances else {
        return Err(wrong("no plan for instances"));
    };
    macro_rules! with {
        ($type:ty) => {{
            let error = |error: ort::Error| ModelError::run(file, &error);
            let (_, boxes) = boxes.try_extract_tensor::<$type>().map_err(error)?;
            let (_, prototypes) = prototypes.try_extract_tensor::<$type>().map_err(error)?;
            let read = Read {
                plan,
                instances,
                boxes,
                prototypes,
            };
            read.matte(scratch, matte, file)
        }};
    }
    match *boxes.data_type() {
        E::Float32 => with!(f32),
        E::Float16 => with!(half::f16),
        _ => Err(wrong("boxes are floats")),
    }
}

/// The values of one run.
struct Read<'a, T> {
    plan: &'a OutputPlan,
    instances: &'a Instances,
    boxes: &'a [T],
    prototypes: &'a [T],
}

impl<T: Sample> Read<'_, T> {
    fn matte(
        &self,
        scratch: &mut Scratch,
        matte: &mut GrayImage,
        file: &str,
    ) -> Result<(), ModelError> {
        let (plan, instances) = (self.plan, self.instances);
        let numbers = match instances.classes {
            0 => 6,
            classes => 4 + classes,
        };
        let sizes = [
            instances.detections * (numbers + instances.count),
            instances.count * plan.width * plan.height,
        ];
        if sizes != [self.boxes.len(), self.prototypes.len()] {
            let message = format!(
                "{} and {} values, expected {sizes:?}",
                self.boxes.len(),
                self.prototypes.len()
            );
            return Err(ModelError::Run {
                file: file.into(),
                message,
            });
        }
        matte.resize(plan.width, plan.height);
        matte.data_mut().fill(0);
        scratch.clear();
        let [low, high] = self.find(scratch);
        let name = || (file.to_owned(), plan.name.clone());
        let not_finite = || {
            let (file, output) = name();
            Err(ModelError::NonFinite { file, output })
        };
        if !low.is_finite() || !high.is_finite() {
            return not_finite();
        }
        if low < -SLACK || high > 1.0 + SLACK {
            let (kind, found) = (plan.kind, [low, high]);
            let fault = Fault::Outside([0.0, 1.0]);
            let what = Implausible { kind, found, fault };
            let (file, output) = name();
            return Err(ModelError::Implausible { file, output, what });
        }
        scratch.keep_best();
        let mut sound = true;
        for at in 0..scratch.found.len() {
            let detection = scratch.found[at];
            sound &= self.draw(&detection, &mut scratch.row, matte);
        }
        match sound {
            true => Ok(()),
            false => not_finite(),
        }
    }

    /// A number of a detection: those of the box come first, the coefficients last.
    fn number(&self, detection: usize, number: usize) -> f32 {
        let Instances {
            count,
            detections,
            classes,
            ..
        } = *self.instances;
        let at = match classes {
            0 => detection * (6 + count) + number,
            _ => number * detections + detection,
        };
        self.boxes[at].value()
    }

    /// Finds the subject's detections; returns the least and the greatest score, NaN if one is.
    fn find(&self, scratch: &mut Scratch) -> [f32; 2] {
        let detections = self.instances.detections;
        let mut range = [0.0f32; 2];
        let mut look = |score: f32, index: usize| {
            // Comparisons with NaN are false, and would hide it.
            range = match score.is_nan() {
                true => [f32::NAN; 2],
                false if range[0].is_nan() => range,
                false => [range[0].min(score), range[1].max(score)],
            };
            if score >= LEAST_SCORE {
                let area = self.area(index);
                scratch.offer(Detection { score, index, area });
            }
        };
        if self.instances.classes == 0 {
            for index in 0..detections {
                let class = self.number(index, 5);
                if self.plan.subject.iter().any(|&kept| kept as f32 == class) {
                    look(self.number(index, 4), index);
                }
            }
        } else {
            for class in &self.plan.subject {
                let scores = &self.boxes[(4 + class) * detections..][..detections];
                let scores = scores.iter().enumerate();
                scores.for_each(|(index, score)| look(score.value(), index));
            }
        }
        range
    }

    /// The box of a detection in the picture.
    fn area(&self, detection: usize) -> [f32; 4] {
        let [a, b, c, d] = [0, 1, 2, 3].map(|number| self.number(detection, number));
        match self.instances.classes {
            0 => [a, b, c, d],
            // Middle, width and height.
            _ => [a - c / 2.0, b - d / 2.0, a + c / 2.0, b + d / 2.0],
        }
    }

    /// Draws a detection's mask into its box. False if it holds what is not finite.
    fn draw(&self, detection: &Detection, row: &mut [f32], matte: &mut GrayImage) -> bool {
        let (width, height) = (self.plan.width, self.plan.height);
        let (across, down) = self.instances.picture;
        let place = |x: f32, picture: usize, side: usize| {
            (x * side as f32 / picture as f32)
                .ceil()
                .clamp(0.0, side as f32) as usize
        };
        let [left, top, right, bottom] = detection.area;
        let (left, right) = (place(left, across, width), place(right, across, width));
        let (top, bottom) = (place(top, down, height), place(bottom, down, height));
        let first = match self.instances.classes {
            0 => 6,
            classes => 4 + classes,
        };
        let mut sound = detection.area.iter().all(|x| x.is_finite());
        for y in top..bottom {
            if left >= right {
                break;
            }
            let row = &mut row[left..right];
            row.fill(0.0);
            for prototype in 0..self.instances.count {
                let coefficient = self.number(detection.index, first + prototype);
                let values = &self.prototypes[(prototype * height + y) * width + left..];
                for (sum, value) in row.iter_mut().zip(values) {
                    *sum += coefficient * value.value();
                }
            }
            let out = &mut matte.data_mut()[y * width + left..][..row.len()];
            for (out, x) in out.iter_mut().zip(row.iter()) {
                sound &= x.is_finite();
                *out = (*out).max(byte(255.0 / (1.0 + exp(-x))));
            }
        }
        sound
    }
}

#[cfg(test)]
#[path = "instances_tests.rs"]
mod tests;
