// SPDX-License-Identifier: MPL-2.0

//! EBML (RFC 8794), of which Matroska (RFC 9559) and WebM are made: elements with an id, a size and
//! a content, which may be elements again.

use std::io::{self, Read};

/// The size of an element whose end is not known when it begins.
pub const UNKNOWN: u64 = (1 << 56) - 1;
/// No element that is held in memory is larger.
const MOST: u64 = 1 << 30;

/// The head of an element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Head {
    /// With the marker bits, as the specification writes it.
    pub id: u32,
    /// Bytes of the content, or [`UNKNOWN`].
    pub size: u64,
}

/// A number whose first byte says how long it is; with the marker bit if `marked`.
fn number(from: &mut impl Read, marked: bool) -> io::Result<Option<u64>> {
    let mut first = [0];
    if from.read(&mut first)? == 0 {
        return Ok(None);
    }
    let more = first[0].leading_zeros() as usize;
    if more > 7 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not an EBML number",
        ));
    }
    let mut value = u64::from(first[0]);
    if !marked {
        value &= (1 << (7 - more)) - 1;
    }
    let mut rest = [0; 7];
    let rest = &mut rest[..more];
    from.read_exact(rest)?;
    let ones = !marked && value == (1 << (7 - more)) - 1 && rest.iter().all(|&byte| byte == 0xff);
    for &byte in &*rest {
        value = value << 8 | u64::from(byte);
    }
    Ok(Some(if ones { UNKNOWN } else { value }))
}

/// The next element's head; none at the end.
///
/// # Errors
/// If there is something else.
pub fn head(from: &mut impl Read) -> io::Result<Option<Head>> {
    let Some(id) = number(from, true)? else {
        return Ok(None);
    };
    let id = u32::try_from(id).map_err(|_| io::ErrorKind::InvalidData)?;
    let size = number(from, false)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Some(Head { id, size }))
}

/// The content of an element.
///
/// # Errors
/// If the file ends before, or the content is too large.
pub fn content(from: &mut impl Read, head: Head) -> io::Result<Vec<u8>> {
    if head.size > MOST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "an element without end",
        ));
    }
    let mut content = vec![0; head.size as usize];
    from.read_exact(&mut content)?;
    Ok(content)
}

/// The elements of a content, in their order.
///
/// # Errors
/// If there is something else.
pub fn children(mut content: &[u8]) -> io::Result<Vec<(u32, &[u8])>> {
    let mut children = Vec::new();
    while let Some(head) = head(&mut content)? {
        let size = usize::try_from(head.size).map_err(|_| io::ErrorKind::InvalidData)?;
        let (own, rest) = content
            .split_at_checked(size)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        children.push((head.id, own));
        content = rest;
    }
    Ok(children)
}

/// An unsigned integer.
pub fn unsigned(content: &[u8]) -> u64 {
    content
        .iter()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// The number at the beginning of a block, and what comes after it.
///
/// # Errors
/// If there is none.
pub fn leading(mut content: &[u8]) -> io::Result<(u64, &[u8])> {
    let value = number(&mut content, false)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((value, content))
}

/// Appends an id and a size of eight bytes.
pub fn put_head(to: &mut Vec<u8>, id: u32, size: u64) {
    let bytes = id.to_be_bytes();
    let zeros = id.leading_zeros() as usize / 8;
    to.extend_from_slice(&bytes[zeros..]);
    to.extend_from_slice(&(1 << 56 | size).to_be_bytes());
}

/// Appends an element.
pub fn put(to: &mut Vec<u8>, id: u32, content: &[u8]) {
    put_head(to, id, content.len() as u64);
    to.extend_from_slice(content);
}

/// Appends an unsigned integer as an element, always with the same size.
pub fn put_unsigned(to: &mut Vec<u8>, id: u32, value: u64) {
    put(to, id, &value.to_be_bytes());
}
