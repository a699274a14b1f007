// SPDX-License-Identifier: MPL-2.0

//! Tensors in the memory of the engine that runs the network.

use std::any::Any;

use ort::memory::Allocator;
use ort::value::{DynTensor, PrimitiveTensorElementType, TensorElementType as E};

use super::engine::{EngineError, EngineKind};

/// Elements of a tensor that are believed: a picture of 8192x8192 has fewer.
pub(super) const MAX_ELEMENTS: usize = 1 << 28;

/// A tensor that an engine reads or writes.
#[derive(Debug)]
pub(super) enum Tensor {
    /// In ONNX Runtime's own memory.
    OnnxRuntime(DynTensor),
    /// In ours, for the embedded engine.
    Plain(PlainTensor),
}

/// A tensor in plain memory.
#[derive(Debug)]
pub(super) struct PlainTensor {
    element: E,
    shape: Vec<usize>,
    /// A `Vec` of the element's Rust type.
    values: Box<dyn Any + Send>,
}

impl PlainTensor {
    fn zeros(element: E, shape: &[usize], count: usize) -> Result<Self, EngineError> {
        let values: Box<dyn Any + Send> = match element {
            E::Float32 => Box::new(vec![0.0f32; count]),
            E::Int32 => Box::new(vec![0i32; count]),
            E::Int8 => Box::new(vec![0i8; count]),
            E::Uint8 => Box::new(vec![0u8; count]),
            _ => {
                let problem = format!("tensors of {element} are not supported");
                return Err(EngineError::new(EngineKind::Embedded, problem));
            }
        };
        Ok(Self {
            element,
            shape: shape.to_vec(),
            values,
        })
    }

    /// The sides.
    #[cfg(feature = "embedded")]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values; none if they are of another type.
    pub fn values<T: 'static>(&self) -> Option<&[T]> {
        self.values.downcast_ref::<Vec<T>>().map(Vec::as_slice)
    }

    /// The values; none if they are of another type.
    pub fn values_mut<T: 'static>(&mut self) -> Option<&mut [T]> {
        let values = self.values.downcast_mut::<Vec<T>>();
        values.map(Vec::as_mut_slice)
    }
}

impl Tensor {
    /// A zeroed tensor for an engine.
    ///
    /// # Errors
    /// It is no tensor of numbers, it is too large, or the engine has none of this type.
    pub fn zeros(
        engine: EngineKind,
        element: Option<E>,
        shape: &[usize],
    ) -> Result<Self, EngineError> {
        let error = |problem: String| EngineError::new(engine, problem);
        let element = element.ok_or_else(|| error("not a tensor".into()))?;
        let count = shape
            .iter()
            .try_fold(1usize, |count, side| count.checked_mul(*side));
        let count = count.filter(|count| *count <= MAX_ELEMENTS);
        let count = count.ok_or_else(|| {
            error(format!(
                "a tensor of {shape:?} is larger than {MAX_ELEMENTS} elements"
            ))
        })?;
        Ok(match engine {
            EngineKind::OnnxRuntime => {
                Self::OnnxRuntime(DynTensor::new(&Allocator::default(), element, shape)?)
            }
            EngineKind::Embedded => Self::Plain(PlainTensor::zeros(element, shape, count)?),
        })
    }

    /// The tensor as ONNX Runtime has it.
    ///
    /// # Errors
    /// It is another engine's.
    pub fn of_onnxruntime(&self) -> Result<&DynTensor, EngineError> {
        match self {
            Self::OnnxRuntime(tensor) => Ok(tensor),
            Self::Plain(_) => Err(foreign()),
        }
    }

    /// As [`Tensor::of_onnxruntime`], to be written.
    ///
    /// # Errors
    /// It is another engine's.
    pub fn of_onnxruntime_mut(&mut self) -> Result<&mut DynTensor, EngineError> {
        match self {
            Self::OnnxRuntime(tensor) => Ok(tensor),
            Self::Plain(_) => Err(foreign()),
        }
    }

    /// The type of its elements.
    pub fn element(&self) -> E {
        match self {
            Self::OnnxRuntime(tensor) => *tensor.data_type(),
            Self::Plain(tensor) => tensor.element,
        }
    }

    /// The sides.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::OnnxRuntime(tensor) => tensor.shape().iter().map(|side| *side as usize).collect(),
            Self::Plain(tensor) => tensor.shape.clone(),
        }
    }

    /// The values. Empty only if the type were another than the tensor was made with, which makes
    /// decoding fail rather than the process.
    pub fn values<T: PrimitiveTensorElementType + 'static>(&self) -> &[T] {
        match self {
            Self::OnnxRuntime(tensor) => tensor
                .try_extract_tensor::<T>()
                .map_or(&[], |(_, values)| values),
            Self::Plain(tensor) => tensor.values().unwrap_or_default(),
        }
    }

    /// The values, to be written. Empty as those of [`Tensor::values`], which makes the sampler
    /// fail.
    pub fn values_mut<T: PrimitiveTensorElementType + 'static>(&mut self) -> &mut [T] {
        match self {
            Self::OnnxRuntime(tensor) => tensor
                .try_extract_tensor_mut::<T>()
                .map_or(&mut [], |(_, values)| values),
            Self::Plain(tensor) => tensor.values_mut().unwrap_or_default(),
        }
    }
}

fn foreign() -> EngineError {
    EngineError::new(EngineKind::OnnxRuntime, "the tensor is another engine's")
}
