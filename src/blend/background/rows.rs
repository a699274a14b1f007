// SPDX-License-Identifier: MPL-2.0

//! Rows of a background, wherever they come from.

use super::blur::Blur;
use crate::blend::kernels;
use crate::blend::mean::{Mean, mean_of};
use crate::frame::{FrameMut, FrameRef};
use crate::simd::{Level, prefetch};
use std::ops::Range;

/// Rows of a background that are asked for ahead of time.
const AHEAD: usize = 2;

/// Where the rows of a background come from.
pub(crate) enum BackgroundRows<'a> {
    /// One row that stands for all.
    Flat(FrameRef<'a>),
    /// A picture.
    Still(FrameRef<'a>),
    /// The frame's own background, out of focus.
    Blur(&'a mut Blur),
}

impl BackgroundRows<'_> {
    /// Begins a picture.
    pub fn restart(&mut self) {
        if let Self::Blur(blur) = self {
            blur.restart();
        }
    }

    /// Rows of pixels after which nothing new comes.
    pub fn height(&self) -> usize {
        match self {
            Self::Flat(_) => 1,
            Self::Still(frame) => frame.height(),
            Self::Blur(_) => usize::MAX,
        }
    }

    /// Mean colour.
    pub fn mean(&self) -> Mean {
        match self {
            Self::Flat(frame) | Self::Still(frame) => mean_of(frame),
            Self::Blur(blur) => blur.mean(),
        }
    }

    /// A range of samples of a plane's row.
    pub fn row(&mut self, plane: usize, y: usize, samples: Range<usize>) -> &[u8] {
        let (frame, y) = match self {
            Self::Flat(frame) => (frame, 0),
            Self::Still(frame) => (frame, y),
            Self::Blur(blur) => return blur.row(plane, y, samples),
        };
        let bytes = frame.layout().info().sample_bytes();
        &frame.row(plane, y)[samples.start * bytes..samples.end * bytes]
    }

    /// Writes a range of samples of a plane's row at their place in another row.
    pub fn write(&mut self, plane: usize, y: usize, samples: Range<usize>, row: &mut [u8]) {
        let (frame, y) = match self {
            Self::Flat(frame) => (frame, 0),
            Self::Still(frame) => (frame, y),
            Self::Blur(blur) => return blur.write(plane, y, samples, row),
        };
        let bytes = frame.layout().info().sample_bytes();
        let range = samples.start * bytes..samples.end * bytes;
        // The processor foresees the bytes of a row, but not the next one's.
        if let Some(soon) = frame.row_ahead(plane, y + AHEAD) {
            prefetch(&soon[range.clone()]);
        }
        row[range.clone()].copy_from_slice(&frame.row(plane, y)[range]);
    }

    /// The same as [`BackgroundRows::write`], but for the alpha at `offset` of pixels of four
    /// samples of `bytes` bytes.
    pub fn write_colors(
        &mut self,
        level: Level,
        (offset, bytes): (usize, usize),
        (plane, y): (usize, usize),
        samples: Range<usize>,
        row: &mut [u8],
    ) {
        let back = self.row(plane, y, samples.clone());
        match bytes {
            2 => kernels::copy_colors16(back, offset, &mut row[2 * samples.start..]),
            _ => kernels::copy_colors(level, back, offset, &mut row[samples]),
        }
    }
}

/// Overwrites a frame with a background.
pub(crate) fn fill(frame: &mut FrameMut, background: &mut BackgroundRows) {
    let info = frame.layout().info();
    let (width, height) = (frame.width(), frame.height());
    background.restart();
    for plane in 0..info.planes {
        let (_, rows) = info.plane_extent(plane, width, height);
        for y in 0..rows {
            let samples = 0..info.row_samples(plane, width);
            background.write(plane, y, samples, frame.row_mut(plane, y));
        }
    }
}
