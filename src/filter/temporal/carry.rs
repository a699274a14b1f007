// SPDX-License-Identifier: MPL-2.0

//! The past, carried along the motion of the picture.
//!
//! Where the picture changed, the block flow says where its content came from; if the frame
//! before really shows there what is here now (the difference along the motion is no more than
//! noise), what was known about it is still true here.

use crate::filter::Plane;
use crate::filter::flow::{Flow, Vector, along, sample};
use crate::filter::motion::Motion;
use crate::filter::window::BoxMean;
use crate::simd::Level;

/// Energy of the difference along the motion, relative to the noise's, up to which the motion
/// explains the change, and from which it does not. More than noise is allowed: blocks do not
/// follow every bend.
const EXPLAINED: (f32, f32) = (6.0, 24.0);

/// Change of the picture up to which a pixel is where it was.
const CHANGED: f32 = 0.02;

/// Matte values this close to 0 or 1 are sure.
const SURE: f32 = 0.01;

/// Where a pixel's past lies.
#[derive(Debug, Clone, Copy)]
struct Source {
    index: u32,
    x: f32,
    y: f32,
}

/// The carried past: for every changed pixel, where it was and how much of the past holds.
#[derive(Debug, Default)]
pub struct Carry {
    flow: Flow,
    before: Plane,
    sources: Vec<Source>,
    vectors: Vec<Vector>,
    wanted: Plane,
    squares: Plane,
    energy: Plane,
    trust: Plane,
    mean: BoxMean,
}

impl Carry {
    /// Forgets the frame before.
    pub fn reset(&mut self) {
        self.flow.reset();
    }

    /// How far the past holds along the motion, 0 to 1; 0 where nothing changed (there is no
    /// need to look) or the matte is sure. Valid after [`Carry::update`].
    pub fn trust(&self) -> &Plane {
        &self.trust
    }

    /// Takes the next frame's luma and raw matte; `motion` was updated with the luma before.
    /// Pixels whose matte is sure need no past and are not looked for.
    pub fn update(&mut self, level: Level, luma: &Plane, motion: &Motion, matte: &Plane) {
        let (width, height) = luma.size();
        self.wanted.resize(width, height);
        let changed = motion.change().data().iter().zip(matte.data());
        for (wanted, (&change, &p)) in self.wanted.data_mut().iter_mut().zip(changed) {
            *wanted = if (SURE..1.0 - SURE).contains(&p) {
                change
            } else {
                0.0
            };
        }
        let wanted = &self.wanted;
        self.flow.update(level, luma, wanted);
        if self.before.size() != luma.size() {
            self.before.copy_from(luma);
            self.sources.clear();
            self.sources.reserve(width * height);
        }
        self.sources.clear();
        self.squares.resize(width, height);
        self.squares.data_mut().fill(0.0);
        self.trust.resize(width, height);
        self.trust.data_mut().fill(0.0);
        for y in 0..height {
            let (squares, now, wanted) = (self.squares.row_mut(y), luma.row(y), wanted.row(y));
            if wanted.iter().all(|&c| c <= CHANGED) {
                continue;
            }
            self.flow.row(y, &mut self.vectors);
            for x in 0..width {
                if wanted[x] <= CHANGED {
                    continue;
                }
                let v = along(&self.vectors, x);
                let (u, v, sure) = (x as f32 + v.x, y as f32 + v.y, v.sure);
                let old = sample(&self.before, u, v);
                squares[x] = (now[x] - old) * (now[x] - old);
                if sure {
                    let index = (y * width + x) as u32;
                    self.sources.push(Source { index, x: u, y: v });
                }
            }
        }
        self.before.copy_from(luma);
        if self.sources.is_empty() {
            return;
        }
        self.mean.apply(level, &self.squares, 1, &mut self.energy);
        let (energy, noise) = (self.energy.data(), motion.noise().data());
        let trust = self.trust.data_mut();
        for source in &self.sources {
            let k = source.index as usize;
            let excess = energy[k] / noise[k] - EXPLAINED.0;
            trust[k] = 1.0 - (excess / (EXPLAINED.1 - EXPLAINED.0)).clamp(0.0, 1.0);
        }
    }

    /// `from`, seen along the motion, wherever that is to be trusted; `to` keeps the rest.
    pub fn pull(&self, from: &Plane, to: &mut Plane) {
        let (trust, to) = (self.trust.data(), to.data_mut());
        for source in &self.sources {
            let k = source.index as usize;
            if trust[k] > 0.0 {
                to[k] = sample(from, source.x, source.y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::testing::{disc, noise};

    /// A disc with a texture of its own over a background with another.
    fn scene(left: f32) -> (Plane, Plane) {
        let matte = disc(96, 64, (left, 32.0), 18.0, 2.0);
        let (back, front) = (noise(96, 64, 1), noise(160, 64, 2));
        let mut luma = Plane::new(96, 64);
        for y in 0..64 {
            for x in 0..96 {
                let m = matte.row(y)[x];
                let texture = sample(&front, x as f32 + 60.0 - left, y as f32);
                luma.row_mut(y)[x] = 0.5 + 0.3 * (m * (texture - 0.2) - (1.0 - m) * back.row(y)[x]);
            }
        }
        (matte, luma)
    }

    #[test]
    fn the_past_comes_along_and_uncovered_ground_has_none() {
        let level = crate::simd::level();
        let (mut carry, mut motion) = (Carry::default(), Motion::default());
        let mut mattes = Vec::new();
        let mut unsure = Plane::new(96, 64);
        unsure.data_mut().fill(0.5);
        for frame in 0..8 {
            let (matte, luma) = scene(30.0 + 3.0 * frame as f32);
            motion.update(level, &luma, 1.0);
            carry.update(level, &luma, &motion, &unsure);
            mattes.push(matte);
        }
        let (before, now) = (&mattes[6], &mattes[7]);
        let mut pulled = now.clone();
        carry.pull(before, &mut pulled);
        // Inside the disc the past holds, along the motion it is the present.
        let mean = |range: std::ops::Range<usize>| -> f32 {
            carry.trust().row(32)[range.clone()].iter().sum::<f32>() / range.len() as f32
        };
        assert!(mean(42..60) > 0.7, "inside {}", mean(42..60));
        assert!(mean(30..33) < 0.5, "uncovered {}", mean(30..33));
        let weighted = carry
            .trust()
            .data()
            .iter()
            .zip(pulled.data())
            .zip(now.data());
        let error: f32 = weighted.map(|((t, p), n)| t * (p - n).abs()).sum();
        let unmoved: f32 = before
            .data()
            .iter()
            .zip(now.data())
            .map(|(b, n)| (b - n).abs())
            .sum();
        assert!(error < 0.35 * unmoved, "{error} of {unmoved}");
    }
}
