// SPDX-License-Identifier: MPL-2.0

//! Bilinear samples: the value of a picture between its pixels.

/// A place between pixels, and how to mix those around it; edges extended.
#[derive(Debug, Clone, Copy)]
pub struct BilinearSample {
    top: u32,
    bottom: u32,
    right: u32,
    x: f32,
    y: f32,
}

impl BilinearSample {
    /// The place at these coordinates of a picture of this size.
    #[inline]
    pub fn new((width, height): (usize, usize), (x, y): (f32, f32)) -> Self {
        let x = x.clamp(0.0, (width - 1) as f32);
        let y = y.clamp(0.0, (height - 1) as f32);
        let (left, top) = (x as u32, y as u32);
        let (width, height) = (width as u32, height as u32);
        Self {
            top: top * width + left,
            bottom: (top + 1).min(height - 1) * width + left,
            right: u32::from(left + 1 < width),
            x: x - left as f32,
            y: y - top as f32,
        }
    }

    /// Bilinear value of a picture whose pixels `read` gives by their index.
    #[inline]
    pub fn mix(self, read: impl Fn(usize) -> f32) -> f32 {
        let row = |left: u32| {
            let (a, b) = (read(left as usize), read((left + self.right) as usize));
            a + (b - a) * self.x
        };
        let (upper, lower) = (row(self.top), row(self.bottom));
        upper + (lower - upper) * self.y
    }
}
