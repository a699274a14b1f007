// SPDX-License-Identifier: MPL-2.0

//! Reading FlatBuffers: tables whose fields are found by number, vectors and texts. What lies
//! outside of the bytes is absent.

/// A table somewhere in the bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The root table of a file with this identifier.
pub(super) fn root(bytes: &[u8], identifier: [u8; 4]) -> Option<Table<'_>> {
    (read::<4>(bytes, 4)? == identifier).then_some(())?;
    Some(Table {
        bytes,
        at: follow(bytes, 0)?,
    })
}

fn read<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The place that an offset at `at` leads to.
fn follow(bytes: &[u8], at: usize) -> Option<usize> {
    let offset = u32::from_le_bytes(read(bytes, at)?);
    at.checked_add(usize::try_from(offset).ok()?)
}

impl<'a> Table<'a> {
    /// Where a field lies; none if it has its default.
    fn field(&self, number: usize) -> Option<usize> {
        let back = i32::from_le_bytes(read(self.bytes, self.at)?);
        let fields = i64::try_from(self.at).ok()? - i64::from(back);
        let fields = usize::try_from(fields).ok()?;
        let size = u16::from_le_bytes(read(self.bytes, fields)?);
        let entry = 4 + 2 * number;
        if entry + 2 > usize::from(size) {
            return None;
        }
        match u16::from_le_bytes(read(self.bytes, fields.checked_add(entry)?)?) {
            0 => None,
            offset => self.at.checked_add(usize::from(offset)),
        }
    }

    /// A field of one signed byte.
    pub fn byte(&self, number: usize) -> Option<i8> {
        Some(i8::from_le_bytes(read(self.bytes, self.field(number)?)?))
    }

    /// A field of one number of 32 bits.
    pub fn number(&self, number: usize) -> Option<i32> {
        Some(i32::from_le_bytes(read(self.bytes, self.field(number)?)?))
    }

    /// A field that is a table.
    pub fn table(&self, number: usize) -> Option<Table<'a>> {
        Some(Table {
            bytes: self.bytes,
            at: follow(self.bytes, self.field(number)?)?,
        })
    }

    /// A field that is a text.
    pub fn text(&self, number: usize) -> Option<&'a str> {
        let (first, length) = self.vector(number, 1)?;
        std::str::from_utf8(self.bytes.get(first..first + length)?).ok()
    }

    /// A field that is a vector of tables.
    pub fn tables(&self, number: usize) -> impl Iterator<Item = Table<'a>> + use<'a> {
        let bytes = self.bytes;
        let places = self.places(number, 4);
        places.filter_map(move |at| {
            let at = follow(bytes, at)?;
            Some(Table { bytes, at })
        })
    }

    /// A field that is a vector of numbers of 32 bits.
    pub fn numbers(&self, number: usize) -> impl Iterator<Item = i32> + use<'a> {
        let bytes = self.bytes;
        let places = self.places(number, 4);
        places.filter_map(move |at| read(bytes, at).map(i32::from_le_bytes))
    }

    /// A field that is a vector of floats.
    pub fn floats(&self, number: usize) -> impl Iterator<Item = f32> + use<'a> {
        let bytes = self.bytes;
        let places = self.places(number, 4);
        places.filter_map(move |at| read(bytes, at).map(f32::from_le_bytes))
    }

    /// A field that is a vector of numbers of 64 bits.
    pub fn longs(&self, number: usize) -> impl Iterator<Item = i64> + use<'a> {
        let bytes = self.bytes;
        let places = self.places(number, 8);
        places.filter_map(move |at| read(bytes, at).map(i64::from_le_bytes))
    }

    /// Where the items of a vector lie.
    fn places(&self, number: usize, size: usize) -> impl Iterator<Item = usize> + use<'a> {
        let (first, length) = self.vector(number, size).unwrap_or_default();
        (0..length).map(move |item| first + item * size)
    }

    /// The first item of a vector and their number; all items lie within the bytes.
    fn vector(&self, number: usize, size: usize) -> Option<(usize, usize)> {
        let at = follow(self.bytes, self.field(number)?)?;
        let length = u32::from_le_bytes(read(self.bytes, at)?);
        let (first, length) = (at.checked_add(4)?, usize::try_from(length).ok()?);
        let end = first.checked_add(length.checked_mul(size)?)?;
        (end <= self.bytes.len()).then_some((first, length))
    }
}
