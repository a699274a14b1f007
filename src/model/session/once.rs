// SPDX-License-Identifier: MPL-2.0

//! A run of ONNX Runtime with fresh outputs, which tells what they are.

use std::borrow::Cow;

use ort::session::{Session, SessionInputValue};
use ort::value::DynTensorValueType;

use super::super::engine::EngineError;
use super::super::given::Given;
use super::super::signature::TensorInfo;
use super::super::tensors::Tensor;

/// Runs.
///
/// # Errors
/// The run fails.
pub(super) fn run(session: &mut Session, inputs: &[(&str, &Tensor)]) -> Result<Given, EngineError> {
    let outputs = session.run(run_inputs(inputs)?)?;
    let shapes = outputs.iter();
    let shapes = shapes.map(|(name, value)| TensorInfo::of_value(name, &value));
    let shapes = shapes.collect();
    let tensors = outputs.into_iter().filter_map(|(name, value)| {
        let tensor = value.downcast::<DynTensorValueType>().ok()?;
        Some((name.to_owned(), Tensor::OnnxRuntime(tensor)))
    });
    Ok(Given {
        values: tensors.collect(),
        outputs: shapes,
    })
}

/// What a run is fed: views of tensors, by name.
type Inputs<'a> = Vec<(Cow<'a, str>, SessionInputValue<'a>)>;

fn run_inputs<'a>(inputs: &[(&'a str, &'a Tensor)]) -> Result<Inputs<'a>, EngineError> {
    let inputs = inputs.iter().map(|&(name, tensor)| {
        let view = tensor.of_onnxruntime()?.view();
        Ok((name.into(), view.into_dyn().into()))
    });
    inputs.collect()
}
