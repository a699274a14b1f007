// SPDX-License-Identifier: MPL-2.0

//! Recurrent states: tensors that one run writes and the next one reads. Two tensors per
//! state are bound crosswise, so that nothing is copied from run to run.

use ort::session::IoBinding;
use ort::value::TensorElementType;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::description::StatePair;
use super::super::engine::EngineError;
use super::super::signature::{TensorInfo, find};
use super::super::tensors::Tensor;

/// One state.
#[derive(Debug)]
pub(super) struct State {
    pair: StatePair,
    /// Read by even runs, written by odd ones.
    even: Tensor,
    /// Read by odd runs, written by even ones.
    odd: Tensor,
}

impl State {
    /// A state for the first run: of the given shape, or the model's, sides that are open being 1
    /// (all zeros, which such networks spread over the true size).
    pub fn probe(context: &ResolveContext, pair: &StatePair) -> Result<Self, ModelError> {
        let info = find(&context.signature.inputs, &pair.input)
            .filter(|info| info.is_float())
            .ok_or_else(|| {
                context.contradiction("state", format!("`{}` is no input of floats", pair.input))
            })?;
        let shape = pair.shape.clone().unwrap_or_else(|| info.sides());
        let fits = shape.len() == info.dims.len()
            && shape
                .iter()
                .zip(&info.dims)
                .all(|(a, b)| b.is_none_or(|b| b == *a));
        if !fits {
            let problem = format!("the shape {shape:?} does not fit input {info}");
            return Err(context.contradiction("state", problem));
        }
        let make = || {
            Tensor::zeros(context.engine, info.element, &shape)
                .map_err(|error| context.run_error(&error))
        };
        Ok(Self {
            pair: pair.clone(),
            even: make()?,
            odd: make()?,
        })
    }

    /// Takes the true shape that the first run gave.
    pub fn settle(
        &mut self,
        context: &ResolveContext,
        outputs: &[TensorInfo],
    ) -> Result<(), ModelError> {
        let name = &self.pair.output;
        let output = find(outputs, name).ok_or_else(|| {
            context.contradiction("state", format!("the model has no output `{name}`"))
        })?;
        if output.element != Some(self.even.element()) {
            let problem = format!("output {output} does not fit input `{}`", self.pair.input);
            return Err(context.contradiction("state", problem));
        }
        let make = || {
            Tensor::zeros(context.engine, output.element, &output.sides())
                .map_err(|error| context.run_error(&error))
        };
        (self.even, self.odd) = (make()?, make()?);
        Ok(())
    }

    /// Name of the input.
    pub fn input(&self) -> &str {
        &self.pair.input
    }

    /// What the first run reads.
    pub fn front(&self) -> &Tensor {
        &self.even
    }

    /// What an even (0) or odd (1) run reads and writes, by the names of input and output.
    #[cfg(feature = "embedded")]
    pub fn pair(&mut self, parity: usize) -> ((&str, &Tensor), (&str, &mut Tensor)) {
        let (read, written) = match parity {
            0 => (&self.even, &mut self.odd),
            _ => (&self.odd, &mut self.even),
        };
        ((&self.pair.input, read), (&self.pair.output, written))
    }

    /// Binds input and output for even (0) or odd (1) runs.
    pub fn bind(&mut self, binding: &mut IoBinding, parity: usize) -> Result<(), EngineError> {
        self.rebind(binding, parity)?;
        let written = if parity == 0 {
            &mut self.odd
        } else {
            &mut self.even
        };
        binding.bind_output(self.pair.output.as_str(), written.of_onnxruntime_mut()?)?;
        Ok(())
    }

    /// Binds the input again, which copies it to where it is needed.
    pub fn rebind(&self, binding: &mut IoBinding, parity: usize) -> Result<(), EngineError> {
        let read = if parity == 0 { &self.even } else { &self.odd };
        binding.bind_input(self.pair.input.as_str(), read.of_onnxruntime()?)?;
        Ok(())
    }

    /// Back to zero. The next run must be an even one.
    pub fn clear(&mut self) {
        // Only these two types get past `probe`.
        if self.even.element() == TensorElementType::Float16 {
            self.even.values_mut::<half::f16>().fill(half::f16::ZERO);
        } else {
            self.even.values_mut::<f32>().fill(0.0);
        }
    }
}
