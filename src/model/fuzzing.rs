// SPDX-License-Identifier: MPL-2.0

//! Ways for the fuzz targets (`fuzz/`) into what is private here. No part of the API: anything in
//! it may change at any time.

use std::collections::HashMap;

use ort::value::TensorElementType;

use super::context::ResolveContext;
use super::description::{parse_metadata, parse_modelinfo, parse_toml};
use super::engine::EngineKind;
use super::family::Family;
use super::onnx::{Bounds, Outline, Quantised};
use super::output::{Scratch, Seen, decode_bytes, decode_instance_bytes, floats, size};
use super::signature::{GraphHint, Signature, TensorInfo};
use super::tensors::MAX_ELEMENTS;
use super::tflite;
use super::{DescriptionKeys, Descriptor, ModelError, OutputKind, OutputPlan};
use crate::frame::{GrayImage, MAX_TARGET_SIDE};

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
            E::Float64,
            E::Bfloat16,
            E::Uint16,
            E::Int16,
            E::Int8,
            E::Int32,
        ];
        Self {
            name: tensor.name.clone(),
            element: elements.get(usize::from(tensor.element % 13)).copied(),
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

/// What the graph of a made-up model says of each output, and what a run gives.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// The operator that makes it.
    pub operator: Option<&'a str>,
    /// The least and the greatest value, different and finite.
    pub bounds: Option<[f32; 2]>,
    /// Scale, finite and above 0, and zero point of quantised numbers.
    pub quantised: Option<[f32; 2]>,
    /// The bytes of each output, again and again.
    pub bytes: &'a [u8],
}

impl Told<'_> {
    fn hint(&self) -> GraphHint {
        GraphHint {
            operator: self.operator.map(str::to_owned),
            bounds: self.bounds.map(|range| Bounds {
                range,
                activation: true,
                turned: false,
            }),
            quantised: (self.quantised).map(|[scale, zero]| Quantised { scale, zero }),
        }
    }

    /// What a tensor holds, unless it is large.
    fn content(&self, tensor: &TensorInfo) -> Option<Vec<u8>> {
        let mut sides = tensor.sides().into_iter();
        let bytes = sides.try_fold(size(tensor.element?)?, usize::checked_mul)?;
        let filled = bytes <= MOST_BYTES && !self.bytes.is_empty();
        filled.then(|| self.bytes.iter().copied().cycle().take(bytes).collect())
    }
}

/// Outputs of more bytes are not decoded.
const MOST_BYTES: usize = 1 << 18;

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
/// inside of the output, a matte of its size, made of finite numbers only.
pub fn answer(
    keys: &DescriptionKeys,
    inputs: &[Tensor],
    outputs: &[Tensor],
    told: &Told,
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
    let hint = told.hint();
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
        |name, reading| {
            let output = signature.outputs.iter().find(|o| o.name == name)?;
            Seen::of(&floats(output.element?, &told.content(output)?)?, reading)
        },
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
    decode(&plan, &signature, told);
    Ok((descriptor, plan))
}

/// Decodes what the outputs hold, which may be anything.
fn decode(plan: &OutputPlan, signature: &Signature, told: &Told) {
    let content = |name: &String| {
        let output = signature.outputs.iter().find(|o| o.name == *name)?;
        Some((output.element?, told.content(output)?))
    };
    let Some((element, bytes)) = content(&plan.name) else {
        return;
    };
    let mut matte = GrayImage::default();
    let done = match &plan.instances {
        None => decode_bytes(plan, (element, &bytes), &mut matte, "m.onnx"),
        Some(instances) => match content(&instances.prototypes) {
            None => return,
            Some((_, other)) => {
                let both = (element, [&bytes[..], &other]);
                decode_instance_bytes(plan, both, &mut Scratch::new(plan), &mut matte, "m.onnx")
            }
        },
    };
    if done.is_err() {
        return;
    }
    assert_eq!((matte.width(), matte.height()), (plan.width, plan.height));
    if let (None, Some(floats)) = (&plan.instances, floats(element, &bytes)) {
        let read = plan.width * plan.height * plan.channels;
        assert!(floats[..read].iter().all(|x| x.is_finite()), "{plan:?}");
    }
}

/// Looks into the bytes of a `.tflite` file.
///
/// # Panics
/// If the bounds of an output are none, or what it stands for is no number.
pub fn tflite(bytes: &[u8]) {
    for (_, hint) in tflite::outputs(bytes) {
        if let Some(bounds) = hint.bounds {
            assert!(bounds.range[0] < bounds.range[1], "{bounds:?}");
        }
        if let Some(quantised) = hint.quantised {
            assert!(quantised.scale > 0.0, "{quantised:?}");
        }
    }
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
    if let Some(family) = Family::of(&outline) {
        let described = family.describe(&mut DescriptionKeys::default(), false);
        described.expect("what is known of a family");
    }
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
