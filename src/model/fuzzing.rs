// SPDX-License-Identifier: MPL-2.0

//! Ways for the fuzz targets (`fuzz/`) into what is private here. No part of the API: anything in
//! it may change at any time.

use std::collections::HashMap;

use ort::value::TensorElementType;

use super::context::ResolveContext;
use super::description::{parse_metadata, parse_modelinfo, parse_toml};
use super::engine::EngineKind;
use super::onnx::Outline;
use super::signature::{GraphHint, Signature, TensorInfo};
use super::tensors::MAX_ELEMENTS;
use super::{DescriptionKeys, Descriptor, ModelError, OutputKind, OutputPlan};
use crate::frame::MAX_TARGET_SIDE;

/// A tensor of a made-up model.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Chooses the element type; any number does.
    pub element: u8,
    /// Its sides; `None` if they are open.
    pub sides: Vec<Option<usize>>,
}

impl From<&Tensor> for TensorInfo {
    fn from(tensor: &Tensor) -> Self {
        use TensorElementType as E;
        let elements = [
            E::Float32,
            E::Float16,
            E::Uint8,
            E::Int64,
            E::Bool,
            E::String,
        ];
        Self {
            name: tensor.name.clone(),
            element: elements.get(usize::from(tensor.element % 7)).copied(),
            dims: tensor.sides.clone(),
        }
    }
}

/// What the sources say about a made-up model.
#[derive(Debug, Clone, Default)]
pub struct Words<'a> {
    /// The text of `NAME.toml`.
    pub toml: Option<&'a str>,
    /// The text of `NAME.onnx.modelinfo`.
    pub modelinfo: Option<&'a str>,
    /// Entries of the file's metadata.
    pub metadata: Vec<(&'a str, &'a str)>,
}

/// Reads what is said.
///
/// # Errors
/// As for a real model.
pub fn read(words: &Words) -> Result<DescriptionKeys, ModelError> {
    let mut keys = DescriptionKeys::default();
    if let Some(text) = words.toml {
        keys.merge(parse_toml(text, "m.toml")?);
    }
    if let Some(text) = words.modelinfo {
        keys.merge(parse_modelinfo(text, "m.onnx.modelinfo")?);
    }
    keys.merge(parse_metadata(words.metadata.iter().copied(), "m.onnx")?);
    Ok(keys)
}

/// Answers every question about a made-up model, as [`super::Network::load`] does.
///
/// # Errors
/// As for a real model.
///
/// # Panics
/// Where an answer breaks a promise: a picture input within its limits, an output plan that stays
/// inside of the output.
pub fn answer(
    keys: &DescriptionKeys,
    inputs: &[Tensor],
    outputs: &[Tensor],
    operator: Option<&str>,
    stream: Option<(usize, usize)>,
) -> Result<(Descriptor, OutputPlan), ModelError> {
    let infos = |tensors: &[Tensor]| tensors.iter().map(TensorInfo::from).collect();
    let signature = Signature {
        inputs: infos(inputs),
        outputs: infos(outputs),
    };
    let context = ResolveContext {
        engine: EngineKind::OnnxRuntime,
        file: "m.onnx",
        keys,
        signature: &signature,
        feeds: &HashMap::new(),
        stream,
    };
    let hint = GraphHint {
        operator: operator.map(str::to_owned),
        bounds: None,
        quantised: None,
    };
    let mut descriptor = Descriptor::resolve(&context)?;
    let spec = descriptor.input.spec;
    let (width, height) = (spec.width, spec.height);
    assert!((1..=MAX_TARGET_SIDE).contains(&width), "{spec:?}");
    assert!((1..=MAX_TARGET_SIDE).contains(&height), "{spec:?}");
    assert!(spec.elements() <= MAX_ELEMENTS, "{spec:?}");
    let plan = OutputPlan::resolve(
        &context,
        &signature.outputs,
        |_| Some(&hint),
        |_, _| None,
        &spec,
        &mut descriptor.guesses,
    )?;
    let prototypes = plan.instances.as_ref();
    let name = prototypes.map_or(&plan.name, |instances| &instances.prototypes);
    let output = signature.outputs.iter().find(|o| o.name == *name);
    let sides = output.into_iter().flat_map(|o| &o.dims);
    let elements = sides.fold(1u128, |n, side| n * side.unwrap_or(1) as u128);
    let read = [plan.width, plan.height, plan.channels];
    let read: u128 = read.into_iter().map(|side| side as u128).product();
    assert!((1..=elements).contains(&read), "{plan:?}");
    let classes = plan.subject.iter();
    let count = match plan.kind {
        OutputKind::Labels => usize::MAX,
        OutputKind::Instances if plan.classes == 0 => usize::MAX,
        OutputKind::Instances => plan.classes,
        _ => plan.channels,
    };
    assert!({ classes }.all(|class| *class < count), "{plan:?}");
    Ok((descriptor, plan))
}

/// Metadata, and the operator that makes each output.
pub type Outlined<'a> = (Vec<(&'a str, &'a str)>, Vec<Option<&'a str>>);

/// Looks into the bytes of an `.onnx` file: its metadata, and the operators that make `outputs`.
///
/// # Errors
/// As for a real model, one in memory.
///
/// # Panics
/// If the bounds of an output are none, or what it stands for is no number.
pub fn outline<'a>(bytes: &'a [u8], outputs: &[&str]) -> Result<Outlined<'a>, ModelError> {
    let outline = Outline::read(bytes, "m.onnx")?;
    outline.confine(None, "m.onnx")?;
    for (input, _) in &outline.inputs {
        let changes = outline.feed(input).changes;
        assert!(
            changes.iter().flatten().all(|x| x.is_finite()),
            "{changes:?}"
        );
    }
    let operators = outputs
        .iter()
        .map(|output| {
            if let Some(bounds) = outline.bounds(output) {
                assert!(bounds.range[0] < bounds.range[1], "{bounds:?}");
            }
            if let Some(quantised) = outline.quantised(output) {
                assert!(quantised.scale > 0.0, "{quantised:?}");
            }
            outline.operator(output)
        })
        .collect();
    Ok((outline.metadata, operators))
}
