// SPDX-License-Identifier: MPL-2.0

//! How much a colour has of a screen's: its part along the screen's axis, in the plane of both colour
//! differences.

use crate::blend::cells::Cell;
use crate::blend::geometry::Geometry;
use crate::frame::{ColorModel, Colorimetry, Range as CodeRange};

/// Neutral chroma as a byte.
const NEUTRAL: i32 = 128;
/// 1 in the direction of the screen's colour, and in what a sample takes of the spill.
pub(super) const UNIT: f32 = 128.0;
/// Luma and colour differences of the limited range, as a share of those of the full range.
pub(super) const LIMITED: [f32; 3] = [219.0 / 255.0, 224.0 / 255.0, 224.0 / 255.0];

/// How much a colour has of the screen's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Aim {
    /// The direction of the screen's colour, times [`UNIT`].
    axis: [i32; 2],
    /// How much the screen itself has, in steps of colour differences as bytes of full range.
    pub screen: i32,
    /// What each component of a pixel adds to it, and what all of them lack together.
    components: Cell,
}

impl Aim {
    /// Towards a screen of this colour, in frames of a kind.
    pub fn new(geometry: Geometry, screen: [i8; 2]) -> Self {
        let [u, v] = screen.map(f32::from);
        let length = u.hypot(v).max(1.0);
        let [u, v] = [u / length, v / length];
        let Colorimetry { range, .. } = geometry.color;
        let [from_u, from_v] = match (geometry.layout.info().model, range) {
            (ColorModel::Rgb, _) => {
                let map = full_range(geometry.color).rgb_to_yuv(8).m;
                [map[1], map[2]].map(|row| row.map(|m| m / 255.0))
            }
            (_, CodeRange::Limited) => [[0.0, 1.0 / LIMITED[1], 0.0], [0.0, 0.0, 1.0 / LIMITED[2]]],
            (_, CodeRange::Full) => [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        };
        let [a, b, c]: [f32; 3] = std::array::from_fn(|i| from_u[i] * u + from_v[i] * v);
        Self {
            axis: [u, v].map(|c| (c * UNIT).round() as i32),
            screen: length as i32,
            // Both differences of RGB add up to nothing for gray.
            components: [a, b, c, -(a + b + c) * NEUTRAL as f32],
        }
    }

    /// The strength of colour differences, as bytes of full range.
    #[inline(always)]
    pub fn of(&self, u: u8, v: u8) -> i32 {
        let (u, v) = (i32::from(u) - NEUTRAL, i32::from(v) - NEUTRAL);
        (u * self.axis[0] + v * self.axis[1] + 64) >> 7
    }

    /// The strength of a cell's colour.
    pub fn strength(&self, cell: &Cell) -> f32 {
        let [a, b, c, offset] = self.components;
        a * cell[0] + b * cell[1] + c * cell[2] + offset
    }
}

/// How much of a strength goes, before a screen of this strength.
#[inline(always)]
pub(super) fn removed(strength: i32, screen: i32) -> i32 {
    strength.min(screen - strength).clamp(0, 255)
}

/// The same colours in the full range, in which spill is measured.
pub(super) fn full_range(color: Colorimetry) -> Colorimetry {
    Colorimetry {
        range: CodeRange::Full,
        ..color
    }
}
