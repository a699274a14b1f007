// SPDX-License-Identifier: MPL-2.0

//! Which output is the matte and how it is read, from all that is known.

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::output_kind::OutputKind;
use super::super::signature::{GraphHint, TensorInfo};
use super::element::has_fractions;
use super::reading::{self, Reading};
use super::seen::Seen;
use super::{OutputPlan, Quantised, instances, kind, subject};
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
        let mut hint = hint(&output.name).cloned().unwrap_or_default();
        // Floats stand for themselves.
        hint.quantised = hint.quantised.filter(|_| !has_fractions(output.element));
        if let Some(quantised) = quantised(context, output, &hint)? {
            hint.quantised = Some(quantised);
        }
        let hint = &hint;
        let kind = kind::resolve(context, output, &reading, hint, look, guesses)?;
        if kind == OutputKind::Labels && context.keys.quantised() != [None, None] {
            let problem = "indices of classes stand for themselves; leave it out";
            return Err(context.contradiction("output.scale", problem));
        }
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

/// What the description says about the whole numbers of a quantised output.
///
/// # Errors
/// `output.scale` or `output.zero` cannot apply, or there is no scale for the zero point.
fn quantised(
    context: &ResolveContext,
    output: &TensorInfo,
    hint: &GraphHint,
) -> Result<Option<Quantised>, ModelError> {
    let keys = context.keys.quantised();
    let (key, given) = match keys {
        [None, None] => return Ok(None),
        [Some(_), _] => ("output.scale", keys),
        [None, _] => ("output.zero", keys),
    };
    if has_fractions(output.element) {
        let problem = format!("it is for whole numbers, but output {output} has floats");
        return Err(context.contradiction(key, problem));
    }
    if context.keys.output_range().is_some() {
        let problem = "output.range says it already, in the tensor's own numbers; leave one out";
        return Err(context.contradiction(key, problem));
    }
    let known = hint.quantised.map(|known| [known.scale, known.zero]);
    match (given[0].or(known.map(|known| known[0])), given[1]) {
        (Some(scale), zero) => {
            let zero = zero.or(known.map(|known| known[1])).unwrap_or(0.0);
            Ok(Some(Quantised { scale, zero }))
        }
        (None, _) => Err(context.contradiction(key, "output.scale is missing beside it")),
    }
}
