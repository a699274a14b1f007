// SPDX-License-Identifier: MPL-2.0

//! Which regions of a matte live: hysteresis, islands and holes, decided per region with a memory.
//!
//! A region is a connected set of pixels at or above `low`. It appears when it reaches `high`
//! somewhere and `min-area`, and then lives, under an identity that it keeps while it overlaps
//! its former self, until it falls below `low` or half of `min-area`. Any number of regions live
//! side by side: a second person or a hand coming in is never dropped for not being the largest.
//! Alpha is gated, not binarised: a living region keeps its soft rim, everything far from one
//! becomes 0.
//!
//! A hole is an enclosed set of pixels below `high`. Holes up to `max-hole` are filled; a filled
//! one opens only well above that area, an open one is filled only well below.

use super::components::{Connectivity, Labelling, leading};
use crate::filter::Plane;
use crate::filter::plane::window::BoxMean;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Pixels of soft rim, below `low`, that a living region keeps.
const RIM: usize = 5;
/// The rim fades where less than this share of the window around a pixel lives, inverted.
const RIM_GAIN: f32 = 16.0;
/// Regions that are followed at a time; the largest matter, and no scene has more.
const MAX_REGIONS: usize = 250;

/// Thresholds of [`Regions::apply`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegionParams {
    /// Matte value (0 to 1) that a region lives by.
    pub low: f32,
    /// Matte value (0 to 1) that a region must reach to appear.
    pub high: f32,
    /// Least area of a region in pixels.
    pub min_area: f32,
    /// Greatest area of a hole in pixels that is filled.
    pub max_hole: f32,
}

/// A living region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LivingRegion {
    /// Identity, never used twice between resets.
    pub id: u32,
    /// Pixels at or above `low`.
    pub area: u32,
}

/// The regions of a stream of mattes.
#[derive(Debug, Default)]
pub struct Regions {
    labelling: Labelling,
    mask: Vec<u8>,
    /// Index into `living` plus 1 per pixel, of the last matte; 0 where nothing lives.
    owners: Vec<u8>,
    /// What became of holes in the last matte.
    holes: Vec<u8>,
    living: Vec<LivingRegion>,
    next: Vec<LivingRegion>,
    overlaps: Vec<u32>,
    strong: Vec<bool>,
    slots: Vec<u8>,
    gate: Plane,
    smooth: Plane,
    mean: BoxMean,
    last_id: u32,
    size: (usize, usize),
}

/// Components that the lists have space for from the start, so that a matte that falls apart for
/// some frames takes no memory. More make them grow.
const ROOM: usize = 256;

const NO_HOLE: u8 = 0;
const FILLED: u8 = 1;
const OPEN: u8 = 2;

impl Regions {
    /// Forgets all regions.
    pub fn reset(&mut self) {
        self.size = (0, 0);
        self.living.clear();
    }

    /// The regions that live in the last matte.
    pub fn living(&self) -> &[LivingRegion] {
        &self.living
    }

    /// The region of each pixel of the last matte: its place in [`Regions::living`] plus 1; 0 where
    /// nothing lives.
    pub fn owners(&self) -> &[u8] {
        &self.owners
    }

    /// Exchanges what holds nothing from one matte to the next.
    pub(in crate::filter) fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.labelling, &mut other.labelling);
        std::mem::swap(&mut self.gate, &mut other.gate);
        std::mem::swap(&mut self.smooth, &mut other.smooth);
        std::mem::swap(&mut self.mean, &mut other.mean);
    }

    /// Gates `matte` (0 to 1) in place.
    pub fn apply(&mut self, level: Level, matte: &mut Plane, params: &RegionParams) {
        self.find(level, matte, params);
        self.gate(level, matte, params, None);
    }

    /// Finds the regions of `matte` (0 to 1) that live.
    pub fn find(&mut self, level: Level, matte: &Plane, params: &RegionParams) {
        if self.size != matte.size() {
            self.reset();
            self.size = matte.size();
            for map in [&mut self.owners, &mut self.holes, &mut self.mask] {
                map.clear();
                map.resize(matte.data().len(), 0);
            }
            for list in [&mut self.living, &mut self.next] {
                list.reserve(MAX_REGIONS);
            }
            self.overlaps.reserve(ROOM);
            self.strong.reserve(ROOM);
            self.slots.reserve(ROOM);
        }
        self.islands(level, matte, params);
    }

    /// Gates the matte whose regions were found, in place: to all of them, or to the pixels that are
    /// not 0 in `shown`.
    pub fn gate(
        &mut self,
        level: Level,
        matte: &mut Plane,
        params: &RegionParams,
        shown: Option<&[u8]>,
    ) {
        self.rim(level, matte, shown);
        self.fill_holes(level, matte, params);
    }

    /// Finds the connected sets of pixels at or above `low`, and decides which of them live.
    fn islands(&mut self, level: Level, matte: &Plane, params: &RegionParams) {
        // Nothing is no part of a region, even where regions live by nothing.
        let least = params.low.max(f32::MIN_POSITIVE);
        dispatch!(level, simd => at_least(simd, matte.data(), least, &mut self.mask));
        self.labelling
            .label(&self.mask, matte.width(), Connectivity::Eight);
        self.compare(matte, params.high);
        self.next.clear();
        self.slots.clear();
        for (c, component) in self.labelling.components().iter().enumerate() {
            let before = self.living.len();
            let lived = self.overlaps[c * before..(c + 1) * before]
                .iter()
                .any(|&n| n > 0);
            let least = params.min_area * if lived { 0.5 } else { 1.0 };
            let lives = (self.strong[c] || lived) && component.area as f32 >= least;
            if !lives || self.next.len() >= MAX_REGIONS {
                self.slots.push(0);
                continue;
            }
            let id = self.former(c).unwrap_or_else(|| {
                self.last_id = self.last_id.wrapping_add(1);
                self.last_id
            });
            let area = component.area;
            self.next.push(LivingRegion { id, area });
            self.slots.push(self.next.len() as u8);
        }
        std::mem::swap(&mut self.living, &mut self.next);
        self.own(matte.width());
    }

    /// Notes which components reach `high`, and what each shares with the last matte's regions.
    fn compare(&mut self, matte: &Plane, high: f32) {
        let (count, before) = (self.labelling.components().len(), self.living.len());
        self.strong.clear();
        self.strong.resize(count, false);
        self.overlaps.clear();
        self.overlaps.resize(count * before, 0);
        for run in self.labelling.runs() {
            let c = run.component as usize;
            let start = run.y as usize * matte.width();
            let range = start + run.start as usize..start + run.end as usize;
            if !self.strong[c] {
                let reaches = |strong, v: &f32| strong | u32::from(*v >= high);
                self.strong[c] = matte.data()[range.clone()].iter().fold(0, reaches) != 0;
            }
            let mut owners = &self.owners[range];
            while let Some(&owner) = owners.first() {
                let count = leading(owners, |other| other == owner);
                if owner > 0 {
                    self.overlaps[c * before + usize::from(owner) - 1] += count as u32;
                }
                owners = &owners[count..];
            }
        }
    }

    /// The identity of the former region that a component shares most with, if no other component
    /// shares more.
    fn former(&self, c: usize) -> Option<u32> {
        let (count, before) = (self.labelling.components().len(), self.living.len());
        let overlaps = &self.overlaps[c * before..(c + 1) * before];
        let shared = (0..before).filter(|&r| overlaps[r] > 0);
        let former = shared.max_by_key(|&r| overlaps[r])?;
        let heir = (0..count).all(|o| {
            let other = self.overlaps[o * before + former];
            o == c || other < overlaps[former] || (other == overlaps[former] && o > c)
        });
        heir.then(|| self.living[former].id)
    }

    /// Writes to each pixel the region that owns it.
    fn own(&mut self, width: usize) {
        self.owners.fill(0);
        for run in self.labelling.runs() {
            let start = run.y as usize * width;
            let slot = self.slots[run.component as usize];
            self.owners[start + run.start as usize..start + run.end as usize].fill(slot);
        }
    }

    /// Multiplies by 1 on living regions, or on what is shown of them, and their rim, falling to 0
    /// beyond.
    fn rim(&mut self, level: Level, matte: &mut Plane, shown: Option<&[u8]>) {
        self.gate.resize(matte.width(), matte.height());
        let owners = shown.unwrap_or(&self.owners);
        dispatch!(level, simd => open(simd, owners, self.gate.data_mut()));
        self.mean.apply(level, &self.gate, RIM, &mut self.smooth);
        let maps = (owners, &self.mask[..]);
        dispatch!(level, simd => gate(simd, maps, self.smooth.data(), matte.data_mut()));
    }

    fn fill_holes(&mut self, level: Level, matte: &mut Plane, params: &RegionParams) {
        let width = matte.width();
        dispatch!(level, simd => below(simd, matte.data(), params.high, &mut self.mask));
        self.labelling.label(&self.mask, width, Connectivity::Four);
        self.slots.clear();
        self.slots
            .resize(self.labelling.components().len(), NO_HOLE);
        for run in self.labelling.runs() {
            let start = run.y as usize * width;
            let before = &self.holes[start + run.start as usize..start + run.end as usize];
            let slot = &mut self.slots[run.component as usize];
            *slot = before.iter().fold(*slot, |most, &hole| most.max(hole));
        }
        for (slot, component) in self.slots.iter_mut().zip(self.labelling.components()) {
            let most = match *slot {
                FILLED => params.max_hole * 1.5,
                OPEN => params.max_hole / 1.5,
                _ => params.max_hole,
            };
            let fill = component.area as f32 <= most;
            *slot = match (component.border, fill) {
                (true, _) => NO_HOLE,
                (false, true) => FILLED,
                (false, false) => OPEN,
            };
        }
        self.holes.fill(NO_HOLE);
        for run in self.labelling.runs() {
            let start = run.y as usize * width;
            let range = start + run.start as usize..start + run.end as usize;
            let slot = self.slots[run.component as usize];
            self.holes[range.clone()].fill(slot);
            if slot == FILLED {
                matte.data_mut()[range].fill(1.0);
            }
        }
    }
}

#[simd]
fn at_least<S: Simd>(_: S, values: &[f32], limit: f32, mask: &mut [u8]) {
    for (mask, value) in mask.iter_mut().zip(values) {
        *mask = u8::from(*value >= limit);
    }
}

#[simd]
fn below<S: Simd>(_: S, values: &[f32], limit: f32, mask: &mut [u8]) {
    for (mask, value) in mask.iter_mut().zip(values) {
        *mask = u8::from(*value < limit);
    }
}

/// 1 where something lives.
#[simd]
fn open<S: Simd>(_: S, owners: &[u8], gate: &mut [f32]) {
    for (gate, owner) in gate.iter_mut().zip(owners) {
        *gate = f32::from(u8::from(*owner > 0));
    }
}

#[simd]
fn gate<S: Simd>(_: S, (owners, mask): (&[u8], &[u8]), smooth: &[f32], matte: &mut [f32]) {
    let count = matte.len();
    let (owners, mask, smooth) = (&owners[..count], &mask[..count], &smooth[..count]);
    for k in 0..count {
        // A dead region inside a living one's rim is still dead.
        let dead = (owners[k] == 0) & (mask[k] != 0);
        let gate = (smooth[k] * RIM_GAIN).min(1.0);
        matte[k] *= if dead { 0.0 } else { gate };
    }
}

#[cfg(test)]
#[path = "hysteresis_tests.rs"]
mod tests;
