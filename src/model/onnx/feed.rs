// SPDX-License-Identifier: MPL-2.0

//! What a graph does to its picture before the network itself begins: layers that scale and move the
//! values, and the order of the axes that the first convolution takes.

use super::{Node, Outline};

/// Nodes that are followed from an input on.
const MAX_STEPS: usize = 32;

/// Operators that keep the values of a picture, or take them from neighbours.
const KEEPING_SCALE: &[&str] = &[
    "Identity", "Cast", "Dropout", "Clip", "Resize", "Upsample", "Pad",
];

/// What happens to an input before the network begins.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feed {
    /// What the values are multiplied with and what is added then, for each channel in the input's
    /// order; one pair if it is the same for all, none if the graph leaves the values as they are.
    pub changes: Vec<[f32; 2]>,
    /// Which of the input's axes the first convolution takes as its channels.
    pub channel_axis: Option<usize>,
    /// How many channels that takes.
    pub channels: Option<usize>,
    /// The names of the input's sides, empty for one that has none.
    pub sides: Vec<String>,
}

impl Outline<'_> {
    /// Follows an input to its first convolution, or to what is no plain change of values.
    pub fn feed(&self, input: &str) -> Feed {
        let known = self.inputs.iter().find(|(name, _)| *name == input);
        let sides = known.map_or(&[][..], |(_, sides)| &sides[..]);
        let mut feed = Feed {
            sides: sides.iter().map(|side| (*side).to_owned()).collect(),
            ..Feed::default()
        };
        // Which of the input's axes each axis is; none once the number of axes has changed.
        let mut axes = Some(vec![0, 1, 2, 3]);
        let mut tensor = input;
        for _ in 0..MAX_STEPS {
            let users = self
                .nodes
                .iter()
                .filter(|node| node.inputs.contains(&tensor));
            let mut users = users.filter(|node| node.operator != "Shape");
            let (Some(node), None) = (users.next(), users.next()) else {
                break;
            };
            match node.operator {
                operator if KEEPING_SCALE.contains(&operator) => {}
                "Squeeze" | "Unsqueeze" | "Reshape" => axes = None,
                "Transpose" => axes = axes.and_then(|axes| turned(&axes, node)),
                "Conv" | "QLinearConv" => {
                    self.convolved(node, axes.as_deref(), &mut feed);
                    break;
                }
                _ => match self.change(node, tensor) {
                    Some(change) if feed.change(&change) => {}
                    _ => break,
                },
            }
            let Some(next) = node.outputs.first() else {
                break;
            };
            tensor = next;
        }
        feed
    }

    /// What the first convolution tells.
    fn convolved(&self, node: &Node, axes: Option<&[usize]>, feed: &mut Feed) {
        if node.operator == "QLinearConv"
            && let (Some(scale), Some(zero)) = (self.number_at(node, 1), self.number_at(node, 2))
        {
            feed.change(&[[scale, -zero * scale]]);
        }
        let weights = if node.operator == "Conv" { 1 } else { 3 };
        let Some(mut name) = node.inputs.get(weights) else {
            return;
        };
        if let Some(maker) = self.maker(name)
            && let ("DequantizeLinear" | "Cast" | "Identity", Some(inner)) =
                (maker.operator, maker.inputs.first())
        {
            name = inner;
        }
        let Some([_, channels, _, _]) = self.constants.get(name).map(|weights| &weights.sides[..])
        else {
            return;
        };
        let group = node.attribute("group").unwrap_or(1.0) as usize;
        feed.channels = channels.checked_mul(group.max(1));
        feed.channel_axis = axes.and_then(|axes| axes.get(1)).copied();
    }

    /// The factors and summands of a node that only scales and moves `tensor`.
    fn change(&self, node: &Node, tensor: &str) -> Option<Vec<[f32; 2]>> {
        let values = |index: usize| Some(self.constant_at(node, index)?.values.as_slice());
        let first = node.inputs.first() == Some(&tensor);
        match node.operator {
            "BatchNormalization" if first => {
                let [scale, bias] = [values(1)?, values(2)?];
                let [mean, variance] = [values(3)?, values(4)?];
                let epsilon = node.attribute("epsilon").unwrap_or(1e-5);
                let channel = |c: usize| {
                    let factor = scale.get(c)? / (variance.get(c)? + epsilon).sqrt();
                    Some([factor, bias.get(c)? - mean.get(c)? * factor])
                };
                (0..scale.len()).map(channel).collect()
            }
            "DequantizeLinear" | "QuantizeLinear" if first => {
                let scale = self.number_at(node, 1)?;
                let zero = self.number_at(node, 2).unwrap_or(0.0);
                Some(vec![match node.operator {
                    "DequantizeLinear" => [scale, -zero * scale],
                    _ => [1.0 / scale, zero],
                }])
            }
            "Add" | "Sub" | "Mul" | "Div" => {
                let other = values(usize::from(first))?;
                let change = |&value: &f32| match (node.operator, first) {
                    ("Add", _) => Some([1.0, value]),
                    ("Sub", true) => Some([1.0, -value]),
                    ("Sub", false) => Some([-1.0, value]),
                    ("Mul", _) => Some([value, 0.0]),
                    ("Div", true) => Some([1.0 / value, 0.0]),
                    _ => None,
                };
                other.iter().map(change).collect()
            }
            _ => None,
        }
    }
}

impl Feed {
    /// Appends a change; false if its channels are not those of the changes before.
    fn change(&mut self, next: &[[f32; 2]]) -> bool {
        let before = std::mem::take(&mut self.changes);
        let sound = |[a, b]: &[f32; 2]| a.is_finite() && b.is_finite() && *a != 0.0;
        let count = before.len().max(next.len());
        let fits = |list: &[[f32; 2]]| list.len() <= 1 || list.len() == count;
        if !matches!(next.len(), 1 | 3 | 4) || !fits(&before) || !fits(next) {
            self.changes = before;
            return false;
        }
        let of = |list: &[[f32; 2]], c: usize| match list {
            [] => [1.0, 0.0],
            [only] => *only,
            several => several[c],
        };
        let both = |c: usize| {
            let ([a, b], [factor, summand]) = (of(&before, c), of(next, c));
            [a * factor, b * factor + summand]
        };
        let changes: Vec<[f32; 2]> = (0..count).map(both).collect();
        let good = changes.iter().all(sound);
        self.changes = if good { changes } else { before };
        good
    }
}

/// Which of the input's axes each axis is after a Transpose.
fn turned(axes: &[usize], node: &Node) -> Option<Vec<usize>> {
    let order = &node.numbers("perm")?.values;
    if order.len() != axes.len() {
        return None;
    }
    order
        .iter()
        .map(|&axis| axes.get(axis as usize).copied())
        .collect()
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
