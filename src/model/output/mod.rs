// SPDX-License-Identifier: MPL-2.0

//! What a model's output means: which one it is (`reading`), what its values are (`kind`), which
//! classes are kept (`subject`). Settled after a first run, when the true shapes are known. From
//! then on each run's tensor becomes a matte (`decode`), if its numbers can be true
//! (`plausible`).

mod decode;
mod kind;
mod plausible;
mod reading;
mod sample;
mod subject;

use ndarray::{ArrayView2, ShapeError};

use super::ModelError;
use super::context::ResolveContext;
use super::output_kind::OutputKind;
use super::signature::{GraphHint, TensorInfo};
use crate::frame::{TensorLayout, TensorSpec};
pub(in crate::model) use decode::decode;
use reading::Reading;

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
    /// What background and subject are in an alpha.
    pub range: [f32; 2],
}

impl OutputPlan {
    /// Settles the output. `outputs` hold true shapes, those of states left out; `hint` tells what
    /// the graph says of an output; `input` is what the picture's tensor is.
    ///
    /// # Errors
    /// As for the inputs: unsuitable, ambiguous or contradicted.
    pub(in crate::model) fn resolve<'a>(
        context: &ResolveContext,
        outputs: &[TensorInfo],
        hint: impl Fn(&str) -> Option<&'a GraphHint>,
        input: &TensorSpec,
        guesses: &mut Vec<String>,
    ) -> Result<Self, ModelError> {
        let output = reading::choose(context, outputs, input, guesses)?;
        let Reading {
            layout,
            channels,
            height,
            width,
        } = reading::resolve(context, output, input, guesses)?;
        let unknown = GraphHint::default();
        let hint = hint(&output.name).unwrap_or(&unknown);
        let kind = kind::resolve(context, output, channels, hint, guesses)?;
        Ok(Self {
            name: output.name.clone(),
            range: kind::range(context, output, kind, hint, guesses)?,
            subject: subject::resolve(context, channels, kind, guesses)?,
            classes: context.keys.labels().len(),
            kind,
            width,
            height,
            channels,
            layout,
        })
    }

    /// The output's values by class (axis 0) and by pixel, row by row (axis 1), however the tensor
    /// orders them. Nothing is copied.
    ///
    /// # Errors
    /// There are too few values.
    pub(in crate::model) fn view<'a, T>(
        &self,
        values: &'a [T],
    ) -> Result<ArrayView2<'a, T>, ShapeError> {
        let (classes, pixels) = (self.channels, self.width * self.height);
        match self.layout {
            TensorLayout::Nchw => ArrayView2::from_shape((classes, pixels), values),
            TensorLayout::Nhwc => {
                ArrayView2::from_shape((pixels, classes), values).map(ArrayView2::reversed_axes)
            }
        }
    }
}
