// SPDX-License-Identifier: MPL-2.0

//! The colours of subject and background around an edge, fitted on cells in least squares.

use crate::blend::cells::{Band, Cell};
use crate::blend::geometry::Geometry;
use fearless_simd::{f32x4, prelude::*};
use fearless_simd_macros::simd;

/// Cells on each side that take part in a mean.
pub(super) const REACH: usize = 1;

/// Weights of a cell itself and of its neighbours.
const TENT: [f32; REACH + 1] = [2.0, 1.0];

/// Rows of a cell that are sampled: a pair, because of subsampled chroma, is enough for a mean.
pub(super) const SAMPLED: usize = 2;

/// The weight that a cell and its surroundings have in all, for each cell: less at the rim.
pub(super) fn whole_weights(geometry: Geometry, side: usize) -> Vec<f32> {
    let axis = |size: usize, rows: usize| -> Vec<f32> {
        let count = size.div_ceil(side);
        let share = |i: usize| (size - i * side).min(rows) as f32 / side as f32;
        (0..count)
            .map(|at| {
                let cells = at.saturating_sub(REACH)..(at + REACH + 1).min(count);
                cells.map(|i| TENT[at.abs_diff(i)] * share(i)).sum()
            })
            .collect()
    };
    let (columns, rows) = (axis(geometry.width, side), axis(geometry.height, SAMPLED));
    rows.iter()
        .flat_map(|r| columns.iter().map(move |c| r * c))
        .collect()
}

/// How far a colour is believed to be the subject's, from the sums of alpha and of alpha squared.
/// Their ratio says how opaque the pixels are that the colour was taken from: a haze is believed
/// little, four fifths of opaque pixels, as along edges, wholly.
pub(super) fn belief(alpha: f32, square: f32) -> f32 {
    let opaque = square / alpha.max(1e-6);
    (opaque + 0.3125 * opaque * opaque).clamp(0.0, 1.0)
}

/// The first colour by `share`, the rest of the other; its weight is the first's.
pub(super) fn mixed(color: &Cell, other: &Cell, share: f32) -> Cell {
    let mix = |i: usize| color[i] * share + other[i] * (1.0 - share);
    [mix(0), mix(1), mix(2), color[3]]
}

/// Turns the sums of `alpha * I` and alpha, and of `(1 - alpha) * I` and alpha squared, into the
/// two colours that explain them best. If they are hard to tell apart, both keep near their
/// weighted means.
#[inline(always)]
pub(super) fn fit(subject: &mut Cell, background: &mut Cell, whole: f32) {
    const RIDGE: f32 = 0.01;
    let square = background[3];
    let (keep, rest) = (subject[3].max(1e-6), (whole - subject[3]).max(1e-6));
    let cross = (subject[3] - square).max(0.0);
    let ridge = RIDGE * (keep + rest);
    let (ff, bb) = (square + ridge, (rest - cross).max(0.0) + ridge);
    let scale = 1.0 / (ff * bb - cross * cross).max(1e-12);
    for i in 0..3 {
        let f = subject[i] * (1.0 + ridge / keep);
        let b = background[i] * (1.0 + ridge / rest);
        subject[i] = ((bb * f - cross * b) * scale).clamp(0.0, 255.0);
        background[i] = ((ff * b - cross * f) * scale).clamp(0.0, 255.0);
    }
}

/// Sums over cells within the reach, falling off linearly: along rows into `wide`, then along
/// columns into `near`. A little of the whole edge is added, as an answer if nothing is near.
#[simd]
pub(super) fn smooth<S: Simd>(
    simd: S,
    cells: &[Cell],
    wide: &mut [Cell],
    near: &mut [Cell],
    band: &Band,
    (columns, rows): (usize, usize),
) {
    let load = |cell: &Cell| f32x4::from_slice(simd, cell);
    let [middle, beside] = TENT;
    let mut total = f32x4::splat(simd, 0.0);
    let mut count = 1.0;
    for y in 0..rows {
        let line = &cells[y * columns..][..columns];
        let out = &mut wide[y * columns..][..columns];
        for run in band.wide.row(y) {
            count += run.len() as f32;
            for x in run {
                let at = |x: Option<usize>| match x.and_then(|x| line.get(x)) {
                    Some(cell) => load(cell),
                    None => f32x4::splat(simd, 0.0),
                };
                let here = load(&line[x]);
                total += here;
                let sum = here * middle + (at(x.checked_sub(1)) + at(Some(x + 1))) * beside;
                sum.store_slice(&mut out[x]);
            }
        }
    }
    let prior = total * (1e-4 / count);
    for y in 0..rows {
        // Rows outside count nothing.
        let row = |y: Option<usize>, weight: f32| match y.filter(|&y| y < rows) {
            Some(y) => (&wide[y * columns..][..columns], weight),
            None => (&wide[..columns], 0.0),
        };
        let lines = [
            row(Some(y), middle),
            row(y.checked_sub(1), beside),
            row(Some(y + 1), beside),
        ];
        let out = &mut near[y * columns..][..columns];
        for x in band.near.row(y).flatten() {
            let mut sum = prior;
            for (line, weight) in lines {
                sum += load(&line[x]) * weight;
            }
            sum.store_slice(&mut out[x]);
        }
    }
}
