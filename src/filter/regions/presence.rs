// SPDX-License-Identifier: MPL-2.0

//! Whether there is a subject at all, from the share of the picture that mattes cover, with
//! hysteresis in size and in time.

use crate::frame::GrayRef;

/// Share of the picture from which a subject is there.
const THERE: f32 = 0.01;
/// Share of the picture below which it is gone.
const GONE: f32 = 0.0025;
/// Mattes in a row that must agree on a subject's coming, and on its going.
const COMING: u32 = 3;
const GOING: u32 = 10;

/// A change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A subject has come.
    Entered,
    /// It has gone.
    Left,
}

/// Follows the subject's presence.
#[derive(Debug, Default)]
pub struct Presence {
    there: bool,
    against: u32,
}

impl Presence {
    /// Takes in the next matte.
    pub fn note(&mut self, matte: GrayRef<'_>) -> Option<Change> {
        let covered: usize = matte
            .rows()
            .map(|row| row.iter().filter(|&&alpha| alpha >= 128).count())
            .sum();
        let share = covered as f32 / (matte.width() * matte.height()) as f32;
        let otherwise = if self.there {
            share < GONE
        } else {
            share >= THERE
        };
        self.against = if otherwise { self.against + 1 } else { 0 };
        if self.against < if self.there { GOING } else { COMING } {
            return None;
        }
        (self.there, self.against) = (!self.there, 0);
        Some(if self.there {
            Change::Entered
        } else {
            Change::Left
        })
    }

    /// Whether a subject is there.
    pub fn is_there(&self) -> bool {
        self.there
    }
}

#[cfg(test)]
#[path = "presence_tests.rs"]
mod tests;
