// SPDX-License-Identifier: MPL-2.0

//! From the bytes of a tensor to its numbers.

use ort::value::TensorElementType as E;
use zerocopy::{FromBytes, Immutable};

use super::sample::Sample;

/// Calls the macro `$with` with the type of an element; `$bool` is what a truth value is read as.
macro_rules! by_element {
    ($element:expr, $bool:ty, $with:ident, |$other:ident| $else:expr) => {
        match $element {
            E::Float32 => $with!(f32),
            E::Float64 => $with!(f64),
            E::Float16 => $with!(half::f16),
            E::Bfloat16 => $with!(half::bf16),
            E::Uint16 => $with!(u16),
            E::Int16 => $with!(i16),
            E::Uint8 => $with!(u8),
            E::Int8 => $with!(i8),
            E::Int32 => $with!(i32),
            E::Int64 => $with!(i64),
            E::Bool => $with!($bool),
            $other => $else,
        }
    };
}
pub(super) use by_element;

/// The numbers that bytes hold, in place.
///
/// # Errors
/// What is wrong with the bytes: a length or a place that is no multiple of the number's.
pub(super) fn numbers<T: FromBytes + Immutable>(bytes: &[u8]) -> Result<&[T], String> {
    <[T]>::ref_from_bytes(bytes).map_err(|_| {
        let (size, length) = (size_of::<T>(), bytes.len());
        let off = bytes.as_ptr() as usize % align_of::<T>();
        format!(
            "its {length} bytes, {off} behind an aligned place, hold no numbers of {size} bytes"
        )
    })
}

/// The numbers of a tensor of floats; none if they are no floats, or if there are no such bytes.
pub(in crate::model) fn floats(element: E, bytes: &[u8]) -> Option<Vec<f32>> {
    fn convert<T: Sample + FromBytes + Immutable>(bytes: &[u8]) -> Option<Vec<f32>> {
        let values = numbers::<T>(bytes).ok()?;
        Some(values.iter().map(|x| x.value()).collect())
    }
    match element {
        E::Float32 => convert::<f32>(bytes),
        E::Float64 => convert::<f64>(bytes),
        E::Float16 => convert::<half::f16>(bytes),
        E::Bfloat16 => convert::<half::bf16>(bytes),
        _ => None,
    }
}

/// How many bytes a number takes; none for what is no number of a matte.
pub(in crate::model) fn size(element: E) -> Option<usize> {
    macro_rules! with {
        ($type:ty) => {
            Some(size_of::<$type>())
        };
    }
    by_element!(element, u8, with, |_other| None)
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
