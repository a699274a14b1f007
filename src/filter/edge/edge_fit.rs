// SPDX-License-Identifier: MPL-2.0

//! The edge fit of the chain: brings the matte to a grid over the refined one and fits it to the
//! luma there, in the way that is asked for.

use super::coefficients::Coefficients;
use super::guided::{Fit, Guided};
use super::guided_color::GuidedColor;
use super::joint_bilateral::JointBilateral;
use super::matting::Matting;
use super::shape::Shape;
use crate::filter::Plane;
use crate::filter::plane::resample::Bilinear;
use crate::filter::regions::morphology::Radius;
use crate::filter::{EdgeMode, Params};
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Half the window of the edge fit, in pixels of the raw matte, if none is set.
const WINDOW: f32 = 2.5;
/// Widest cell of the grid, in pixels of the raw matte.
const COARSEST: f32 = 1.6;
/// How much steeper the raw matte's edges are made before the fit.
const STEEPER: f32 = 1.75;

/// Where the grid lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    /// Pixels of the refined matte per cell.
    pub step: usize,
    /// Cells, whole ones and parts, that the picture covers.
    pub span: (f32, f32),
    /// Pixels of the refined matte per pixel of the frame.
    pub scale: f32,
    /// What makes a radius round on the screen, across and down.
    pub unit: (f32, f32),
}

/// All ways of fitting, with their scratch memory.
#[derive(Debug, Default)]
pub(crate) struct EdgeFit {
    bilinear: Bilinear,
    guided: Guided,
    guided_color: GuidedColor,
    joint_bilateral: JointBilateral,
    matting: Matting,
    shape: Shape,
    /// The matte on the grid.
    matte: Plane,
    /// Colour differences on the grid, for fits to colours.
    pub chroma: [Plane; 2],
    /// What came out.
    pub coefficients: Coefficients,
}

impl EdgeFit {
    /// The matte as coefficients of the luma on the grid, feather and levels applied. `small` are
    /// matte and luma at the raw matte's resolution, `luma` is the luma on the grid.
    pub(crate) fn apply(
        &mut self,
        level: Level,
        params: &Params,
        (matte, small_luma): (&mut Plane, &Plane),
        luma: &Plane,
        grid: Grid,
    ) {
        let (width, height) = luma.size();
        self.matte.resize(width, height);
        // The grid overhangs the picture if its cells do not divide it.
        let covered = (
            matte.width() as f32 * width as f32 / grid.span.0,
            matte.height() as f32 * height as f32 / grid.span.1,
        );
        self.bilinear
            .apply_span(level, matte, covered, &mut self.matte);
        let radius = if params.guided_radius > 0.0 {
            params.guided_radius * grid.scale / grid.step as f32
        } else {
            WINDOW * grid.span.0 / matte.width() as f32
        };
        let window = (radius.round().max(1.0) as usize, params.guided_epsilon);
        self.fit(level, params.edge_mode, (matte, small_luma), luma, window);
        let feather = params.feather * grid.scale / grid.step as f32;
        let feather = Radius {
            across: feather * grid.unit.0,
            down: feather * grid.unit.1,
        };
        let (shape, out) = (&mut self.shape, &mut self.coefficients);
        shape.feather(level, feather, luma, out);
        shape.levels(params.black_point, params.white_point, out);
    }

    /// Fits the matte on the grid in one of the ways; `window` is its radius and epsilon.
    fn fit(
        &mut self,
        level: Level,
        mode: EdgeMode,
        (matte, small_luma): (&mut Plane, &Plane),
        luma: &Plane,
        window: (usize, f32),
    ) {
        if mode != EdgeMode::None {
            steepen(level, &mut self.matte);
        }
        let out = &mut self.coefficients;
        match mode {
            EdgeMode::None => out.without_guide(&self.matte),
            EdgeMode::JointBilateral => {
                steepen(level, matte);
                let deviation = 3.0 * window.1.sqrt();
                let small = (&*matte, small_luma);
                self.joint_bilateral
                    .apply(level, small, luma, deviation, &mut self.matte);
                out.without_guide(&self.matte);
            }
            EdgeMode::Guided => {
                let planes = (luma, &self.matte);
                self.guided
                    .coefficients(level, planes, Fit::Confident, window, out);
            }
            EdgeMode::GuidedColor => {
                let guide = [luma, &self.chroma[0], &self.chroma[1]];
                self.guided_color
                    .coefficients(level, guide, &self.matte, window, out);
            }
            EdgeMode::Matting => {
                self.matting.apply(level, luma, window, &mut self.matte);
                let (planes, window) = ((luma, &self.matte), (1, window.1));
                self.guided
                    .coefficients(level, planes, Fit::Confident, window, out);
            }
        }
    }
}

/// Makes edges steeper around 0.5: at the network's resolution every edge is blurred by about a
/// pixel of that size, which is many of the frame's.
fn steepen(level: Level, matte: &mut Plane) {
    dispatch!(level, simd => steeper(simd, matte.data_mut()));
}

#[simd]
fn steeper<S: Simd>(_: S, matte: &mut [f32]) {
    for p in matte {
        *p = ((*p - 0.5) * STEEPER + 0.5).clamp(0.0, 1.0);
    }
}

/// Pixels of the refined matte per cell of the grid: `pixel` of them are a pixel of the raw matte
/// wide, `scale` a pixel of the frame. The expensive ways of fitting take no finer grid than the
/// raw matte is worth.
pub(crate) fn step(params: &Params, scale: f32, pixel: f32) -> usize {
    let step = grid_step(params.guided_subsample as usize, scale, pixel);
    match params.edge_mode {
        EdgeMode::JointBilateral | EdgeMode::Matting => step.max(grid_step(0, scale, pixel)),
        _ => step,
    }
}

/// `subsample` counts the frame's pixels, and the grid is never much coarser than the raw matte; 0
/// makes cells a little smaller than its pixels.
fn grid_step(subsample: usize, scale: f32, pixel: f32) -> usize {
    let wanted = match subsample {
        0 => 0.81 * pixel,
        n => (n as f32 * scale).min(COARSEST * pixel),
    };
    let fitting = [8, 6, 4, 3, 2]
        .into_iter()
        .find(|&step| step as f32 <= wanted);
    fitting.unwrap_or(1)
}
