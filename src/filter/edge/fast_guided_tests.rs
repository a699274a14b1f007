// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::edge::{affine, guided};
use crate::filter::plane::resample;
use crate::filter::testing::{disc, noise, sizes};
use crate::frame::GrayImage;

#[test]
fn every_number_of_pixels_a_cell_can_be_asked_for() {
    let mut image = GrayImage::new(37, 23);
    image.data_mut().fill(100);
    let mut out = GrayImage::new(37, 23);
    for subsample in 0..=20 {
        let params = FastGuidedParams {
            radius: 4,
            epsilon: 1e-3,
            subsample,
        };
        let (picture, level) = (image.as_ref(), crate::simd::level());
        FastGuided::default().apply(level, picture, picture, params, &mut out.as_mut());
        assert!(
            out.data().iter().all(|v| v.abs_diff(100) <= 1),
            "{subsample}"
        );
    }
}

/// The whole filter in `f64`, and the greatest difference of the fast one from it.
fn error(guide: &GrayImage, matte: &GrayImage, params: FastGuidedParams, level: Level) -> f64 {
    let (width, height) = (guide.width(), guide.height());
    let step = params.subsample;
    let grid = resample::grid(width, height, step);
    let means = |image: &GrayImage| {
        let mut plane = Plane::new(grid.0, grid.1);
        for y in 0..grid.1 {
            for x in 0..grid.0 {
                let (mut sum, mut count) = (0.0f64, 0.0);
                for v in y * step..((y + 1) * step).min(height) {
                    for u in x * step..((x + 1) * step).min(width) {
                        sum += f64::from(image.data()[v * width + u]) / 255.0;
                        count += 1.0;
                    }
                }
                plane.row_mut(y)[x] = (sum / count) as f32;
            }
        }
        plane
    };
    let window = ((params.radius / step).max(1), f64::from(params.epsilon));
    let (a, b) = guided::tests::reference(&means(guide), &means(matte), Fit::Plain, window);
    let mut out = GrayImage::new(width, height);
    let mut filter = FastGuided::default();
    filter.apply(
        level,
        guide.as_ref(),
        matte.as_ref(),
        params,
        &mut out.as_mut(),
    );
    let mut worst = 0.0f64;
    for y in 0..height {
        for x in 0..width {
            let luma = guide.data()[y * width + x];
            let expected = affine::tests::reference((&a, &b), grid, step, (x, y), luma);
            worst = worst.max((f64::from(out.data()[y * width + x]) - expected).abs());
        }
    }
    worst / 255.0
}

fn image(plane: &Plane) -> GrayImage {
    let mut image = GrayImage::new(plane.width(), plane.height());
    plane.store(&mut image.as_mut());
    image
}

#[test]
fn is_within_one_255th_of_f64_at_every_size_and_level() {
    for (i, (width, height)) in sizes().into_iter().enumerate() {
        let params = FastGuidedParams {
            radius: [4, 8, 16][i % 3],
            epsilon: [1e-4, 1e-3, 1e-2][i % 3],
            subsample: [1, 2, 4, 8][i % 4],
        };
        let guide = image(&noise(width, height, 1));
        let centre = (width as f32 * 0.5, height as f32 * 0.5);
        let matte = image(&disc(width, height, centre, width as f32 * 0.3, 4.0));
        for level in crate::simd::levels() {
            let error = error(&guide, &matte, params, level);
            assert!(error <= 1.0 / 255.0, "{width}x{height} {params:?}: {error}");
        }
    }
}

#[test]
fn stays_within_one_255th_over_many_rows() {
    // Long columns: running sums must not drift.
    let (guide, matte) = (image(&noise(40, 1500, 1)), image(&noise(40, 1500, 2)));
    let params = FastGuidedParams {
        radius: 8,
        epsilon: 1e-4,
        subsample: 4,
    };
    let error = error(&guide, &matte, params, crate::simd::level());
    assert!(error <= 1.0 / 255.0, "{error}");
}
