// SPDX-License-Identifier: MPL-2.0

//! What code values mean as light: transfer functions, primaries, and where white lies.
//!
//! Light is linear red, green and blue, and 1 is diffuse white: the white of a picture in sRGB, and
//! 203 cd/m² in high dynamic range (ITU-R BT.2408-7, table 1), which is 75 % of a signal in HLG and
//! 58 % in PQ.
//!
//! - PQ: SMPTE ST 2084, ITU-R BT.2100-2 table 4; absolute, up to 10,000 cd/m².
//! - HLG: ARIB STD-B67, BT.2100-2 table 5; shown on the reference display of 1,000 cd/m², whose system gamma
//!   is 1.2.
//! - SDR: whatever the caps call it (BT.601, BT.709, BT.2020, sRGB), it is shown as sRGB is (IEC 61966-2-1):
//!   pictures and videos of this kind have always been laid over each other code by code.
//! - Primaries: BT.709 and sRGB, and BT.2020; the matrices are those of ITU-R BT.2087-0, with more digits.
//!   Other primaries are close enough to BT.709's to be taken for them.

use super::color::{Colorimetry, Primaries, Transfer};
use super::curve::{Spread, Uniform};
use std::sync::LazyLock;

/// Diffuse white of high dynamic range, cd/m².
pub const WHITE: f64 = 203.0;
/// The brightest that PQ can say, cd/m².
const PQ_PEAK: f64 = 10_000.0;
/// The brightest of HLG's reference display, cd/m².
const HLG_PEAK: f64 = 1_000.0;
/// Its system gamma.
const HLG_GAMMA: f64 = 1.2;

/// Light of an sRGB signal, both 0 to 1.
fn srgb_to_light(signal: f64) -> f64 {
    match signal {
        s if s <= 0.04045 => s / 12.92,
        s => ((s + 0.055) / 1.055).powf(2.4),
    }
}

/// The sRGB signal of a light, both 0 to 1.
fn light_to_srgb(light: f64) -> f64 {
    match light {
        l if l <= 0.003_130_8 => l * 12.92,
        l => 1.055 * l.powf(1.0 / 2.4) - 0.055,
    }
}

/// PQ's constants m1, m2, c1, c2, c3.
const PQ: [f64; 5] = [
    2610.0 / 16384.0,
    2523.0 / 4096.0 * 128.0,
    3424.0 / 4096.0,
    2413.0 / 4096.0 * 32.0,
    2392.0 / 4096.0 * 32.0,
];

/// The light of a PQ signal of 0 to 1, cd/m².
pub fn pq_to_nits(signal: f64) -> f64 {
    let [m1, m2, c1, c2, c3] = PQ;
    let power = signal.max(0.0).powf(1.0 / m2);
    PQ_PEAK * ((power - c1).max(0.0) / (c2 - c3 * power)).powf(1.0 / m1)
}

/// The PQ signal of a light in cd/m².
pub fn nits_to_pq(nits: f64) -> f64 {
    let [m1, m2, c1, c2, c3] = PQ;
    let power = (nits / PQ_PEAK).clamp(0.0, 1.0).powf(m1);
    ((c1 + c2 * power) / (1.0 + c3 * power)).powf(m2)
}

/// HLG's constants a, b, c.
const HLG: [f64; 3] = [0.178_832_77, 0.284_668_92, 0.559_910_73];

/// The HLG signal of light in the scene, both 0 to 1.
fn scene_to_hlg(scene: f64) -> f64 {
    let [a, b, c] = HLG;
    match scene {
        e if e <= 1.0 / 12.0 => (3.0 * e.max(0.0)).sqrt(),
        e => a * (12.0 * e - b).ln() + c,
    }
}

/// The light in the scene of an HLG signal, both 0 to 1.
fn hlg_to_scene(signal: f64) -> f64 {
    let [a, b, c] = HLG;
    match signal {
        s if s <= 0.5 => s * s / 3.0,
        s => (((s - c) / a).exp() + b) / 12.0,
    }
}

// The functions above at the speed of a look into a table.
static SRGB_LIGHT: LazyLock<Uniform> = LazyLock::new(|| Uniform::new(srgb_to_light));
static PQ_LIGHT: LazyLock<Uniform> = LazyLock::new(|| Uniform::new(|s| pq_to_nits(s) / WHITE));
static HLG_SCENE: LazyLock<Uniform> = LazyLock::new(|| Uniform::new(hlg_to_scene));
static LIGHT_SRGB: LazyLock<Spread> = LazyLock::new(|| Spread::new(|l| light_to_srgb(l.min(1.0))));
static LIGHT_PQ: LazyLock<Spread> = LazyLock::new(|| Spread::new(|l| nits_to_pq(l * WHITE)));
static SCENE_HLG: LazyLock<Spread> = LazyLock::new(|| Spread::new(|e| scene_to_hlg(e.min(1.0))));
/// What the reference display multiplies the scene by for a scene's luminance: a share of diffuse
/// white.
static HLG_SHOWN: LazyLock<Spread> =
    LazyLock::new(|| Spread::new(|y| y.powf(HLG_GAMMA - 1.0) * HLG_PEAK / WHITE));
/// What a light is to be multiplied by to become the scene, for its luminance.
static HLG_UNSHOWN: LazyLock<Spread> = LazyLock::new(|| {
    let share = WHITE / HLG_PEAK;
    Spread::new(move |y| (y * share).powf(1.0 / HLG_GAMMA - 1.0) * share)
});

/// Red, green and blue.
pub type Rgb = [f32; 3];

type Matrix3 = [[f32; 3]; 3];

/// Luminance's weights in BT.709 and BT.2020.
const LUMINANCE: [Rgb; 2] = [[0.2126, 0.7152, 0.0722], [0.2627, 0.6780, 0.0593]];

const TO_BT2020: Matrix3 = [
    [0.627_403_9, 0.329_283_04, 0.043_313_066],
    [0.069_097_29, 0.919_540_4, 0.011_362_316],
    [0.016_391_44, 0.088_013_31, 0.895_595_25],
];

const TO_BT709: Matrix3 = [
    [1.660_491, -0.587_641_1, -0.072_849_86],
    [-0.124_550_48, 1.132_899_9, -0.008_349_423],
    [-0.018_150_763, -0.100_578_9, 1.118_729_7],
];

fn weighted(weights: &Rgb, rgb: Rgb) -> f32 {
    weights.iter().zip(rgb).map(|(w, v)| w * v).sum()
}

impl Primaries {
    /// Relative luminance of light.
    pub fn luminance(self, light: Rgb) -> f32 {
        weighted(&LUMINANCE[self as usize], light)
    }

    /// The map of light from these primaries to others; none if they are the same.
    fn to(self, other: Self) -> Option<&'static Matrix3> {
        match (self, other) {
            (Self::Bt709, Self::Bt2020) => Some(&TO_BT2020),
            (Self::Bt2020, Self::Bt709) => Some(&TO_BT709),
            _ => None,
        }
    }
}

/// Signals into light.
#[derive(Debug, Clone, Copy)]
pub struct Decoder {
    curve: &'static Uniform,
    /// For HLG, which is the light of the scene.
    shown: Option<(&'static Spread, Primaries)>,
}

impl Decoder {
    /// For signals of a colorimetry.
    pub fn new(color: Colorimetry) -> Self {
        let (curve, shown) = match color.transfer {
            Transfer::Sdr => (&*SRGB_LIGHT, None),
            Transfer::Pq => (&*PQ_LIGHT, None),
            Transfer::Hlg => (&*HLG_SCENE, Some((&*HLG_SHOWN, color.primaries))),
        };
        Self { curve, shown }
    }

    /// The light of a signal; what lies outside of 0 to 1 counts as 0 or 1.
    #[inline]
    pub fn light(&self, signal: Rgb) -> Rgb {
        let rgb = signal.map(|s| self.curve.at(s));
        let Some((shown, primaries)) = self.shown else {
            return rgb;
        };
        let factor = shown.at(primaries.luminance(rgb));
        rgb.map(|v| v * factor)
    }
}

/// Light into signals.
#[derive(Debug, Clone, Copy)]
pub struct Encoder {
    curve: &'static Spread,
    unshown: Option<(&'static Spread, Primaries)>,
}

impl Encoder {
    /// For signals of a colorimetry.
    pub fn new(color: Colorimetry) -> Self {
        let (curve, unshown) = match color.transfer {
            Transfer::Sdr => (&*LIGHT_SRGB, None),
            Transfer::Pq => (&*LIGHT_PQ, None),
            Transfer::Hlg => (&*SCENE_HLG, Some((&*HLG_UNSHOWN, color.primaries))),
        };
        Self { curve, unshown }
    }

    /// The signal of a light, 0 to 1. What is brighter than the signal can say is its brightest,
    /// and light below 0 is none.
    #[inline]
    pub fn signal(&self, light: Rgb) -> Rgb {
        let mut light = light.map(|v| v.max(0.0));
        if let Some((unshown, primaries)) = self.unshown {
            let factor = unshown.at(primaries.luminance(light));
            light = light.map(|v| v * factor);
        }
        light.map(|v| self.curve.at_from_zero(v))
    }
}

/// Signals of one colorimetry into those of another that show the same: diffuse white stays diffuse
/// white.
#[derive(Debug, Clone, Copy)]
pub struct Recoder {
    decoder: Decoder,
    matrix: Option<&'static Matrix3>,
    encoder: Encoder,
}

impl Recoder {
    /// Between two colorimetries; none if signals mean the same in both.
    pub fn new(from: Colorimetry, to: Colorimetry) -> Option<Self> {
        if (from.transfer, from.primaries) == (to.transfer, to.primaries) {
            return None;
        }
        Some(Self {
            decoder: Decoder::new(from),
            matrix: from.primaries.to(to.primaries),
            encoder: Encoder::new(to),
        })
    }

    /// From sRGB.
    pub fn from_srgb(to: Colorimetry) -> Option<Self> {
        Self::new(Colorimetry::default(), to)
    }

    /// The signal in the other colorimetry.
    #[inline]
    pub fn signal(&self, signal: Rgb) -> Rgb {
        self.encoder
            .signal(convert(self.matrix, self.decoder.light(signal)))
    }
}

/// Light in other primaries.
#[inline]
fn convert(matrix: Option<&Matrix3>, light: Rgb) -> Rgb {
    match matrix {
        Some(matrix) => matrix.each_ref().map(|row| weighted(row, light)),
        None => light,
    }
}

/// Light of a video in the primaries of sRGB.
#[derive(Debug, Clone, Copy)]
pub struct ToSrgbLight {
    decoder: Decoder,
    matrix: Option<&'static Matrix3>,
}

impl ToSrgbLight {
    /// For signals of a colorimetry.
    pub fn new(color: Colorimetry) -> Self {
        Self {
            decoder: Decoder::new(color),
            matrix: color.primaries.to(Primaries::Bt709),
        }
    }

    /// The light of a signal; below 0 where the colour lies outside of sRGB's.
    #[inline]
    pub fn light(&self, signal: Rgb) -> Rgb {
        convert(self.matrix, self.decoder.light(signal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(transfer: Transfer, primaries: Primaries) -> Colorimetry {
        Colorimetry {
            transfer,
            primaries,
            ..Default::default()
        }
    }

    const PQ2020: (Transfer, Primaries) = (Transfer::Pq, Primaries::Bt2020);
    const HLG2020: (Transfer, Primaries) = (Transfer::Hlg, Primaries::Bt2020);

    #[test]
    fn pq_has_the_published_values() {
        // BT.2408-7, table 1 (diffuse white 58 %), and ST 2084's own ends.
        assert!((nits_to_pq(203.0) - 0.5807).abs() < 1e-4);
        assert!((nits_to_pq(100.0) - 0.5081).abs() < 1e-4);
        assert!((nits_to_pq(10_000.0) - 1.0).abs() < 1e-12);
        assert!(nits_to_pq(0.0) < 1e-6);
        for nits in [0.005, 1.0, 44.0, 203.0, 1_000.0, 4_000.0] {
            assert!((pq_to_nits(nits_to_pq(nits)) / nits - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn hlg_has_the_published_values() {
        assert!((scene_to_hlg(1.0 / 12.0) - 0.5).abs() < 1e-7);
        assert!((scene_to_hlg(1.0) - 1.0).abs() < 1e-6);
        for scene in [0.0, 0.01, 0.05, 0.0834, 0.265, 0.9] {
            assert!((hlg_to_scene(scene_to_hlg(scene)) - scene).abs() < 1e-7);
        }
        // BT.2408-7: diffuse white of 203 cd/m² is 75 % of the signal.
        let white = Encoder::new(color(HLG2020.0, HLG2020.1)).signal([1.0; 3]);
        assert!(white.iter().all(|v| (v - 0.75).abs() < 1e-3), "{white:?}");
    }

    #[test]
    fn srgb_has_the_published_values() {
        assert!((srgb_to_light(128.0 / 255.0) - 0.21586).abs() < 1e-5);
        assert!((srgb_to_light(1.0) - 1.0).abs() < 1e-12);
        for light in [0.0, 0.002, 0.0031308, 0.2, 1.0] {
            assert!((srgb_to_light(light_to_srgb(light)) - light).abs() < 1e-7);
        }
    }

    #[test]
    fn white_is_203_and_mid_gray_44_candelas() {
        for (gray, nits) in [(255u8, 203.0), (128, 43.8), (0, 0.0)] {
            let signal = [f32::from(gray) / 255.0; 3];
            for (transfer, primaries) in [PQ2020, HLG2020] {
                let to = color(transfer, primaries);
                let recoder = Recoder::from_srgb(to).expect("they differ");
                let shown = Decoder::new(to).light(recoder.signal(signal));
                for light in shown {
                    let found = f64::from(light) * WHITE;
                    assert!((found - nits).abs() < 0.2, "{transfer:?} {gray}: {found}");
                }
            }
        }
    }

    #[test]
    fn there_and_back_is_the_same_colour() {
        let colors = [
            [1.0, 0.0, 0.0],
            [0.1, 0.9, 0.3],
            [0.02, 0.01, 0.7],
            [0.5; 3],
        ];
        let sdr2020 = (Transfer::Sdr, Primaries::Bt2020);
        for (transfer, primaries) in [PQ2020, HLG2020, sdr2020, (Transfer::Pq, Primaries::Bt709)] {
            let other = color(transfer, primaries);
            let there = Recoder::from_srgb(other).expect("they differ");
            let back = Recoder::new(other, Colorimetry::default()).expect("they differ");
            for rgb in colors {
                let found = back.signal(there.signal(rgb));
                for (a, b) in found.iter().zip(rgb) {
                    assert!((a - b).abs() < 2e-3, "{other:?}: {rgb:?} {found:?}");
                }
            }
            assert!(Recoder::new(other, other).is_none());
        }
    }

    #[test]
    fn the_matrices_are_inverse_and_keep_white() {
        for row in TO_BT2020.iter().chain(&TO_BT709) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
        for i in 0..3 {
            let unit: Rgb = std::array::from_fn(|c| f32::from(u8::from(c == i)));
            let same = convert(Some(&TO_BT709), convert(Some(&TO_BT2020), unit));
            for (a, b) in same.iter().zip(unit) {
                assert!((a - b).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn highlights_are_white_and_nothing_is_no_number() {
        let pq = color(PQ2020.0, PQ2020.1);
        let to_sdr = Recoder::new(pq, Colorimetry::default()).expect("they differ");
        let bright = [nits_to_pq(4_000.0) as f32; 3];
        assert!(to_sdr.signal(bright).iter().all(|v| (v - 1.0).abs() < 1e-5));
        let to_hlg = Recoder::new(pq, color(HLG2020.0, HLG2020.1)).expect("they differ");
        for wild in [[-1.0, 2.0, 0.5], [0.0; 3], [1.0; 3]] {
            for recoder in [&to_sdr, &to_hlg] {
                let found = recoder.signal(wild);
                assert!(found.iter().all(|v| (0.0..=1.001).contains(v)), "{found:?}");
            }
        }
    }
}
