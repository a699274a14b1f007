// SPDX-License-Identifier: MPL-2.0

//! How the samples of a plane follow from the pixels.

use crate::frame::{ColorModel, LayoutInfo, PixelLayout};
use std::ops::Range;

/// How a plane's samples follow from the matte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaneKind {
    /// Full-size component(s): each alpha this many times.
    Luma(usize),
    /// Subsampled component(s): each chroma alpha this many times.
    Chroma(usize),
    /// Packed 4:2:2, luma first or chroma first.
    Packed422 { luma_first: bool },
}

impl PlaneKind {
    pub fn of(layout: PixelLayout, plane: usize) -> Self {
        let info = layout.info();
        let mut components = info.components.iter().filter(|c| c.plane == plane);
        let (Some(first), count) = (components.next(), components.count() + 1) else {
            return Self::Luma(1);
        };
        let samples = first.step / info.sample_bytes();
        match first.w_sub {
            1 => Self::Chroma(samples),
            0 if count == 3 && samples == 2 => Self::Packed422 {
                luma_first: first.offset == 0,
            },
            _ => Self::Luma(samples),
        }
    }

    /// The samples of a row that belong to a range of pixels; it begins on an even pixel.
    pub fn samples(self, pixels: &Range<usize>) -> Range<usize> {
        let Range { start, end } = *pixels;
        match self {
            Self::Luma(n) => start * n..end * n,
            Self::Chroma(n) => start / 2 * n..end.div_ceil(2) * n,
            Self::Packed422 { .. } => start * 2..end.div_ceil(2) * 4,
        }
    }

    /// The same of a row of `count` samples: the last pair of an odd width may lack one.
    pub fn samples_of(self, pixels: &Range<usize>, count: usize) -> Range<usize> {
        let range = self.samples(pixels);
        range.start..range.end.min(count)
    }
}

/// Whether a layout has subsampled chroma.
pub(crate) fn has_chroma(info: &LayoutInfo) -> bool {
    info.model == ColorModel::Yuv && info.components.iter().any(|c| c.w_sub == 1)
}
