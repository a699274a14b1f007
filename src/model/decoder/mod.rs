// SPDX-License-Identifier: MPL-2.0

//! Tensors that somebody else's inference made, decoded by the same descriptions.
//!
//! [`Decoder::new`] gathers what is said about the model; no ONNX Runtime is needed for it. Once the
//! first tensors are there, [`Decoder::settle`] answers which of them is the matte and how it is
//! read, as for a network of our own. From then on [`Decoder::decode`] takes the bytes of the
//! [`Decoder::sources`].

mod about;
mod known;
mod tensor_id;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;

pub use about::{Element, TensorAbout};
pub use tensor_id::MATTE;

use super::ModelError;
use super::context::ResolveContext;
use super::description::DescriptionKeys;
use super::engine::EngineKind;
use super::output::{self, OutputPlan, Scratch, Seen};
use super::output_kind::OutputKind;
use super::signature::{Signature, TensorInfo};
use crate::frame::{GrayImage, TensorSpec};
use known::Known;

/// Reads mattes out of tensors.
#[derive(Debug)]
pub struct Decoder {
    known: Known,
    /// The id of the tensor that holds the matte, if somebody says it.
    tensor_id: Option<String>,
    settled: Option<Settled>,
}

/// How the tensors of the stream are read.
#[derive(Debug)]
struct Settled {
    plan: OutputPlan,
    /// The tensor that is read; those of boxes and prototypes for instances.
    sources: Vec<TensorAbout>,
    /// Width and height of the frames.
    frame: (usize, usize),
    scratch: Scratch,
    guesses: Vec<String>,
}

impl Decoder {
    /// A decoder for what `model` describes: the file that is run, with its description beside it,
    /// or a description alone (`.toml`). Without one, the tensors must tell all. `tensor_id` names
    /// the tensor of the matte among others; `overrides` come before all descriptions.
    ///
    /// # Errors
    /// A file that is missing, that cannot be read or that contradicts its description.
    pub fn new(
        model: Option<&Path>,
        tensor_id: Option<&str>,
        overrides: &DescriptionKeys,
    ) -> Result<Self, ModelError> {
        Ok(Self {
            known: Known::gather(model, overrides)?,
            tensor_id: tensor_id.map(str::to_owned),
            settled: None,
        })
    }

    /// The tensors that are decoded on frames of this size, in the order that [`Decoder::decode`]
    /// takes them; none until they are settled.
    pub fn sources(&self, frame: (usize, usize)) -> &[TensorAbout] {
        match &self.settled {
            Some(settled) if settled.frame == frame => &settled.sources,
            _ => &[],
        }
    }

    /// How the matte is read, and what was guessed about it; none until it is settled.
    pub fn output(&self) -> Option<(&OutputPlan, &[String])> {
        let settled = self.settled.as_ref()?;
        Some((&settled.plan, &settled.guesses))
    }

    /// Settles which of a frame's `tensors` are read, and how. `bytes` gives a copy of what one of
    /// them holds: its numbers may tell what nothing else does.
    ///
    /// # Errors
    /// As for a network's output: none of them can be a matte, the description contradicts them or
    /// leaves a question open.
    pub fn settle(
        &mut self,
        tensors: &[TensorAbout],
        frame: (usize, usize),
        bytes: impl Fn(usize) -> Option<Vec<u8>>,
    ) -> Result<(), ModelError> {
        self.settled = None;
        let wanted = tensor_id::wanted(tensors, self.tensor_id.as_deref(), &self.known)?;
        let infos = wanted.iter().map(|at| self.known.info(tensors, *at));
        let infos: Vec<TensorInfo> = infos.collect();
        let hint = |name: &str| self.known.hint(name);
        let mut keys = self.known.keys.clone();
        let first = infos.first().and_then(|info| hint(&info.name));
        tensor_id::describe(tensors, &wanted, first, &mut keys)?;
        let (signature, feeds) = (Signature::default(), HashMap::new());
        let context = ResolveContext {
            // Another element's; only questions about inputs ask for it.
            engine: EngineKind::OnnxRuntime,
            file: &self.known.file,
            keys: &keys,
            signature: &signature,
            feeds: &feeds,
            stream: Some(frame),
        };
        let find = |name: &str| infos.iter().position(|info| info.name == name);
        let place = |name: &str| find(name).map(|position| wanted[position]);
        let look = |name: &str, reading: &output::Reading| {
            let at = place(name)?;
            let floats = output::floats(tensors[at].element?, &bytes(at)?)?;
            Seen::of(&floats, reading)
        };
        let (width, height) = picture(&keys, frame);
        let spec = TensorSpec {
            layout: self.known.layout(&keys),
            ..TensorSpec::new(width, height)
        };
        let mut guesses = self.known.guesses.clone();
        let plan = OutputPlan::resolve(&context, &infos, hint, look, &spec, &mut guesses)?;
        let names = [
            Some(&plan.name),
            plan.instances.as_ref().map(|i| &i.prototypes),
        ];
        let places = names.into_iter().flatten().filter_map(|name| place(name));
        let sources: Vec<TensorAbout> = places.map(|at| tensors[at].clone()).collect();
        // GStreamer's own elements say that YOLO's are stored by columns, and store them by rows.
        if plan.kind != OutputKind::Instances && sources.iter().any(|source| source.by_columns) {
            let problem = "it is said to be stored column by column; expected row by row \
                           (dims-order=row-major in the .modelinfo)";
            return Err(ModelError::tensor(&self.known.file, &plan.name, problem));
        }
        self.settled = Some(Settled {
            scratch: Scratch::new(&plan),
            plan,
            sources,
            frame,
            guesses,
        });
        Ok(())
    }

    /// Decodes the bytes of the [`Decoder::sources`] into the raw matte.
    ///
    /// # Errors
    /// As for a network's output: numbers that are not finite or that its kind does not allow, and
    /// [`ModelError::Tensor`] for bytes of another length; `matte` is then undefined.
    pub fn decode(&mut self, bytes: &[&[u8]], matte: &mut GrayImage) -> Result<(), ModelError> {
        let file = &self.known.file;
        let Some(settled) = &mut self.settled else {
            return Err(ModelError::tensor(
                file,
                "",
                "nothing tells yet how it is read",
            ));
        };
        let plan = &settled.plan;
        for (source, bytes) in settled.sources.iter().zip(bytes) {
            if source.bytes() != Some(bytes.len()) {
                let problem = format!(
                    "it holds {} bytes, expected those of {:?} numbers",
                    bytes.len(),
                    source.sides
                );
                return Err(ModelError::tensor(file, &source.id, problem));
            }
        }
        let element = settled.sources.first().and_then(|source| source.element);
        match (element, bytes) {
            (Some(element), &[boxes, prototypes]) if plan.instances.is_some() => {
                let (both, scratch) = ((element, [boxes, prototypes]), &mut settled.scratch);
                output::decode_instance_bytes(plan, both, scratch, matte, file)
            }
            (Some(element), &[bytes]) if plan.instances.is_none() => {
                output::decode_bytes(plan, (element, bytes), matte, file)
            }
            _ => Err(ModelError::tensor(
                file,
                &plan.name,
                "there are other tensors than settled",
            )),
        }
    }
}

/// Width and height of the picture that the network sees: as described, else those of the frame,
/// since GStreamer's inference elements take frames of that size alone.
fn picture(keys: &DescriptionKeys, frame: (usize, usize)) -> (usize, usize) {
    match (keys.side("input.width"), keys.side("input.height")) {
        (Some(width), Some(height)) => (width, height),
        _ => frame,
    }
}
