// SPDX-License-Identifier: MPL-2.0

//! Weighted sums of pixels over square cells, straight out of a frame's own layout.
//!
//! Rows are added up sample by sample as they lie in memory (a multiply and an add a sample), and
//! only the finished strip is folded along the row, by halving: neighbouring samples of the same
//! component are added until one is left for each cell.

use super::cells::Cell;
use super::cover::Work;
use super::kernels::{self, mix};
use super::matte::{AlphaRows, PlaneKind, has_chroma};
use crate::frame::PixelLayout;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// Largest side of a cell, so that 16-bit sums of a column of samples do not overflow.
pub(super) const MAX_SIDE: usize = 16;

/// A row of sums for each interleaved group of samples of a plane.
#[derive(Debug)]
struct Strip {
    /// Sums of sample * weight / 16, padded to whole cells.
    sums: Vec<u16>,
    /// Samples of a group: components (and padding) that are interleaved.
    step: usize,
    /// Pixels that a group covers along the row.
    pitch: usize,
    /// How often a group is added to its neighbour until one is left a cell.
    halvings: u32,
    /// The folded sums: a group for each cell.
    folded: Vec<u32>,
}

/// Where a component is found in its plane's folded sums.
#[derive(Debug)]
struct Place {
    plane: usize,
    slots: &'static [usize],
    subsampled: bool,
}

/// What counts how much in a sum, as a function of alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Surely background: `1 - 4 alpha`, so that nothing that is a quarter subject takes part.
    SureRoom,
    /// Background: `1 - alpha`.
    Room,
    /// Subject: `alpha`.
    Subject,
    /// `alpha^2`, for the products of a least-squares fit.
    Square,
}

/// Gathers a frame's weighted cells strip by strip.
#[derive(Debug)]
pub(super) struct CellSums {
    level: Level,
    weight: Weight,
    layout: PixelLayout,
    side: usize,
    planes: Vec<Strip>,
    weights: Strip,
    chroma_weights: Option<Strip>,
    places: Vec<Place>,
    /// The luma sample of packed 4:2:2 that lies outside a picture of odd width.
    outside: Option<usize>,
    spare: [Vec<u32>; 2],
}

impl CellSums {
    /// For frames `width` pixels wide and cells of `side` x `side` pixels, a power of two from 2
    /// to [`MAX_SIDE`].
    pub fn new(
        layout: PixelLayout,
        width: usize,
        side: usize,
        weight: Weight,
        level: Level,
    ) -> Self {
        debug_assert!(side.is_power_of_two() && (2..=MAX_SIDE).contains(&side));
        let info = layout.info();
        let columns = width.div_ceil(side);
        let whole = side.trailing_zeros();
        let strip = |step: usize, halvings: u32| Strip {
            sums: vec![0; (columns * step) << halvings],
            step,
            pitch: side >> halvings,
            halvings,
            folded: vec![0; columns * step],
        };
        let planes: Vec<_> = (0..info.planes)
            .map(|plane| match PlaneKind::of(layout, plane) {
                PlaneKind::Luma(n) => strip(n, whole),
                PlaneKind::Chroma(n) => strip(n, whole - 1),
                PlaneKind::Packed422 { .. } => strip(4, whole - 1),
            })
            .collect();
        const SLOTS: [usize; 4] = [0, 1, 2, 3];
        let places = info.components.iter().take(3).map(|c| {
            let offset = c.offset / info.sample_bytes();
            let slots = match (PlaneKind::of(layout, c.plane), c.w_sub, offset) {
                (PlaneKind::Packed422 { .. }, 0, 0) => &[0, 2][..],
                (PlaneKind::Packed422 { .. }, 0, _) => &[1, 3][..],
                _ => &SLOTS[offset..=offset],
            };
            Place {
                plane: c.plane,
                slots,
                subsampled: c.w_sub == 1,
            }
        });
        let outside = match PlaneKind::of(layout, 0) {
            PlaneKind::Packed422 { luma_first } if width % 2 == 1 => {
                Some(width / 2 * 4 + if luma_first { 2 } else { 3 })
            }
            _ => None,
        };
        let longest = planes.iter().map(|s| s.sums.len()).max().unwrap_or(0);
        Self {
            level,
            weight,
            layout,
            side,
            places: places.collect(),
            outside,
            weights: strip(1, whole),
            chroma_weights: has_chroma(info).then(|| strip(1, whole - 1)),
            spare: [vec![0; longest / 2], vec![0; longest / 2]],
            planes,
        }
    }

    /// Side of a cell in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Adds the weights of luma row `y`, and of the chroma row that it completes: by alpha in the
    /// mixed spans of pixels, and as room in the others.
    pub fn add_weights(&mut self, alpha: &AlphaRows, y: usize, work: Work) {
        let (level, weight) = (self.level, self.weight);
        let add = |strip: &mut Strip, alpha: &[u8]| {
            for span in work.mixed {
                let range = strip.samples(span, alpha.len());
                add_weights(level, weight, &mut strip.sums[range.clone()], &alpha[range]);
            }
            for span in work.room {
                let range = strip.samples(span, alpha.len());
                let (sums, alpha) = (&mut strip.sums[range.clone()], &alpha[range]);
                dispatch!(level, simd => add_weights_kernel::<_, ALL>(simd, sums, alpha));
            }
        };
        add(&mut self.weights, alpha.luma(y));
        if let (Some(strip), Some(_)) = (&mut self.chroma_weights, alpha.chroma_row_after(y)) {
            add(strip, alpha.chroma());
        }
    }

    /// Adds a row of a plane, with one alpha a sample, in the same spans.
    pub fn add(&mut self, plane: usize, row: &[u8], alpha: &[u8], work: Work) {
        let info = self.layout.info();
        let (level, weight, bytes) = (self.level, self.weight, info.sample_bytes());
        let strip = &mut self.planes[plane];
        let shift = info.shift + info.depth - 8;
        let spans = work.mixed.iter().map(|span| (span, Some(alpha)));
        for (span, alpha) in spans.chain(work.room.iter().map(|span| (span, None))) {
            let range = strip.samples(span, row.len() / bytes);
            let sums = &mut strip.sums[range.clone()];
            let row = &row[range.start * bytes..range.end * bytes];
            match (alpha, info.depth > 8) {
                (Some(alpha), true) => add16(level, weight, sums, row, &alpha[range], shift),
                (Some(alpha), false) => add8(level, weight, sums, row, &alpha[range]),
                (None, true) => {
                    dispatch!(level, simd => add16_kernel::<_, ALL>(simd, sums, row, row, shift));
                }
                (None, false) => {
                    dispatch!(level, simd => add8_kernel::<_, ALL>(simd, sums, row, row));
                }
            }
        }
    }

    /// Writes a range of a strip's cells, colours times weight and weight (1 for a whole cell),
    /// and clears their sums for the next strip. `cells` is the whole strip's.
    pub fn take(&mut self, cells: &mut [Cell], range: Range<usize>) {
        let (level, spare) = (self.level, &mut self.spare);
        if let Some(at) = self.outside {
            self.planes[0].sums[at] = 0;
        }
        for strip in self.planes.iter_mut() {
            strip.fold(level, spare, &range);
        }
        self.weights.fold(level, spare, &range);
        if let Some(strip) = &mut self.chroma_weights {
            strip.fold(level, spare, &range);
        }
        let unit = 1.0 / (255 * self.side * self.side) as f32;
        let cells = &mut cells[range.clone()];
        for (cell, &weight) in cells.iter_mut().zip(&self.weights.folded[range.clone()]) {
            *cell = [0.0, 0.0, 0.0, weight as f32 * unit];
        }
        for (index, place) in self.places.iter().enumerate() {
            let strip = &self.planes[place.plane];
            let groups = strip.folded[range.start * strip.step..].chunks_exact(strip.step);
            let total = |group: &[u32]| -> f32 {
                let sum: u32 = place.slots.iter().map(|&s| group[s]).sum();
                sum as f32 * 16.0
            };
            match (place.subsampled, &self.chroma_weights) {
                (true, Some(chroma)) => {
                    let weights = &chroma.folded[range.clone()];
                    // Chroma is a mean of its own, since its weights are not quite luma's.
                    for ((cell, group), &weight) in cells.iter_mut().zip(groups).zip(weights) {
                        cell[index] = total(group) / weight.max(1) as f32 * cell[3];
                    }
                }
                _ => {
                    for (cell, group) in cells.iter_mut().zip(groups) {
                        cell[index] = total(group) * unit;
                    }
                }
            }
        }
    }
}

impl Strip {
    /// Samples of a row of `len` that belong to a range of pixels.
    fn samples(&self, pixels: &Range<usize>, len: usize) -> Range<usize> {
        let at = |pixel: usize| (pixel / self.pitch * self.step).min(len);
        at(pixels.start)..at(pixels.end.next_multiple_of(self.pitch))
    }

    /// Folds the sums of a range of cells and clears them.
    fn fold(&mut self, level: Level, spare: &mut [Vec<u32>; 2], cells: &Range<usize>) {
        let at = |cell: usize| (cell * self.step) << self.halvings;
        let sums = &mut self.sums[at(cells.start)..at(cells.end)];
        let folded = &mut self.folded[cells.start * self.step..cells.end * self.step];
        let [a, b] = spare;
        let (mut from, mut to) = (&mut a[..], &mut b[..]);
        let mut len = sums.len();
        for round in 0..self.halvings {
            let last = round + 1 == self.halvings;
            len /= 2;
            let out = if last { &mut *folded } else { &mut to[..len] };
            if round == 0 {
                kernels::halve(level, sums, self.step, out);
            } else {
                kernels::halve(level, &from[..len * 2], self.step, out);
            }
            std::mem::swap(&mut from, &mut to);
        }
        if self.halvings == 0 {
            for (o, &v) in folded.iter_mut().zip(&*sums) {
                *o = u32::from(v);
            }
        }
        sums.fill(0);
    }
}

/// The weights as numbers, to be told apart at compile time.
const SURE_ROOM: u8 = Weight::SureRoom as u8;
const ROOM: u8 = Weight::Room as u8;
const SUBJECT: u8 = Weight::Subject as u8;
const SQUARE: u8 = Weight::Square as u8;
/// 1, whatever alpha is.
const ALL: u8 = SQUARE + 1;

#[inline(always)]
fn weigh<const WEIGHT: u8>(alpha: u8) -> u16 {
    match WEIGHT {
        SURE_ROOM => {
            let double = alpha.saturating_add(alpha);
            u16::from(255 - double.saturating_add(double))
        }
        ROOM => u16::from(255 - alpha),
        SUBJECT => u16::from(alpha),
        ALL => 255,
        // Up to 255 like the others.
        _ => u16::from(mix(alpha, 0, alpha)),
    }
}

#[simd]
fn add_weights_kernel<S: Simd, const WEIGHT: u8>(_: S, sums: &mut [u16], alpha: &[u8]) {
    for (s, &a) in sums.iter_mut().zip(alpha) {
        *s += weigh::<WEIGHT>(a);
    }
}

fn add_weights(level: Level, weight: Weight, sums: &mut [u16], alpha: &[u8]) {
    match weight {
        Weight::SureRoom => {
            dispatch!(level, simd => add_weights_kernel::<_, SURE_ROOM>(simd, sums, alpha));
        }
        Weight::Room => {
            dispatch!(level, simd => add_weights_kernel::<_, ROOM>(simd, sums, alpha));
        }
        Weight::Subject => {
            dispatch!(level, simd => add_weights_kernel::<_, SUBJECT>(simd, sums, alpha));
        }
        Weight::Square => {
            dispatch!(level, simd => add_weights_kernel::<_, SQUARE>(simd, sums, alpha));
        }
    }
}

#[simd]
fn add8_kernel<S: Simd, const WEIGHT: u8>(_: S, sums: &mut [u16], row: &[u8], alpha: &[u8]) {
    for ((s, &v), &a) in sums.iter_mut().zip(row).zip(alpha) {
        *s += (u16::from(v) * weigh::<WEIGHT>(a) + 8) >> 4;
    }
}

fn add8(level: Level, weight: Weight, sums: &mut [u16], row: &[u8], alpha: &[u8]) {
    match weight {
        Weight::SureRoom => {
            dispatch!(level, simd => add8_kernel::<_, SURE_ROOM>(simd, sums, row, alpha));
        }
        Weight::Room => dispatch!(level, simd => add8_kernel::<_, ROOM>(simd, sums, row, alpha)),
        Weight::Subject => {
            dispatch!(level, simd => add8_kernel::<_, SUBJECT>(simd, sums, row, alpha));
        }
        Weight::Square => {
            dispatch!(level, simd => add8_kernel::<_, SQUARE>(simd, sums, row, alpha));
        }
    }
}

#[simd]
fn add16_kernel<S: Simd, const WEIGHT: u8>(
    _: S,
    sums: &mut [u16],
    row: &[u8],
    alpha: &[u8],
    shift: u32,
) {
    let (samples, _) = row.as_chunks::<2>();
    for ((s, &v), &a) in sums.iter_mut().zip(samples).zip(alpha) {
        // Eight bits of ten are left by `shift`; what stands above the tenth is not the picture.
        let code = (u16::from_le_bytes(v) >> shift) & 0xff;
        *s += (code * weigh::<WEIGHT>(a) + 8) >> 4;
    }
}

fn add16(level: Level, weight: Weight, sums: &mut [u16], row: &[u8], alpha: &[u8], shift: u32) {
    match weight {
        Weight::SureRoom => {
            dispatch!(level, simd => add16_kernel::<_, SURE_ROOM>(simd, sums, row, alpha, shift));
        }
        Weight::Room => {
            dispatch!(level, simd => add16_kernel::<_, ROOM>(simd, sums, row, alpha, shift));
        }
        Weight::Subject => {
            dispatch!(level, simd => add16_kernel::<_, SUBJECT>(simd, sums, row, alpha, shift));
        }
        Weight::Square => {
            dispatch!(level, simd => add16_kernel::<_, SQUARE>(simd, sums, row, alpha, shift));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{self, Owned, extent};
    use super::*;
    use crate::blend::cover::Cover;
    use crate::blend::matte::Remap;
    use crate::blend::pass::each_row;
    use crate::frame::Colorimetry;

    /// Every layout against plain sums: weights exactly, colours to a quarter of a code value.
    #[test]
    fn cells_are_weighted_means() {
        let (color, size) = (Colorimetry::default(), (53, 21));
        for level in crate::simd::levels() {
            for side in [2, 4, 8, 16] {
                for &layout in PixelLayout::ALL {
                    let info = layout.info();
                    let frame = Owned::noise(layout, color, size, 1, 4).spread();
                    let matte = reference::matte(size.0, size.1, 5);
                    let mut alpha = AlphaRows::new(layout, color, size.0, size.1, level);
                    let mut sums = CellSums::new(layout, size.0, side, Weight::SureRoom, level);
                    let columns = size.0.div_ceil(side);
                    let mut cells = vec![[0.0; 4]; columns * size.1.div_ceil(side)];
                    let reach = (color.site.cosited_x, color.site.cosited_y);
                    let mut cover = Cover::new(size.0, size.1, reach, level);
                    cover.update(matte.as_ref());
                    alpha.start(matte.as_ref());
                    for y in 0..size.1 {
                        let work = cover.row(y);
                        alpha.advance(matte.as_ref(), Remap::Fade(255), y, work.mixed);
                        sums.add_weights(&alpha, y, work);
                        each_row(&mut alpha, info.planes, y, |alpha, plane, at| {
                            let samples = alpha.samples(plane, y, work.mixed);
                            sums.add(plane, frame.as_ref().row(plane, at), samples, work);
                        });
                        if y % side == side - 1 || y + 1 == size.1 {
                            sums.take(&mut cells[y / side * columns..][..columns], 0..columns);
                        }
                    }
                    for (index, c) in info.components.iter().take(3).enumerate() {
                        let (w, h) = extent(c, size.0, size.1);
                        let mut wanted = vec![(0.0, 0.0); cells.len()];
                        for y in 0..h {
                            for x in 0..w {
                                let alpha = reference::alpha(c, color, &matte, x, y);
                                let weight = (255.0 - 4.0 * (alpha + 0.001).round()).max(0.0);
                                let at = (y << c.h_sub) / side * columns + (x << c.w_sub) / side;
                                let code = f64::from(frame.sample(index, x, y) >> (info.depth - 8));
                                wanted[at].0 += code * weight;
                                wanted[at].1 += weight;
                            }
                        }
                        for (cell, (value, weight)) in cells.iter().zip(wanted) {
                            if weight > 40.0 && cell[3] > 0.0 {
                                let found = f64::from(cell[index] / cell[3]);
                                let slack = 0.1 + 300.0 / weight;
                                assert!(
                                    (found - value / weight).abs() < slack,
                                    "{} side {side} component {index}: {found} for {}",
                                    info.name,
                                    value / weight
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}
