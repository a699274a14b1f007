// SPDX-License-Identifier: MPL-2.0

//! Joint bilateral upsampling: every value of the larger matte is the mean of the small matte's
//! around it, those counting whose luma is alike.
//!
//! J. Kopf et al., "Joint Bilateral Upsampling" (SIGGRAPH 2007):
//! `q(x) = sum_k p(k) w(k) f(|x - k|) g(|I(x) - I(k)|) / sum_k w f g` over 5x5 pixels of the small
//! matte, with f Gaussian and g nearly so: `(1 + z / 8)^-8` for `e^-z`, which costs a division
//! only. `w` is not in the paper: the confidence of [`super::guided`], so that sure pixels decide.
//! Only the surroundings of edges are computed.

use super::edge_blocks::{EdgeBlock, EdgeBlockFinder};
use super::guided::confidence;
use crate::filter::Plane;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Pixels of the small matte around a place that are looked at, on each side.
const AROUND: usize = 2;
/// Columns that are read at a time; those past the window weigh nothing.
const TAPS: usize = 8;
/// Deviation of `f` in pixels of the small matte.
const SPREAD: f32 = 0.8;
/// Least `g`, so that a colour that nothing has takes its surroundings' mean.
const LEAST: f32 = 1e-4;
/// Widest block.
const WIDEST_BLOCK: usize = 64;

/// A column of the large matte: the first of the small one's that it looks at, in padded rows,
/// and their `f`.
#[derive(Debug, Clone, Copy)]
struct Column {
    first: u32,
    near: [f32; TAPS],
}

/// The filter, with its scratch memory.
#[derive(Debug, Default)]
pub struct JointBilateral {
    /// Rows of the small matte, its weights and its luma, edges extended.
    padded: [Vec<f32>; 3],
    columns: Vec<Column>,
    sizes: [(usize, usize); 2],
    finder: EdgeBlockFinder,
    blocks: Vec<EdgeBlock>,
}

impl JointBilateral {
    /// Upsamples `matte` to the size of `out`, which holds it already, scaled in some simpler way
    /// that is 0 and 1 where `matte` is. `luma` is the guide at the matte's size, `guide` at the
    /// size of `out`; `deviation` is that of `g`, in luma of 0 to 1.
    pub fn apply(
        &mut self,
        level: Level,
        (matte, luma): (&Plane, &Plane),
        guide: &Plane,
        deviation: f32,
        out: &mut Plane,
    ) {
        let sizes = [matte.size(), out.size()];
        if self.sizes != sizes {
            self.sizes = sizes;
            let scale = matte.width() as f32 / out.width() as f32;
            self.columns.clear();
            self.columns.extend((0..out.width()).map(|x| {
                let (centre, near) = around(x, scale, matte.width());
                let first = centre as u32;
                Column { first, near }
            }));
        }
        self.pad(matte, luma);
        let reach = (AROUND + 1) * out.width().div_ceil(matte.width()).max(1);
        self.finder.look(level, out);
        self.finder.spread(level, reach);
        self.finder.blocks(WIDEST_BLOCK, &mut self.blocks);
        let alike = 0.5 / (deviation * deviation).max(1e-8);
        dispatch!(level, simd => upsample(simd, self, matte.size(), guide, alike, out));
    }

    fn pad(&mut self, matte: &Plane, luma: &Plane) {
        let (width, height) = matte.size();
        let padded = width + TAPS;
        let [p, w, i] = &mut self.padded;
        for rows in [&mut *p, &mut *w, &mut *i] {
            rows.resize(padded * height, 0.0);
        }
        for y in 0..height {
            for (to, from) in [(&mut *p, matte.row(y)), (&mut *i, luma.row(y))] {
                let to = &mut to[y * padded..][..padded];
                to[AROUND..][..width].copy_from_slice(from);
                to[..AROUND].fill(from[0]);
                to[AROUND + width..].fill(from[width - 1]);
            }
        }
        for (w, p) in w.iter_mut().zip(&*p) {
            *w = confidence(*p);
        }
    }
}

/// The nearest of `limit` small pixels to a large one, and `f` of those from [`AROUND`] before it.
fn around(at: usize, scale: f32, limit: usize) -> (usize, [f32; TAPS]) {
    let position = ((at as f32 + 0.5) * scale - 0.5).clamp(0.0, (limit - 1) as f32);
    let centre = position.round() as usize;
    let mut near = [0.0; TAPS];
    for (k, near) in near.iter_mut().enumerate().take(2 * AROUND + 1) {
        let away = position - (centre + k) as f32 + AROUND as f32;
        *near = (-0.5 / (SPREAD * SPREAD) * away * away).exp();
    }
    (centre, near)
}

#[simd]
fn upsample<S: Simd>(
    _: S,
    filter: &mut JointBilateral,
    (width, height): (usize, usize),
    guide: &Plane,
    alike: f32,
    out: &mut Plane,
) {
    let (scale, padded) = (height as f32 / out.height() as f32, width + TAPS);
    let [p, w, i] = filter.padded.each_ref();
    for block in &filter.blocks {
        for y in block.rows.clone() {
            let (middle, near) = around(y, scale, height);
            let (guide, to) = (guide.row(y), out.row_mut(y));
            for x in block.columns.clone() {
                let (column, here) = (&filter.columns[x], guide[x]);
                let (mut sums, mut weights) = ([0.0; TAPS], [0.0; TAPS]);
                for (k, near) in near.iter().enumerate().take(2 * AROUND + 1) {
                    let row = (middle + k).saturating_sub(AROUND).min(height - 1);
                    let at = row * padded + column.first as usize;
                    let (p, w, i) = (&p[at..][..TAPS], &w[at..][..TAPS], &i[at..][..TAPS]);
                    for t in 0..TAPS {
                        let away = here - i[t];
                        let r = 1.0 / (1.0 + away * away * alike * 0.125);
                        let r = r * r;
                        let r = r * r;
                        let weight = near * column.near[t] * w[t] * (r * r + LEAST);
                        weights[t] += weight;
                        sums[t] += weight * p[t];
                    }
                }
                to[x] = sums.iter().sum::<f32>() / weights.iter().sum::<f32>();
            }
        }
    }
}

#[cfg(test)]
#[path = "joint_bilateral_tests.rs"]
mod tests;
