// SPDX-License-Identifier: MPL-2.0

//! The colours of frames of one layout in another that has alpha.

use crate::blend::error::BlendError;
use crate::frame::{ColorModel, Component, FrameMut, FrameRef, LayoutInfo, subsampled};

/// How the colours get from one layout to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// Components have the same subsampling and depth: samples are copied as they are.
    Copy,
    /// Into AYUV: chroma is repeated over the pixels it covers, 10 bits are rounded to 8.
    Expand,
    /// Gray: luma is copied, chroma is neutral.
    Gray,
}

/// How colours get from one layout to the other.
///
/// # Errors
/// [`BlendError::NoAlpha`] if `to` has no alpha, [`BlendError::NoConversion`] if the way would need
/// another colour model, coarser chroma or more bits.
pub(super) fn plan(from: &LayoutInfo, to: &LayoutInfo) -> Result<Path, BlendError> {
    if !to.alpha {
        return Err(BlendError::NoAlpha { layout: to.name });
    }
    let no = |hint| {
        Err(BlendError::NoConversion {
            from: from.name,
            to: to.name,
            hint,
        })
    };
    let sub = |info: &LayoutInfo| info.components.get(1).map(|c| (c.w_sub, c.h_sub));
    if to.packing.is_some() {
        return no("its two bits of alpha make a staircase of every edge; GBRA_10LE takes it");
    }
    match (from.model, to.model) {
        _ if from.depth < to.depth => no("a format with as many bits takes it without conversion"),
        (ColorModel::Rgb, ColorModel::Rgb) => Ok(Path::Copy),
        (ColorModel::Gray, ColorModel::Yuv) => Ok(Path::Gray),
        (ColorModel::Yuv, ColorModel::Yuv) if sub(from) == sub(to) && from.depth == to.depth => {
            Ok(Path::Copy)
        }
        (ColorModel::Yuv, ColorModel::Yuv) if sub(to) == Some((0, 0)) => Ok(Path::Expand),
        (ColorModel::Yuv, ColorModel::Yuv) => no("AYUV takes it without losing chroma"),
        (ColorModel::Rgb, _) => {
            no("RGBA, BGRA, ARGB, ABGR, GBRA and GBRA_10LE take RGB without conversion")
        }
        (_, _) => no("A420, AV12 and AYUV take YUV; put videoconvert behind for RGB"),
    }
}

/// Copies colours, component by component.
pub(super) fn copy_colors(frame: &FrameRef, path: Path, out: &mut FrameMut) {
    let (from, to) = (frame.layout().info(), out.layout().info());
    let (width, height) = (frame.width(), frame.height());
    for (index, target) in to.components.iter().take(3).enumerate() {
        let (_, plane_rows) = to.plane_extent(target.plane, width, height);
        let rows = plane_rows.min(subsampled(height, target.h_sub));
        let columns = subsampled(width, target.w_sub);
        let source = match (path, index) {
            (Path::Gray, 1 | 2) => None,
            _ => from.components.get(index),
        };
        for y in 0..rows {
            let row = &mut out.row_mut(target.plane, y)[target.offset..];
            match source {
                Some(source) => copy_row(frame, source, y, (to, target), columns, row),
                None => fill_neutral(to, target, columns, row),
            }
        }
    }
}

/// Makes a component's row neutral: half of the greatest code value.
fn fill_neutral(to: &LayoutInfo, target: &Component, columns: usize, row: &mut [u8]) {
    if to.depth > 8 {
        let neutral = to.word().bytes(1 << (to.depth - 1));
        for sample in row.chunks_mut(target.step) {
            sample[..2].copy_from_slice(&neutral);
        }
    } else {
        let samples = row.iter_mut().step_by(target.step).take(columns);
        samples.for_each(|sample| *sample = 128);
    }
}

/// Writes row `y` of a component, `columns` samples.
fn copy_row(
    frame: &FrameRef,
    source: &Component,
    y: usize,
    (to, target): (&LayoutInfo, &Component),
    columns: usize,
    row: &mut [u8],
) {
    let from = frame.layout().info();
    let (dx, dy) = (source.w_sub - target.w_sub, source.h_sub - target.h_sub);
    let bytes = &frame.row(source.plane, y >> dy)[source.offset..];
    if from.depth > 8 {
        let code = |x: usize| {
            let at = (x >> dx) * source.step;
            let code = u32::from(from.word().code([bytes[at], bytes[at + 1]]));
            let down = from.depth - to.depth;
            ((code + ((1 << down) >> 1)) >> down).min(u32::from(to.top())) as u16
        };
        let samples = row.chunks_mut(target.step).take(columns).enumerate();
        match to.depth > 8 {
            true => samples.for_each(|(x, sample)| {
                sample[..2].copy_from_slice(&to.word().bytes(code(x)));
            }),
            false => samples.for_each(|(x, sample)| sample[0] = code(x) as u8),
        }
        return;
    }
    let samples = row.iter_mut().step_by(target.step).take(columns);
    if dx == 1 {
        for (x, sample) in samples.enumerate() {
            *sample = bytes[(x >> 1) * source.step];
        }
    } else {
        for (sample, &value) in samples.zip(bytes.iter().step_by(source.step)) {
            *sample = value;
        }
    }
}
