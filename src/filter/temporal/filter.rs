// SPDX-License-Identifier: MPL-2.0

//! All temporal filters behind one state.

use super::adaptive::Adaptive;
use super::ema;
use super::reprojection::Reprojection;
use super::uncertainty;
use super::weight::weight_after;
use crate::filter::motion::change::Motion;
use crate::filter::{Plane, TemporalMode};
use crate::simd::Level;

/// How a matte is filtered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TemporalParams {
    /// The formula.
    pub mode: TemporalMode,
    /// 0 (follow every frame) to 1 (nearly freeze).
    pub strength: f32,
    /// Whether the adaptive filter reprojects the past along the motion.
    pub reprojects: bool,
    /// Time since the last matte in units of 1/30 s.
    pub frames: f32,
}

/// All temporal filters behind one state, so that they can be exchanged while a stream plays.
#[derive(Debug, Default)]
pub struct TemporalFilter {
    state: Plane,
    adaptive: Adaptive,
    reprojection: Reprojection,
    primed: bool,
}

impl TemporalFilter {
    /// Exchanges what holds nothing from one matte to the next.
    pub(in crate::filter) fn swap_scratch(&mut self, other: &mut Self) {
        self.reprojection.swap_scratch(&mut other.reprojection);
    }

    /// Forgets the past: the next matte is taken as it is.
    pub fn reset(&mut self) {
        self.primed = false;
        self.reprojection.reset();
    }

    /// Filters `matte` in place. `luma` is the picture at the matte's size, `motion` knows what
    /// changed in it since the last one.
    pub fn apply(
        &mut self,
        level: Level,
        params: TemporalParams,
        luma: &Plane,
        motion: &Motion,
        matte: &mut Plane,
    ) {
        let TemporalParams {
            mode,
            strength,
            reprojects,
            frames,
        } = params;
        match mode {
            TemporalMode::None => {
                self.reset();
                return;
            }
            TemporalMode::Adaptive if !reprojects => self.reprojection.skip(matte.size()),
            TemporalMode::Flow | TemporalMode::Adaptive => {
                self.reprojection.update(level, luma, motion, matte);
            }
            TemporalMode::Ema | TemporalMode::Uncertainty => self.reprojection.reset(),
        }
        if !self.primed || self.state.size() != matte.size() {
            self.state.copy_from(matte);
            self.adaptive.start(matte);
            self.primed = true;
            return;
        }
        let weight = weight_after(1.0 - strength, frames);
        match mode {
            TemporalMode::None => {}
            TemporalMode::Ema => {
                ema::apply(level, matte, weight, &mut self.state);
                matte.copy_from(&self.state);
            }
            TemporalMode::Uncertainty => {
                uncertainty::apply(level, matte, (strength, frames), &mut self.state);
                matte.copy_from(&self.state);
            }
            TemporalMode::Flow => {
                self.pull(motion, matte);
                ema::apply(level, matte, weight, &mut self.state);
                matte.copy_from(&self.state);
            }
            TemporalMode::Adaptive => {
                let past = (&mut self.reprojection, motion);
                self.adaptive
                    .apply(level, (strength, frames), past, &mut self.state, matte);
            }
        }
    }

    /// Moves the state along the motion. If motion explains nothing, the new matte is all there is.
    fn pull(&mut self, motion: &Motion, matte: &Plane) {
        self.reprojection.pull([&mut self.state]);
        let trust = self.reprojection.trust().data().iter();
        let trust = trust.zip(motion.change().data());
        let new = self.state.data_mut().iter_mut().zip(matte.data());
        for ((old, new), (trust, change)) in new.zip(trust) {
            *old += (new - *old) * (change - trust).clamp(0.0, 1.0);
        }
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
