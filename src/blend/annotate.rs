// SPDX-License-Identifier: MPL-2.0

//! What an overlay says: a box round every region of the matte, and a few numbers in the corner.

use super::BlendError;
use super::background::Place;
use super::cover::Cover;
use super::outline::Outline;
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
pub(super) struct Annotations {
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
    pub fn new(place: Place) -> Result<Self, BlendError> {
        Ok(Self {
            boxes: Outline::of(place, 0xff40_ff40)?,
            letters: Outline::of(place, 0xffff_ffff)?,
            shade: Outline::of(place, 0xff10_1010)?,
            view: place.view,
            left: Vec::new(),
            stack: Vec::new(),
        })
    }

    /// Writes for who sees the frames otherwise.
    pub fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// Draws a frame's regions and numbers. Allocates for the first frame only.
    pub fn draw(
        &mut self,
        frame: &mut FrameMut,
        cover: &Cover,
        note: &Note,
    ) -> Result<(), BlendError> {
        let (columns, side) = (cover.columns(), cover.side());
        self.left.clear();
        self.left.extend(cover.subject_cells());
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
        let between = |a: usize, b: usize| a.min(b)..a.max(b) + 1;
        pen.fill(frame, between(a.0, b.0), between(a.1, b.1))
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

/// A letter's 3 x 5 dots, row by row from the top left; nothing for what has none.
fn glyph(letter: u8) -> u16 {
    const DIGITS: [u16; 10] = [
        0b111_101_101_101_111,
        0b010_110_010_010_111,
        0b111_001_111_100_111,
        0b111_001_111_001_111,
        0b101_101_111_001_001,
        0b111_100_111_001_111,
        0b111_100_111_101_111,
        0b111_001_010_010_010,
        0b111_101_111_101_111,
        0b111_101_111_001_111,
    ];
    const LETTERS: [u16; 26] = [
        0b010_101_111_101_101,
        0b110_101_110_101_110,
        0b011_100_100_100_011,
        0b110_101_101_101_110,
        0b111_100_110_100_111,
        0b111_100_110_100_100,
        0b011_100_101_101_011,
        0b101_101_111_101_101,
        0b111_010_010_010_111,
        0b001_001_001_101_010,
        0b101_101_110_101_101,
        0b100_100_100_100_111,
        0b101_111_111_101_101,
        0b110_101_101_101_101,
        0b010_101_101_101_010,
        0b110_101_110_100_100,
        0b010_101_101_110_011,
        0b110_101_110_101_101,
        0b011_100_010_001_110,
        0b111_010_010_010_010,
        0b101_101_101_101_111,
        0b101_101_101_101_010,
        0b101_101_111_111_101,
        0b101_101_010_101_101,
        0b101_101_010_010_010,
        0b111_001_010_100_111,
    ];
    match letter {
        b'0'..=b'9' => DIGITS[usize::from(letter - b'0')],
        b'A'..=b'Z' => LETTERS[usize::from(letter - b'A')],
        b'a'..=b'z' => LETTERS[usize::from(letter - b'a')],
        b'.' => 0b000_000_000_000_010,
        b'%' => 0b101_001_010_100_101,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blend::{Backdrop, Background, Compositor};
    use crate::frame::{Colorimetry, GrayImage, Orientation, PixelLayout};
    use crate::simd;

    /// Two regions get a box each, and the numbers go into the corner; frames may be tiny.
    #[test]
    fn regions_are_boxed_and_numbers_written() {
        let color = Colorimetry::default();
        for (width, height) in [(1, 1), (3, 2), (640, 480)] {
            for &layout in PixelLayout::ALL {
                let mut frame = Backdrop::new(layout, color, width, height).unwrap();
                let mut compositor =
                    Compositor::new(layout, color, width, height, simd::level()).unwrap();
                compositor.set_background(Background::Overlay).unwrap();
                compositor.set_note(Note {
                    inference_ms: 1.9,
                    origin: "own",
                    stage: "raw",
                });
                let mut matte = GrayImage::new(width, height);
                for (i, value) in matte.data_mut().iter_mut().enumerate() {
                    let (x, y) = (i % width, i / width);
                    let inside = (200..280).contains(&x) || (400..480).contains(&x);
                    *value = if inside && (160..320).contains(&y) {
                        255
                    } else {
                        0
                    };
                }
                compositor
                    .apply(&mut frame.view_mut(), matte.as_ref())
                    .unwrap();
                if (width, layout) != (640, PixelLayout::Bgrx) {
                    continue;
                }
                let view = frame.view();
                let pixel = |x: usize, y: usize| view.row(0, y)[4 * x..4 * x + 3].to_vec();
                let green = vec![0x40, 0xff, 0x40];
                for (x, y) in [(200, 200), (278, 200), (400, 318), (479, 161)] {
                    assert_eq!(pixel(x, y), green, "{x},{y}");
                }
                for (x, y) in [(240, 240), (340, 200), (440, 240)] {
                    assert_ne!(pixel(x, y), green, "{x},{y}");
                }
                // The S of SUBJECT: its upper line begins with a gap.
                let white = vec![255; 3];
                assert_eq!((pixel(9, 8), pixel(13, 9)), (vec![0x10; 3], white));
            }
        }
    }

    /// The text of a frame that stands on its head, or lies, is what an upright frame's is, turned.
    #[test]
    fn numbers_are_written_for_the_viewer() {
        let (layout, color) = (PixelLayout::Nv12, Colorimetry::default());
        let draw = |size: (usize, usize), orientation: Orientation| {
            let mut frame = Backdrop::new(layout, color, size.0, size.1).unwrap();
            let mut compositor =
                Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
            compositor.set_view(View::new(orientation, 1.0));
            compositor.set_background(Background::Overlay).unwrap();
            let matte = GrayImage::new(8, 8);
            let mut view = frame.view_mut();
            compositor.apply(&mut view, matte.as_ref()).unwrap();
            frame
        };
        let size = (320, 240);
        let plain = draw(size, Orientation::Rotate0);
        let plain = plain.view();
        for turn in Orientation::ALL {
            let frame = draw(turn.size(size), turn);
            let frame = frame.view();
            for y in 0..size.1 {
                for x in 0..size.0 {
                    let (u, v) = turn.stored((x, y), size);
                    let (found, wanted) = (frame.row(0, v)[u], plain.row(0, y)[x]);
                    assert_eq!(found, wanted, "{turn:?} {x},{y}");
                }
            }
        }
    }
}
