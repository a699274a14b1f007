// SPDX-License-Identifier: MPL-2.0

//! Constants that are one number: bounds, factors, scales and zero points.

use super::wire::{Field, Fields, part, text};

/// Name and value of a `TensorProto` that holds one number; none if it holds more, or no number.
pub(super) fn tensor(bytes: &[u8]) -> Result<Option<(&str, f32)>, &'static str> {
    let (mut name, mut kind, mut count) = ("", 0, 0);
    let mut value = None;
    for item in (Fields { rest: bytes }) {
        let (number, field) = item?;
        match (number, field) {
            (2, Field::Number(found)) => kind = found,
            (8, Field::Bytes(bytes)) => name = text(bytes)?,
            (4 | 9 | 10, Field::Bytes(bytes)) => {
                count += 1;
                // The type comes first in files of every known writer.
                value = fixed(bytes, if number == 4 { FLOAT } else { kind });
            }
            (5 | 7, Field::Number(found)) => {
                count += 1;
                value = Some(found as i64 as f32);
            }
            (5 | 7, Field::Bytes(bytes)) => {
                count += 1;
                let mut fields = Fields { rest: bytes };
                let found = fields.varint()?;
                value = fields.rest.is_empty().then_some(found as i64 as f32);
            }
            _ => {}
        }
    }
    Ok(value.filter(|_| count == 1).map(|value| (name, value)))
}

/// Name and value of an `AttributeProto` that holds one number.
pub(super) fn attribute(bytes: &[u8]) -> Result<Option<(&str, f32)>, &'static str> {
    let name = text(part(bytes, 1)?)?;
    let value = match fixed(part(bytes, 2)?, FLOAT) {
        Some(value) => Some(value),
        None => tensor(part(bytes, 5)?)?.map(|(_, value)| value),
    };
    Ok(value.map(|value| (name, value)))
}

/// Number of the element type f32 in ONNX files.
const FLOAT: u64 = 1;

/// One number of an element type, least byte first; none if these are more bytes, or fewer.
fn fixed(bytes: &[u8], kind: u64) -> Option<f32> {
    Some(match (kind, bytes) {
        (FLOAT, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
        (2, &[a]) => f32::from(a),
        (3, &[a]) => f32::from(a as i8),
        (4, &[a, b]) => f32::from(u16::from_le_bytes([a, b])),
        (5, &[a, b]) => f32::from(i16::from_le_bytes([a, b])),
        (6, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32,
        (7, bytes) => i64::from_le_bytes(bytes.try_into().ok()?) as f32,
        (10, &[a, b]) => half::f16::from_le_bytes([a, b]).to_f32(),
        (11, bytes) => f64::from_le_bytes(bytes.try_into().ok()?) as f32,
        _ => return None,
    })
}
