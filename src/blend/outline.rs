// SPDX-License-Identifier: MPL-2.0

//! Rectangles drawn into a frame, for overlays that show regions.

use super::backdrop::Backdrop;
use super::background::Place;
use super::matte::PlaneKind;
use crate::frame::FrameMut;
use std::ops::Range;

/// Draws rectangles of one colour into frames of one layout and width.
#[derive(Debug)]
pub(super) struct Outline {
    row: Backdrop,
}

impl Outline {
    /// A pen of colour `argb` (0xAARRGGBB) for frames of a kind.
    pub fn of(place: Place, argb: u32) -> Result<Self, super::BlendError> {
        let row = Backdrop::row(place.layout, place.color, place.width, argb)?;
        Ok(Self { row })
    }

    /// Fills the rectangle `columns` x `rows` (in pixels, cut at the frame's edge), on even pixels,
    /// so that subsampled chroma keeps within it.
    ///
    /// # Errors
    /// [`super::BlendError::Mismatch`] for a frame of another layout or width.
    pub fn fill(
        &self,
        frame: &mut FrameMut,
        columns: Range<usize>,
        rows: Range<usize>,
    ) -> Result<(), super::BlendError> {
        let (columns, rows) = self.even(frame, columns, rows)?;
        for y in rows.start..rows.end.min(frame.height()) {
            self.line(frame, columns.clone(), y);
        }
        Ok(())
    }

    /// Draws the border of the rectangle `columns` x `rows` (in pixels, cut at the frame's edge),
    /// two pixels wide and on even pixels, so that subsampled chroma keeps within it.
    ///
    /// # Errors
    /// [`super::BlendError::Mismatch`] for a frame of another layout or width.
    pub fn draw(
        &self,
        frame: &mut FrameMut,
        columns: Range<usize>,
        rows: Range<usize>,
    ) -> Result<(), super::BlendError> {
        let height = frame.height();
        let (columns, rows) = self.even(frame, columns, rows)?;
        if columns.is_empty() || rows.is_empty() {
            return Ok(());
        }
        let width = columns.len().min(2);
        let left = columns.start..columns.start + width;
        let right = columns.end - width..columns.end;
        for y in rows.start..rows.end.min(height) {
            if y < rows.start + 2 || y + 2 >= rows.end {
                self.line(frame, columns.clone(), y);
            } else {
                self.line(frame, left.clone(), y);
                self.line(frame, right.clone(), y);
            }
        }
        Ok(())
    }

    /// A rectangle on even pixels, cut at the frame's edge.
    fn even(
        &self,
        frame: &FrameMut,
        columns: Range<usize>,
        rows: Range<usize>,
    ) -> Result<(Range<usize>, Range<usize>), super::BlendError> {
        let height = frame.height();
        let found = (frame.layout(), frame.width(), height);
        let needed = (self.row.layout(), self.row.size().0, height);
        super::BlendError::check("the frame", found, needed)?;
        let even = |range: Range<usize>, size: usize| {
            let end = range.end.min(size).next_multiple_of(2);
            range.start.min(end) & !1..end
        };
        Ok((even(columns, frame.width()), even(rows, height)))
    }

    /// Draws part of luma row `y` and of the chroma row that begins there.
    fn line(&self, frame: &mut FrameMut, columns: Range<usize>, y: usize) {
        let layout = frame.layout();
        let info = layout.info();
        let from = self.row.view();
        for plane in 0..info.planes {
            let halved = info
                .components
                .iter()
                .any(|c| c.plane == plane && c.h_sub == 1);
            // The frame's own alpha is no colour.
            let own = info.components.get(3).filter(|c| c.plane == plane);
            if (halved && y % 2 == 1) || own.is_some_and(|c| c.step == info.sample_bytes()) {
                continue;
            }
            let bytes = |x: usize| {
                info.sample_bytes()
                    * match PlaneKind::of(layout, plane) {
                        PlaneKind::Luma(n) => x * n,
                        PlaneKind::Chroma(n) => x.div_ceil(2) * n,
                        PlaneKind::Packed422 { .. } => x * 2,
                    }
            };
            let row = frame.row_mut(plane, if halved { y / 2 } else { y });
            let range = bytes(columns.start).min(row.len())..bytes(columns.end).min(row.len());
            let is_alpha = |i: usize| {
                let own = own.map(|c| (c.step, c.offset..c.offset + info.sample_bytes()));
                own.is_some_and(|(step, alpha)| alpha.contains(&(i % step)))
            };
            let pairs = row[range.clone()]
                .iter_mut()
                .zip(&from.row(plane, 0)[range]);
            for (i, (to, from)) in pairs.enumerate() {
                if !is_alpha(i) {
                    *to = *from;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{Owned, extent};
    use super::*;
    use crate::frame::{Colorimetry, PixelLayout};

    #[test]
    fn only_the_border_is_drawn_in_every_layout() {
        let color = Colorimetry::default();
        for (size, columns, rows) in [
            ((21, 15), 3..12, 5..13),
            ((21, 15), 10..90, 8..90),
            ((5, 3), 0..5, 0..3),
            ((1, 1), 0..1, 0..1),
            ((8, 8), 9..12, 3..3),
        ] {
            for &layout in PixelLayout::ALL {
                let mut frame = Owned::noise(layout, color, size, 1, 2).spread();
                let before = Owned::noise(layout, color, size, 1, 2).spread();
                let place = Place {
                    layout,
                    color,
                    width: size.0,
                    height: size.1,
                    view: crate::frame::View::default(),
                    level: crate::simd::level(),
                };
                let pen = Outline::of(place, 0xff00_ff00).unwrap();
                pen.draw(&mut frame.as_mut(), columns.clone(), rows.clone())
                    .unwrap();
                assert!(frame.padding_is_intact());
                let border = |x: usize, y: usize| {
                    let at = |v: usize, range: &Range<usize>, size: usize| {
                        let end = range.end.min(size).next_multiple_of(2);
                        let start = range.start.min(end) & !1;
                        let inside = (start..end).contains(&v);
                        (inside, inside && (v < start + 2 || v + 2 >= end))
                    };
                    let (x, y) = (at(x, &columns, size.0), at(y, &rows, size.1));
                    x.0 && y.0 && (x.1 || y.1)
                };
                let green = pen.row.view();
                for (index, c) in layout.info().components.iter().enumerate() {
                    let (w, h) = extent(c, size.0, size.1);
                    for y in 0..h {
                        for x in 0..w {
                            let wanted = if index < 3 && border(x << c.w_sub, y << c.h_sub) {
                                super::super::reference::sample(&green, index, x, 0)
                            } else {
                                before.sample(index, x, y)
                            };
                            let found = frame.sample(index, x, y);
                            assert_eq!(found, wanted, "{} {index} {x},{y}", layout.info().name);
                        }
                    }
                }
            }
        }
    }
}
