// SPDX-License-Identifier: MPL-2.0

//! Whether an output's numbers can be what its kind says.
//!
//! A kind that was guessed or described wrongly makes nonsense of the numbers, and nonsense shows
//! the room: an alpha of 0 to 255 that is taken for one of 0 to 1 keeps the whole picture. So
//! numbers are believed only when they can be true. What is outside of its limits fails the frame;
//! it is not clamped.

use ndarray::ArrayView2;

use super::super::error::{Fault, Implausible, ModelError, SLACK};
use super::super::onnx::Quantised;
use super::sample::Sample;
use super::{OutputKind, OutputPlan};

/// Above all class indices if nobody says how many classes there are; up to here
/// [`is_whole`] tells.
const MOST_CLASSES: usize = 1 << 22;

/// How far scores that nothing has decided yet are from 0 to 1: a sigmoid makes 0.44 to 0.78 of them,
/// which is neither subject nor background.
const UNDECIDED: f32 = 0.25;

/// What a number of an output may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    low: f32,
    high: f32,
    /// Only whole numbers.
    pub whole: bool,
    /// Scores that all lie between these are no scores.
    undecided: [f32; 2],
}

impl Limits {
    /// The limits of an output's kind, in the tensor's own numbers.
    pub fn of(plan: &OutputPlan) -> Self {
        let Quantised { scale, zero } = plan.quantised;
        let own = |x: f32| x / scale + zero;
        let whole = plan.kind == OutputKind::Labels;
        let [low, high] = match plan.kind {
            OutputKind::Alpha => ascending(plan.range),
            OutputKind::Softmax | OutputKind::Instances => [own(0.0), own(1.0)],
            OutputKind::Labels => [0.0, classes_of(plan) as f32 - 1.0],
            // Whatever is finite.
            OutputKind::Logits | OutputKind::Classes | OutputKind::MinMax => [f32::MIN, f32::MAX],
        };
        let slack = match plan.kind {
            OutputKind::Alpha | OutputKind::Softmax => SLACK * (high - low),
            _ => 0.0,
        };
        Self {
            low: low - slack,
            high: high + slack,
            whole,
            undecided: [own(-UNDECIDED), own(1.0 + UNDECIDED)],
        }
    }

    /// Whether some of the scores are beyond what is undecided. The first ones mostly are.
    pub fn are_decided<'a, T: Sample + 'a>(self, scores: impl IntoIterator<Item = &'a T>) -> bool {
        let [low, high] = self.undecided;
        let inside = |x: f32| (x >= low) & (x <= high);
        scores.into_iter().any(|x| !inside(x.value()))
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

/// What a pixel's probabilities are in all, in the tensor's own numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    /// What those of all classes may add up to. Each may be rounded to a byte's step, or to its own.
    low: f32,
    high: f32,
    /// The subject's share, 0 to 255, is this times what its classes add up to, and the offset.
    pub factor: f32,
    pub offset: f32,
}

impl Sum {
    pub fn of(plan: &OutputPlan) -> Self {
        let Quantised { scale, zero } = plan.quantised;
        let classes = plan.channels as f32;
        let slack = match plan.quantised == Quantised::default() {
            true => SLACK * (1.0 + 0.5 * classes),
            false => SLACK + classes * scale.max(SLACK) * 0.5,
        };
        let own = |sum: f32| sum / scale + classes * zero;
        Self {
            low: own(1.0 - slack),
            high: own(1.0 + slack),
            factor: 255.0 * scale,
            offset: -255.0 * scale * zero * plan.subject.len() as f32,
        }
    }

    /// Whether the numbers of all classes, which add up to `sum`, can be probabilities.
    #[inline(always)]
    pub fn is_one(&self, sum: f32) -> bool {
        (sum >= self.low) & (sum <= self.high)
    }

    /// The factor of a class that is kept; else 0.
    #[inline(always)]
    pub fn factor_of(&self, plan: &OutputPlan, class: usize) -> f32 {
        self.factor * f32::from(u8::from(plan.subject.contains(&class)))
    }
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
    let Quantised { scale, zero } = plan.quantised;
    let real = |x: f32| (x - zero) * scale;
    let fault = match (plan.kind, fraction) {
        (OutputKind::Labels, Some(value)) => Fault::NotWhole(value),
        _ if !limits.allow(found[0]) || !limits.allow(found[1]) => {
            Fault::Outside(match plan.kind {
                OutputKind::Alpha => ascending(plan.range),
                OutputKind::Labels => [0.0, classes_of(plan) as f32 - 1.0],
                _ => [0.0, 1.0],
            })
        }
        (OutputKind::Logits | OutputKind::Classes, _) => Fault::Undecided,
        _ => Fault::Sum(worst_sum(values.map(|x| real(x.value())).view())),
    };
    if plan.kind != OutputKind::Alpha {
        found = found.map(real);
    }
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
