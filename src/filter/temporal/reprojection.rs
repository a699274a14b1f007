// SPDX-License-Identifier: MPL-2.0

//! Reprojection: the past, moved along the motion of the picture.
//!
//! Where the picture changed, the block flow says where its content came from; if the frame
//! before really shows there what is here now (the difference along the motion is no more than
//! noise), what was known about it is still true here.

use crate::filter::Plane;
use crate::filter::motion::change::{Motion, exceeds};
use crate::filter::motion::flow::{Flow, Vector, along};
use crate::filter::plane::bilinear_sample::BilinearSample;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Energy of the difference along the motion, relative to the noise's, up to which the motion
/// explains the change, and from which it does not. More than noise is allowed: blocks do not
/// follow every bend.
const EXPLAINED: (f32, f32) = (6.0, 24.0);

/// Change of the picture up to which a pixel is where it was.
const CHANGED: f32 = 0.1;

/// Matte values this close to 0 or 1 are sure.
const SURE_MARGIN: f32 = 0.01;

/// Where a pixel's past lies.
#[derive(Debug, Clone, Copy)]
struct Source {
    index: u32,
    place: BilinearSample,
}

/// The reprojected past: for every changed pixel, where it was and how much of the past holds. Only
/// changed pixels are ever touched: most of the time they are few.
#[derive(Debug, Default)]
pub struct Reprojection {
    flow: Flow,
    sources: Vec<Source>,
    vectors: Vec<Vector>,
    wanted: Plane,
    /// Squared differences along the motion, 0 where nothing was wanted.
    squares: Plane,
    /// Places of `squares` and `trust` that are not 0.
    touched: Vec<u32>,
    trust: Plane,
    pulled: Vec<f32>,
}

impl Reprojection {
    /// Exchanges all but the frame before: what was found out about one frame.
    pub(super) fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.sources, &mut other.sources);
        std::mem::swap(&mut self.vectors, &mut other.vectors);
        std::mem::swap(&mut self.wanted, &mut other.wanted);
        std::mem::swap(&mut self.squares, &mut other.squares);
        std::mem::swap(&mut self.touched, &mut other.touched);
        std::mem::swap(&mut self.trust, &mut other.trust);
        std::mem::swap(&mut self.pulled, &mut other.pulled);
    }

    /// Forgets the frame before.
    pub fn reset(&mut self) {
        self.flow.reset();
    }

    /// How far the past holds along the motion, 0 to 1; 0 where nothing changed (there is no
    /// need to look) or the matte is sure. Valid after [`Reprojection::update`].
    pub fn trust(&self) -> &Plane {
        &self.trust
    }

    /// Reprojects nothing for this frame, whose matte has this size; forgets the frame before.
    pub fn skip(&mut self, size: (usize, usize)) {
        self.reset();
        self.clear(size);
    }

    fn clear(&mut self, (width, height): (usize, usize)) {
        self.sources.clear();
        if self.trust.size() == (width, height) {
            for plane in [&mut self.squares, &mut self.trust] {
                let values = plane.data_mut();
                self.touched.iter().for_each(|&k| values[k as usize] = 0.0);
            }
        } else {
            for plane in [&mut self.squares, &mut self.trust] {
                plane.resize(width, height);
                plane.data_mut().fill(0.0);
            }
            self.sources.reserve(width * height);
            self.touched.reserve(width * height);
            self.pulled.reserve(width * height);
        }
        self.touched.clear();
    }

    /// Takes the next frame's luma and raw matte; `motion` was updated with the luma before.
    /// Pixels whose matte is sure need no past and are not looked for.
    pub fn update(&mut self, level: Level, luma: &Plane, motion: &Motion, matte: &Plane) {
        let (width, height) = luma.size();
        self.clear((width, height));
        self.wanted.resize(width, height);
        dispatch!(level, simd => want(simd, motion.change(), matte, &mut self.wanted));
        let wanted = &self.wanted;
        self.flow.update(level, luma, wanted);
        for y in 0..height {
            let (squares, now, wanted) = (self.squares.row_mut(y), luma.row(y), wanted.row(y));
            if !exceeds(wanted, CHANGED) {
                continue;
            }
            self.flow.row(y, &mut self.vectors);
            for x in 0..width {
                if wanted[x] <= CHANGED {
                    continue;
                }
                let v = along(&self.vectors, x);
                let place = BilinearSample::new((width, height), (x as f32 + v.x, y as f32 + v.y));
                let away = now[x] - self.flow.before(place);
                squares[x] = away * away;
                let index = (y * width + x) as u32;
                self.touched.push(index);
                if v.sure {
                    self.sources.push(Source { index, place });
                }
            }
        }
        let (noise, trust) = (motion.noise().data(), self.trust.data_mut());
        for source in &self.sources {
            let k = source.index as usize;
            let excess = mean_around(&self.squares, k) / noise[k] - EXPLAINED.0;
            trust[k] = 1.0 - (excess / (EXPLAINED.1 - EXPLAINED.0)).clamp(0.0, 1.0);
        }
    }

    /// Moves the values of planes along the motion, wherever that is to be trusted; the others
    /// stay.
    pub fn pull<const N: usize>(&mut self, planes: [&mut Plane; N]) {
        let trust = self.trust.data();
        self.sources.retain(|s| trust[s.index as usize] > 0.0);
        for plane in planes {
            let values = plane.data();
            self.pulled.clear();
            let sampled = self.sources.iter().map(|s| s.place.mix(|at| values[at]));
            self.pulled.extend(sampled);
            let to = plane.data_mut();
            for (source, value) in self.sources.iter().zip(&self.pulled) {
                to[source.index as usize] = *value;
            }
        }
    }
}

/// What changed and is not sure anyway.
#[simd]
fn want<S: Simd>(_: S, change: &Plane, matte: &Plane, wanted: &mut Plane) {
    let values = change.data().iter().zip(matte.data());
    for (wanted, (change, p)) in wanted.data_mut().iter_mut().zip(values) {
        let sure = (*p < SURE_MARGIN) | (*p >= 1.0 - SURE_MARGIN);
        *wanted = if sure { 0.0 } else { *change };
    }
}

/// Mean over the 3x3 pixels around the one at `index`, those that exist.
fn mean_around(plane: &Plane, index: usize) -> f32 {
    let (width, height) = plane.size();
    let (x, y) = (index % width, index / width);
    let columns = x.saturating_sub(1)..(x + 2).min(width);
    let rows = y.saturating_sub(1)..(y + 2).min(height);
    let count = (rows.len() * columns.len()) as f32;
    let sum: f32 = rows.flat_map(|row| &plane.row(row)[columns.clone()]).sum();
    sum / count
}

#[cfg(test)]
#[path = "reprojection_tests.rs"]
mod tests;
