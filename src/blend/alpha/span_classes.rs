// SPDX-License-Identifier: MPL-2.0

//! Where a matte is wholly subject, wholly background, or neither.
//!
//! Nine tenths of a matte are 0 or 255. A frame's pixels stay as they are if it is 255, and the
//! background's take their place if it is 0; alpha counts for the rest only. So the
//! matte is looked at once, in square cells, and every pass goes by the spans that come of it.

use crate::blend::geometry::Geometry;
use crate::frame::GrayRef;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// Mattes up to the first and from the second are as good as 0 and 255 to the eye.
const CLEAR: (u8, u8) = (4, 251);

/// What is in a cell: something that is not quite subject, not quite background; something that
/// is plainly not subject, plainly not background.
const NOT_SUBJECT: u8 = 1;
const NOT_BACKGROUND: u8 = 2;
const PLAIN_BACKGROUND: u8 = 4;
const PLAIN_SUBJECT: u8 = 8;

/// Side of the cells, in pixels, for frames of this height.
pub(crate) fn cell_side(height: usize) -> usize {
    match height {
        0..=240 => 2,
        241..=360 => 4,
        361..=800 => 8,
        _ => 16,
    }
}

/// Ranges of pixels in each row of cells.
#[derive(Debug)]
struct Spans {
    /// Where each row's spans begin, and where the last one's end.
    starts: Vec<usize>,
    spans: Vec<Range<usize>>,
}

impl Spans {
    fn new(columns: usize, rows: usize) -> Self {
        Self {
            starts: vec![0; rows + 1],
            // Spans touch if a hard edge lies between two cells.
            spans: Vec::with_capacity(rows * (columns + 1)),
        }
    }

    fn row(&self, y: usize) -> &[Range<usize>] {
        &self.spans[self.starts[y]..self.starts[y + 1]]
    }

    /// Adds a span to row `y`, the newest, or to its last span if they touch.
    fn push(&mut self, y: usize, span: Range<usize>) {
        if span.is_empty() {
            return;
        }
        match self.spans[self.starts[y]..].last_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            _ => self.spans.push(span),
        }
    }
}

/// The pixels of a row by what has to be done with them; what is in no span is wholly subject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowSpans<'a> {
    /// The matte is neither 0 nor 255, or a chroma sample has some of both: alpha counts.
    pub mixed: &'a [Range<usize>],
    /// The matte is 0: the background takes their place.
    pub background: &'a [Range<usize>],
}

/// All of a row of `width` pixels, as a list of one span.
pub(crate) fn whole(width: usize) -> [Range<usize>; 1] {
    std::array::from_fn(|_| 0..width)
}

impl<'a> RowSpans<'a> {
    /// Alpha is to be looked at in all of `whole`.
    pub fn all(whole: &'a [Range<usize>; 1]) -> Self {
        Self {
            mixed: whole,
            background: &[],
        }
    }
}

/// The cells of mattes for frames of one size.
#[derive(Debug)]
pub(crate) struct SpanClasses {
    level: Level,
    side: usize,
    frame: (usize, usize),
    columns: usize,
    /// Whether chroma samples reach over to the pixel on their left, and above.
    reach: (bool, bool),
    flags: Vec<u8>,
    /// The least and the greatest value of each of the matte's columns in a row of cells, and what
    /// follows from them.
    lows: Vec<u8>,
    highs: Vec<u8>,
    row_flags: Vec<u8>,
    mixed: Spans,
    background: Spans,
}

impl SpanClasses {
    /// For frames of a kind.
    pub fn new(geometry: Geometry) -> Self {
        let side = cell_side(geometry.height);
        let (columns, rows) = geometry.grid(side);
        Self {
            level: geometry.level,
            side,
            frame: (geometry.width, geometry.height),
            columns,
            reach: geometry.chroma_reach(),
            flags: vec![0; columns * rows],
            lows: Vec::new(),
            highs: Vec::new(),
            row_flags: Vec::new(),
            mixed: Spans::new(columns, rows),
            background: Spans::new(columns, rows),
        }
    }

    /// Side of the cells in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Cells in a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether there is something of the subject in each cell.
    pub fn subject_cells(&self) -> impl Iterator<Item = bool> {
        self.flags.iter().map(|flags| flags & PLAIN_SUBJECT != 0)
    }

    /// Looks at a matte of any size. Allocates only when it is wider than any before.
    pub fn update(&mut self, matte: GrayRef) {
        let width = matte.width();
        for row in [&mut self.lows, &mut self.highs, &mut self.row_flags] {
            row.resize(width, 0);
        }
        let (level, side) = (self.level, self.side);
        for (j, cells) in self.flags.chunks_exact_mut(self.columns).enumerate() {
            let rows = covered(j, side, self.frame.1, matte.height());
            let (lows, highs) = (&mut self.lows[..], &mut self.highs[..]);
            let flags = &mut self.row_flags[..];
            dispatch!(level, simd => judge(simd, matte, rows, lows, highs, flags));
            if width == self.frame.0 {
                // The usual case, worth a shortcut: cells are whole runs of samples.
                for (cell, flags) in cells.iter_mut().zip(flags.chunks(side)) {
                    *cell = any(flags);
                }
                continue;
            }
            for (i, cell) in cells.iter_mut().enumerate() {
                *cell = any(&flags[covered(i, side, self.frame.0, width)]);
            }
        }
        self.mixed.spans.clear();
        self.background.spans.clear();
        for j in 0..self.flags.len() / self.columns {
            self.mixed.starts[j] = self.mixed.spans.len();
            self.background.starts[j] = self.background.spans.len();
            self.cut(j);
        }
        for spans in [&mut self.mixed, &mut self.background] {
            if let Some(end) = spans.starts.last_mut() {
                *end = spans.spans.len();
            }
        }
    }

    /// The spans of luma row `y`.
    pub fn row(&self, y: usize) -> RowSpans<'_> {
        RowSpans {
            mixed: self.mixed.row(y / self.side),
            background: self.background.row(y / self.side),
        }
    }

    /// Marks the cells that a visible edge runs through: 1, others 0.
    pub fn edges(&self, mask: &mut [u8]) {
        let both = PLAIN_BACKGROUND | PLAIN_SUBJECT;
        for (m, &flags) in mask.iter_mut().zip(&self.flags) {
            *m = u8::from(flags & both == both);
        }
    }

    /// What cell `i` of row `j` is, with what its chroma samples reach over to.
    fn kind(&self, i: usize, j: usize) -> u8 {
        let at =
            |i: usize, j: usize| self.flags[j * self.columns + i] & (NOT_SUBJECT | NOT_BACKGROUND);
        let mut kind = at(i, j);
        if self.reach.1 && j > 0 {
            kind |= at(i, j - 1);
            if self.reach.0 && i > 0 {
                kind |= at(i - 1, j - 1);
            }
        }
        kind
    }

    /// Cuts a row of cells into spans.
    fn cut(&mut self, j: usize) {
        const MIXED: u8 = NOT_SUBJECT | NOT_BACKGROUND;
        let width = self.frame.0;
        let mut start = 0;
        let mut now = self.kind(0, j);
        // The end of the chroma samples that the span before has a part in.
        let mut shared = 0;
        for i in 1..=self.columns {
            let next = if i < self.columns { self.kind(i, j) } else { 0 };
            if next == now && i < self.columns {
                continue;
            }
            let end = (i * self.side).min(width);
            let clear = match now {
                MIXED => end,
                _ => shared.clamp(start, end),
            };
            self.mixed.push(j, start..clear);
            // What is NOT_SUBJECT and not NOT_BACKGROUND is all background.
            if now == NOT_SUBJECT && clear < end {
                self.background.push(j, clear..end);
            }
            shared = if self.reach.0 { end + 2 } else { end };
            (start, now) = (end, next);
        }
    }
}

/// The flags that are up in any of a few.
#[inline(always)]
fn any(flags: &[u8]) -> u8 {
    let (eights, rest) = flags.as_chunks::<8>();
    let rest = rest.iter().fold(0, |a, &b| a | b);
    let eights = eights
        .iter()
        .fold(0, |a, &eight| a | u64::from_ne_bytes(eight));
    let fours = eights | eights >> 32;
    let twos = fours | fours >> 16;
    (twos | twos >> 8) as u8 | rest
}

/// The matte's samples that a cell is made of, bilinear neighbours included.
fn covered(cell: usize, side: usize, frame: usize, matte: usize) -> Range<usize> {
    let start = (cell * side) * matte / frame;
    let end = (((cell + 1) * side).min(frame) * matte).div_ceil(frame);
    if matte == frame {
        return start..end;
    }
    start.saturating_sub(1)..(end + 1).min(matte)
}

#[inline(always)]
fn flags_of(low: u8, high: u8) -> u8 {
    (u8::from(low < 255) * NOT_SUBJECT)
        | (u8::from(high > 0) * NOT_BACKGROUND)
        | (u8::from(low < CLEAR.1) * PLAIN_BACKGROUND)
        | (u8::from(high > CLEAR.0) * PLAIN_SUBJECT)
}

/// The flags of each column of some rows. Row after row, as they lie in memory: this is where a
/// matte is fetched from there.
#[simd]
fn judge<S: Simd>(
    _: S,
    matte: GrayRef,
    rows: Range<usize>,
    lows: &mut [u8],
    highs: &mut [u8],
    flags: &mut [u8],
) {
    lows.copy_from_slice(matte.row(rows.start));
    highs.copy_from_slice(matte.row(rows.start));
    for y in rows.start + 1..rows.end {
        for ((low, high), &value) in lows.iter_mut().zip(&mut *highs).zip(matte.row(y)) {
            *low = (*low).min(value);
            *high = (*high).max(value);
        }
    }
    for ((flags, &low), &high) in flags.iter_mut().zip(&*lows).zip(&*highs) {
        *flags = flags_of(low, high);
    }
}

#[cfg(test)]
#[path = "span_classes_tests.rs"]
mod tests;
