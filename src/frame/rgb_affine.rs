// SPDX-License-Identifier: MPL-2.0

//! From sums of a layout's components to R, G and B as affine maps.

use super::resample::Affine;
use super::{ColorModel, Colorimetry, FrameFormat, PixelLayout};

/// The affine map from a layout's components, as code values, to R, G, B of 0 to 1: rows R, G, B;
/// columns are the components and the constant.
pub(super) fn codes_to_rgb(layout: PixelLayout, color: Colorimetry) -> [[f64; 4]; 3] {
    let info = layout.info();
    if info.model == ColorModel::Rgb {
        let unit = 1.0 / f64::from(info.top());
        return [
            [unit, 0.0, 0.0, 0.0],
            [0.0, unit, 0.0, 0.0],
            [0.0, 0.0, unit, 0.0],
        ];
    }
    let map = color.yuv_to_rgb(info.depth);
    let components = if info.model == ColorModel::Gray { 1 } else { 3 };
    std::array::from_fn(|row| {
        let mut affine = [0.0; 4];
        for c in 0..components {
            let factor = f64::from(map.m[row][c]);
            affine[c] = factor;
            affine[3] += factor * f64::from(map.offset[c]);
        }
        affine
    })
}

/// The code values of mid gray, `components` in number.
pub(super) fn nothing(format: FrameFormat, components: usize) -> Vec<f32> {
    let info = format.layout.info();
    if info.model == ColorModel::Rgb {
        return vec![f32::from(info.top()) / 2.0; components];
    }
    let map = format.color.rgb_to_yuv(info.depth);
    let code = |row: usize| map.m[row].iter().sum::<f32>() * 0.5 + map.offset[row];
    (0..components).map(code).collect()
}

/// Number of components that colour is made of.
pub(super) fn color_components(layout: PixelLayout) -> usize {
    match layout.info().model {
        ColorModel::Gray => 1,
        ColorModel::Rgb | ColorModel::Yuv => 3,
    }
}

/// `scale * row + bias` on component sums that `sums` turns into code values, between bounds.
pub(super) fn affine(
    row: [f64; 4],
    sums: &[f64],
    (scale, bias): (f32, f32),
    (low, high): (f32, f32),
) -> Affine {
    let scale = f64::from(scale);
    let mut factors = [0.0; 3];
    for (c, sum) in sums.iter().enumerate() {
        factors[c] = (scale * row[c] * sum) as f32;
    }
    Affine {
        factors,
        bias: (scale * row[3] + f64::from(bias)) as f32,
        low,
        high,
    }
}
