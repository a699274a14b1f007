// SPDX-License-Identifier: MPL-2.0

//! Whether an output's numbers can be what its kind says.
//!
//! A kind that was guessed or described wrongly makes nonsense of the numbers, and nonsense shows
//! the room: an alpha of 0 to 255 that is taken for one of 0 to 1 keeps the whole picture. So
//! numbers are believed only when they can be true. What is outside of its limits fails the frame;
//! it is not clamped.

use std::fmt;

use ndarray::ArrayView2;

use super::super::ModelError;
use super::decode::Sample;
use super::{OutputKind, OutputPlan};

/// Rounding is allowed this much beyond the ends, relative to the range: one step of an 8-bit
/// matte.
const SLACK: f32 = 1.0 / 255.0;

/// Above all class indices if nobody says how many classes there are; up to here
/// [`is_whole`] tells.
const MOST_CLASSES: usize = 1 << 22;

/// What a number of an output may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    low: f32,
    high: f32,
    /// Only whole numbers.
    pub whole: bool,
}

impl Limits {
    /// The limits of an output's kind.
    pub fn of(plan: &OutputPlan) -> Self {
        let whole = plan.kind == OutputKind::Labels;
        let [low, high] = match plan.kind {
            OutputKind::Alpha => ascending(plan.range),
            OutputKind::Softmax => [0.0, 1.0],
            OutputKind::Labels => [0.0, classes_of(plan) as f32 - 1.0],
            // Whatever is finite.
            OutputKind::Logits | OutputKind::Classes | OutputKind::MinMax => {
                let (low, high) = (f32::MIN, f32::MAX);
                return Self { low, high, whole };
            }
        };
        let slack = if whole { 0.0 } else { SLACK * (high - low) };
        Self {
            low: low - slack,
            high: high + slack,
            whole,
        }
    }

    /// Whether a number is within them; NaN and infinity never are.
    #[inline(always)]
    pub fn allow(self, x: f32) -> bool {
        (x >= self.low) & (x <= self.high)
    }
}

/// The lower end first.
fn ascending([a, b]: [f32; 2]) -> [f32; 2] {
    [a.min(b), a.max(b)]
}

/// Whether a number of less than 2^22 is whole. Adding 1.5 * 2^23 leaves no room for a fraction.
#[inline(always)]
pub(super) fn is_whole(x: f32) -> bool {
    (x + 12_582_912.0) - 12_582_912.0 == x
}

/// How far a pixel's probabilities may be from 1 in all: each may be rounded to a byte's step.
pub(super) fn sum_slack(plan: &OutputPlan) -> f32 {
    SLACK * (1.0 + 0.5 * plan.channels as f32)
}

fn classes_of(plan: &OutputPlan) -> usize {
    match plan.classes {
        0 => MOST_CLASSES,
        count => count,
    }
}

/// Numbers that an output of its kind cannot hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Implausible {
    /// What the output was taken for.
    pub kind: OutputKind,
    /// The least and the greatest number that were found.
    pub found: [f32; 2],
    /// What was wrong with them.
    pub fault: Fault,
}

/// In which way numbers are no such output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Numbers below the first or above the second; this is what the limits are.
    Outside([f32; 2]),
    /// A class index that is not whole.
    NotWhole(f32),
    /// A pixel's probabilities add up to this.
    Sum(f32),
}

impl fmt::Display for Implausible {
    /// What was found, what is allowed and which key sets it right, without the model's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, high] = self.found;
        let kind = self.kind.word();
        match self.fault {
            Fault::Outside([least, most]) => write!(
                f,
                "values from {low} to {high}, but output.kind = \"{kind}\" allows {least} to {most}"
            )?,
            Fault::NotWhole(value) => write!(
                f,
                "the value {value}, but output.kind = \"{kind}\" allows whole numbers, the indices \
                 of classes"
            )?,
            Fault::Sum(sum) => write!(
                f,
                "classes that add up to {sum}, but those of output.kind = \"{kind}\" add up to 1"
            )?,
        }
        write!(f, "; {}", self.remedy())
    }
}

impl Implausible {
    /// Which key would make it right.
    fn remedy(&self) -> &'static str {
        let [low, high] = self.found;
        let within = |least: f32, most: f32| low >= least - SLACK && high <= most + SLACK;
        match (self.kind, self.fault) {
            (OutputKind::Alpha, Fault::Outside([0.0, 1.0])) if within(-1.0, 1.0) => {
                "set output.range = [-1, 1] if -1 is the background, output.kind = \"logits\" if a \
                 sigmoid is still to come"
            }
            (OutputKind::Alpha, Fault::Outside([0.0, 1.0])) if within(0.0, 255.0) => {
                "set output.range = [0, 255] if 255 is the subject, output.kind = \"logits\" if a \
                 sigmoid is still to come, \"labels\" if they are classes"
            }
            (OutputKind::Alpha, Fault::Outside([0.0, 1.0])) => {
                "set output.kind = \"logits\" if a sigmoid is still to come, else output.range to \
                 what background and subject are"
            }
            (OutputKind::Alpha, _) => "set output.range to what background and subject are",
            (OutputKind::Labels, Fault::Outside(_)) if low < 0.0 => {
                "set output.kind = \"logits\" if they are no indices of classes"
            }
            (OutputKind::Labels, Fault::Outside(_)) => {
                "set output.labels to the names of all classes"
            }
            (OutputKind::Labels, _) => {
                "set output.kind = \"alpha\" or \"logits\" if they are no indices of classes"
            }
            _ => {
                "set output.kind = \"classes\" if a softmax is still to come; classes that do not \
                 exclude each other cannot be used"
            }
        }
    }
}

/// What is wrong with an output that is not good. Looks at everything again.
pub(super) fn complain<T: Sample>(
    plan: &OutputPlan,
    values: ArrayView2<T>,
    file: &str,
) -> ModelError {
    let (file, output) = (file.to_owned(), plan.name.clone());
    let mut found = [f32::INFINITY, f32::NEG_INFINITY];
    let mut fraction = None;
    for x in values {
        let x = x.value();
        if !x.is_finite() {
            return ModelError::NonFinite { file, output };
        }
        found = [found[0].min(x), found[1].max(x)];
        if x.fract() != 0.0 {
            fraction = Some(x);
        }
    }
    let limits = Limits::of(plan);
    let fault = match (plan.kind, fraction) {
        (OutputKind::Labels, Some(value)) => Fault::NotWhole(value),
        _ if !limits.allow(found[0]) || !limits.allow(found[1]) => {
            Fault::Outside(match plan.kind {
                OutputKind::Alpha => ascending(plan.range),
                OutputKind::Labels => [0.0, classes_of(plan) as f32 - 1.0],
                _ => [0.0, 1.0],
            })
        }
        _ => Fault::Sum(worst_sum(values)),
    };
    let kind = plan.kind;
    let what = Implausible { kind, found, fault };
    ModelError::Implausible { file, output, what }
}

/// The sum of a pixel's probabilities that is farthest from 1.
fn worst_sum<T: Sample>(values: ArrayView2<T>) -> f32 {
    let pixels = values.columns().into_iter();
    let sums = pixels.map(|classes| classes.iter().map(|x| x.value()).sum::<f32>());
    sums.max_by(|a, b| (a - 1.0).abs().total_cmp(&(b - 1.0).abs()))
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "plausible_tests.rs"]
mod tests;
