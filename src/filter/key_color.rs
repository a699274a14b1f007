// SPDX-License-Identifier: MPL-2.0

//! The colour of a screen, as it is asked for.

use crate::frame::{Colorimetry, Matrix, Range};

/// The screen's colour, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyColor {
    /// Green or blue, whichever is behind the subject.
    Auto,
    /// About this one, 0xRRGGBB.
    Named(u32),
}

/// Least distance from gray that a colour needs to be a key.
const LEAST_SATURATION: f32 = 0.1;

impl KeyColor {
    /// A colour as a key; none if it is too close to gray.
    pub fn named(rgb: u32) -> Option<Self> {
        let [u, v] = chroma(rgb, Matrix::Bt601);
        (u.hypot(v) >= LEAST_SATURATION).then_some(Self::Named(rgb & 0xff_ffff))
    }
}

/// The colour differences of a colour, 0xRRGGBB, from neutral.
pub(in crate::filter) fn chroma(rgb: u32, matrix: Matrix) -> [f32; 2] {
    let color = Colorimetry {
        matrix,
        range: Range::Full,
        ..Default::default()
    };
    let rows = color.rgb_to_yuv(8).m;
    let [_, red, green, blue] = rgb.to_be_bytes().map(|byte| f32::from(byte) / 255.0);
    [rows[1], rows[2]].map(|m| (m[0] * red + m[1] * green + m[2] * blue) / 255.0)
}
