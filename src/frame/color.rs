// SPDX-License-Identifier: MPL-2.0

//! Colorimetry: how Y, U, V relate to R, G, B.
//!
//! Source: ITU-R BT.601-7, BT.709-6, BT.2020-2 (matrix coefficients, quantisation), SMPTE 240M,
//! FCC 73.682; the same figures as in GStreamer's `video-color`.

/// Matrix coefficients of a YUV picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Matrix {
    /// ITU-R BT.601: standard definition and most webcams.
    #[default]
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
    /// ITU-R BT.2020: ultra high definition.
    Bt2020,
    /// FCC 73.682.
    Fcc,
    /// SMPTE 240M.
    Smpte240m,
}

impl Matrix {
    /// Weights of red and blue in luma, `(kr, kb)`.
    pub const fn weights(self) -> (f32, f32) {
        match self {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
            Matrix::Bt2020 => (0.2627, 0.0593),
            Matrix::Fcc => (0.30, 0.11),
            Matrix::Smpte240m => (0.212, 0.087),
        }
    }
}

/// Which code values carry black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Range {
    /// Luma 16 to 235, chroma 16 to 240 (at 8 bits).
    #[default]
    Limited,
    /// 0 to 255.
    Full,
}

/// Where subsampled chroma samples sit relative to luma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ChromaSite {
    /// Chroma columns sit on even luma columns (MPEG-2, H.264 default); else midway (JPEG).
    pub cosited_x: bool,
    /// Chroma rows sit on even luma rows (DV, top-left of BT.2020); else midway.
    pub cosited_y: bool,
}

/// How signals become light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Transfer {
    /// Standard dynamic range.
    #[default]
    Sdr,
    /// Perceptual quantiser.
    Pq,
    /// Hybrid log-gamma.
    Hlg,
}

/// The colours that red, green and blue are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Primaries {
    /// ITU-R BT.709 and sRGB, and those close to them.
    #[default]
    Bt709,
    /// ITU-R BT.2020.
    Bt2020,
}

/// Colorimetry of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Colorimetry {
    /// Matrix; of no meaning for RGB.
    pub matrix: Matrix,
    /// Range of the code values.
    pub range: Range,
    /// Chroma siting; of no meaning without subsampling.
    pub site: ChromaSite,
    /// How signals become light.
    pub transfer: Transfer,
    /// The colours that red, green and blue are.
    pub primaries: Primaries,
}

/// Affine map from YUV code values to RGB in 0 to 1: `rgb = m * (yuv + offset)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct YuvToRgb {
    /// Rows R, G, B; columns Y, U, V; per code value.
    pub m: [[f32; 3]; 3],
    /// Added to Y, U, V code values first.
    pub offset: [f32; 3],
}

/// Affine map from RGB in 0 to 1 to YUV code values: `yuv = m * rgb + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RgbToYuv {
    /// Rows Y, U, V; columns R, G, B; in code values.
    pub m: [[f32; 3]; 3],
    /// Added last, in code values.
    pub offset: [f32; 3],
}

impl Colorimetry {
    /// Code values of black, of luma's span and of chroma's span at a bit depth:
    /// `(black, luma span, chroma centre, chroma span)`.
    fn quantisation(self, depth: u32) -> (f32, f32, f32, f32) {
        let unit = (1u32 << (depth - 8)) as f32;
        match self.range {
            Range::Limited => (16.0 * unit, 219.0 * unit, 128.0 * unit, 224.0 * unit),
            Range::Full => {
                let top = ((1u32 << depth) - 1) as f32;
                (0.0, top, 128.0 * unit, top)
            }
        }
    }

    /// The map from YUV code values of `depth` bits (8 to 16) to RGB in 0 to 1.
    pub fn yuv_to_rgb(self, depth: u32) -> YuvToRgb {
        let (kr, kb) = self.matrix.weights();
        let kg = 1.0 - kr - kb;
        let (black, luma, centre, chroma) = self.quantisation(depth);
        let y = 1.0 / luma;
        let rv = 2.0 * (1.0 - kr) / chroma;
        let bu = 2.0 * (1.0 - kb) / chroma;
        let gu = -bu * kb / kg;
        let gv = -rv * kr / kg;
        YuvToRgb {
            m: [[y, 0.0, rv], [y, gu, gv], [y, bu, 0.0]],
            offset: [-black, -centre, -centre],
        }
    }

    /// The map from RGB in 0 to 1 to YUV code values of `depth` bits (8 to 16).
    pub fn rgb_to_yuv(self, depth: u32) -> RgbToYuv {
        let (kr, kb) = self.matrix.weights();
        let kg = 1.0 - kr - kb;
        let (black, luma, centre, chroma) = self.quantisation(depth);
        let u = chroma / (2.0 * (1.0 - kb));
        let v = chroma / (2.0 * (1.0 - kr));
        RgbToYuv {
            m: [
                [kr * luma, kg * luma, kb * luma],
                [-kr * u, -kg * u, (1.0 - kb) * u],
                [(1.0 - kr) * v, -kg * v, -kb * v],
            ],
            offset: [black, centre, centre],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_inverse_for_every_matrix_range_and_depth() {
        for matrix in [
            Matrix::Bt601,
            Matrix::Bt709,
            Matrix::Bt2020,
            Matrix::Fcc,
            Matrix::Smpte240m,
        ] {
            for range in [Range::Limited, Range::Full] {
                for depth in [8, 10] {
                    let color = Colorimetry {
                        matrix,
                        range,
                        ..Default::default()
                    };
                    let to = color.rgb_to_yuv(depth);
                    let from = color.yuv_to_rgb(depth);
                    for rgb in [[1.0, 0.0, 0.25], [0.0, 1.0, 0.5], [1.0; 3], [0.0; 3]] {
                        let yuv: [f32; 3] = std::array::from_fn(|i| {
                            to.offset[i] + (0..3).map(|j| to.m[i][j] * rgb[j]).sum::<f32>()
                        });
                        for i in 0..3 {
                            let back: f32 = (0..3)
                                .map(|j| from.m[i][j] * (yuv[j] + from.offset[j]))
                                .sum();
                            assert!((back - rgb[i]).abs() < 1e-4, "{color:?} {rgb:?} {back}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn known_code_values() {
        let white = Colorimetry::default().rgb_to_yuv(8);
        let y: f32 = white.m[0].iter().sum::<f32>() + white.offset[0];
        assert!((y - 235.0).abs() < 1e-3);
        let red = Colorimetry {
            matrix: Matrix::Bt709,
            ..Default::default()
        }
        .rgb_to_yuv(8);
        assert!((red.m[0][0] + red.offset[0] - 62.56).abs() < 0.01);
        assert!((red.m[2][0] + red.offset[2] - 240.0).abs() < 1e-3);
    }
}
