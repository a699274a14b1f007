// SPDX-License-Identifier: MPL-2.0

//! Protobuf's wire format, walked without copies.

/// A field of a protobuf message.
#[derive(Debug, Clone, Copy)]
pub(in crate::model) enum Field<'a> {
    /// A number.
    Number(u64),
    /// A text, a message, or a number of fixed size.
    Bytes(&'a [u8]),
}

/// Walks the fields of one message.
pub(in crate::model) struct Fields<'a> {
    pub rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// A number of any size.
    pub fn varint(&mut self) -> Result<u64, &'static str> {
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
            0 => Field::Number(self.varint()?),
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

/// A name.
pub(in crate::model) fn text(bytes: &[u8]) -> Result<&str, &'static str> {
    std::str::from_utf8(bytes).map_err(|_| "a name in it is not UTF-8")
}

/// The last of the fields of this number in a message; empty if there is none.
pub(in crate::model) fn part(bytes: &[u8], number: u64) -> Result<&[u8], &'static str> {
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

/// The last number of the fields of this number in a message; 0 if there is none.
pub(in crate::model) fn number(bytes: &[u8], number: u64) -> Result<u64, &'static str> {
    let mut found = 0;
    for item in (Fields { rest: bytes }) {
        if let (other, Field::Number(value)) = item?
            && other == number
        {
            found = value;
        }
    }
    Ok(found)
}
