// SPDX-License-Identifier: MPL-2.0

//! Rows whose samples are not whole bytes, spread out and put together again.
//!
//! Everything else works on rows as [`LayoutInfo::components`](super::LayoutInfo) describes them:
//! one or two bytes a sample. These layouts are rare, and their words are taken apart faster than
//! kernels could work on them.

use super::layout_info::{Field, Packing};
use super::{Colorimetry, FrameMut, FrameRef, PixelLayout};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Pixels of 4:2:2 after which the words of three 10-bit samples begin anew, and the bytes of
/// these.
pub(super) const TENS_PIXELS: usize = 6;
pub(super) const TENS_UNIT: usize = 16;

/// Sample `index` of a row of words of three 10-bit samples, if the row goes so far.
pub(super) fn load_ten(row: &[u8], index: usize) -> Option<u16> {
    let word = row.get(index / 3 * 4..)?.first_chunk()?;
    let word = u32::from_le_bytes(*word) >> (index % 3 * 10);
    Some((word & 0x3ff) as u16)
}

/// Writes such a sample; false if the row does not go so far.
pub(super) fn store_ten(row: &mut [u8], index: usize, value: u16) -> bool {
    let at = index / 3 * 4;
    let Some(bytes) = row.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) else {
        return false;
    };
    let shift = index % 3 * 10;
    let word = u32::from_le_bytes(*bytes) & !(0x3ff << shift);
    *bytes = (word | u32::from(value & 0x3ff) << shift).to_le_bytes();
    true
}

/// Puts samples together in a new row of `bytes` bytes.
pub(super) fn together(packing: Packing, samples: &[u8], bytes: usize) -> Vec<u8> {
    let mut row = vec![0; bytes];
    pack_row(crate::simd::level(), packing, samples, &mut row);
    row
}

/// Spreads a row out: `samples` gets as many as it has room for.
pub(super) fn unpack_row(level: Level, packing: Packing, row: &[u8], samples: &mut [u8]) {
    match packing {
        Packing::Tens => {
            dispatch!(level, simd => unpack_tens(simd, row.as_chunks::<4>().0, samples));
        }
        Packing::Pixels16(fields) => {
            dispatch!(level, simd => unpack_pixels(simd, row.as_chunks::<2>().0, fields, samples.as_chunks_mut::<4>().0));
        }
        Packing::Pixels32(fields) => {
            dispatch!(level, simd => unpack_deep(simd, row.as_chunks::<4>().0, fields, samples.as_chunks_mut::<8>().0));
        }
    }
}

/// Puts a row together. Bits that belong to no sample become 0.
fn pack_row(level: Level, packing: Packing, samples: &[u8], row: &mut [u8]) {
    match packing {
        Packing::Tens => {
            dispatch!(level, simd => pack_tens(simd, samples, row.as_chunks_mut::<4>().0));
        }
        Packing::Pixels16(fields) => {
            dispatch!(level, simd => pack_pixels(simd, samples.as_chunks::<4>().0, fields, row.as_chunks_mut::<2>().0));
        }
        Packing::Pixels32(fields) => {
            dispatch!(level, simd => pack_deep(simd, samples.as_chunks::<8>().0, fields, row.as_chunks_mut::<4>().0));
        }
    }
}

/// A word's three samples, little-endian.
#[inline(always)]
fn three(word: [u8; 4]) -> [u8; 6] {
    let word = u32::from_le_bytes(word);
    let [a, b, c] = [word, word >> 10, word >> 20].map(|v| ((v & 0x3ff) as u16).to_le_bytes());
    [a[0], a[1], b[0], b[1], c[0], c[1]]
}

/// The word of three samples.
#[inline(always)]
fn word_of(samples: [u8; 6]) -> [u8; 4] {
    let code = |i: usize| u32::from(u16::from_le_bytes([samples[i], samples[i + 1]]) & 0x3ff);
    (code(0) | code(2) << 10 | code(4) << 20).to_le_bytes()
}

#[simd]
fn unpack_tens<S: Simd>(_: S, words: &[[u8; 4]], samples: &mut [u8]) {
    let (whole, rest) = samples.as_chunks_mut::<6>();
    for (word, samples) in words.iter().zip(&mut *whole) {
        *samples = three(*word);
    }
    if let Some(word) = words.get(whole.len()) {
        let length = rest.len();
        rest.copy_from_slice(&three(*word)[..length]);
    }
}

#[simd]
fn pack_tens<S: Simd>(_: S, samples: &[u8], words: &mut [[u8; 4]]) {
    let (whole, rest) = samples.as_chunks::<6>();
    for (word, samples) in words.iter_mut().zip(whole) {
        *word = word_of(*samples);
    }
    if let (Some(word), 1..) = (words.get_mut(whole.len()), rest.len()) {
        let mut last = [0; 6];
        last[..rest.len()].copy_from_slice(rest);
        *word = word_of(last);
    }
}

/// `to / from` in 65536ths.
const fn ratio(to: u32, from: u32) -> u32 {
    ((to << 16) + from / 2) / from
}

/// The greatest samples that words of 16 and of 32 bits are spread out to.
pub(super) const TOP: u32 = 255;
pub(super) const DEEP_TOP: u32 = 1023;

/// The sample up to `top` that a field of a pixel's word is spread out to.
#[inline(always)]
pub(super) fn load_field(field: Field, top: u32, word: u32) -> u16 {
    ((field.of(word) * ratio(top, field.top()) + 32768) >> 16) as u16
}

/// A pixel's word with another sample up to `top` in a field.
pub(super) fn store_field(field: Field, top: u32, word: u32, sample: u16) -> u32 {
    let value = (u32::from(sample) * ratio(field.top(), top) + 32768) >> 16;
    field.with(word, value)
}

#[simd]
fn unpack_pixels<S: Simd>(_: S, row: &[[u8; 2]], fields: [Field; 3], samples: &mut [[u8; 4]]) {
    let up = fields.map(|f| ratio(TOP, f.top()));
    for (pixel, samples) in row.iter().zip(samples) {
        let word = u32::from(u16::from_le_bytes(*pixel));
        for (i, field) in fields.into_iter().enumerate() {
            samples[i] = ((field.of(word) * up[i] + 32768) >> 16) as u8;
        }
    }
}

#[simd]
fn pack_pixels<S: Simd>(_: S, samples: &[[u8; 4]], fields: [Field; 3], row: &mut [[u8; 2]]) {
    let down = fields.map(|f| ratio(f.top(), TOP));
    for (pixel, samples) in row.iter_mut().zip(samples) {
        let mut word = 0;
        for (i, field) in fields.into_iter().enumerate() {
            word |= ((u32::from(samples[i]) * down[i] + 32768) >> 16) << field.at;
        }
        *pixel = (word as u16).to_le_bytes();
    }
}

#[simd]
fn unpack_deep<S: Simd>(_: S, row: &[[u8; 4]], fields: [Field; 4], samples: &mut [[u8; 8]]) {
    let up = fields.map(|f| ratio(DEEP_TOP, f.top()));
    for (pixel, samples) in row.iter().zip(samples) {
        let word = u32::from_le_bytes(*pixel);
        for (i, field) in fields.into_iter().enumerate() {
            let code = (field.of(word) * up[i] + 32768) >> 16;
            samples[2 * i..2 * i + 2].copy_from_slice(&(code as u16).to_le_bytes());
        }
    }
}

/// What becomes transparent because alpha has few bits becomes black: gone means gone.
#[simd]
fn pack_deep<S: Simd>(_: S, samples: &[[u8; 8]], fields: [Field; 4], row: &mut [[u8; 4]]) {
    let down = fields.map(|f| ratio(f.top(), DEEP_TOP));
    for (pixel, samples) in row.iter_mut().zip(samples) {
        let code = |i: usize| u32::from(u16::from_le_bytes([samples[2 * i], samples[2 * i + 1]]));
        let mut word = 0;
        for (i, field) in fields.into_iter().enumerate() {
            word |= ((code(i) * down[i] + 32768) >> 16) << field.at;
        }
        let gone = code(3) != 0 && fields[3].of(word) == 0;
        *pixel = if gone { 0 } else { word }.to_le_bytes();
    }
}

/// Memory for one frame, spread out.
#[derive(Debug)]
pub struct Unpacked {
    level: Level,
    packing: Packing,
    layout: PixelLayout,
    color: Colorimetry,
    width: usize,
    height: usize,
    row: usize,
    data: Vec<u8>,
}

impl Unpacked {
    /// Memory for frames of a layout, if its samples are not whole bytes.
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        level: Level,
    ) -> Option<Self> {
        let info = layout.info();
        let row = info.row_bytes(0, width);
        Some(Self {
            level,
            packing: info.packing?,
            layout,
            color,
            width,
            height,
            row,
            data: vec![0; row * height],
        })
    }

    /// Takes a frame of the layout and size that this was made for.
    pub fn take(&mut self, frame: &FrameRef) {
        for (y, samples) in self.data.chunks_exact_mut(self.row).enumerate() {
            match frame.is_packed() {
                true => unpack_row(self.level, self.packing, frame.row(0, y), samples),
                false => samples.copy_from_slice(frame.row(0, y)),
            }
        }
    }

    /// What was taken or written.
    pub fn view(&self) -> FrameRef<'_> {
        let planes = [(&self.data[..], self.row)];
        FrameRef::unpacked(self.layout, self.color, self.width, self.height, &planes)
            .expect("the memory was sized for it")
    }

    /// The same to write.
    pub fn view_mut(&mut self) -> FrameMut<'_> {
        let planes = [(&mut self.data[..], self.row)];
        FrameMut::unpacked(self.layout, self.color, self.width, self.height, planes)
            .expect("the memory was sized for it")
    }

    /// Puts the samples together in a frame of the layout and size that this was made for.
    pub fn give(&self, frame: &mut FrameMut) {
        for (y, samples) in self.data.chunks_exact(self.row).enumerate() {
            pack_row(self.level, self.packing, samples, frame.row_mut(0, y));
        }
    }
}

/// A few rows of a plane, spread out, for those who read a frame once.
#[derive(Debug)]
pub(super) struct Strip {
    level: Level,
    packing: Packing,
    pub row: usize,
    pub data: Vec<u8>,
}

impl Strip {
    /// For up to `rows` rows at once, if the layout's samples are not whole bytes.
    pub fn new(layout: PixelLayout, width: usize, rows: usize, level: Level) -> Option<Self> {
        let info = layout.info();
        let row = info.row_bytes(0, width);
        Some(Self {
            level,
            packing: info.packing?,
            row,
            data: vec![0; row * rows],
        })
    }

    /// Takes `rows` rows from row `start` on.
    pub fn take(&mut self, frame: &FrameRef, start: usize, rows: usize) {
        let samples = self.data.chunks_exact_mut(self.row).take(rows);
        for (i, samples) in samples.enumerate() {
            unpack_row(self.level, self.packing, frame.row(0, start + i), samples);
        }
    }
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
