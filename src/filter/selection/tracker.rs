// SPDX-License-Identifier: MPL-2.0

//! Who is who from frame to frame. The regions of a matte are people, parts of people, or several
//! people that touch; this finds out which.
//!
//! Everybody is at home in the region that shares most pixels with where they were. A region that
//! is home to one is theirs; home to several, it is a group and split by colour and place
//! (`group`). Who disappears in a group is behind somebody, and is looked for there. When a group
//! parts, colours say who went where. A region that is nobody's home is a part of somebody near,
//! somebody who comes back and is recognised by colours and place, or somebody new.
//!
//! Source: the states of people and groups are those of McKenna et al. (see `histogram`).

mod identity;

use super::group::{Group, Member, Shared};
use super::histogram::{self, Histogram};
use super::picture::Picture;
use super::track::{Seen, Track};
use crate::filter::regions::components::leading;
use crate::simd::Level;

/// People that are followed at a time, the unseen ones included.
pub const MOST: usize = 12;
/// Regions that the list has space for from the start.
const ROOM: usize = 256;
/// How long somebody is looked for behind another, and when they are forgotten, in units of 1/30 s.
const BEHIND: f32 = 150.0;
const FORGOTTEN: f32 = 1800.0;
/// Who was there for less is looked for no longer than this.
const SHORT: f32 = 90.0;

/// A region of the matte.
#[derive(Debug, Clone)]
struct Blob {
    seen: Seen,
    /// Pixels that it shares with where everybody was.
    overlaps: [u32; MOST],
    /// Whose home it is; a bit for each slot.
    members: u16,
}

/// Follows people.
#[derive(Debug, Default)]
pub struct Tracker {
    tracks: Vec<Option<Track>>,
    /// Slot plus 1 of who owns a pixel: now, and in the frame before.
    labels: Vec<u8>,
    before: Vec<u8>,
    bins: Vec<u16>,
    blobs: Vec<Blob>,
    group: Group,
    fresh: [Histogram; 2],
    /// Identities that turned out to be others, in the last frame.
    renamed: Vec<(u32, u32)>,
    last_id: u32,
    size: (usize, usize),
}

impl Tracker {
    /// Forgets everybody.
    pub fn reset(&mut self) {
        self.tracks.fill(None);
        self.labels.fill(0);
    }

    /// Nobody is where they were.
    pub fn lose(&mut self) {
        for track in self.tracks.iter_mut().flatten() {
            track.lose();
        }
        self.labels.fill(0);
    }

    /// Everybody with their slots.
    pub fn tracks(&self) -> impl Iterator<Item = (usize, &Track)> + Clone {
        let slots = self.tracks.iter().enumerate();
        slots.filter_map(|(slot, track)| Some((slot, track.as_ref()?)))
    }

    /// Slot plus 1 of who owns each pixel.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The label of somebody's pixels.
    pub fn label(&self, id: u32) -> Option<u8> {
        let mut tracks = self.tracks();
        let found = tracks.find(|(_, track)| track.id == id);
        found.map(|(slot, _)| slot as u8 + 1)
    }

    /// Identities that turned out to be others in the last frame: old and new.
    pub fn renamed(&self) -> &[(u32, u32)] {
        &self.renamed
    }

    /// How far everybody's nearest pixel is from a place, in units of `unit` per pixel.
    pub fn distances(&self, at: (f32, f32), unit: (f32, f32)) -> [f32; MOST] {
        let mut nearest = [f32::INFINITY; MOST];
        let width = self.size.0.max(1);
        for (y, row) in self.labels.chunks_exact(width).enumerate() {
            let down = (y as f32 - at.1).abs() * unit.1;
            for (x, label) in row.iter().enumerate().filter(|(_, label)| **label > 0) {
                let across = (x as f32 - at.0).abs() * unit.0;
                let nearest = &mut nearest[usize::from(*label) - 1];
                *nearest = nearest.min(across.hypot(down));
            }
        }
        nearest
    }

    /// How far everybody's centre is from a place, in units of `unit` per pixel.
    pub fn distances_of_centres(&self, at: (f32, f32), unit: (f32, f32)) -> [f32; MOST] {
        let mut distances = [f32::INFINITY; MOST];
        for (slot, track) in self.tracks() {
            let (x, y) = track.centre;
            distances[slot] = ((x - at.0) * unit.0).hypot((y - at.1) * unit.1);
        }
        distances
    }

    /// Takes the next picture, `frames` units of 1/30 s after the last one.
    pub fn follow(&mut self, level: Level, picture: &Picture<'_>, frames: f32) {
        let size = picture.colors.luma.size();
        if self.size != size {
            self.start(level, size);
        }
        self.renamed.clear();
        histogram::number(picture.colors, &mut self.bins);
        for track in self.tracks.iter_mut().flatten() {
            track.expect(frames, size);
        }
        self.measure(picture);
        self.find_homes();
        self.absorb();
        self.part(picture);
        for blob in 0..self.blobs.len() {
            self.adopt(picture, blob);
        }
        self.write_labels(level, picture);
        self.update(frames);
        self.recognise();
        self.forget();
    }

    /// For planes of another size: nobody can be found again.
    fn start(&mut self, level: Level, size: (usize, usize)) {
        self.reset();
        self.group.make_room(level, size);
        self.size = size;
        self.tracks.resize_with(MOST, || None);
        self.renamed.reserve(MOST);
        self.blobs.reserve(ROOM);
        for map in [&mut self.labels, &mut self.before] {
            map.clear();
            map.resize(size.0 * size.1, 0);
        }
    }

    /// Sizes and places of the regions, and what they share with where everybody was.
    fn measure(&mut self, picture: &Picture<'_>) {
        self.blobs.clear();
        let nothing = Blob {
            seen: Seen::NOTHING,
            overlaps: [0; MOST],
            members: 0,
        };
        self.blobs.resize(picture.regions.living().len(), nothing);
        let width = self.size.0;
        let rows = picture.regions.owners().chunks_exact(width);
        for (y, (owners, labels)) in rows.zip(self.labels.chunks_exact(width)).enumerate() {
            let mut x = 0;
            while x < width {
                let (owner, label) = (owners[x], labels[x]);
                let end = x + leading(&owners[x..], |other| other == owner);
                if let Some(blob) = usize::from(owner).checked_sub(1) {
                    let blob = &mut self.blobs[blob];
                    blob.seen.take(y, x, end);
                    let mut rest = &labels[x..end];
                    let mut label = label;
                    while !rest.is_empty() {
                        let count = leading(rest, |other| other == label);
                        if let Some(slot) = usize::from(label).checked_sub(1) {
                            blob.overlaps[slot] += count as u32;
                        }
                        rest = &rest[count..];
                        label = rest.first().copied().unwrap_or(0);
                    }
                }
                x = end;
            }
        }
    }

    /// Everybody is at home where most of them is; who is behind somebody, there.
    fn find_homes(&mut self) {
        let mut homes = [None; MOST];
        for (slot, track) in self.tracks() {
            if track.is_seen() {
                let blobs = self.blobs.iter().enumerate();
                let most = blobs.max_by_key(|(_, blob)| blob.overlaps[slot]);
                let most = most.filter(|(_, blob)| blob.overlaps[slot] > 0);
                // Whose last pixels went out of sight in a group is still in it.
                let nearest = || {
                    let blobs = self.blobs.iter().enumerate();
                    blobs.min_by_key(|(_, blob)| blob.seen.extent.gap(&track.extent))
                };
                let home = most.or_else(|| track.grouped.then(nearest).flatten());
                homes[slot] = home.map(|(index, _)| index);
            }
        }
        for (slot, track) in self.tracks() {
            if let Some(front) = track.behind {
                homes[slot] = homes[front];
            }
        }
        for (slot, home) in homes.iter().enumerate() {
            if let Some(home) = home {
                self.blobs[*home].members |= 1 << slot;
            }
        }
        self.look_for_partial();
    }

    /// Of somebody in a group, a foot may be seen in a region of its own: the rest of them is
    /// looked for where they are expected, in the regions of those they were with.
    fn look_for_partial(&mut self) {
        for slot in 0..self.tracks.len() {
            let Some(track) = self.tracks[slot].as_ref().filter(|track| track.partial) else {
                continue;
            };
            let expected = track.extent;
            for index in 0..self.blobs.len() {
                let blob = &self.blobs[index];
                let with = |other: usize| self.tracks[other].as_ref().is_some_and(|t| t.grouped);
                let shared = slots(blob.members).any(with);
                if shared && blob.seen.extent.gap(&expected) == 0 {
                    self.blobs[index].members |= 1 << slot;
                }
            }
        }
    }

    /// Writes whose each pixel is.
    fn write_labels(&mut self, level: Level, picture: &Picture<'_>) {
        std::mem::swap(&mut self.labels, &mut self.before);
        let label = |blob: &Blob| match blob.members.count_ones() {
            1 => blob.members.trailing_zeros() as u8 + 1,
            _ => 0,
        };
        for (to, owner) in self.labels.iter_mut().zip(picture.regions.owners()) {
            let blob = usize::from(*owner).checked_sub(1);
            *to = blob.map_or(0, |blob| label(&self.blobs[blob]));
        }
        for (index, blob) in self.blobs.iter().enumerate() {
            if blob.members.count_ones() < 2 {
                continue;
            }
            let shared = Shared {
                owners: picture.regions.owners(),
                owner: index as u8 + 1,
                extent: blob.seen.extent,
                bins: &self.bins,
                before: &self.before,
                size: self.size,
            };
            let tracks = &self.tracks;
            let members = slots(blob.members).filter_map(|slot| {
                let track = tracks[slot].as_ref()?;
                Some(Member {
                    label: slot as u8 + 1,
                    colors: &track.colors,
                    extent: track.extent,
                    shift: track.shift,
                })
            });
            self.group.split(level, &shared, members, &mut self.labels);
        }
    }

    /// Moves everybody to where they are seen, and learns what they look like.
    fn update(&mut self, frames: f32) {
        for slot in 0..MOST {
            if let Some(track) = &mut self.tracks[slot] {
                let bit = 1 << slot;
                let shares = |b: &Blob| b.members & bit != 0 && b.members != bit;
                track.grouped = self.blobs.iter().any(shares);
            }
        }
        let mut seen = self.count_labels();
        for index in 0..self.blobs.len() {
            let members = self.blobs[index].members;
            if members.count_ones() > 1 {
                self.hide(members, &mut seen);
            }
        }
        for (slot, seen) in seen.iter().enumerate() {
            let Some(track) = &mut self.tracks[slot] else {
                continue;
            };
            if seen.area == 0 {
                track.miss(frames);
                continue;
            }
            track.take(seen, frames, self.size.0);
            if !track.grouped {
                let label = slot as u8 + 1;
                let [fresh, _] = &mut self.fresh;
                count_colors(&self.labels, label, &self.bins, fresh);
                track.learn(fresh, frames);
            }
        }
    }

    /// What is seen of everybody.
    fn count_labels(&self) -> [Seen; MOST] {
        let mut seen = [Seen::NOTHING; MOST];
        for (y, row) in self.labels.chunks_exact(self.size.0).enumerate() {
            let mut x = 0;
            while x < row.len() {
                let label = row[x];
                let end = x + leading(&row[x..], |other| other == label);
                if let Some(slot) = usize::from(label).checked_sub(1) {
                    seen[slot].take(y, x, end);
                }
                x = end;
            }
        }
        seen
    }

    /// In a group, gives the pixels of those of whom nearly nothing is seen to the largest: they
    /// are behind that one.
    fn hide(&mut self, members: u16, seen: &mut [Seen; MOST]) {
        let Some(front) = slots(members).max_by_key(|slot| seen[*slot].area) else {
            return;
        };
        for slot in slots(members).filter(|slot| *slot != front) {
            let Some(track) = &mut self.tracks[slot] else {
                continue;
            };
            if track.shows(seen[slot].area) {
                continue;
            }
            track.behind = Some(front);
            let (from, to) = (slot as u8 + 1, front as u8 + 1);
            let labels = self.labels.iter_mut().filter(|label| **label == from);
            labels.for_each(|label| *label = to);
            seen[slot] = Seen::NOTHING;
        }
    }

    /// Forgets who was not seen for long, and looks for nobody behind others for ever.
    fn forget(&mut self) {
        for slot in &mut self.tracks {
            let Some(track) = slot else { continue };
            if track.unseen > BEHIND {
                track.behind = None;
            }
            // What was seen for a moment only was a part of somebody, or nothing.
            let fleeting = track.age - track.unseen < SHORT && track.behind.is_none();
            if track.unseen > if fleeting { SHORT } else { FORGOTTEN } {
                *slot = None;
            }
        }
        for slot in 0..MOST {
            let front = self.tracks[slot].as_ref().and_then(|track| track.behind);
            if front.is_some_and(|front| self.tracks[front].is_none())
                && let Some(track) = &mut self.tracks[slot]
            {
                track.behind = None;
            }
        }
    }
}

/// The slots of a set.
fn slots(set: u16) -> impl Iterator<Item = usize> + Clone {
    (0..MOST).filter(move |slot| set & (1 << slot) != 0)
}

/// Counts the colours of the pixels with a mark.
fn count_colors(marks: &[u8], mark: u8, bins: &[u16], histogram: &mut Histogram) {
    histogram.clear();
    let own = marks.iter().zip(bins).filter(|(own, _)| **own == mark);
    own.for_each(|(_, bin)| histogram.count(*bin));
    histogram.normalise();
}
