// SPDX-License-Identifier: MPL-2.0

//! From the values of one run to the matte.

use super::Instances;
use super::detections::{Detection, Scratch};
use super::scores::{range_of, wider};
use crate::frame::GrayImage;
use crate::model::ModelError;
use crate::model::error::{Fault, Implausible, SLACK};
use crate::model::numbers::{byte, exp};
use crate::model::output::OutputPlan;
use crate::model::output::memory::numbers;
use crate::model::output::sample::Sample;
use crate::model::tensors::Tensor;
use ort::value::TensorElementType as E;

/// Detections that score less are none, as in Ultralytics' own programs.
pub(super) const LEAST_SCORE: f32 = 0.25;

/// Scores that are looked at together.
const BLOCK: usize = 128;

/// Decodes both outputs into `matte`, which gets the prototypes' size. `file` is the model's name in
/// errors.
///
/// # Errors
/// As for other outputs: numbers that are not finite, scores that are none, tensors of other shapes.
pub(in crate::model) fn decode_instances(
    plan: &OutputPlan,
    [boxes, prototypes]: [&Tensor; 2],
    scratch: &mut Scratch,
    matte: &mut GrayImage,
    file: &str,
) -> Result<(), ModelError> {
    let wrong = |message: &str| ModelError::Run {
        file: file.to_owned(),
        message: message.to_owned(),
    };
    macro_rules! with {
        ($type:ty) => {{
            let (boxes, prototypes) = (boxes.values::<$type>(), prototypes.values::<$type>());
            read(plan, [boxes, prototypes], scratch, matte, file)
        }};
    }
    match boxes.element() {
        E::Float32 => with!(f32),
        E::Float16 => with!(half::f16),
        _ => Err(wrong("boxes are floats")),
    }
}

/// As [`decode_instances`], from the memory of tensors that are not ONNX Runtime's; both are of the
/// type `element`.
///
/// # Errors
/// As for [`decode_instances`]; [`ModelError::Tensor`] if the memory holds no such tensors.
pub(in crate::model) fn decode_instance_bytes(
    plan: &OutputPlan,
    (element, [boxes, prototypes]): (E, [&[u8]; 2]),
    scratch: &mut Scratch,
    matte: &mut GrayImage,
    file: &str,
) -> Result<(), ModelError> {
    let wrong = |problem| ModelError::tensor(file, &plan.name, problem);
    macro_rules! with {
        ($type:ty) => {{
            let boxes = numbers::<$type>(boxes).map_err(wrong)?;
            let prototypes = numbers::<$type>(prototypes).map_err(wrong)?;
            read(plan, [boxes, prototypes], scratch, matte, file)
        }};
    }
    match element {
        E::Float32 => with!(f32),
        E::Float16 => with!(half::f16),
        _ => Err(wrong("boxes are floats".into())),
    }
}

/// The matte of the values of both outputs.
fn read<T: Sample>(
    plan: &OutputPlan,
    [boxes, prototypes]: [&[T]; 2],
    scratch: &mut Scratch,
    matte: &mut GrayImage,
    file: &str,
) -> Result<(), ModelError> {
    let Some(instances) = &plan.instances else {
        return Err(ModelError::tensor(
            file,
            &plan.name,
            "no plan for instances",
        ));
    };
    let read = Read {
        plan,
        instances,
        boxes,
        prototypes,
    };
    read.matte(scratch, matte, file)
}

/// The values of one run.
pub(super) struct Read<'a, T> {
    pub(super) plan: &'a OutputPlan,
    pub(super) instances: &'a Instances,
    pub(super) boxes: &'a [T],
    pub(super) prototypes: &'a [T],
}

impl<T: Sample> Read<'_, T> {
    /// The matte, into `matte`; see [`decode_instances`].
    pub(super) fn matte(
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

    /// Finds the subject's detections; returns the least and the greatest score, NaN if one is not
    /// finite.
    pub(super) fn find(&self, scratch: &mut Scratch) -> [f32; 2] {
        let detections = self.instances.detections;
        let mut range = [0.0f32; 2];
        let mut offer = |score: f32, index: usize| {
            if score >= LEAST_SCORE {
                let area = self.area(index);
                scratch.offer(Detection { score, index, area });
            }
        };
        if self.instances.classes == 0 {
            for index in 0..detections {
                let class = self.number(index, 5);
                if self.plan.subject.iter().any(|&kept| kept as f32 == class) {
                    let score = self.number(index, 4);
                    range = wider(range, range_of(&[score]));
                    offer(score, index);
                }
            }
            return range;
        }
        for class in &self.plan.subject {
            let scores = &self.boxes[(4 + class) * detections..][..detections];
            for (block, scores) in scores.chunks(BLOCK).enumerate() {
                let [low, high] = range_of(scores);
                range = wider(range, [low, high]);
                // Most blocks have nothing that scores enough.
                if high < LEAST_SCORE {
                    continue;
                }
                for (index, score) in (block * BLOCK..).zip(scores) {
                    offer(score.value(), index);
                }
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
