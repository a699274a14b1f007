// SPDX-License-Identifier: MPL-2.0

//! A frame straight into a network's input tensor: scaling, colour conversion, normalisation,
//! channel order and memory layout in one pass, from any pixel layout.
//!
//! Scaling averages the true area under each tensor sample if the frame is larger and interpolates
//! linearly (half-pixel centres) if it is smaller, for each axis and component on its own, so
//! subsampled chroma is never blown up first. Colour conversion is linear, so it is done after
//! scaling, where it costs next to nothing, and folded with the normalisation into one 3x4 matrix.
//! What a frame's own alpha lets nobody see, the network does not see either: mid gray stands
//! there, so that a person under alpha 0 is none. That is cheaper than to judge the matte by alpha
//! afterwards, which would count half-transparent people twice, and one component more is all that
//! it takes; the mix is made after resampling, a tensor's few samples instead of the frame's many.
//! RGB layouts are taken as full range whatever the caps say. Networks are made for sRGB: videos in
//! high dynamic range and in BT.2020's colours are brought there after scaling, see
//! [`super::srgb_view`].

use super::resample::{Affine, Element, Resampler, write_packed, write_plane};
use super::rgb_affine::{affine, codes_to_rgb, color_components, nothing};
use super::srgb_view::SrgbView;
use super::{
    ChannelOrder, FrameFormat, FrameRef, Orientation, SampleError, TensorLayout, TensorMut,
    TensorSpec,
};
use crate::simd::Level;
use fearless_simd::dispatch;

/// Fills tensors of one specification from frames of one format. Owns its scratch memory: nothing
/// is allocated while sampling.
///
/// Results are within 2e-6 of the exact ones in units of the colour range (5e-5 if thousands of
/// samples make one), before rounding to `f16` or `u8`. Every SIMD level gives the same bits.
///
/// ```
/// use gstmatte::frame::{Colorimetry, FrameFormat, FrameRef, PixelLayout, Sampler, TensorMut, TensorSpec};
///
/// let gray = [128u8; 6];
/// let frame = FrameRef::new(PixelLayout::Rgb, Colorimetry::default(), 2, 1, &[(&gray, 6)])?;
/// let spec = TensorSpec::new(1, 1);
/// let mut tensor = vec![0.0; spec.elements()];
/// let mut sampler = Sampler::new(FrameFormat::from(&frame), &spec, gstmatte::simd::level())?;
/// sampler.sample(&frame, TensorMut::F32(&mut tensor))?;
/// assert!((tensor[0] - 128.0 / 255.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sampler {
    resampler: Resampler,
    spec: TensorSpec,
    affines: [Affine; 3],
    /// If colours are not sRGB's.
    view: Option<SrgbView>,
    /// What makes a frame upright, as the tensor is to hold it.
    orientation: Orientation,
    /// A row of the stored picture at the tensor's size; empty if nothing is turned.
    row: Vec<f32>,
}

impl Sampler {
    /// Plans the sampling of frames of `format` into tensors of `spec`.
    ///
    /// # Errors
    /// [`SampleError`] if either has no pixels or too many, or if the normalisation leaves
    /// the element type's range (for `f32` and bytes, 1e30).
    pub fn new(format: FrameFormat, spec: &TensorSpec, level: Level) -> Result<Self, SampleError> {
        Self::upright(format, spec, Orientation::Rotate0, level)
    }

    /// The same with frames turned upright: `spec` is the tensor of the upright picture. Frames
    /// are scaled as they are stored, and turned at the tensor's size.
    ///
    /// # Errors
    /// As [`Sampler::new`].
    pub fn upright(
        format: FrameFormat,
        spec: &TensorSpec,
        orientation: Orientation,
        level: Level,
    ) -> Result<Self, SampleError> {
        spec.check()?;
        let components = color_components(format.layout);
        let gray = nothing(format, components);
        let size = orientation.size((spec.width, spec.height));
        let resampler = Resampler::of_what_is_seen(format, &gray, size, level)?;
        let rgb = codes_to_rgb(format.layout, format.color);
        let affines = std::array::from_fn(|c| {
            let row = match spec.order {
                ChannelOrder::Rgb => rgb[c],
                ChannelOrder::Bgr => rgb[2 - c],
            };
            let normalise = (spec.scale[c], spec.bias[c]);
            affine(row, resampler.scales(), normalise, spec.bounds(c))
        });
        Ok(Self {
            view: SrgbView::new(format, &resampler, spec.width * spec.height),
            resampler,
            spec: *spec,
            affines,
            orientation,
            row: match orientation.is_identity() {
                true => Vec::new(),
                false => vec![0.0; size.0],
            },
        })
    }

    /// What the tensor is.
    pub fn spec(&self) -> &TensorSpec {
        &self.spec
    }

    /// What the frames are.
    pub fn format(&self) -> FrameFormat {
        self.resampler.format()
    }

    /// Fills `out` from `frame`. Colours beyond 0 to 1, as YUV can hold them, are clamped.
    ///
    /// # Errors
    /// [`SampleError`] if the frame is not of the sampler's format or `out` not of its
    /// specification; `out` is then untouched.
    pub fn sample(&mut self, frame: &FrameRef<'_>, out: TensorMut<'_>) -> Result<(), SampleError> {
        let (found, expected) = (out.element(), self.spec.element);
        if found != expected {
            return Err(SampleError::TensorType {
                found: found.name(),
                expected: expected.name(),
            });
        }
        let (found, expected) = (out.len(), self.spec.elements());
        if found != expected {
            return Err(SampleError::TensorSize { found, expected });
        }
        match out {
            TensorMut::F32(data) => self.fill(frame, data),
            TensorMut::F16(data) => self.fill(frame, data),
            TensorMut::U8(data) => self.fill(frame, data),
        }
    }

    /// Time starts over, or another scene begins: how bright the frames before were is of no use.
    pub fn forget(&mut self) {
        if let Some(view) = &mut self.view {
            view.forget();
        }
    }

    fn fill<T: Element>(&mut self, frame: &FrameRef<'_>, out: &mut [T]) -> Result<(), SampleError> {
        if let Some(view) = &mut self.view {
            view.look(&mut self.resampler, frame)?;
            write_srgb(view, &self.spec, self.orientation, out);
            return Ok(());
        }
        match (color_components(self.format().layout), self.row.is_empty()) {
            (1, true) => self.fill_from::<T, 1>(frame, out),
            (_, true) => self.fill_from::<T, 3>(frame, out),
            (1, false) => self.fill_turned::<T, 1>(frame, out),
            (_, false) => self.fill_turned::<T, 3>(frame, out),
        }
    }

    /// Each row of the stored picture becomes a row or a column of the tensor, in either direction.
    fn fill_turned<T: Element, const N: usize>(
        &mut self,
        frame: &FrameRef<'_>,
        out: &mut [T],
    ) -> Result<(), SampleError> {
        let TensorSpec { width, height, .. } = self.spec;
        let (affines, level, row) = (&self.affines, self.resampler.level(), &mut self.row);
        let (back, size) = (
            self.orientation.inverse(),
            self.orientation.size((width, height)),
        );
        let (pixel, channel) = match self.spec.layout {
            TensorLayout::Nchw => (1, width * height),
            TensorLayout::Nhwc => (3, 1),
        };
        let place = |u: usize, v: usize| {
            let (x, y) = back.stored((u, v), size);
            (y * width + x) * pixel
        };
        self.resampler.run::<N>(frame, |v, rows| {
            let first = place(0, v);
            let step = place(1.min(size.0 - 1), v) as isize - first as isize;
            for (c, affine) in affines.iter().enumerate() {
                let (line, mut at) = (&mut row[..], c * channel + first);
                dispatch!(level, simd => write_plane(simd, rows, affine, line));
                for value in row.iter() {
                    out[at] = T::encode(*value);
                    at = at.wrapping_add_signed(step);
                }
            }
        })
    }

    fn fill_from<T: Element, const N: usize>(
        &mut self,
        frame: &FrameRef<'_>,
        out: &mut [T],
    ) -> Result<(), SampleError> {
        let TensorSpec { width, height, .. } = self.spec;
        let (affines, level) = (&self.affines, self.resampler.level());
        match self.spec.layout {
            TensorLayout::Nchw => self.resampler.run::<N>(frame, |y, rows| {
                for (c, affine) in affines.iter().enumerate() {
                    let out = &mut out[(c * height + y) * width..][..width];
                    dispatch!(level, simd => write_plane(simd, rows, affine, out));
                }
            }),
            TensorLayout::Nhwc => self.resampler.run::<N>(frame, |y, rows| {
                let out = &mut out[3 * y * width..][..3 * width];
                dispatch!(level, simd => write_packed(simd, rows, affines, out));
            }),
        }
    }
}

/// Writes sRGB's colours as a tensor wants them.
fn write_srgb<T: Element>(
    view: &SrgbView,
    spec: &TensorSpec,
    orientation: Orientation,
    out: &mut [T],
) {
    let pixels = spec.width * spec.height;
    let (back, size) = (
        orientation.inverse(),
        orientation.size((spec.width, spec.height)),
    );
    let upright = |index: usize| match orientation.is_identity() {
        true => index,
        false => {
            let (x, y) = back.stored((index % size.0, index / size.0), size);
            y * spec.width + x
        }
    };
    for c in 0..3 {
        let (scale, bias, (low, high)) = (spec.scale[c], spec.bias[c], spec.bounds(c));
        let component = match spec.order {
            ChannelOrder::Rgb => c,
            ChannelOrder::Bgr => 2 - c,
        };
        let (first, step) = match spec.layout {
            TensorLayout::Nchw => (c * pixels, 1),
            TensorLayout::Nhwc => (c, 3),
        };
        for (index, rgb) in view.pixels().enumerate() {
            let value = (scale * rgb[component] + bias).clamp(low, high);
            out[first + step * upright(index)] = T::encode(value);
        }
    }
}
