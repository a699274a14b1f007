// SPDX-License-Identifier: MPL-2.0

//! The passes that compute a network, whatever the size of the picture.

use super::weights::Weights;

/// Most places in a kernel.
pub(super) const MOST_PLACES: usize = 64;

/// A tensor that passes read and write, by number.
pub(super) type Value = usize;

/// One pass.
#[derive(Debug)]
pub(super) enum Layer {
    /// A convolution, dense or by channel, and what follows it.
    Conv {
        input: Value,
        output: Value,
        /// What is added to the result.
        add: Option<Value>,
        relu: bool,
        conv: Conv,
    },
    /// A bilinear enlargement (half pixel) that is added to `output`, or makes it.
    Resize {
        input: Value,
        output: Value,
        target: Target,
        add: bool,
        relu: bool,
    },
    /// A sum or a product; `b` may have one pixel only.
    Combine {
        a: Value,
        b: Value,
        output: Value,
        product: bool,
        relu: bool,
    },
    Relu {
        input: Value,
        output: Value,
    },
    Sigmoid {
        input: Value,
        output: Value,
    },
    /// The mean of the pixels in a square that are inside of the picture.
    AveragePool {
        input: Value,
        output: Value,
        kernel: usize,
        pad: usize,
    },
    /// The mean of all pixels.
    GlobalPool {
        input: Value,
        output: Value,
    },
    /// One after the other in each pixel.
    Concat {
        inputs: Vec<Value>,
        output: Value,
    },
    /// The network's only channel: of each pixel's channels a square of so many pixels.
    Output {
        input: Value,
        block: usize,
        sigmoid: bool,
    },
}

/// What a convolution is.
#[derive(Debug)]
pub(super) struct Conv {
    /// Each channel has a kernel of its own.
    pub depthwise: bool,
    pub weights: Weights,
    /// Rows and columns.
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    /// Top, left, bottom, right.
    pub pads: [usize; 4],
}

/// How large a [`Layer::Resize`] makes a picture.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// So many times as large.
    Times(usize),
    /// As large as another tensor.
    Like(Value),
}

/// A network as passes.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The passes, in their order.
    pub layers: Vec<Layer>,
    /// Channels of each tensor; 0 is the picture.
    pub channels: Vec<usize>,
}
