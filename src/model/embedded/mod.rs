// SPDX-License-Identifier: MPL-2.0

//! The engine inside the plugin, for machines without ONNX Runtime. `fused` runs networks like those
//! of this project, `general` all others that it can. A model is loaded once for all sizes.

mod fused;
mod general;
mod mend;
mod spares;

use spares::{Sizes, Spares};

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ort::value::TensorElementType;

use super::engine::{EngineError, EngineKind};
use super::given::Given;
use super::onnx::Outline;
use super::signature::{Signature, TensorInfo};
use super::tensors::Tensor;

/// A loaded network.
#[derive(Debug)]
pub(in crate::model) struct Model(Kind);

#[derive(Debug)]
enum Kind {
    Fused(fused::Network, Signature, Sizes),
    General(Box<general::Model>),
}

/// What one network keeps for its runs.
#[derive(Debug)]
pub(in crate::model) struct Runner {
    memory: Memory,
    stop: Stop,
}

#[derive(Debug)]
enum Memory {
    Fused(Arc<Spares>),
    General(general::Threads),
}

/// What a run reads, by name.
type Inputs<'a> = [(&'a str, &'a Tensor)];

impl Model {
    /// Loads a model. Files beside it that hold its data are read from `folder`.
    ///
    /// # Errors
    /// What cannot be run, with the operator's name.
    pub fn load(
        bytes: &[u8],
        folder: Option<&Path>,
        outline: &Outline,
    ) -> Result<Self, EngineError> {
        let fused = fused::Network::read(bytes)
            .ok()
            .filter(|_| outline.external.is_empty());
        if let Some(network) = fused
            && let Some(signature) = signature(&network, outline)
        {
            return Ok(Self(Kind::Fused(network, signature, Sizes::default())));
        }
        let model = general::Model::load(bytes, folder, outline)?;
        Ok(Self(Kind::General(Box::new(model))))
    }

    /// Its inputs and outputs.
    pub fn signature(&self) -> Signature {
        match &self.0 {
            Kind::Fused(_, signature, _) => signature.clone(),
            Kind::General(model) => model.signature(),
        }
    }

    /// Whether a run uses one thread, whatever is asked for.
    pub fn is_single_threaded(&self) -> bool {
        matches!(self.0, Kind::Fused(..))
    }

    /// A run with fresh outputs.
    ///
    /// # Errors
    /// It fails.
    pub fn run_once(&self, inputs: &Inputs) -> Result<Given, EngineError> {
        let (network, signature, sizes) = match &self.0 {
            Kind::Fused(network, signature, sizes) => (network, signature, sizes),
            Kind::General(model) => return model.run_once(inputs),
        };
        let spares = sizes.of(network, size(inputs)?)?;
        spares.with(network, |memory| {
            let [width, height] = memory.output_size();
            let mut outputs = signature.outputs.clone();
            let mut values = Vec::new();
            for output in &mut outputs {
                output.dims = [1, 1, height, width].map(Some).to_vec();
                let mut tensor =
                    Tensor::zeros(EngineKind::Embedded, output.element, &output.sides())?;
                let picture = inputs
                    .first()
                    .map_or(&[][..], |(_, picture)| picture.values());
                let run = memory.run(network, picture, tensor.values_mut(), || true);
                run.map_err(EngineError::embedded)?;
                values.push((output.name.clone(), tensor));
            }
            Ok(Given { outputs, values })
        })
    }

    /// What one network needs for runs on inputs of these shapes, each with so many threads.
    ///
    /// # Errors
    /// The picture is too large.
    pub fn runner(&self, inputs: &Inputs, threads: usize) -> Result<Runner, EngineError> {
        let memory = match &self.0 {
            Kind::Fused(network, _, sizes) => Memory::Fused(sizes.of(network, size(inputs)?)?),
            Kind::General(_) => Memory::General(general::Threads::new(threads)),
        };
        Ok(Runner {
            memory,
            stop: Stop::default(),
        })
    }
}

impl Runner {
    /// What ends a run from another thread.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Runs on `inputs` and writes `outputs`, each by name.
    ///
    /// # Errors
    /// An operator fails, the outputs have not the shapes that they had before, or the run was
    /// stopped.
    pub fn run(
        &mut self,
        model: &Model,
        inputs: &Inputs,
        outputs: &mut [(&str, &mut Tensor)],
    ) -> Result<(), EngineError> {
        let stopped = || EngineError::embedded("the run was stopped");
        if self.stop.is_set() {
            return Err(stopped());
        }
        match (&model.0, &mut self.memory) {
            (Kind::Fused(network, ..), Memory::Fused(spares)) => {
                let ([(_, picture)], [(_, output)]) = (inputs, outputs) else {
                    return Err(EngineError::embedded("it has one input and one output"));
                };
                let go_on = || !self.stop.is_set();
                spares.with(network, |memory| {
                    let run = memory.run(network, picture.values(), output.values_mut(), go_on);
                    run.map_err(EngineError::embedded)
                })
            }
            (Kind::General(model), Memory::General(threads)) => {
                model.run(inputs, outputs, threads)?;
                match self.stop.is_set() {
                    true => Err(stopped()),
                    false => Ok(()),
                }
            }
            _ => Err(EngineError::embedded("the model is another one")),
        }
    }
}

/// Input and output of a network that takes a picture in three planes; none if the file says
/// something else.
fn signature(network: &fused::Network, outline: &Outline) -> Option<Signature> {
    let sides = outline.sides.get(network.input.as_str())?;
    let &[0 | 1, 3, height, width] = &sides[..] else {
        return None;
    };
    let open = |side: usize| (side > 0).then_some(side);
    let info = |name: &str, channels, [height, width]: [Option<usize>; 2]| TensorInfo {
        name: name.to_owned(),
        element: Some(TensorElementType::Float32),
        dims: vec![Some(1), Some(channels), height, width],
    };
    Some(Signature {
        inputs: vec![info(&network.input, 3, [height, width].map(open))],
        outputs: vec![info(&network.output, 1, [None; 2])],
    })
}

/// Width and height of the picture.
fn size(inputs: &Inputs) -> Result<[usize; 2], EngineError> {
    let shape = inputs.first().map(|(_, picture)| picture.shape());
    match shape.as_deref() {
        Some(&[1, 3, height, width]) => Ok([width, height]),
        _ => Err(EngineError::embedded(format!(
            "{shape:?} is no picture in three planes"
        ))),
    }
}

/// Ends runs from another thread.
#[derive(Debug, Clone, Default)]
pub(in crate::model) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether the run under way, and later ones, are to fail.
    pub fn set(&self, stop: bool) {
        self.0.store(stop, Ordering::SeqCst);
    }

    /// Whether runs are to fail.
    fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
