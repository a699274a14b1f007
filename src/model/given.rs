// SPDX-License-Identifier: MPL-2.0

//! What a run with fresh outputs gives.

use super::signature::TensorInfo;
use super::tensors::Tensor;

/// What a run with fresh outputs gives.
#[derive(Debug)]
pub(super) struct Given {
    /// All outputs with their true shapes.
    pub outputs: Vec<TensorInfo>,
    /// Those that are tensors, by name.
    pub values: Vec<(String, Tensor)>,
}
