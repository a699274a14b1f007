// SPDX-License-Identifier: MPL-2.0

//! A planned conversion of frames of one format into another.

use super::axis::{Along, place, turn};
use super::color;
use super::grid::Grid;
use super::light::Light;
use super::placement::Placement;
use crate::blend::backdrop::{Backdrop, Encoder};
use crate::blend::error::BlendError;
use crate::frame::{Component, FrameError, FrameFormat, FrameMut, FrameRef, Unpacked};
use crate::simd::Level;
use std::ops::Range;

/// A planned conversion of frames of one format. Owns its memory: nothing is allocated while
/// converting.
///
/// Alpha and padding of the source are ignored: a background is opaque.
#[derive(Debug)]
pub(super) struct Conversion {
    level: Level,
    pub from: FrameFormat,
    to: FrameFormat,
    /// Columns and rows of the target that the picture covers.
    covered: (Range<usize>, Range<usize>),
    pub bars: u32,
    grids: Vec<Grid>,
    /// Memory for frames whose samples are not whole bytes.
    unpacked: Option<Unpacked>,
}

impl Conversion {
    /// Plans the conversion of frames of `from` into frames of `to`.
    ///
    /// # Errors
    /// [`BlendError::Frame`] if a side is zero.
    pub fn new(
        from: FrameFormat,
        to: FrameFormat,
        placement: Placement,
        level: Level,
    ) -> Result<Self, BlendError> {
        check(from, to)?;
        let views = (placement.from, placement.to);
        let sizes = ((from.width, from.height), (to.width, to.height));
        let along = place(sizes.0, sizes.1, views, placement.fit);
        Ok(Self::planned(
            (from, to),
            (along, turn(views).swaps()),
            placement.bars,
            level,
        ))
    }

    /// Plans the conversion of frames that lie on the target as `along` says, in columns and rows.
    ///
    /// # Errors
    /// [`BlendError::Frame`] if a side is zero.
    pub fn along(
        (from, to): (FrameFormat, FrameFormat),
        along: (Along, Along),
        bars: u32,
        level: Level,
    ) -> Result<Self, BlendError> {
        check(from, to)?;
        Ok(Self::planned((from, to), (along, false), bars, level))
    }

    fn planned(
        (from, to): (FrameFormat, FrameFormat),
        (along, swaps): ((Along, Along), bool),
        bars: u32,
        level: Level,
    ) -> Self {
        let (width, height) = (from.width, from.height);
        let mut plan = Self {
            level,
            from,
            to,
            covered: [along.0, along.1]
                .map(|side| side.start..side.start + side.len)
                .into(),
            bars,
            grids: Vec::new(),
            unpacked: Unpacked::new(from.layout, from.color, width, height, level),
        };
        let light = Light::new(from, to);
        let colors = color::mixes(from, to);
        let info = to.layout.info();
        let sampling = |c: &Component| (c.w_sub, c.h_sub);
        for first in info.components.iter().take(colors.len()) {
            let known = |g: &Grid| sampling(g.first()) == sampling(first);
            if plan.grids.iter().any(known) {
                continue;
            }
            let outputs = info.components.iter().zip(&colors).enumerate();
            let outputs = outputs.filter(|(_, (c, _))| sampling(c) == sampling(first));
            let (numbers, outputs): (Vec<_>, Vec<_>) =
                outputs.map(|(i, (c, mix))| (i, (*c, *mix))).unzip();
            let light = light.clone().map(|light| (light, numbers));
            plan.grids
                .push(Grid::new(from, to, (along, swaps), outputs, light));
        }
        plan
    }

    /// A backdrop to convert into: the bars' colour all over, and opaque where the picture will be.
    ///
    /// # Errors
    /// [`FrameError::Empty`] if a side is zero.
    pub fn blank(&self) -> Result<Backdrop, FrameError> {
        let FrameFormat {
            layout,
            color,
            width,
            height,
        } = self.to;
        let mut blank = Backdrop::new(layout, color, width, height)?;
        self.clear(&mut blank);
        Ok(blank)
    }

    /// Makes a backdrop as [`Self::blank`] does.
    pub fn clear(&self, backdrop: &mut Backdrop) {
        backdrop.fill(self.bars);
        let info = self.to.layout.info();
        if !info.alpha {
            return;
        }
        let encoder = Encoder::new(self.to.layout, self.to.color);
        let opaque = encoder.encode([0.0, 0.0, 0.0, 1.0])[3];
        let (columns, rows) = self.covered.clone();
        let alpha = &info.components[3];
        let mut out = backdrop.view_mut();
        for y in rows {
            let row = out.row_mut(alpha.plane, y);
            for x in columns.clone() {
                encoder.store(opaque, &mut row[alpha.offset + x * alpha.step..]);
            }
        }
    }

    /// Converts a frame into a backdrop. What the picture does not cover stays as it is.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame or a backdrop of another layout or size than planned.
    pub fn convert(&mut self, frame: &FrameRef, to: &mut Backdrop) -> Result<(), BlendError> {
        self.write(frame, &mut to.view_mut())
    }

    /// Whether the picture leaves bars.
    pub fn leaves_bars(&self) -> bool {
        let (columns, rows) = (&self.covered.0, &self.covered.1);
        (columns.len(), rows.len()) != (self.to.width, self.to.height)
    }

    pub fn write(&mut self, frame: &FrameRef, out: &mut FrameMut) -> Result<(), BlendError> {
        let kind = |format: FrameFormat| (format.layout, format.width, format.height);
        let found = (frame.layout(), frame.width(), frame.height());
        BlendError::check("the background frame", found, kind(self.from))?;
        let found = (out.layout(), out.width(), out.height());
        BlendError::check("the converted frame", found, kind(self.to))?;
        let frame = &spread(&mut self.unpacked, frame);
        for grid in &mut self.grids {
            grid.convert(self.level, frame, out);
        }
        Ok(())
    }
}

/// Whether frames have pixels.
fn check(from: FrameFormat, to: FrameFormat) -> Result<(), FrameError> {
    for FrameFormat { width, height, .. } in [from, to] {
        if width == 0 || height == 0 {
            return Err(FrameError::Empty { width, height });
        }
    }
    Ok(())
}

/// A frame with its samples spread out if they are not whole bytes.
fn spread<'a>(unpacked: &'a mut Option<Unpacked>, frame: &FrameRef<'a>) -> FrameRef<'a> {
    match unpacked {
        Some(unpacked) if frame.is_packed() => {
            unpacked.take(frame);
            unpacked.view()
        }
        _ => *frame,
    }
}

/// Copies a frame into one of the same layout and size.
pub(super) fn copy_rows(from: &FrameRef, to: &mut FrameMut) {
    let info = from.layout().info();
    for plane in 0..info.planes {
        let (_, rows) = info.plane_extent(plane, from.width(), from.height());
        for y in 0..rows {
            to.row_mut(plane, y).copy_from_slice(from.row(plane, y));
        }
    }
}
