// SPDX-License-Identifier: MPL-2.0

//! The input that takes the picture.

use ort::value::TensorElementType;

use super::super::description::Fourth;
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
    /// Number of channels: 1, 3 or 4.
    pub channels: usize,
    /// What a fourth channel gets.
    pub fourth: Option<Fourth>,
    /// The tensor's sides before the picture's three: 1, or the number of pictures in a batch, of
    /// which the first one is the frame.
    pub leading: Vec<usize>,
    /// What its size comes from.
    pub size: InputSize,
}

impl PictureInput {
    /// How many pictures the network takes at once.
    pub fn batch(&self) -> usize {
        self.leading.iter().product()
    }

    /// The tensor's sides.
    pub fn shape(&self) -> Vec<usize> {
        let (c, h, w) = (self.channels, self.spec.height, self.spec.width);
        let mut shape = self.leading.clone();
        shape.extend(match self.spec.layout {
            TensorLayout::Nchw => [c, h, w],
            TensorLayout::Nhwc => [h, w, c],
        });
        shape
    }
}
