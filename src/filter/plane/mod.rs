// SPDX-License-Identifier: MPL-2.0

//! The picture that filters work on: one `f32` per pixel, so that no stage quantises what the next
//! one needs.

pub mod bilinear_sample;
pub mod resample;
pub(super) mod shuffle_resize;
pub mod window;
pub(super) mod window3;

use crate::frame::{GrayMut, GrayRef};

/// A single-channel `f32` picture, rows without padding; mattes and luma are in 0 to 1. Made to
/// be kept and reused: [`Plane::resize`] allocates only when the picture grows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plane {
    data: Vec<f32>,
    width: usize,
    height: usize,
}

impl Plane {
    /// A picture of zeros; sides are raised to at least 1.
    pub fn new(width: usize, height: usize) -> Self {
        let mut plane = Self::default();
        plane.resize(width, height);
        plane
    }

    /// Changes the size (sides are raised to at least 1); the content is undefined after a change.
    pub fn resize(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width.max(1), height.max(1));
        self.data.resize(self.width * self.height, 0.0);
    }

    /// Width in pixels; 0 only for a default plane that was never sized.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels; 0 only for a default plane that was never sized.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Row `y`.
    pub fn row(&self, y: usize) -> &[f32] {
        &self.data[y * self.width..][..self.width]
    }

    /// Row `y` to write.
    pub fn row_mut(&mut self, y: usize) -> &mut [f32] {
        &mut self.data[y * self.width..][..self.width]
    }

    /// All values, rows one after the other.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// All values to write, rows one after the other.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// Takes size and content of `other`.
    pub fn copy_from(&mut self, other: &Plane) {
        self.resize(other.width, other.height);
        self.data.copy_from_slice(&other.data);
    }

    /// Takes size and content of a gray picture, 0 to 255 becoming 0 to 1.
    pub fn load(&mut self, image: GrayRef<'_>) {
        self.resize(image.width(), image.height());
        for (row, from) in self.data.chunks_exact_mut(self.width).zip(image.rows()) {
            for (to, &from) in row.iter_mut().zip(from) {
                *to = f32::from(from) * (1.0 / 255.0);
            }
        }
    }

    /// Writes 0 to 1 as 0 to 255, rounded, values outside clamped; the part that both pictures
    /// have is written.
    pub fn store(&self, image: &mut GrayMut<'_>) {
        for y in 0..self.height.min(image.height()) {
            for (to, &from) in image.row_mut(y).iter_mut().zip(self.row(y)) {
                *to = (from * 255.0 + 0.5) as u8;
            }
        }
    }
}

/// Neutral chroma, where colours are 0 to 1.
pub(super) const NEUTRAL: f32 = 128.0 / 255.0;

/// 0 up to the first limit, 1 from the second on, and a line between.
#[inline(always)]
pub(super) fn ramp(value: f32, (from, to): (f32, f32)) -> f32 {
    smaller(larger((value - from) * (1.0 / (to - from)), 0.0), 1.0)
}

/// The larger of two numbers: unlike `f32::max` one instruction.
#[inline(always)]
pub(super) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The smaller of two numbers: unlike `f32::min` one instruction.
#[inline(always)]
pub(super) fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}
