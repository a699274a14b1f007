// SPDX-License-Identifier: MPL-2.0

//! A look into an ONNX file before ONNX Runtime gets it: is it one at all, which files outside of
//! it does it name, which operator makes an output, what does its metadata say.
//!
//! An ONNX file is one protobuf message `ModelProto` (onnx.proto of ONNX 1.x; the numbers of the
//! fields are part of the format). Only the wire format is walked; nothing is copied.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path};

use super::ModelError;

/// Graphs inside of graphs (branches, loop bodies) that are followed.
const MAX_DEPTH: usize = 32;

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

/// A field of a protobuf message.
#[derive(Debug, Clone, Copy)]
enum Field<'a> {
    Number,
    Bytes(&'a [u8]),
}

/// Walks the fields of one message.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64, &'static str> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or("it is cut off")?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number in it has no end")
    }

    fn bytes(&mut self, len: u64) -> Result<&'a [u8], &'static str> {
        let len = usize::try_from(len).map_err(|_| "it is cut off")?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or("it is cut off")?;
        self.rest = rest;
        Ok(bytes)
    }

    fn read(&mut self) -> Result<(u64, Field<'a>), &'static str> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => self.varint().map(|_| Field::Number)?,
            1 => Field::Bytes(self.bytes(8)?),
            2 => {
                let len = self.varint()?;
                Field::Bytes(self.bytes(len)?)
            }
            5 => Field::Bytes(self.bytes(4)?),
            _ => return Err("it holds a field of an unknown kind"),
        };
        match tag >> 3 {
            0 => Err("it holds a field without a number"),
            number => Ok((number, field)),
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = self.read();
        if item.is_err() {
            self.rest = &[];
        }
        Some(item)
    }
}

fn text(bytes: &[u8]) -> Result<&str, &'static str> {
    std::str::from_utf8(bytes).map_err(|_| "a name in it is not UTF-8")
}

/// The last of the fields of this number in a message; empty where there is none.
fn part(bytes: &[u8], number: u64) -> Result<&[u8], &'static str> {
    let mut found: &[u8] = &[];
    for item in (Fields { rest: bytes }) {
        if let (other, Field::Bytes(bytes)) = item?
            && other == number
        {
            found = bytes;
        }
    }
    Ok(found)
}

/// What [`Outline::read`] finds.
#[derive(Debug, Default)]
pub struct Outline<'a> {
    /// Locations of tensors that are kept outside of the file, each once.
    pub external: HashSet<&'a str>,
    /// Entries of the file's metadata.
    pub metadata: Vec<(&'a str, &'a str)>,
    /// Inputs with the names of their sides, empty where a side has none (most are numbers).
    pub inputs: Vec<(&'a str, Vec<&'a str>)>,
    /// Operator and first input of the node that makes a tensor, by the tensor's name.
    makers: HashMap<&'a str, (&'a str, &'a str)>,
}

impl<'a> Outline<'a> {
    /// Walks a whole file; `file` is its name in errors.
    ///
    /// # Errors
    /// [`ModelError::NotOnnx`] where the bytes are no ONNX model or are cut off.
    pub fn read(bytes: &'a [u8], file: &str) -> Result<Self, ModelError> {
        let error = |reason: &str| ModelError::NotOnnx {
            file: file.into(),
            reason: reason.into(),
        };
        if bytes.is_empty() {
            return Err(error("it is empty"));
        }
        if bytes.get(4..8) == Some(b"ORTM") {
            return Err(error(
                "it is in ONNX Runtime's own .ort format; give the .onnx file",
            ));
        }
        let mut outline = Self::default();
        let (version, graph) = outline.model(bytes).map_err(error)?;
        if !version || !graph {
            return Err(error("it holds no version and graph"));
        }
        Ok(outline)
    }

    fn model(&mut self, bytes: &'a [u8]) -> Result<(bool, bool), &'static str> {
        let (mut version, mut graph) = (false, false);
        for item in (Fields { rest: bytes }) {
            match item? {
                (1, Field::Number) => version = true,
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
                (5, Field::Bytes(bytes)) => self.tensor(bytes)?,
                (11, Field::Bytes(bytes)) if depth == 0 => self.input(bytes)?,
                (15, Field::Bytes(bytes)) => self.sparse(bytes)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// An input, `ValueInfoProto`; its sides are four messages deep in its type.
    fn input(&mut self, bytes: &'a [u8]) -> Result<(), &'static str> {
        let name = text(part(bytes, 1)?)?;
        let tensor = part(part(bytes, 2)?, 1)?;
        let mut sides = Vec::new();
        for item in (Fields {
            rest: part(tensor, 2)?,
        }) {
            if let (1, Field::Bytes(bytes)) = item? {
                sides.push(text(part(bytes, 2)?)?);
            }
        }
        self.inputs.push((name, sides));
        Ok(())
    }

    fn node(&mut self, bytes: &'a [u8], depth: usize) -> Result<(), &'static str> {
        let (mut input, mut operator) = (None, "");
        let mut outputs = Vec::new();
        for item in (Fields { rest: bytes }) {
            match item? {
                (1, Field::Bytes(bytes)) if input.is_none() => input = Some(text(bytes)?),
                (2, Field::Bytes(bytes)) => outputs.push(text(bytes)?),
                (4, Field::Bytes(bytes)) => operator = text(bytes)?,
                (5, Field::Bytes(bytes)) => self.attribute(bytes, depth)?,
                _ => {}
            }
        }
        if depth == 0 {
            let maker = (operator, input.unwrap_or_default());
            self.makers
                .extend(outputs.into_iter().map(|output| (output, maker)));
        }
        Ok(())
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
            let (operator, input) = *self.makers.get(name)?;
            if !SHAPE_OPERATORS.contains(&operator) {
                return Some(operator);
            }
            name = input;
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

    /// Checks that every outside file lies in the model's own folder.
    ///
    /// ONNX Runtime opens what a model names. A model from a stranger must not read, through `..`,
    /// an absolute path or a link, what lies elsewhere. `folder` is `None` for a model in memory,
    /// which has no folder and so may name none.
    ///
    /// # Errors
    /// [`ModelError::ExternalData`] for the first location that is refused.
    pub fn confine(&self, folder: Option<&Path>, file: &str) -> Result<(), ModelError> {
        for location in &self.external {
            let refuse = |reason| ModelError::ExternalData {
                file: file.into(),
                location: (*location).into(),
                reason,
            };
            let path = Path::new(location);
            let Some(folder) = folder else {
                return Err(refuse("a model in memory has no folder"));
            };
            let plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
            if location.is_empty() || !path.components().all(plain) {
                return Err(refuse("it must be a file in the model's own folder"));
            }
            let (Ok(root), Ok(target)) = (folder.canonicalize(), folder.join(path).canonicalize())
            else {
                return Err(refuse("there is no such file beside the model"));
            };
            if !target.starts_with(&root) {
                return Err(refuse("it is a link that leads out of the model's folder"));
            }
            if !target.is_file() {
                return Err(refuse("it is not a plain file"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_known_by_names_that_are_the_inputs_own() {
        let recurrent = include_bytes!("../../tests/models/recurrent.onnx");
        let outline = Outline::read(recurrent, "recurrent.onnx").unwrap();
        assert_eq!(outline.inputs[0], ("image", vec!["n", "", "h", "w"]));
        // `n` is a side of the state as well.
        let known = [("h".to_owned(), 6), ("w".to_owned(), 8)];
        assert_eq!(outline.named_sides("image", &[1, 3, 6, 8]), known);
        assert!(outline.named_sides("nothing", &[1, 3, 6, 8]).is_empty());

        let alpha = include_bytes!("../../tests/models/alpha.onnx");
        let outline = Outline::read(alpha, "alpha.onnx").unwrap();
        assert!(outline.named_sides("image", &[1, 3, 6, 8]).is_empty());

        let outline = Outline {
            inputs: vec![("image", vec!["", "c", "side", "side"])],
            ..Outline::default()
        };
        let square = [("c".to_owned(), 3), ("side".to_owned(), 8)];
        assert_eq!(outline.named_sides("image", &[1, 3, 8, 8]), square);
        assert_eq!(outline.named_sides("image", &[1, 3, 6, 8]), square[..1]);
    }
}
