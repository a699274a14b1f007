// SPDX-License-Identifier: MPL-2.0

//! A frame at a tensor's size as it would be in sRGB: what networks know.
//!
//! For frames in high dynamic range and in BT.2020's colours. Signals become light, light gets
//! sRGB's primaries and, where the scene was shot dim, an [`Exposure`], and becomes an sRGB signal;
//! what is brighter than diffuse white is white. All of it happens after scaling, on a few ten
//! thousand pixels.

use super::exposure::Exposure;
use super::resample::{Affine, Resampler};
use super::rgb_affine::{affine, codes_to_rgb, color_components};
use super::transfer::{Encoder, Rgb, ToSrgbLight};
use super::{Colorimetry, FrameFormat, FrameRef, Primaries, SampleError, Transfer};

/// Brings frames of one format to sRGB.
#[derive(Debug)]
pub(super) struct SrgbView {
    components: usize,
    to_rgb: [Affine; 3],
    to_light: ToSrgbLight,
    to_signal: Encoder,
    /// None in standard dynamic range, where the camera has exposed.
    exposure: Option<Exposure>,
    pixels: Vec<Rgb>,
}

impl SrgbView {
    /// For frames of `format` that `resampler` scales to so many pixels; none if their signals are
    /// sRGB's as they are.
    pub fn new(format: FrameFormat, resampler: &Resampler, pixels: usize) -> Option<Self> {
        let color = format.color;
        if (color.transfer, color.primaries) == (Transfer::Sdr, Primaries::Bt709) {
            return None;
        }
        let rows = codes_to_rgb(format.layout, color);
        Some(Self {
            components: color_components(format.layout),
            to_rgb: rows.map(|row| affine(row, resampler.scales(), (1.0, 0.0), (0.0, 1.0))),
            to_light: ToSrgbLight::new(color),
            to_signal: Encoder::new(Colorimetry::default()),
            exposure: (color.transfer != Transfer::Sdr).then(Exposure::default),
            pixels: vec![[0.0; 3]; pixels],
        })
    }

    /// Another scene begins.
    pub fn forget(&mut self) {
        if self.exposure.is_some() {
            self.exposure = Some(Exposure::default());
        }
    }

    /// Takes a frame in.
    ///
    /// # Errors
    /// [`SampleError::Changed`] if the frame is not of the resampler's format.
    pub fn look(
        &mut self,
        resampler: &mut Resampler,
        frame: &FrameRef<'_>,
    ) -> Result<(), SampleError> {
        match self.components {
            1 => self.light_from::<1>(resampler, frame)?,
            _ => self.light_from::<3>(resampler, frame)?,
        }
        let gain = match &mut self.exposure {
            Some(exposure) => {
                let luminance = |light: &Rgb| Primaries::Bt709.luminance(*light);
                exposure.gain(self.pixels.iter().map(luminance))
            }
            None => 1.0,
        };
        for pixel in &mut self.pixels {
            *pixel = self.to_signal.signal(pixel.map(|light| light * gain));
        }
        Ok(())
    }

    /// The colours of the frame that was taken in last, row by row, 0 to 1.
    pub fn pixels(&self) -> impl Iterator<Item = &Rgb> {
        self.pixels.iter()
    }

    fn light_from<const N: usize>(
        &mut self,
        resampler: &mut Resampler,
        frame: &FrameRef<'_>,
    ) -> Result<(), SampleError> {
        let Self {
            to_rgb,
            to_light,
            pixels,
            ..
        } = self;
        resampler.run::<N>(frame, |y, rows| {
            let width = rows[0].len();
            for (x, pixel) in pixels[y * width..][..width].iter_mut().enumerate() {
                *pixel = to_light.light(to_rgb.each_ref().map(|affine| affine.apply(x, rows)));
            }
        })
    }
}
