// SPDX-License-Identifier: MPL-2.0

//! Where the key may show more than the network does.
//!
//! The room beside the screen is no screen either, so a key alone takes it for a subject. To add
//! subject therefore needs proof that the screen, and not the room, lies behind a place. A screen is
//! a sheet: who sees it on both sides of a place, in one row or in one column, knows that it lies
//! between them, too. So a place may become more subject only
//!
//! - if the first sure background to the left and to the right of it is screen, or that above and
//!   below;
//! - if no sure background nearby is anything else.
//!
//! Both are asked of the newest picture alone. What was learnt of the screen before has no say, so
//! that a pan, a cut or a change of light leaves nothing behind.

use super::square::Square;
use crate::filter::Plane;
use crate::simd::Level;

/// Distance from other background, in places: more than how far from the subject a place may be, or
/// room between them would not be seen.
const DISTANCE: usize = 6;

/// What a place is in the newest picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// Perhaps subject.
    Subject,
    /// Surely background, and screen.
    Screen,
    /// Surely background, and none.
    Room,
}

/// On which sides of a place the first sure background is screen.
const LEFT: u8 = 1;
const RIGHT: u8 = 2;
const ABOVE: u8 = 4;
const BELOW: u8 = 8;

/// The judge, with its scratch memory.
#[derive(Debug, Default)]
pub(super) struct Permit {
    sides: Vec<u8>,
    above: Vec<bool>,
    room: Plane,
    square: Square,
}

impl Permit {
    /// Writes 1 to `out` where the key may add subject and 0 elsewhere. `ground` has the size of
    /// `out`. What is written holds for all that is interpolated from it: next to a place without
    /// proof is none.
    pub fn find(&mut self, level: Level, ground: &[Ground], out: &mut Plane) {
        let (width, height) = out.size();
        debug_assert_eq!(ground.len(), width * height);
        self.look_around(ground, width);
        self.room.resize(width, height);
        for (room, ground) in self.room.data_mut().iter_mut().zip(ground) {
            *room = f32::from(u8::from(*ground == Ground::Room));
        }
        self.square.raise(level, &mut self.room, DISTANCE);
        let places = ground.iter().zip(&self.sides).zip(self.room.data());
        for (out, ((ground, sides), room)) in out.data_mut().iter_mut().zip(places) {
            let between = |both: u8| sides & both == both;
            let proven = match ground {
                Ground::Screen => true,
                Ground::Subject => between(LEFT | RIGHT) || between(ABOVE | BELOW),
                Ground::Room => false,
            };
            *out = f32::from(u8::from(proven && *room == 0.0));
        }
        self.square.lower(level, out, 1);
    }

    /// Looks from every place in four directions for the first sure background.
    fn look_around(&mut self, ground: &[Ground], width: usize) {
        self.sides.clear();
        self.sides.resize(ground.len(), 0);
        let rows = || ground.chunks_exact(width);
        for (sides, ground) in self.sides.chunks_exact_mut(width).zip(rows()) {
            along(sides.iter_mut().zip(ground), LEFT);
            along(sides.iter_mut().zip(ground).rev(), RIGHT);
        }
        self.above.clear();
        self.above.resize(width, false);
        for (sides, ground) in self.sides.chunks_exact_mut(width).zip(rows()) {
            across((sides, ground), &mut self.above, ABOVE);
        }
        self.above.fill(false);
        for (sides, ground) in self.sides.chunks_exact_mut(width).zip(rows()).rev() {
            across((sides, ground), &mut self.above, BELOW);
        }
    }
}

/// Marks the places of a row that have screen before them.
fn along<'a>(places: impl Iterator<Item = (&'a mut u8, &'a Ground)>, side: u8) {
    let mut screen = false;
    for (sides, ground) in places {
        look(sides, *ground, &mut screen, side);
    }
}

/// Marks the places of a row that have screen in the rows before it.
fn across((sides, ground): (&mut [u8], &[Ground]), screen: &mut [bool], side: u8) {
    for ((sides, ground), screen) in sides.iter_mut().zip(ground).zip(screen) {
        look(sides, *ground, screen, side);
    }
}

fn look(sides: &mut u8, ground: Ground, screen: &mut bool, side: u8) {
    match ground {
        Ground::Subject => *sides |= side * u8::from(*screen),
        _ => *screen = ground == Ground::Screen,
    }
}

#[cfg(test)]
#[path = "permit_tests.rs"]
mod tests;
