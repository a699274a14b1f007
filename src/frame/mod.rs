// SPDX-License-Identifier: MPL-2.0

//! Pictures in memory: pixel layouts, colorimetry, strided views with checked bounds, and what is
//! read out of a frame (a tensor for the network, a luma guide for the filters).
//!
//! Nothing here knows GStreamer; `crate::video` turns caps and mapped buffers into these types.
#![forbid(unsafe_code)]

mod color;
mod curve;
mod error;
mod exposure;
mod format;
mod gray;
mod guide;
#[cfg(test)]
mod guide_tests;
mod layout;
mod layout_info;
mod orientation;
mod packed;
mod part;
mod rectangle;
#[cfg(test)]
pub(crate) mod reference;
mod resample;
mod rgb_affine;
mod sample;
#[cfg(test)]
mod sample_tests;
#[cfg(test)]
mod sample_values_tests;
mod srgb_view;
mod still;
mod tensor;
#[cfg(test)]
mod testing;
mod transfer;
#[cfg(test)]
mod upright_tests;
mod view;

pub use color::{ChromaSite, Colorimetry, Matrix, Primaries, Range, RgbToYuv, Transfer, YuvToRgb};
pub use error::FrameError;
pub use format::FrameFormat;
pub use gray::{GrayImage, GrayMut, GrayRef};
pub use guide::{ChromaScaler, LumaScaler};
pub use layout::PixelLayout;
pub use layout_info::{ColorModel, Component, Field, LayoutInfo, Packing, Word, subsampled};
pub use orientation::{Orientation, View};
pub use packed::Unpacked;
pub use part::shift;
pub use rectangle::Rectangle;
pub use resample::{HALF_MAX, Half, MAX_FRAME_SIDE, MAX_TARGET_SIDE, SampleError};
pub use sample::Sampler;
pub use still::StillDetector;
pub use tensor::{ChannelOrder, ElementType, TensorLayout, TensorMut, TensorSpec};
pub use transfer::{Recoder, WHITE, nits_to_pq, pq_to_nits};
pub use view::{FrameMut, FrameRef};
