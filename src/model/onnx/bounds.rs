// SPDX-License-Identifier: MPL-2.0

//! Between which numbers a tensor's values lie, as far as the graph itself says it.
//!
//! An activation bounds what it gives (a sigmoid 0 to 1), a Clip says its bounds, and products and
//! sums with constants move them, as quantisation does.

use super::{Node, Outline};

/// Nodes that are followed from an output back to what bounds it.
const MAX_STEPS: usize = 64;

/// Operators whose values lie between 0 and 1.
const UNIT: &[&str] = &[
    "Sigmoid",
    "HardSigmoid",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Equal",
    "Not",
    "And",
    "Or",
];

/// Operators that keep values as they are, or between their neighbours.
const SAME: &[&str] = &[
    "Identity",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Slice",
    "Gather",
    "Flatten",
    "Dropout",
    "Cast",
    "Resize",
    "Upsample",
];

/// Between which numbers a tensor's values lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least and the greatest value.
    pub range: [f32; 2],
    /// An activation that reaches both ends bounds them, not only a Clip.
    pub activation: bool,
}

impl Bounds {
    fn activation(low: f32, high: f32) -> Option<Self> {
        Some(Self {
            range: [low, high],
            activation: true,
        })
    }

    /// What `change`, which only moves and scales, makes of them.
    fn map(self, change: impl Fn(f32) -> f32) -> Option<Self> {
        let [a, b] = self.range.map(change);
        let range = [a.min(b), a.max(b)];
        let span = (range[1] - range[0]).is_finite() && a != b;
        span.then_some(Self { range, ..self })
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
            operator if UNIT.contains(&operator) => Bounds::activation(0.0, 1.0),
            "Tanh" | "Softsign" => Bounds::activation(-1.0, 1.0),
            // One class of several; what a softmax gives to all pixels of one channel is no alpha.
            "Slice" | "Gather" if self.operator(node.inputs.first()?) == Some("Softmax") => {
                Bounds::activation(0.0, 1.0)
            }
            operator if SAME.contains(&operator) => input(0),
            "Neg" => input(0)?.map(|x| -x),
            "Clip" => self.clipped(node, input(0)),
            "QuantizeLinear" | "DequantizeLinear" => {
                let scale = self.constant(node, 1)?;
                let zero = match node.inputs.get(2) {
                    Some(name) if !name.is_empty() => self.constant(node, 2)?,
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
                match (self.constant(node, 0), self.constant(node, 1)) {
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
            Some(input) if !input.is_empty() => self.constant(node, index),
            _ => {
                let mut attributes = node.attributes.iter();
                let found = attributes.find(|(known, _)| *known == name);
                Some(found.map_or(open, |(_, value)| *value))
            }
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
        };
        limits.map(|x| x)
    }

    /// The value of a constant input of one number.
    fn constant(&self, node: &Node, index: usize) -> Option<f32> {
        self.scalars.get(node.inputs.get(index)?).copied()
    }
}
