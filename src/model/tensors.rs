// SPDX-License-Identifier: MPL-2.0

//! Tensors in ONNX Runtime's own memory.

use ort::memory::Allocator;
use ort::value::{DynTensor, PrimitiveTensorElementType, TensorElementType};

/// Elements of a tensor that are believed: a picture of 8192x8192 has fewer.
pub(super) const MAX_ELEMENTS: usize = 1 << 28;

/// A zeroed tensor.
pub(super) fn zeros(element: Option<TensorElementType>, shape: &[usize]) -> ort::Result<DynTensor> {
    let element = element.ok_or_else(|| ort::Error::new("not a tensor"))?;
    let count = shape
        .iter()
        .try_fold(1usize, |count, side| count.checked_mul(*side));
    if count.is_none_or(|count| count > MAX_ELEMENTS) {
        return Err(ort::Error::new(format!(
            "a tensor of {shape:?} is larger than {MAX_ELEMENTS} elements"
        )));
    }
    DynTensor::new(&Allocator::default(), element, shape)
}

/// A tensor's values. Empty only if the type were another than the tensor was made with, which
/// makes the sampler fail rather than the process.
pub(super) fn values_mut<T: PrimitiveTensorElementType>(tensor: &mut DynTensor) -> &mut [T] {
    tensor
        .try_extract_tensor_mut::<T>()
        .map_or(&mut [], |(_, values)| values)
}
