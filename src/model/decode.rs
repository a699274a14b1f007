// SPDX-License-Identifier: MPL-2.0

//! An output tensor into an 8-bit matte.

use ort::value::DynTensor;
use ort::value::TensorElementType as E;

use super::output::{OutputKind, OutputPlan};
use crate::frame::GrayImage;

/// Why an output could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// NaN or infinity.
    NonFinite,
    /// The tensor is not what the plan was made for.
    Tensor(String),
}

/// A number in a tensor.
trait Sample: Copy {
    fn value(self) -> f32;
}

macro_rules! sample {
    ($($type:ty: $x:ident => $value:expr;)*) => {
        $(impl Sample for $type {
            #[inline(always)]
            fn value(self) -> f32 {
                let $x = self;
                $value
            }
        })*
    };
}

sample! {
    f32: x => x;
    half::f16: x => x.to_f32();
    u8: x => f32::from(x);
    i8: x => f32::from(x);
    i32: x => x as f32;
    i64: x => x as f32;
    bool: x => f32::from(u8::from(x));
}

/// Decodes `tensor` as `plan` says into `matte`, which gets the plan's size.
///
/// # Errors
/// [`DecodeError::NonFinite`] for NaN or infinity anywhere in what is read; `matte` is then
/// undefined.
pub(super) fn decode(
    plan: &OutputPlan,
    tensor: &DynTensor,
    matte: &mut GrayImage,
) -> Result<(), DecodeError> {
    macro_rules! with {
        ($type:ty) => {{
            let (_, data) = tensor
                .try_extract_tensor::<$type>()
                .map_err(|error| DecodeError::Tensor(error.to_string()))?;
            // Bytes are an alpha of 0 to 255; every other number one of 0 to 1.
            let unit = if std::any::TypeId::of::<$type>() == std::any::TypeId::of::<u8>() {
                1.0
            } else {
                255.0
            };
            fill(plan, data, unit, matte)
        }};
    }
    match *tensor.data_type() {
        E::Float32 => with!(f32),
        E::Float16 => with!(half::f16),
        E::Uint8 => with!(u8),
        E::Int8 => with!(i8),
        E::Int32 => with!(i32),
        E::Int64 => with!(i64),
        E::Bool => with!(bool),
        other => Err(DecodeError::Tensor(format!(
            "a tensor of {other} is no matte"
        ))),
    }
}

fn fill<T: Sample>(
    plan: &OutputPlan,
    data: &[T],
    unit: f32,
    matte: &mut GrayImage,
) -> Result<(), DecodeError> {
    let pixels = plan.width * plan.height;
    if data.len() != pixels * plan.channels {
        return Err(DecodeError::Tensor(format!(
            "{} values, but {}x{} with {} channels needs {}",
            data.len(),
            plan.width,
            plan.height,
            plan.channels,
            pixels * plan.channels
        )));
    }
    matte.resize(plan.width, plan.height);
    let out = matte.data_mut();
    let finite = match plan.kind {
        OutputKind::Alpha => map(data, out, |x| x * unit),
        OutputKind::Logits => map(data, out, |x| 255.0 * sigmoid(x)),
        OutputKind::MinMax => {
            let values = || data.iter().map(|x| x.value());
            let low = values().fold(f32::INFINITY, f32::min);
            let high = values().fold(f32::NEG_INFINITY, f32::max);
            // A flat output has no subject in it.
            let factor = if high > low {
                255.0 / (high - low)
            } else {
                0.0
            };
            map(data, out, |x| (x - low) * factor)
        }
        OutputKind::Labels => {
            let kept = |x: f32| plan.subject.iter().any(|&class| class as f32 == x.round());
            map(data, out, |x| if kept(x) { 255.0 } else { 0.0 })
        }
        OutputKind::Softmax => each_pixel(plan, data, out, |channel| {
            plan.subject
                .iter()
                .map(|&class| channel(class))
                .sum::<f32>()
        }),
        OutputKind::Classes => each_pixel(plan, data, out, |channel| {
            let top = (0..plan.channels)
                .map(channel)
                .fold(f32::NEG_INFINITY, f32::max);
            let mass = |class: usize| (channel(class) - top).exp();
            let all: f32 = (0..plan.channels).map(mass).sum();
            plan.subject.iter().map(|&class| mass(class)).sum::<f32>() / all
        }),
    };
    if finite {
        Ok(())
    } else {
        Err(DecodeError::NonFinite)
    }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// One value a pixel; `value` gives 0 to 255. False if any was not finite.
fn map<T: Sample>(data: &[T], out: &mut [u8], value: impl Fn(f32) -> f32) -> bool {
    let mut finite = true;
    for (out, x) in out.iter_mut().zip(data) {
        let x = x.value();
        finite &= x.is_finite();
        // The cast saturates.
        *out = (value(x) + 0.5) as u8;
    }
    finite
}

/// Several values a pixel; `value` gives 0 to 1 from a reader of the pixel's channels. False if any
/// channel that was read was not finite.
fn each_pixel<T: Sample>(
    plan: &OutputPlan,
    data: &[T],
    out: &mut [u8],
    value: impl Fn(&dyn Fn(usize) -> f32) -> f32,
) -> bool {
    let mut finite = true;
    for (index, out) in out.iter_mut().enumerate() {
        let start = index * plan.pixel_step;
        let channel = |c: usize| data[start + c * plan.channel_step].value();
        let x = value(&channel);
        finite &= x.is_finite();
        *out = (255.0 * x + 0.5) as u8;
    }
    finite
}
