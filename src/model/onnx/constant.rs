// SPDX-License-Identifier: MPL-2.0

//! Constants of few numbers: bounds, factors, means, scales and zero points. Of larger ones the
//! sides are known.

use super::wire::{Field, Fields, part, text};

/// Numbers of a constant that are kept; a larger one is a weight.
const MOST: usize = 8;

/// What is known about a constant.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Constant {
    /// Its sides.
    pub sides: Vec<usize>,
    /// Its numbers, row by row; empty if it holds more than a few, or no numbers.
    pub values: Vec<f32>,
}

impl Constant {
    /// Its number, if it is a single one.
    pub fn single(&self) -> Option<f32> {
        match self.values[..] {
            [value] => Some(value),
            _ => None,
        }
    }
}

/// Name and value of a `TensorProto`.
pub(super) fn tensor(bytes: &[u8]) -> Result<(&str, Constant), &'static str> {
    let (mut name, mut kind) = ("", 0);
    let mut found = Constant::default();
    let mut too_many = false;
    for item in (Fields { rest: bytes }) {
        let (number, field) = item?;
        match (number, field) {
            (1, field) => {
                let sides = varints(field, usize::MAX)?;
                let side = |side: u64| usize::try_from(side).unwrap_or(usize::MAX);
                found.sides.extend(sides.into_iter().map(side));
            }
            (2, Field::Number(number)) => kind = number,
            (8, Field::Bytes(bytes)) => name = text(bytes)?,
            (4 | 9 | 10, Field::Bytes(bytes)) => {
                // The type comes first in files of every known writer.
                let kind = if number == 4 { FLOAT } else { kind };
                match fixed(bytes, kind) {
                    Some(values) => found.values.extend(values),
                    None => too_many = true,
                }
            }
            (5 | 7, field) => {
                let numbers = varints(field, MOST + 1)?;
                let value = |number: u64| number as i64 as f32;
                found.values.extend(numbers.into_iter().map(value));
            }
            _ => {}
        }
        too_many |= found.values.len() > MOST;
    }
    if too_many {
        found.values.clear();
    }
    Ok((name, found))
}

/// Name and value of an `AttributeProto` that holds numbers.
pub(super) fn attribute(bytes: &[u8]) -> Result<(&str, Constant), &'static str> {
    let name = text(part(bytes, 1)?)?;
    let mut values = Vec::new();
    for item in (Fields { rest: bytes }) {
        match item? {
            (2 | 7, Field::Bytes(bytes)) => values.extend(fixed(bytes, FLOAT).unwrap_or_default()),
            (3 | 8, field) => {
                let numbers = varints(field, MOST + 1)?;
                values.extend(numbers.into_iter().map(|number| number as i64 as f32));
            }
            (5, Field::Bytes(bytes)) => return Ok((name, tensor(bytes)?.1)),
            _ => {}
        }
    }
    values.truncate(if values.len() > MOST { 0 } else { MOST });
    let sides = Vec::new();
    Ok((name, Constant { sides, values }))
}

/// A repeated number, of which writers put all into one field or each into its own; `most` of them.
fn varints(field: Field<'_>, most: usize) -> Result<Vec<u64>, &'static str> {
    let mut fields = match field {
        Field::Number(number) => return Ok(vec![number]),
        Field::Bytes(rest) => Fields { rest },
    };
    let mut numbers = Vec::new();
    while !fields.rest.is_empty() && numbers.len() < most {
        numbers.push(fields.varint()?);
    }
    Ok(numbers)
}

/// Number of the element type f32 in ONNX files.
const FLOAT: u64 = 1;

/// A few numbers of an element type, least byte first; none if these are more, or no numbers.
fn fixed(bytes: &[u8], kind: u64) -> Option<Vec<f32>> {
    let size = match kind {
        2 | 3 | 9 => 1,
        4 | 5 | 10 | 16 => 2,
        FLOAT | 6 => 4,
        7 | 11 => 8,
        _ => return None,
    };
    if bytes.len() > MOST * size || !bytes.len().is_multiple_of(size) {
        return None;
    }
    bytes
        .chunks_exact(size)
        .map(|one| number(one, kind))
        .collect()
}

/// One number of an element type.
fn number(bytes: &[u8], kind: u64) -> Option<f32> {
    Some(match (kind, bytes) {
        (FLOAT, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
        (2 | 9, &[a]) => f32::from(a),
        (3, &[a]) => f32::from(a as i8),
        (4, &[a, b]) => f32::from(u16::from_le_bytes([a, b])),
        (5, &[a, b]) => f32::from(i16::from_le_bytes([a, b])),
        (6, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32,
        (7, bytes) => i64::from_le_bytes(bytes.try_into().ok()?) as f32,
        (10, &[a, b]) => half::f16::from_le_bytes([a, b]).to_f32(),
        (16, &[a, b]) => half::bf16::from_le_bytes([a, b]).to_f32(),
        (11, bytes) => f64::from_le_bytes(bytes.try_into().ok()?) as f32,
        _ => return None,
    })
}
