// SPDX-License-Identifier: MPL-2.0

//! The memory of the scene: what the room and the subject looked like at every pixel corrects the
//! network's matte before anything else sees it.
//!
//! A pixel has two remembered appearances (`appearance`): the room, learnt where the matte and its
//! surroundings are surely background, and the subject, learnt where they are surely subject
//! (`learning`). What they say about a matte is in `evidence`. A matte of nearly 0 or 1 stays what
//! it is: the memory settles what the network leaves open, and never shows a place that the network
//! is sure of.
//!
//! The light of the whole scene is followed (`light`). Where the known room is no longer seen,
//! because the camera moves, the memory says nothing, and if that is nearly everywhere it forgets;
//! where a place disagrees for some frames, that place is learnt anew. Nothing is kept beyond
//! [`SceneMemory::reset`].
//!
//! Sources: background subtraction by Gaussians per pixel (Stauffer and Grimson, "Adaptive
//! background mixture models for real-time tracking", CVPR 1999), here with the network in place of
//! the mixture's own decision, so that who sits still is never learnt as room.

use super::Colors;
use super::evidence::Corrector;
use super::known::Known;
use super::learning::Learner;
use super::light::LightMeter;
use crate::filter::Plane;
use crate::simd::Level;

/// Agreement of the picture with the known room up to which the memory says nothing, and from which
/// it is heard fully.
const AGREEMENT: (f32, f32) = (0.5, 0.8);
/// Agreement below which all is forgotten.
const LOST: f32 = 0.25;

/// The memory with its scratch memory.
#[derive(Debug, Default)]
pub struct SceneMemory {
    pub(super) known: Known,
    meter: LightMeter,
    corrector: Corrector,
    learner: Learner,
    size: (usize, usize),
    primed: bool,
}

impl SceneMemory {
    /// Exchanges what holds nothing from one matte to the next.
    pub(in crate::filter) fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.known.colors, &mut other.known.colors);
        std::mem::swap(&mut self.corrector, &mut other.corrector);
        self.learner.swap_scratch(&mut other.learner);
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.primed = false;
    }

    /// Corrects `matte` in place by what is known, then learns from it. `frames` says how many
    /// frames of 1/30 s the picture counts: less than the time that passed if it repeats an earlier
    /// one. Luma has the matte's size.
    pub fn apply(&mut self, level: Level, colors: Colors<'_>, frames: f32, matte: &mut Plane) {
        debug_assert_eq!(colors.luma.size(), matte.size());
        if !self.primed || self.size != matte.size() {
            self.start(matte.size());
        }
        let light = self.meter.measure(&self.known.room, colors.luma, matte);
        if light.agreement < LOST {
            self.start(matte.size());
        } else if light.gain != 1.0 {
            self.known.room.follow(level, light.gain);
            self.known.subject.follow(level, light.gain);
        }
        let heard = (light.agreement - AGREEMENT.0) * (1.0 / (AGREEMENT.1 - AGREEMENT.0));
        let known = &mut self.known;
        known.colors.update(level, colors, matte);
        self.learner.take(matte);
        let heard = heard.clamp(0.0, 1.0);
        self.corrector.apply(level, known, colors, heard, matte);
        self.learner.learn(level, known, colors, frames, matte);
    }

    fn start(&mut self, size: (usize, usize)) {
        self.known.room.start(size);
        self.known.subject.start(size);
        self.learner.start();
        self.size = size;
        self.primed = true;
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
