// SPDX-License-Identifier: MPL-2.0

//! Green screen: a chroma key that works together with the network's matte.
//!
//! | file | |
//! | --- | --- |
//! | `axis` | the key: how much a colour has of the screen's |
//! | `search` | which colour the screen has |
//! | `plate` | how the screen looks at every place, and where there is none |
//! | `permit` | where the key may show more than the network |
//! | `join` | what key and network say together |
//! | `band` | the key on its grid, around the subject |
//! | `lay` | the key over the refined matte |
//! | `small`, `square` | planes of about 72 rows, and bounds that move in them |
//!
//! The refined matte is made first, as if there were no key. The key works on a grid of its own, on
//! colour differences that are sampled from the frame's own pixels, and moves the finished matte
//! where it has something to say. Without a screen in the picture it says nothing.

mod axis;
mod band;
mod join;
mod lay;
mod permit;
mod plate;
mod search;
mod small;
mod square;

use super::edge::edge_fit;
use super::edge::guide::ColorGuide;
use super::plane::resample::grid;
use super::regions::interest::RegionsOfInterest;
use crate::filter::{Params, Plane};
use crate::frame::{FrameRef, GrayMut, GrayRef, Matrix, SampleError};
use crate::simd::Level;
use band::{Band, Drawing};
use join::{Known, Terms};
pub(super) use lay::Lay;
use lay::Layer;
use permit::{Ground, Permit};
use plate::{Plate, Seen};
use search::{Found, Search};
use small::{Of, Reduce, Small, small_size};
use square::Square;

/// Whether the screen is in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    /// Nobody asks for a key.
    #[default]
    Off,
    /// It is not there: the network is alone.
    Missing,
    /// It is there.
    Seen,
}

/// Distances in places of the small size: how far from the network's subject the background is sure;
/// how much further on the screen is looked for as proof, since hair that the network overlooks is
/// neither screen nor room; how deep inside the subject is; how far the core and the outer bound lie
/// from its edge; how far around a gap the key decides.
const AWAY: usize = 2;
const HAIR: usize = 1;
const INSIDE: usize = 1;
const CORE: usize = 1;
const OUTER: usize = 2;
const AROUND: usize = 1;
/// Matte values of sure background and sure subject.
const SURE: (f32, f32) = (0.1, 0.9);
/// Shares of the screen's strength at a place, and of its mean, that prove that it is seen there.
const PROVEN: (f32, f32) = (0.6, 0.45);
/// How much less proves it where it was seen in the frame before, so that noise changes nothing.
const AGAIN: f32 = 0.75;
/// Share of the screen that has to look as before, or all that was learnt is dropped.
const ALIKE: f32 = 0.7;
/// Mean differences of the screen from frame to frame that are noise, and the most that are, as a
/// share of its mean strength.
const NOISE: f32 = 5.0;
const LOUDEST: f32 = 0.35;
/// How much of the matte cleaning has to take for it to be removed on purpose.
const TAKEN: f32 = 0.25;
/// How far around what was removed the key adds nothing, in places: what was removed has a soft rim.
const RIM: usize = 2;
/// Most cells of the grid.
const CELLS: usize = 640_000;

/// Where the key's grid lies.
#[derive(Debug, Clone, Copy, Default)]
struct KeyGrid {
    /// Pixels of the refined matte per cell.
    step: usize,
    /// Cells, whole ones and parts, that the picture covers.
    span: (f32, f32),
}

/// The key, with its state and its scratch memory.
#[derive(Debug, Default)]
pub struct Key {
    search: Search,
    plate: Plate,
    permit: Permit,
    terms: Terms,
    band: Band,
    grid: KeyGrid,
    colors: ColorGuide,
    samples: Vec<[f32; 2]>,
    ground: Vec<Ground>,
    /// What is known at the small size.
    small: Small,
    /// Difference between frames that is noise.
    limit: f32,
    /// The network's matte at the small size, dilated, eroded; how far its doubts reach, and gaps.
    matte: Plane,
    outer: Plane,
    core: Plane,
    reach: Plane,
    gap: Plane,
    change: Plane,
    /// What cleaning removes: the matte before it, then 1 where it is removed, at the raw matte's size
    /// and at the small one.
    uncleaned: Plane,
    removed: Plane,
    /// Whether mattes are steadied.
    steadies: bool,
    reduce: Reduce,
    square: Square,
    layer: Layer,
}

impl Key {
    /// Forgets the screen.
    pub fn reset(&mut self) {
        self.search.reset();
        self.layer.forget();
    }

    /// Another scene begins: only the screen's colour is remembered.
    pub fn lose(&mut self) {
        self.search.lose();
        self.layer.forget();
    }

    /// The screen's colour, as differences from neutral, if it is in the picture or was a moment ago.
    pub fn color(&self) -> Option<[f32; 2]> {
        self.search.known().map(|found| found.color)
    }

    /// Exchanges what holds nothing from one frame to the next.
    pub(super) fn swap_scratch(&mut self, other: &mut Self) {
        use std::mem::swap;
        self.plate.swap_scratch(&mut other.plate);
        swap(&mut self.permit, &mut other.permit);
        self.terms.swap_scratch(&mut other.terms);
        self.band.swap_scratch(&mut other.band);
        self.colors.swap_pictures(&mut other.colors);
        swap(&mut self.samples, &mut other.samples);
        self.small.swap_scratch(&mut other.small);
        swap(&mut self.matte, &mut other.matte);
        swap(&mut self.outer, &mut other.outer);
        swap(&mut self.core, &mut other.core);
        swap(&mut self.reach, &mut other.reach);
        swap(&mut self.gap, &mut other.gap);
        swap(&mut self.change, &mut other.change);
        swap(&mut self.uncleaned, &mut other.uncleaned);
        swap(&mut self.removed, &mut other.removed);
        swap(&mut self.reduce, &mut other.reduce);
        swap(&mut self.square, &mut other.square);
        self.layer.swap_scratch(&mut other.layer);
    }

    /// Takes the colours of a frame whose refined matte has this size.
    ///
    /// # Errors
    /// [`SampleError`] if a size is out of range.
    pub(super) fn sample(
        &mut self,
        level: Level,
        params: &Params,
        (raw, frame): (GrayRef<'_>, &FrameRef<'_>),
        (width, height): (usize, usize),
    ) -> Result<(), SampleError> {
        let step = match params.guided_subsample {
            0 => step_of((width, height)),
            _ => {
                let scale = width as f32 / frame.width() as f32;
                edge_fit::step(params, scale, width as f32 / raw.width() as f32)
            }
        };
        let cells = |side: usize| side as f32 / step as f32;
        let span = (cells(width), cells(height));
        self.grid = KeyGrid { step, span };
        let size = grid(width, height, step);
        self.colors.sample_pictures(level, frame, size)
    }

    /// Looks for the screen in the frame that was sampled, `frames` of 1/30 s after the last one,
    /// and learns how it looks where `raw`, the network's matte, is sure of the background.
    pub(super) fn look(
        &mut self,
        level: Level,
        (params, matrix): (&Params, Matrix),
        (raw, change): (&Plane, Option<&Plane>),
        frames: f32,
    ) -> Screen {
        let Some(color) = params.key else {
            self.layer.forget();
            return Screen::Off;
        };
        let size = small_size(raw.size());
        self.reduce.apply(level, raw, Of::Mean, &mut self.small.raw);
        self.steadies = change.is_some();
        match change {
            Some(change) => self.reduce.apply(level, change, Of::Most, &mut self.change),
            None => {
                self.change.resize(size.0, size.1);
                self.change.data_mut().fill(1.0);
            }
        }
        let pictures = self.colors.pictures();
        self.small.see(pictures, self.grid.span, size);
        self.bounds_of(level, Whose::Newest, AWAY, INSIDE);
        let (us, vs) = (self.small.chroma[0].data(), self.small.chroma[1].data());
        let sure = self.outer.data().iter().zip(us.iter().zip(vs));
        let sure = sure.filter(|(outer, _)| **outer < SURE.0);
        self.samples.clear();
        self.samples.extend(sure.map(|(_, (u, v))| [*u, *v]));
        let anew = self.search.look(color, matrix, &self.samples, frames);
        let Some(found) = self.search.seen() else {
            self.layer.forget();
            return Screen::Missing;
        };
        let fresh = anew || !self.plate.fits(size);
        if fresh {
            self.plate.reset(size);
            self.small.reset(size);
            self.terms.reset();
            self.band.reset();
            self.ground.clear();
        }
        let noise = self.small.measure(level, found.axis);
        self.limit = (NOISE * noise).clamp(1e-4, LOUDEST * found.length());
        self.learn(found, fresh, frames);
        self.plate
            .fill(level, params.key_tolerance, params.key_softness);
        self.small.know(level, &self.plate);
        self.prove(level, found, frames);
        Screen::Seen
    }

    /// Shows the plate what is sure in a frame.
    fn learn(&mut self, found: Found, fresh: bool, frames: f32) {
        let (width, height) = self.small.raw.size();
        self.plate.begin();
        let (mut screen, mut alike) = (0.0_f32, 0.0);
        for y in 0..height {
            let (strength, inverse) = (self.small.strength.row(y), self.small.inverse.row(y));
            let (outer, core) = (self.outer.row(y), self.core.row(y));
            let places = (0..width).map(|x| {
                let strength = strength[x];
                let seen = if outer[x] < SURE.0 {
                    let was_screen = self.small.trust.row(y)[x] > 0.0;
                    screen += f32::from(u8::from(was_screen));
                    if was_screen && strength * inverse[x] >= PROVEN.0 {
                        alike += 1.0;
                    }
                    match strength >= found.least {
                        true => Seen::Screen,
                        false => Seen::Other,
                    }
                } else if core[x] > SURE.1 {
                    Seen::Subject
                } else {
                    Seen::Unsure
                };
                (seen, strength)
            });
            self.plate.add((y, height), places);
        }
        if !fresh && alike < ALIKE * screen {
            // A pan, or other light: what is behind the subject is not known any more.
            self.plate.forget();
            self.small.gap.data_mut().fill(0.0);
            self.ground.clear();
        }
        self.plate.learn(frames);
    }

    /// Finds where the screen is proven to lie behind the subject.
    fn prove(&mut self, level: Level, found: Found, frames: f32) {
        self.square.raise(level, &mut self.outer, HAIR);
        let small = &mut self.small;
        let least = PROVEN.1 * found.length();
        let colors = small.strength.data().iter().zip(small.inverse.data());
        let places = self.outer.data().iter().zip(colors);
        self.ground.resize(self.outer.data().len(), Ground::Room);
        for (ground, (outer, (strength, inverse))) in self.ground.iter_mut().zip(places) {
            let enough = if *ground == Ground::Screen {
                AGAIN
            } else {
                1.0
            };
            *ground = if *outer >= SURE.0 {
                Ground::Subject
            } else if *strength >= least * enough && strength * inverse >= PROVEN.0 * enough {
                Ground::Screen
            } else {
                Ground::Room
            };
        }
        self.permit.find(level, &self.ground, &mut small.proof);
        let known = [&small.inverse, &small.trust, &self.change];
        join::gaps(level, &small.strength, known, frames, &mut small.gap);
    }

    /// Notes the matte before it is cleaned.
    pub(super) fn before_cleaning(&mut self, matte: &Plane) {
        self.uncleaned.copy_from(matte);
    }

    /// Finds what cleaning has removed, which the key must not bring back.
    pub(super) fn after_cleaning(
        &mut self,
        level: Level,
        matte: &Plane,
        interest: &RegionsOfInterest,
    ) {
        for (before, after) in self.uncleaned.data_mut().iter_mut().zip(matte.data()) {
            *before = f32::from(u8::from(*before - after >= TAKEN));
        }
        interest.mark_outside(&mut self.uncleaned);
        self.reduce
            .apply(level, &self.uncleaned, Of::Most, &mut self.removed);
        self.square.raise(level, &mut self.removed, RIM);
    }

    /// The network's matte, raised and lowered by distances.
    fn bounds_of(&mut self, level: Level, whose: Whose, outer: usize, core: usize) {
        match whose {
            Whose::Newest => {
                self.outer.copy_from(&self.small.raw);
                self.core.copy_from(&self.small.raw);
            }
            Whose::Steady => {
                join::subjects(level, &self.matte, &mut self.outer);
                self.core.copy_from(&self.matte);
            }
        }
        self.square.raise(level, &mut self.outer, outer);
        self.square.lower(level, &mut self.core, core);
    }

    /// Draws the key for a frame in which the screen is seen, inside of what `matte`, the network's,
    /// cleaned and steadied, leaves it. `frames` is as in [`Key::look`].
    pub(super) fn draw(&mut self, level: Level, matte: &Plane, frames: f32) {
        let Some(found) = self.search.seen() else {
            return;
        };
        self.reduce.apply(level, matte, Of::Mean, &mut self.matte);
        self.bounds_of(level, Whose::Steady, OUTER, CORE);
        let small = &self.small;
        self.gap.copy_from(&small.gap);
        self.square.raise(level, &mut self.gap, AROUND);
        let colors = [&small.strength, &small.inverse];
        join::reaches(level, &small.raw, colors, &mut self.reach);
        self.square.raise(level, &mut self.reach, 1);
        let known = Known {
            matte: [&self.matte, &small.raw],
            reach: &self.reach,
            colors,
            core: &self.core,
            outer: &self.outer,
            gap: &self.gap,
            trust: &small.trust,
            proof: &small.proof,
            change: &self.change,
            removed: &self.removed,
            steadies: self.steadies,
        };
        self.terms.find(level, known, frames);
        let chroma = self.colors.pictures();
        let Terms {
            least,
            most,
            adds,
            takes,
            pace,
            ..
        } = &self.terms;
        let [offset, factor] = &self.small.alpha;
        let drawing = Drawing {
            terms: [least, most, adds, takes, offset, factor, pace],
            matte: &self.matte,
            chroma,
            span: self.grid.span,
            axis: found.axis,
            limit: self.limit,
            moves: join::moves(frames),
        };
        self.band.draw(level, &drawing);
    }

    /// Lays what was drawn over `out`, the network's refined matte.
    pub(super) fn lay(
        &mut self,
        level: Level,
        params: &Params,
        lay: Lay<'_>,
        out: &mut GrayMut<'_>,
    ) {
        let drawn = (&mut self.band, self.grid.step);
        self.layer.lay(level, params, drawn, lay, out);
    }
}

/// Which of the network's mattes.
#[derive(Debug, Clone, Copy)]
enum Whose {
    /// The newest, as the network gave it.
    Newest,
    /// The cleaned and steadied one.
    Steady,
}

/// Pixels of a refined matte of this size per cell of the key's grid, which is as fine as colour
/// mostly is.
fn step_of((width, height): (usize, usize)) -> usize {
    let cells = |step: usize| width.div_ceil(step) * height.div_ceil(step);
    let fitting = [2, 3, 4, 6].into_iter();
    let mut fitting = fitting.filter(|&step| cells(step) <= CELLS);
    fitting.next().unwrap_or(8)
}

#[cfg(test)]
mod privacy_tests;
#[cfg(test)]
mod state_tests;
#[cfg(test)]
mod tests;
