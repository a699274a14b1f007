// SPDX-License-Identifier: MPL-2.0

//! An output's values by class and by pixel.

use ndarray::{ArrayView2, ShapeError};

use crate::frame::TensorLayout;

/// Values by class (axis 0) and by pixel (axis 1), however a tensor orders them. Nothing is
/// copied.
///
/// # Errors
/// There are too few values.
pub(super) fn by_class<T>(
    layout: TensorLayout,
    classes: usize,
    pixels: usize,
    values: &[T],
) -> Result<ArrayView2<'_, T>, ShapeError> {
    // The first picture of a batch.
    let first = classes.saturating_mul(pixels);
    let values = values.get(..first).unwrap_or(values);
    match layout {
        TensorLayout::Nchw => ArrayView2::from_shape((classes, pixels), values),
        TensorLayout::Nhwc => {
            ArrayView2::from_shape((pixels, classes), values).map(ArrayView2::reversed_axes)
        }
    }
}
