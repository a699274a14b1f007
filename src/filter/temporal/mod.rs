// SPDX-License-Identifier: MPL-2.0

//! Steadying over time. The state is kept in `f32`: 8 bits would stop short of the goal by up to
//! half a step of the slowest blend. Every weight is a share per 1/30 s and is raised to the time
//! that really passed, so the result does not depend on the frame rate, nor on dropped frames.

pub mod adaptive;
pub mod ema;
pub mod uncertainty;

use adaptive::Adaptive;

use super::motion::Motion;
use super::{Plane, TemporalMode};
use crate::simd::Level;

/// The share of the new value after `frames` units of 1/30 s, where it is `weight` after one.
pub fn weight_after(weight: f32, frames: f32) -> f32 {
    1.0 - (1.0 - weight.clamp(0.0, 1.0)).powf(frames)
}

/// All ways of steadying behind one state, so that they can be exchanged while playing.
#[derive(Debug, Default)]
pub struct Smoother {
    state: Plane,
    adaptive: Adaptive,
    primed: bool,
}

impl Smoother {
    /// Forgets the past: the next matte is taken as it is.
    pub fn reset(&mut self) {
        self.primed = false;
    }

    /// Steadies `matte` in place. `frames` is the time since the last one in units of 1/30 s,
    /// `strength` 0 to 1; `motion` knows what changed in the picture since.
    pub fn apply(
        &mut self,
        level: Level,
        mode: TemporalMode,
        (strength, frames): (f32, f32),
        motion: &Motion,
        matte: &mut Plane,
    ) {
        if mode == TemporalMode::None {
            self.primed = false;
            return;
        }
        if !self.primed || self.state.size() != matte.size() {
            self.state.copy_from(matte);
            self.adaptive.start(matte);
            self.primed = true;
            return;
        }
        match mode {
            TemporalMode::None => {}
            TemporalMode::Ema | TemporalMode::Flow => {
                let weight = weight_after(1.0 - strength, frames);
                ema::apply(level, matte, weight, &mut self.state);
                matte.copy_from(&self.state);
            }
            TemporalMode::Uncertainty => {
                uncertainty::apply(level, matte, (strength, frames), &mut self.state);
                matte.copy_from(&self.state);
            }
            TemporalMode::Adaptive => {
                let change = motion.change();
                self.adaptive
                    .apply(level, (strength, frames), change, &mut self.state, matte);
            }
        }
    }
}
