// SPDX-License-Identifier: MPL-2.0

//! What the element needs of a network. [`Network`] is the one that people get; tests have others,
//! slow or failing at will.

use crate::frame::{GrayImage, TensorMut, TensorSpec};
use crate::model::{self, InputSize, ModelError, ModelSource, Network, Stopper};
use std::sync::Arc;
use std::time::Duration;

/// What is known about a network after it was loaded.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Name of the model.
    pub name: String,
    /// What runs it, by its nick.
    pub engine: &'static str,
    /// What really computes it.
    pub provider: String,
    /// A device that can be lost computes part of it: not the CPU alone.
    pub accelerated: bool,
    /// It remembers earlier frames.
    pub recurrent: bool,
    /// Width and height of its matte.
    pub matte_size: (usize, usize),
    /// What the size of its input comes from.
    pub input_size: InputSize,
    /// Time of the run that warmed it up.
    pub warm_up: Duration,
    /// What was guessed about it.
    pub guesses: Vec<String>,
    /// What did not go as asked.
    pub warnings: Vec<String>,
    /// Where ONNX Runtime was looked for in vain, if something else runs for want of it.
    pub missing_runtime: Option<String>,
}

/// A loaded network.
pub trait Engine: Send {
    /// What is known about it.
    fn about(&self) -> About;
    /// What the input must be filled with.
    fn input_spec(&self) -> &TensorSpec;
    /// The input's memory.
    fn input_mut(&mut self) -> TensorMut<'_>;
    /// Runs on what the input holds and decodes the raw matte. After a failure the recurrent
    /// states are cleared: they may hold what failed.
    ///
    /// # Errors
    /// The network's.
    fn infer(&mut self, matte: &mut GrayImage) -> Result<(), ModelError>;
    /// Forgets earlier frames.
    fn reset(&mut self);
    /// What ends a run from another thread.
    fn cancel(&self) -> Arc<dyn Cancel>;
}

/// Ends the run of an [`Engine`] from another thread.
pub trait Cancel: Send + Sync {
    /// The run under way, and every later one, fails as soon as it can.
    fn stop(&self);
    /// Later runs go on.
    fn resume(&self);
}

impl Cancel for Stopper {
    fn stop(&self) {
        Stopper::stop(self);
    }

    fn resume(&self) {
        Stopper::resume(self);
    }
}

impl Engine for Network {
    fn about(&self) -> About {
        let descriptor = self.descriptor();
        About {
            name: descriptor.name.clone(),
            engine: self.engine().nick(),
            provider: self.active_provider().to_string(),
            accelerated: self.active_provider().is_accelerated(),
            recurrent: !descriptor.states.is_empty()
                || descriptor.input.fourth == Some(model::Fourth::LastMatte),
            matte_size: self.matte_size(),
            input_size: descriptor.input.size,
            warm_up: Network::warm_up(self),
            guesses: descriptor.guesses.clone(),
            warnings: self.warnings().to_vec(),
            missing_runtime: self.missing_runtime().map(ToString::to_string),
        }
    }

    fn input_spec(&self) -> &TensorSpec {
        Network::input_spec(self)
    }

    fn input_mut(&mut self) -> TensorMut<'_> {
        Network::input_mut(self)
    }

    fn infer(&mut self, matte: &mut GrayImage) -> Result<(), ModelError> {
        crate::fault::point("network");
        let result = self.run().and_then(|()| self.decode(matte));
        if result.is_err() {
            Network::reset(self);
        }
        result
    }

    fn reset(&mut self) {
        Network::reset(self);
    }

    fn cancel(&self) -> Arc<dyn Cancel> {
        Arc::new(self.stopper())
    }
}

/// Makes an engine of a model.
pub type Load =
    dyn Fn(&ModelSource, &model::Options) -> Result<Box<dyn Engine>, ModelError> + Send + Sync;

/// How the element loads its network; tests replace it.
#[derive(Clone)]
pub struct LoadEngine(pub Arc<Load>);

impl Default for LoadEngine {
    fn default() -> Self {
        Self(Arc::new(|source, options| {
            Ok(Box::new(Network::load(source, options)?))
        }))
    }
}
