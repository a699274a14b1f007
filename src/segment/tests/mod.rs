// SPDX-License-Identifier: MPL-2.0

//! The element with a network that is slow, hangs or fails exactly when a test says so.

mod automatic;
mod changes;
mod failures;
mod rig;
mod runs;
mod small;
mod time;

use rig::SIZE;

/// A pixel of the subject, and one of the room.
const SUBJECT: [u8; 3] = [10, 200, 10];
const ROOM: [u8; 3] = [200, 10, 10];

/// A textured person whose left edge is at `left`, in a textured room.
fn person(left: usize) -> impl Fn(usize, usize) -> [u8; 3] {
    let noise = |x: usize, y: usize, seed: usize| {
        let hash = (x / 3 * 7919 + y / 3 * 104_729 + seed).wrapping_mul(2_654_435_761);
        (hash >> 9 & 63) as u8
    };
    move |x, y| match is_person(left, x, y) {
        true => [
            60 + noise(x + 999 - left, y, 5),
            160 + noise(x + 999 - left, y, 7),
            80,
        ],
        false => [40 + noise(x, y, 1), noise(x, y, 2) / 2, 20],
    }
}

fn is_person(left: usize, x: usize, y: usize) -> bool {
    let dx = x as f32 - (left as f32 + 36.0);
    dx.hypot((y as f32 - 44.0) * 0.9) < 24.0 || (y > 66 && dx.abs() < 36.0)
}

/// Intersection over union of a matte and the person at `left`.
fn overlap(matte: &[u8], left: usize) -> f64 {
    let (mut both, mut either) = (0, 0);
    for (index, alpha) in matte.iter().enumerate() {
        let (a, b) = (
            *alpha >= 128,
            is_person(left, index % SIZE.0, index / SIZE.0),
        );
        both += usize::from(a && b);
        either += usize::from(a || b);
    }
    f64::from(both as u32) / f64::from(either as u32)
}
