// SPDX-License-Identifier: MPL-2.0

//! What a model's output means: which one it is (`reading`), what its values are (`kind`), which
//! classes are kept (`subject`), all put together in `resolve`. Settled after a first run, when the true shapes are known. From
//! then on each run's tensor becomes a matte (`decode`), if its numbers can be true
//! (`plausible`). An instance segmentation has two outputs (`instances`).

mod axes;
mod decode;
mod element;
mod instances;
mod kind;
mod memory;
mod plausible;
mod presence;
mod reading;
mod resolve;
mod sample;
mod seen;
mod subject;

use axes::by_class;
use ndarray::{ArrayView2, ShapeError};

use super::onnx::Quantised;
use super::output_kind::OutputKind;
use crate::frame::TensorLayout;
pub(in crate::model) use decode::{decode, decode_bytes};
pub use instances::Instances;
pub(in crate::model) use instances::{Scratch, decode_instance_bytes, decode_instances};
pub(in crate::model) use memory::{floats, size};
pub(in crate::model) use presence::classes_by_presence;
pub(in crate::model) use reading::Reading;
pub(in crate::model) use seen::Seen;

/// How to read the output tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputPlan {
    /// The output's name.
    pub name: String,
    /// What its values mean.
    pub kind: OutputKind,
    /// The raw matte's width.
    pub width: usize,
    /// The raw matte's height.
    pub height: usize,
    /// Number of channels (classes), at least 1.
    pub channels: usize,
    /// Order of the tensor's axes.
    pub layout: TensorLayout,
    /// Classes that are kept, ascending; of no meaning for one channel that is not labels.
    pub subject: Vec<usize>,
    /// Number of classes, 0 if nothing tells it; of meaning for labels.
    pub classes: usize,
    /// What background and subject are in an alpha, in the tensor's own numbers.
    pub range: [f32; 2],
    /// Where boxes and prototypes are, for `instances`; `channels` then counts the prototypes.
    pub instances: Option<Instances>,
    /// What whole numbers stand for; an alpha's are in `range`.
    pub quantised: Quantised,
}

impl OutputPlan {
    /// The output's values by class (axis 0) and by pixel, row by row (axis 1), however the tensor
    /// orders them. Nothing is copied.
    ///
    /// # Errors
    /// There are too few values.
    pub(in crate::model) fn view<'a, T>(
        &self,
        values: &'a [T],
    ) -> Result<ArrayView2<'a, T>, ShapeError> {
        by_class(self.layout, self.channels, self.width * self.height, values)
    }
}
