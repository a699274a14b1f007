// SPDX-License-Identifier: MPL-2.0

//! A protobuf message as a tree, so that a change somewhere inside leaves everything around it
//! well-formed and reaches ONNX Runtime's own checks, operators and kernels.

use crate::common::random::Random;

/// A field's value.
#[derive(Debug, Clone)]
pub enum Value {
    Number(u64),
    Fixed(Vec<u8>),
    Bytes(Vec<u8>),
    Message(Vec<Field>),
}

/// A field: its tag's number and its value.
#[derive(Debug, Clone)]
pub struct Field {
    number: u64,
    value: Value,
}

fn varint(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = data.split_first()?;
        *data = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a message. Without a schema, bytes that can be a message are taken for one; writing gives
/// the same bytes either way.
pub fn parse(mut data: &[u8]) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !data.is_empty() {
        let tag = varint(&mut data)?;
        let take = |data: &mut &[u8], len: usize| {
            let (taken, rest) = data.split_at_checked(len)?;
            *data = rest;
            Some(taken.to_vec())
        };
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut data)?),
            1 => Value::Fixed(take(&mut data, 8)?),
            5 => Value::Fixed(take(&mut data, 4)?),
            2 => {
                let len = usize::try_from(varint(&mut data)?).ok()?;
                let bytes = take(&mut data, len)?;
                match parse(&bytes).filter(|fields| !fields.is_empty()) {
                    Some(fields) => Value::Message(fields),
                    None => Value::Bytes(bytes),
                }
            }
            _ => return None,
        };
        let number = tag >> 3;
        if !(1..=30).contains(&number) {
            return None;
        }
        fields.push(Field { number, value });
    }
    Some(fields)
}

/// Writes a message.
pub fn write(fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::new();
    for Field { number, value } in fields {
        match value {
            Value::Number(value) => {
                put(&mut out, number << 3);
                put(&mut out, *value);
            }
            Value::Fixed(bytes) => {
                put(&mut out, number << 3 | if bytes.len() == 8 { 1 } else { 5 });
                out.extend(bytes);
            }
            Value::Bytes(bytes) => {
                put(&mut out, number << 3 | 2);
                put(&mut out, bytes.len() as u64);
                out.extend(bytes);
            }
            Value::Message(fields) => {
                let inner = write(fields);
                put(&mut out, number << 3 | 2);
                put(&mut out, inner.len() as u64);
                out.extend(inner);
            }
        }
    }
    out
}

/// All messages of a tree, this one too.
fn messages<'a>(fields: &'a mut Vec<Field>, path: &[usize]) -> &'a mut Vec<Field> {
    match path {
        [] => fields,
        [first, rest @ ..] => match &mut fields[*first].value {
            Value::Message(inner) => messages(inner, rest),
            _ => unreachable!("paths lead to messages"),
        },
    }
}

fn paths(fields: &[Field], here: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
    all.push(here.clone());
    for (index, field) in fields.iter().enumerate() {
        if let Value::Message(inner) = &field.value {
            here.push(index);
            paths(inner, here, all);
            here.pop();
        }
    }
}

const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    3,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    13,
    16,
    48,
    127,
    255,
    65536,
    1 << 20,
    1 << 31,
    1 << 40,
    u64::MAX,
    i64::MAX as u64,
];
/// Operators and names that may take the place of others.
const NAMES: &[&str] = &[
    "Clip",
    "Identity",
    "Conv",
    "Softmax",
    "ArgMax",
    "Sigmoid",
    "Resize",
    "Reshape",
    "Transpose",
    "Loop",
    "Gather",
    "Concat",
    "Slice",
    "Mul",
    "MatMul",
    "Pad",
    "Tile",
    "Split",
    "Gemm",
    "ConvTranspose",
    "LayerNormalization",
    "Einsum",
    "NonZero",
    "TopK",
    "Cast",
    "image",
    "alpha",
    "green",
    "axis",
    "",
];

/// Changes one thing somewhere in the tree; `other` is another model to take parts from.
pub fn mutate(random: &mut Random, fields: &mut Vec<Field>, other: &[Field]) {
    let mut all = Vec::new();
    paths(fields, &mut Vec::new(), &mut all);
    // The deeper ones are where the model is.
    let path = all.swap_remove(random.below(all.len()));
    let message = messages(fields, &path);
    if message.is_empty() {
        return;
    }
    let at = random.below(message.len());
    match random.below(8) {
        0 => drop(message.remove(at)),
        1 => {
            let copy = message[at].clone();
            message.insert(random.below(message.len() + 1), copy);
        }
        2 => {
            let with = random.below(message.len());
            message.swap(at, with);
        }
        3 => {
            let mut theirs = Vec::new();
            paths(other, &mut Vec::new(), &mut theirs);
            let path = &theirs[random.below(theirs.len())];
            let mut other = other.to_vec();
            let from = messages(&mut other, path);
            if !from.is_empty() {
                let part = from.swap_remove(random.below(from.len()));
                match random.below(2) {
                    0 => message[at].value = part.value,
                    _ => message.push(part),
                }
            }
        }
        _ => change(random, &mut message[at].value),
    }
}

fn change(random: &mut Random, value: &mut Value) {
    match value {
        Value::Number(number) => {
            *number = match random.below(3) {
                0 => number.wrapping_add(1),
                1 => number.wrapping_sub(1),
                _ => NUMBERS[random.below(NUMBERS.len())],
            }
        }
        Value::Fixed(bytes) | Value::Bytes(bytes) if random.below(3) != 0 && !bytes.is_empty() => {
            let at = random.below(bytes.len());
            bytes[at] = [0, 0x7f, 0x80, 0xff, random.below(256) as u8][random.below(5)];
        }
        Value::Bytes(bytes) => match random.below(3) {
            0 => *bytes = random.pick(NAMES).as_bytes().to_vec(),
            1 => bytes.truncate(bytes.len() / 2),
            _ => bytes.extend_from_within(..),
        },
        Value::Fixed(bytes) => bytes.fill(0xff),
        Value::Message(fields) if !fields.is_empty() => {
            let at = random.below(fields.len());
            change(random, &mut fields[at].value);
        }
        Value::Message(_) => {}
    }
}
