// SPDX-License-Identifier: MPL-2.0

//! A model's bytes as rten takes them. It wants strides and dilations of convolutions to be written
//! down where ONNX has defaults, and names the node that fails, where many have no name.

use crate::model::onnx::wire::{Field, Fields, part, text};

/// Fields of messages.
const GRAPH: u64 = 7;
const NODE: u64 = 1;
const NAME: u64 = 3;
const ATTRIBUTE: u64 = 5;

/// What each operator has one number of per side for, 1 by default.
const DEFAULTS: &[(&str, &[&str])] = &[
    ("Conv", &["strides", "dilations"]),
    ("ConvInteger", &["strides", "dilations"]),
    ("QLinearConv", &["strides", "dilations"]),
    ("ConvTranspose", &["strides", "dilations"]),
    ("AveragePool", &["strides"]),
    ("MaxPool", &["strides"]),
];

/// The model with what it leaves out.
///
/// # Errors
/// It is no ONNX model.
pub(super) fn mend(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    rewrite(bytes, GRAPH, |graph| {
        let mut count = 0;
        rewrite(graph, NODE, |node| {
            count += 1;
            mend_node(node, count)
        })
    })
}

/// A message of which `change` rewrites the fields of one number.
fn rewrite(
    bytes: &[u8],
    number: u64,
    mut change: impl FnMut(&[u8]) -> Result<Vec<u8>, &'static str>,
) -> Result<Vec<u8>, &'static str> {
    let mut to = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    let mut fields = Fields { rest: bytes };
    loop {
        let before = fields.rest;
        let Some(item) = fields.next() else {
            return Ok(to);
        };
        match item? {
            (found, Field::Bytes(bytes)) if found == number => {
                put(&mut to, number, &change(bytes)?)
            }
            _ => to.extend(&before[..before.len() - fields.rest.len()]),
        }
    }
}

fn mend_node(node: &[u8], count: usize) -> Result<Vec<u8>, &'static str> {
    let mut to = node.to_vec();
    let operator = text(part(node, 4)?)?;
    if part(node, NAME)?.is_empty() {
        put(
            &mut to,
            NAME,
            format!("{operator} (node {count})").as_bytes(),
        );
    }
    let known = DEFAULTS.iter().find(|(name, _)| *name == operator);
    let (_, names) = known.unwrap_or(&("", &[]));
    let mut given = Vec::new();
    // Pictures have two sides; what says that it has others is left as it is.
    let mut sides = 2;
    for item in (Fields { rest: node }) {
        if let (ATTRIBUTE, Field::Bytes(attribute)) = item? {
            let name = text(part(attribute, 1)?)?;
            if name == "kernel_shape" {
                let numbers = Fields { rest: attribute };
                let packed = numbers.flatten().find_map(|field| match field {
                    (8, Field::Bytes(packed)) => Some(packed.len()),
                    _ => None,
                });
                let single = Fields { rest: attribute };
                let single = single.flatten().filter(|field| field.0 == 8).count();
                sides = packed.unwrap_or(single);
            }
            given.push(name);
        }
    }
    for name in names
        .iter()
        .filter(|name| sides == 2 && !given.contains(name))
    {
        let mut attribute = Vec::new();
        put(&mut attribute, 1, name.as_bytes());
        // Two numbers, and that these are numbers.
        attribute.extend([8 << 3, 1, 8 << 3, 1, 0xA0, 0x01, 7]);
        put(&mut to, ATTRIBUTE, &attribute);
    }
    Ok(to)
}

/// A field of bytes.
fn put(to: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    to.push((number << 3 | 2) as u8);
    let mut len = bytes.len();
    while len >= 0x80 {
        to.push(len as u8 | 0x80);
        len >>= 7;
    }
    to.push(len as u8);
    to.extend(bytes);
}
