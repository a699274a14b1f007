// SPDX-License-Identifier: MPL-2.0

//! The tensor that takes the picture.

use ndarray::{Array2, Zip};
use ort::value::{DynTensor, PrimitiveTensorElementType, TensorElementType as E};

use super::super::tensors::{values_mut, zeros};
use super::PictureInput;
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
    /// Floats, of which the model gets another type.
    Convert(Vec<f32>),
    /// Red, green and blue (axis 0) of each pixel (axis 1), 0 to 1; a gray model gets the luma.
    Gray {
        planes: Array2<f32>,
        model: TensorSpec,
    },
}

/// The picture's tensor.
#[derive(Debug)]
pub(in crate::model) struct InputTensor {
    spec: TensorSpec,
    tensor: DynTensor,
    staging: Staging,
}

impl InputTensor {
    /// Makes the memory that the picture needs.
    pub fn new(input: &PictureInput) -> ort::Result<Self> {
        let model = input.spec;
        let tensor = zeros(Some(input.element), &input.shape())?;
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
                    planes: Array2::zeros((3, spec.width * spec.height)),
                    model,
                },
            )
        } else if model.element == ElementType::F16 {
            (
                model,
                Staging::Half(vec![Half::default(); model.elements()]),
            )
        } else if matches!(input.element, E::Float32 | E::Uint8) {
            (model, Staging::None)
        } else {
            (model, Staging::Convert(vec![0.0; model.elements()]))
        };
        Ok(Self {
            spec,
            tensor,
            staging,
        })
    }

    /// What the sampler must fill [`InputTensor::as_mut`] with.
    pub fn spec(&self) -> &TensorSpec {
        &self.spec
    }

    /// What the network reads.
    pub fn tensor(&self) -> &DynTensor {
        &self.tensor
    }

    /// Where the sampler writes.
    pub fn as_mut(&mut self) -> TensorMut<'_> {
        match &mut self.staging {
            Staging::Half(data) => TensorMut::F16(data),
            Staging::Convert(data) => TensorMut::F32(data),
            Staging::Gray { planes, .. } => {
                TensorMut::F32(planes.as_slice_mut().unwrap_or_default())
            }
            Staging::None if self.spec.element == ElementType::U8 => {
                TensorMut::U8(values_mut(&mut self.tensor))
            }
            Staging::None => TensorMut::F32(values_mut(&mut self.tensor)),
        }
    }

    /// Brings what the sampler wrote into the tensor.
    pub fn finish(&mut self) {
        match &self.staging {
            Staging::None => {}
            Staging::Half(data) => {
                let tensor = values_mut::<half::f16>(&mut self.tensor);
                for (to, from) in tensor.iter_mut().zip(data) {
                    *to = half::f16::from_bits(from.0);
                }
            }
            Staging::Convert(data) => match self.tensor.data_type() {
                E::Float64 => convert(data, &mut self.tensor, f64::from),
                E::Int32 => convert(data, &mut self.tensor, |x| x.round() as i32),
                _ => convert(data, &mut self.tensor, |x| x.round() as i8),
            },
            Staging::Gray { planes, model } => {
                let tensor = &mut self.tensor;
                match tensor.data_type() {
                    E::Float16 => write_luma(planes, model, tensor, half::f16::from_f32),
                    E::Float64 => write_luma(planes, model, tensor, f64::from),
                    // The casts saturate.
                    E::Uint8 => write_luma(planes, model, tensor, |y| (y + 0.5) as u8),
                    E::Int8 => write_luma(planes, model, tensor, |y| y.round() as i8),
                    E::Int32 => write_luma(planes, model, tensor, |y| y.round() as i32),
                    _ => write_luma(planes, model, tensor, |y| y),
                }
            }
        }
    }
}

/// The sampler's floats in the model's type.
fn convert<T: PrimitiveTensorElementType>(
    data: &[f32],
    tensor: &mut DynTensor,
    convert: impl Fn(f32) -> T,
) {
    for (to, from) in values_mut(tensor).iter_mut().zip(data) {
        *to = convert(*from);
    }
}

/// The normalised luma of `planes` as the model's single channel.
fn write_luma<T: PrimitiveTensorElementType>(
    planes: &Array2<f32>,
    model: &TensorSpec,
    tensor: &mut DynTensor,
    convert: impl Fn(f32) -> T,
) {
    let out = values_mut::<T>(tensor);
    if out.len() != planes.ncols() {
        return;
    }
    let ([scale, ..], [bias, ..]) = (model.scale, model.bias);
    let [red, green, blue] = [0, 1, 2].map(|colour| planes.row(colour));
    Zip::from(out)
        .and(red)
        .and(green)
        .and(blue)
        .for_each(|out, r, g, b| {
            let y = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b;
            *out = convert(scale * y + bias);
        });
}
