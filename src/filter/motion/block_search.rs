// SPDX-License-Identifier: MPL-2.0

//! The place in one picture that resembles a block of another most: sums of absolute differences,
//! looked at from a few starts by smaller and smaller steps.

/// Side of a block in pixels.
pub(crate) const BLOCK: usize = 8;
/// Pixels of support around a block on each side.
const AROUND: usize = 4;
/// Longest motion in pixels.
const REACH: i32 = 24;

/// A block's support: its place and size.
#[derive(Clone, Copy)]
pub(crate) struct Support {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

impl Support {
    /// Support around the block whose first pixel is at `(x, y)`, inside the picture.
    #[inline(always)]
    pub(crate) fn around(x: i32, y: i32, (width, height): (usize, usize)) -> Self {
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

    /// Pixels that [`difference`] compares.
    pub(crate) fn samples(self) -> u32 {
        (self.width * self.height.div_ceil(2)) as u32
    }
}

/// Sum of absolute differences of a support of `a` and the support of `b` that is `(dx, dy)` away;
/// none if that leaves the picture.
#[inline(always)]
pub(crate) fn difference(
    a: &[u8],
    b: &[u8],
    (width, height): (usize, usize),
    support: Support,
    (dx, dy): (i32, i32),
) -> Option<u32> {
    let (x, y) = (support.x as i32 + dx, support.y as i32 + dy);
    let fits = x >= 0
        && y >= 0
        && x as usize + support.width <= width
        && y as usize + support.height <= height;
    if !fits || dx.abs() > REACH || dy.abs() > REACH {
        return None;
    }
    let mut sum = 0;
    // Every other row: neighbours say nearly the same.
    for row in (0..support.height).step_by(2) {
        let p = &a[(support.y + row) * width + support.x..][..support.width];
        let q = &b[(y as usize + row) * width + x as usize..][..support.width];
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

/// The best motion of a support from the given starts, by the given steps: whole pixels and its
/// sum.
#[inline(always)]
pub(crate) fn search(
    a: &[u8],
    b: &[u8],
    size: (usize, usize),
    support: Support,
    starts: &[(i32, i32)],
    steps: &[i32],
) -> ((i32, i32), u32) {
    let (mut best, mut least) = ((0, 0), u32::MAX);
    for (i, &start) in starts.iter().enumerate() {
        if !starts[..i].contains(&start)
            && let Some(sum) = difference(a, b, size, support, start)
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
                if let Some(sum) = difference(a, b, size, support, place)
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
pub(crate) fn parabola(before: Option<u32>, here: u32, after: Option<u32>) -> f32 {
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
