// SPDX-License-Identifier: MPL-2.0

//! A run. ONNX Runtime's tensors are bound to the session once; the embedded engine is handed them.

use std::sync::{Arc, RwLock};

use ort::AsPointer;
use ort::session::{IoBinding, NoSelectedOutputs, RunOptions, Session};

use super::super::engine::EngineError;
use super::super::session::{Loaded, own, share};
use super::{Bound, Network};

impl Network {
    /// Makes what runs need, when every tensor has its true shape. `threads` is what one run uses.
    pub(super) fn bind(&mut self, threads: usize) -> Result<(), EngineError> {
        let session = Arc::clone(&self.session);
        match session.loaded() {
            Loaded::OnnxRuntime(session) => self.bind_onnxruntime(session),
            #[cfg(feature = "embedded")]
            Loaded::Embedded(model) => {
                let picture = [(self.descriptor.input.name.as_str(), self.input.tensor())];
                self.bound = Bound::Embedded(model.runner(&picture, threads)?);
                Ok(())
            }
        }
    }

    /// Binds every tensor. With states there are two bindings, one for even and one for odd runs:
    /// what one run writes is what the next one reads.
    fn bind_onnxruntime(&mut self, session: &RwLock<Session>) -> Result<(), EngineError> {
        let session = share(session);
        let mut bindings = Vec::new();
        let count = if self.states.is_empty() { 1 } else { 2 };
        for parity in 0..count {
            let mut binding = session.create_binding()?;
            let picture = self.input.tensor().of_onnxruntime()?;
            binding.bind_input(self.descriptor.input.name.as_str(), picture)?;
            for ((name, _), tensor) in self.descriptor.extras.iter().zip(&self.constants) {
                binding.bind_input(name.as_str(), tensor.of_onnxruntime()?)?;
            }
            for state in &mut self.states {
                state.bind(&mut binding, parity)?;
            }
            let output = self.output.of_onnxruntime_mut()?;
            binding.bind_output(self.plan.name.as_str(), output)?;
            if let (Some(instances), Some(tensor)) = (&self.plan.instances, &mut self.prototypes) {
                let tensor = tensor.of_onnxruntime_mut()?;
                binding.bind_output(instances.prototypes.as_str(), tensor)?;
            }
            bindings.push(binding);
        }
        self.bound = Bound::OnnxRuntime {
            bindings,
            run_options: Arc::new(RunOptions::new()?),
            rebind: self.session.placement.is_accelerated(),
        };
        Ok(())
    }

    pub(super) fn run_bound(&mut self) -> Result<(), EngineError> {
        match (self.session.loaded(), &mut self.bound) {
            (
                Loaded::OnnxRuntime(session),
                Bound::OnnxRuntime {
                    bindings,
                    run_options,
                    rebind,
                },
            ) => {
                let binding = &mut bindings[self.parity];
                if *rebind {
                    let picture = self.input.tensor().of_onnxruntime()?;
                    binding.bind_input(self.descriptor.input.name.as_str(), picture)?;
                    for state in &self.states {
                        state.rebind(binding, self.parity)?;
                    }
                }
                if self.session.runs_together() {
                    run_binding(&share(session), binding, run_options)?;
                } else {
                    run_binding(&own(session), binding, run_options)?;
                }
                Ok(())
            }
            #[cfg(feature = "embedded")]
            (Loaded::Embedded(model), Bound::Embedded(runner)) => {
                let picture = (self.descriptor.input.name.as_str(), self.input.tensor());
                let output = (self.plan.name.as_str(), &mut self.output);
                // Most have no more than these, and then nothing is allocated.
                if self.constants.is_empty() && self.states.is_empty() && self.prototypes.is_none()
                {
                    return runner.run(model, &[picture], &mut [output]);
                }
                let names = self.descriptor.extras.iter().map(|(name, _)| name.as_str());
                let mut inputs = vec![picture];
                inputs.extend(names.zip(&self.constants));
                let mut outputs = vec![output];
                let prototypes = self.plan.instances.as_ref().zip(self.prototypes.as_mut());
                outputs.extend(prototypes.map(|(plan, tensor)| (plan.prototypes.as_str(), tensor)));
                for state in &mut self.states {
                    let (read, written) = state.pair(self.parity);
                    inputs.push(read);
                    outputs.push(written);
                }
                runner.run(model, &inputs, &mut outputs)
            }
            _ => Err(EngineError::new(self.engine, "nothing is bound")),
        }
    }
}

/// Runs what is bound, without looking up the outputs afterwards.
///
/// `Session::run_binding` wraps every bound output anew after each run, which allocates several
/// times; we hold the outputs' tensors already. There is no safe call that leaves it out.
#[allow(unsafe_code)]
fn run_binding(
    session: &Session,
    binding: &IoBinding,
    options: &RunOptions<NoSelectedOutputs>,
) -> ort::Result<()> {
    // SAFETY: the three pointers come from live objects that their Rust owners keep until after the
    // call. The session is one that `binding` was made from: both live in one `Network`. Others run
    // the same session at the same time only if every node is on the CPU, which ONNX Runtime
    // allows (its `Run` is documented as thread-safe, and its CPU kernels and their allocator are);
    // elsewhere the caller holds the session alone (`SharedSession::own`). The tensors that are bound
    // are kept alive by `binding` and nobody reads or writes them during the call, since they are
    // only reached through the `Network` that the caller has exclusively.
    // The status is owned by us and given up to `result_from_status`, once.
    unsafe {
        let run = ort::api().RunWithBinding;
        ort::Error::result_from_status(run(session.ptr().cast_mut(), options.ptr(), binding.ptr()))
    }
}
