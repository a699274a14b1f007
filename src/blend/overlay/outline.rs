// SPDX-License-Identifier: MPL-2.0

//! Rectangles drawn into a frame, for overlays that show regions.

use crate::blend::alpha::PlaneKind;
use crate::blend::backdrop::Backdrop;
use crate::blend::error::BlendError;
use crate::blend::geometry::Geometry;
use crate::frame::FrameMut;
use std::ops::Range;

/// Draws rectangles of one colour into frames of one layout and width.
#[derive(Debug)]
pub(super) struct Outline {
    row: Backdrop,
}

impl Outline {
    /// A pen of colour `argb` (0xAARRGGBB) for frames of a kind.
    pub fn new(geometry: Geometry, argb: u32) -> Result<Self, BlendError> {
        let row = Backdrop::row(geometry.layout, geometry.color, geometry.width, argb)?;
        Ok(Self { row })
    }

    /// Fills the rectangle `columns` x `rows` (in pixels, cut at the frame's edge), on even pixels,
    /// so that subsampled chroma keeps within it.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or width.
    pub fn fill(
        &self,
        frame: &mut FrameMut,
        columns: Range<usize>,
        rows: Range<usize>,
    ) -> Result<(), BlendError> {
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
    /// [`BlendError::Mismatch`] for a frame of another layout or width.
    pub fn draw(
        &self,
        frame: &mut FrameMut,
        columns: Range<usize>,
        rows: Range<usize>,
    ) -> Result<(), BlendError> {
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
    ) -> Result<(Range<usize>, Range<usize>), BlendError> {
        let height = frame.height();
        let found = (frame.layout(), frame.width(), height);
        let needed = (self.row.layout(), self.row.size().0, height);
        BlendError::check("the frame", found, needed)?;
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
#[path = "outline_tests.rs"]
mod tests;
