// SPDX-License-Identifier: MPL-2.0

//! When a matte has to be renewed: the network runs where an earlier matte, moved along with the
//! picture, may be wrong, and rests elsewhere.
//!
//! A frame is measured at about the matte's size. If no square of it differs from the picture that
//! was shown last by more than the sensor's noise, nothing moved. Otherwise the newest matte is
//! moved along by block motion ([`Warp`]), and what this motion does not explain is the matte's
//! [`Risk`]: uncovered ground, new things, cuts, outlines that bend. [`Policy`] decides by the risk
//! and by time. Both pictures stay until the matte is another one, so that slow changes add up.

mod policy;
mod risk;

use crate::filter::motion::squares::{CHANGED, Squares, UNIT};
use crate::filter::motion::warp::{Warp, Warped};
use crate::frame::{GrayMut, GrayRef};
use crate::simd::Level;
pub use policy::{Choice, LONGEST_REST, Policy, Seen};
pub use risk::Risk;
use std::time::Duration;

/// Mean difference of a square from which it has changed in any noise.
const CHANGED_IN_NOISE: u16 = 12 * UNIT;
/// Mean difference of the middle one of the squares from which a frame is another picture, not the
/// last one again: cameras double frames in dim light.
const ANEW: u16 = UNIT / 4;
/// Most that a square differs by noise, as a multiple of what three in four squares exceed.
const NOISE: u16 = 5;

/// Luma of three frames, full range, of one size.
#[derive(Debug, Clone, Copy)]
pub struct Pictures<'a> {
    /// The frame that the matte shown last was made or moved for.
    pub shown: GrayRef<'a>,
    /// The frame that the newest matte was made from.
    pub run: GrayRef<'a>,
    /// The frame in question.
    pub now: GrayRef<'a>,
}

/// Decides frame by frame. Owns its scratch memory.
#[derive(Debug, Default)]
pub struct Renewal {
    policy: Policy,
    squares: Squares,
    sorted: Vec<u16>,
    warp: Warp,
    misfit: Vec<u16>,
    risk: Risk,
    seen: Option<Seen>,
}

impl Renewal {
    /// Another scene begins, or mattes cannot be relied on: the next frames run.
    pub fn reset(&mut self) {
        self.policy.reset();
        self.seen = None;
    }

    /// Whether the next frame has to be judged; otherwise the network runs on it.
    pub fn measures(&self) -> bool {
        self.policy.measures()
    }

    /// Whether the next frame has to be read, to be judged or so that the one after it can be.
    pub fn needs_picture(&self) -> bool {
        self.policy.needs_picture()
    }

    /// Looks at a frame that comes `since_run` after the last one that the network ran on. None: the
    /// frame moved, and [`Renewal::follow`] decides.
    pub fn look(
        &mut self,
        level: Level,
        pictures: Pictures<'_>,
        since_run: Duration,
    ) -> Option<Choice> {
        let Pictures { shown, run, now } = pictures;
        let size = (now.width(), now.height());
        let differs = |picture: GrayRef<'_>| (picture.width(), picture.height()) != size;
        self.seen = match differs(run) || differs(shown) {
            true => Some(Seen::Unknown),
            false => self.find_still(level, shown, now),
        };
        self.seen.map(|seen| self.policy.choose(seen, since_run))
    }

    /// Judges a frame that moved. `run` is luma of the frame that the newest matte `matte` was made
    /// from, `now` that of the frame in question, of the same size. If the choice is
    /// [`Choice::Move`], `out`, of the matte's size, has the moved one.
    pub fn follow(
        &mut self,
        level: Level,
        (run, now): (GrayRef<'_>, GrayRef<'_>),
        matte: GrayRef<'_>,
        since_run: Duration,
        out: &mut GrayMut<'_>,
    ) -> Choice {
        let seen = Seen::Moved(self.move_along(level, (run, now), matte, out));
        self.seen = Some(seen);
        self.policy.choose(seen, since_run)
    }

    /// Notes that the network runs on the frame that was judged last, or on one that was not.
    pub fn ran(&mut self) {
        self.policy.ran(self.seen.take().unwrap_or(Seen::Unknown));
    }

    /// [`Seen::Still`] if no square differs by more than noise.
    fn find_still(&mut self, level: Level, then: GrayRef<'_>, now: GrayRef<'_>) -> Option<Seen> {
        self.squares.compare(level, then, now);
        let means = self.squares.means();
        let most = means.iter().fold(0, |most, mean| most.max(*mean));
        if most >= CHANGED_IN_NOISE {
            return None;
        }
        self.sorted.clear();
        self.sorted.extend_from_slice(means);
        let (_, middle, _) = self.sorted.select_nth_unstable(means.len() / 2);
        let anew = *middle >= ANEW;
        let (_, quarter, _) = self.sorted.select_nth_unstable(means.len() / 4);
        let still = most < (*quarter * NOISE).clamp(CHANGED, CHANGED_IN_NOISE);
        still.then_some(Seen::Still { anew })
    }

    /// Moves the matte into `out`; returns its risk.
    fn move_along(
        &mut self,
        level: Level,
        (then, now): (GrayRef<'_>, GrayRef<'_>),
        matte: GrayRef<'_>,
        out: &mut GrayMut<'_>,
    ) -> f32 {
        match self.warp.apply(level, then, now, matte, out) {
            Warped::Lost => return f32::INFINITY,
            Warped::Moved => (),
            Warped::Still => {
                for (y, row) in matte.rows().enumerate() {
                    out.row_mut(y).copy_from_slice(row);
                }
            }
        }
        let columns = self.warp.misfit(then, now, &mut self.misfit);
        self.risk.of(&self.misfit, columns, out.as_ref())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
