// SPDX-License-Identifier: MPL-2.0

//! What can be wrong with a request to sample a frame.

use super::{FrameFormat, MAX_FRAME_SIDE, MAX_TARGET_SIDE};

/// Why a frame cannot be sampled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SampleError {
    /// The frame has no pixels or too many.
    #[error(
        "a frame of {width}x{height} cannot be sampled; its sides must be 1 to {MAX_FRAME_SIDE}"
    )]
    FrameSize {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// The tensor or guide has no samples or too many.
    #[error("cannot sample into {width}x{height}; its sides must be 1 to {MAX_TARGET_SIDE}")]
    TargetSize {
        /// Width in samples.
        width: usize,
        /// Height in samples.
        height: usize,
    },
    /// The frame is not what the sampler was made for.
    #[error(
        "the frame is {found}, but the sampler was made for {expected}; make a new one when caps change"
    )]
    Changed {
        /// What the sampler was made for.
        expected: FrameFormat,
        /// What came.
        found: FrameFormat,
    },
    /// The memory to fill does not have the size of the target.
    #[error("the tensor has {found} elements, but {expected} are needed")]
    TensorSize {
        /// Elements given.
        found: usize,
        /// Elements needed.
        expected: usize,
    },
    /// The memory to fill has another element type than the specification.
    #[error("the tensor holds {found}, but its specification says {expected}")]
    TensorType {
        /// Element type given.
        found: &'static str,
        /// Element type specified.
        expected: &'static str,
    },
    /// The picture to fill does not have the size that the scaler was made for.
    #[error(
        "the picture to fill is {found:?}, but the scaler was made for {expected:?} (width, height)"
    )]
    PictureSize {
        /// Width and height given.
        found: (usize, usize),
        /// Width and height needed.
        expected: (usize, usize),
    },
    /// Scale or bias of a channel are not finite or too large for the element type.
    #[error(
        "channel {channel}: scale {scale} and bias {bias} do not give finite {element} numbers"
    )]
    Normalisation {
        /// Channel of the tensor, from 0.
        channel: usize,
        /// Given scale.
        scale: f32,
        /// Given bias.
        bias: f32,
        /// Element type.
        element: &'static str,
    },
}
