// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{disc, noise, sizes};

#[test]
fn an_unsure_band_takes_the_shape_of_the_picture() {
    let truth = disc(80, 80, (40.0, 40.0), 22.0, 2.0);
    let mut guide = truth.clone();
    guide
        .data_mut()
        .iter_mut()
        .for_each(|v| *v = 0.2 + 0.5 * *v);
    let raw = disc(80, 80, (42.0, 39.0), 22.0, 12.0);
    let mut matte = raw.clone();
    Matting::default().apply(crate::simd::level(), &guide, (3, 1e-4), &mut matte);
    let error = |m: &Plane| -> f32 {
        m.data()
            .iter()
            .zip(truth.data())
            .map(|(m, t)| (m - t).abs())
            .sum()
    };
    assert!(
        error(&matte) < 0.35 * error(&raw),
        "{} {}",
        error(&matte),
        error(&raw)
    );
}

#[test]
fn any_size_is_taken_and_flat_stays_flat() {
    let mut filter = Matting::default();
    for (width, height) in sizes() {
        let (guide, mut matte) = (noise(width, height, 1), noise(width, height, 2));
        for level in crate::simd::levels() {
            filter.apply(level, &guide, (2, 1e-3), &mut matte);
            assert!(matte.data().iter().all(|v| (0.0..=1.0).contains(v)));
        }
        matte.data_mut().fill(1.0);
        filter.apply(crate::simd::level(), &guide, (2, 1e-3), &mut matte);
        assert!(matte.data().iter().all(|v| *v > 0.999));
    }
}
