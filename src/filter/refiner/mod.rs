// SPDX-License-Identifier: MPL-2.0

//! The whole chain on one stream: raw matte and frame in, refined matte out.
//!
//! The temporal filter, hysteresis and cleaning work at the raw matte's resolution, the edge fit on
//! a grid of `guided-subsample` pixels over the refined matte, and only the last step touches every
//! pixel.

mod input;
mod lend;
mod scratch;
mod stats;
mod steps;
#[cfg(test)]
mod tests;

pub use input::Timing;
pub use stats::{StageTimes, Stats};

use super::edge::affine::Affine;
use super::edge::edge_fit::{self, EdgeFit};
use super::edge::guide::{ColorGuide, Guide};
use super::edge::shape::Shape;
use super::key::Key;
use super::motion::change::Motion;
use super::plane::resample::{Bilinear, CellMean, grid};
use super::regions::hysteresis::Regions;
use super::regions::interest::RegionsOfInterest;
use super::regions::morphology::Morphology;
use super::regions::statistics::Statistics;
use super::scene::{self, memory::SceneMemory};
use super::selection::Selection;
use super::temporal::filter::TemporalFilter;
use super::temporal::pixel_hysteresis::PixelHysteresis;
use super::{EdgeMode, Params, Plane, SubjectSelect};
use crate::frame::{FrameRef, GrayImage, GrayMut, GrayRef, SampleError, View};
use crate::simd::Level;
use input::Input;
use scratch::Spares;
use stats::StageClock;
use std::sync::Arc;
use std::time::Duration;

/// The chain, with the state and the scratch memory of all its stages.
#[derive(Debug)]
pub struct Refiner {
    level: Level,
    params: Params,
    view: View,
    guide: Guide,
    /// Colours for the edge fit, and for the memory of the scene and the selection.
    fit_colors: ColorGuide,
    scene_colors: ColorGuide,
    cells: CellMean,
    bilinear: Bilinear,
    motion: Motion,
    scene: SceneMemory,
    /// Both colour differences at half the raw matte's size, for the memory of the scene and the
    /// selection.
    chroma: [Plane; 2],
    temporal: TemporalFilter,
    pixels: PixelHysteresis,
    regions: Regions,
    selection: Selection,
    morphology: Morphology,
    key: Key,
    edge: EdgeFit,
    shape: Shape,
    affine: Affine,
    /// The matte on its way through the steps, at the raw matte's resolution.
    matte: Plane,
    /// Luma at the raw matte's resolution, and on the edge fit's grid.
    luma: Plane,
    grid_luma: Plane,
    /// Luma of the frame before, at the raw matte's resolution.
    last_luma: Plane,
    statistics: Statistics,
    /// What the deadband's decay has added up to that is no whole step yet.
    decay: f32,
    /// The last matte as it was before gamma and key, unless the caller keeps the same.
    kept: Option<GrayImage>,
    interest: RegionsOfInterest,
    last_pts: Option<Duration>,
    /// Whether there is a past.
    primed: bool,
    /// Where scratch memory comes from while a frame is worked on.
    spares: Arc<Spares>,
}

impl Refiner {
    /// A chain with the balanced preset whose kernels run at `level`.
    pub fn new(level: Level) -> Self {
        Self {
            level,
            params: Params::default(),
            view: View::default(),
            guide: Guide::default(),
            fit_colors: ColorGuide::default(),
            scene_colors: ColorGuide::default(),
            cells: CellMean::default(),
            bilinear: Bilinear::default(),
            motion: Motion::default(),
            scene: SceneMemory::default(),
            chroma: Default::default(),
            temporal: TemporalFilter::default(),
            pixels: PixelHysteresis::default(),
            regions: Regions::default(),
            selection: Selection::default(),
            morphology: Morphology::default(),
            key: Key::default(),
            edge: EdgeFit::default(),
            shape: Shape::default(),
            affine: Affine::default(),
            matte: Plane::default(),
            luma: Plane::default(),
            grid_luma: Plane::default(),
            last_luma: Plane::default(),
            statistics: Statistics::default(),
            decay: 0.0,
            kept: None,
            interest: RegionsOfInterest::default(),
            last_pts: None,
            primed: false,
            spares: Spares::shared(),
        }
    }

    /// The parameters in force.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Changes the parameters from the next frame on, limited to their ranges. Nothing is
    /// forgotten.
    pub fn set_params(&mut self, params: &Params) {
        let params = params.sanitized();
        let regions = |p: &Params| (p.subject_region.clone(), p.keep.clone());
        if params.key != self.params.key {
            self.key.reset();
        }
        if regions(&params) != regions(&self.params) {
            self.interest.forget();
            self.scene.reset();
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
        self.forget();
        self.key.reset();
        self.selection.reset();
    }

    /// Forgets the mattes of the past.
    fn forget(&mut self) {
        self.scene.reset();
        self.key.lose();
        self.temporal.reset();
        self.pixels.reset();
        self.regions.reset();
    }

    /// Notes a frame for which the newest refined matte is used again, since nothing moved: the
    /// next frame follows this one, and nothing is forgotten.
    pub fn repeat(&mut self, pts: Option<Duration>) {
        if let (Some(last), Some(now)) = (self.last_pts, pts) {
            self.selection.rest(now.abs_diff(last).as_secs_f32() * 30.0);
        }
        self.last_pts = pts;
    }

    /// The mean colour of the key's screen, as differences from neutral in bytes of full range; none
    /// if no screen was seen in the last half second.
    pub fn screen(&self) -> Option<[i8; 2]> {
        let color = self.params.key.and_then(|_| self.key.color())?;
        Some(color.map(|c| (255.0 * c).round() as i8))
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
    /// [`SampleError`] if a size is out of range; the state is unchanged.
    pub fn apply(
        &mut self,
        raw: GrayRef<'_>,
        frame: &FrameRef<'_>,
        timing: Timing,
        out: &mut GrayImage,
    ) -> Result<Stats, SampleError> {
        let (width, height) = self.output_size(frame.width(), frame.height());
        out.resize(width, height);
        self.refine(raw, frame, timing, (None, false), &mut out.as_mut())
    }

    /// Refines `raw`, a matte of any size that covers the whole of `frame`, into `out`. `last` is what
    /// the last call wrote, which the caller keeps until then; without it, after the first call, still
    /// edges are not kept still.
    ///
    /// # Errors
    /// [`SampleError`] if a size is out of range or `out` does not have the size that
    /// [`Refiner::output_size`] says; the state is unchanged.
    pub fn apply_into(
        &mut self,
        raw: GrayRef<'_>,
        frame: &FrameRef<'_>,
        timing: Timing,
        last: Option<GrayRef<'_>>,
        out: &mut GrayMut<'_>,
    ) -> Result<Stats, SampleError> {
        self.refine(raw, frame, timing, (last, true), out)
    }

    /// The same; says also whether the caller keeps what is written.
    fn refine(
        &mut self,
        raw: GrayRef<'_>,
        frame: &FrameRef<'_>,
        timing: Timing,
        (last, keeps_last): (Option<GrayRef<'_>>, bool),
        out: &mut GrayMut<'_>,
    ) -> Result<Stats, SampleError> {
        let clock = StageClock::start();
        let size = self.output_size(frame.width(), frame.height());
        let found = (out.width(), out.height());
        if found != size {
            let expected = size;
            return Err(SampleError::PictureSize { found, expected });
        }
        // Taken out so that the guide's picture and the stages can be borrowed side by side.
        let mut guide = std::mem::take(&mut self.guide);
        let frame_size = (frame.width(), frame.height());
        let sizes = [(raw.width(), raw.height()), size, frame_size];
        let stats = self.with_scratch(sizes, |refiner| {
            refiner.sample_fit_colors(raw, frame, size)?;
            refiner.sample_key_colors(raw, frame, size)?;
            refiner.sample_scene_colors(raw, frame)?;
            let guide = guide.luma(refiner.level, frame, size)?;
            let input = Input {
                raw,
                guide,
                frame: frame_size,
                matrix: frame.color().matrix,
                timing,
                last,
                keeps_last,
            };
            Ok(refiner.run(&input, clock, out))
        });
        self.guide = guide;
        stats
    }

    /// The colour differences on the key's grid, if there is a key.
    fn sample_key_colors(
        &mut self,
        raw: GrayRef<'_>,
        frame: &FrameRef<'_>,
        size: (usize, usize),
    ) -> Result<(), SampleError> {
        if self.params.key.is_none() {
            return Ok(());
        }
        self.key
            .sample(self.level, &self.params, (raw, frame), size)
    }

    /// The colour differences on the grid, if the edge fit asks for them.
    fn sample_fit_colors(
        &mut self,
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
        self.fit_colors.sample(self.level, frame, u, v)
    }

    /// The colour differences for the memory of the scene and the selection, if there is one.
    fn sample_scene_colors(
        &mut self,
        raw: GrayRef<'_>,
        frame: &FrameRef<'_>,
    ) -> Result<(), SampleError> {
        if !self.params.scene_memory && self.params.subject_select == SubjectSelect::All {
            return Ok(());
        }
        let (columns, rows) = scene::chroma_size((raw.width(), raw.height()));
        let [u, v] = &mut self.chroma;
        u.resize(columns, rows);
        v.resize(columns, rows);
        // A glance is enough: appearances are averaged over time.
        let frame = frame.every(frame.height() / rows);
        self.scene_colors.sample(self.level, &frame, u, v)
    }

    /// The whole chain: prepare, steady, clean, fit, output.
    fn run(&mut self, input: &Input<'_>, mut clock: StageClock, out: &mut GrayMut<'_>) -> Stats {
        let mut stats = Stats::default();
        let grid = self.prepare(input);
        clock.lap(&mut stats.times.guide);
        let steadied = self.steady(input, &mut stats);
        clock.lap(&mut stats.times.temporal);
        self.clean(input, steadied.frames, &mut stats);
        clock.lap(&mut stats.times.clean);
        self.draw_key(stats.screen, steadied.frames);
        self.fit(grid);
        clock.lap(&mut stats.times.edge);
        self.output(input, grid, steadied, &stats, out);
        std::mem::swap(&mut self.luma, &mut self.last_luma);
        clock.lap(&mut stats.times.output);
        stats
    }
}
