// SPDX-License-Identifier: MPL-2.0

//! Memory for runs, shared by the networks of one model: a run takes what no other run uses. So there
//! is as much of it as networks run at the same time, however many streams there are.

use super::fused::{Memory, Network};
use crate::model::engine::EngineError;
use crate::sync::lock;
use std::sync::{Arc, Mutex, Weak};

/// The memory of a model's runs, by the size of the picture.
#[derive(Debug, Default)]
pub(super) struct Sizes(Mutex<Vec<Weak<Spares>>>);

/// The memory for pictures of one size. It goes when the last network with that size does.
#[derive(Debug)]
pub(super) struct Spares {
    size: [usize; 2],
    memories: Mutex<Vec<Memory>>,
}

impl Sizes {
    /// The memory for pictures of this size, at least for one run.
    ///
    /// # Errors
    /// The network cannot take such pictures.
    pub fn of(&self, network: &Network, size: [usize; 2]) -> Result<Arc<Spares>, EngineError> {
        let mut sizes = lock(&self.0);
        sizes.retain(|spares| spares.strong_count() > 0);
        let mut known = sizes.iter().filter_map(Weak::upgrade);
        if let Some(found) = known.find(|spares| spares.size == size) {
            return Ok(found);
        }
        drop(known);
        let made = Arc::new(Spares {
            size,
            memories: Mutex::new(vec![make(network, size)?]),
        });
        sizes.push(Arc::downgrade(&made));
        Ok(made)
    }
}

impl Spares {
    /// Lends memory for a run. A run that panics gives none back.
    ///
    /// # Errors
    /// As `run` says.
    pub fn with<T>(
        &self,
        network: &Network,
        run: impl FnOnce(&mut Memory) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let spare = lock(&self.memories).pop();
        let mut memory = match spare {
            Some(memory) => memory,
            None => make(network, self.size)?,
        };
        let outcome = run(&mut memory);
        lock(&self.memories).push(memory);
        outcome
    }

    /// How many runs find memory.
    #[cfg(test)]
    pub fn spare(&self) -> usize {
        lock(&self.memories).len()
    }
}

fn make(network: &Network, size: [usize; 2]) -> Result<Memory, EngineError> {
    let memory = network.memory(size, crate::simd::level());
    memory.map_err(EngineError::embedded)
}
