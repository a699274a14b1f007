// SPDX-License-Identifier: MPL-2.0

//! What a TensorFlow Lite file says about its outputs: which operator makes each, what its whole
//! numbers stand for. Other elements run such files; their tensors tell none of this.
//!
//! A `.tflite` file is a FlatBuffer with the root `Model` (schema.fbs of TensorFlow Lite, version 3;
//! the numbers of fields and operators are part of the format). Nothing is copied but names.

mod flatbuffer;

use std::collections::HashMap;

use flatbuffer::{Table, root};

use super::onnx::{Bounds, Quantised};
use super::signature::GraphHint;

/// Nodes that are followed from an output back to what gives it its meaning.
const MAX_STEPS: usize = 64;

/// Outputs that are looked at, and outputs of nodes that are known: far more than real files have.
/// Vectors in a made-up file may share their bytes, and so be long and many.
const MAX_OUTPUTS: usize = 64;
const MAX_MADE: usize = 1 << 20;

/// Operators that change the place or the type of numbers, but not what they mean: DEQUANTIZE,
/// RESHAPE, RESIZE_BILINEAR, TRANSPOSE, SQUEEZE, CAST, EXPAND_DIMS, RESIZE_NEAREST_NEIGHBOR,
/// QUANTIZE.
const PASSING: [i32; 9] = [6, 22, 23, 39, 43, 53, 70, 97, 114];

/// Operators that give an output its meaning, by the words that ONNX has for them.
const WORDS: [(i32, &str); 8] = [
    (3, "Conv"),
    (4, "Conv"),
    (14, "Sigmoid"),
    (25, "Softmax"),
    (28, "Tanh"),
    (50, "LogSoftmax"),
    (56, "ArgMax"),
    (67, "ConvTranspose"),
];

/// NEG and SUB: values are turned over.
const TURNING: [i32; 2] = [59, 41];

/// The outputs of a file, in its order: name, and what the graph says of each. Empty if the bytes
/// are no such file.
pub(super) fn outputs(bytes: &[u8]) -> Vec<(String, GraphHint)> {
    Model::read(bytes).map_or(Vec::new(), |model| model.outputs())
}

/// A file's first graph.
struct Model<'a> {
    graph: Table<'a>,
    /// The node that makes each tensor: its operator and first input.
    makers: HashMap<i32, (i32, Option<i32>)>,
}

impl<'a> Model<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let model = root(bytes, *b"TFL3")?;
        let code = |code: Table| {
            // Older files have only a byte, newer ones both.
            let old = i32::from(code.byte(0).unwrap_or(0));
            code.number(3).unwrap_or(0).max(old)
        };
        let codes: Vec<i32> = model.tables(1).map(code).collect();
        let graph = model.tables(2).next()?;
        let operator = |node: Table| {
            let code = usize::try_from(node.number(0).unwrap_or(0)).ok()?;
            codes.get(code).copied()
        };
        let nodes = graph.tables(3).take(MAX_MADE);
        let made = nodes.flat_map(|node| {
            let made = operator(node).map(|operator| (operator, node.numbers(1).next()));
            made.into_iter().flat_map(move |made| {
                let outputs = node.numbers(2);
                outputs.map(move |output| (output, made))
            })
        });
        let mut makers = HashMap::new();
        for (output, made) in made.take(MAX_MADE) {
            makers.entry(output).or_insert(made);
        }
        Some(Self { graph, makers })
    }

    fn outputs(&self) -> Vec<(String, GraphHint)> {
        let described = |index: i32| {
            let name = self.tensor(index)?.text(3).unwrap_or_default();
            Some((name.to_owned(), self.hint(index)))
        };
        let outputs = self.graph.numbers(2).take(MAX_OUTPUTS);
        outputs.filter_map(described).collect()
    }

    fn tensor(&self, index: i32) -> Option<Table<'a>> {
        self.graph.tables(0).nth(usize::try_from(index).ok()?)
    }

    /// The node that makes a tensor: its operator and first input.
    fn maker(&self, tensor: i32) -> Option<(i32, Option<i32>)> {
        self.makers.get(&tensor).copied()
    }

    /// What the graph says of an output.
    fn hint(&self, output: i32) -> GraphHint {
        let quantised = self.tensor(output).and_then(quantised);
        let (mut tensor, mut hint) = (output, GraphHint::default());
        // A file with a cycle must not hang us.
        for _ in 0..MAX_STEPS {
            let Some((operator, input)) = self.maker(tensor) else {
                break;
            };
            if !PASSING.contains(&operator) {
                let word = WORDS.iter().find(|(known, _)| *known == operator);
                hint.operator = word.map(|(_, word)| (*word).to_owned());
                let before = input.and_then(|input| self.maker(input));
                let turned = before.is_some_and(|(operator, _)| TURNING.contains(&operator));
                hint.bounds = bounds(operator, turned, quantised.unwrap_or_default());
                break;
            }
            let Some(input) = input else { break };
            tensor = input;
        }
        GraphHint { quantised, ..hint }
    }
}

/// What the whole numbers of a tensor stand for; none if they stand for themselves.
fn quantised(tensor: Table) -> Option<Quantised> {
    let about = tensor.table(4)?;
    let scale = about.floats(2).next()?;
    let zero = about.longs(3).next().unwrap_or(0) as f32;
    let sound = scale.is_finite() && scale > 0.0 && scale.recip().is_finite();
    sound.then_some(Quantised { scale, zero })
}

/// Between which numbers an activation's values lie, as they stand in the tensor.
fn bounds(operator: i32, turned: bool, quantised: Quantised) -> Option<Bounds> {
    let ends = match operator {
        14 => [0.0, 1.0],
        28 => [-1.0, 1.0],
        _ => return None,
    };
    let range = ends.map(|x: f32| x / quantised.scale + quantised.zero);
    // A zero point far away leaves no room for steps.
    (range[0] < range[1]).then_some(Bounds {
        range,
        activation: true,
        turned,
    })
}

#[cfg(test)]
mod tests;
