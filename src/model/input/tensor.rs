// SPDX-License-Identifier: MPL-2.0

//! The tensor that takes the picture.

use ndarray::{Array2, Zip};
use ort::value::{PrimitiveTensorElementType, TensorElementType as E};

use super::super::description::Fourth;
use super::super::engine::{EngineError, EngineKind};
use super::super::tensors::Tensor;
use super::PictureInput;
use crate::frame::{
    ChannelOrder, ElementType, GrayImage, Half, TensorLayout, TensorMut, TensorSpec,
};

/// Weights of red, green and blue in the luma that gray models get (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// Where the sampler writes.
#[derive(Debug)]
enum Staging {
    /// Into the tensor itself.
    None,
    /// Halves, which ONNX Runtime's binding knows under another type.
    Half(Vec<Half>),
    /// Floats, of which the model gets another type, or with a fourth channel between them.
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
    tensor: Tensor,
    staging: Staging,
    /// What a fourth channel gets.
    fourth: Option<Fourth>,
}

impl InputTensor {
    /// Makes the memory that the picture needs.
    ///
    /// # Errors
    /// The engine has no tensors of this type or size.
    pub fn new(engine: EngineKind, input: &PictureInput) -> Result<Self, EngineError> {
        let model = input.spec;
        let tensor = Tensor::zeros(engine, Some(input.element), &input.shape())?;
        // A fourth channel lies between the pixels' three.
        let interleaved = input.channels == 4 && model.layout == TensorLayout::Nhwc;
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
        } else if model.element == ElementType::F16 && !interleaved {
            (
                model,
                Staging::Half(vec![Half::default(); model.elements()]),
            )
        } else if matches!(input.element, E::Float32 | E::Uint8) && !interleaved {
            (model, Staging::None)
        } else {
            let element = ElementType::F32;
            let staging = Staging::Convert(vec![0.0; model.elements()]);
            (TensorSpec { element, ..model }, staging)
        };
        let mut made = Self {
            spec,
            tensor,
            staging,
            fourth: input.fourth,
        };
        made.clear_fourth();
        Ok(made)
    }

    /// Puts a matte, or a trimap of it, into the fourth channel, if that gets the last one.
    pub fn remember(&mut self, matte: &GrayImage) {
        let (width, height) = (self.spec.width, self.spec.height);
        let trimap = match self.fourth {
            Some(Fourth::LastMatte) => false,
            Some(Fourth::Trimap) => true,
            Some(Fourth::Number(_)) | None => return,
        };
        if matte.data().is_empty() {
            return;
        }
        let white = self.white();
        let value = |pixel: usize| {
            let (x, y) = (pixel % width, pixel / width);
            let (x, y) = (x * matte.width() / width, y * matte.height() / height);
            white
                * match trimap {
                    true => certainty(matte, x, y),
                    false => f32::from(matte.data()[y * matte.width() + x]) / 255.0,
                }
        };
        self.fill_fourth(value);
    }

    /// What the fourth channel gets at first.
    pub fn clear_fourth(&mut self) {
        let first = match self.fourth {
            Some(Fourth::Number(number)) => number,
            Some(Fourth::Trimap) => 0.5 * self.white(),
            Some(Fourth::LastMatte) | None => 0.0,
        };
        self.fill_fourth(|_| first);
    }

    /// What stands for 1 in a fourth channel that holds a matte: the greatest of small whole numbers.
    fn white(&self) -> f32 {
        match self.tensor.element() {
            E::Uint8 | E::Int32 => 255.0,
            E::Int8 => 127.0,
            _ => 1.0,
        }
    }

    /// Fills the fourth channel, if there is one; `value` is called with each pixel's index.
    fn fill_fourth(&mut self, value: impl Fn(usize) -> f32) {
        if self.fourth.is_none() {
            return;
        }
        let pixels = self.spec.width * self.spec.height;
        let layout = self.spec.layout;
        macro_rules! fill {
            ($type:ty, $convert:expr) => {{
                let tensor = self.tensor.values_mut::<$type>();
                for pixel in 0..pixels {
                    let at = match layout {
                        TensorLayout::Nchw => 3 * pixels + pixel,
                        TensorLayout::Nhwc => 4 * pixel + 3,
                    };
                    if let Some(to) = tensor.get_mut(at) {
                        *to = $convert(value(pixel));
                    }
                }
            }};
        }
        match self.tensor.element() {
            E::Float16 => fill!(half::f16, half::f16::from_f32),
            E::Float64 => fill!(f64, f64::from),
            // The casts saturate.
            E::Uint8 => fill!(u8, |x: f32| x.round() as u8),
            E::Int8 => fill!(i8, |x: f32| x.round() as i8),
            E::Int32 => fill!(i32, |x: f32| x.round() as i32),
            _ => fill!(f32, |x| x),
        }
    }

    /// What the sampler must fill [`InputTensor::as_mut`] with.
    pub fn spec(&self) -> &TensorSpec {
        &self.spec
    }

    /// What the network reads.
    pub fn tensor(&self) -> &Tensor {
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
                TensorMut::U8(first(self.tensor.values_mut(), &self.spec))
            }
            Staging::None => TensorMut::F32(first(self.tensor.values_mut(), &self.spec)),
        }
    }

    /// Brings what the sampler wrote into the tensor.
    pub fn finish(&mut self) {
        match &self.staging {
            Staging::None => {}
            Staging::Half(data) => {
                let tensor = self.tensor.values_mut::<half::f16>();
                for (to, from) in tensor.iter_mut().zip(data) {
                    *to = half::f16::from_bits(from.0);
                }
            }
            Staging::Convert(data) => {
                let (tensor, spec, fourth) = (&mut self.tensor, &self.spec, self.fourth.is_some());
                let step = if fourth && spec.layout == TensorLayout::Nhwc {
                    4
                } else {
                    3
                };
                match tensor.element() {
                    E::Float16 => convert(data, step, tensor, half::f16::from_f32),
                    E::Float64 => convert(data, step, tensor, f64::from),
                    E::Float32 => convert(data, step, tensor, |x| x),
                    E::Uint8 => convert(data, step, tensor, |x| x.round() as u8),
                    E::Int32 => convert(data, step, tensor, |x| x.round() as i32),
                    _ => convert(data, step, tensor, |x| x.round() as i8),
                }
            }
            Staging::Gray { planes, model } => {
                let tensor = &mut self.tensor;
                match tensor.element() {
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

/// Mattes beyond these are sure of what they say.
const SURE: [u8; 2] = [13, 242];
/// A trimap is unsure this far around what a matte is unsure of, as a share of its width.
const BAND: usize = 48;

/// A trimap's value at a place of a matte: 0 or 1 where all around it is sure of the same, else 0.5.
fn certainty(matte: &GrayImage, x: usize, y: usize) -> f32 {
    let (width, height) = (matte.width(), matte.height());
    let reach = (width / BAND).max(1);
    let around =
        |at: usize, side: usize| [at.saturating_sub(reach), at, (at + reach).min(side - 1)];
    let columns = around(x, width);
    let rows = around(y, height).into_iter();
    let values = rows.flat_map(|y| columns.map(|x| matte.data()[y * width + x]));
    let [low, high] = values.fold([u8::MAX, 0], |[low, high], v| [low.min(v), high.max(v)]);
    match (high <= SURE[0], low >= SURE[1]) {
        (true, _) => 0.0,
        (_, true) => 1.0,
        _ => 0.5,
    }
}

/// The first picture's part of a tensor, red, green and blue.
fn first<'a, T>(values: &'a mut [T], spec: &TensorSpec) -> &'a mut [T] {
    let count = spec.elements().min(values.len());
    &mut values[..count]
}

/// The sampler's floats in the model's type; every three of them take `step` places.
fn convert<T: PrimitiveTensorElementType + 'static>(
    data: &[f32],
    step: usize,
    tensor: &mut Tensor,
    convert: impl Fn(f32) -> T,
) {
    let values = tensor.values_mut().chunks_exact_mut(step);
    for (to, from) in values.zip(data.chunks_exact(3)) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = convert(*from);
        }
    }
}

/// The normalised luma of `planes` as the model's single channel.
fn write_luma<T: PrimitiveTensorElementType + 'static>(
    planes: &Array2<f32>,
    model: &TensorSpec,
    tensor: &mut Tensor,
    convert: impl Fn(f32) -> T,
) {
    let Some(out) = tensor.values_mut::<T>().get_mut(..planes.ncols()) else {
        return;
    };
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
