// SPDX-License-Identifier: MPL-2.0

//! From coefficients on a low resolution grid to the matte at the frame's: `q = a I + b`, with
//! `a` and `b` brought up bilinearly and `I` the full luma.
//!
//! This is the part that touches every pixel, so it works only where it must: where the
//! coefficients say plain background or plain subject (`a` is nothing, `b` is 0 or 1), rows are
//! filled without reading the luma. The grid's cells are exactly `step` pixels wide, so the
//! weights of the upsampling repeat every `step` pixels.

use super::guided::Coefficients;
use super::resample::grid;
use crate::frame::{GrayMut, GrayRef};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch, prelude::*};
use fearless_simd_macros::simd;

/// Columns of the grid that are judged together.
const SEGMENT: usize = 16;
/// A slope or offset below this changes no 8-bit value by more than a quarter.
const NOTHING: f32 = 0.25 / 255.0;

/// What a segment of a grid row turns into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    /// 0 everywhere.
    #[default]
    Background,
    /// 255 everywhere.
    Subject,
    /// Has to be computed.
    Mixed,
}

/// One grid row, brought to full width, scaled for luma and matte in 0 to 255.
#[derive(Debug, Default)]
struct Expanded {
    row: Option<usize>,
    a: Vec<f32>,
    b: Vec<f32>,
}

/// The upsampler, with its scratch memory.
#[derive(Debug, Default)]
pub struct Affine {
    kinds: Vec<Kind>,
    padded: Vec<f32>,
    expanded: [Expanded; 2],
}

impl Affine {
    /// Writes `a I + b` for every pixel of `guide` to `out`, both of one size. The coefficients'
    /// planes have the size of the [`grid`] of `step` x `step` pixels over it; `step` is 1, 2, 4
    /// or 8.
    pub fn apply(
        &mut self,
        level: Level,
        coefficients: &Coefficients,
        guide: GrayRef<'_>,
        step: usize,
        out: &mut GrayMut<'_>,
    ) {
        let (width, height) = coefficients.a.size();
        debug_assert_eq!((width, height), grid(guide.width(), guide.height(), step));
        debug_assert_eq!((guide.width(), guide.height()), (out.width(), out.height()));
        self.judge(coefficients);
        self.padded.resize(width + 2, 0.0);
        for expanded in &mut self.expanded {
            expanded.row = None;
            expanded.a.resize(width * step, 0.0);
            expanded.b.resize(width * step, 0.0);
        }
        dispatch!(level, simd => match step {
            2 => apply::<_, 2>(simd, self, coefficients, guide, out),
            4 => apply::<_, 4>(simd, self, coefficients, guide, out),
            8 => apply::<_, 8>(simd, self, coefficients, guide, out),
            _ => apply::<_, 1>(simd, self, coefficients, guide, out),
        });
    }

    /// Finds the kind of every segment. The upsampling reaches one column over its borders.
    fn judge(&mut self, coefficients: &Coefficients) {
        let (width, height) = coefficients.a.size();
        self.kinds.clear();
        for y in 0..height {
            let (a, b) = (coefficients.a.row(y), coefficients.b.row(y));
            for start in (0..width).step_by(SEGMENT) {
                let range = start.saturating_sub(1)..(start + SEGMENT + 1).min(width);
                let slope = a[range.clone()].iter().fold(0.0f32, |m, a| m.max(a.abs()));
                let (low, high) = b[range]
                    .iter()
                    .fold((f32::MAX, f32::MIN), |(l, h), &b| (l.min(b), h.max(b)));
                self.kinds.push(if slope > NOTHING {
                    Kind::Mixed
                } else if high < NOTHING {
                    Kind::Background
                } else if low > 1.0 - NOTHING {
                    Kind::Subject
                } else {
                    Kind::Mixed
                });
            }
        }
    }
}

/// Weight of the second of the two grid columns (or rows) around pixel `phase` of a cell, the
/// first being the cell before in the left half, the cell itself in the right half.
const fn phase_weight(phase: usize, step: usize) -> f32 {
    let position = (phase as f32 + 0.5) / step as f32;
    if position < 0.5 {
        position + 0.5
    } else {
        position - 0.5
    }
}

#[inline(always)]
fn expand<const STEP: usize>(padded: &mut [f32], row: &[f32], scale: f32, to: &mut [f32]) {
    let width = row.len();
    for (p, v) in padded[1..].iter_mut().zip(row) {
        *p = v * scale;
    }
    padded[0] = padded[1];
    padded[width + 1] = padded[width];
    let weights: [f32; STEP] = std::array::from_fn(|phase| phase_weight(phase, STEP));
    let (before, here, after) = (
        &padded[..width],
        &padded[1..][..width],
        &padded[2..][..width],
    );
    for (x, cell) in to.chunks_exact_mut(STEP).enumerate().take(width) {
        for phase in 0..STEP {
            cell[phase] = if 2 * phase + 1 < STEP {
                before[x] + (here[x] - before[x]) * weights[phase]
            } else {
                here[x] + (after[x] - here[x]) * weights[phase]
            };
        }
    }
}

#[simd]
fn apply<S: Simd, const STEP: usize>(
    simd: S,
    filter: &mut Affine,
    coefficients: &Coefficients,
    guide: GrayRef<'_>,
    out: &mut GrayMut<'_>,
) {
    let (grid_width, grid_height) = coefficients.a.size();
    let width = guide.width();
    let segments = grid_width.div_ceil(SEGMENT);
    for y in 0..guide.height() {
        let (cell, phase) = (y / STEP, y % STEP);
        let first = if 2 * phase + 1 < STEP {
            cell.saturating_sub(1)
        } else {
            cell
        };
        let second = (first + 1)
            .min(grid_height - 1)
            .min(if 2 * phase + 1 < STEP { cell } else { cell + 1 });
        let weight = phase_weight(phase, STEP);
        let (top, bottom) = (
            &filter.kinds[first * segments..][..segments],
            &filter.kinds[second * segments..][..segments],
        );
        let to = out.row_mut(y);
        let luma = guide.row(y);
        let mut segment = 0;
        while segment < segments {
            let start = segment * SEGMENT * STEP;
            let kind = top[segment];
            let same = |s: usize| (top[s] == bottom[s]).then_some(top[s]);
            let flat = same(segment).filter(|&k| k != Kind::Mixed);
            segment += 1;
            while segment < segments && same(segment).filter(|&k| k != Kind::Mixed) == flat {
                segment += 1;
            }
            let end = (segment * SEGMENT * STEP).min(width);
            if flat.is_some() {
                to[start..end].fill(if kind == Kind::Subject { 255 } else { 0 });
                continue;
            }
            for row in [first, second] {
                let slot = &mut filter.expanded[row % 2];
                if slot.row != Some(row) {
                    let (a, b) = (coefficients.a.row(row), coefficients.b.row(row));
                    expand::<STEP>(&mut filter.padded, a, 1.0, &mut slot.a);
                    expand::<STEP>(&mut filter.padded, b, 255.0, &mut slot.b);
                    slot.row = Some(row);
                }
            }
            let (p, q) = (&filter.expanded[first % 2], &filter.expanded[second % 2]);
            let rows = [
                &p.a[start..end],
                &p.b[start..end],
                &q.a[start..end],
                &q.b[start..end],
            ];
            combine(simd, rows, weight, &luma[start..end], &mut to[start..end]);
        }
    }
}

/// `to = lerp(a0, a1, weight) luma + lerp(b0, b1, weight)`, rounded and clamped.
#[inline(always)]
fn combine<S: Simd>(
    simd: S,
    [a0, b0, a1, b1]: [&[f32]; 4],
    weight: f32,
    luma: &[u8],
    to: &mut [u8],
) {
    let lanes = S::u8s::LEN;
    let quarter = S::f32s::LEN;
    let w = S::f32s::splat(simd, weight);
    let half = S::f32s::splat(simd, 0.5);
    let (zero, top) = (S::f32s::splat(simd, 0.0), S::f32s::splat(simd, 255.0));
    let at = |i: usize, luma: S::u32s| -> S::u32s {
        let load = |row: &[f32]| S::f32s::from_slice(simd, &row[i..i + quarter]);
        let (a0, b0) = (load(a0), load(b0));
        let a = (load(a1) - a0).mul_add(w, a0);
        let b = (load(b1) - b0).mul_add(w, b0);
        let value: S::f32s = a.mul_add(luma.to_float::<S::f32s>(), b) + half;
        value.max(zero).min(top).to_int::<S::u32s>()
    };
    let whole = to.len() / lanes * lanes;
    for i in (0..whole).step_by(lanes) {
        let (low, high) = S::u8s::from_slice(simd, &luma[i..i + lanes]).widen();
        let ((l0, l1), (l2, l3)) = (low.widen(), high.widen());
        let low = at(i, l0).relaxed_narrow(at(i + quarter, l1));
        let high = at(i + 2 * quarter, l2).relaxed_narrow(at(i + 3 * quarter, l3));
        low.relaxed_narrow(high).store_slice(&mut to[i..i + lanes]);
    }
    for i in whole..to.len() {
        let a = a0[i] + (a1[i] - a0[i]) * weight;
        let b = b0[i] + (b1[i] - b0[i]) * weight;
        to[i] = (a * f32::from(luma[i]) + b + 0.5) as u8;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::filter::testing::{noise, sizes};
    use crate::frame::GrayImage;

    /// `a I + b` in `f64` for one pixel, 0 to 255.
    pub(in crate::filter) fn reference(
        (a, b): (&[f64], &[f64]),
        (width, height): (usize, usize),
        step: usize,
        (x, y): (usize, usize),
        luma: u8,
    ) -> f64 {
        let at =
            |i: usize, n: usize| ((i as f64 + 0.5) / step as f64 - 0.5).clamp(0.0, n as f64 - 1.0);
        let (u, v) = (at(x, width), at(y, height));
        let pick = |plane: &[f64], du: usize, dv: usize| {
            let (u, v) = (
                (u as usize + du).min(width - 1),
                (v as usize + dv).min(height - 1),
            );
            plane[v * width + u]
        };
        let lerp = |plane: &[f64]| {
            let (fu, fv) = (u.fract(), v.fract());
            (pick(plane, 0, 0) * (1.0 - fu) + pick(plane, 1, 0) * fu) * (1.0 - fv)
                + (pick(plane, 0, 1) * (1.0 - fu) + pick(plane, 1, 1) * fu) * fv
        };
        (lerp(a) * f64::from(luma) + lerp(b) * 255.0).clamp(0.0, 255.0)
    }

    #[test]
    fn equals_the_formula_at_every_size_stride_and_level() {
        let mut filter = Affine::default();
        for (i, (width, height)) in sizes().into_iter().enumerate() {
            let stride = width + i % 3;
            let mut source = GrayImage::new(stride, height);
            noise(stride, height, 5).store(&mut source.as_mut());
            let guide = GrayRef::new(source.data(), width, height, stride).unwrap();
            for step in [1, 2, 4, 8] {
                let (w, h) = grid(width, height, step);
                let mut coefficients = Coefficients {
                    a: noise(w, h, 11),
                    b: noise(w, h, 12),
                };
                // Flat rows above, mixed ones below.
                for y in 0..h / 2 {
                    coefficients.a.row_mut(y).fill(0.0);
                    let value = if i % 2 == 0 { 0.0 } else { 1.0 };
                    coefficients.b.row_mut(y).fill(value);
                }
                let wide = |p: &super::super::Plane| -> Vec<f64> {
                    p.data().iter().map(|&v| f64::from(v)).collect()
                };
                let (a, b) = (wide(&coefficients.a), wide(&coefficients.b));
                for level in crate::simd::levels() {
                    let mut out = vec![0; (width + 5) * height];
                    let mut view = GrayMut::new(&mut out, width, height, width + 5).unwrap();
                    filter.apply(level, &coefficients, guide, step, &mut view);
                    for y in 0..height {
                        for x in 0..width {
                            let luma = guide.row(y)[x];
                            let expected = reference((&a, &b), (w, h), step, (x, y), luma);
                            let got = f64::from(view.row_mut(y)[x]);
                            assert!(
                                (got - expected).abs() < 0.52,
                                "{width}x{height} step {step} {x},{y}: {got} {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}
