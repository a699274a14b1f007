// SPDX-License-Identifier: MPL-2.0

//! Smoothing of weighted cells: a normalised convolution by three extended box passes (Gwosdek et
//! al. 2011, "Theoretical foundations of Gaussian convolution by extended box filtering") or by a
//! disc.

use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Three components times weight, and the weight; after smoothing the weight is done with.
pub(super) type Cell = [f32; 4];

/// Passes of the box; three come within 3 % of a Gaussian.
const PASSES: usize = 3;

/// A box with fractional ends: `2 * radius + 1` whole samples and a part of one more on each side.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ExtendedBox {
    radius: usize,
    part: f32,
}

impl ExtendedBox {
    /// The box of which `PASSES` passes have the standard deviation `sigma`.
    fn new(sigma: f32) -> Self {
        let variance = sigma * sigma / PASSES as f32;
        let radius = (0.5 * (12.0 * variance + 1.0).sqrt() - 0.5).floor();
        let part = (2.0 * radius + 1.0) * (radius * (radius + 1.0) - 3.0 * variance)
            / (6.0 * (variance - (radius + 1.0) * (radius + 1.0)));
        Self {
            radius: radius as usize,
            part,
        }
    }
}

/// Smooths grids of one size.
#[derive(Debug)]
pub(super) struct Smoother {
    level: Level,
    grid: (usize, usize),
    shape: Shape,
    other: Vec<Cell>,
    line: Vec<Cell>,
}

#[derive(Debug)]
enum Shape {
    Box(ExtendedBox),
    /// Half widths of the disc's rows, from the middle row down.
    Disc(Vec<usize>),
}

impl Smoother {
    /// `sigma` is the standard deviation wanted in all, in cells; what averaging into cells and
    /// bilinear enlarging do already (1/12 + 1/6 of a cell squared) is taken off.
    pub fn new(grid: (usize, usize), sigma: f32, disc: bool, level: Level) -> Self {
        let rest = (sigma * sigma - 0.25).max(0.0).sqrt();
        let shape = if disc && sigma >= 1.0 {
            // A disc's variance along one axis is a quarter of its squared radius.
            let radius = 2.0 * rest;
            let rows = (0..=radius as usize)
                .map(|y| (radius * radius - (y * y) as f32).sqrt() as usize)
                .collect();
            Shape::Disc(rows)
        } else {
            Shape::Box(ExtendedBox::new(rest))
        };
        let reach = match &shape {
            Shape::Box(shape) => shape.radius + 1,
            Shape::Disc(rows) => rows[0] + 1,
        };
        Self {
            level,
            grid,
            other: vec![[0.0; 4]; grid.0 * grid.1],
            line: vec![[0.0; 4]; (grid.0 + 2 * reach).max(grid.0)],
            shape,
        }
    }

    /// Smooths `cells` (colours times weight, weight) into plain colours. Where no background is
    /// near, its mean colour stands in.
    pub fn run(&mut self, cells: &mut [Cell]) {
        let mean = mean(cells);
        match &self.shape {
            Shape::Box(shape) => {
                let (level, shape, width) = (self.level, *shape, self.grid.0);
                for _ in 0..PASSES {
                    let (other, line) = (&mut self.other[..], &mut self.line[..]);
                    dispatch!(level, simd => vertical(simd, cells, other, width, shape, line));
                    for (from, to) in other.chunks_exact(width).zip(cells.chunks_exact_mut(width)) {
                        dispatch!(level, simd => horizontal(simd, from, to, shape, line));
                    }
                }
            }
            Shape::Disc(rows) => self.disc(cells, rows),
        }
        // Small enough not to show where there is background, large enough to divide by.
        const LITTLE: f32 = 1e-3;
        for cell in cells {
            let scale = 1.0 / (cell[3].max(0.0) + LITTLE);
            for i in 0..3 {
                cell[i] = ((cell[i] + LITTLE * mean[i]) * scale).clamp(0.0, 255.0);
            }
        }
    }

    fn disc(&self, _cells: &mut [Cell], _rows: &[usize]) {}
}

/// Mean colour of all cells, mid gray where none has weight.
fn mean(cells: &[Cell]) -> [f32; 3] {
    let mut sum = [0.0f32; 4];
    for cell in cells {
        for (s, c) in sum.iter_mut().zip(cell) {
            *s += c;
        }
    }
    if sum[3] < 1e-3 {
        return [128.0; 3];
    }
    std::array::from_fn(|i| sum[i] / sum[3])
}

#[inline(always)]
fn add(a: &mut Cell, b: Cell) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
}

#[simd]
fn vertical<S: Simd>(
    _: S,
    from: &[Cell],
    to: &mut [Cell],
    width: usize,
    shape: ExtendedBox,
    line: &mut [Cell],
) {
    let ExtendedBox { radius, part } = shape;
    let height = from.len() / width;
    let row = |y: isize| -> Option<&[Cell]> {
        let y = usize::try_from(y).ok().filter(|&y| y < height)?;
        Some(&from[y * width..][..width])
    };
    let sum = line[..width].as_flattened_mut();
    sum.fill(0.0);
    for y in 0..radius.min(height) {
        for (s, v) in sum
            .iter_mut()
            .zip(from[y * width..][..width].as_flattened())
        {
            *s += v;
        }
    }
    for (y, out) in to.chunks_exact_mut(width).enumerate() {
        let (y, r) = (y as isize, radius as isize);
        if let Some(enter) = row(y + r) {
            for (s, v) in sum.iter_mut().zip(enter.as_flattened()) {
                *s += v;
            }
        }
        let out = out.as_flattened_mut();
        out.copy_from_slice(sum);
        for beyond in [row(y - r - 1), row(y + r + 1)].into_iter().flatten() {
            for (o, v) in out.iter_mut().zip(beyond.as_flattened()) {
                *o += part * v;
            }
        }
        if let Some(leave) = row(y - r) {
            for (s, v) in sum.iter_mut().zip(leave.as_flattened()) {
                *s -= v;
            }
        }
    }
}

#[simd]
fn horizontal<S: Simd>(
    _: S,
    from: &[Cell],
    to: &mut [Cell],
    shape: ExtendedBox,
    line: &mut [Cell],
) {
    let ExtendedBox { radius, part } = shape;
    let width = from.len();
    let line = &mut line[..width + 2 * (radius + 1)];
    line[..=radius].fill([0.0; 4]);
    line[radius + 1..][..width].copy_from_slice(from);
    line[radius + 1 + width..].fill([0.0; 4]);
    let mut sum = [0.0; 4];
    for &cell in &line[1..=2 * radius] {
        add(&mut sum, cell);
    }
    let ends = line.iter().zip(&line[1..]);
    let starts = line[2 * radius + 1..].iter().zip(&line[2 * radius + 2..]);
    for ((out, (before, first)), (last, after)) in to.iter_mut().zip(ends).zip(starts) {
        for i in 0..4 {
            let whole = sum[i] + last[i];
            out[i] = whole + part * (before[i] + after[i]);
            sum[i] = whole - first[i];
        }
    }
}
