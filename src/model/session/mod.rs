// SPDX-License-Identifier: MPL-2.0

//! Loaded models. Networks with the same model, input size and settings share one session and its
//! weights; each has tensors of its own.
//!
//! On the CPU, networks of one session run at the same time: ONNX Runtime promises that for its own
//! kernels (`InferenceSession::Run` is thread-safe, kernels keep no state). Sessions that have
//! nodes anywhere else run one network at a time, since ort has seen providers break under
//! concurrent runs. The embedded engine's models never change. How many run at once in the whole process is limited by [`super::RunSlot`].

mod choice;
mod file;
mod load;
mod once;
mod provider;
mod runtime;
mod turns;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use crate::sync::lock;
use ort::session::Session;

pub(in crate::model) use choice::{Chosen, Engine};
pub(in crate::model) use file::ModelBytes;
pub use provider::{Placement, ProviderKind, ProviderRequest};
pub use runtime::{LogSink, Runtime, Search, refuse_telemetry, set_log_sink};
use turns::Turns;

#[cfg(feature = "embedded")]
use super::ModelError;
use super::engine::EngineError;
use super::given::Given;
use super::signature::{GraphHint, Signature, TensorInfo};
use super::tensors::Tensor;

/// How much ONNX Runtime rewrites the network when it loads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Optimisation {
    /// Nothing.
    None,
    /// What changes no result.
    Basic,
    /// Fused operators as well.
    Extended,
    /// Memory layouts as well.
    #[default]
    All,
}

/// How a session is made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionOptions {
    /// Threads that one run uses, at least 1. More than one never spins while it waits.
    pub threads: usize,
    /// How much the network is rewritten.
    pub optimisation: Optimisation,
    /// Plan memory once for all runs (turn off only to save memory if sizes change).
    pub memory_pattern: bool,
    /// What computes it.
    pub provider: ProviderRequest,
    /// What inputs' sides are that the model leaves open, by the names it gives them. Known sizes
    /// let ONNX Runtime fuse more and compute no shapes in a run.
    pub sides: Vec<(String, usize)>,
}

impl SessionOptions {
    /// What of it only ONNX Runtime has, one sentence each.
    ///
    /// # Errors
    /// [`ModelError::Provider`] if a provider must be used (`strict`).
    #[cfg(feature = "embedded")]
    pub(super) fn unused_without_onnxruntime(&self) -> Result<Vec<String>, ModelError> {
        let mut warnings = Vec::new();
        let asked = self.provider.accelerators();
        if !asked.is_empty() && !self.provider.auto {
            let nicks: Vec<&str> = asked.iter().map(|kind| kind.nick()).collect();
            let problem = format!(
                "{} needs ONNX Runtime, and the embedded engine runs on the CPU",
                nicks.join(", ")
            );
            if self.provider.strict {
                return Err(ModelError::Provider(format!(
                    "{problem}; install ONNX Runtime, or turn strict-provider off"
                )));
            }
            warnings.push(format!("{problem}; going on without it"));
        }
        if !self.provider.options.is_empty() {
            warnings.push("provider options have no effect on the embedded engine".into());
        }
        Ok(warnings)
    }
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            optimisation: Optimisation::default(),
            memory_pattern: true,
            provider: ProviderRequest::default(),
            sides: Vec::new(),
        }
    }
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// An `.onnx` file; its description may lie beside it.
    File(PathBuf),
    /// A model in memory, such as the built-in one.
    Memory {
        /// Its name in messages.
        name: String,
        /// The ONNX file's bytes.
        model: Cow<'static, [u8]>,
        /// The text of its TOML description, if any.
        descriptor: Option<Cow<'static, str>>,
    },
}

/// What a network's first run gives.
#[derive(Debug, Clone)]
pub(in crate::model) struct FirstRun {
    /// All outputs with their true shapes.
    pub outputs: Vec<TensorInfo>,
    /// The time it took, with all that the first one has to prepare.
    pub took: Duration,
}

/// A loaded model.
#[derive(Debug)]
pub(super) enum Loaded {
    OnnxRuntime(RwLock<Session>),
    #[cfg(feature = "embedded")]
    Embedded(Box<super::embedded::Model>),
}

/// A session with what is known about it.
#[derive(Debug)]
pub(in crate::model) struct SharedSession {
    loaded: Loaded,
    /// What a run gives, by what a network feeds: known from the first network that fed it.
    first_runs: Mutex<HashMap<String, FirstRun>>,
    /// The turns of those who make a first run.
    first_turns: Turns<String>,
    /// The model's inputs and outputs.
    pub signature: Signature,
    /// What the graph says of each output, in the order of the outputs.
    pub hints: Vec<GraphHint>,
    /// Which providers got how many nodes.
    pub placement: Placement,
    /// What did not go as asked.
    pub warnings: Vec<String>,
}

impl SharedSession {
    /// What runs it.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Whether networks of this session may run at the same time.
    pub fn runs_together(&self) -> bool {
        !self.placement.is_accelerated()
    }

    /// What a run gives for what `key` describes, found out by `run` if no network has asked before.
    /// So a new network waits for no run of another one that is under way, but the first.
    ///
    /// # Errors
    /// That of `run`.
    pub fn first_run(
        &self,
        key: String,
        run: impl FnOnce() -> Result<FirstRun, EngineError>,
    ) -> Result<FirstRun, EngineError> {
        let known = |key: &str| lock(&self.first_runs).get(key).cloned();
        self.first_turns.take(&key, || {
            if let Some(first) = known(&key) {
                return Ok(first);
            }
            let first = run()?;
            lock(&self.first_runs).insert(key.clone(), first.clone());
            Ok(first)
        })
    }

    /// A run on `inputs` with fresh outputs.
    ///
    /// # Errors
    /// The run fails.
    pub fn run(&self, inputs: &[(&str, &Tensor)]) -> Result<Given, EngineError> {
        match &self.loaded {
            Loaded::OnnxRuntime(session) => once::run(&mut own(session), inputs),
            #[cfg(feature = "embedded")]
            Loaded::Embedded(model) => model.run_once(inputs),
        }
    }

    /// What the graph says of `output`.
    pub fn hint(&self, output: &str) -> Option<&GraphHint> {
        let mut outputs = self.signature.outputs.iter().zip(&self.hints);
        let (_, hint) = outputs.find(|(known, _)| known.name == output)?;
        Some(hint)
    }
}

/// A session of ONNX Runtime, to run a network or to make something in it beside others that do so.
pub(super) fn share(session: &RwLock<Session>) -> RwLockReadGuard<'_, Session> {
    // A panic elsewhere while it was held leaves ONNX Runtime's object as it was.
    session.read().unwrap_or_else(PoisonError::into_inner)
}

/// A session of ONNX Runtime for one alone.
pub(super) fn own(session: &RwLock<Session>) -> RwLockWriteGuard<'_, Session> {
    session.write().unwrap_or_else(PoisonError::into_inner)
}
