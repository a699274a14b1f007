// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::Plane;
use crate::filter::testing::{noise, sizes};
use crate::frame::GrayImage;

/// `a I + b` in `f64` for one pixel, 0 to 255.
pub(in crate::filter) fn reference(
    (a, b): (&[f64], &[f64]),
    (width, height): (usize, usize),
    step: usize,
    (x, y): (usize, usize),
    luma: u8,
) -> f64 {
    let at = |i: usize, n: usize| ((i as f64 + 0.5) / step as f64 - 0.5).clamp(0.0, n as f64 - 1.0);
    let (u, v) = (at(x, width), at(y, height));
    let pick = |plane: &[f64], du: usize, dv: usize| {
        let (u, v) = (
            (u as usize + du).min(width - 1),
            (v as usize + dv).min(height - 1),
        );
        plane[v * width + u]
    };
    let lerp = |plane: &[f64]| {
        let (fu, fv) = (u.fract(), v.fract());
        (pick(plane, 0, 0) * (1.0 - fu) + pick(plane, 1, 0) * fu) * (1.0 - fv)
            + (pick(plane, 0, 1) * (1.0 - fu) + pick(plane, 1, 1) * fu) * fv
    };
    (lerp(a) * f64::from(luma) + lerp(b) * 255.0).clamp(0.0, 255.0)
}

#[test]
fn equals_the_formula_at_every_size_stride_and_level() {
    let mut filter = Affine::default();
    for (i, (width, height)) in sizes().into_iter().enumerate() {
        let stride = width + i % 3;
        let mut source = GrayImage::new(stride, height);
        noise(stride, height, 5).store(&mut source.as_mut());
        let guide = GrayRef::new(source.data(), width, height, stride).unwrap();
        for step in [1, 2, 3, 4, 6, 8] {
            let (w, h) = grid(width, height, step);
            let mut coefficients = Coefficients {
                a: noise(w, h, 11),
                b: noise(w, h, 12),
            };
            // Flat rows above, mixed ones below.
            for y in 0..h / 2 {
                coefficients.a.row_mut(y).fill(0.0);
                let value = if i % 2 == 0 { 0.0 } else { 1.0 };
                coefficients.b.row_mut(y).fill(value);
            }
            let wide = |p: &crate::filter::Plane| -> Vec<f64> {
                p.data().iter().map(|&v| f64::from(v)).collect()
            };
            let (a, b) = (wide(&coefficients.a), wide(&coefficients.b));
            for level in crate::simd::levels() {
                let mut out = vec![0; (width + 5) * height];
                let mut view = GrayMut::new(&mut out, width, height, width + 5).unwrap();
                filter.apply(level, &coefficients, guide, step, None, &mut view);
                for y in 0..height {
                    for x in 0..width {
                        let luma = guide.row(y)[x];
                        let expected = reference((&a, &b), (w, h), step, (x, y), luma);
                        let got = f64::from(view.row_mut(y)[x]);
                        assert!(
                            (got - expected).abs() < 0.52,
                            "{width}x{height} step {step} {x},{y}: {got} {expected}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn still_places_have_a_deadband_and_moving_ones_follow() {
    let (width, height, step) = (130, 40, 4);
    let (w, h) = grid(width, height, step);
    let mut coefficients = Coefficients::default();
    coefficients.resize(w, h);
    coefficients.a.data_mut().fill(1.0);
    coefficients.b.data_mut().fill(0.0);
    // The first 64 pixels of the upper cells stand still. The change is of another size than the
    // grid. The last two rows of the fifth cell are half of the next one, which moves.
    let mut change = Plane::default();
    change.resize(65, 20);
    for (k, change) in change.data_mut().iter_mut().enumerate() {
        *change = f32::from(u8::from(k % 65 >= 32 || k / 65 >= 10));
    }
    let still = width * 18;
    let mut filter = Affine::default();
    let mut out = GrayImage::new(width, height);
    let mut last = None::<GrayImage>;
    for (n, luma) in [100, 108, 92, 120, 3, 0].into_iter().enumerate() {
        let guide = vec![luma; width * height];
        let guide = GrayRef::new(&guide, width, height, width).unwrap();
        let deadband = Deadband {
            width: 10,
            decay: 0,
            change: &change,
        };
        let deadband = last.as_ref().map(|last| (last.as_ref(), deadband));
        filter.apply(
            crate::simd::level(),
            &coefficients,
            guide,
            step,
            deadband,
            &mut out.as_mut(),
        );
        let held = [100, 100, 100, 110, 6, 0][n];
        assert!(
            out.data()[..still]
                .chunks(width)
                .all(|row| row[..64] == [held; 64] && row[64..] == [luma; 66]),
            "frame {n}"
        );
        assert!(out.data()[still..].iter().all(|v| *v == luma), "frame {n}");
        last = Some(out.clone());
    }
}
