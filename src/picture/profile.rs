// SPDX-License-Identifier: MPL-2.0

//! Colours of a picture as its file means them, in sRGB, by `moxcms`.
//!
//! A profile that is broken, or is one of another kind of picture, counts for nothing, as in other
//! viewers. What lies outside of sRGB is clipped.

use super::source::Source;
use image::{DynamicImage, GrayAlphaImage, RgbaImage};
use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace,
    Layout, MatrixCoefficients, ToneReprCurve, TransferCharacteristics, Transform8BitExecutor,
    TransformOptions,
};
use std::sync::Arc;

/// Pixels that are converted at a time.
const CHUNK: usize = 4096;

/// What a file says of its colours.
pub(super) enum Meaning {
    /// Nothing, or sRGB.
    Srgb,
    /// An ICC profile.
    Icc(Box<ColorProfile>),
}

impl Meaning {
    /// What an ICC profile says.
    pub fn of_icc(icc: Option<&[u8]>) -> Self {
        let profile = icc.and_then(|icc| ColorProfile::new_from_slice(icc).ok());
        profile.map_or(Self::Srgb, |profile| Self::Icc(Box::new(profile)))
    }

    /// What code points of H.273 say. Pictures of high dynamic range are taken as they are.
    pub fn of_code_points(primaries: u8, transfer: u8) -> Self {
        let known = CicpColorPrimaries::try_from(primaries)
            .ok()
            .zip(TransferCharacteristics::try_from(transfer).ok());
        let Some((color_primaries, transfer_characteristics)) = known else {
            return Self::Srgb;
        };
        if matches!(
            transfer_characteristics,
            TransferCharacteristics::Smpte2084 | TransferCharacteristics::Hlg
        ) {
            return Self::Srgb;
        }
        let profile = ColorProfile::new_from_cicp(CicpProfile {
            color_primaries,
            transfer_characteristics,
            matrix_coefficients: MatrixCoefficients::Identity,
            full_range: true,
        });
        match profile.red_trc {
            Some(_) => Self::Icc(Box::new(profile)),
            None => Self::Srgb,
        }
    }

    /// What the chunks of a PNG say, the more telling ones first: cICP, iCCP, sRGB, gAMA and cHRM.
    pub fn of_png(source: &Source) -> Self {
        let Ok(reader) = png::Decoder::new(source.reader()).read_info() else {
            return Self::Srgb;
        };
        let info = reader.info();
        if let Some(points) = info.coding_independent_code_points {
            return Self::of_code_points(points.color_primaries, points.transfer_function);
        }
        if info.icc_profile.is_some() || info.srgb.is_some() {
            return Self::of_icc(info.icc_profile.as_deref());
        }
        let Some(gamma) = info.gama_chunk.map(|gamma| gamma.into_value()) else {
            return Self::Srgb;
        };
        // 1/2.2 is how files write sRGB.
        let plain = (gamma - 0.454_55).abs() < 0.005;
        if (plain && info.chrm_chunk.is_none()) || !(0.05..=5.0).contains(&gamma) {
            return Self::Srgb;
        }
        let mut profile = ColorProfile::new_srgb();
        profile.cicp = None;
        if let Some(chrm) = info.chrm_chunk {
            let point = |(x, y): (png::ScaledFloat, png::ScaledFloat)| Chromaticity {
                x: x.into_value(),
                y: y.into_value(),
            };
            let primaries = ColorPrimaries {
                red: point(chrm.red),
                green: point(chrm.green),
                blue: point(chrm.blue),
            };
            let white = point(chrm.white);
            if [white, primaries.red, primaries.green, primaries.blue]
                .iter()
                .any(|point| point.y < 0.001)
            {
                return Self::Srgb;
            }
            profile.update_rgb_colorimetry(white.to_xyyb(), primaries);
        }
        if !plain {
            let curve = ToneReprCurve::Parametric(vec![1.0 / gamma]);
            profile.red_trc = Some(curve.clone());
            profile.green_trc = Some(curve.clone());
            profile.blue_trc = Some(curve);
        }
        Self::Icc(Box::new(profile))
    }

    /// A conversion from pixels of this layout, if one is needed and possible.
    fn transform(&self, space: DataColorSpace, from: Layout) -> Option<Arc<Transform8BitExecutor>> {
        let Self::Icc(profile) = self else {
            return None;
        };
        if profile.color_space != space {
            return None;
        }
        let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
        profile
            .create_transform_8bit(from, &srgb, Layout::Rgba, options)
            .ok()
    }

    /// The conversion for the frames of an animation.
    pub fn converter(&self) -> Option<Converter> {
        self.transform(DataColorSpace::Rgb, Layout::Rgba)
            .map(Converter)
    }

    /// The picture in sRGB.
    pub fn apply(&self, image: DynamicImage) -> RgbaImage {
        if !image.color().has_color()
            && let Some(transform) = self.transform(DataColorSpace::Gray, Layout::GrayAlpha)
        {
            let gray: GrayAlphaImage = image.into_luma_alpha8();
            let mut out = RgbaImage::new(gray.width(), gray.height());
            convert(&*transform, &gray, 2, &mut out);
            return out;
        }
        let mut image = image.into_rgba8();
        if let Some(converter) = self.converter() {
            converter.apply(&mut image);
        }
        image
    }

    /// A picture of inks, 255 for full ink, in sRGB; none if the file has no profile for it.
    pub fn apply_inks(&self, inks: &[u8], width: u32, height: u32) -> Option<RgbaImage> {
        let transform = self.transform(DataColorSpace::Cmyk, Layout::Rgba)?;
        let mut out = RgbaImage::new(width, height);
        convert(&*transform, inks, 4, &mut out);
        for pixel in out.pixels_mut() {
            pixel[3] = 255;
        }
        Some(out)
    }
}

/// Converts RGBA pictures of one profile into sRGB.
pub(super) struct Converter(Arc<Transform8BitExecutor>);

impl Converter {
    /// In place, but for a small part at a time.
    pub fn apply(&self, image: &mut RgbaImage) {
        let mut part = vec![0; 4 * CHUNK];
        for pixels in image.chunks_mut(4 * CHUNK) {
            let part = &mut part[..pixels.len()];
            part.copy_from_slice(pixels);
            // Sizes fit, which is all that can be wrong.
            let _ = self.0.transform(part, pixels);
        }
    }
}

fn convert(transform: &Transform8BitExecutor, from: &[u8], channels: usize, to: &mut RgbaImage) {
    let parts = from.chunks(channels * CHUNK);
    for (from, to) in parts.zip(to.chunks_mut(4 * CHUNK)) {
        // Sizes fit, which is all that can be wrong.
        let _ = transform.transform(from, to);
    }
}
