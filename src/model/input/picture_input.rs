// SPDX-License-Identifier: MPL-2.0

//! The input that takes the picture.

use ort::value::TensorElementType;

use super::InputSize;
use crate::frame::{TensorLayout, TensorSpec};

/// The input that takes the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureInput {
    /// Its name.
    pub name: String,
    /// What the sampler fills it with.
    pub spec: TensorSpec,
    /// The model's own element type.
    pub element: TensorElementType,
    /// Number of channels, 1 or 3.
    pub channels: usize,
    /// Number of the tensor's sides before the picture's three; each is 1.
    pub leading: usize,
    /// What its size comes from.
    pub size: InputSize,
}

impl PictureInput {
    /// The tensor's sides.
    pub fn shape(&self) -> Vec<usize> {
        let (c, h, w) = (self.channels, self.spec.height, self.spec.width);
        let mut shape = vec![1; self.leading];
        shape.extend(match self.spec.layout {
            TensorLayout::Nchw => [c, h, w],
            TensorLayout::Nhwc => [h, w, c],
        });
        shape
    }
}
