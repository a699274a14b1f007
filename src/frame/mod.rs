// SPDX-License-Identifier: MPL-2.0

//! Pictures in memory: pixel layouts, colorimetry, strided views with checked bounds, and what is
//! read out of a frame (a tensor for the network, a luma guide for the filters).
//!
//! Nothing here knows GStreamer; `crate::video` turns caps and mapped buffers into these types.

mod color;
mod gray;
mod layout;
mod view;

pub use color::{ChromaSite, Colorimetry, Matrix, Range, RgbToYuv, YuvToRgb};
pub use gray::{GrayImage, GrayMut, GrayRef};
pub use layout::{ColorModel, Component, LayoutInfo, PixelLayout, subsampled};
pub use view::{FrameError, FrameMut, FrameRef};
