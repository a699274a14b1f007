// SPDX-License-Identifier: MPL-2.0

//! Constants for inputs besides the picture.

use ort::value::{PrimitiveTensorElementType, TensorElementType as E};

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::engine::{EngineError, EngineKind};
use super::super::signature::TensorInfo;
use super::super::tensors::Tensor;
use crate::frame::TensorLayout;

/// A constant for input `info`, beside a picture of `sides` in its `layout`. A single value fills
/// every element. Open sides of rows and columns, in a tensor of as many sides, are the picture's;
/// others are 1, but the last one takes what a list of values needs.
///
/// # Errors
/// The number of values does not fit, or the input's type holds no such numbers.
pub(in crate::model) fn constant(
    context: &ResolveContext,
    info: &TensorInfo,
    values: &[f32],
    (layout, sides): (TensorLayout, &[usize]),
) -> Result<Tensor, ModelError> {
    let key = format!("extra.{}", info.name);
    let shape = shape(info, values.len(), layout, sides);
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

/// The sides of a constant's tensor; see [`constant`].
fn shape(info: &TensorInfo, values: usize, layout: TensorLayout, picture: &[usize]) -> Vec<usize> {
    let mut shape = info.sides();
    let last = shape.len().saturating_sub(1);
    let [rows, columns] = match layout {
        TensorLayout::Nchw => [last.saturating_sub(1), last],
        TensorLayout::Nhwc => [last.saturating_sub(2), last.saturating_sub(1)],
    };
    let is_open = |side: usize| info.dims.get(side) == Some(&None);
    if shape.len() == picture.len() && shape.len() > 2 && is_open(rows) && is_open(columns) {
        shape[rows] = picture[rows];
        shape[columns] = picture[columns];
    } else if let Some(open) = info.dims.iter().rposition(Option::is_none) {
        let product = |product: usize, side: &usize| product.saturating_mul(*side);
        let others = shape.iter().fold(1, product).max(1);
        if values.is_multiple_of(others) {
            shape[open] = values / others;
        }
    }
    shape
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
