// SPDX-License-Identifier: MPL-2.0

//! The five steps of the chain.

use super::Refiner;
use super::input::{Input, Timing};
use super::stats::Stats;
use crate::clock::{FRAME, GAP};
use crate::filter::edge::edge_fit::{self, Grid};
use crate::filter::key::{Lay, Screen};
use crate::filter::regions::hysteresis::RegionParams;
use crate::filter::regions::morphology::Radius;
use crate::filter::scene::Colors;
use crate::filter::selection::{Picture, Wanted};
use crate::filter::temporal::deadband::Deadband;
use crate::filter::temporal::filter::TemporalParams;
use crate::filter::{Params, SubjectSelect, TemporalMode};
use crate::frame::{GrayImage, GrayMut};

/// Width of the deadband of the refined matte, of 255, at full strength.
const DEADBAND: f32 = 14.0;
/// How much of a difference inside the deadband decays in 1/30 s, of 255.
const DECAY: f32 = 0.5;

/// What the step `steady` found out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steadied {
    /// The time since the last frame in units of 1/30 s.
    pub frames: f32,
    /// How far the picture was seen anew, 0 to 1.
    pub news: f32,
}

impl Refiner {
    /// Loads the matte, and luma at its resolution and on the edge fit's grid.
    pub(super) fn prepare(&mut self, input: &Input<'_>) -> Grid {
        let (level, raw, guide) = (self.level, input.raw, input.guide);
        let (width, height) = (guide.width(), guide.height());
        let scale = width as f32 / input.frame.0 as f32;
        let pixel = width as f32 / raw.width() as f32;
        let step = edge_fit::step(&self.params, scale, pixel);
        self.cells.apply(level, guide, step, &mut self.grid_luma);
        self.primed &= self.last_luma.size() == (raw.width(), raw.height());
        self.matte.load(raw);
        self.luma.resize(raw.width(), raw.height());
        let per_cell = 1.0 / step as f32;
        let span = (width as f32 * per_cell, height as f32 * per_cell);
        let (from, to) = (&self.grid_luma, &mut self.luma);
        self.bilinear.apply_span(level, from, span, to);
        let unit = self.view.unit();
        Grid {
            step,
            span,
            scale,
            unit,
        }
    }

    /// Looks for motion, corrects the matte by what is known of the scene, and filters it over time.
    pub(super) fn steady(&mut self, input: &Input<'_>, stats: &mut Stats) -> Steadied {
        let frames = self.advance(input.timing);
        let mut news = 1.0;
        if !self.primed {
            self.motion.reset();
        }
        if self.params.temporal != TemporalMode::None {
            let pictures = (&self.luma, &self.last_luma);
            let summary = self.motion.update(self.level, pictures, frames);
            stats.motion = summary.moving;
            news = summary.news;
            self.primed &= !summary.cut;
        }
        if !self.primed {
            stats.reset = true;
            self.forget();
            match input.timing.discont {
                true => {
                    self.selection.reset();
                    self.key.reset();
                }
                false => self.selection.lose(),
            }
            self.primed = true;
        }
        let params = (&self.params, input.matrix);
        let steadies = self.params.temporal == TemporalMode::Adaptive;
        let pictures = (&self.matte, steadies.then(|| self.motion.change()));
        stats.screen = self.key.look(self.level, params, pictures, frames);
        self.interest.draw(&self.params, self.matte.size());
        self.interest.apply(&mut self.matte);
        self.remember(frames * news);
        let params = temporal_params(&self.params, frames);
        let (luma, motion) = (&self.luma, &self.motion);
        self.temporal
            .apply(self.level, params, luma, motion, &mut self.matte);
        Steadied { frames, news }
    }

    /// Decides what is subject: hysteresis per pixel and per region, holes, morphology.
    pub(super) fn clean(&mut self, input: &Input<'_>, frames: f32, stats: &mut Stats) {
        self.pixel_hysteresis(frames);
        let keyed = stats.screen == Screen::Seen;
        if keyed {
            self.key.before_cleaning(&self.matte);
        }
        self.interest.cut(&mut self.matte);
        let pixels = self.matte.data().len() as f32;
        let wanted = wanted(&self.params);
        if wanted.is_none() {
            self.selection.reset();
        }
        let rows = self.per_row(input.frame);
        if let Some(params) = region_params(&self.params, pixels) {
            self.regions.find(self.level, &self.matte, &params);
            let picture = Picture {
                regions: &self.regions,
                colors: Colors {
                    luma: &self.luma,
                    chroma: self.chroma.each_ref(),
                },
                per_row: (rows.across, rows.down),
            };
            let shown = wanted.map(|w| self.selection.apply(self.level, picture, frames, w));
            self.regions
                .gate(self.level, &mut self.matte, &params, shown);
        }
        if keyed {
            self.key
                .after_cleaning(self.level, &self.matte, &self.interest);
        }
        self.morph(input.frame);
        let (level, matte) = (self.level, &self.matte);
        (stats.coverage, stats.changed) = self.statistics.count(level, matte, stats.reset);
    }

    /// Fits the matte's edge to the luma on the grid.
    pub(super) fn fit(&mut self, grid: Grid) {
        let small = (&mut self.matte, &self.luma);
        let (level, params) = (self.level, &self.params);
        self.edge.apply(level, params, small, &self.grid_luma, grid);
    }

    /// Draws the key inside of what the finished matte leaves it, if the screen is seen.
    pub(super) fn draw_key(&mut self, screen: Screen, frames: f32) {
        if screen == Screen::Seen {
            self.key.draw(self.level, &self.matte, frames);
        }
    }

    /// Upsamples the fit to full resolution, with the deadband where the picture stands still.
    pub(super) fn output(
        &mut self,
        input: &Input<'_>,
        grid: Grid,
        Steadied { frames, news }: Steadied,
        stats: &Stats,
        out: &mut GrayMut<'_>,
    ) {
        let decay = self.decay(frames * news);
        let has_deadband = self.params.temporal == TemporalMode::Adaptive;
        let deadband = has_deadband.then_some(Deadband {
            width: (DEADBAND * self.params.temporal_strength) as u8,
            decay,
            change: self.motion.change(),
        });
        let kept = self.kept.take();
        let last = kept.as_ref().map(GrayImage::as_ref).or(input.last);
        let last = last.filter(|_| !stats.reset).zip(deadband);
        let (edge, guide) = (&self.edge.coefficients, input.guide);
        self.affine
            .apply(self.level, edge, guide, grid.step, last, out);
        let is_last = self.params.gamma == 1.0 && stats.screen != Screen::Seen;
        if has_deadband && !(input.keeps_last && is_last) {
            self.kept = Some(copy(out, kept));
        }
        self.shape.gamma(self.params.gamma, out);
        if stats.screen == Screen::Seen {
            let lay = Lay {
                deadband,
                fresh: stats.reset,
                per_row: Radius {
                    across: grid.scale * grid.unit.0,
                    down: grid.scale * grid.unit.1,
                },
            };
            self.key.lay(self.level, &self.params, lay, out);
        }
    }

    /// The time since the last frame in units of 1/30 s; forgets the past if there is none.
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

    /// Corrects the matte by the memory of the scene, which learns from it. `frames` says how many
    /// frames of 1/30 s the picture counts.
    fn remember(&mut self, frames: f32) {
        if !self.params.scene_memory {
            self.scene.reset();
            return;
        }
        let colors = Colors {
            luma: &self.luma,
            chroma: self.chroma.each_ref(),
        };
        self.scene
            .apply(self.level, colors, frames, &mut self.matte);
    }

    /// Hysteresis per pixel; needs to know where the picture stands still.
    fn pixel_hysteresis(&mut self, frames: f32) {
        let params = &self.params;
        if params.temporal == TemporalMode::None || params.hysteresis_high <= 0.0 {
            self.pixels.reset();
            return;
        }
        let thresholds = (params.hysteresis_low, params.hysteresis_high);
        let picture = (self.motion.change(), self.motion.news());
        self.pixels
            .apply(self.level, thresholds, picture, frames, &mut self.matte);
    }

    /// Opens, closes and grows. Radii count rows of the frame as the viewer sees it.
    fn morph(&mut self, frame: (usize, usize)) {
        let Radius { across, down } = self.per_row(frame);
        let radius = |pixels: f32| Radius {
            across: pixels * across,
            down: pixels * down,
        };
        let (level, params, matte) = (self.level, &self.params, &mut self.matte);
        if params.open > 0.0 {
            self.morphology.open(level, matte, radius(params.open));
        }
        if params.close > 0.0 {
            self.morphology.close(level, matte, radius(params.close));
        }
        self.morphology.grow(level, matte, radius(params.grow));
    }

    /// Pixels of the matte per row of the frame as the viewer sees it.
    fn per_row(&self, frame: (usize, usize)) -> Radius {
        let unit = self.view.unit();
        Radius {
            across: self.matte.width() as f32 / frame.0 as f32 * unit.0,
            down: self.matte.height() as f32 / frame.1 as f32 * unit.1,
        }
    }

    /// How far differences inside the deadband decay in this frame: the whole steps of what has
    /// added up.
    fn decay(&mut self, frames: f32) -> u8 {
        self.decay += DECAY * frames;
        let step = self.decay.floor();
        self.decay -= step;
        step as u8
    }
}

/// A copy of a matte, in memory that may be there.
fn copy(matte: &mut GrayMut<'_>, memory: Option<GrayImage>) -> GrayImage {
    let mut copy = memory.unwrap_or_default();
    copy.resize(matte.width(), matte.height());
    let mut to = copy.as_mut();
    for y in 0..matte.height() {
        to.row_mut(y).copy_from_slice(matte.row_mut(y));
    }
    copy
}

/// Parameters of the temporal filter.
fn temporal_params(params: &Params, frames: f32) -> TemporalParams {
    TemporalParams {
        mode: params.temporal,
        strength: params.temporal_strength,
        reprojects: params.temporal_flow,
        frames,
    }
}

/// Whom the parameters choose; none for everybody.
fn wanted(params: &Params) -> Option<Wanted> {
    let (rule, point) = (params.subject_select, params.subject_point);
    (rule != SubjectSelect::All).then_some(Wanted { rule, point })
}

/// Parameters of the regions, for a matte of so many pixels; none if there is nothing to do.
fn region_params(params: &Params, pixels: f32) -> Option<RegionParams> {
    let hysteresis = params.hysteresis_high > 0.0;
    let cleans = hysteresis || params.min_area > 0.0 || params.max_hole > 0.0;
    if !cleans && params.subject_select == SubjectSelect::All {
        return None;
    }
    let (low, high) = match hysteresis {
        true => (params.hysteresis_low, params.hysteresis_high),
        false => (0.5, 0.5),
    };
    Some(RegionParams {
        low,
        high,
        min_area: params.min_area * pixels,
        max_hole: params.max_hole * pixels,
    })
}
