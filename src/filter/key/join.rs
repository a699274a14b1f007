// SPDX-License-Identifier: MPL-2.0

//! What network and key say together.
//!
//! The network says where a person can be: outside of that, everything is background, however little
//! it looks like the screen (a garbage matte), and well inside everything is subject, however green
//! (a core), unless it is all screen. Between the two the key says where the edge is.
//!
//! The joint matte is the network's, moved towards the key's: where the key sees less subject, as
//! far as the screen is known there; where it sees more, only where [`super::permit`] finds proof,
//! and where the network itself is unsure or at most a place further on, if what lies there is not
//! the screen and hangs together with what the network is unsure of. What cleaning removed of the
//! network's matte, such as somebody who is not chosen, stays removed.

use crate::filter::Plane;
use crate::filter::plane::{larger, ramp, smaller};
use crate::filter::temporal::weight_after;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Shares of the screen's own strength between which a place is screen even where the network sees a
/// subject: the gap between arm and body that it has overlooked, but no green shirt.
const SCREEN: (f32, f32) = (0.75, 0.9);
/// Shares of the screen's own strength between which a place is not the screen alone.
const BESIDE: (f32, f32) = (0.5, 0.8);
/// The network's newest matte between which it is unsure enough for the key to add subject.
const UNSURE: (f32, f32) = (0.1, 0.2);
/// How far the newest matte may lie above the cleaned and steadied one for the key to add subject:
/// what is further above was taken on purpose.
const REMOVED: (f32, f32) = (0.5, 0.6);
/// The network's matte between which a place counts as its subject.
const SUBJECT: (f32, f32) = (0.3, 0.6);
/// How fast a gap opens and closes, per 1/30 s: where something moves, where it is another one by more
/// than [`ANOTHER`] and where nothing but the screen is seen; and elsewhere.
const FOLLOWS: (f32, f32) = (0.7, 0.1);
const ANOTHER: f32 = 0.5;
/// Change of the picture up to which a place stands still, and how fast the key's means follow what
/// differs by noise there, and elsewhere, per 1/30 s. Between the two something moves.
const UNCHANGED: f32 = 0.25;
const STILL: f32 = 0.015;
const MOVES: f32 = 0.1;
const MOVING: f32 = 0.25;
/// How fast proof is believed, per 1/30 s, if there was none before; it is dropped at once.
const BELIEVED: f32 = 0.25;
/// How fast subject that was added goes again, per 1/30 s, where the picture stands still and the
/// proof remains: the network's newest matte is not as steady as the picture is.
const HELD: f32 = 0.004;

/// The pace from which something moves in a segment, `frames` of 1/30 s after the last frame.
pub(super) fn moves(frames: f32) -> f32 {
    weight_after(MOVES, frames)
}

/// Moves `gap` towards how far each place is screen; `inverse` is 1 over the screen's strength,
/// `trust` how far the key is heard, `change` how far the picture changed in `frames` of 1/30 s.
pub(super) fn gaps(
    level: Level,
    strength: &Plane,
    known: [&Plane; 3],
    frames: f32,
    gap: &mut Plane,
) {
    let paces = [FOLLOWS.0, FOLLOWS.1].map(|pace| weight_after(pace, frames));
    dispatch!(level, simd => gaps_of(simd, strength, known, paces, gap));
}

#[simd]
fn gaps_of<S: Simd>(
    _: S,
    strength: &Plane,
    [inverse, trust, change]: [&Plane; 3],
    [fast, slow]: [f32; 2],
    gap: &mut Plane,
) {
    let known = inverse.data().iter().zip(trust.data()).zip(change.data());
    let places = gap.data_mut().iter_mut().zip(strength.data()).zip(known);
    for ((gap, strength), ((inverse, trust), change)) in places {
        let screen = ramp(strength * inverse, SCREEN);
        let way = screen * trust - *gap;
        let other = *change > UNCHANGED || way.abs() > ANOTHER || screen == 1.0;
        *gap += way * if other { fast } else { slow };
    }
}

/// Writes to `out` how far each place of `matte` is subject to the network.
pub(super) fn subjects(level: Level, matte: &Plane, out: &mut Plane) {
    out.resize(matte.width(), matte.height());
    dispatch!(level, simd => subjects_of(simd, matte, out));
}

#[simd]
fn subjects_of<S: Simd>(_: S, matte: &Plane, out: &mut Plane) {
    for (out, matte) in out.data_mut().iter_mut().zip(matte.data()) {
        *out = ramp(*matte, SUBJECT);
    }
}

/// Writes to `out` how far the network may be unsure of a place where something else than the
/// screen is seen: what [`Terms::find`] has to reach over to the places beside it.
pub(super) fn reaches(
    level: Level,
    newest: &Plane,
    [strength, inverse]: [&Plane; 2],
    out: &mut Plane,
) {
    out.resize(newest.width(), newest.height());
    dispatch!(level, simd => reaches_of(simd, newest, (strength, inverse), out));
}

#[simd]
fn reaches_of<S: Simd>(
    _: S,
    newest: &Plane,
    (strength, inverse): (&Plane, &Plane),
    out: &mut Plane,
) {
    let colors = strength.data().iter().zip(inverse.data());
    let places = newest.data().iter().zip(colors);
    for (out, (newest, (strength, inverse))) in out.data_mut().iter_mut().zip(places) {
        *out = smaller(*newest, 1.0 - ramp(strength * inverse, BESIDE));
    }
}

/// What is known of every place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// The network's matte, and the newest alone.
    pub matte: [&'a Plane; 2],
    /// What [`reaches`] found, the largest of the places around.
    pub reach: &'a Plane,
    /// How much of the screen's colour is seen, and 1 over what the screen has.
    pub colors: [&'a Plane; 2],
    /// Eroded: where it is 1, everything is subject.
    pub core: &'a Plane,
    /// Its subject, dilated: where it is 0, everything is background.
    pub outer: &'a Plane,
    /// How far a gap shows the screen.
    pub gap: &'a Plane,
    /// How far the key is heard.
    pub trust: &'a Plane,
    /// 1 where there is proof that the screen lies behind.
    pub proof: &'a Plane,
    /// How far the picture changed.
    pub change: &'a Plane,
    /// 1 at and next to what cleaning removed.
    pub removed: &'a Plane,
    /// Whether mattes are steadied; nothing is averaged otherwise.
    pub steadies: bool,
}

/// How the joint matte follows from the key's.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// The least and the largest that the key may say.
    pub least: Plane,
    pub most: Plane,
    /// How far it may add subject, and how far it may take some away.
    pub adds: Plane,
    pub takes: Plane,
    /// How fast means follow what differs by noise.
    pub pace: Plane,
    /// Whether proof was asked for before.
    asked: bool,
}

impl Terms {
    /// Forgets what was believed.
    pub fn reset(&mut self) {
        self.asked = false;
    }

    /// Exchanges what holds nothing from one frame to the next.
    pub fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(self, other);
        std::mem::swap(&mut self.asked, &mut other.asked);
        std::mem::swap(&mut self.adds, &mut other.adds);
    }

    /// Finds them, `frames` of 1/30 s after the last ones.
    pub fn find(&mut self, level: Level, known: Known<'_>, frames: f32) {
        let (width, height) = known.core.size();
        self.asked &= self.adds.size() == (width, height);
        self.adds.resize(width, height);
        let believed = match std::mem::replace(&mut self.asked, true) {
            true => BELIEVED * frames,
            false => {
                self.adds.data_mut().fill(0.0);
                1.0
            }
        };
        for plane in [
            &mut self.least,
            &mut self.most,
            &mut self.takes,
            &mut self.pace,
        ] {
            plane.resize(width, height);
        }
        let paces = [STILL, MOVING].map(|pace| match known.steadies {
            true => weight_after(pace, frames),
            false => 1.0,
        });
        let steps = (believed, HELD * frames);
        dispatch!(level, simd => terms(simd, self, known, steps, paces));
    }
}

#[simd]
fn terms<S: Simd>(
    _: S,
    out: &mut Terms,
    known: Known<'_>,
    (step, fall): (f32, f32),
    [still, moving]: [f32; 2],
) {
    let [matte, newest] = known.matte.map(Plane::data);
    let sides = known.core.data().iter().zip(known.outer.data());
    let sides = sides.zip(known.gap.data()).zip(known.trust.data());
    let bounds = out.least.data_mut().iter_mut().zip(out.most.data_mut());
    let bounds = bounds.zip(out.takes.data_mut());
    for (((least, most), takes), (((core, outer), gap), trust)) in bounds.zip(sides) {
        *least = smaller(larger(4.0 * core - 3.0, 0.0), 1.0) * (1.0 - gap);
        *most = larger(smaller(4.0 * outer, 1.0), *least);
        *takes = *trust;
    }
    let [strength, inverse] = known.colors.map(Plane::data);
    let beside = known.reach.data().iter().zip(strength.iter().zip(inverse));
    let allowed = known.proof.data().iter().zip(known.removed.data());
    let unsure = matte.iter().zip(newest).zip(allowed).zip(beside);
    let places = out.adds.data_mut().iter_mut().zip(known.change.data());
    for ((adds, change), (((matte, newest), (proof, removed)), beside)) in places.zip(unsure) {
        let (reach, (strength, inverse)) = beside;
        let other = 1.0 - ramp(strength * inverse, BESIDE);
        let unsure = larger(*newest, smaller(*reach, other));
        let kept = (1.0 - removed) * (1.0 - ramp(newest - matte, REMOVED));
        let allowed = proof * kept;
        let next = smaller(*adds + step, allowed * ramp(unsure, UNSURE));
        let held = smaller(*adds - fall, allowed);
        *adds = if *change > UNCHANGED {
            next
        } else {
            larger(next, held)
        };
    }
    for (pace, change) in out.pace.data_mut().iter_mut().zip(known.change.data()) {
        *pace = if *change > UNCHANGED { moving } else { still };
    }
}

/// The weight of what is heard alone: its product with a difference of bytes fits 16 bits.
pub(super) const WHOLE: u8 = 128;

/// Moves a row of the network's matte towards the key's: up by `adds` of [`WHOLE`], down by `takes`.
#[inline(always)]
pub(super) fn met(key: &[u8], [adds, takes]: [&[u8]; 2], matte: &mut [u8]) {
    let weights = adds.iter().zip(takes);
    for ((matte, key), (adds, takes)) in matte.iter_mut().zip(key).zip(weights) {
        let way = i16::from(*key) - i16::from(*matte);
        let weight = i16::from(if *key > *matte { *adds } else { *takes });
        *matte = (i16::from(*matte) + ((way * weight + 64) >> 7)) as u8;
    }
}

#[cfg(test)]
#[path = "join_tests.rs"]
mod tests;
