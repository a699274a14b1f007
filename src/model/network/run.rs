// SPDX-License-Identifier: MPL-2.0

//! Tensors are bound to the session once; a run uses what is bound.

use ort::AsPointer;
use ort::session::{IoBinding, NoSelectedOutputs, RunOptions, Session};
use ort::value::DynTensor;

use super::Network;

impl Network {
    /// Binds every tensor. With states there are two bindings, one for even and one for odd runs:
    /// what one run writes is what the next one reads.
    pub(super) fn bind(&mut self, constants: &[DynTensor]) -> ort::Result<()> {
        let session = self.session.share();
        let count = if self.states.is_empty() { 1 } else { 2 };
        for parity in 0..count {
            let mut binding = session.create_binding()?;
            binding.bind_input(self.descriptor.input.name.as_str(), self.input.tensor())?;
            for ((name, _), tensor) in self.descriptor.extras.iter().zip(constants) {
                binding.bind_input(name.as_str(), tensor)?;
            }
            for state in &mut self.states {
                state.bind(&mut binding, parity)?;
            }
            binding.bind_output(self.plan.name.as_str(), &mut self.output)?;
            if let (Some(instances), Some(tensor)) = (&self.plan.instances, &mut self.prototypes) {
                binding.bind_output(instances.prototypes.as_str(), tensor)?;
            }
            self.bindings.push(binding);
        }
        Ok(())
    }

    pub(super) fn run_bound(&mut self) -> ort::Result<()> {
        let binding = &mut self.bindings[self.parity];
        if self.rebind {
            binding.bind_input(self.descriptor.input.name.as_str(), self.input.tensor())?;
            for state in &self.states {
                state.rebind(binding, self.parity)?;
            }
        }
        if self.session.runs_together() {
            run_binding(&self.session.share(), binding, &self.run_options)
        } else {
            run_binding(&self.session.own(), binding, &self.run_options)
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
