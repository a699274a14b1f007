// SPDX-License-Identifier: MPL-2.0

//! The whole chain on one stream: raw matte and frame in, refined matte out.
//!
//! Steadying, hysteresis and cleaning work at the raw matte's resolution, the edge fit on a grid
//! of `guided-subsample` pixels over the refined matte, and only the last step touches every
//! pixel.

use super::edge::affine::Affine;
use super::edge::edge_fit::{self, EdgeFit, Grid};
use super::edge::guide::Guide;
use super::edge::shape::Shape;
use super::motion::change::Motion;
use super::plane::resample::{Bilinear, CellMean, grid};
use super::regions::hysteresis::{RegionParams, Regions};
use super::regions::interest::Areas;
use super::regions::morphology::{Morphology, Radius};
use super::regions::statistics::Tally;
use super::temporal::deadband::{Hold, Stillness};
use super::temporal::filter::{Smoother, Steadying};
use super::temporal::pixel_hysteresis::Sides;
use super::{EdgeMode, Params, Plane, TemporalMode};
use crate::clock::{FRAME, GAP};
use crate::frame::{FrameRef, GrayImage, GrayMut, GrayRef, SampleError, View};
use crate::simd::Level;
use std::time::{Duration, Instant};

/// Play of the refined matte, of 255, at full strength.
const HOLD: f32 = 14.0;
/// How far a still pixel of the refined matte settles in 1/30 s, of 255.
const SETTLE: f32 = 0.5;

/// When a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// Its time in the scene; without one, frames are taken as 1/30 s apart. Only the distance of two
    /// frames counts: a stream may play backwards.
    pub pts: Option<Duration>,
    /// Whether the frame does not follow the one before (flush, seek, lost data).
    pub discont: bool,
}

/// Time that each stage took.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StageTimes {
    /// Luma of the frame, at every size that is needed.
    pub guide: Duration,
    /// Motion and steadying.
    pub temporal: Duration,
    /// Hysteresis, islands, holes, morphology, regions.
    pub clean: Duration,
    /// Edge fit on the grid, feather, levels.
    pub edge: Duration,
    /// The pass over every pixel.
    pub output: Duration,
}

/// What one frame was like.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stats {
    /// Share of the matte's pixels that changed sides (crossed 0.5) since the last frame.
    pub changed: f32,
    /// Share of the frame that is subject.
    pub coverage: f32,
    /// Share of the picture that moved.
    pub motion: f32,
    /// Whether the past was forgotten before this frame.
    pub reset: bool,
    /// Time per stage.
    pub times: StageTimes,
}

/// The chain, with the state and the scratch memory of all its stages.
#[derive(Debug)]
pub struct Refiner {
    level: Level,
    params: Params,
    view: View,
    guide: Guide,
    cells: CellMean,
    bilinear: Bilinear,
    motion: Motion,
    smoother: Smoother,
    sides: Sides,
    regions: Regions,
    morphology: Morphology,
    edge: EdgeFit,
    shape: Shape,
    affine: Affine,
    matte: Plane,
    luma: Plane,
    grid_luma: Plane,
    tally: Tally,
    stillness: Stillness,
    settling: f32,
    areas: Areas,
    last_pts: Option<Duration>,
    primed: bool,
}

impl Refiner {
    /// A chain with the balanced preset whose kernels run at `level`.
    pub fn new(level: Level) -> Self {
        Self {
            level,
            params: Params::default(),
            view: View::default(),
            guide: Guide::default(),
            cells: CellMean::default(),
            bilinear: Bilinear::default(),
            motion: Motion::default(),
            smoother: Smoother::default(),
            sides: Sides::default(),
            regions: Regions::default(),
            morphology: Morphology::default(),
            edge: EdgeFit::default(),
            shape: Shape::default(),
            affine: Affine::default(),
            matte: Plane::default(),
            luma: Plane::default(),
            grid_luma: Plane::default(),
            tally: Tally::default(),
            stillness: Stillness::default(),
            settling: 0.0,
            areas: Areas::default(),
            last_pts: None,
            primed: false,
        }
    }

    /// The parameters in force.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Changes the parameters from the next frame on, held to their ranges. Nothing is forgotten.
    pub fn set_params(&mut self, params: &Params) {
        let params = params.sanitized();
        let areas = |p: &Params| (p.subject_region.clone(), p.keep.clone());
        if areas(&params) != areas(&self.params) {
            self.areas.forget();
        }
        self.params = params;
    }

    /// How the viewer sees the frames: radii are then round on the screen. Regions are places in
    /// the frame as it is stored, whatever this says.
    pub fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// Forgets the past, as after a flush.
    pub fn reset(&mut self) {
        self.primed = false;
        self.last_pts = None;
        self.motion.reset();
        self.smoother.reset();
        self.sides.reset();
        self.regions.reset();
    }

    /// Notes a frame for which the newest refined matte is used again, since nothing moved: the next
    /// frame follows this one, and nothing is forgotten.
    pub fn rest(&mut self, pts: Option<Duration>) {
        self.last_pts = pts;
    }

    /// Size of the refined matte for a frame of `width` x `height`.
    pub fn output_size(&self, width: usize, height: usize) -> (usize, usize) {
        let scaled = |side: usize| {
            let side = (side as f32 * self.params.output_scale).round() as usize;
            side.max(1)
        };
        (scaled(width), scaled(height))
    }

    /// Like [`Refiner::apply_into`], into a picture that takes the size that
    /// [`Refiner::output_size`] says.
    ///
    /// # Errors
    /// [`SampleError`] where a size is out of range; the state is unchanged.
    pub fn apply(
        &mut self,
        raw: GrayRef<'_>,
        frame: &FrameRef<'_>,
        timing: Timing,
        out: &mut GrayImage,
    ) -> Result<Stats, SampleError> {
        let (width, height) = self.output_size(frame.width(), frame.height());
        out.resize(width, height);
        self.apply_into(raw, frame, timing, &mut out.as_mut())
    }

    /// Refines `raw`, a matte of any size that covers the whole of `frame`, into `out`.
    ///
    /// # Errors
    /// [`SampleError`] where a size is out of range or `out` is not of the size that
    /// [`Refiner::output_size`] says; the state is unchanged.
    pub fn apply_into(
        &mut self,
        raw: GrayRef<'_>,
        frame: &FrameRef<'_>,
        timing: Timing,
        out: &mut GrayMut<'_>,
    ) -> Result<Stats, SampleError> {
        let clock = Clock(Instant::now());
        let size = self.output_size(frame.width(), frame.height());
        let found = (out.width(), out.height());
        if found != size {
            let expected = size;
            return Err(SampleError::PictureSize { found, expected });
        }
        // Taken out so that the guide's picture and the stages can be borrowed side by side.
        let mut guide = std::mem::take(&mut self.guide);
        let stats = self
            .sample_color(&mut guide, raw, frame, size)
            .and_then(|()| guide.luma(self.level, frame, size))
            .map(|luma| self.run(raw, luma, frame, timing, clock, out));
        self.guide = guide;
        stats
    }

    /// The colour differences on the grid, where the edge fit asks for them.
    fn sample_color(
        &mut self,
        guide: &mut Guide,
        raw: GrayRef<'_>,
        frame: &FrameRef<'_>,
        (width, height): (usize, usize),
    ) -> Result<(), SampleError> {
        if self.params.edge_mode != EdgeMode::GuidedColor {
            return Ok(());
        }
        let scale = width as f32 / frame.width() as f32;
        let pixel = width as f32 / raw.width() as f32;
        let step = edge_fit::step(&self.params, scale, pixel);
        let (columns, rows) = grid(width, height, step);
        let [u, v] = &mut self.edge.chroma;
        u.resize(columns, rows);
        v.resize(columns, rows);
        guide.color(self.level, frame, u, v)
    }

    fn run(
        &mut self,
        raw: GrayRef<'_>,
        guide: GrayRef<'_>,
        frame: &FrameRef<'_>,
        timing: Timing,
        mut clock: Clock,
        out: &mut GrayMut<'_>,
    ) -> Stats {
        let level = self.level;
        let mut stats = Stats::default();
        let (width, height) = (guide.width(), guide.height());
        let scale = width as f32 / frame.width() as f32;
        let pixel = width as f32 / raw.width() as f32;
        let step = edge_fit::step(&self.params, scale, pixel);
        self.cells.apply(level, guide, step, &mut self.grid_luma);
        if self.matte.size() != (raw.width(), raw.height()) {
            self.primed = false;
        }
        self.matte.load(raw);
        self.luma.resize(raw.width(), raw.height());
        let per_cell = 1.0 / step as f32;
        let span = (width as f32 * per_cell, height as f32 * per_cell);
        self.bilinear
            .apply_span(level, &self.grid_luma, span, &mut self.luma);
        clock.lap(&mut stats.times.guide);

        let frames = self.advance(timing);
        if !self.primed {
            self.motion.reset();
        }
        let params = &self.params;
        if params.temporal != TemporalMode::None {
            let summary = self.motion.update(level, &self.luma, frames);
            stats.motion = summary.moving;
            self.primed &= !summary.cut;
        }
        if !self.primed {
            stats.reset = true;
            self.smoother.reset();
            self.sides.reset();
            self.regions.reset();
            self.primed = true;
        }
        let steadying = Steadying {
            mode: params.temporal,
            strength: params.temporal_strength,
            carries: params.temporal_flow,
            frames,
        };
        self.smoother
            .apply(level, steadying, &self.luma, &self.motion, &mut self.matte);
        clock.lap(&mut stats.times.temporal);

        self.hold_sides(frames);
        self.clean((frame.width(), frame.height()));
        (stats.coverage, stats.changed) = self.tally.count(level, &self.matte, stats.reset);
        clock.lap(&mut stats.times.clean);

        let grid = Grid {
            step,
            span,
            scale,
            unit: self.view.unit(),
        };
        let small = (&mut self.matte, &self.luma);
        self.edge
            .apply(level, &self.params, small, &self.grid_luma, grid);
        clock.lap(&mut stats.times.edge);

        let holds = self.params.temporal == TemporalMode::Adaptive;
        if holds {
            let (change, size) = (self.motion.change(), self.grid_luma.size());
            self.stillness.find(level, change, size);
        }
        let settle = self.settle(frames);
        let hold = holds.then_some(Hold {
            play: (HOLD * self.params.temporal_strength) as u8,
            settle,
            still: self.stillness.segments(),
            fresh: stats.reset,
        });
        let edge = &self.edge.coefficients;
        self.affine.apply(level, edge, guide, step, hold, out);
        self.shape.gamma(self.params.gamma, out);
        clock.lap(&mut stats.times.output);
        stats
    }

    /// The time since the last frame in units of 1/30 s; forgets the past where there is none.
    fn advance(&mut self, timing: Timing) -> f32 {
        let last = std::mem::replace(&mut self.last_pts, timing.pts);
        let passed = match (last, timing.pts) {
            (Some(last), Some(now)) => Some(now.abs_diff(last)).filter(|gap| *gap <= GAP),
            _ => Some(FRAME),
        };
        if timing.discont || passed.is_none() {
            self.primed = false;
        }
        passed.map_or(1.0, |gap| (gap.as_secs_f32() * 30.0).max(0.01))
    }

    /// Hysteresis per pixel; needs to know where the picture stands still.
    fn hold_sides(&mut self, frames: f32) {
        let params = &self.params;
        if params.temporal == TemporalMode::None || params.hysteresis_high <= 0.0 {
            self.sides.reset();
            return;
        }
        let thresholds = (params.hysteresis_low, params.hysteresis_high);
        let change = self.motion.change();
        self.sides
            .apply(self.level, thresholds, change, frames, &mut self.matte);
    }

    fn clean(&mut self, frame: (usize, usize)) {
        let (level, params, matte) = (self.level, &self.params, &mut self.matte);
        self.areas.draw(params, matte.size());
        self.areas.apply(matte);
        let pixels = matte.data().len() as f32;
        let hysteresis = params.hysteresis_high > 0.0;
        if hysteresis || params.min_area > 0.0 || params.max_hole > 0.0 {
            let (low, high) = if hysteresis {
                (params.hysteresis_low, params.hysteresis_high)
            } else {
                (0.5, 0.5)
            };
            let thresholds = RegionParams {
                low,
                high,
                min_area: params.min_area * pixels,
                max_hole: params.max_hole * pixels,
            };
            self.regions.apply(level, matte, &thresholds);
        }
        // Pixels of the matte in one of the viewer's rows.
        let unit = self.view.unit();
        let across = matte.width() as f32 / frame.0 as f32 * unit.0;
        let down = matte.height() as f32 / frame.1 as f32 * unit.1;
        let radius = |pixels: f32| Radius {
            across: pixels * across,
            down: pixels * down,
        };
        if params.open > 0.0 {
            self.morphology.open(level, matte, radius(params.open));
        }
        if params.close > 0.0 {
            self.morphology.close(level, matte, radius(params.close));
        }
        self.morphology.grow(level, matte, radius(params.grow));
    }

    /// How far the refined matte settles in this frame: whole steps of what has added up.
    fn settle(&mut self, frames: f32) -> u8 {
        self.settling += SETTLE * frames;
        let step = self.settling.floor();
        self.settling -= step;
        step as u8
    }
}

struct Clock(Instant);

impl Clock {
    fn lap(&mut self, into: &mut Duration) {
        let now = Instant::now();
        *into = now - self.0;
        self.0 = now;
    }
}
