// SPDX-License-Identifier: MPL-2.0

//! Where each tensor lies for a picture of one size. Tensors that are not needed at the same time
//! share memory.

use super::graph::Reason;
use super::layers::{Layer, Layers, Target, Value};
use super::weights::{Floats, pitch};

/// Numbers that the memory of one size may take, 1 GiB.
const MOST: usize = 1 << 28;

/// A tensor in a buffer: pixel by pixel, channel by channel. Around it is a border of zeros, as wide
/// as the convolutions that read it reach out of the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Plane {
    pub width: usize,
    pub height: usize,
    /// Numbers from one pixel to the next.
    pub pitch: usize,
    border: usize,
    /// Which buffer it lies in.
    pub buffer: usize,
}

impl Plane {
    /// Of this width and height, with so many channels and a border of so many pixels.
    pub fn new([width, height]: [usize; 2], channels: usize, border: usize) -> Self {
        Self {
            width,
            height,
            pitch: pitch(channels),
            border,
            buffer: 0,
        }
    }

    /// Numbers from one row to the next.
    pub fn row(&self) -> usize {
        (self.width + 2 * self.border) * self.pitch
    }

    /// Where the picture's first number is.
    pub fn start(&self) -> usize {
        self.border * (self.row() + self.pitch)
    }

    /// How many pixels the picture has.
    pub fn pixels(&self) -> usize {
        self.width * self.height
    }

    /// Where the numbers of a pixel are, counted row by row.
    #[inline(always)]
    pub fn at(&self, pixel: usize) -> usize {
        let (x, y) = (pixel % self.width, pixel / self.width);
        self.start() + y * self.row() + x * self.pitch
    }

    /// Numbers in all, with the border; none if these are too many to count.
    pub fn len(&self) -> Option<usize> {
        let rows = self.height + 2 * self.border;
        let row = (self.width + 2 * self.border).checked_mul(self.pitch)?;
        row.checked_mul(rows)
    }
}

/// The memory for pictures of one size.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where each tensor lies.
    pub planes: Vec<Plane>,
    /// Memory, zeroed; only pixels inside of pictures are written.
    pub buffers: Vec<Floats>,
    /// Width and height of the output.
    pub output: [usize; 2],
}

impl Layer {
    /// What it reads.
    fn inputs(&self) -> Vec<Value> {
        match self {
            Self::Conv { input, add, .. } => [*input].into_iter().chain(*add).collect(),
            Self::Combine { a, b, .. } => vec![*a, *b],
            Self::Concat { inputs, .. } => inputs.clone(),
            Self::Resize {
                input,
                output,
                add: true,
                ..
            } => vec![*input, *output],
            Self::Resize { input, .. }
            | Self::Relu { input, .. }
            | Self::Sigmoid { input, .. }
            | Self::AveragePool { input, .. }
            | Self::GlobalPool { input, .. }
            | Self::Output { input, .. } => vec![*input],
        }
    }

    fn output(&self) -> Option<Value> {
        match self {
            Self::Conv { output, .. }
            | Self::Resize { output, .. }
            | Self::Combine { output, .. }
            | Self::Relu { output, .. }
            | Self::Sigmoid { output, .. }
            | Self::AveragePool { output, .. }
            | Self::GlobalPool { output, .. }
            | Self::Concat { output, .. } => Some(*output),
            Self::Output { .. } => None,
        }
    }
}

impl Plan {
    /// For a picture of this size.
    ///
    /// # Errors
    /// It is too small or too large for the network, or does not fit it.
    pub fn new(network: &Layers, picture: [usize; 2]) -> Result<Self, Reason> {
        let (sizes, output) = sizes(network, picture)?;
        let mut planes: Vec<Plane> = sizes
            .iter()
            .zip(&network.channels)
            .map(|(size, channels)| Plane::new(*size, *channels, 0))
            .collect();
        for layer in &network.layers {
            if let Layer::Conv { input, conv, .. } = layer {
                let border = conv.pads.into_iter().max().unwrap_or(0);
                planes[*input].border = planes[*input].border.max(border);
            }
        }
        let buffers = place(network, &mut planes)?;
        Ok(Self {
            planes,
            buffers,
            output,
        })
    }
}

/// Width and height of every tensor and of the output, for a picture of this size.
///
/// # Errors
/// It is too small for the network, or does not fit it.
fn sizes(
    network: &Layers,
    [width, height]: [usize; 2],
) -> Result<(Vec<[usize; 2]>, [usize; 2]), Reason> {
    let mut sizes = vec![[0; 2]; network.channels.len()];
    sizes[0] = [width, height];
    let mut output = [0; 2];
    for layer in &network.layers {
        let size = size_of(layer, &sizes)?;
        if size.contains(&0) {
            return Err(format!("a picture of {width}x{height} is too small"));
        }
        match layer.output() {
            Some(value) => sizes[value] = size,
            None => output = size,
        }
    }
    Ok((sizes, output))
}

/// Gives each tensor a buffer, and makes them.
fn place(network: &Layers, planes: &mut [Plane]) -> Result<Vec<Floats>, Reason> {
    let mut last = vec![0; planes.len()];
    for (at, layer) in network.layers.iter().enumerate() {
        layer
            .inputs()
            .into_iter()
            .for_each(|value| last[value] = at);
    }
    // One that was used by another tensor must have the same border, which stays zero.
    let alike = |a: &Plane, b: &Plane| Plane { buffer: 0, ..*a } == Plane { buffer: 0, ..*b };
    let mut made: Vec<Plane> = vec![planes[0]];
    let mut free: Vec<usize> = Vec::new();
    let mut placed = vec![false; planes.len()];
    placed[0] = true;
    for (at, layer) in network.layers.iter().enumerate() {
        if let Some(value) = layer.output()
            && !placed[value]
        {
            placed[value] = true;
            let found = free
                .iter()
                .position(|buffer| alike(&made[*buffer], &planes[value]));
            planes[value].buffer = match found {
                Some(found) => free.swap_remove(found),
                None => {
                    made.push(planes[value]);
                    made.len() - 1
                }
            };
        }
        for value in layer.inputs() {
            let buffer = planes[value].buffer;
            if last[value] == at && value != 0 && !free.contains(&buffer) {
                free.push(buffer);
            }
        }
    }
    let lens: Option<Vec<usize>> = made.iter().map(Plane::len).collect();
    let lens =
        lens.filter(|lens| lens.iter().try_fold(0usize, |a, b| a.checked_add(*b)) < Some(MOST));
    let lens = lens.ok_or("the picture is too large")?;
    Ok(lens.into_iter().map(Floats::zeros).collect())
}

/// Width and height of what a layer gives.
fn size_of(layer: &Layer, sizes: &[[usize; 2]]) -> Result<[usize; 2], Reason> {
    Ok(match layer {
        Layer::Conv {
            input, add, conv, ..
        } => {
            let side = |side: usize, axis: usize| {
                let reach = (conv.kernel[axis] - 1) * conv.dilation[axis] + 1;
                let padded = side + conv.pads[axis] + conv.pads[axis + 2];
                padded
                    .checked_sub(reach)
                    .map_or(0, |rest| rest / conv.stride[axis] + 1)
            };
            let [width, height] = sizes[*input];
            let size = [side(width, 1), side(height, 0)];
            if add.is_some_and(|add| sizes[add] != size) {
                return Err("a sum of different sizes".into());
            }
            size
        }
        Layer::Resize {
            input,
            output,
            target,
            add,
            ..
        } => {
            let size = match target {
                Target::Times(times) => sizes[*input].map(|side| side * times),
                Target::Like(other) => sizes[*other],
            };
            if *add && sizes[*output] != size {
                return Err("a sum of different sizes".into());
            }
            size
        }
        Layer::Combine { a, b, .. } => {
            if sizes[*b] != [1, 1] && sizes[*a] != sizes[*b] {
                return Err("a sum of different sizes".into());
            }
            sizes[*a]
        }
        Layer::Concat { inputs, .. } => {
            let first = sizes[inputs[0]];
            if inputs.iter().any(|input| sizes[*input] != first) {
                return Err("parts of different sizes".into());
            }
            first
        }
        Layer::Relu { input, .. }
        | Layer::Sigmoid { input, .. }
        | Layer::AveragePool { input, .. } => sizes[*input],
        Layer::GlobalPool { .. } => [1, 1],
        Layer::Output { input, block, .. } => sizes[*input].map(|side| side * block),
    })
}
