// SPDX-License-Identifier: MPL-2.0

//! Gone means gone: what transparent pixels hold of the room.
//!
//! Many programs drop alpha silently and show the colours as they are. So the room must not be in
//! them. Two steps make sure of it:
//!
//! - Half-covered pixels get the subject's own colour along edges (see decontamination), and
//!   elsewhere what they are before black: `alpha * I`. The room is then never seen more than its
//!   alpha says.
//! - What has alpha 0 becomes black, whatever made it so: the matte, a fade, or the alpha that the
//!   frame came with. A subsampled chroma sample becomes neutral if all the pixels that it colours
//!   have alpha 0. This is done here.

use crate::blend::alpha::has_chroma;
use crate::blend::backdrop::Backdrop;
use crate::blend::error::BlendError;
use crate::blend::geometry::Geometry;
use crate::blend::kernels;
use crate::frame::{FrameMut, FrameRef, LayoutInfo, subsampled};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Clears frames of one kind with alpha.
#[derive(Debug)]
pub(crate) struct Transparency {
    level: Level,
    black: Backdrop,
    cosited: (bool, bool),
    /// Whether anything is seen in the columns of a few rows, under chroma samples, and the same
    /// once for each of two interleaved components.
    columns: Vec<u8>,
    halves: Vec<u8>,
    pairs: Vec<u8>,
    /// The same of single pixels.
    pixels: Vec<u8>,
}

impl Transparency {
    /// For frames of a kind with alpha.
    ///
    /// # Errors
    /// [`BlendError::NoAlpha`] if the layout has none or two bits of it, [`BlendError::Frame`] if
    /// the width is zero.
    pub fn new(geometry: Geometry) -> Result<Self, BlendError> {
        let (info, width) = (geometry.layout.info(), geometry.width);
        if !info.alpha || info.packing.is_some() {
            return Err(BlendError::NoAlpha { layout: info.name });
        }
        let half = subsampled(width, 1);
        let site = geometry.color.site;
        Ok(Self {
            level: geometry.level,
            black: Backdrop::row(geometry.layout, geometry.color, width, 0)?,
            cosited: (site.cosited_x, site.cosited_y),
            // One more on the left, and a whole pair at the right end.
            columns: vec![0; 2 * half + 1],
            halves: vec![0; half],
            pairs: vec![0; 2 * half],
            pixels: vec![0; width],
        })
    }

    /// A row of black with alpha 0.
    pub fn black(&self) -> FrameRef<'_> {
        self.black.view()
    }

    /// Makes black what has alpha 0.
    pub fn apply(&mut self, frame: &mut FrameMut) {
        let info = frame.layout().info();
        let Some(alpha) = info.components.get(3) else {
            return;
        };
        if let Some(alpha) = info.alpha_plane() {
            return match info.depth > 8 {
                true => self.apply_planar::<2>(frame, alpha.plane),
                false => self.apply_planar::<1>(frame, alpha.plane),
            };
        }
        let mut black = [0; 4];
        black.copy_from_slice(&self.black.view().row(0, 0)[..4]);
        for y in 0..frame.height() {
            let (level, row) = (self.level, frame.row_mut(0, y));
            match alpha.offset {
                0 => dispatch!(level, simd => clear_packed::<_, 0>(simd, row, black)),
                _ => dispatch!(level, simd => clear_packed::<_, 3>(simd, row, black)),
            }
        }
    }

    /// Samples have `N` bytes.
    fn apply_planar<const N: usize>(&mut self, frame: &mut FrameMut, alpha_plane: usize) {
        let (level, width, height) = (self.level, frame.width(), frame.height());
        let info = frame.layout().info();
        let strides: [usize; 4] = std::array::from_fn(|plane| frame.stride(plane));
        let mut planes = frame.planes_mut();
        let (colors, rest) = planes.split_at_mut(alpha_plane);
        let stride = strides[alpha_plane];
        let alpha = |y: usize| &rest[0][y * stride..][..N * width];
        for y in 0..height {
            self.see_row::<N>(alpha(y));
            for (plane, color) in colors.iter_mut().enumerate() {
                if !subsampled_across(info, plane) {
                    let (value, row) = (self.value::<N>(plane), &mut color[y * strides[plane]..]);
                    let (row, seen) = (&mut row[..N * width], &self.pixels[..]);
                    dispatch!(level, simd => clear_row::<_, N>(simd, row, value, seen));
                }
            }
            let halved = info.components.iter().any(|c| c.h_sub == 1);
            if !has_chroma(info) || halved && y % 2 == 0 && y + 1 < height {
                continue;
            }
            let (first, at) = match halved {
                true => (y / 2 * 2, y / 2),
                false => (y, y),
            };
            let above = match self.cosited.1 && halved {
                true => first.saturating_sub(1),
                false => first,
            };
            self.see::<N>([above, first, y].map(alpha));
            let half = self.halves.len();
            for (plane, color) in colors.iter_mut().enumerate().skip(1) {
                let (value, row) = (self.value::<N>(plane), &mut color[at * strides[plane]..]);
                match alpha_plane {
                    3 => {
                        let (row, seen) = (&mut row[..N * half], &self.halves[..]);
                        dispatch!(level, simd => clear_row::<_, N>(simd, row, value, seen));
                    }
                    _ => {
                        kernels::repeat(level, &self.halves, 2, &mut self.pairs);
                        let (row, seen) = (&mut row[..2 * N * half], &self.pairs[..]);
                        dispatch!(level, simd => clear_row::<_, N>(simd, row, value, seen));
                    }
                }
            }
        }
    }

    /// Black in a plane.
    fn value<const N: usize>(&self, plane: usize) -> [u8; N] {
        let black = self.black.view();
        black.row(plane, 0).first_chunk().copied().unwrap_or([0; N])
    }

    /// Notes which pixels of a row are seen.
    fn see_row<const N: usize>(&mut self, alpha: &[u8]) {
        for (seen, alpha) in self.pixels.iter_mut().zip(alpha.as_chunks::<N>().0) {
            *seen = any(*alpha);
        }
    }

    /// Finds what is seen of the pixels that chroma samples colour.
    fn see<const N: usize>(&mut self, rows: [&[u8]; 3]) {
        let rows = rows.map(|row| row.as_chunks::<N>().0);
        let columns = &mut self.columns[1..];
        for (x, column) in columns.iter_mut().enumerate() {
            // The last column stands for the one after it, in a picture of odd width.
            let x = x.min(rows[0].len() - 1);
            *column = any(rows[0][x]) | any(rows[1][x]) | any(rows[2][x]);
        }
        let reach = u8::from(self.cosited.0).wrapping_neg();
        for (i, half) in self.halves.iter_mut().enumerate() {
            let [left, here, next] = [0, 1, 2].map(|j| self.columns[2 * i + j]);
            *half = here | next | (left & reach);
        }
    }
}

/// Not 0 if any of the bytes is not 0.
#[inline(always)]
fn any<const N: usize>(alpha: [u8; N]) -> u8 {
    alpha.into_iter().fold(0, |any, byte| any | byte)
}

fn subsampled_across(info: &LayoutInfo, plane: usize) -> bool {
    let mut components = info.components.iter().filter(|c| c.plane == plane);
    components.any(|c| c.w_sub == 1)
}

#[simd]
fn clear_row<S: Simd, const N: usize>(_: S, row: &mut [u8], value: [u8; N], alpha: &[u8]) {
    for (p, &a) in row.as_chunks_mut::<N>().0.iter_mut().zip(alpha) {
        *p = if a == 0 { value } else { *p };
    }
}

#[simd]
fn clear_packed<S: Simd, const ALPHA: usize>(_: S, row: &mut [u8], black: [u8; 4]) {
    // Its alpha is 0 anyway.
    let black = u32::from_le_bytes(black);
    let mask = 255u32 << (8 * ALPHA);
    let (pixels, _) = row.as_chunks_mut::<4>();
    for pixel in pixels {
        let code = u32::from_le_bytes(*pixel);
        let code = if code & mask == 0 { black } else { code };
        *pixel = code.to_le_bytes();
    }
}
