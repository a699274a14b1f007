// SPDX-License-Identifier: MPL-2.0

//! Rectangles of a frame.

/// A rectangle of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rectangle {
    /// Pixels on its left.
    pub x: usize,
    /// Pixels above it.
    pub y: usize,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
}

impl Rectangle {
    /// Whether it lies within a picture of this size.
    pub fn lies_within(self, (width, height): (usize, usize)) -> bool {
        let ends = |start: usize, length: usize, end: usize| {
            start.checked_add(length).is_some_and(|reach| reach <= end)
        };
        ends(self.x, self.width, width) && ends(self.y, self.height, height)
    }
}
