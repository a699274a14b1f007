// SPDX-License-Identifier: MPL-2.0

//! Networks like those of this project, several times as fast as by the general way.
//!
//! They consist of convolutions with few channels, which the general way spends most of its time on
//! bringing into the form that it needs. Here every tensor is kept pixel by pixel, with its channels
//! side by side, so that 16 of them are a vector and what a convolution reads lies in rows. `graph`
//! reads the file, `reader` and `windows` turn it into passes (`layers`; what follows a convolution is
//! part of its pass),
//! `plan` gives each tensor its place for one size of the picture, `conv` and `others` compute. A
//! file with anything else in it is refused, and the general way takes it.

mod conv;
mod graph;
mod layers;
mod others;
mod plan;
#[cfg(test)]
mod plan_tests;
mod reader;
mod weights;
mod windows;

use graph::{Graph, Reason};
use layers::{Layer, Layers};
use plan::Plan;

use crate::simd::Level;

/// A loaded network, for all sizes.
#[derive(Debug)]
pub(super) struct Network {
    layers: Layers,
    /// The input's name.
    pub input: String,
    /// The output's name.
    pub output: String,
}

/// The memory for runs at one size.
#[derive(Debug)]
pub(super) struct Memory {
    plan: Plan,
    level: Level,
}

impl Network {
    /// Reads an ONNX file.
    ///
    /// # Errors
    /// It is none of this kind; the reason is of use to developers only.
    pub fn read(bytes: &[u8]) -> Result<Self, Reason> {
        let graph = Graph::read(bytes)?;
        Ok(Self {
            layers: Layers::of(&graph)?,
            input: graph.input,
            output: graph.output,
        })
    }

    /// Makes the memory for a run on pictures of this width and height.
    ///
    /// # Errors
    /// They are too small or too large.
    pub fn memory(&self, size: [usize; 2], level: Level) -> Result<Memory, Reason> {
        let plan = Plan::new(&self.layers, size)?;
        Ok(Memory { plan, level })
    }
}

impl Memory {
    /// Width and height of the output.
    pub fn output_size(&self) -> [usize; 2] {
        self.plan.output
    }

    /// How many numbers the memory holds, and how many all tensors have.
    #[cfg(test)]
    pub fn numbers(&self) -> (usize, usize) {
        let taken = self.plan.buffers.iter().map(|buffer| buffer.len()).sum();
        let all = self
            .plan
            .planes
            .iter()
            .filter_map(|plane| plane.len())
            .sum();
        (taken, all)
    }

    /// How many numbers the output has.
    pub fn outputs(&self) -> usize {
        self.plan.output.iter().product()
    }

    /// Runs a network on red, green and blue, a plane each, and writes its only channel. `go_on` is
    /// asked before each pass.
    ///
    /// # Errors
    /// Picture or output are of another size, or the run is not to go on.
    pub fn run(
        &mut self,
        network: &Network,
        picture: &[f32],
        output: &mut [f32],
        go_on: impl Fn() -> bool,
    ) -> Result<(), Reason> {
        let first = self.plan.planes[0];
        let counts = [3 * first.pixels(), self.outputs()];
        let found = [picture.len(), output.len()];
        if found != counts {
            return Err(format!("{found:?} numbers in and out, expected {counts:?}"));
        }
        others::interleave(picture, (&mut self.plan.buffers[first.buffer], first));
        for (at, layer) in network.layers.layers.iter().enumerate() {
            if !go_on() {
                return Err("the run was stopped".into());
            }
            self.pass(at, layer, &network.layers.channels, output);
        }
        Ok(())
    }

    /// Computes pass number `at`.
    fn pass(&mut self, at: usize, layer: &Layer, channels: &[usize], to: &mut [f32]) {
        let (plan, level) = (&mut self.plan, self.level);
        // What is written is taken out of the list while others are read.
        macro_rules! write {
            ($value:expr, |$buffers:ident, $output:ident| $pass:expr) => {{
                let plane = plan.planes[*$value];
                let mut memory = std::mem::take(&mut plan.buffers[plane.buffer]);
                if plan.stale[at] {
                    plane.clear_border(&mut memory);
                }
                {
                    let $buffers = |value: &layers::Value| {
                        let plane = plan.planes[*value];
                        (&plan.buffers[plane.buffer][..], plane)
                    };
                    let $output = (&mut memory[..], plane);
                    $pass;
                }
                plan.buffers[plane.buffer] = memory;
            }};
        }
        match layer {
            Layer::Conv {
                input,
                output,
                add,
                relu,
                conv,
            } => write!(output, |read, out| {
                let pass = conv::Pass {
                    conv,
                    input: read(input),
                    add: add.as_ref().map(read),
                    relu: *relu,
                };
                pass.run(level, out);
            }),
            Layer::Resize {
                input,
                output,
                add,
                relu,
                ..
            } => write!(output, |read, out| {
                others::resize(level, read(input), out, *add, *relu);
            }),
            Layer::Combine {
                a,
                b,
                output,
                product,
                relu,
            } => write!(output, |read, out| {
                others::combine(read(a), read(b), out, *product, *relu);
            }),
            Layer::Relu { input, output } => {
                write!(output, |read, out| others::relu(read(input), out));
            }
            Layer::Sigmoid { input, output } => {
                write!(output, |read, out| others::sigmoids(read(input), out));
            }
            Layer::AveragePool {
                input,
                output,
                kernel,
                pad,
            } => write!(output, |read, out| {
                others::average_pool(read(input), out, *kernel, *pad);
            }),
            Layer::GlobalPool { input, output } => {
                write!(output, |read, out| others::global_pool(read(input), out));
            }
            Layer::Concat { inputs, output } => write!(output, |read, out| {
                let (values, plane) = out;
                let mut offset = 0;
                for input in inputs {
                    let channels = channels[*input];
                    others::copy(read(input), channels, (&mut *values, plane), offset);
                    offset += channels;
                }
                others::fill_up((values, plane), offset);
            }),
            Layer::Output {
                input,
                block,
                sigmoid,
            } => {
                let plane = plan.planes[*input];
                let values = (&plan.buffers[plane.buffer][..], plane);
                others::output(level, values, to, *block, *sigmoid);
            }
        }
    }
}
