// SPDX-License-Identifier: MPL-2.0

//! The graph of an ONNX file with the numbers of its weights.

use std::collections::HashMap;

use half::f16;

use crate::model::onnx::wire::{Field, Fields, number, part, text};

/// Why a file is not for this executor. The general engine is then asked, so nobody reads it but
/// tests.
pub(super) type Reason = String;

/// Numbers that the file holds, or that follow from such numbers alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Floats { sides: Vec<usize>, values: Vec<f32> },
    Ints(Vec<i64>),
}

/// An attribute of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Attribute {
    Numbers(Vec<i64>),
    Text(String),
    Constant(Constant),
    Other,
}

/// An operator and what it works on.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub operator: String,
    /// Names of its inputs, empty for one that is left out.
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    attributes: HashMap<String, Attribute>,
}

/// A graph of one input and one output.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub input: String,
    pub output: String,
    pub nodes: Vec<Node>,
    pub constants: HashMap<String, Constant>,
}

impl Node {
    /// An attribute of numbers; empty if there is none.
    pub fn numbers(&self, name: &str) -> &[i64] {
        match self.attributes.get(name) {
            Some(Attribute::Numbers(numbers)) => numbers,
            _ => &[],
        }
    }

    /// An attribute of one number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.numbers(name).first().copied()
    }

    /// An attribute of text; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        match self.attributes.get(name) {
            Some(Attribute::Text(text)) => text,
            _ => "",
        }
    }
}

impl Graph {
    /// Reads a file and folds what its weights are packed in.
    ///
    /// # Errors
    /// It has another form than those of this project, or is broken.
    pub fn read(bytes: &[u8]) -> Result<Self, Reason> {
        let mut graph = Self::default();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut nodes = Vec::new();
        let body = part(bytes, 7)?;
        for item in (Fields { rest: body }) {
            match item? {
                (1, Field::Bytes(bytes)) => nodes.push(node(bytes)?),
                (5, Field::Bytes(bytes)) => {
                    let (name, constant) = tensor(bytes)?;
                    graph.constants.insert(name, constant);
                }
                (11, Field::Bytes(bytes)) => inputs.push((name(bytes)?, bytes)),
                (12, Field::Bytes(bytes)) => outputs.push(name(bytes)?),
                _ => {}
            }
        }
        inputs.retain(|(input, _)| !graph.constants.contains_key(input));
        let ([(input, about)], [output]) = (&inputs[..], &outputs[..]) else {
            let (inputs, outputs) = (inputs.len(), outputs.len());
            return Err(format!("{inputs} inputs, {outputs} outputs"));
        };
        // Its type is two messages deep, and the first number there.
        let kind = number(part(part(about, 2)?, 1)?, 1)?;
        if i64::try_from(kind) != Ok(FLOAT) {
            return Err(format!("a picture of type {kind}"));
        }
        (graph.input, graph.output) = (input.clone(), output.clone());
        for node in nodes {
            match graph.fold(&node) {
                Some(constant) => {
                    let name = node.outputs.into_iter().next().unwrap_or_default();
                    graph.constants.insert(name, constant);
                }
                None => graph.nodes.push(node),
            }
        }
        Ok(graph)
    }

    /// What a node gives if only constants go into it, as weights that are kept in fewer bits do.
    fn fold(&self, node: &Node) -> Option<Constant> {
        let input = |at: usize| self.constants.get(node.inputs.get(at)?);
        match node.operator.as_str() {
            "Constant" => match node.attributes.get("value")? {
                Attribute::Constant(constant) => Some(constant.clone()),
                _ => None,
            },
            // Every constant is of floats or of i64 here already.
            "Cast" => match (input(0)?, node.number("to")?) {
                (floats @ Constant::Floats { .. }, FLOAT) => Some(floats.clone()),
                (ints @ Constant::Ints(_), INT64) => Some(ints.clone()),
                _ => None,
            },
            "Mul" => {
                let (Constant::Floats { sides, values }, Constant::Floats { values: scales, .. }) =
                    (input(0)?, input(1)?)
                else {
                    return None;
                };
                // One scale for each kernel.
                let count = *sides.first()?;
                if scales.len() != count || count == 0 {
                    return None;
                }
                let kernels = values.chunks(values.len() / count).zip(scales);
                let scaled = kernels.flat_map(|(kernel, s)| kernel.iter().map(move |x| x * s));
                Some(Constant::Floats {
                    sides: sides.clone(),
                    values: scaled.collect(),
                })
            }
            _ => None,
        }
    }
}

const FLOAT: i64 = 1;
const INT8: i64 = 3;
const INT64: i64 = 7;
const FLOAT16: i64 = 10;

/// The name of a `ValueInfoProto`.
fn name(bytes: &[u8]) -> Result<String, Reason> {
    Ok(text(part(bytes, 1)?)?.to_owned())
}

fn node(bytes: &[u8]) -> Result<Node, Reason> {
    let mut node = Node::default();
    for item in (Fields { rest: bytes }) {
        match item? {
            (1, Field::Bytes(bytes)) => node.inputs.push(text(bytes)?.to_owned()),
            (2, Field::Bytes(bytes)) => node.outputs.push(text(bytes)?.to_owned()),
            (4, Field::Bytes(bytes)) => node.operator = text(bytes)?.to_owned(),
            (5, Field::Bytes(bytes)) => {
                let (name, attribute) = attribute(bytes)?;
                node.attributes.insert(name, attribute);
            }
            (7, Field::Bytes(domain)) if !domain.is_empty() => {
                return Err(format!("an operator of {}", text(domain)?));
            }
            _ => {}
        }
    }
    Ok(node)
}

fn attribute(bytes: &[u8]) -> Result<(String, Attribute), Reason> {
    let (mut name, mut numbers) = (String::new(), Vec::new());
    let mut other = Attribute::Other;
    for item in (Fields { rest: bytes }) {
        match item? {
            (1, Field::Bytes(bytes)) => name = text(bytes)?.to_owned(),
            (4, Field::Bytes(bytes)) => other = Attribute::Text(text(bytes)?.to_owned()),
            (5, Field::Bytes(bytes)) => other = Attribute::Constant(tensor(bytes)?.1),
            (3 | 8, field) => integers(field, &mut numbers)?,
            _ => {}
        }
    }
    let numbers = (!numbers.is_empty()).then_some(Attribute::Numbers(numbers));
    Ok((name, numbers.unwrap_or(other)))
}

/// Numbers of which writers put all into one field or each into its own.
fn integers(field: Field<'_>, to: &mut Vec<i64>) -> Result<(), Reason> {
    match field {
        Field::Number(number) => to.push(number as i64),
        Field::Bytes(rest) => {
            let mut fields = Fields { rest };
            while !fields.rest.is_empty() {
                to.push(fields.varint()? as i64);
            }
        }
    }
    Ok(())
}

/// Name and numbers of a `TensorProto`.
fn tensor(bytes: &[u8]) -> Result<(String, Constant), Reason> {
    let (mut name, mut kind) = (String::new(), 0);
    let (mut sides, mut raw, mut listed) = (Vec::new(), &[][..], Vec::new());
    let mut floats: &[u8] = &[];
    for item in (Fields { rest: bytes }) {
        match item? {
            (1, field) => integers(field, &mut sides)?,
            (2, Field::Number(number)) => kind = number as i64,
            (4, Field::Bytes(bytes)) => floats = bytes,
            (7, field) => integers(field, &mut listed)?,
            (8, Field::Bytes(bytes)) => name = text(bytes)?.to_owned(),
            (9, Field::Bytes(bytes)) => raw = bytes,
            (13 | 14, _) => return Err("data in another file".into()),
            _ => {}
        }
    }
    let constant = match kind {
        INT64 => {
            let (wide, _) = raw.as_chunks();
            listed.extend(wide.iter().map(|bytes| i64::from_le_bytes(*bytes)));
            Constant::Ints(listed)
        }
        _ => {
            let values: Vec<f32> = match kind {
                FLOAT => {
                    let bytes = if raw.is_empty() { floats } else { raw };
                    let (wide, _) = bytes.as_chunks();
                    wide.iter()
                        .map(|bytes| f32::from_le_bytes(*bytes))
                        .collect()
                }
                FLOAT16 => {
                    let (wide, _) = raw.as_chunks();
                    let value = |bytes: &[u8; 2]| f16::from_le_bytes(*bytes).to_f32();
                    wide.iter().map(value).collect()
                }
                INT8 => raw.iter().map(|byte| f32::from(*byte as i8)).collect(),
                _ => return Err(format!("numbers of type {kind}")),
            };
            let sides = sides.iter().map(|side| usize::try_from(*side).unwrap_or(0));
            let sides: Vec<usize> = sides.collect();
            let count = sides
                .iter()
                .try_fold(1usize, |count, side| count.checked_mul(*side));
            if count != Some(values.len()) {
                return Err(format!("{} values in a tensor of {sides:?}", values.len()));
            }
            Constant::Floats { sides, values }
        }
    };
    Ok((name, constant))
}
