// SPDX-License-Identifier: MPL-2.0

//! Weighted sums of pixels over square cells, straight out of a frame's own layout.
//!
//! Rows are added up sample by sample as they lie in memory (a multiply and an add a sample), and
//! only the finished strip is folded along the row, by halving: neighbouring samples of the same
//! component are added until one is left for each cell.

use super::Cell;
use crate::blend::alpha::{AlphaRow, PlaneKind, RowSpans, has_chroma};
use crate::blend::geometry::Geometry;
use crate::blend::kernels::mix;
use crate::frame::{LayoutInfo, PixelLayout};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
use std::ops::Range;

/// Largest side of a cell, so that 16-bit sums of a column of samples do not overflow.
pub(crate) const MAX_SIDE: usize = 16;

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
struct ComponentSlots {
    plane: usize,
    slots: &'static [usize],
    subsampled: bool,
}

/// What counts how much in a sum, as a function of alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Surely background: `1 - 4 alpha`, so that nothing that is a quarter subject takes part.
    SureBackground,
    /// Background: `1 - alpha`.
    Background,
    /// Subject: `alpha`.
    Subject,
    /// `alpha^2`, for the products of a least-squares fit.
    Square,
    /// 1, whatever alpha is.
    All,
}

/// The weights as numbers, to be distinguished at compile time.
const SURE_BACKGROUND: u8 = Weight::SureBackground as u8;
const BACKGROUND: u8 = Weight::Background as u8;
const SUBJECT: u8 = Weight::Subject as u8;
const SQUARE: u8 = Weight::Square as u8;
const ALL: u8 = Weight::All as u8;

/// Runs a kernel at a vector level, compiled for each weight.
macro_rules! weighted {
    ($level:expr, $weight:expr => $kernel:ident($($argument:expr),*)) => {
        match $weight {
            Weight::SureBackground => {
                dispatch!($level, simd => $kernel::<_, SURE_BACKGROUND>(simd, $($argument),*))
            }
            Weight::Background => {
                dispatch!($level, simd => $kernel::<_, BACKGROUND>(simd, $($argument),*))
            }
            Weight::Subject => dispatch!($level, simd => $kernel::<_, SUBJECT>(simd, $($argument),*)),
            Weight::Square => dispatch!($level, simd => $kernel::<_, SQUARE>(simd, $($argument),*)),
            Weight::All => dispatch!($level, simd => $kernel::<_, ALL>(simd, $($argument),*)),
        }
    };
}

/// Gathers a frame's weighted cells strip by strip.
#[derive(Debug)]
pub(crate) struct CellSums {
    level: Level,
    weight: Weight,
    layout: PixelLayout,
    side: usize,
    planes: Vec<Strip>,
    weights: Strip,
    chroma_weights: Option<Strip>,
    components: Vec<ComponentSlots>,
    /// The luma sample of packed 4:2:2 that lies outside a picture of odd width.
    outside: Option<usize>,
    spare: [Vec<u32>; 2],
}

impl CellSums {
    /// For frames of a kind and cells of `side` x `side` pixels, a power of two from 2 to
    /// [`MAX_SIDE`].
    pub fn new(geometry: Geometry, side: usize, weight: Weight) -> Self {
        debug_assert!(side.is_power_of_two() && (2..=MAX_SIDE).contains(&side));
        let Geometry { layout, width, .. } = geometry;
        let info = layout.info();
        let (columns, whole) = (width.div_ceil(side), side.trailing_zeros());
        let strip = |step: usize, halvings: u32| Strip::new(columns, side, step, halvings);
        let planes: Vec<_> = (0..info.planes)
            .map(|plane| match PlaneKind::of(layout, plane) {
                PlaneKind::Luma(n) => strip(n, whole),
                PlaneKind::Chroma(n) => strip(n, whole - 1),
                PlaneKind::Packed422 { .. } => strip(4, whole - 1),
            })
            .collect();
        let outside = match PlaneKind::of(layout, 0) {
            PlaneKind::Packed422 { luma_first } if width % 2 == 1 => {
                Some(width / 2 * 4 + if luma_first { 2 } else { 3 })
            }
            _ => None,
        };
        let longest = planes.iter().map(|s| s.sums.len()).max().unwrap_or(0);
        Self {
            level: geometry.level,
            weight,
            layout,
            side,
            components: component_slots(layout),
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

    /// Adds the weights of a luma row, and of the chroma row that it completes: by alpha in the
    /// mixed spans of pixels, and as background in the others.
    pub fn add_weights(&mut self, row: &AlphaRow) {
        let (level, weight, spans) = (self.level, self.weight, row.spans);
        let add = |strip: &mut Strip, alpha: &[u8]| {
            for (span, weight) in weighted_spans(spans, weight) {
                let range = strip.samples(span, alpha.len());
                let (sums, alpha) = (&mut strip.sums[range.clone()], &alpha[range]);
                weighted!(level, weight => add_weights(sums, alpha));
            }
        };
        add(&mut self.weights, row.luma());
        if let (Some(strip), Some(chroma)) = (&mut self.chroma_weights, row.chroma()) {
            add(strip, chroma);
        }
    }

    /// Adds a row of a plane, with one alpha a sample, in the same spans.
    pub fn add(&mut self, plane: usize, row: &[u8], alpha: &[u8], spans: RowSpans) {
        let info = self.layout.info();
        let (level, bytes) = (self.level, info.sample_bytes());
        let strip = &mut self.planes[plane];
        for (span, weight) in weighted_spans(spans, self.weight) {
            let range = strip.samples(span, row.len() / bytes);
            let sums = &mut strip.sums[range.clone()];
            let row = &row[range.start * bytes..range.end * bytes];
            // Alpha is made in mixed spans only.
            let alpha = match weight {
                Weight::All => row,
                _ => &alpha[range],
            };
            match info.depth > 8 {
                true => weighted!(level, weight => add16(sums, row, alpha, shift_to_8(info))),
                false => weighted!(level, weight => add8(sums, row, alpha)),
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
        for (index, component) in self.components.iter().enumerate() {
            let strip = &self.planes[component.plane];
            let groups = strip.folded[range.start * strip.step..].chunks_exact(strip.step);
            let total = |group: &[u32]| -> f32 {
                let sum: u32 = component.slots.iter().map(|&s| group[s]).sum();
                sum as f32 * 16.0
            };
            match (component.subsampled, &self.chroma_weights) {
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
    fn new(columns: usize, side: usize, step: usize, halvings: u32) -> Self {
        Self {
            sums: vec![0; (columns * step) << halvings],
            step,
            pitch: side >> halvings,
            halvings,
            folded: vec![0; columns * step],
        }
    }

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
                halve(level, sums, self.step, out);
            } else {
                halve(level, &from[..len * 2], self.step, out);
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

/// Where each colour of a layout is found in the folded sums.
fn component_slots(layout: PixelLayout) -> Vec<ComponentSlots> {
    const SLOTS: [usize; 4] = [0, 1, 2, 3];
    let info = layout.info();
    let slots = info.components.iter().take(3).map(|c| {
        let offset = c.offset / info.sample_bytes();
        let slots = match (PlaneKind::of(layout, c.plane), c.w_sub, offset) {
            (PlaneKind::Packed422 { .. }, 0, 0) => &[0, 2][..],
            (PlaneKind::Packed422 { .. }, 0, _) => &[1, 3][..],
            _ => &SLOTS[offset..=offset],
        };
        ComponentSlots {
            plane: c.plane,
            slots,
            subsampled: c.w_sub == 1,
        }
    });
    slots.collect()
}

/// The spans that count, mixed ones by `weight`, background in full.
fn weighted_spans(
    spans: RowSpans<'_>,
    weight: Weight,
) -> impl Iterator<Item = (&Range<usize>, Weight)> {
    let mixed = spans.mixed.iter().map(move |span| (span, weight));
    mixed.chain(spans.background.iter().map(|span| (span, Weight::All)))
}

/// Bits by which samples of more than 8 bits are shifted down to 8.
fn shift_to_8(info: &LayoutInfo) -> u32 {
    info.shift + info.depth - 8
}

#[inline(always)]
fn weigh<const WEIGHT: u8>(alpha: u8) -> u16 {
    match WEIGHT {
        SURE_BACKGROUND => {
            let double = alpha.saturating_add(alpha);
            u16::from(255 - double.saturating_add(double))
        }
        BACKGROUND => u16::from(255 - alpha),
        SUBJECT => u16::from(alpha),
        ALL => 255,
        // Up to 255 like the others.
        _ => u16::from(mix(alpha, 0, alpha)),
    }
}

#[simd]
fn add_weights<S: Simd, const WEIGHT: u8>(_: S, sums: &mut [u16], alpha: &[u8]) {
    for (s, &a) in sums.iter_mut().zip(alpha) {
        *s += weigh::<WEIGHT>(a);
    }
}

#[simd]
fn add8<S: Simd, const WEIGHT: u8>(_: S, sums: &mut [u16], row: &[u8], alpha: &[u8]) {
    for ((s, &v), &a) in sums.iter_mut().zip(row).zip(alpha) {
        *s += (u16::from(v) * weigh::<WEIGHT>(a) + 8) >> 4;
    }
}

#[simd]
fn add16<S: Simd, const WEIGHT: u8>(_: S, sums: &mut [u16], row: &[u8], alpha: &[u8], shift: u32) {
    let (samples, _) = row.as_chunks::<2>();
    for ((s, &v), &a) in sums.iter_mut().zip(samples).zip(alpha) {
        // Eight bits of ten are left by `shift`; what stands above the tenth is not the picture.
        let code = (u16::from_le_bytes(v) >> shift) & 0xff;
        *s += (code * weigh::<WEIGHT>(a) + 8) >> 4;
    }
}

#[simd]
fn halve_kernel<S: Simd, T: Copy + Into<u32>, const STEP: usize>(_: S, from: &[T], to: &mut [u32]) {
    let (groups, _) = to.as_chunks_mut::<STEP>();
    for (group, pair) in groups.iter_mut().zip(from.chunks_exact(2 * STEP)) {
        for i in 0..STEP {
            group[i] = pair[i].into() + pair[i + STEP].into();
        }
    }
}

/// Adds neighbouring groups of `step` (1 to 4) numbers.
fn halve<T: Copy + Into<u32>>(level: Level, from: &[T], step: usize, to: &mut [u32]) {
    match step {
        1 => dispatch!(level, simd => halve_kernel::<_, T, 1>(simd, from, to)),
        2 => dispatch!(level, simd => halve_kernel::<_, T, 2>(simd, from, to)),
        3 => dispatch!(level, simd => halve_kernel::<_, T, 3>(simd, from, to)),
        _ => dispatch!(level, simd => halve_kernel::<_, T, 4>(simd, from, to)),
    }
}

#[cfg(test)]
#[path = "sums_tests.rs"]
mod tests;
