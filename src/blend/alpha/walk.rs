// SPDX-License-Identifier: MPL-2.0

//! The one way down a frame: row after row with the matte's alpha, and the planes' rows that each
//! of them completes.

use super::plane_kind::PlaneKind;
use super::rows::{AlphaRows, Remap};
use super::span_classes::{RowSpans, SpanClasses};
use crate::frame::{FrameRef, GrayRef};

/// A frame with its matte.
#[derive(Clone, Copy)]
pub(crate) struct MattedFrame<'a> {
    /// The frame, before anything in it is changed.
    pub frame: FrameRef<'a>,
    /// Its matte, of any size.
    pub matte: GrayRef<'a>,
    /// The matte's span classes.
    pub classes: &'a SpanClasses,
}

impl<'a> MattedFrame<'a> {
    /// Begins a walk down the frame.
    pub fn walk(&self, alpha: &'a mut AlphaRows, remap: Remap<'a>) -> Walk<'a> {
        Walk::new(alpha, self.matte, remap)
    }
}

/// A walk down a frame.
pub(crate) struct Walk<'a> {
    alpha: &'a mut AlphaRows,
    matte: GrayRef<'a>,
    remap: Remap<'a>,
}

impl<'a> Walk<'a> {
    /// Begins at the top, with the alpha that `remap` makes of `matte`.
    pub fn new(alpha: &'a mut AlphaRows, matte: GrayRef<'a>, remap: Remap<'a>) -> Self {
        alpha.start(matte);
        Self {
            alpha,
            matte,
            remap,
        }
    }

    /// Luma row `y`, with alpha in its mixed spans, which begin on even pixels. Rows come in order
    /// and may be left out; rows that share a chroma row have the same spans.
    pub fn row<'s>(&mut self, y: usize, spans: RowSpans<'s>) -> AlphaRow<'_, 's> {
        self.alpha.advance(self.matte, self.remap, y, spans.mixed);
        AlphaRow {
            y,
            spans,
            alpha: self.alpha,
        }
    }
}

/// A luma row of a frame, and the alpha of all planes' rows that it completes.
pub(crate) struct AlphaRow<'a, 's> {
    /// Which row.
    pub y: usize,
    /// Its spans.
    pub spans: RowSpans<'s>,
    alpha: &'a mut AlphaRows,
}

/// A row of a plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlaneRow {
    /// Which plane.
    pub plane: usize,
    /// Which of the plane's rows.
    pub at: usize,
    /// The luma row that completes it.
    pub y: usize,
    /// How its samples follow from the pixels.
    pub kind: PlaneKind,
}

impl AlphaRow<'_, '_> {
    /// The planes' rows that this luma row completes.
    pub fn planes(&self) -> impl Iterator<Item = PlaneRow> + use<> {
        let (y, chroma) = (self.y, self.alpha.chroma_row_after(self.y));
        let kinds = self.alpha.kinds().enumerate();
        kinds.filter_map(move |(plane, kind)| {
            let at = match kind {
                PlaneKind::Chroma(_) => chroma?,
                _ => y,
            };
            Some(PlaneRow { plane, at, y, kind })
        })
    }

    /// Makes one alpha for each sample of a plane's row, in the mixed spans; 255 for samples that
    /// are alpha themselves, among others in a plane.
    pub fn samples(&mut self, plane: usize) -> &[u8] {
        self.alpha.samples(plane, self.y, self.spans.mixed)
    }

    /// What [`AlphaRow::samples`] made last for this plane.
    pub fn made(&self, plane: usize) -> &[u8] {
        self.alpha.made(plane, self.y)
    }

    /// The alpha of this row's pixels.
    pub fn luma(&self) -> &[u8] {
        self.alpha.luma(self.y)
    }

    /// The alpha of the chroma row that this row completes, if there is one.
    pub fn chroma(&self) -> Option<&[u8]> {
        let completed = self.alpha.chroma_row_after(self.y);
        completed.map(|_| self.alpha.chroma())
    }

    /// All rows that are kept.
    pub fn rows(&self) -> &AlphaRows {
        self.alpha
    }
}
