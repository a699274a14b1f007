// SPDX-License-Identifier: MPL-2.0

//! Rows of one video into those of another whose signals mean another light: a video in standard
//! dynamic range behind one in high, or the other way round.
//!
//! The way goes by light, so that diffuse white stays diffuse white and colours stay colours; what
//! is brighter than the target can say becomes its brightest. A sample takes 30 to 40 ns, far more
//! than an affine mix; that is paid once for each frame of a background.

use super::color::{fraction, from_rgb, to_rgb};
use crate::frame::{FrameFormat, Recoder};

/// From weighed sums of the source's components to the target's code values.
#[derive(Debug, Clone)]
pub(super) struct Light {
    /// Red, green and blue of 0 to 1 for the sums, and a constant.
    to_rgb: [[f32; 4]; 3],
    recoder: Recoder,
    /// For each of the target's components: of red, green and blue, and a constant.
    from_rgb: Vec<[f32; 4]>,
    top: f32,
}

impl Light {
    /// Between two formats; none if signals mean the same in both.
    pub fn new(from: FrameFormat, to: FrameFormat) -> Option<Self> {
        let recoder = Recoder::new(from.color, to.color)?;
        let unit = f64::from(1u32 << fraction(from.layout.info().depth));
        let narrow = |row: [f64; 4]| row.map(|v| v as f32);
        let of_sums = to_rgb(from).map(|[a, b, c, one]| [a / unit, b / unit, c / unit, one]);
        Some(Self {
            to_rgb: of_sums.map(narrow),
            recoder,
            from_rgb: from_rgb(to).into_iter().map(narrow).collect(),
            top: ((1u32 << to.layout.info().depth) - 1) as f32,
        })
    }

    /// Writes code values of the target's components (`outputs` are their numbers) for columns of
    /// sums.
    pub fn apply(&self, sums: [&[u16]; 3], outputs: &[usize], codes: &mut [Vec<u16>]) {
        let width = codes.first().map_or(0, Vec::len);
        for x in 0..width {
            let sums = sums.map(|line| f32::from(line[x]));
            let rgb = self.to_rgb.map(|row| dot(&row, sums));
            let rgb = self.recoder.signal(rgb);
            for (output, codes) in outputs.iter().zip(&mut *codes) {
                let value = dot(&self.from_rgb[*output], rgb);
                codes[x] = value.round().clamp(0.0, self.top) as u16;
            }
        }
    }
}

fn dot([a, b, c, one]: &[f32; 4], [x, y, z]: [f32; 3]) -> f32 {
    a * x + b * y + c * z + one
}
