// SPDX-License-Identifier: MPL-2.0

//! One pass over a frame: rows of the matte, of the background and of the frame together.

use super::blur::Blur;
use super::edge::Edge;
use super::kernels;
use super::matte::{AlphaRows, PlaneKind, Remap};
use super::wrap::Wrap;
use crate::frame::{FrameMut, FrameRef, GrayRef};
use crate::simd::Level;

/// Where the rows of a background come from.
pub(super) enum Back<'a> {
    Flat(FrameRef<'a>),
    Rows(FrameRef<'a>),
    Blur(&'a mut Blur),
}

impl Back<'_> {
    fn row(&mut self, plane: usize, y: usize) -> &[u8] {
        match self {
            Back::Flat(frame) => frame.row(plane, 0),
            Back::Rows(frame) => frame.row(plane, y),
            Back::Blur(blur) => blur.row(plane, y),
        }
    }
}

/// What makes the edge look natural.
#[derive(Debug, Default)]
pub(super) struct Finish {
    pub edge: Option<Box<Edge>>,
    pub wrap: Option<Box<Wrap>>,
}

impl Finish {
    fn update(&mut self, frame: &FrameRef, matte: GrayRef, fade: Remap, alpha: &mut AlphaRows) {
        if let Some(edge) = &mut self.edge {
            edge.update(frame, matte, fade, alpha);
        }
        if let Some(wrap) = &mut self.wrap {
            wrap.update(matte, fade, alpha);
        }
    }

    fn row(
        &mut self,
        plane: usize,
        at: usize,
        y: usize,
        row: &mut [u8],
        back: &[u8],
        samples: &[u8],
    ) {
        if let Some(edge) = &mut self.edge {
            edge.clean(plane, at, y, row, samples);
        }
        if let Some(wrap) = &mut self.wrap {
            wrap.row(plane, at, y, row, back);
        }
    }
}

/// A frame and its matte.
pub(super) struct Pass<'a, 'f> {
    level: Level,
    alpha: &'a mut AlphaRows,
    frame: &'a mut FrameMut<'f>,
    matte: GrayRef<'a>,
}

impl<'a, 'f> Pass<'a, 'f> {
    pub fn new(
        level: Level,
        alpha: &'a mut AlphaRows,
        frame: &'a mut FrameMut<'f>,
        matte: GrayRef<'a>,
    ) -> Self {
        Self {
            level,
            alpha,
            frame,
            matte,
        }
    }

    /// Looks at the frame's edges before anything is changed.
    pub fn prepare(&mut self, finish: &mut Finish, fade: Remap) {
        finish.update(&self.frame.as_ref(), self.matte, fade, self.alpha);
    }

    /// Takes the room out of focus before anything is changed.
    pub fn blur(&mut self, blur: &mut Blur) {
        blur.update(&self.frame.as_ref(), self.matte, self.alpha);
    }

    /// Blends the frame over a background.
    pub fn blend(&mut self, remap: Remap, back: &mut Back, mut finish: Option<&mut Finish>) {
        let (level, matte) = (self.level, self.matte);
        let (alpha, frame) = (&mut *self.alpha, &mut *self.frame);
        let info = frame.layout().info();
        alpha.start(matte);
        for y in 0..frame.height() {
            alpha.advance(matte, remap, y);
            if let Some(wrap) = finish.as_mut().and_then(|f| f.wrap.as_mut()) {
                wrap.advance(y);
            }
            each_row(alpha, info.planes, y, |alpha, plane, at| {
                let (row, back) = (frame.row_mut(plane, at), back.row(plane, at));
                let kind = alpha.kind(plane);
                let samples = alpha.samples(plane, y);
                if let Some(finish) = &mut finish {
                    finish.row(plane, at, y, row, back, samples);
                }
                match (info.depth > 8, kind) {
                    (false, _) => kernels::lerp(level, row, back, samples),
                    (true, PlaneKind::Chroma(times)) => {
                        let fine = alpha.chroma_fine();
                        kernels::lerp16_fine(level, row, back, fine, times, info.shift);
                    }
                    (true, _) => kernels::lerp16(level, row, back, samples, info.shift),
                }
            });
        }
    }

    /// Multiplies the frame's alpha by the matte and touches nothing else.
    pub fn multiply_alpha(&mut self, remap: Remap, clear: &FrameRef) {
        let (level, matte) = (self.level, self.matte);
        let (alpha, frame) = (&mut *self.alpha, &mut *self.frame);
        let Some(component) = frame.layout().info().components.get(3) else {
            return;
        };
        alpha.start(matte);
        for y in 0..frame.height() {
            alpha.advance(matte, remap, y);
            let row = frame.row_mut(component.plane, y);
            if component.step == 1 {
                kernels::lerp(level, row, clear.row(component.plane, 0), alpha.luma(y));
            } else {
                kernels::scale_alpha(level, row, component.offset, alpha.luma(y));
            }
        }
    }

    /// Overwrites the frame.
    pub fn fill(&mut self, back: &mut Back) {
        fill(self.frame, back);
    }
}

/// Calls `row(plane, row of the plane, luma row)` for every row of every plane, in the order in
/// which the alpha rows are made.
pub(super) fn each_row(
    alpha: &mut AlphaRows,
    planes: usize,
    y: usize,
    mut row: impl FnMut(&mut AlphaRows, usize, usize),
) {
    for plane in 0..planes {
        let at = match alpha.kind(plane) {
            PlaneKind::Chroma(_) => alpha.chroma_row_after(y),
            _ => Some(y),
        };
        if let Some(at) = at {
            row(alpha, plane, at);
        }
    }
}

/// Overwrites a frame with a background.
pub(super) fn fill(frame: &mut FrameMut, back: &mut Back) {
    let info = frame.layout().info();
    let (width, height) = (frame.width(), frame.height());
    for plane in 0..info.planes {
        let (_, rows) = info.plane_extent(plane, width, height);
        for y in 0..rows {
            frame.row_mut(plane, y).copy_from_slice(back.row(plane, y));
        }
    }
}
