// SPDX-License-Identifier: MPL-2.0

//! Weights in the order in which passes read them, and memory that starts at a cache line.

use std::ops::{Deref, DerefMut};

/// Channels that a pass works on together. Each tensor's channels are filled up to a multiple of it.
pub(super) const BLOCK: usize = 16;

/// Floats in a cache line.
const LINE: usize = 16;

/// Floats of which the first starts a cache line, so that no vector lies in two of them.
#[derive(Debug, Default)]
pub(super) struct Floats {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Floats {
    /// So many zeros.
    pub fn zeros(len: usize) -> Self {
        let memory = vec![0.0f32; len + LINE];
        let start = memory.as_ptr().align_offset(LINE * size_of::<f32>());
        Self {
            start: start.min(LINE),
            memory,
            len,
        }
    }
}

impl Deref for Floats {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[self.start..][..self.len]
    }
}

impl DerefMut for Floats {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..][..self.len]
    }
}

/// The weights of a convolution. Those of 16 channels of the result lie together.
#[derive(Debug)]
pub(super) struct Weights {
    /// For each block of channels, for each place in the kernel (and each channel of the input, of
    /// which there may be more than the model has, see [`BLOCK`]): 16 weights.
    values: Floats,
    /// As many as there are channels in all blocks.
    bias: Floats,
    /// Numbers that one result is a sum of.
    pub terms: usize,
}

/// How many numbers a pixel of so many channels takes. A picture's three are not filled up: only the
/// first convolution reads them.
pub(super) fn pitch(channels: usize) -> usize {
    match channels {
        3 => 3,
        channels => channels.next_multiple_of(BLOCK),
    }
}

impl Weights {
    /// Of an ONNX kernel with the sides outputs, inputs, places.
    pub fn dense(values: &[f32], bias: &[f32], inputs: usize, places: usize) -> Self {
        let terms = places * pitch(inputs);
        let weight = |output: usize, term: usize| {
            let (place, input) = (term / pitch(inputs), term % pitch(inputs));
            let known = input < inputs;
            known.then(|| values[(output * inputs + input) * places + place])
        };
        Self::new(bias, terms, weight)
    }

    /// Of an ONNX kernel with the sides channels, 1, places.
    pub fn by_channel(values: &[f32], bias: &[f32], places: usize) -> Self {
        Self::new(bias, places, |channel, place| {
            Some(values[channel * places + place])
        })
    }

    fn new(bias: &[f32], terms: usize, weight: impl Fn(usize, usize) -> Option<f32>) -> Self {
        let outputs = bias.len();
        let filled = outputs.next_multiple_of(BLOCK);
        let (mut values, mut all) = (Floats::zeros(filled * terms), Floats::zeros(filled));
        all[..outputs].copy_from_slice(bias);
        for output in 0..outputs {
            for term in 0..terms {
                let at = (output / BLOCK * terms + term) * BLOCK + output % BLOCK;
                values[at] = weight(output, term).unwrap_or(0.0);
            }
        }
        Self {
            values,
            bias: all,
            terms,
        }
    }

    /// For each block of 16 channels: bias and weights, one row for each term.
    pub fn blocks(&self) -> impl Iterator<Item = (&[f32; BLOCK], &[[f32; BLOCK]])> {
        let rows = self.values.as_chunks().0;
        let blocks = rows.chunks_exact(self.terms.max(1));
        self.bias.as_chunks().0.iter().zip(blocks)
    }
}
