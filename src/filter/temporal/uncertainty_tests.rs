// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{noise, sizes};

#[test]
fn sure_values_pass_and_unsure_ones_stay() {
    assert!((uncertainty(0.5) - 1.0).abs() < 1e-6);
    assert!(uncertainty(0.0).abs() < 0.01 && uncertainty(1.0).abs() < 0.01);
}

#[test]
fn equals_the_formula_at_every_size_and_level() {
    for (width, height) in sizes() {
        let (start, matte) = (noise(width, height, 1), noise(width, height, 2));
        for (level, frames) in crate::simd::levels()
            .into_iter()
            .zip([1.0f32, 2.0, 0.5, 1.0])
        {
            let mut state = start.clone();
            apply(level, &matte, (0.9, frames), &mut state);
            for k in 0..state.data().len() {
                let (m, x) = (f64::from(start.data()[k]), f64::from(matte.data()[k]));
                let q = (x - 0.5) * (x - 0.5);
                let c = C.map(f64::from);
                let sure = q * (c[0] + q * (c[1] + q * (c[2] + q * (c[3] + q * c[4]))));
                let keep = ((1.0 - sure.min(1.0)) * 0.9).powf(f64::from(frames));
                let expected = x + (m - x) * keep;
                assert!((f64::from(state.data()[k]) - expected).abs() < 1e-5);
            }
        }
    }
}
