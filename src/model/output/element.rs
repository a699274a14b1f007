// SPDX-License-Identifier: MPL-2.0

//! Which types of elements an output may have.

use ort::value::TensorElementType as E;

/// Whether a tensor of such elements can be decoded.
pub(super) fn is_decodable(element: Option<E>) -> bool {
    let whole = |element| {
        matches!(
            element,
            E::Uint8 | E::Int8 | E::Uint16 | E::Int16 | E::Int32 | E::Int64 | E::Bool
        )
    };
    has_fractions(element) || element.is_some_and(whole)
}

/// Whether elements are floats.
pub(super) fn has_fractions(element: Option<E>) -> bool {
    matches!(
        element,
        Some(E::Float32 | E::Float16 | E::Bfloat16 | E::Float64)
    )
}
