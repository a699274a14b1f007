// SPDX-License-Identifier: MPL-2.0

//! What a tensor that a network takes looks like.

use super::SampleError;
use super::resample::{HALF_MAX, Half};

/// Order of a tensor's axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TensorLayout {
    /// Planes: channel, row, column (a batch of 1 before them makes no difference).
    #[default]
    Nchw,
    /// Pixels: row, column, channel.
    Nhwc,
}

/// The channels of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ChannelOrder {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red.
    Bgr,
}

/// Type of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ElementType {
    /// 32-bit float.
    #[default]
    F32,
    /// 16-bit float, as bits.
    F16,
    /// Unsigned byte; values are rounded and clamped to 0 to 255.
    U8,
}

impl ElementType {
    /// Name for messages.
    pub const fn name(self) -> &'static str {
        match self {
            ElementType::F32 => "f32",
            ElementType::F16 => "f16",
            ElementType::U8 => "u8",
        }
    }
}

/// What a network wants to be fed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TensorSpec {
    /// Columns, 1 to [`super::MAX_TARGET_SIDE`].
    pub width: usize,
    /// Rows, 1 to [`super::MAX_TARGET_SIDE`].
    pub height: usize,
    /// Order of the axes.
    pub layout: TensorLayout,
    /// Order of the three channels.
    pub order: ChannelOrder,
    /// Element type.
    pub element: ElementType,
    /// Factor `a` of each channel, in the tensor's channel order: the tensor holds `a * x + b`
    /// for a colour value `x` of 0 to 1.
    pub scale: [f32; 3],
    /// Offset `b` of each channel, in the tensor's channel order.
    pub bias: [f32; 3],
}

impl TensorSpec {
    /// A planar RGB f32 tensor of values 0 to 1.
    pub const fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            layout: TensorLayout::Nchw,
            order: ChannelOrder::Rgb,
            element: ElementType::F32,
            scale: [1.0; 3],
            bias: [0.0; 3],
        }
    }

    /// The same with channel `c` normalised to `(x - mean[c]) / std[c]` for `x` of 0 to 1.
    pub fn with_mean_std(mut self, mean: [f32; 3], std: [f32; 3]) -> Self {
        self.scale = std.map(|s| 1.0 / s);
        self.bias = std::array::from_fn(|c| -mean[c] / std[c]);
        self
    }

    /// Number of elements: three a pixel.
    pub const fn elements(&self) -> usize {
        3 * self.width * self.height
    }

    /// Bounds of channel `c`'s values.
    pub(super) fn bounds(&self, c: usize) -> (f32, f32) {
        let (black, white) = (self.bias[c], self.scale[c] + self.bias[c]);
        let (low, high) = (black.min(white), black.max(white));
        match self.element {
            ElementType::U8 => (low.clamp(0.0, 255.0), high.clamp(0.0, 255.0)),
            ElementType::F32 | ElementType::F16 => (low, high),
        }
    }

    pub(super) fn check(&self) -> Result<(), SampleError> {
        let top = match self.element {
            ElementType::F16 => HALF_MAX,
            ElementType::F32 | ElementType::U8 => LARGEST,
        };
        for channel in 0..3 {
            let (scale, bias) = (self.scale[channel], self.bias[channel]);
            // A NaN compares false and is refused, too.
            let fits = |x: f32| x.abs() <= top;
            if !(scale.is_finite() && fits(bias) && fits(scale + bias)) {
                return Err(SampleError::Normalisation {
                    channel,
                    scale,
                    bias,
                    element: self.element.name(),
                });
            }
        }
        Ok(())
    }
}

/// The largest black or white of a tensor. Colour matrix, code values and normalisation become one
/// factor, which must be finite, too.
const LARGEST: f32 = 1e30;

/// Memory of a tensor to fill.
#[derive(Debug)]
pub enum TensorMut<'a> {
    /// 32-bit floats.
    F32(&'a mut [f32]),
    /// 16-bit floats, as bits.
    F16(&'a mut [Half]),
    /// Bytes.
    U8(&'a mut [u8]),
}

impl TensorMut<'_> {
    pub(super) fn element(&self) -> ElementType {
        match self {
            TensorMut::F32(_) => ElementType::F32,
            TensorMut::F16(_) => ElementType::F16,
            TensorMut::U8(_) => ElementType::U8,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            TensorMut::F32(data) => data.len(),
            TensorMut::F16(data) => data.len(),
            TensorMut::U8(data) => data.len(),
        }
    }
}
