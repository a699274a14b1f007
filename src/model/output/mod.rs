// SPDX-License-Identifier: MPL-2.0

//! What a model's output means: which one it is (`reading`), what its values are (`kind`), which
//! classes are kept (`subject`). Settled after a first run, when the true shapes are known. From
//! then on each run's tensor becomes a matte (`decode`), if its numbers can be true
//! (`plausible`).

mod axes;
mod decode;
mod element;
mod kind;
mod plausible;
mod reading;
mod sample;
mod seen;
mod subject;

use axes::by_class;
use ndarray::{ArrayView2, ShapeError};

use super::ModelError;
use super::context::ResolveContext;
use super::onnx::Quantised;
use super::output_kind::OutputKind;
use super::signature::{GraphHint, TensorInfo};
use crate::frame::{TensorLayout, TensorSpec};
pub(in crate::model) use decode::decode;
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
    /// What whole numbers stand for; an alpha's are in `range`.
    pub quantised: Quantised,
}

impl OutputPlan {
    /// Settles the output. `outputs` hold true shapes, those of states left out; `hint` tells what
    /// the graph says of an output; `look` what a run on a test picture gave in it; `input` is what
    /// the picture's tensor is.
    ///
    /// # Errors
    /// As for the inputs: unsuitable, ambiguous or contradicted.
    pub(in crate::model) fn resolve<'a>(
        context: &ResolveContext,
        outputs: &[TensorInfo],
        hint: impl Fn(&str) -> Option<&'a GraphHint>,
        look: impl FnMut(&str, &Reading) -> Option<Seen>,
        input: &TensorSpec,
        guesses: &mut Vec<String>,
    ) -> Result<Self, ModelError> {
        let output = reading::choose(context, outputs, &hint, input, guesses)?;
        let reading = reading::resolve(context, output, input, guesses)?;
        let unknown = GraphHint::default();
        let hint = hint(&output.name).unwrap_or(&unknown);
        let kind = kind::resolve(context, output, &reading, hint, look, guesses)?;
        let Reading {
            layout,
            channels,
            height,
            width,
        } = reading;
        Ok(Self {
            name: output.name.clone(),
            range: kind::range(context, output, kind, hint, guesses)?,
            subject: subject::resolve(context, channels, kind, guesses)?,
            classes: context.keys.labels().len(),
            quantised: hint.quantised.unwrap_or_default(),
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
        by_class(self.layout, self.channels, self.width * self.height, values)
    }
}
