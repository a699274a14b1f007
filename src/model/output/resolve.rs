// SPDX-License-Identifier: MPL-2.0

//! Which output is the matte and how it is read, from all that is known.

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::signature::{GraphHint, TensorInfo};
use super::reading::{self, Reading};
use super::seen::Seen;
use super::{OutputPlan, instances, kind, subject};
use crate::frame::TensorSpec;

impl OutputPlan {
    /// Refuses outputs of which none can be a matte, by their shapes.
    ///
    /// # Errors
    /// [`ModelError::Unsuitable`] with the reason for each.
    pub(in crate::model) fn refuse_by_shape(
        context: &ResolveContext,
        outputs: &[TensorInfo],
        input: &TensorSpec,
    ) -> Result<(), ModelError> {
        let named = context.keys.text("output.name").is_some();
        if named || instances::are_instances(outputs, input) {
            return Ok(());
        }
        reading::refuse(context, outputs, input)
    }

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
        if let Some(plan) = instances::resolve(context, outputs, input, guesses)? {
            return Ok(plan);
        }
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
            instances: None,
            quantised: hint.quantised.unwrap_or_default(),
            kind,
            width,
            height,
            channels,
            layout,
        })
    }
}
