// SPDX-License-Identifier: MPL-2.0

//! The tensors that go into a network: the picture, and constants for further inputs.

use ort::value::{DynTensor, TensorElementType as E};

use super::ModelError;
use super::descriptor::{PictureInput, Question};
use super::network::zeros;
use super::signature::TensorInfo;
use crate::frame::{ChannelOrder, ElementType, Half, TensorLayout, TensorMut, TensorSpec};

/// Weights of red, green and blue in the luma that gray models get (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// Where the sampler writes.
#[derive(Debug)]
enum Staging {
    /// Into the tensor itself.
    None,
    /// Halves, which ONNX Runtime's binding knows under another type.
    Half(Vec<Half>),
    /// Planes of red, green and blue, 0 to 1, of which a gray model gets the luma.
    Gray { planes: Vec<f32>, model: TensorSpec },
}

/// The picture's tensor.
#[derive(Debug)]
pub(super) struct InputTensor {
    spec: TensorSpec,
    tensor: DynTensor,
    staging: Staging,
}

impl InputTensor {
    pub fn new(input: &PictureInput) -> ort::Result<Self> {
        let model = input.spec;
        let element = match model.element {
            ElementType::F32 => E::Float32,
            ElementType::F16 => E::Float16,
            ElementType::U8 => E::Uint8,
        };
        let tensor = zeros(Some(element), &input.shape())?;
        let (spec, staging) = if input.channels == 1 {
            let spec = TensorSpec {
                layout: TensorLayout::Nchw,
                order: ChannelOrder::Rgb,
                element: ElementType::F32,
                scale: [1.0; 3],
                bias: [0.0; 3],
                ..model
            };
            (
                spec,
                Staging::Gray {
                    planes: vec![0.0; spec.elements()],
                    model,
                },
            )
        } else if model.element == ElementType::F16 {
            (
                model,
                Staging::Half(vec![Half::default(); model.elements()]),
            )
        } else {
            (model, Staging::None)
        };
        Ok(Self {
            spec,
            tensor,
            staging,
        })
    }

    pub fn spec(&self) -> &TensorSpec {
        &self.spec
    }

    pub fn tensor(&self) -> &DynTensor {
        &self.tensor
    }

    /// Where the sampler writes.
    pub fn as_mut(&mut self) -> TensorMut<'_> {
        match &mut self.staging {
            Staging::Half(data) => TensorMut::F16(data),
            Staging::Gray { planes, .. } => TensorMut::F32(planes),
            Staging::None if self.spec.element == ElementType::U8 => {
                TensorMut::U8(slice(&mut self.tensor))
            }
            Staging::None => TensorMut::F32(slice(&mut self.tensor)),
        }
    }

    /// Brings what the sampler wrote into the tensor.
    pub fn finish(&mut self) {
        match &self.staging {
            Staging::None => {}
            Staging::Half(data) => {
                for (to, from) in slice::<half::f16>(&mut self.tensor).iter_mut().zip(data) {
                    *to = half::f16::from_bits(from.0);
                }
            }
            Staging::Gray { planes, model } => {
                let (red, rest) = planes.split_at(planes.len() / 3);
                let (green, blue) = rest.split_at(rest.len() / 2);
                let luma = red.iter().zip(green).zip(blue).map(|((r, g), b)| {
                    let y = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b;
                    model.scale[0] * y + model.bias[0]
                });
                match model.element {
                    ElementType::F32 => {
                        slice::<f32>(&mut self.tensor)
                            .iter_mut()
                            .zip(luma)
                            .for_each(|(to, y)| *to = y);
                    }
                    ElementType::F16 => {
                        slice::<half::f16>(&mut self.tensor)
                            .iter_mut()
                            .zip(luma)
                            .for_each(|(to, y)| *to = half::f16::from_f32(y));
                    }
                    ElementType::U8 => {
                        // The cast saturates.
                        slice::<u8>(&mut self.tensor)
                            .iter_mut()
                            .zip(luma)
                            .for_each(|(to, y)| *to = (y + 0.5) as u8);
                    }
                }
            }
        }
    }
}

/// A tensor's memory. Empty only if the type were another than the tensor was made with, which
/// makes the sampler fail rather than the process.
fn slice<T: ort::value::PrimitiveTensorElementType>(tensor: &mut DynTensor) -> &mut [T] {
    tensor
        .try_extract_tensor_mut::<T>()
        .map_or(&mut [], |(_, data)| data)
}

/// A constant for input `info`. A single value fills every element; sides that are open are 1, but
/// for the one side of a list.
///
/// # Errors
/// The number of values does not fit, or the input's type holds no such numbers.
pub(super) fn constant(
    question: &Question,
    info: &TensorInfo,
    values: &[f32],
) -> Result<DynTensor, ModelError> {
    let key = format!("extra.{}", info.name);
    let shape: Vec<usize> = match &info.dims[..] {
        [None] => vec![values.len()],
        dims => dims.iter().map(|side| side.unwrap_or(1)).collect(),
    };
    let count = shape
        .iter()
        .fold(1usize, |count, side| count.saturating_mul(*side));
    if values.len() != 1 && values.len() != count {
        let problem = format!("{} values, but input {info} takes {count}", values.len());
        return Err(question.contradiction(&key, problem));
    }
    let wrong_type =
        || question.contradiction(&key, format!("input {info} is no tensor of numbers"));
    let known = [
        E::Float32,
        E::Float16,
        E::Float64,
        E::Int32,
        E::Int64,
        E::Uint8,
        E::Bool,
    ];
    if !info.element.is_some_and(|element| known.contains(&element)) {
        return Err(wrong_type());
    }
    let mut tensor = zeros(info.element, &shape)
        .map_err(|error| question.contradiction(&key, error.message().to_owned()))?;
    let value = |index: usize| values[index.min(values.len() - 1)];
    macro_rules! fill {
        ($type:ty, $convert:expr) => {{
            for (index, to) in slice::<$type>(&mut tensor).iter_mut().enumerate() {
                *to = $convert(value(index));
            }
        }};
    }
    match info.element {
        Some(E::Float32) => fill!(f32, |x: f32| x),
        Some(E::Float16) => fill!(half::f16, half::f16::from_f32),
        Some(E::Float64) => fill!(f64, f64::from),
        Some(E::Int32) => fill!(i32, |x: f32| x as i32),
        Some(E::Int64) => fill!(i64, |x: f32| x as i64),
        Some(E::Uint8) => fill!(u8, |x: f32| x as u8),
        Some(E::Bool) => fill!(bool, |x: f32| x != 0.0),
        _ => return Err(wrong_type()),
    }
    Ok(tensor)
}
