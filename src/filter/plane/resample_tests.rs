// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{noise, sizes};
use crate::frame::{GrayImage, GrayRef};

#[test]
fn bilinear_equals_the_definition() {
    let mut filter = Bilinear::default();
    for (i, &(width, height)) in sizes().iter().enumerate() {
        let plane = noise(width, height, 3);
        let (w, h) = sizes()[(i * 13) % 70];
        let mut out = Plane::new(w, h);
        for level in crate::simd::levels() {
            filter.apply(level, &plane, &mut out);
            for y in 0..h {
                for x in 0..w {
                    let at = |i: usize, n: usize, m: usize| {
                        ((i as f64 + 0.5) * m as f64 / n as f64 - 0.5).clamp(0.0, m as f64 - 1.0)
                    };
                    let (u, v) = (at(x, w, width), at(y, h, height));
                    let pick = |du: usize, dv: usize| {
                        let (u, v) = (u as usize + du, v as usize + dv);
                        f64::from(plane.row(v.min(height - 1))[u.min(width - 1)])
                    };
                    let (fu, fv) = (u.fract(), v.fract());
                    let expected = (pick(0, 0) * (1.0 - fu) + pick(1, 0) * fu) * (1.0 - fv)
                        + (pick(0, 1) * (1.0 - fu) + pick(1, 1) * fu) * fv;
                    let error = (f64::from(out.row(y)[x]) - expected).abs();
                    assert!(
                        error < 2e-5,
                        "{width}x{height} to {w}x{h} at {x},{y}: {error}"
                    );
                }
            }
        }
    }
}

#[test]
fn cells_are_means_of_what_they_have() {
    let (mut filter, mut out) = (CellMean::default(), Plane::default());
    for (width, height) in sizes() {
        let stride = width + 3;
        let mut source = GrayImage::new(stride, height);
        noise(stride, height, 5).store(&mut source.as_mut());
        let image = GrayRef::new(source.data(), width, height, stride).unwrap();
        for step in [1, 2, 3, 4, 6, 8] {
            for level in crate::simd::levels() {
                filter.apply(level, image, step, &mut out);
                assert_eq!(out.size(), grid(width, height, step));
                for y in 0..out.height() {
                    for x in 0..out.width() {
                        let (mut sum, mut count) = (0.0, 0.0);
                        for row in (y * step..(y + 1) * step).filter(|&r| r < height) {
                            for c in (x * step..(x + 1) * step).filter(|&c| c < width) {
                                sum += f64::from(image.row(row)[c]) / 255.0;
                                count += 1.0;
                            }
                        }
                        let error = (f64::from(out.row(y)[x]) - sum / count).abs();
                        assert!(error < 1e-6, "{width}x{height} step {step} at {x},{y}");
                    }
                }
            }
        }
    }
}
