// SPDX-License-Identifier: MPL-2.0

//! Whether an output's numbers can be what its kind says.
//!
//! A kind that was guessed or described wrongly makes nonsense of the numbers, and nonsense shows
//! the room: an alpha of 0 to 255 that is taken for one of 0 to 1 keeps the whole picture. So
//! numbers are believed only when they can be true. What is outside of its limits fails the frame;
//! it is not clamped.

use ndarray::ArrayView2;

use super::super::error::{Fault, Implausible, ModelError, SLACK};
use super::sample::Sample;
use super::{OutputKind, OutputPlan};

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
