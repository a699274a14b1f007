// SPDX-License-Identifier: MPL-2.0

//! What an overlay says: a box round every region of the matte, and a few numbers in the corner.

use super::glyphs::glyph;
use super::outline::Outline;
use crate::blend::alpha::SpanClasses;
use crate::blend::error::BlendError;
use crate::blend::geometry::Geometry;
use crate::frame::{FrameMut, View};
use std::fmt::Write;
use std::ops::Range;

/// What is known about a frame's matte, for an overlay to show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    /// Time that the network took, in ms.
    pub inference_ms: f32,
    /// Where the matte comes from; letters, digits, `.`, `%` and spaces can be shown.
    pub origin: &'static str,
    /// How far it has come.
    pub stage: &'static str,
}

impl Default for Note {
    fn default() -> Self {
        Self {
            inference_ms: 0.0,
            origin: "",
            stage: "",
        }
    }
}

/// Most boxes that are drawn; noise has more regions than anybody looks at.
const MOST: usize = 32;

/// Draws into frames of one kind.
#[derive(Debug)]
pub(crate) struct Annotations {
    boxes: Outline,
    letters: Outline,
    shade: Outline,
    view: View,
    /// Cells that are not yet part of a region.
    left: Vec<bool>,
    stack: Vec<u32>,
}

impl Annotations {
    /// For frames of a kind.
    pub fn new(geometry: Geometry) -> Result<Self, BlendError> {
        Ok(Self {
            boxes: Outline::new(geometry, 0xff40_ff40)?,
            letters: Outline::new(geometry, 0xffff_ffff)?,
            shade: Outline::new(geometry, 0xff10_1010)?,
            view: geometry.view,
            left: Vec::new(),
            stack: Vec::new(),
        })
    }

    /// Writes for frames that the viewer sees in another way.
    pub fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// Draws a frame's regions and numbers. Allocates for the first frame only.
    pub fn draw(
        &mut self,
        frame: &mut FrameMut,
        classes: &SpanClasses,
        note: &Note,
    ) -> Result<(), BlendError> {
        let (columns, side) = (classes.columns(), classes.side());
        self.left.clear();
        self.left.extend(classes.subject_cells());
        self.stack.clear();
        self.stack.reserve(self.left.len());
        let subject = self.left.iter().filter(|l| **l).count() as f32 / self.left.len() as f32;
        let mut regions = 0;
        for start in 0..self.left.len() {
            let Some((x, y)) = self.region(start, columns) else {
                continue;
            };
            regions += 1;
            if regions <= MOST {
                let pixels = |cells: Range<usize>| cells.start * side..cells.end * side;
                self.boxes.draw(frame, pixels(x), pixels(y))?;
            }
        }
        let mut text = Text::default();
        // Longer text than there is room for is cut; nothing else can fail.
        let _ = write!(
            text,
            "SUBJECT {:.0}%\nREGIONS {regions}\nNETWORK {:.1} MS\n{} {}",
            subject * 100.0,
            note.inference_ms,
            note.stage,
            note.origin
        );
        self.write(frame, text.as_str())
    }

    /// Takes a cell's region away and returns the cells that it lies in.
    fn region(&mut self, start: usize, columns: usize) -> Option<(Range<usize>, Range<usize>)> {
        let (left, stack) = (&mut self.left, &mut self.stack);
        if !std::mem::take(&mut left[start]) {
            return None;
        }
        let rows = left.len() / columns;
        let (mut x, mut y) = (columns..0, rows..0);
        stack.push(start as u32);
        while let Some(cell) = stack.pop() {
            let (cx, cy) = (cell as usize % columns, cell as usize / columns);
            (x.start, x.end) = (x.start.min(cx), x.end.max(cx + 1));
            (y.start, y.end) = (y.start.min(cy), y.end.max(cy + 1));
            let beside = [
                (cx > 0).then(|| cell - 1),
                (cx + 1 < columns).then(|| cell + 1),
                (cy > 0).then(|| cell - columns as u32),
                (cy + 1 < rows).then(|| cell + columns as u32),
            ];
            for next in beside.into_iter().flatten() {
                if std::mem::take(&mut left[next as usize]) {
                    stack.push(next);
                }
            }
        }
        Some((x, y))
    }

    /// Writes lines into the corner that is the viewer's upper left, in letters of 3 x 5 dots.
    fn write(&self, frame: &mut FrameMut, text: &str) -> Result<(), BlendError> {
        let lines = self.view.upright((frame.width(), frame.height())).1;
        let half = (lines / 240).max(1);
        let narrow = (half as f64 / self.view.upright_aspect()).round() as usize;
        // Even, so that chroma keeps within a dot.
        let (wide, high) = (narrow.max(1) * 2, half * 2);
        for (line, words) in text.lines().enumerate() {
            let top = (2 + line * 7) * high;
            let width = (words.len() * 4 + 1) * wide;
            let (columns, rows) = (wide..wide + width, top - high..top + 6 * high);
            self.fill(&self.shade, frame, columns, rows)?;
            for (place, letter) in words.bytes().enumerate() {
                let (bits, left) = (glyph(letter), (2 + place * 4) * wide);
                for i in (0..15).filter(|i| (bits >> (14 - i)) & 1 == 1) {
                    let (x, y) = (left + i % 3 * wide, top + i / 3 * high);
                    self.fill(&self.letters, frame, x..x + wide, y..y + high)?;
                }
            }
        }
        Ok(())
    }

    /// Fills a rectangle of the upright frame.
    fn fill(
        &self,
        pen: &Outline,
        frame: &mut FrameMut,
        columns: Range<usize>,
        rows: Range<usize>,
    ) -> Result<(), BlendError> {
        let size = self.view.upright((frame.width(), frame.height()));
        let (right, bottom) = (columns.end.min(size.0), rows.end.min(size.1));
        if columns.start >= right || rows.start >= bottom {
            return Ok(());
        }
        let turn = self.view.orientation;
        let (a, b) = (
            turn.stored((columns.start, rows.start), size),
            turn.stored((right - 1, bottom - 1), size),
        );
        let span = |a: usize, b: usize| a.min(b)..a.max(b) + 1;
        pen.fill(frame, span(a.0, b.0), span(a.1, b.1))
    }
}

/// Text of a limited length that takes no memory.
#[derive(Debug, Default)]
struct Text {
    bytes: [[u8; 32]; 4],
    len: usize,
}

impl Text {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes.as_flattened()[..self.len]).unwrap_or("")
    }
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let room = &mut self.bytes.as_flattened_mut()[self.len..];
        let Some(room) = room.get_mut(..part.len()) else {
            return Err(std::fmt::Error);
        };
        room.copy_from_slice(part.as_bytes());
        self.len += part.len();
        Ok(())
    }
}

#[cfg(test)]
#[path = "annotations_tests.rs"]
mod tests;
