// SPDX-License-Identifier: MPL-2.0

//! The range of many scores, in operations that compilers turn into vectors.

use crate::model::output::sample::Sample;

/// Scores that are compared side by side.
const LANES: usize = 16;

/// The least and the greatest of some numbers; NaN if one of them is no finite number.
pub(super) fn range_of<T: Sample>(numbers: &[T]) -> [f32; 2] {
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    // 0 for finite numbers, else NaN, which stays.
    let mut lost = [0.0f32; LANES];
    let mut look = |group: &[T]| {
        for (((low, high), lost), x) in low.iter_mut().zip(&mut high).zip(&mut lost).zip(group) {
            let x = x.value();
            *low = if x < *low { x } else { *low };
            *high = if x > *high { x } else { *high };
            *lost += x * 0.0;
        }
    };
    let (groups, rest) = numbers.as_chunks::<LANES>();
    groups.iter().for_each(|group| look(group));
    look(rest);
    match lost.iter().any(|x| x.is_nan()) {
        true => [f32::NAN; 2],
        false => [
            low.into_iter().fold(f32::INFINITY, f32::min),
            high.into_iter().fold(f32::NEG_INFINITY, f32::max),
        ],
    }
}

/// A range that holds both; NaN if one of them is.
pub(super) fn wider(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    match a[0].is_nan() || b[0].is_nan() {
        true => [f32::NAN; 2],
        false => [a[0].min(b[0]), a[1].max(b[1])],
    }
}
