// SPDX-License-Identifier: MPL-2.0

//! Where each tensor lies for a picture of one size. Tensors that are not needed at the same time
//! share memory.

use super::graph::Reason;
use super::layers::{Layer, Layers, Target, Value};
use super::weights::{Floats, pitch};

/// Numbers that the memory of one size may take, 1 GiB.
const MOST: usize = 1 << 28;
const TOO_LARGE: &str = "the picture is too large";

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

    /// Whether what another tensor of the same memory leaves behind in the border is this one's.
    fn is_like(&self, other: &Self) -> bool {
        Self { buffer: 0, ..*self }
            == Self {
                buffer: 0,
                ..*other
            }
    }

    /// Zeroes the border.
    pub fn clear_border(&self, values: &mut [f32]) {
        let (row, margin) = (self.row(), self.border * self.pitch);
        if margin == 0 {
            return;
        }
        let (inner, rows) = (self.width * self.pitch, self.height + 2 * self.border);
        for (y, values) in values.chunks_exact_mut(row).take(rows).enumerate() {
            if y < self.border || y >= self.border + self.height {
                values.fill(0.0);
            } else {
                values[..margin].fill(0.0);
                values[margin + inner..].fill(0.0);
            }
        }
    }
}

/// The memory for pictures of one size.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where each tensor lies.
    pub planes: Vec<Plane>,
    /// Memory. Passes write whole pixels, those inside of pictures only.
    pub buffers: Vec<Floats>,
    /// For each pass, whether the border of the tensor that it writes has to be zeroed, since another
    /// one may have lain there.
    pub stale: Vec<bool>,
    /// Width and height of the output.
    pub output: [usize; 2],
}

/// The tensors that lie in one buffer, in the order in which they are written.
#[derive(Debug, Default)]
struct Slot {
    /// Numbers of the largest.
    len: usize,
    /// Each with the pass that writes it first.
    tenants: Vec<(Plane, usize)>,
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
        let slots = place(network, &mut planes)?;
        let lens = slots.iter().map(|slot| slot.len);
        let all = lens.clone().try_fold(0, usize::checked_add);
        if all.is_none_or(|all| all >= MOST) {
            return Err(TOO_LARGE.into());
        }
        Ok(Self {
            stale: stale(network.layers.len(), &slots),
            buffers: lens.map(Floats::zeros).collect(),
            planes,
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

/// Gives each tensor a buffer.
fn place(network: &Layers, planes: &mut [Plane]) -> Result<Vec<Slot>, Reason> {
    let mut last = vec![0; planes.len()];
    for (at, layer) in network.layers.iter().enumerate() {
        layer
            .inputs()
            .into_iter()
            .for_each(|value| last[value] = at);
    }
    let mut slots: Vec<Slot> = vec![Slot::default()];
    slots[0].len = planes[0].len().ok_or(TOO_LARGE)?;
    let mut free: Vec<usize> = Vec::new();
    let mut placed = vec![false; planes.len()];
    placed[0] = true;
    for (at, layer) in network.layers.iter().enumerate() {
        if let Some(value) = layer.output()
            && !placed[value]
        {
            placed[value] = true;
            let plane = &mut planes[value];
            let len = plane.len().ok_or(TOO_LARGE)?;
            plane.buffer = match best(&slots, &free, plane, len) {
                Some(found) => free.swap_remove(found),
                None => {
                    slots.push(Slot::default());
                    slots.len() - 1
                }
            };
            let slot = &mut slots[plane.buffer];
            slot.len = slot.len.max(len);
            slot.tenants.push((*plane, at));
        }
        for value in layer.inputs() {
            let buffer = planes[value].buffer;
            if last[value] == at && value != 0 && !free.contains(&buffer) {
                free.push(buffer);
            }
        }
    }
    Ok(slots)
}

/// Which of the free buffers suits a tensor: the one that a tensor like it left, or the smallest
/// that is large enough, or the largest, which then grows.
fn best(slots: &[Slot], free: &[usize], plane: &Plane, len: usize) -> Option<usize> {
    let rank = |at: &usize| {
        let slot = &slots[free[*at]];
        let left = slot.tenants.last();
        let alike = left.is_some_and(|(left, _)| left.is_like(plane));
        (!alike, slot.len < len, slot.len.abs_diff(len))
    };
    (0..free.len()).min_by_key(rank)
}

/// Which passes find numbers of another tensor in the border. The first one of a buffer finds what any
/// of the others left, since a run may be stopped after every pass.
fn stale(passes: usize, slots: &[Slot]) -> Vec<bool> {
    let mut stale = vec![false; passes];
    for slot in slots {
        let tenants = &slot.tenants;
        for (n, (plane, pass)) in tenants.iter().enumerate() {
            let before = match n {
                0 => &tenants[..],
                n => &tenants[n - 1..n],
            };
            stale[*pass] = !before.iter().all(|(left, _)| left.is_like(plane));
        }
    }
    stale
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
