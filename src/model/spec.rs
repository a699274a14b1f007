// SPDX-License-Identifier: MPL-2.0

//! The types that the sampler and the network share.

pub use crate::frame::{ChannelOrder, ElementType, Half, TensorLayout, TensorMut, TensorSpec};
