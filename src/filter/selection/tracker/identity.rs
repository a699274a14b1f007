// SPDX-License-Identifier: MPL-2.0

//! Who somebody is: parts of people, people who come back, and people who leave a group.

use super::{MOST, Tracker, count_colors, slots};
use crate::filter::selection::histogram::{BINS, Histogram};
use crate::filter::selection::picture::Picture;
use crate::filter::selection::track::{Seen, Track};

/// Share of somebody's area below which a region may be a part of them.
const SMALL: f32 = 0.25;
/// How far a part may be from them, as a share of the plane's height: a new one, one that was
/// theirs before, and a large one that was.
const NEAR: (f32, f32, f32) = (0.08, 0.2, 0.1);
/// Share of a part's pixels whose colours must occur on them, and what counts as that.
const ALIKE: f32 = 0.6;
const OCCURS: f32 = 0.004;
/// How long somebody counts as new, in units of 1/30 s.
const YOUNG: f32 = 90.0;
/// Units of 1/30 s from which on somebody new is compared with those who are gone.
const SETTLED: f32 = 6.0;
/// How alike somebody who comes back must be: at once and near where they went, and anywhere.
const RECOGNISED: (f32, f32) = (0.6, 0.82);
/// What is near, as a share of the plane's height.
const THERE: f32 = 0.15;
/// How much more alike two must be the other way round when a group parts.
const MARGIN: f32 = 0.05;

impl Tracker {
    /// Somebody new and small who joins somebody of the same colours, or somebody who is new
    /// themselves, is a part of them: a hand that came into the picture before the arm.
    pub(super) fn absorb(&mut self) {
        for index in 0..self.blobs.len() {
            let members = self.blobs[index].members;
            let area_of_both = self.blobs[index].seen.area as f32;
            let area = |slot: &usize| self.tracks[*slot].as_ref().map_or(0.0, |t| t.usual);
            let Some(largest) = slots(members).max_by(|a, b| area(a).total_cmp(&area(b))) else {
                continue;
            };
            for slot in slots(members).filter(|slot| *slot != largest) {
                let (Some(whole), Some(part)) = (&self.tracks[largest], &self.tracks[slot]) else {
                    continue;
                };
                let small = part.usual < area_of_both * SMALL && part.age < YOUNG;
                if small && (whole.age < YOUNG || covers(&whole.colors, &part.colors)) {
                    self.renamed.push((part.id, whole.id));
                    self.tracks[slot] = None;
                    self.blobs[index].members &= !(1 << slot);
                }
            }
        }
    }

    /// When two leave a group, each goes where their colours are.
    pub(super) fn part(&mut self, picture: &Picture<'_>) {
        for first in 0..MOST {
            for second in first + 1..MOST {
                let Some((a, b)) = self.leave_group(first).zip(self.leave_group(second)) else {
                    continue;
                };
                let [one, other] = &mut self.fresh;
                count_colors(picture.regions.owners(), a as u8 + 1, &self.bins, one);
                count_colors(picture.regions.owners(), b as u8 + 1, &self.bins, other);
                let (Some(p), Some(q)) = (&self.tracks[first], &self.tracks[second]) else {
                    continue;
                };
                let straight = p.colors.likeness(one) + q.colors.likeness(other);
                let crossed = p.colors.likeness(other) + q.colors.likeness(one);
                if crossed > straight + MARGIN {
                    self.blobs[a].members = 1 << second;
                    self.blobs[b].members = 1 << first;
                }
            }
        }
    }

    /// The region that is somebody's alone who was in a group in the frame before.
    fn leave_group(&self, slot: usize) -> Option<usize> {
        let track = self.tracks[slot].as_ref()?;
        let alone = |members: u16| members == 1 << slot;
        let region = self.blobs.iter().position(|blob| alone(blob.members));
        region.filter(|_| track.grouped && track.is_seen())
    }

    /// Finds out whose a region is that is nobody's home.
    pub(super) fn adopt(&mut self, picture: &Picture<'_>, index: usize) {
        let (seen, overlaps) = (self.blobs[index].seen, self.blobs[index].overlaps);
        if self.blobs[index].members != 0 || seen.area == 0 {
            return;
        }
        let [fresh, _] = &mut self.fresh;
        count_colors(picture.regions.owners(), index as u8 + 1, &self.bins, fresh);
        let found = match overlaps.iter().any(|shared| *shared > 0) {
            true => self.part_of(&seen, &overlaps),
            false => self
                .returned(&seen)
                .or_else(|| self.part_of(&seen, &overlaps)),
        };
        let slot = found.or_else(|| {
            let slot = self.free_slot()?;
            self.last_id = self.last_id.wrapping_add(1);
            self.tracks[slot] = Some(Track::new(self.last_id, &seen, &self.fresh[0]));
            Some(slot)
        });
        self.blobs[index].members = slot.map_or(0, |slot| 1 << slot);
    }

    /// Whose part a region is, if it is one: of those that fit, who stands above or below it, then
    /// who had it before, then who is near.
    fn part_of(&self, seen: &Seen, overlaps: &[u32; MOST]) -> Option<usize> {
        let there = self.tracks().filter(|(_, track)| track.is_seen());
        let whole = there.filter(|(slot, track)| self.is_part(seen, track, overlaps[*slot] > 0));
        let rank = |(slot, track): &(usize, &Track)| {
            let far = track.extent.gap(&seen.extent);
            let stacked = track.extent.shares_columns(&seen.extent);
            (stacked, overlaps[*slot], std::cmp::Reverse(far))
        };
        whole.max_by_key(rank).map(|(slot, _)| slot)
    }

    /// Whether a region is a part of somebody.
    fn is_part(&self, seen: &Seen, track: &Track, before: bool) -> bool {
        let gap = track.extent.gap(&seen.extent) as f32 / self.size.1 as f32;
        let small = (seen.area as f32) < track.usual * SMALL;
        let alike = || covers(&track.colors, &self.fresh[0]);
        match before {
            true => {
                let close = small || track.extent.shares_columns(&seen.extent);
                (close && gap <= NEAR.1) || (gap <= NEAR.2 && alike())
            }
            false => small && gap <= NEAR.0 && alike(),
        }
    }

    /// Who comes back with a region, by place and colours.
    fn returned(&self, seen: &Seen) -> Option<usize> {
        let gone = self.tracks().filter(|(_, track)| !track.is_seen());
        let known = gone.filter_map(|(slot, track)| {
            let gap = track.extent.gap(&seen.extent) as f32 / self.size.1 as f32;
            let near = track.is_just_gone() && gap <= THERE;
            let least = if near { RECOGNISED.0 } else { RECOGNISED.1 };
            let likeness = track.colors.likeness(&self.fresh[0]);
            (likeness >= least).then_some((slot, likeness))
        });
        let best = known.max_by(|a, b| a.1.total_cmp(&b.1));
        best.map(|(slot, _)| slot)
    }

    /// A slot for somebody new: an empty one, or that of who was not seen for longest.
    fn free_slot(&self) -> Option<usize> {
        let empty = self.tracks.iter().position(Option::is_none);
        empty.or_else(|| {
            let gone = self.tracks().filter(|(_, track)| !track.is_seen());
            let longest = gone.max_by(|a, b| a.1.unseen.total_cmp(&b.1.unseen));
            longest.map(|(slot, _)| slot)
        })
    }

    /// Somebody new comes into the picture bit by bit: they may turn out to be somebody who was
    /// here before.
    pub(super) fn recognise(&mut self) {
        for slot in 0..MOST {
            let Some(new) = &self.tracks[slot] else {
                continue;
            };
            if !new.is_seen() || new.grouped || !(SETTLED..YOUNG).contains(&new.age) {
                continue;
            }
            let gone = self
                .tracks()
                .filter(|(_, t)| !t.is_seen() && t.behind.is_none());
            let alike = gone.map(|(slot, t)| (slot, t.colors.likeness(&new.colors)));
            let alike = alike.filter(|(_, likeness)| *likeness >= RECOGNISED.1);
            let Some((former, _)) = alike.max_by(|a, b| a.1.total_cmp(&b.1)) else {
                continue;
            };
            if let Some(former) = self.tracks[former].take()
                && let Some(new) = &mut self.tracks[slot]
            {
                self.renamed.push((new.id, former.id));
                (new.id, new.age) = (former.id, former.age + new.age);
            }
        }
    }
}

/// Whether most of a part's colours occur on somebody.
fn covers(whole: &Histogram, part: &Histogram) -> bool {
    let common = (0..BINS as u16).filter(|bin| whole.share(*bin) >= OCCURS);
    common.map(|bin| part.share(bin)).sum::<f32>() >= ALIKE
}
