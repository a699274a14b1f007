// SPDX-License-Identifier: MPL-2.0

//! The result of an edge fit: the matte as a linear function of the guide.

use crate::filter::Plane;

/// Luma is shifted by this before squares are summed: it keeps variances accurate in `f32`.
pub(crate) const MIDDLE: f32 = 0.5;

/// A matte as a linear function of the guide's luma at every place of a low resolution grid:
/// `q = a I + b`, matte and luma in 0 to 1.
#[derive(Debug, Default)]
pub struct Coefficients {
    /// Slope: matte per luma.
    pub a: Plane,
    /// Offset.
    pub b: Plane,
}

impl Coefficients {
    /// Both planes take this size; the content is undefined after a change.
    pub fn resize(&mut self, width: usize, height: usize) {
        self.a.resize(width, height);
        self.b.resize(width, height);
    }

    /// What the coefficients make of a guide on their own grid, 0 to 1 and a little steeper, so
    /// that what is nearly 0 or 1 becomes so.
    pub(crate) fn evaluate(&self, guide: &Plane, out: &mut Plane) {
        const STEEPER: f32 = 1.05;
        out.resize(guide.width(), guide.height());
        let coefficients = self.a.data().iter().zip(self.b.data());
        let values = out.data_mut().iter_mut().zip(guide.data());
        for ((q, i), (a, b)) in values.zip(coefficients) {
            *q = ((a * i + b - 0.5) * STEEPER + 0.5).clamp(0.0, 1.0);
        }
    }

    /// The matte itself, whatever the guide is: slope 0.
    pub fn without_guide(&mut self, matte: &Plane) {
        self.a.resize(matte.width(), matte.height());
        self.a.data_mut().fill(0.0);
        self.b.copy_from(matte);
    }
}
