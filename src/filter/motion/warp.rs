// SPDX-License-Identifier: MPL-2.0

//! An earlier frame's matte, moved to where its subject is now: block motion between that frame's
//! luma and this one's, the matte pulled along it.
//!
//! What did not change keeps its matte. A changed block is looked for in the earlier frame (see
//! [`super::flow`]); ground that the subject uncovers is nowhere to be found there and gets the
//! motion of its moving neighbours, which is the subject's: seen along that, the matte is the
//! subject's outline, moved. A picture of which most cannot be found is another scene, for which
//! the old matte says nothing.

use super::block_search::BLOCK;
use super::flow::{Flow, Vector, along};
use super::squares::{CHANGED, SQUARE, Squares, UNIT};
use crate::filter::Plane;
use crate::frame::{GrayMut, GrayRef};
use crate::simd::Level;

/// Share of the picture's blocks that must be unknown for another scene.
const LOST_SHARE: f32 = 0.5;
/// Mean difference of luma (of 255) over the picture that another scene has at least.
const LOST_CHANGE: u32 = 20;
/// How far motion spreads into unknown blocks, in blocks.
const SPREAD: usize = 3;

/// What became of the matte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warped {
    /// Nothing moved: the matte is as it was; nothing was written.
    Still,
    /// The moved matte was written.
    Moved,
    /// This is another scene; nothing was written.
    Lost,
}

/// Moves mattes. Owns its scratch memory.
#[derive(Debug, Default)]
pub struct Warp {
    flow: Flow,
    squares: Squares,
    wanted: Plane,
    row: Vec<Vector>,
}

impl Warp {
    /// Moves `matte`, which belongs to the picture `then`, to where the content is in `now`, and
    /// writes it to `out`, of the matte's size. The two pictures are luma, full range, of one size,
    /// best about the matte's own; pictures of two sizes are two scenes.
    pub fn apply(
        &mut self,
        level: Level,
        then: GrayRef<'_>,
        now: GrayRef<'_>,
        matte: GrayRef<'_>,
        out: &mut GrayMut<'_>,
    ) -> Warped {
        let size = (now.width(), now.height());
        let same_size = (matte.width(), matte.height()) == (out.width(), out.height());
        if (then.width(), then.height()) != size || !same_size {
            return Warped::Lost;
        }
        let (changed, difference) = self.compare(level, then, now);
        if changed == 0 {
            return Warped::Still;
        }
        self.mark_changed(size);
        self.flow.update_from(level, then, now, &self.wanted);
        let blocks = self.flow.vectors().len() as f32;
        let unknown = self.flow.vectors().iter().filter(|v| !v.sure).count() as f32;
        if unknown >= LOST_SHARE * blocks && difference >= LOST_CHANGE {
            return Warped::Lost;
        }
        self.flow.spread(SPREAD);
        if self.flow.vectors().iter().all(|v| (v.x, v.y) == (0.0, 0.0)) {
            return Warped::Still;
        }
        self.pull(size, matte, out);
        Warped::Moved
    }

    /// Whether two pictures are of two scenes, without a look at motion: most of the picture
    /// changed, and by much.
    pub fn is_cut(&mut self, level: Level, then: GrayRef<'_>, now: GrayRef<'_>) -> bool {
        if (then.width(), then.height()) != (now.width(), now.height()) {
            return true;
        }
        let (changed, difference) = self.compare(level, then, now);
        changed as f32 >= 0.6 * self.squares.means().len() as f32 && difference >= LOST_CHANGE
    }

    /// How badly the motion that [`Warp::apply`] found explains each square of the same pictures
    /// (see [`super::squares`]): the mean difference of luma along it, in units of 1/16, 0 where
    /// nothing changed. Returns the number of squares in a row.
    pub fn misfit(&mut self, then: GrayRef<'_>, now: GrayRef<'_>, out: &mut Vec<u16>) -> usize {
        let (columns, rows) = self.squares.size();
        out.clear();
        out.resize(columns * rows, 0);
        for (sy, line) in out.chunks_exact_mut(columns).enumerate() {
            let changed = &self.squares.means()[sy * columns..][..columns];
            if changed.iter().all(|mean| *mean < CHANGED) {
                continue;
            }
            let top = sy * SQUARE;
            let bottom = (top + SQUARE).min(now.height());
            for y in top..bottom {
                self.flow.row(y, &mut self.row);
                for (sx, sum) in line.iter_mut().enumerate() {
                    if changed[sx] < CHANGED {
                        continue;
                    }
                    for x in sx * SQUARE..((sx + 1) * SQUARE).min(now.width()) {
                        let v = along(&self.row, x);
                        let before = sample(then, x as f32 + v.x, y as f32 + v.y);
                        *sum += u16::from(before.abs_diff(now.row(y)[x]));
                    }
                }
            }
            for (sx, sum) in line.iter_mut().enumerate() {
                let pixels = (now.width() - sx * SQUARE).min(SQUARE) * (bottom - top);
                *sum = (u32::from(*sum) * u32::from(UNIT) / pixels as u32) as u16;
            }
        }
        columns
    }

    /// Compares the two pictures; returns the number of squares that changed and the mean difference
    /// of the whole picture.
    fn compare(&mut self, level: Level, then: GrayRef<'_>, now: GrayRef<'_>) -> (usize, u32) {
        self.squares.compare(level, then, now);
        let means = self.squares.means();
        let changed = means.iter().filter(|mean| **mean >= CHANGED).count();
        let pixels = (now.width() * now.height()) as u64;
        (changed, (self.squares.total() / pixels) as u32)
    }

    /// Marks the squares that changed in `wanted`, for pictures of this size.
    fn mark_changed(&mut self, (width, height): (usize, usize)) {
        self.wanted.resize(width, height);
        let (columns, _) = self.squares.size();
        for (sy, means) in self.squares.means().chunks_exact(columns).enumerate() {
            for y in sy * SQUARE..((sy + 1) * SQUARE).min(height) {
                let wanted = self.wanted.row_mut(y).chunks_mut(SQUARE);
                for (square, mean) in wanted.zip(means) {
                    square.fill(f32::from(u8::from(*mean >= CHANGED)));
                }
            }
        }
    }

    /// Pulls the matte along the motion, found in pictures of `size`.
    fn pull(&mut self, size: (usize, usize), matte: GrayRef<'_>, out: &mut GrayMut<'_>) {
        let (width, height) = (matte.width(), matte.height());
        let scale = (width as f32 / size.0 as f32, height as f32 / size.1 as f32);
        for y in 0..height {
            let luma_y = (y * size.1 / height).min(size.1 - 1);
            self.flow.row(luma_y, &mut self.row);
            let target = out.row_mut(y);
            if self.row.iter().all(|v| (v.x, v.y) == (0.0, 0.0)) {
                target.copy_from_slice(matte.row(y));
                continue;
            }
            for (x, pixel) in target.iter_mut().enumerate() {
                let v = along(&self.row, (x * size.0 / width).min(size.0 - 1));
                *pixel = sample(matte, x as f32 + v.x * scale.0, y as f32 + v.y * scale.1);
            }
        }
    }
}

/// A picture's value between its pixels, edges extended.
fn sample(picture: GrayRef<'_>, x: f32, y: f32) -> u8 {
    let x = x.clamp(0.0, (picture.width() - 1) as f32);
    let y = y.clamp(0.0, (picture.height() - 1) as f32);
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = (
        (left + 1).min(picture.width() - 1),
        (top + 1).min(picture.height() - 1),
    );
    let (fx, fy) = (x - left as f32, y - top as f32);
    let (upper, lower) = (picture.row(top), picture.row(bottom));
    let mix = |a: u8, b: u8| f32::from(a) + (f32::from(b) - f32::from(a)) * fx;
    let (a, b) = (
        mix(upper[left], upper[right]),
        mix(lower[left], lower[right]),
    );
    (a + (b - a) * fy + 0.5) as u8
}

const _: () = assert!(BLOCK.is_multiple_of(SQUARE), "a square lies in one block");

#[cfg(test)]
#[path = "warp_tests.rs"]
mod tests;
