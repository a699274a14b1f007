// SPDX-License-Identifier: MPL-2.0

//! A network ready to run: a session, the tensors that go in and out of it, its recurrent states.
//!
//! All memory is made when the network is loaded and bound to the session once. A run allocates
//! nothing on our side: fill [`Network::input_mut`], call [`Network::run`], then
//! [`Network::decode`].

mod bound;
mod load;
mod parts;
mod run;
mod state;
mod survey;
mod test_picture;

pub use survey::{Survey, Surveyed};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::description::DescriptionKeys;
use super::engine::{EngineKind, EngineRequest};
use super::input::{Descriptor, InputTensor};
use super::output::{self, OutputPlan, Scratch};
use super::session::{Placement, Search, SessionOptions, SharedSession};
use super::tensors::Tensor;
use super::{ModelError, RuntimeError};
use crate::frame::{GrayImage, TensorMut, TensorSpec};
use bound::Bound;
pub use bound::Stopper;
use state::State;

/// How a network is loaded.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What runs it.
    pub engine: EngineRequest,
    /// Where ONNX Runtime is looked for.
    pub search: Search,
    /// How the session is made.
    pub session: SessionOptions,
    /// The user's keys, which come before all other descriptions.
    pub overrides: DescriptionKeys,
    /// Width and height of the video, for models that leave their size open.
    pub stream: Option<(usize, usize)>,
}

/// A network ready to run.
pub struct Network {
    // May point into the tensors and the session and is dropped first.
    bound: Bound,
    /// The next run is an even (0) or an odd one (1).
    parity: usize,
    input: InputTensor,
    states: Vec<State>,
    output: Tensor,
    /// The second output of an instance segmentation.
    prototypes: Option<Tensor>,
    scratch: Scratch,
    plan: OutputPlan,
    /// One for each of the descriptor's extras.
    constants: Vec<Tensor>,
    descriptor: Descriptor,
    warnings: Vec<String>,
    engine: EngineKind,
    /// Why the embedded engine runs though ONNX Runtime was looked for.
    missing: Option<RuntimeError>,
    /// What the first run took.
    warm_up: Duration,
    file: String,
    session: Arc<SharedSession>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("descriptor", &self.descriptor)
            .field("output", &self.plan)
            .field("provider", &self.session.placement)
            .finish_non_exhaustive()
    }
}

impl Network {
    /// What the sampler must fill [`Network::input_mut`] with.
    pub fn input_spec(&self) -> &TensorSpec {
        self.input.spec()
    }

    /// The input's memory, laid out as [`Network::input_spec`] says.
    pub fn input_mut(&mut self) -> TensorMut<'_> {
        self.input.as_mut()
    }

    /// Width and height of the raw matte.
    pub fn matte_size(&self) -> (usize, usize) {
        (self.plan.width, self.plan.height)
    }

    /// Runs the network on what the input holds. Waits while another network of the same session
    /// runs, unless all of it is on the CPU.
    ///
    /// # Errors
    /// [`ModelError::Run`] with the engine's words: a provider that is lost, memory that is
    /// short, a run that was stopped.
    pub fn run(&mut self) -> Result<(), ModelError> {
        self.input.finish();
        self.run_bound()
            .map_err(|error| ModelError::run(&self.file, &error))?;
        if !self.states.is_empty() {
            self.parity = 1 - self.parity;
        }
        Ok(())
    }

    /// Decodes the last run's output into the raw matte, which gets [`Network::matte_size`].
    ///
    /// # Errors
    /// [`ModelError::NonFinite`] if the network gave NaN or infinity, [`ModelError::Implausible`]
    /// if it gave numbers that its kind does not allow; `matte` is then undefined and the states
    /// are best cleared with [`Network::reset`].
    pub fn decode(&mut self, matte: &mut GrayImage) -> Result<(), ModelError> {
        match &self.prototypes {
            Some(prototypes) => {
                let outputs = [&self.output, prototypes];
                let scratch = &mut self.scratch;
                output::decode_instances(&self.plan, outputs, scratch, matte, &self.file)?;
            }
            None => output::decode(&self.plan, &self.output, matte, &self.file)?,
        }
        self.input.remember(matte);
        Ok(())
    }

    /// Forgets all that earlier frames left: recurrent states, the last matte.
    pub fn reset(&mut self) {
        self.parity = 0;
        self.input.clear_fourth();
        for state in &mut self.states {
            state.clear();
        }
    }

    /// What runs the network.
    pub fn engine(&self) -> EngineKind {
        self.engine
    }

    /// Why the embedded engine runs though ONNX Runtime comes first: where it was looked for.
    pub fn missing_runtime(&self) -> Option<&RuntimeError> {
        self.missing.as_ref()
    }

    /// What really computes the network, such as `cpu` or `xnnpack (40 nodes), cpu (3 nodes)`.
    pub fn active_provider(&self) -> &Placement {
        &self.session.placement
    }

    /// What the model says about itself and what was guessed about it.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// How the output is read.
    pub fn output(&self) -> &OutputPlan {
        &self.plan
    }

    /// What did not go as asked, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What the run that warmed the network up took, with all that the first one has to prepare; of a
    /// session that other networks use, theirs.
    pub fn warm_up(&self) -> Duration {
        self.warm_up
    }

    /// Whether two networks share one loaded session.
    pub fn shares_session_with(&self, other: &Network) -> bool {
        Arc::ptr_eq(&self.session, &other.session)
    }

    /// A handle that ends a run from another thread.
    pub fn stopper(&self) -> Stopper {
        self.bound.stopper()
    }
}
