// SPDX-License-Identifier: MPL-2.0

//! Where things came from: block matching at the matte's resolution, only where the picture
//! changed.
//!
//! Every block of `BLOCK` x `BLOCK` pixels that changed looks, with twice its own size as
//! support, for the place in the frame before that resembles it most (sum of absolute
//! differences): from zero motion, its own last motion and its neighbours', by steps of 4, 2 and
//! 1 pixels, then between pixels by the parabola through the neighbouring sums. What was found
//! then looks back in the same way and counts only if it comes home (forward-backward check) and
//! is alike at all.
//! Between block centres, vectors are interpolated.

use super::block_search::{BLOCK, Support, difference, parabola, search};
use crate::filter::Plane;
use crate::filter::plane::bilinear_sample::BilinearSample;
use crate::frame::GrayRef;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Mean difference of luma (of 255) up to which a place may be where the content was.
const ALIKE: u32 = 16;
/// Squared distance from home up to which a motion is believed.
const HOME: f32 = 2.0;

/// Motion of one block: where in the frame before its content was, relative to where it is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Vector {
    /// Columns.
    pub x: f32,
    /// Rows.
    pub y: f32,
    /// Whether the forward-backward check believes it.
    pub sure: bool,
}

/// The estimator, with the frame before.
#[derive(Debug, Default)]
pub struct Flow {
    before: Vec<u8>,
    now: Vec<u8>,
    size: (usize, usize),
    vectors: Vec<Vector>,
    primed: bool,
}

impl Flow {
    /// Forgets the frame before.
    pub fn reset(&mut self) {
        self.primed = false;
    }

    /// Blocks in a row, and rows of blocks.
    pub fn blocks(&self) -> (usize, usize) {
        (self.size.0.div_ceil(BLOCK), self.size.1.div_ceil(BLOCK))
    }

    /// The motion of every block, row by row.
    pub fn vectors(&self) -> &[Vector] {
        &self.vectors
    }

    /// Takes the next frame's luma (0 to 1) and finds the motion of the blocks in which `wanted`
    /// exceeds a tenth somewhere; the others stand still. The first frame has no motion.
    pub fn update(&mut self, level: Level, luma: &Plane, wanted: &Plane) {
        if self.size != luma.size() || self.before.len() != luma.data().len() {
            self.size = luma.size();
            self.primed = false;
            let (columns, rows) = self.blocks();
            self.vectors.clear();
            self.vectors.resize(columns * rows, Vector::default());
            self.before.resize(luma.data().len(), 0);
            self.now.resize(luma.data().len(), 0);
        }
        std::mem::swap(&mut self.before, &mut self.now);
        dispatch!(level, simd => to_bytes(simd, luma.data(), &mut self.now));
        if !self.primed {
            self.primed = true;
            self.vectors.fill(Vector::default());
            return;
        }
        dispatch!(level, simd => estimate(simd, self, wanted));
    }

    /// Finds the motion from one picture to a later one, whatever pictures were given before;
    /// vectors found before are still tried first. If the sizes differ, nothing is known to move.
    pub fn update_from(
        &mut self,
        level: Level,
        then: GrayRef<'_>,
        now: GrayRef<'_>,
        wanted: &Plane,
    ) {
        self.primed = false;
        let size = (now.width(), now.height());
        if self.size != size {
            self.size = size;
            let (columns, rows) = self.blocks();
            self.vectors.clear();
            self.vectors.resize(columns * rows, Vector::default());
        }
        if (then.width(), then.height()) != size || wanted.size() != size {
            self.vectors.fill(Vector::default());
            return;
        }
        for (to, picture) in [(&mut self.before, then), (&mut self.now, now)] {
            to.clear();
            picture.rows().for_each(|row| to.extend_from_slice(row));
        }
        dispatch!(level, simd => estimate(simd, self, wanted));
    }

    /// Gives the blocks whose motion is unknown the mean of their moving neighbours' (up to
    /// `rounds` blocks away): ground that a thing uncovers or is about to cover has no past of its
    /// own, but where the thing was, seen from there, is known.
    pub fn spread(&mut self, rounds: usize) {
        let (columns, rows) = self.blocks();
        for _ in 0..rounds {
            let mut filled = false;
            for index in 0..self.vectors.len() {
                if self.vectors[index].sure {
                    continue;
                }
                let (bx, by) = (index % columns, index / columns);
                let (mut sum, mut count) = ((0.0, 0.0), 0.0);
                for y in by.saturating_sub(1)..(by + 2).min(rows) {
                    for x in bx.saturating_sub(1)..(bx + 2).min(columns) {
                        let v = self.vectors[y * columns + x];
                        if v.sure && (v.x, v.y) != (0.0, 0.0) {
                            sum = (sum.0 + v.x, sum.1 + v.y);
                            count += 1.0;
                        }
                    }
                }
                if count > 0.0 {
                    (self.vectors[index].x, self.vectors[index].y) = (sum.0 / count, sum.1 / count);
                    filled = true;
                }
            }
            if !filled {
                return;
            }
        }
    }

    /// The luma (0 to 1) of the frame before at a place between its pixels.
    #[inline]
    pub fn before(&self, place: BilinearSample) -> f32 {
        place.mix(|at| f32::from(self.before[at])) * (1.0 / 255.0)
    }

    /// Writes the vectors above each other, interpolated for row `y` of pixels: one for each
    /// column of blocks, to be given to [`along`].
    pub fn row(&self, y: usize, out: &mut Vec<Vector>) {
        let (columns, rows) = self.blocks();
        let (top, bottom, share) = place(y, rows);
        let (top, bottom) = (
            &self.vectors[top * columns..],
            &self.vectors[bottom * columns..],
        );
        out.clear();
        out.extend((top.iter().zip(bottom).take(columns)).map(|(&a, &b)| mix(a, b, share)));
    }
}

/// The vector at column `x` of pixels, from a row of vectors by [`Flow::row`]. Whether it is sure
/// is the nearest block's word.
#[inline]
pub fn along(row: &[Vector], x: usize) -> Vector {
    let (left, right, share) = place(x, row.len());
    mix(row[left], row[right], share)
}

/// The two blocks whose centres are around a pixel, and the second one's share.
#[inline]
fn place(at: usize, count: usize) -> (usize, usize, f32) {
    let position = (at as f32 + 0.5) * (1.0 / BLOCK as f32) - 0.5;
    let position = position.clamp(0.0, (count - 1) as f32);
    let first = position as usize;
    (first, (first + 1).min(count - 1), position - first as f32)
}

#[inline]
fn mix(a: Vector, b: Vector, share: f32) -> Vector {
    Vector {
        x: a.x + (b.x - a.x) * share,
        y: a.y + (b.y - a.y) * share,
        sure: if share < 0.5 { a.sure } else { b.sure },
    }
}

#[simd]
fn estimate<S: Simd>(_: S, flow: &mut Flow, wanted: &Plane) {
    let (size, (columns, rows)) = (flow.size, flow.blocks());
    let (before, now) = (&flow.before[..], &flow.now[..]);
    for by in 0..rows {
        for bx in 0..columns {
            let (x, y) = (bx * BLOCK, by * BLOCK);
            let mut moves = false;
            for row in y..(y + BLOCK).min(size.1) {
                for c in &wanted.row(row)[x..(x + BLOCK).min(size.0)] {
                    moves |= *c > 0.1;
                }
            }
            let index = by * columns + bx;
            if !moves {
                flow.vectors[index] = Vector {
                    sure: true,
                    ..Vector::default()
                };
                continue;
            }
            let whole = |v: Vector| (v.x.round() as i32, v.y.round() as i32);
            let left = if bx > 0 {
                whole(flow.vectors[index - 1])
            } else {
                (0, 0)
            };
            let top = if by > 0 {
                whole(flow.vectors[index - columns])
            } else {
                (0, 0)
            };
            let starts = [(0, 0), whole(flow.vectors[index]), left, top];
            let support = Support::around(x as i32, y as i32, size);
            let (found, least) = search(now, before, size, support, &starts, &[4, 2, 1]);
            let sum = |dx, dy| difference(now, before, size, support, (found.0 + dx, found.1 + dy));
            let fine = (
                parabola(sum(-1, 0), least, sum(1, 0)),
                parabola(sum(0, -1), least, sum(0, 1)),
            );
            let there = Support::around(x as i32 + found.0, y as i32 + found.1, size);
            let back = [(0, 0), (-found.0, -found.1)];
            let (home, _) = search(before, now, size, there, &back, &[2, 1]);
            let (ex, ey) = ((home.0 + found.0) as f32, (home.1 + found.1) as f32);
            flow.vectors[index] = Vector {
                x: found.0 as f32 + fine.0,
                y: found.1 as f32 + fine.1,
                sure: ex * ex + ey * ey <= HOME && least <= ALIKE * support.samples(),
            };
        }
    }
}

#[simd]
fn to_bytes<S: Simd>(_: S, from: &[f32], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = (from * 255.0 + 0.5) as u8;
    }
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
