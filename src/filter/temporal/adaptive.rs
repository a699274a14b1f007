// SPDX-License-Identifier: MPL-2.0

//! The adaptive filter: the matte is a statement about the picture. Where the picture has not
//! changed, the statement should not change, and where it has, the past is worth nothing.
//!
//! Per pixel, with `x` the raw matte, `c` the change of the picture ([`Motion::change`]):
//!
//! 1. `w = min((1 - c') w + t, W)`: how many frames the mean `m` stands for. `c'` is `c`, or more
//!    where the raw matte disagrees with `m` for long (`e`, a short mean of `x - m`, is large): a
//!    network that changed its mind for good is believed though nothing moved. Near a motion, or
//!    when much of the picture moves (`g`), it is believed sooner: what moves over itself changes
//!    the matte of places whose picture stays the same, and a network looks further than a pixel.
//!    `t` is the time since the last frame, times how far the pixel was seen anew
//!    ([`Motion::news`]): a frame that repeats the last one is no second witness.
//! 2. `m = m + (x - m) t / w`: the mean of all raw mattes since the pixel last changed, over at
//!    most `W` frames, so noise falls as fast as it can, and not at all late after a motion.
//!    Where the picture changed by a motion that the block flow explains
//!    ([`Reprojection`]), mean and count are fetched from where the content was, the count
//!    limited to a few frames.
//! 3. `y` follows `m` at once only as far as it is outside of a small deadband, which is 0 where
//!    the picture moves and while the mean is young: the rest of the noise, which would only
//!    wobble, does not show. Inside the deadband the distance decays, as fast as the mean's own
//!    while that is young and slowly later, so that `y` does not keep what the first frames
//!    happened to say.
//!
//! [`Motion::change`]: crate::filter::motion::change::Motion::change
//! [`Motion::news`]: crate::filter::motion::change::Motion::news
//! [`Reprojection`]: super::reprojection::Reprojection

use super::nearby::Nearby;
use super::reprojection::Reprojection;
use super::weight::weight_after;
use crate::filter::Plane;
use crate::filter::motion::change::Motion;
use crate::filter::plane::ramp;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Lasting disagreement from which the mean of a pixel that stands still begins to shorten, and at
/// which it does so fully.
const DISAGREE: (f32, f32) = (0.2, 0.4);
/// The same for a single frame's disagreement near a motion.
const DISAGREE_NEAR: (f32, f32) = (0.1, 0.3);
/// Most that a single frame shortens the mean of a pixel that stands still near a motion. The outline
/// that a network draws wobbles most there, so one frame is not believed wholly.
const BELIEVED_NEAR: f32 = 0.3;
/// Half the deadband's width at full strength.
const DEADBAND: f32 = 0.3;
/// Share of the surroundings, or of the picture, that changed: from the first on a motion counts as
/// near, from the second on fully.
const NEAR: (f32, f32) = (0.06, 0.3);
/// Weight of the newest disagreement in its short mean, per 1/30 s.
const DISAGREE_WEIGHT: f32 = 0.25;
/// Share of its distance to the mean that the shown matte loses beside a mean of any age, per
/// 1/30 s.
const DECAY: f32 = 0.02;
/// Frames that a mean stands for: from the first on it has a deadband, from the second on the whole
/// of it.
const YOUNG: (f32, f32) = (2.0, 8.0);

/// Least age of a mean, so that it is never 0.
const LEAST_AGE: f32 = 1e-3;
/// Most frames that a mean stands for after it was reprojected: that blurs it, and the network sees
/// moved things anew.
const REPROJECTED: f32 = 2.0;

/// The filter's state, except for the mean itself.
#[derive(Debug, Default)]
pub struct Adaptive {
    /// `w`.
    age: Plane,
    /// `e`.
    disagreement: Plane,
    /// `y`.
    shown: Plane,
    nearby: Nearby,
}

impl Adaptive {
    /// Forgets the past and begins with this matte.
    pub fn start(&mut self, matte: &Plane) {
        let (width, height) = matte.size();
        self.age.resize(width, height);
        self.age.data_mut().fill(1.0);
        self.disagreement.resize(width, height);
        self.disagreement.data_mut().fill(0.0);
        self.shown.copy_from(matte);
    }

    /// Filters `matte` in place; `state` holds `m`. `strength` is 0 to 1, `frames` the time passed
    /// in units of 1/30 s; `reprojection` and `motion` were updated with this frame's luma. All
    /// planes are of one size.
    pub fn apply(
        &mut self,
        level: Level,
        (strength, frames): (f32, f32),
        (reprojection, motion): (&mut Reprojection, &Motion),
        state: &mut Plane,
        matte: &mut Plane,
    ) {
        debug_assert_eq!(self.age.size(), matte.size());
        self.nearby.update(level, motion.change());
        reprojection.pull([state, &mut self.age]);
        let tuning = Tuning {
            // 1 frame at strength 0, 20 at 0.8, 100 at 1.
            memory: 1.0 + 99.0 * strength.powi(7),
            deadband: DEADBAND * strength,
            disagree: weight_after(DISAGREE_WEIGHT, frames),
            decay: weight_after(DECAY, frames),
            frames,
            moving: self.nearby.everywhere(),
        };
        let picture = (reprojection.trust(), motion.change(), motion.news());
        dispatch!(level, simd => filter_rows(simd, self, &tuning, picture, state, matte));
    }
}

struct Tuning {
    memory: f32,
    deadband: f32,
    disagree: f32,
    decay: f32,
    frames: f32,
    /// Share of the whole picture that changed.
    moving: f32,
}

#[simd]
fn filter_rows<S: Simd>(
    _: S,
    adaptive: &mut Adaptive,
    tuning: &Tuning,
    (trust, change, news): (&Plane, &Plane, &Plane),
    state: &mut Plane,
    matte: &mut Plane,
) {
    let memory = tuning.memory.max(tuning.frames);
    for y in 0..matte.height() {
        let nearby = adaptive.nearby.row(y);
        let count = nearby.len();
        let (trust, change) = (&trust.row(y)[..count], &change.row(y)[..count]);
        let news = &news.row(y)[..count];
        let (matte, mean) = (
            &mut matte.row_mut(y)[..count],
            &mut state.row_mut(y)[..count],
        );
        let age = &mut adaptive.age.row_mut(y)[..count];
        let disagreement = &mut adaptive.disagreement.row_mut(y)[..count];
        let shown = &mut adaptive.shown.row_mut(y)[..count];
        for k in 0..count {
            let (x, m) = (matte[k], mean[k]);
            let (v, frames) = (news[k], news[k] * tuning.frames);
            let e = disagreement[k] + (x - m - disagreement[k]) * tuning.disagree * v;
            let t = ramp(e.abs(), DISAGREE);
            let d = ramp((x - m).abs(), DISAGREE_NEAR);
            let g = ramp(nearby[k].max(tuning.moving), NEAR);
            let changed = change[k].max(v * (t * t).max(BELIEVED_NEAR * g * d));
            let still = (1.0 - changed) * age[k];
            let reprojected = trust[k] * age[k].min(REPROJECTED - tuning.frames).max(0.0);
            let w = (still.max(reprojected) + frames).clamp(LEAST_AGE, memory);
            let newest = (frames / w).min(1.0);
            let m = m + (x - m) * newest;
            let deadband = (tuning.deadband * ramp(w, YOUNG) * (1.0 - changed)).max(0.0);
            let inside = (m - shown[k]).clamp(-deadband, deadband);
            let y = m - inside * (1.0 - tuning.decay * v - newest).max(0.0);
            disagreement[k] = e * (1.0 - change[k]);
            age[k] = w;
            mean[k] = m;
            shown[k] = y;
            matte[k] = y;
        }
    }
}
