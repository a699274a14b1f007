// SPDX-License-Identifier: MPL-2.0

//! The matte itself as the picture.

use crate::blend::alpha::{AlphaRows, Remap, RowSpans, Walk, whole};
use crate::blend::geometry::Geometry;
use crate::blend::kernels;
use crate::frame::{Colorimetry, FrameRef, GrayMut, GrayRef, PixelLayout, Range};
use crate::simd::Level;

/// Writes mattes of any size as gray pictures of one size.
#[derive(Debug)]
pub struct GrayOut {
    rows: AlphaRows,
    height: usize,
    /// A row of the matte times the frame's own alpha.
    seen: Vec<u8>,
}

impl GrayOut {
    /// Makes ready for pictures of a size. Memory is taken here and when the mattes' size changes.
    pub fn new(width: usize, height: usize, level: Level) -> Self {
        let color = Colorimetry::default();
        let geometry = Geometry::new(PixelLayout::Gray8, color, (width, height), level);
        Self {
            rows: AlphaRows::new(geometry),
            height,
            seen: vec![0; width],
        }
    }

    /// Writes a matte, times the own alpha of `frame` if it has one: what is not there is no
    /// subject. `range` says which code values black and white get (16 and 235, or 0 and
    /// 255). The pictures must have the size that this was made for.
    pub fn apply(
        &mut self,
        matte: GrayRef,
        frame: Option<&FrameRef>,
        range: Range,
        out: &mut GrayMut,
    ) {
        let all = whole(out.width());
        let mut walk = Walk::new(&mut self.rows, matte, Remap::Fade(255));
        for y in 0..self.height {
            let alpha = walk.row(y, RowSpans::all(&all));
            let (row, luma) = (out.row_mut(y), alpha.luma());
            let seen = match frame.is_some_and(|frame| frame.alpha_row(y, &mut self.seen)) {
                false => luma,
                true => {
                    let pairs = self.seen.iter_mut().zip(luma);
                    pairs.for_each(|(own, &m)| *own = kernels::mix(m, 0, *own));
                    &self.seen[..]
                }
            };
            match range {
                Range::Full => row.copy_from_slice(seen),
                Range::Limited => {
                    for (o, &m) in row.iter_mut().zip(seen) {
                        *o = (16 + (u32::from(m) * 219 + 127) / 255) as u8;
                    }
                }
            }
        }
    }
}
