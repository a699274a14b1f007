// SPDX-License-Identifier: MPL-2.0

//! Numbers that an output cannot hold.

use super::super::output_kind::OutputKind;
use std::fmt;

/// Rounding is allowed this much beyond the ends, relative to the range: one step of an 8-bit
/// matte.
pub(in crate::model) const SLACK: f32 = 1.0 / 255.0;

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
    /// Scores that are all about 0 to 1, where a sigmoid or softmax has nothing to decide.
    Undecided,
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
            Fault::Undecided => write!(
                f,
                "values from {low} to {high} and none beyond, but those of output.kind = \"{kind}\" \
                 are below 0 in the background"
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
            (OutputKind::Instances, _) => "its scores must come with their sigmoid",
            (OutputKind::Logits, _) => {
                "set output.kind = \"alpha\" if they are one already, else \"minmax\""
            }
            (OutputKind::Classes, _) => {
                "set output.kind = \"softmax\" if they add up to 1 already, \"alpha\" if each class \
                 is one of its own"
            }
            _ => {
                "set output.kind = \"classes\" if a softmax is still to come, \"alpha\" if each \
                 class is one of its own"
            }
        }
    }
}
