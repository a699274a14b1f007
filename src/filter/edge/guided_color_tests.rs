// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::edge::guided::{Fit, tests::reference};
use crate::filter::testing::{noise, sizes};

#[test]
fn without_colour_a_round_is_the_gray_filter() {
    let (mut filter, mut out) = (GuidedColor::default(), Coefficients::default());
    for (i, (width, height)) in sizes().into_iter().enumerate() {
        let (guide, matte) = (noise(width, height, 1), noise(width, height, 2));
        let mut flat = Plane::new(width, height);
        flat.data_mut().fill(0.5);
        let (radius, epsilon) = ([1, 2, 4][i % 3], 1e-2);
        let (a, b) = reference(&guide, &matte, Fit::Confident, (radius, f64::from(epsilon)));
        for level in crate::simd::levels() {
            let planes = [&guide, &flat, &flat];
            filter.round(level, planes, &matte, (radius, epsilon), &mut out);
            for k in 0..a.len() {
                let i = f64::from(guide.data()[k]);
                let got = f64::from(out.a.data()[k]) * i + f64::from(out.b.data()[k]);
                let error = (got - (a[k] * i + b[k])).abs();
                assert!(error < 5e-3, "{width}x{height} [{k}]: {error}");
            }
        }
    }
}

#[test]
fn any_one_component_can_carry_the_edge() {
    let (mut filter, mut out) = (GuidedColor::default(), Coefficients::default());
    let (width, height) = (40, 30);
    let truth: Vec<f32> = (0..width * height)
        .map(|k| if (k % width) < 20 { 1.0 } else { 0.0 })
        .collect();
    let mut edge = Plane::new(width, height);
    edge.data_mut().copy_from_slice(&truth);
    edge.data_mut().iter_mut().for_each(|v| *v = 0.3 + 0.2 * *v);
    let mut flat = Plane::new(width, height);
    flat.data_mut().fill(0.4);
    // The matte's edge is two pixels off and soft.
    let mut matte = Plane::new(width, height);
    for y in 0..height {
        for (x, value) in matte.row_mut(y).iter_mut().enumerate() {
            *value = ((22.0 - x as f32) / 6.0 + 0.5).clamp(0.0, 1.0);
        }
    }
    let raw: f32 = matte
        .data()
        .iter()
        .zip(&truth)
        .map(|(m, t)| (m - t).abs())
        .sum();
    let mut errors = [0.0; 3];
    for (carrier, error) in errors.iter_mut().enumerate() {
        let mut guide = [&flat; 3];
        guide[carrier] = &edge;
        filter.coefficients(crate::simd::level(), guide, &matte, (5, 1e-4), &mut out);
        for (k, t) in truth.iter().enumerate() {
            let q = out.a.data()[k] * guide[0].data()[k] + out.b.data()[k];
            *error += (q - t).abs();
        }
    }
    for error in errors {
        assert!(error < 0.4 * raw, "{errors:?} of {raw}");
        assert!((error - errors[0]).abs() < 0.01 * raw, "{errors:?}");
    }
}
