// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::temporal::weight::weight_after;
use crate::filter::testing::{noise, sizes};

#[test]
fn equals_the_formula_and_is_the_same_at_every_frame_rate() {
    for (width, height) in sizes() {
        let (start, target) = (noise(width, height, 1), noise(width, height, 2));
        for level in crate::simd::levels() {
            let (mut slow, mut fast) = (start.clone(), start.clone());
            apply(level, &target, weight_after(0.25, 2.0), &mut slow);
            for _ in 0..2 {
                apply(level, &target, weight_after(0.25, 1.0), &mut fast);
            }
            for k in 0..slow.data().len() {
                let (m, x) = (f64::from(start.data()[k]), f64::from(target.data()[k]));
                let expected = x + (m - x) * 0.75 * 0.75;
                assert!((f64::from(slow.data()[k]) - expected).abs() < 1e-6);
                assert!((f64::from(fast.data()[k]) - expected).abs() < 1e-6);
            }
        }
    }
}
