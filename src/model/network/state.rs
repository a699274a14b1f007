// SPDX-License-Identifier: MPL-2.0

//! Recurrent states: tensors that one run writes and the next one reads. Two tensors per
//! state are bound crosswise, so that nothing is copied from run to run.

use ort::session::IoBinding;
use ort::value::{DynTensor, TensorElementType};

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::description::StatePair;
use super::super::signature::{TensorInfo, find};
use super::super::tensors::zeros;

/// One state.
#[derive(Debug)]
pub(super) struct State {
    pair: StatePair,
    /// Read by even runs, written by odd ones.
    even: DynTensor,
    /// Read by odd runs, written by even ones.
    odd: DynTensor,
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
        let make = || zeros(info.element, &shape).map_err(|error| context.run_error(&error));
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
        if output.element != Some(*self.even.data_type()) {
            let problem = format!("output {output} does not fit input `{}`", self.pair.input);
            return Err(context.contradiction("state", problem));
        }
        let make =
            || zeros(output.element, &output.sides()).map_err(|error| context.run_error(&error));
        (self.even, self.odd) = (make()?, make()?);
        Ok(())
    }

    /// Name of the input.
    pub fn input(&self) -> &str {
        &self.pair.input
    }

    /// What the first run reads.
    pub fn front(&self) -> &DynTensor {
        &self.even
    }

    /// Binds input and output for even (0) or odd (1) runs.
    pub fn bind(&mut self, binding: &mut IoBinding, parity: usize) -> ort::Result<()> {
        self.rebind(binding, parity)?;
        let written = if parity == 0 {
            &mut self.odd
        } else {
            &mut self.even
        };
        binding.bind_output(self.pair.output.as_str(), written)
    }

    /// Binds the input again, which copies it to where it is needed.
    pub fn rebind(&self, binding: &mut IoBinding, parity: usize) -> ort::Result<()> {
        let read = if parity == 0 { &self.even } else { &self.odd };
        binding.bind_input(self.pair.input.as_str(), read)
    }

    /// Back to zero. The next run must be an even one.
    pub fn clear(&mut self) {
        // Only these two types get past `probe`.
        if *self.even.data_type() == TensorElementType::Float16 {
            if let Ok((_, data)) = self.even.try_extract_tensor_mut::<half::f16>() {
                data.fill(half::f16::ZERO);
            }
        } else if let Ok((_, data)) = self.even.try_extract_tensor_mut::<f32>() {
            data.fill(0.0);
        }
    }
}
