// SPDX-License-Identifier: MPL-2.0

//! The fast guided filter as published, as one call: a matte as large as its guide, fitted on a
//! coarse grid. The chain uses its parts; this is the filter alone.

use super::affine::Affine;
use super::coefficients::Coefficients;
use super::guided::{Fit, Guided};
use crate::filter::Plane;
use crate::filter::plane::resample::CellMean;
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
#[path = "fast_guided_tests.rs"]
mod tests;
