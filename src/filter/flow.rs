// SPDX-License-Identifier: MPL-2.0

//! Where things came from: block matching at the matte's resolution, only where the picture
//! changed.
//!
//! Every block of [`BLOCK`] x [`BLOCK`] pixels that changed looks, with twice its own size as
//! support, for the place in the frame before that resembles it most (sum of absolute
//! differences): from zero motion, its own last motion and its neighbours', by steps of 4, 2 and
//! 1 pixels, then between pixels by the parabola through the neighbouring sums. What was found
//! then looks back in the same way and counts only if it comes home (forward-backward check) and
//! is alike at all.
//! Between block centres vectors are interpolated.

use super::Plane;
use crate::frame::GrayRef;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Side of a block in pixels.
pub const BLOCK: usize = 8;
/// Pixels of support around a block on each side.
const AROUND: usize = 4;
/// Longest motion in pixels.
const REACH: i32 = 24;
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

    /// Finds the motion from one picture to a later one, whatever was given before: for who knows
    /// both. Motion found before is still tried first. Where the sizes differ nothing is known to
    /// move.
    pub fn between(&mut self, level: Level, then: GrayRef<'_>, now: GrayRef<'_>, wanted: &Plane) {
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
    pub fn before(&self, place: Between) -> f32 {
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

/// A block's support: its place and size.
#[derive(Clone, Copy)]
struct Patch {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

impl Patch {
    /// Support around the block whose first pixel is at `(x, y)`, inside the picture.
    #[inline(always)]
    fn around(x: i32, y: i32, (width, height): (usize, usize)) -> Self {
        let (around, block) = (AROUND as i32, BLOCK as i32);
        let clip = |from: i32, to: i32, limit: usize| {
            let limit = limit as i32;
            let from = from.clamp(0, (limit - 1).max(0));
            (from as usize, to.clamp(from + 1, limit) as usize)
        };
        let (left, right) = clip(x - around, x + block + around, width);
        let (top, bottom) = clip(y - around, y + block + around, height);
        Self {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        }
    }
}

impl Patch {
    /// Pixels that [`difference`] compares.
    fn samples(self) -> u32 {
        (self.width * self.height.div_ceil(2)) as u32
    }
}

/// Sum of absolute differences of a patch of `a` and the patch of `b` that is `(dx, dy)` away;
/// none where that leaves the picture.
#[inline(always)]
fn difference(
    a: &[u8],
    b: &[u8],
    (width, height): (usize, usize),
    patch: Patch,
    (dx, dy): (i32, i32),
) -> Option<u32> {
    let (x, y) = (patch.x as i32 + dx, patch.y as i32 + dy);
    let fits = x >= 0
        && y >= 0
        && x as usize + patch.width <= width
        && y as usize + patch.height <= height;
    if !fits || dx.abs() > REACH || dy.abs() > REACH {
        return None;
    }
    let mut sum = 0;
    // Every other row: neighbours say nearly the same.
    for row in (0..patch.height).step_by(2) {
        let p = &a[(patch.y + row) * width + patch.x..][..patch.width];
        let q = &b[(y as usize + row) * width + x as usize..][..patch.width];
        if let (Ok(p), Ok(q)) = (<&[u8; 16]>::try_from(p), <&[u8; 16]>::try_from(q)) {
            for (p, q) in p.iter().zip(q) {
                sum += u32::from(p.abs_diff(*q));
            }
        } else {
            for (p, q) in p.iter().zip(q) {
                sum += u32::from(p.abs_diff(*q));
            }
        }
    }
    Some(sum)
}

/// The best motion of a patch from the given starts, by the given steps: whole pixels and its sum.
#[inline(always)]
fn search(
    a: &[u8],
    b: &[u8],
    size: (usize, usize),
    patch: Patch,
    starts: &[(i32, i32)],
    steps: &[i32],
) -> ((i32, i32), u32) {
    let (mut best, mut least) = ((0, 0), u32::MAX);
    for (i, &start) in starts.iter().enumerate() {
        if !starts[..i].contains(&start)
            && let Some(sum) = difference(a, b, size, patch, start)
            && sum < least
        {
            (best, least) = (start, sum);
        }
    }
    for &step in steps {
        for _ in 0..3 {
            let centre = best;
            for (dx, dy) in [(-step, 0), (step, 0), (0, -step), (0, step)] {
                let place = (centre.0 + dx, centre.1 + dy);
                if let Some(sum) = difference(a, b, size, patch, place)
                    && sum < least
                {
                    (best, least) = (place, sum);
                }
            }
            if best == centre {
                break;
            }
        }
    }
    (best, least)
}

/// Where the parabola through three sums has its lowest point, -0.5 to 0.5.
#[inline(always)]
fn parabola(before: Option<u32>, here: u32, after: Option<u32>) -> f32 {
    let (Some(before), Some(after)) = (before, after) else {
        return 0.0;
    };
    let (before, here, after) = (before as f32, here as f32, after as f32);
    let bend = before - 2.0 * here + after;
    if bend <= 0.0 {
        return 0.0;
    }
    (0.5 * (before - after) / bend).clamp(-0.5, 0.5)
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
            let patch = Patch::around(x as i32, y as i32, size);
            let (found, least) = search(now, before, size, patch, &starts, &[4, 2, 1]);
            let sum = |dx, dy| difference(now, before, size, patch, (found.0 + dx, found.1 + dy));
            let fine = (
                parabola(sum(-1, 0), least, sum(1, 0)),
                parabola(sum(0, -1), least, sum(0, 1)),
            );
            let there = Patch::around(x as i32 + found.0, y as i32 + found.1, size);
            let back = [(0, 0), (-found.0, -found.1)];
            let (home, _) = search(before, now, size, there, &back, &[2, 1]);
            let (ex, ey) = ((home.0 + found.0) as f32, (home.1 + found.1) as f32);
            flow.vectors[index] = Vector {
                x: found.0 as f32 + fine.0,
                y: found.1 as f32 + fine.1,
                sure: ex * ex + ey * ey <= HOME && least <= ALIKE * patch.samples(),
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

/// A place between pixels, and how to mix those around it; edges extended.
#[derive(Debug, Clone, Copy)]
pub struct Between {
    top: u32,
    bottom: u32,
    right: u32,
    x: f32,
    y: f32,
}

impl Between {
    /// The place at these coordinates of a picture of this size.
    #[inline]
    pub fn new((width, height): (usize, usize), (x, y): (f32, f32)) -> Self {
        let x = x.clamp(0.0, (width - 1) as f32);
        let y = y.clamp(0.0, (height - 1) as f32);
        let (left, top) = (x as u32, y as u32);
        let (width, height) = (width as u32, height as u32);
        Self {
            top: top * width + left,
            bottom: (top + 1).min(height - 1) * width + left,
            right: u32::from(left + 1 < width),
            x: x - left as f32,
            y: y - top as f32,
        }
    }

    /// Bilinear value of a picture whose pixels `read` gives by their index.
    #[inline]
    pub fn mix(self, read: impl Fn(usize) -> f32) -> f32 {
        let row = |left: u32| {
            let (a, b) = (read(left as usize), read((left + self.right) as usize));
            a + (b - a) * self.x
        };
        let (upper, lower) = (row(self.top), row(self.bottom));
        upper + (lower - upper) * self.y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::testing::{noise, sizes};
    use crate::filter::window::BoxMean;

    fn sample(plane: &Plane, x: f32, y: f32) -> f32 {
        Between::new(plane.size(), (x, y)).mix(|at| plane.data()[at])
    }

    /// Smooth texture that can be looked at between its pixels.
    fn texture(width: usize, height: usize, shift: (f32, f32)) -> Plane {
        let (mut smooth, mut large) = (Plane::default(), noise(width + 80, height + 80, 6));
        for _ in 0..2 {
            BoxMean::default().apply(crate::simd::level(), &large, 1, &mut smooth);
            std::mem::swap(&mut smooth, &mut large);
        }
        let mut out = Plane::new(width, height);
        for y in 0..height {
            for (x, value) in out.row_mut(y).iter_mut().enumerate() {
                *value = sample(&large, x as f32 + 40.0 + shift.0, y as f32 + 40.0 + shift.1);
            }
        }
        out
    }

    #[test]
    fn finds_the_motion_of_a_texture_to_a_third_of_a_pixel() {
        let mut everywhere = Plane::new(96, 64);
        everywhere.data_mut().fill(1.0);
        for shift in [(0.0, 0.0), (3.0, -2.0), (-7.0, 5.0), (1.5, 0.5)] {
            for level in crate::simd::levels() {
                let mut flow = Flow::default();
                flow.update(level, &texture(96, 64, (0.0, 0.0)), &everywhere);
                flow.update(level, &texture(96, 64, shift), &everywhere);
                let mut row = Vec::new();
                flow.row(32, &mut row);
                let v = along(&row, 48);
                assert!(v.sure, "{shift:?} {level:?}");
                let error = (v.x - shift.0).hypot(v.y - shift.1);
                assert!(error < 0.34, "{shift:?} {level:?}: {v:?}");
            }
        }
    }

    #[test]
    fn what_stands_still_does_not_move_and_the_unknown_is_not_believed() {
        let nothing = Plane::new(96, 64);
        let mut everywhere = Plane::new(96, 64);
        everywhere.data_mut().fill(1.0);
        let mut flow = Flow::default();
        let level = crate::simd::level();
        flow.update(level, &noise(96, 64, 1), &nothing);
        flow.update(level, &noise(96, 64, 2), &nothing);
        assert!(
            flow.vectors()
                .iter()
                .all(|v| (v.x, v.y, v.sure) == (0.0, 0.0, true))
        );
        flow.update(level, &noise(96, 64, 3), &everywhere);
        let sure = flow.vectors().iter().filter(|v| v.sure).count();
        assert!(
            sure < flow.vectors().len() / 2,
            "{sure} blocks believe in noise"
        );
    }

    #[test]
    fn every_size_is_taken_and_levels_agree() {
        for (width, height) in sizes() {
            let mut everywhere = Plane::new(width, height);
            everywhere.data_mut().fill(1.0);
            let mut results = Vec::new();
            for level in crate::simd::levels() {
                let mut flow = Flow::default();
                for seed in 0..3 {
                    flow.update(level, &noise(width, height, seed), &everywhere);
                }
                let mut row = Vec::new();
                flow.row(height - 1, &mut row);
                along(&row, width - 1);
                results.push(flow.vectors().to_vec());
            }
            assert!(results.iter().all(|r| *r == results[0]), "{width}x{height}");
        }
    }
}
