// SPDX-License-Identifier: MPL-2.0

//! What the whole numbers of a quantised output stand for.

use super::{Outline, REARRANGING};

/// A whole number `q` stands for `scale * (q - zero)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantised {
    /// What one step is worth, above 0.
    pub scale: f32,
    /// The whole number that stands for 0.
    pub zero: f32,
}

impl Default for Quantised {
    /// Numbers that stand for themselves.
    fn default() -> Self {
        let (scale, zero) = (1.0, 0.0);
        Self { scale, zero }
    }
}

impl Outline<'_> {
    /// What the numbers of `output` stand for, if its last operator of meaning quantises.
    pub fn quantised(&self, output: &str) -> Option<Quantised> {
        let mut node = self.maker(output)?;
        // Every step goes to another tensor; a file with a cycle must not hang us.
        for _ in 0..self.makers.len() {
            if !REARRANGING.contains(&node.operator) {
                break;
            }
            node = self.maker(node.inputs.first()?)?;
        }
        // Where the operator's inputs hold scale and zero point of its output.
        let [scale, zero] = match node.operator {
            "QuantizeLinear" => [1, 2],
            "QLinearConv" => [6, 7],
            "QLinearSigmoid" | "QLinearSoftmax" | "QLinearLeakyRelu" => [3, 4],
            _ => return None,
        };
        let given = node.inputs.get(zero).is_some_and(|name| !name.is_empty());
        let zero = match given {
            true => self.number_at(node, zero)?,
            false => 0.0,
        };
        let scale = self.number_at(node, scale)?;
        let sound = scale > 0.0 && scale.is_finite() && zero.is_finite();
        sound.then_some(Quantised { scale, zero })
    }
}
