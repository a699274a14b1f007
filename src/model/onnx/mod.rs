// SPDX-License-Identifier: MPL-2.0

//! A look into an ONNX file before ONNX Runtime gets it: is it one at all, which files outside of
//! it does it name, which operator makes an output, what does its metadata say.
//!
//! An ONNX file is one protobuf message `ModelProto` (onnx.proto of ONNX 1.x; the numbers of the
//! fields are part of the format). Nothing is copied.

mod bounds;
mod confine;
mod constant;
mod feed;
mod quantised;
mod traits;
pub(in crate::model) mod wire;

use std::collections::{HashMap, HashSet};

pub use bounds::Bounds;
pub(in crate::model) use confine::folder_of;
pub use feed::Feed;
pub use quantised::Quantised;

use constant::Constant;

use super::ModelError;
use wire::{Field, Fields, part, text};

/// Graphs inside of graphs (branches, loop bodies) that are followed.
const MAX_DEPTH: usize = 32;

/// Operators that put the numbers of a tensor elsewhere and change none.
const REARRANGING: &[&str] = &[
    "Identity",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Slice",
    "Gather",
    "Flatten",
];

/// Operators that change the shape or the type of a tensor, but not what its values mean.
const SHAPE_OPERATORS: &[&str] = &[
    "Identity",
    "Cast",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Resize",
    "Upsample",
    "Slice",
    "Flatten",
    "Dropout",
    "DequantizeLinear",
    "QuantizeLinear",
];

/// What [`Outline::read`] finds.
#[derive(Debug, Default)]
pub struct Outline<'a> {
    /// Locations of tensors that are kept outside of the file, each once.
    pub external: HashSet<&'a str>,
    /// Entries of the file's metadata.
    pub metadata: Vec<(&'a str, &'a str)>,
    /// Inputs with the names of their sides, empty if a side has none (most are numbers).
    pub inputs: Vec<(&'a str, Vec<&'a str>)>,
    /// Names of the outputs.
    pub outputs: Vec<&'a str>,
    /// The sides of inputs and outputs, 0 for those that are open.
    pub sides: HashMap<&'a str, Vec<usize>>,
    /// The types of their elements, by ONNX's numbers; 0 for what is no tensor.
    pub elements: HashMap<&'a str, u64>,
    /// The nodes of the graph itself, without those of branches and loops.
    nodes: Vec<Node<'a>>,
    /// Which node makes a tensor, by the tensor's name.
    makers: HashMap<&'a str, usize>,
    /// What is known about constants, by name.
    constants: HashMap<&'a str, Constant>,
}

/// An operator and what it works on.
#[derive(Debug, Default)]
struct Node<'a> {
    operator: &'a str,
    /// Names of its inputs, empty for one that is left out.
    inputs: Vec<&'a str>,
    /// Names of its outputs.
    outputs: Vec<&'a str>,
    /// Attributes of numbers.
    attributes: Vec<(&'a str, Constant)>,
}

impl Node<'_> {
    /// An attribute of one number.
    fn attribute(&self, name: &str) -> Option<f32> {
        self.numbers(name)?.single()
    }

    /// An attribute of numbers.
    fn numbers(&self, name: &str) -> Option<&Constant> {
        let mut attributes = self.attributes.iter();
        Some(&attributes.find(|(known, _)| *known == name)?.1)
    }
}

impl<'a> Outline<'a> {
    /// Walks a whole file; `file` is its name in errors.
    ///
    /// # Errors
    /// [`ModelError::NotOnnx`] if the bytes are no ONNX model or are cut off.
    pub fn read(bytes: &'a [u8], file: &str) -> Result<Self, ModelError> {
        let error = |reason: &str| ModelError::NotOnnx {
            file: file.into(),
            reason: reason.into(),
        };
        if bytes.is_empty() {
            return Err(error("it is empty"));
        }
        if let Some(kind) = other_kind(bytes) {
            return Err(error(kind));
        }
        let mut outline = Self::default();
        let (version, graph) = outline.model(bytes).map_err(error)?;
        if !version || !graph {
            return Err(error("it holds no version and graph"));
        }
        // Older files name their weights among the inputs.
        let constants = &outline.constants;
        outline
            .inputs
            .retain(|(name, _)| !constants.contains_key(name));
        Ok(outline)
    }

    fn model(&mut self, bytes: &'a [u8]) -> Result<(bool, bool), &'static str> {
        let (mut version, mut graph) = (false, false);
        for item in (Fields { rest: bytes }) {
            match item? {
                (1, Field::Number(_)) => version = true,
                (7, Field::Bytes(bytes)) => {
                    graph = true;
                    self.graph(bytes, 0)?;
                }
                (14, Field::Bytes(bytes)) => {
                    let (key, value) = Self::entry(bytes)?;
                    self.metadata.push((key, value));
                }
                // Training graphs and local functions hold tensors as well.
                (20, Field::Bytes(bytes)) => {
                    for item in (Fields { rest: bytes }) {
                        if let (1 | 2, Field::Bytes(bytes)) = item? {
                            self.graph(bytes, 1)?;
                        }
                    }
                }
                (25, Field::Bytes(bytes)) => {
                    for item in (Fields { rest: bytes }) {
                        match item? {
                            (7, Field::Bytes(bytes)) => self.node(bytes, 1)?,
                            (11, Field::Bytes(bytes)) => self.attribute(bytes, 1)?,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Ok((version, graph))
    }

    fn graph(&mut self, bytes: &'a [u8], depth: usize) -> Result<(), &'static str> {
        if depth > MAX_DEPTH {
            return Err("its graphs are nested too deeply");
        }
        for item in (Fields { rest: bytes }) {
            match item? {
                (1, Field::Bytes(bytes)) => self.node(bytes, depth)?,
                (5, Field::Bytes(bytes)) => {
                    self.tensor(bytes)?;
                    if depth == 0 {
                        let (name, constant) = constant::tensor(bytes)?;
                        self.constants.insert(name, constant);
                    }
                }
                (11, Field::Bytes(bytes)) if depth == 0 => {
                    let (name, sides) = self.value(bytes)?;
                    self.inputs.push((name, sides));
                }
                (12, Field::Bytes(bytes)) if depth == 0 => {
                    let (name, _) = self.value(bytes)?;
                    self.outputs.push(name);
                }
                (15, Field::Bytes(bytes)) => self.sparse(bytes)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The name of an input or output, `ValueInfoProto`, and the names of its sides, which are four
    /// messages deep in its type.
    fn value(&mut self, bytes: &'a [u8]) -> Result<(&'a str, Vec<&'a str>), &'static str> {
        let name = text(part(bytes, 1)?)?;
        let tensor = part(part(bytes, 2)?, 1)?;
        let (mut names, mut sides) = (Vec::new(), Vec::new());
        for item in (Fields {
            rest: part(tensor, 2)?,
        }) {
            if let (1, Field::Bytes(bytes)) = item? {
                names.push(text(part(bytes, 2)?)?);
                sides.push(wire::number(bytes, 1)?);
            }
        }
        let element = wire::number(tensor, 1)?;
        self.elements.insert(name, element);
        // Some programs write -1 for an open side.
        let side = |side: u64| usize::try_from(side as i64).unwrap_or(0);
        self.sides
            .insert(name, sides.into_iter().map(side).collect());
        Ok((name, names))
    }

    fn node(&mut self, bytes: &'a [u8], depth: usize) -> Result<(), &'static str> {
        let mut node = Node::default();
        for item in (Fields { rest: bytes }) {
            match item? {
                (1, Field::Bytes(bytes)) => node.inputs.push(text(bytes)?),
                (2, Field::Bytes(bytes)) => node.outputs.push(text(bytes)?),
                (4, Field::Bytes(bytes)) => node.operator = text(bytes)?,
                (5, Field::Bytes(bytes)) => {
                    self.attribute(bytes, depth)?;
                    node.attributes.push(constant::attribute(bytes)?);
                }
                _ => {}
            }
        }
        if depth > 0 {
            return Ok(());
        }
        if node.operator == "Constant" {
            let values = node.attributes.iter().map(|(_, value)| value.clone());
            self.constants
                .extend(node.outputs.iter().copied().zip(values));
        }
        let index = self.nodes.len();
        self.makers
            .extend(node.outputs.iter().map(|output| (*output, index)));
        self.nodes.push(node);
        Ok(())
    }

    /// The node that makes a tensor.
    fn maker(&self, tensor: &str) -> Option<&Node<'a>> {
        self.nodes.get(*self.makers.get(tensor)?)
    }

    /// What is known about a constant input of a node.
    fn constant_at(&self, node: &Node, index: usize) -> Option<&Constant> {
        let name: &str = node.inputs.get(index)?;
        self.constants.get(name)
    }

    /// The value of a constant input of one number.
    fn number_at(&self, node: &Node, index: usize) -> Option<f32> {
        self.constant_at(node, index)?.single()
    }

    fn attribute(&mut self, bytes: &'a [u8], depth: usize) -> Result<(), &'static str> {
        for item in (Fields { rest: bytes }) {
            match item? {
                (5 | 10, Field::Bytes(bytes)) => self.tensor(bytes)?,
                (6 | 11, Field::Bytes(bytes)) => self.graph(bytes, depth + 1)?,
                (22 | 23, Field::Bytes(bytes)) => self.sparse(bytes)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn sparse(&mut self, bytes: &'a [u8]) -> Result<(), &'static str> {
        for item in (Fields { rest: bytes }) {
            if let (1 | 2, Field::Bytes(bytes)) = item? {
                self.tensor(bytes)?;
            }
        }
        Ok(())
    }

    fn tensor(&mut self, bytes: &'a [u8]) -> Result<(), &'static str> {
        for item in (Fields { rest: bytes }) {
            if let (13, Field::Bytes(bytes)) = item? {
                let (key, value) = Self::entry(bytes)?;
                if key == "location" {
                    self.external.insert(value);
                }
            }
        }
        Ok(())
    }

    fn entry(bytes: &'a [u8]) -> Result<(&'a str, &'a str), &'static str> {
        let (mut key, mut value) = ("", "");
        for item in (Fields { rest: bytes }) {
            match item? {
                (1, Field::Bytes(bytes)) => key = text(bytes)?,
                (2, Field::Bytes(bytes)) => value = text(bytes)?,
                _ => {}
            }
        }
        Ok((key, value))
    }

    /// The operator that gives an output its meaning: the last one that is more than a change of
    /// shape or type.
    pub fn operator(&self, output: &str) -> Option<&'a str> {
        let mut name = output;
        // Every step goes to another tensor; a file with a cycle must not hang us.
        for _ in 0..self.makers.len() {
            let node = self.maker(name)?;
            if !SHAPE_OPERATORS.contains(&node.operator) {
                // A quantised operator gives what the plain one gives.
                let plain = node.operator.strip_prefix("QLinear");
                return Some(plain.unwrap_or(node.operator));
            }
            name = node.inputs.first()?;
        }
        None
    }

    /// The names of the sides of `input` and what they are in `shape`, as far as no other input has
    /// sides of the same name: what is one size there need not be one here.
    pub fn named_sides(&self, input: &str, shape: &[usize]) -> Vec<(String, usize)> {
        let own = self.inputs.iter().filter(|(name, _)| *name == input);
        let named = own.flat_map(|(_, sides)| sides.iter().zip(shape));
        let others = || self.inputs.iter().filter(|(name, _)| *name != input);
        let mut named: Vec<(String, usize)> = named
            .filter(|(side, _)| !side.is_empty())
            .filter(|(side, _)| others().all(|(_, sides)| !sides.contains(side)))
            .map(|(side, size)| ((*side).to_owned(), *size))
            .collect();
        // A name twice in one input, with two sizes, is no size's name.
        let all = named.clone();
        named.retain(|(side, size)| all.iter().all(|(s, n)| s != side || n == size));
        named.dedup();
        named
    }
}

/// What a file is that is often taken for an ONNX file, and what to do.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    let start = &bytes[..bytes.len().min(64)];
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let text = text.trim_ascii_start().to_ascii_lowercase();
    let is_plain = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    Some(match bytes {
        _ if start.get(4..8) == Some(b"ORTM") => {
            "it is in ONNX Runtime's own .ort format; give the .onnx file"
        }
        _ if start.get(4..8) == Some(b"TFL3") => {
            "it is a TensorFlow Lite file; convert it (tf2onnx --tflite)"
        }
        _ if start.starts_with(b"version https://git-lfs") => {
            "it is a Git LFS pointer, not the file itself; fetch that with `git lfs pull`"
        }
        _ if text.starts_with(b"<!doctype") || text.starts_with(b"<html") => {
            "it is a web page; fetch the file itself (its raw form, not the page about it)"
        }
        _ if start.starts_with(b"PK\x03\x04") => {
            "it is a zip archive or a PyTorch file; unpack it, or export it as ONNX"
        }
        _ if start.starts_with(b"\x1f\x8b") => "it is compressed; unpack it with gunzip",
        _ if start.starts_with(b"\xfd7zXZ") => "it is compressed; unpack it with unxz",
        _ if start.starts_with(b"BZh") => "it is compressed; unpack it with bunzip2",
        _ if start.starts_with(b"\x28\xb5\x2f\xfd") => "it is compressed; unpack it with unzstd",
        _ if start.starts_with(b"\x89HDF") => "it is a Keras file; export it as ONNX (tf2onnx)",
        [0x80, 2..=5, ..] => "it is a PyTorch file; export the network as ONNX",
        _ if start.starts_with(b"GGUF") || start.get(4..10) == Some(b"\0\0\0\0{\"") => {
            "it holds weights alone (.gguf, .safetensors); export the network as ONNX"
        }
        _ if text.starts_with(b"<?xml") => {
            "it is XML, as OpenVINO describes networks; give the .onnx file that it was made from"
        }
        [_, ..] if start.iter().all(is_plain) => {
            "it is a text, perhaps a server's message; fetch the file itself"
        }
        _ => return None,
    })
}

#[cfg(test)]
#[path = "outline_tests.rs"]
mod tests;
