// SPDX-License-Identifier: MPL-2.0

//! All temporal filters behind one state.

use super::adaptive::Adaptive;
use super::compensation::Carry;
use super::ema;
use super::uncertainty;
use super::weight::weight_after;
use crate::filter::motion::change::Motion;
use crate::filter::{Plane, TemporalMode};
use crate::simd::Level;

/// How a matte is to be steadied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steadying {
    /// The formula.
    pub mode: TemporalMode,
    /// 0 (follow every frame) to 1 (nearly freeze).
    pub strength: f32,
    /// Whether the adaptive formula carries the past along the motion.
    pub carries: bool,
    /// Time since the last matte in units of 1/30 s.
    pub frames: f32,
}

/// All ways of steadying behind one state, so that they can be exchanged while playing.
#[derive(Debug, Default)]
pub struct Smoother {
    state: Plane,
    adaptive: Adaptive,
    carry: Carry,
    primed: bool,
}

impl Smoother {
    /// Forgets the past: the next matte is taken as it is.
    pub fn reset(&mut self) {
        self.primed = false;
        self.carry.reset();
    }

    /// Steadies `matte` in place. `luma` is the picture at the matte's size, `motion` knows what
    /// changed in it since the last one.
    pub fn apply(
        &mut self,
        level: Level,
        steadying: Steadying,
        luma: &Plane,
        motion: &Motion,
        matte: &mut Plane,
    ) {
        let Steadying {
            mode,
            strength,
            carries,
            frames,
        } = steadying;
        match mode {
            TemporalMode::None => {
                self.reset();
                return;
            }
            TemporalMode::Adaptive if !carries => self.carry.skip(matte.size()),
            TemporalMode::Flow | TemporalMode::Adaptive => {
                self.carry.update(level, luma, motion, matte);
            }
            TemporalMode::Ema | TemporalMode::Uncertainty => self.carry.reset(),
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
                // Where the motion explains nothing, the new matte is all there is.
                self.carry.pull([&mut self.state]);
                let trust = self.carry.trust().data().iter().zip(motion.change().data());
                let new = self.state.data_mut().iter_mut().zip(matte.data());
                for ((old, new), (trust, change)) in new.zip(trust) {
                    *old += (new - *old) * (change - trust).clamp(0.0, 1.0);
                }
                ema::apply(level, matte, weight, &mut self.state);
                matte.copy_from(&self.state);
            }
            TemporalMode::Adaptive => {
                let past = (&mut self.carry, motion.change());
                self.adaptive
                    .apply(level, (strength, frames), past, &mut self.state, matte);
            }
        }
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
