// SPDX-License-Identifier: MPL-2.0

//! The matte at the frame's size: rows of luma alpha, of chroma alpha, and of one alpha per
//! sample in each plane's order.

use super::plane_kind::{PlaneKind, has_chroma};
use super::upscale::{Upscaler, centre};
use crate::blend::geometry::Geometry;
use crate::blend::kernels;
use crate::frame::{GrayRef, Word, subsampled};
use crate::simd::Level;
use std::ops::Range;

/// Rows kept: three luma rows make a chroma row, and a power of two makes the ring cheap.
const RING: usize = 4;

/// What is done to the matte before it becomes alpha.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Remap<'a> {
    /// Background is replaced by this many 255ths; 255 is the matte as it is.
    Fade(u8),
    /// Any function of the matte.
    Table(&'a [u8; 256]),
}

/// Makes alpha rows of a frame of one layout and size out of mattes of any size.
#[derive(Debug)]
pub(crate) struct AlphaRows {
    level: Level,
    word: Word,
    width: usize,
    height: usize,
    planes: usize,
    kinds: [PlaneKind; 4],
    /// Which of a pixel's four samples is the alpha: it is not a colour, and kept.
    kept: Option<usize>,
    /// Whether there is subsampled chroma, and whether it is so in rows.
    chroma: bool,
    chroma_rows: bool,
    cosited: (bool, bool),
    /// Size of the mattes that `scaler` is made for.
    matte_size: (usize, usize),
    /// None if the matte has the frame's size.
    scaler: Option<Upscaler>,
    ring: Vec<u8>,
    scaled: Vec<u8>,
    sums: Vec<u16>,
    chroma_alpha: Vec<u8>,
    /// The same in 16ths, for samples of more than 8 bits; else empty.
    chroma_fine: Vec<u16>,
    expanded: Vec<u8>,
}

impl AlphaRows {
    /// For frames of a kind.
    pub fn new(geometry: Geometry) -> Self {
        let Geometry {
            layout,
            color,
            width,
            height,
            level,
            ..
        } = geometry;
        let info = layout.info();
        let half = subsampled(width, 1);
        Self {
            level,
            word: info.word(),
            width,
            height,
            planes: info.planes,
            kinds: std::array::from_fn(|plane| PlaneKind::of(layout, plane)),
            kept: (info.components.get(3))
                .filter(|_| info.alpha_plane().is_none())
                .map(|alpha| alpha.offset / info.sample_bytes()),
            chroma: has_chroma(info),
            chroma_rows: info.components.iter().any(|c| c.h_sub == 1),
            cosited: (color.site.cosited_x, color.site.cosited_y),
            matte_size: (0, 0),
            scaler: None,
            ring: vec![0; width * RING],
            scaled: vec![0; width],
            sums: vec![0; 2 * half + 2],
            chroma_alpha: vec![0; half],
            chroma_fine: vec![0; if info.depth > 8 { half } else { 0 }],
            expanded: vec![0; width * 4 + 4],
        }
    }

    /// Readies for a new picture's matte. Allocates only when the matte's size changed.
    pub fn start(&mut self, matte: GrayRef) {
        let size = (matte.width(), matte.height());
        if size != self.matte_size {
            self.matte_size = size;
            let (w, h) = (self.width, self.height);
            let (rx, ry) = (w as f64 / size.0 as f64, h as f64 / size.1 as f64);
            self.scaler = (size != (w, h)).then(|| {
                Upscaler::new(
                    self.level,
                    1,
                    size,
                    (0..w).map(|x| (centre(x, 0.5, 1.0, rx), 0)),
                    (0..h).map(|y| centre(y, 0.5, 1.0, ry)),
                )
            });
        }
        if let Some(scaler) = &mut self.scaler {
            scaler.restart();
        }
    }

    /// Makes luma row `y`, and the chroma alpha if this row completes one, in spans of pixels that
    /// begin on even ones. Rows come in order; those that share a chroma row have the same spans.
    pub fn advance(&mut self, matte: GrayRef, remap: Remap, y: usize, spans: &[Range<usize>]) {
        // The row above may have had other spans, and chroma looks at it.
        if self.chroma_rows && self.cosited.1 && y > 0 && y.is_multiple_of(2) {
            self.make_luma(matte, remap, y - 1, spans);
        }
        self.make_luma(matte, remap, y, spans);
        if self.chroma && self.chroma_row_after(y).is_some() {
            self.make_chroma(y, spans);
        }
    }

    fn make_luma(&mut self, matte: GrayRef, remap: Remap, y: usize, spans: &[Range<usize>]) {
        let (level, width) = (self.level, self.width);
        let row = &mut self.ring[y % RING * width..][..width];
        for span in spans {
            // The chroma sample at the left end may look one pixel further.
            let range = span.start.saturating_sub(1)..span.end;
            let out = &mut row[range.clone()];
            let scaled: &[u8] = match &mut self.scaler {
                None => &matte.row(y)[range],
                Some(scaler) => {
                    let whole = |_| std::iter::once(0..width);
                    let scaled = &mut self.scaled;
                    scaler.part(|r| matte.row(r), whole, y, range.clone(), scaled);
                    &self.scaled[range]
                }
            };
            match remap {
                Remap::Fade(255) => out.copy_from_slice(scaled),
                Remap::Fade(strength) => kernels::fade(level, scaled, strength, out),
                Remap::Table(table) => {
                    for (o, &m) in out.iter_mut().zip(scaled) {
                        *o = table[usize::from(m)];
                    }
                }
            }
        }
    }

    /// The chroma row that luma row `y` completes.
    pub fn chroma_row_after(&self, y: usize) -> Option<usize> {
        if !self.chroma_rows {
            return Some(y);
        }
        (y % 2 == 1 || y + 1 == self.height).then_some(y / 2)
    }

    fn make_chroma(&mut self, y: usize, spans: &[Range<usize>]) {
        let (level, width) = (self.level, self.width);
        let row = |y: usize| &self.ring[y % RING * width..][..width];
        let (rows, weights) = if self.chroma_rows {
            let here = y / 2 * 2;
            let rows = [row(here.saturating_sub(1)), row(here), row(y)];
            (rows, if self.cosited.1 { 4 } else { 2 })
        } else {
            ([row(y); 3], 1)
        };
        // Sums have one more column than the row on the left, and on the right.
        let sums = &mut self.sums;
        for span in spans {
            let range = span.start.saturating_sub(1)..span.end;
            let rows = rows.map(|row| &row[range.clone()]);
            let inner = &mut sums[range.start + 1..range.end + 1];
            kernels::chroma_rows(level, rows, weights, inner);
            if span.start == 0 {
                sums[0] = sums[1];
            }
            if span.end == width {
                let last = sums[width];
                sums[width + 1..].fill(last);
            }
            let chroma = span.start / 2..span.end.div_ceil(2);
            let sums = &sums[2 * chroma.start..];
            let out = &mut self.chroma_alpha[chroma.clone()];
            kernels::chroma_columns(level, sums, weights, self.cosited.0, out);
            if let Some(fine) = self.chroma_fine.get_mut(chroma) {
                kernels::chroma_columns_fine(sums, weights, self.cosited.0, fine);
            }
        }
    }

    /// The luma alpha of row `y`, one of the last few made.
    pub fn luma(&self, y: usize) -> &[u8] {
        &self.ring[y % RING * self.width..][..self.width]
    }

    /// The chroma alpha of the chroma row made last.
    pub fn chroma(&self) -> &[u8] {
        &self.chroma_alpha
    }

    /// The same in 16ths of 1/255; for layouts of more than 8 bits only.
    pub fn chroma_fine(&self) -> &[u16] {
        &self.chroma_fine
    }

    /// How the layout's samples of more than 8 bits stand in their words.
    pub fn word(&self) -> Word {
        self.word
    }

    /// How each plane follows from the matte.
    pub fn kinds(&self) -> impl Iterator<Item = PlaneKind> + use<> {
        self.kinds.into_iter().take(self.planes)
    }

    /// One alpha for each sample of a plane's row, in the same spans of pixels, after
    /// [`AlphaRows::advance`] made luma row `y`; 255 for samples that are alpha themselves, among
    /// others in a plane.
    pub fn samples(&mut self, plane: usize, y: usize, spans: &[Range<usize>]) -> &[u8] {
        let (level, kind) = (self.level, self.kinds[plane]);
        let luma = &self.ring[y % RING * self.width..][..self.width];
        let (chroma, expanded) = (&self.chroma_alpha, &mut self.expanded);
        for span in spans {
            let half = span.start / 2..span.end.div_ceil(2);
            let out = &mut expanded[kind.samples(span)];
            match kind {
                PlaneKind::Luma(1) | PlaneKind::Chroma(1) => break,
                PlaneKind::Luma(times) => {
                    let luma = &luma[span.clone()];
                    match self.kept {
                        Some(offset) => kernels::repeat_colors(level, luma, offset, out),
                        None => kernels::repeat(level, luma, times, out),
                    }
                }
                PlaneKind::Chroma(times) => kernels::repeat(level, &chroma[half], times, out),
                PlaneKind::Packed422 { luma_first } => {
                    let (luma, chroma) = (&luma[span.clone()], &chroma[half]);
                    kernels::interleave_422(level, luma, chroma, luma_first, out);
                }
            }
        }
        self.made(plane, y)
    }

    /// What [`AlphaRows::samples`] made last for this plane and row.
    pub fn made(&self, plane: usize, y: usize) -> &[u8] {
        match self.kinds[plane] {
            PlaneKind::Luma(1) => self.luma(y),
            PlaneKind::Chroma(1) => &self.chroma_alpha,
            _ => &self.expanded,
        }
    }
}
