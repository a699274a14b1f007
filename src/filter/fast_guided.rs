// SPDX-License-Identifier: MPL-2.0

//! The fast guided filter as published, as one call: a matte as large as its guide, fitted on a coarse grid.
//! The chain uses its parts; this is for who wants the filter alone.

use super::Plane;
use super::affine::Affine;
use super::guided::{Coefficients, Fit, Guided};
use super::resample::CellMean;
use crate::frame::{GrayMut, GrayRef};
use crate::simd::Level;

/// Settings of [`FastGuided`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FastGuidedParams {
    /// Half the window in pixels of the guide.
    pub radius: usize,
    /// Variance of the guide (0 to 1) below which a window counts as flat.
    pub epsilon: f32,
    /// The fit is computed on cells of this many pixels: 1, 2, 3, 4, 6 or 8; what lies between is
    /// held to the next lower one.
    pub subsample: usize,
}

/// The filter with its scratch memory.
#[derive(Debug, Default)]
pub struct FastGuided {
    cells: CellMean,
    guided: Guided,
    affine: Affine,
    guide: Plane,
    matte: Plane,
    edge: Coefficients,
}

impl FastGuided {
    /// Filters `matte` by `guide` into `out`; all three are of one size (the caller's duty).
    pub fn apply(
        &mut self,
        level: Level,
        guide: GrayRef<'_>,
        matte: GrayRef<'_>,
        params: FastGuidedParams,
        out: &mut GrayMut<'_>,
    ) {
        let possible = [8, 6, 4, 3, 2];
        let step = possible.into_iter().find(|step| *step <= params.subsample);
        let step = step.unwrap_or(1);
        self.cells.apply(level, guide, step, &mut self.guide);
        self.cells.apply(level, matte, step, &mut self.matte);
        let window = ((params.radius / step).max(1), params.epsilon);
        let (guide_plane, matte) = (&self.guide, &self.matte);
        self.guided.coefficients(
            level,
            (guide_plane, matte),
            Fit::Plain,
            window,
            &mut self.edge,
        );
        self.affine.apply(level, &self.edge, guide, step, None, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::testing::{disc, noise, sizes};
    use crate::filter::{affine, guided, resample};
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
}
