// SPDX-License-Identifier: MPL-2.0

//! Parts of a frame: views of a rectangle of its memory, and the same picture moved by whole pixels
//! where no view can begin.
//!
//! A view shares the frame's chroma samples, so that it can begin only where one does
//! ([`PixelLayout::grain`]). [`shift`] copies from anywhere: luma as it is, and chroma, where the
//! new samples lie midway between two old ones, as their mean. That is exact for chroma that is
//! sited on a pixel and for chroma that is sited between two.

use super::packed::{TENS_PIXELS, TENS_UNIT};
use super::{
    ColorModel, Component, FrameError, FrameMut, FrameRef, LayoutInfo, Packing, PixelLayout, Range,
    Rectangle, packed, subsampled,
};

impl PixelLayout {
    /// Columns and rows after which a view of a part may begin: where chroma samples do, and where
    /// packed words begin anew.
    pub fn grain(self) -> (usize, usize) {
        if self.info().packing == Some(Packing::Tens) {
            return (TENS_PIXELS, 1);
        }
        let most = |sub: fn(&Component) -> u32| {
            let components = self.info().components.iter();
            1 << components.map(sub).max().unwrap_or(0)
        };
        (most(|c| c.w_sub), most(|c| c.h_sub))
    }

    /// Bytes of a plane before the samples of a rectangle that begins on the grain:
    /// those of whole rows, and those of its first row.
    fn lead(self, plane: usize, rectangle: Rectangle) -> (usize, usize) {
        match self.info().packing {
            Some(Packing::Tens) => return (rectangle.y, rectangle.x / TENS_PIXELS * TENS_UNIT),
            Some(Packing::Pixels16(_)) => return (rectangle.y, rectangle.x * 2),
            Some(Packing::Pixels32(_)) => return (rectangle.y, rectangle.x * 4),
            None => (),
        }
        let mut components = self.info().components.iter();
        match components.find(|c| c.plane == plane) {
            Some(c) => (rectangle.y >> c.h_sub, (rectangle.x >> c.w_sub) * c.step),
            None => (0, 0),
        }
    }

    fn check_part(self, size: (usize, usize), rectangle: Rectangle) -> Result<(), FrameError> {
        let (columns, rows) = self.grain();
        let begins = rectangle.x.is_multiple_of(columns) && rectangle.y.is_multiple_of(rows);
        if begins && rectangle.lies_within(size) {
            return Ok(());
        }
        Err(FrameError::Part {
            layout: self.info().name,
            width: size.0,
            height: size.1,
            rectangle,
            grain: (columns, rows),
        })
    }
}

impl<'a> FrameRef<'a> {
    /// A rectangle of the frame.
    ///
    /// # Errors
    /// [`FrameError::Part`] if it does not lie within the frame or begins within a chroma
    /// sample, [`FrameError::Empty`] if it has no pixels.
    pub fn part(&self, rectangle: Rectangle) -> Result<FrameRef<'a>, FrameError> {
        let layout = self.layout();
        layout.check_part((self.width(), self.height()), rectangle)?;
        let mut planes: [(&[u8], usize); 4] = [(&[], 0); 4];
        let count = layout.info().planes;
        for (plane, slot) in planes.iter_mut().enumerate().take(count) {
            let (rows, bytes) = layout.lead(plane, rectangle);
            let stride = self.stride(plane);
            let data = self.plane(plane).get(rows * stride + bytes..);
            *slot = (data.unwrap_or_default(), stride);
        }
        let Rectangle { width, height, .. } = rectangle;
        FrameRef::new(layout, self.color(), width, height, &planes[..count])
    }

    /// Every `step`th row of the frame, of each plane, as a lower frame: what needs only a glance at
    /// the picture need not read all of it. Chroma lies up to `step` / 2 rows off. The frame itself
    /// if it has fewer rows than two steps.
    pub fn every(&self, step: usize) -> FrameRef<'a> {
        let height = self.height() / step.max(1) / 2 * 2;
        if step < 2 || height < 2 {
            return *self;
        }
        let count = self.layout().info().planes;
        let plane = |plane: usize| {
            let stride = self.stride(plane);
            let lead = (step / 2 * stride).min(self.plane(plane).len());
            (&self.plane(plane)[lead..], stride * step)
        };
        let mut planes: [(&[u8], usize); 4] = [(&[], 0); 4];
        for (n, slot) in planes.iter_mut().enumerate().take(count) {
            *slot = plane(n);
        }
        let (layout, color, width) = (self.layout(), self.color(), self.width());
        let view = FrameRef::new(layout, color, width, height, &planes[..count]);
        view.unwrap_or(*self)
    }
}

impl FrameMut<'_> {
    /// A rectangle of the frame, to change in place.
    ///
    /// # Errors
    /// As [`FrameRef::part`].
    pub fn part(&mut self, rectangle: Rectangle) -> Result<FrameMut<'_>, FrameError> {
        let (layout, color) = (self.layout(), self.color());
        layout.check_part((self.width(), self.height()), rectangle)?;
        let strides: [usize; 4] = std::array::from_fn(|plane| self.stride(plane));
        let mut index = 0;
        let planes = self.planes_mut().map(|data| {
            let plane = index;
            index += 1;
            let (rows, bytes) = layout.lead(plane, rectangle);
            let data = data.get_mut(rows * strides[plane] + bytes..);
            (data.unwrap_or_default(), strides[plane])
        });
        let count = layout.info().planes;
        let planes = planes.into_iter().take(count);
        FrameMut::new(layout, color, rectangle.width, rectangle.height, planes)
    }

    /// Blackens the frame; alpha becomes 0.
    pub fn clear(&mut self) {
        let (layout, range) = (self.layout(), self.color().range);
        for plane in 0..layout.info().planes {
            let unit = black(layout, range, plane);
            let (_, rows) = layout
                .info()
                .plane_extent(plane, self.width(), self.height());
            (0..rows).for_each(|y| fill(self.row_mut(plane, y), &unit));
        }
    }

    /// Blackens every sample that lies outside of a rectangle that begins on the grain; alpha
    /// becomes 0.
    pub fn clear_outside(&mut self, rectangle: Rectangle) {
        let (layout, range) = (self.layout(), self.color().range);
        let (width, height) = (self.width(), self.height());
        for plane in 0..layout.info().planes {
            let unit = black(layout, range, plane);
            let (top, left) = layout.lead(plane, rectangle);
            let info = layout.info();
            let (_, rows) = info.plane_extent(plane, width, height);
            let (inner, inner_rows) = info.plane_extent(plane, rectangle.width, rectangle.height);
            for y in 0..rows {
                let row = self.row_mut(plane, y);
                if (top..top + inner_rows).contains(&y) {
                    let right = (left + inner).min(row.len());
                    fill(&mut row[..left], &unit);
                    clear_shared(layout, plane, rectangle, &mut row[..right], &unit);
                    fill_from(&mut row[right..], right, &unit);
                } else {
                    fill(row, &unit);
                }
            }
        }
    }
}

/// The bytes of a plane's shortest repetition in a black picture.
fn black(layout: PixelLayout, range: Range, plane: usize) -> Vec<u8> {
    let info = layout.info();
    let own = || {
        info.components
            .iter()
            .enumerate()
            .filter(|(_, c)| c.plane == plane)
    };
    let length = match info.packing {
        Some(Packing::Pixels16(_)) => return vec![0; 2],
        Some(Packing::Pixels32(_)) => return vec![0; 4],
        // Spread out: as many samples as fill whole words.
        Some(Packing::Tens) => 4 * TENS_PIXELS,
        None => own().map(|(_, c)| c.step).max().unwrap_or(1),
    };
    let mut unit = vec![0; length];
    if let Some(filler) = info.filler() {
        unit[filler] = 255;
    }
    for (index, component) in own() {
        let code: u16 = match (info.model, index, range) {
            (ColorModel::Yuv, 1 | 2, _) => 128 << (info.depth - 8),
            (ColorModel::Yuv, 0, Range::Limited) => 16 << (info.depth - 8),
            _ => 0,
        };
        let mut at = component.offset;
        while at < length {
            store(info.sample_bytes(), code << info.shift, &mut unit[at..]);
            at += component.step;
        }
    }
    match info.packing {
        Some(packing) => packed::together(packing, &unit, TENS_UNIT),
        None => unit,
    }
}

/// Blackens samples on the right of a rectangle that share their last bytes with others that belong
/// to it: luma beside the last chroma of packed 4:2:2.
fn clear_shared(
    layout: PixelLayout,
    plane: usize,
    rectangle: Rectangle,
    row: &mut [u8],
    unit: &[u8],
) {
    let info = layout.info();
    let bytes = info.sample_bytes();
    // Words of whole pixels share nothing.
    let tens = match info.packing {
        Some(Packing::Pixels16(_) | Packing::Pixels32(_)) => return,
        Some(Packing::Tens) => true,
        None => false,
    };
    for c in info.components.iter().filter(|c| c.plane == plane) {
        let first = match tens {
            true => rectangle.x / TENS_PIXELS * TENS_PIXELS,
            false => rectangle.x,
        };
        let first = (first >> c.w_sub) + subsampled(rectangle.width, c.w_sub);
        let mut at = c.offset + first * c.step;
        if tens {
            while let Some(value) = packed::load_ten(unit, at / 2 % (TENS_UNIT / 4 * 3))
                && packed::store_ten(row, at / 2, value)
            {
                at += c.step;
            }
            continue;
        }
        while let Some(sample) = row.get_mut(at..at + bytes) {
            let phase = at % unit.len();
            sample.copy_from_slice(&unit[phase..phase + bytes]);
            at += c.step;
        }
    }
}

/// Fills what begins `at` so many bytes into a row.
fn fill_from(rest: &mut [u8], at: usize, unit: &[u8]) {
    for (i, byte) in rest.iter_mut().enumerate() {
        *byte = unit[(at + i) % unit.len()];
    }
}

fn fill(row: &mut [u8], unit: &[u8]) {
    for chunk in row.chunks_mut(unit.len()) {
        chunk.copy_from_slice(&unit[..chunk.len()]);
    }
}

/// The code of a component's sample `x` of a row, spread out if the row is `packed`.
fn load(info: &LayoutInfo, packed: Option<Packing>, component: usize, row: &[u8], x: usize) -> u16 {
    let c = &info.components[component];
    let at = c.offset + x * c.step;
    match (packed, info.sample_bytes()) {
        (Some(Packing::Tens), _) => packed::load_ten(row, at / 2).unwrap_or_default(),
        (Some(Packing::Pixels16(fields)), _) => {
            let word = u16::from_le_bytes([row[2 * x], row[2 * x + 1]]);
            packed::load_field(fields[component], packed::TOP, word.into())
        }
        (Some(Packing::Pixels32(fields)), _) => {
            let word = row[4 * x..].first_chunk().copied().unwrap_or_default();
            let word = u32::from_le_bytes(word);
            packed::load_field(fields[component], packed::DEEP_TOP, word)
        }
        (None, 1) => u16::from(row[at]) >> info.shift,
        (None, _) => u16::from_le_bytes([row[at], row[at + 1]]) >> info.shift,
    }
}

/// Writes the code of a component's sample `x` of a row, see [`load`].
fn put(
    info: &LayoutInfo,
    packed: Option<Packing>,
    component: usize,
    row: &mut [u8],
    x: usize,
    code: u16,
) {
    let c = &info.components[component];
    let at = c.offset + x * c.step;
    match packed {
        Some(Packing::Tens) => {
            packed::store_ten(row, at / 2, code);
        }
        Some(Packing::Pixels16(fields)) => {
            let word = u16::from_le_bytes([row[2 * x], row[2 * x + 1]]);
            let word = packed::store_field(fields[component], packed::TOP, word.into(), code);
            row[2 * x..2 * x + 2].copy_from_slice(&(word as u16).to_le_bytes());
        }
        Some(Packing::Pixels32(fields)) => {
            let word = row[4 * x..].first_chunk().copied().unwrap_or_default();
            let word = u32::from_le_bytes(word);
            let word = packed::store_field(fields[component], packed::DEEP_TOP, word, code);
            row[4 * x..4 * x + 4].copy_from_slice(&word.to_le_bytes());
        }
        None => store(info.sample_bytes(), code << info.shift, &mut row[at..]),
    }
}

fn store(bytes: usize, value: u16, samples: &mut [u8]) {
    match bytes {
        1 => samples[0] = value as u8,
        _ => samples[..2].copy_from_slice(&value.to_le_bytes()),
    }
}

/// Writes `to` so that its pixel (x, y) is `from`'s pixel (x + dx, y + dy); what would lie outside
/// is the nearest pixel that does not. Both are of one layout, packed or spread out; other layouts
/// are left untouched.
pub fn shift(from: &FrameRef, (dx, dy): (isize, isize), to: &mut FrameMut) {
    if from.layout() != to.layout() {
        return;
    }
    let info = to.layout().info();
    let (packed, into) = (from.packing(), to.as_ref().packing());
    let same = (from.width(), from.height()) == (to.width(), to.height()) && packed == into;
    if (dx, dy) == (0, 0) && same {
        return copy(from, to);
    }
    for (index, c) in info.components.iter().enumerate() {
        let size = |width, sub| subsampled(width, sub);
        let columns = size(to.width(), c.w_sub);
        let along = Taps::new(size(from.width(), c.w_sub), c.w_sub, dx);
        let down = Taps::new(size(from.height(), c.h_sub), c.h_sub, dy);
        for y in 0..size(to.height(), c.h_sub) {
            let rows = down.of(y).map(|y| from.row(c.plane, y));
            let out = to.row_mut(c.plane, y);
            for x in 0..columns {
                let [a, b] = along.of(x);
                let sum: u32 = rows.iter().fold(0, |sum, row| {
                    let code = |x: usize| u32::from(load(info, packed, index, row, x));
                    sum + code(a) + code(b)
                });
                put(info, into, index, out, x, ((sum + 2) / 4) as u16);
            }
        }
    }
}

/// Copies a frame over another of the same layout and size.
fn copy(from: &FrameRef, to: &mut FrameMut) {
    let info = to.layout().info();
    for plane in 0..info.planes {
        let (_, rows) = info.plane_extent(plane, to.width(), to.height());
        for y in 0..rows {
            to.row_mut(plane, y).copy_from_slice(from.row(plane, y));
        }
    }
}

/// Which two samples along an axis make one that is moved by whole pixels.
struct Taps {
    last: isize,
    /// Whole samples moved.
    whole: isize,
    /// Whether it lies midway to the next.
    half: bool,
}

impl Taps {
    fn new(samples: usize, sub: u32, moved: isize) -> Self {
        Self {
            last: samples as isize - 1,
            whole: moved >> sub,
            half: moved & ((1 << sub) - 1) != 0,
        }
    }

    fn of(&self, at: usize) -> [usize; 2] {
        let first = at as isize + self.whole;
        let place = |at: isize| at.clamp(0, self.last) as usize;
        [place(first), place(first + isize::from(self.half))]
    }
}

#[cfg(test)]
#[path = "part_tests.rs"]
mod tests;
