// SPDX-License-Identifier: MPL-2.0

//! Window sums over blocks, in explicit vectors: blocks are narrow, and loops that a compiler
//! unrolls for long rows would do most of such a row one by one.

use super::edge_blocks::EdgeBlock;
use crate::filter::Plane;
use crate::filter::plane::window::{SlidingScratch, advance, sliding_sum};
use fearless_simd::{Simd, prelude::*};
use std::ops::Range;

/// Rows after which running sums are made anew: often, since what weighs little comes after what
/// weighs much.
const REFRESH: usize = 16;
/// Widest vector of `f32`.
const LANES: usize = 16;

/// BlockSums of `K` products over the windows of a block, with their scratch memory.
#[derive(Debug)]
pub(crate) struct BlockSums<const K: usize> {
    columns: [Vec<f32>; K],
    windows: [Vec<f32>; K],
    scratch: SlidingScratch,
}

impl<const K: usize> Default for BlockSums<K> {
    fn default() -> Self {
        Self {
            columns: [const { Vec::new() }; K],
            windows: [const { Vec::new() }; K],
            scratch: SlidingScratch::default(),
        }
    }
}

/// Where a row of products comes from and goes to: columns `from` of plane row `row` are added,
/// times `sign`, to the column sums from `at` on.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub row: usize,
    pub from: Range<usize>,
    pub at: usize,
    pub sign: f32,
}

impl<const K: usize> BlockSums<K> {
    /// Makes room for windows of `2 radius + 1` columns over blocks up to `most` columns wide.
    pub(crate) fn resize(&mut self, most: usize, radius: usize) {
        let padded = (most + 2 * radius).next_multiple_of(LANES) + 2 * LANES;
        self.columns.iter_mut().for_each(|c| c.resize(padded, 0.0));
        let windows = most.next_multiple_of(LANES);
        self.windows.iter_mut().for_each(|w| w.resize(windows, 0.0));
        self.scratch.resize(padded);
    }

    /// Moves the window over a block of a plane of this size, row by row: `add` adds the products
    /// of a row to the column sums, `finish` takes the window sums of a row of the block.
    #[inline(always)]
    pub(crate) fn sweep<S: Simd>(
        &mut self,
        simd: S,
        block: &EdgeBlock,
        (width, height): (usize, usize),
        radius: usize,
        mut add: impl FnMut(&mut [Vec<f32>; K], Entry),
        mut finish: impl FnMut(&[Vec<f32>; K], usize),
    ) {
        let (columns, taps) = (&block.columns, 2 * radius + 1);
        let from = columns.start.saturating_sub(radius)..(columns.end + radius).min(width);
        let at = from.start + radius - columns.start;
        let wide = columns.len().next_multiple_of(LANES);
        for y in block.rows.clone() {
            advance(
                (y, block.rows.start, REFRESH),
                radius,
                height,
                &mut self.columns,
                #[inline(always)]
                |sums| sums.iter_mut().for_each(|s| s.fill(0.0)),
                #[inline(always)]
                |sums, row, enters| {
                    let (from, sign) = (from.clone(), if enters { 1.0 } else { -1.0 });
                    add(
                        sums,
                        Entry {
                            row,
                            from,
                            at,
                            sign,
                        },
                    );
                },
            );
            for (sums, window) in self.columns.iter().zip(&mut self.windows) {
                let to = &mut window[..wide];
                match taps {
                    3 => slide::<S, 3>(simd, sums, to),
                    5 => slide::<S, 5>(simd, sums, to),
                    7 => slide::<S, 7>(simd, sums, to),
                    9 => slide::<S, 9>(simd, sums, to),
                    11 => slide::<S, 11>(simd, sums, to),
                    13 => slide::<S, 13>(simd, sums, to),
                    _ => sliding_sum(&sums[..wide + taps - 1], taps, to, &mut self.scratch),
                }
            }
            finish(&self.windows, y);
        }
    }
}

/// `to[x]` = sum of `N` values of `from` from `x` on.
#[inline(always)]
fn slide<S: Simd, const N: usize>(simd: S, from: &[f32], to: &mut [f32]) {
    for x in (0..to.len()).step_by(S::f32s::LEN) {
        let mut sum = S::f32s::from_slice(simd, &from[x..x + S::f32s::LEN]);
        for tap in 1..N {
            sum += S::f32s::from_slice(simd, &from[x + tap..x + tap + S::f32s::LEN]);
        }
        sum.store_slice(&mut to[x..x + S::f32s::LEN]);
    }
}

/// A vector of `row` from column `x` on; 0 past its end.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, row: &[f32], x: usize) -> S::f32s {
    match row.get(x..x + S::f32s::LEN) {
        Some(values) => S::f32s::from_slice(simd, values),
        None => S::f32s::from_slice(simd, &tail(row, x)[..S::f32s::LEN]),
    }
}

#[cold]
#[inline(never)]
fn tail(row: &[f32], x: usize) -> [f32; LANES] {
    let (mut out, rest) = ([0.0; LANES], row.get(x..).unwrap_or_default());
    for (out, value) in out.iter_mut().zip(rest) {
        *out = *value;
    }
    out
}

/// Adds a vector to `values` from `x` on.
#[inline(always)]
pub(crate) fn add<S: Simd>(simd: S, values: &mut [f32], x: usize, vector: S::f32s) {
    let values = &mut values[x..x + S::f32s::LEN];
    (S::f32s::from_slice(simd, values) + vector).store_slice(values);
}

/// Writes a vector to columns `x` of a row and following, as far as the row goes.
#[inline(always)]
pub(crate) fn store<S: Simd>(vector: S::f32s, row: &mut [f32], x: usize) {
    if x + S::f32s::LEN <= row.len() {
        vector.store_slice(&mut row[x..x + S::f32s::LEN]);
    } else {
        let mut values = [0.0; LANES];
        vector.store_slice(&mut values[..S::f32s::LEN]);
        let rest = row.len() - x;
        row[x..].copy_from_slice(&values[..rest]);
    }
}

/// Means over windows of the first planes, weighted by the last, which they are already
/// multiplied with.
#[inline(always)]
pub(crate) fn average<S: Simd, const K: usize, const N: usize>(
    simd: S,
    planes: [&Plane; K],
    radius: usize,
    blocks: &[EdgeBlock],
    sums: &mut BlockSums<K>,
    mut out: [&mut Plane; N],
) {
    let size = planes[0].size();
    for block in blocks {
        let columns = &block.columns;
        sums.sweep(
            simd,
            block,
            size,
            radius,
            #[inline(always)]
            |sums, entry| {
                for (sums, plane) in sums.iter_mut().zip(planes) {
                    let row = plane.row(entry.row);
                    for x in (0..entry.from.len()).step_by(S::f32s::LEN) {
                        let value = load(simd, row, entry.from.start + x) * entry.sign;
                        add(simd, sums, entry.at + x, value);
                    }
                }
            },
            #[inline(always)]
            |sums, y| {
                let (values, quality) = sums.split_at(K - 1);
                let mut rows = out
                    .each_mut()
                    .map(|plane| &mut plane.row_mut(y)[columns.clone()]);
                for x in (0..columns.len()).step_by(S::f32s::LEN) {
                    let inverse = S::f32s::splat(simd, 1.0) / load(simd, &quality[0], x);
                    for (values, row) in values.iter().zip(&mut rows) {
                        store::<S>(load(simd, values, x) * inverse, row, x);
                    }
                }
            },
        );
    }
}
