// SPDX-License-Identifier: MPL-2.0

//! Between which numbers a tensor's values lie, as far as the graph itself says it.
//!
//! An activation bounds what it gives (a sigmoid 0 to 1), a Clip says its bounds, and products and
//! sums with constants move them, as quantisation does.

use super::{Node, Outline, REARRANGING};

/// Nodes that are followed from an output back to what bounds it.
const MAX_STEPS: usize = 64;

/// Operators whose values lie between 0 and 1.
const UNIT: &[&str] = &[
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Equal",
    "Not",
    "And",
    "Or",
];

/// Operators beside the [`REARRANGING`] ones whose values stay between those of their input.
const INTERPOLATING: &[&str] = &["Dropout", "Cast", "Resize", "Upsample"];

/// Between which numbers a tensor's values lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least and the greatest value.
    pub range: [f32; 2],
    /// An activation that reaches both ends bounds them, not only a Clip.
    pub activation: bool,
    /// The graph turns the values over: what was the greatest is the least. Whether the subject or
    /// the background is high then cannot be told.
    pub turned: bool,
}

impl Bounds {
    fn activation(low: f32, high: f32) -> Option<Self> {
        Some(Self {
            range: [low, high],
            activation: true,
            turned: false,
        })
    }

    /// The same, turned over if so.
    fn turned_if(self, turned: bool) -> Self {
        let turned = self.turned != turned;
        Self { turned, ..self }
    }

    /// What `change`, which only moves and scales, makes of them.
    fn map(self, change: impl Fn(f32) -> f32) -> Option<Self> {
        let [a, b] = self.range.map(change);
        let range = [a.min(b), a.max(b)];
        let span = (range[1] - range[0]).is_finite() && a != b;
        span.then_some(Self { range, ..self }.turned_if(a > b))
    }
}

impl Outline<'_> {
    /// Between which numbers the values of `tensor` lie; none if the graph does not tell.
    pub fn bounds(&self, tensor: &str) -> Option<Bounds> {
        self.bounds_within(tensor, MAX_STEPS)
    }

    /// As [`Outline::bounds`], within so many steps: a file with a cycle must not hang us.
    fn bounds_within(&self, tensor: &str, steps: usize) -> Option<Bounds> {
        let node = self.maker(tensor)?;
        let steps = steps.checked_sub(1)?;
        let input = |index: usize| self.bounds_within(node.inputs.get(index)?, steps);
        match node.operator {
            "Sigmoid" | "HardSigmoid" => {
                let turned = self.turned_before(node.inputs.first());
                Some(Bounds::activation(0.0, 1.0)?.turned_if(turned))
            }
            operator if UNIT.contains(&operator) => {
                let turned = self.turned_by(node, |index| input(index).is_some_and(|b| b.turned));
                Some(Bounds::activation(0.0, 1.0)?.turned_if(turned))
            }
            "Tanh" | "Softsign" => {
                let turned = self.turned_before(node.inputs.first());
                Some(Bounds::activation(-1.0, 1.0)?.turned_if(turned))
            }
            "QLinearSigmoid" => {
                let unit = Bounds::activation(0.0, 1.0)?;
                let [scale, zero] = [3, 4].map(|index| self.number_at(node, index));
                unit.map(|x| x / scale.unwrap_or(1.0) + zero.unwrap_or(0.0))
            }
            // One class of several; what a softmax gives to all pixels of one channel is no alpha.
            "Slice" | "Gather" if self.operator(node.inputs.first()?) == Some("Softmax") => {
                Some(Bounds::activation(0.0, 1.0)?.turned_if(self.takes_first(node)))
            }
            operator if REARRANGING.contains(&operator) || INTERPOLATING.contains(&operator) => {
                input(0)
            }
            "Neg" => input(0)?.map(|x| -x),
            "Clip" => self.clipped(node, input(0)),
            "QuantizeLinear" | "DequantizeLinear" => {
                let scale = self.number_at(node, 1)?;
                let zero = match node.inputs.get(2) {
                    Some(name) if !name.is_empty() => self.number_at(node, 2)?,
                    _ => 0.0,
                };
                match node.operator {
                    "QuantizeLinear" => input(0)?.map(|x| x / scale + zero),
                    _ => input(0)?.map(|x| (x - zero) * scale),
                }
            }
            "Mul" | "Div" | "Add" | "Sub" => {
                let change = |a: f32, b: f32| match node.operator {
                    "Mul" => a * b,
                    "Div" => a / b,
                    "Add" => a + b,
                    _ => a - b,
                };
                match (self.number_at(node, 0), self.number_at(node, 1)) {
                    (None, Some(b)) => input(0)?.map(|a| change(a, b)),
                    // A constant divided by a value is no scaling of it.
                    (Some(a), None) if node.operator != "Div" => input(1)?.map(|b| change(a, b)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The bounds of a Clip, `inner` being those of what it clips.
    fn clipped(&self, node: &Node, inner: Option<Bounds>) -> Option<Bounds> {
        // Since version 11 of the operator they are inputs, attributes before.
        let limit = |index: usize, name: &str, open: f32| match node.inputs.get(index) {
            Some(input) if !input.is_empty() => self.number_at(node, index),
            _ => Some(node.attribute(name).unwrap_or(open)),
        };
        let low = limit(1, "min", f32::NEG_INFINITY);
        let high = limit(2, "max", f32::INFINITY);
        let within = |bounds: &Bounds| {
            low.is_none_or(|low| bounds.range[0] >= low)
                && high.is_none_or(|high| bounds.range[1] <= high)
        };
        if let Some(inner) = inner.filter(within) {
            return Some(inner);
        }
        let limits = Bounds {
            range: [low?, high?],
            activation: false,
            turned: false,
        };
        limits.map(|x| x)
    }

    /// Whether a value is turned over right before the activation that it goes into.
    fn turned_before(&self, tensor: Option<&&str>) -> bool {
        let turned = || {
            let node = self.maker(tensor?)?;
            Some(match node.operator {
                "Neg" => true,
                "Sub" => self.number_at(node, 0).is_some(),
                "Mul" => {
                    let negative = |index| self.number_at(node, index).is_some_and(|x| x < 0.0);
                    negative(0) || negative(1)
                }
                _ => false,
            })
        };
        turned().unwrap_or(false)
    }

    /// Whether a comparison or a Not is true where a value is low, or is the first class; `is_turned`
    /// tells it of what an input has.
    fn turned_by(&self, node: &Node, is_turned: impl Fn(usize) -> bool) -> bool {
        let limits = [0, 1].map(|index| self.number_at(node, index));
        let (value, limit) = match limits {
            [None, Some(limit)] => (0, limit),
            [Some(limit), None] => (1, limit),
            _ => return node.operator == "Not" && !is_turned(0),
        };
        match node.operator {
            "Greater" | "GreaterOrEqual" => (value == 1) != is_turned(value),
            "Less" | "LessOrEqual" => (value == 0) != is_turned(value),
            "Equal" => limit == 0.0,
            _ => false,
        }
    }

    /// Whether a Slice or Gather takes the first class, which is the background mostly.
    fn takes_first(&self, node: &Node) -> bool {
        let (index, axis) = match node.operator {
            "Slice" => (
                self.number_at(node, 1).or(node.attribute("starts")),
                self.number_at(node, 3).or(node.attribute("axes")),
            ),
            _ => (self.number_at(node, 1), node.attribute("axis")),
        };
        let of_classes = axis.is_some_and(|axis| [1.0, -1.0, 3.0, -3.0].contains(&axis));
        index == Some(0.0) && of_classes
    }
}
