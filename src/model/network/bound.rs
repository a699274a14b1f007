// SPDX-License-Identifier: MPL-2.0

//! What a network keeps for its runs, by engine, and what ends one from another thread.

use std::sync::Arc;

use ort::session::{IoBinding, NoSelectedOutputs, RunOptions};

#[cfg(feature = "embedded")]
use super::super::embedded;

/// What a network keeps for its runs.
#[derive(Default)]
pub(super) enum Bound {
    /// Nothing yet: the tensors have not their true shapes.
    #[default]
    Nothing,
    OnnxRuntime {
        /// One for even and, with states, one for odd runs.
        bindings: Vec<IoBinding>,
        run_options: Arc<RunOptions<NoSelectedOutputs>>,
        /// Inputs must be bound again before each run, since they are copied to a device then.
        rebind: bool,
    },
    #[cfg(feature = "embedded")]
    Embedded(embedded::Runner),
}

impl Bound {
    /// What ends a run from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper(match self {
            Self::Nothing => Kind::Nothing,
            Self::OnnxRuntime { run_options, .. } => Kind::OnnxRuntime(Arc::clone(run_options)),
            #[cfg(feature = "embedded")]
            Self::Embedded(runner) => Kind::Embedded(runner.stop()),
        })
    }
}

/// Ends a run that takes too long, from another thread.
#[derive(Clone)]
pub struct Stopper(Kind);

#[derive(Clone)]
enum Kind {
    Nothing,
    OnnxRuntime(Arc<RunOptions<NoSelectedOutputs>>),
    #[cfg(feature = "embedded")]
    Embedded(embedded::Stop),
}

impl Stopper {
    /// Makes the run under way, and every later one, fail: in ONNX Runtime as soon as the current
    /// node is done, in the embedded engine at the latest when the run is.
    pub fn stop(&self) {
        match &self.0 {
            Kind::Nothing => {}
            // Setting a flag; nothing can be done about a failure and nothing depends on it.
            Kind::OnnxRuntime(options) => drop(options.terminate()),
            #[cfg(feature = "embedded")]
            Kind::Embedded(stop) => stop.set(true),
        }
    }

    /// Lets later runs go on.
    pub fn resume(&self) {
        match &self.0 {
            Kind::Nothing => {}
            Kind::OnnxRuntime(options) => drop(options.unterminate()),
            #[cfg(feature = "embedded")]
            Kind::Embedded(stop) => stop.set(false),
        }
    }
}
