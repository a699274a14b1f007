// SPDX-License-Identifier: MPL-2.0

//! Constants for inputs besides the picture.

use ort::value::{PrimitiveTensorElementType, TensorElementType as E};

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::engine::{EngineError, EngineKind};
use super::super::signature::TensorInfo;
use super::super::tensors::Tensor;

/// A constant for input `info`. A single value fills every element; sides that are open are 1, but
/// for the one side of a list.
///
/// # Errors
/// The number of values does not fit, or the input's type holds no such numbers.
pub(in crate::model) fn constant(
    context: &ResolveContext,
    info: &TensorInfo,
    values: &[f32],
) -> Result<Tensor, ModelError> {
    let key = format!("extra.{}", info.name);
    let shape: Vec<usize> = match &info.dims[..] {
        [None] => vec![values.len()],
        _ => info.sides(),
    };
    let count = shape
        .iter()
        .fold(1usize, |count, side| count.saturating_mul(*side));
    if values.len() != 1 && values.len() != count {
        let problem = format!("{} values, but input {info} takes {count}", values.len());
        return Err(context.contradiction(&key, problem));
    }
    let tensor = match info.element {
        Some(E::Float32) => filled(context.engine, info, &shape, values, |x| x),
        Some(E::Float16) => filled(context.engine, info, &shape, values, half::f16::from_f32),
        Some(E::Float64) => filled(context.engine, info, &shape, values, f64::from),
        Some(E::Int32) => filled(context.engine, info, &shape, values, |x| x as i32),
        Some(E::Int64) => filled(context.engine, info, &shape, values, |x| x as i64),
        Some(E::Uint8) => filled(context.engine, info, &shape, values, |x| x as u8),
        Some(E::Bool) => filled(context.engine, info, &shape, values, |x| x != 0.0),
        _ => {
            let problem = format!("input {info} is no tensor of numbers");
            return Err(context.contradiction(&key, problem));
        }
    };
    tensor.map_err(|error| context.contradiction(&key, error.to_string()))
}

/// A tensor of these values, or of the only one.
fn filled<T: PrimitiveTensorElementType + 'static>(
    engine: EngineKind,
    info: &TensorInfo,
    shape: &[usize],
    values: &[f32],
    convert: impl Fn(f32) -> T,
) -> Result<Tensor, EngineError> {
    let mut tensor = Tensor::zeros(engine, info.element, shape)?;
    let values = values.iter().cycle();
    for (to, value) in tensor.values_mut().iter_mut().zip(values) {
        *to = convert(*value);
    }
    Ok(tensor)
}
