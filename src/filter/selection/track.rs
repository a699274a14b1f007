// SPDX-License-Identifier: MPL-2.0

//! One person that is followed: where they are, how they move, what they look like.

use super::histogram::Histogram;

/// Share of its usual area below which somebody in a group counts as hidden, and from which as
/// seen again.
const HIDDEN: (f32, f32) = (0.03, 0.08);
/// Share of it from which somebody in a group is seen well enough to tell where they are.
const WHOLE: f32 = 0.7;
/// What the newest frame counts in the colours, the area and the velocity, per 1/30 s.
const COLORS: f32 = 0.05;
const AREA: f32 = 0.1;
const VELOCITY: f32 = 0.3;
/// How much less area and colours count of somebody who leaves the picture.
const LEAVING: f32 = 0.1;
/// Up to when somebody comes back at once, in units of 1/30 s.
const AT_ONCE: f32 = 45.0;
/// What is left of a velocity after 1/30 s in which nothing was seen.
const COASTING: f32 = 0.97;

/// A rectangle of pixels: the first and the last column and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Extent {
    /// Holds nothing; any place makes it one pixel.
    pub const EMPTY: Self = Self {
        left: usize::MAX,
        top: usize::MAX,
        right: 0,
        bottom: 0,
    };

    /// Takes in a part of a row.
    pub fn take(&mut self, y: usize, start: usize, end: usize) {
        (self.left, self.right) = (self.left.min(start), self.right.max(end - 1));
        (self.top, self.bottom) = (self.top.min(y), self.bottom.max(y));
    }

    /// The same, wider by so many pixels on each side, inside of a plane.
    pub fn widened(self, by: usize, (width, height): (usize, usize)) -> Self {
        Self {
            left: self.left.saturating_sub(by).min(width - 1),
            top: self.top.saturating_sub(by).min(height - 1),
            right: self.right.saturating_add(by).min(width - 1),
            bottom: self.bottom.saturating_add(by).min(height - 1),
        }
    }

    /// Whether a place lies inside.
    pub fn holds(&self, x: usize, y: usize) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// Pixels between two rectangles, along the axis on which they are further apart.
    pub fn gap(&self, other: &Self) -> usize {
        let apart =
            |a: (usize, usize), b: (usize, usize)| a.0.max(b.0).saturating_sub(a.1.min(b.1));
        let across = apart((self.left, self.right), (other.left, other.right));
        across.max(apart((self.top, self.bottom), (other.top, other.bottom)))
    }

    /// Whether one stands above the other, at least in part.
    pub fn shares_columns(&self, other: &Self) -> bool {
        self.left.max(other.left) <= self.right.min(other.right)
    }

    /// The same, moved as little as it takes to hold the middle of another one.
    fn holding(self, other: &Self) -> Self {
        let along = |own: (usize, usize), middle: usize| {
            let by = own.0.saturating_sub(middle) as isize - middle.saturating_sub(own.1) as isize;
            (
                own.0.saturating_add_signed(-by),
                own.1.saturating_add_signed(-by),
            )
        };
        let across = along((self.left, self.right), (other.left + other.right) / 2);
        let down = along((self.top, self.bottom), (other.top + other.bottom) / 2);
        Self {
            left: across.0,
            right: across.1,
            top: down.0,
            bottom: down.1,
        }
    }

    /// The same, moved, inside of a plane.
    fn moved(self, by: (f32, f32), size: (usize, usize)) -> Self {
        let along =
            |at: usize, by: f32, side: usize| ((at as f32 + by).max(0.0) as usize).min(side - 1);
        Self {
            left: along(self.left, by.0, size.0),
            right: along(self.right, by.0, size.0),
            top: along(self.top, by.1, size.1),
            bottom: along(self.bottom, by.1, size.1),
        }
    }
}

/// What a frame shows of somebody.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Pixels.
    pub area: u32,
    /// Sums of their columns and rows.
    pub sum: (f32, f32),
    pub extent: Extent,
}

impl Seen {
    /// Nothing.
    pub const NOTHING: Self = Self {
        area: 0,
        sum: (0.0, 0.0),
        extent: Extent::EMPTY,
    };

    /// Takes in a part of a row.
    pub fn take(&mut self, y: usize, start: usize, end: usize) {
        let count = (end - start) as f32;
        self.area += (end - start) as u32;
        self.sum.0 += (start + end - 1) as f32 * 0.5 * count;
        self.sum.1 += y as f32 * count;
        self.extent.take(y, start, end);
    }

    fn centre(&self) -> (f32, f32) {
        let area = self.area.max(1) as f32;
        (self.sum.0 / area, self.sum.1 / area)
    }
}

/// Somebody who is followed.
#[derive(Debug, Clone)]
pub struct Track {
    /// Identity.
    pub id: u32,
    /// Area when nobody is before them, in pixels.
    pub usual: f32,
    /// Where they are, or would be.
    pub extent: Extent,
    pub centre: (f32, f32),
    /// Pixels per 1/30 s.
    velocity: (f32, f32),
    /// What the velocity has moved them by since the last frame that is no whole pixel.
    rest: (f32, f32),
    /// Whole pixels that they moved by since the last frame, as far as the velocity tells.
    pub shift: (isize, isize),
    pub colors: Histogram,
    /// Units of 1/30 s since they were first seen, and since they were last seen.
    pub age: f32,
    pub unseen: f32,
    /// They share their region with somebody else.
    pub grouped: bool,
    /// They are on their way out of the picture: what is seen of them says little.
    leaving: bool,
    /// In a group, so little of them is seen that it may be anywhere in it.
    pub partial: bool,
    /// The slot of the person that hides them.
    pub behind: Option<usize>,
}

impl Track {
    /// Somebody new.
    pub fn new(id: u32, seen: &Seen, colors: &Histogram) -> Self {
        Self {
            id,
            usual: seen.area as f32,
            extent: seen.extent,
            centre: seen.centre(),
            velocity: (0.0, 0.0),
            rest: (0.0, 0.0),
            shift: (0, 0),
            colors: colors.clone(),
            age: 0.0,
            unseen: 0.0,
            grouped: false,
            partial: false,
            leaving: false,
            behind: None,
        }
    }

    /// Whether anything of them is seen.
    pub fn is_seen(&self) -> bool {
        self.unseen == 0.0
    }

    /// Whether so many pixels are enough to be seen.
    pub fn shows(&self, area: u32) -> bool {
        let least = if self.is_seen() { HIDDEN.0 } else { HIDDEN.1 };
        area > 0 && (!self.grouped || area as f32 >= self.usual * least)
    }

    /// Moves on by `frames` units of 1/30 s, to where they are expected.
    pub fn expect(&mut self, frames: f32, size: (usize, usize)) {
        self.age += frames;
        let moved = (
            self.velocity.0 * frames + self.rest.0,
            self.velocity.1 * frames + self.rest.1,
        );
        let whole = (moved.0.round(), moved.1.round());
        self.rest = (moved.0 - whole.0, moved.1 - whole.1);
        self.shift = (whole.0 as isize, whole.1 as isize);
        self.extent = self.extent.moved(whole, size);
    }

    /// Takes what the frame shows.
    pub fn take(&mut self, seen: &Seen, frames: f32, width: usize) {
        let centre = seen.centre();
        let (before, known) = (self.centre, self.is_seen());
        (self.unseen, self.behind) = (0.0, None);
        self.partial = self.grouped && (seen.area as f32) < self.usual * WHOLE;
        if self.partial {
            // Half hidden people seem to move away from who hides them: they go on as before.
            self.glide();
            self.extent = self.extent.holding(&seen.extent);
            return;
        }
        (self.centre, self.extent) = (centre, seen.extent);
        if known {
            let weight = 1.0 - (1.0 - VELOCITY).powf(frames);
            let along = |v: f32, from: f32, to: f32| v + ((to - from) / frames - v) * weight;
            self.velocity = (
                along(self.velocity.0, before.0, centre.0),
                along(self.velocity.1, before.1, centre.1),
            );
        }
        let (left, right) = (seen.extent.left, seen.extent.right);
        let cut = left == 0 || right + 1 >= width || seen.extent.top == 0;
        self.leaving = cut && (seen.area as f32) < self.usual * WHOLE;
        if !self.grouped {
            let weight = (1.0 - (1.0 - AREA).powf(frames)) * self.trust();
            self.usual += (seen.area as f32 - self.usual) * weight;
        }
    }

    fn glide(&mut self) {
        self.centre.0 += self.shift.0 as f32;
        self.centre.1 += self.shift.1 as f32;
    }

    /// Takes on the colours that the frame shows, of somebody who stands alone.
    pub fn learn(&mut self, colors: &Histogram, frames: f32) {
        // Somebody new is learnt fast: they are still coming into the picture.
        let weight = (1.0 - (1.0 - COLORS).powf(frames)).max(frames / (self.age + frames));
        self.colors.learn(colors, weight.min(1.0) * self.trust());
    }

    /// How far the newest frame is believed.
    fn trust(&self) -> f32 {
        if self.leaving { LEAVING } else { 1.0 }
    }

    /// Whether they were seen a moment ago.
    pub fn is_just_gone(&self) -> bool {
        self.unseen < AT_ONCE
    }

    /// They are out of sight, and nobody knows where.
    pub fn lose(&mut self) {
        (self.unseen, self.behind) = (self.unseen.max(AT_ONCE), None);
        self.grouped = false;
    }

    /// Nothing is seen of them.
    pub fn miss(&mut self, frames: f32) {
        self.unseen += frames;
        self.glide();
        let left = COASTING.powf(frames);
        self.velocity = (self.velocity.0 * left, self.velocity.1 * left);
    }
}
