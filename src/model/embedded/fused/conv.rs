// SPDX-License-Identifier: MPL-2.0

//! Convolutions, with what is added and the Relu in the same pass. Each result is a sum in
//! registers: 16 channels of several pixels at a time.

use fearless_simd::{Simd, dispatch, f32x16, prelude::*};
use fearless_simd_macros::simd;

use super::layers::{Conv, MOST_PLACES};
use super::plan::Plane;
use super::weights::BLOCK;
use crate::simd::Level;

/// A convolution of one tensor into another.
pub(super) struct Pass<'a> {
    pub conv: &'a Conv,
    /// What is read, border and all, and where it lies.
    pub input: (&'a [f32], Plane),
    /// What is added to the result.
    pub add: Option<(&'a [f32], Plane)>,
    pub relu: bool,
}

/// Places of a kernel: where the numbers of each are, counted from the first.
struct Taps {
    offsets: [usize; MOST_PLACES],
    count: usize,
    /// Numbers in each.
    len: usize,
}

/// Where neighbouring pixels lie: the first number that each reads, what it is added to, and where it
/// is stored.
struct Places<const PIXELS: usize> {
    from: [usize; PIXELS],
    add: [usize; PIXELS],
    to: [usize; PIXELS],
}

/// Walks over the pixels of the output, row by row.
struct Walk<'a> {
    pass: &'a Pass<'a>,
    plane: Plane,
    left: usize,
    x: usize,
    y: usize,
    /// Where the row begins, as in [`Places`].
    from: usize,
    add: usize,
    to: usize,
}

impl<'a> Walk<'a> {
    #[inline(always)]
    fn new(pass: &'a Pass, plane: Plane) -> Self {
        let mut walk = Self {
            pass,
            plane,
            left: plane.pixels(),
            x: 0,
            y: 0,
            from: 0,
            add: 0,
            to: 0,
        };
        walk.begin_row();
        walk
    }

    #[inline(always)]
    fn begin_row(&mut self) {
        let input = &self.pass.input.1;
        let [top, left, ..] = self.pass.conv.pads;
        let corner = input.start() - top * input.row() - left * input.pitch;
        self.from = corner + self.y * self.pass.conv.stride[0] * input.row();
        let add = self.pass.add.as_ref();
        self.add = add.map_or(0, |(_, plane)| plane.start() + self.y * plane.row());
        self.to = self.plane.start() + self.y * self.plane.row();
    }

    /// The next pixels; none if there are not so many.
    #[inline(always)]
    fn next<const PIXELS: usize>(&mut self) -> Option<Places<PIXELS>> {
        self.left = self.left.checked_sub(PIXELS)?;
        let step = self.pass.conv.stride[1] * self.pass.input.1.pitch;
        let pitch = self.plane.pitch;
        let mut places = Places {
            from: [0; PIXELS],
            add: [0; PIXELS],
            to: [0; PIXELS],
        };
        for m in 0..PIXELS {
            places.from[m] = self.from + self.x * step;
            places.add[m] = self.add + self.x * pitch;
            places.to[m] = self.to + self.x * pitch;
            self.x += 1;
            if self.x == self.plane.width {
                (self.x, self.y) = (0, self.y + 1);
                self.begin_row();
            }
        }
        Some(places)
    }
}

impl Pass<'_> {
    /// Computes all of `output`.
    pub fn run(&self, level: Level, output: (&mut [f32], Plane)) {
        let (values, plane) = output;
        match self.conv.depthwise {
            true => dispatch!(level, simd => depthwise(simd, self, values, plane)),
            false => dispatch!(level, simd => dense(simd, self, values, plane)),
        }
    }

    /// The places of the kernel; those of a row lie in one piece, if `joined`.
    fn taps(&self, joined: bool) -> Taps {
        let plane = &self.input.1;
        let ([rows, columns], [down, right]) = (self.conv.kernel, self.conv.dilation);
        let (columns, len) = match joined && (right == 1 || columns == 1) {
            true => (1, columns * plane.pitch),
            false => (columns, plane.pitch),
        };
        let mut taps = Taps {
            offsets: [0; MOST_PLACES],
            count: (rows * columns).min(MOST_PLACES),
            len,
        };
        for (at, offset) in taps.offsets[..taps.count].iter_mut().enumerate() {
            let (row, column) = (at / columns, at % columns);
            *offset = row * down * plane.row() + column * right * plane.pitch;
        }
        taps
    }
}

/// What one block of 16 channels of a convolution has: bias and weights.
type Block<'a> = (&'a [f32; BLOCK], &'a [[f32; BLOCK]]);

/// As many pixels at a time as leave registers for the weights.
#[simd]
fn dense<S: Simd>(simd: S, pass: &Pass, output: &mut [f32], plane: Plane) {
    match S::f32s::LEN {
        16 => dense_blocks::<S, 12>(simd, pass, output, plane),
        8 => dense_blocks::<S, 6>(simd, pass, output, plane),
        _ if cfg!(target_arch = "aarch64") => dense_blocks::<S, 6>(simd, pass, output, plane),
        _ => dense_blocks::<S, 2>(simd, pass, output, plane),
    }
}

/// Block by block, so that a block's weights stay in the cache.
#[inline(always)]
fn dense_blocks<S: Simd, const PIXELS: usize>(
    simd: S,
    pass: &Pass,
    output: &mut [f32],
    plane: Plane,
) {
    let taps = pass.taps(true);
    for (at, block) in pass.conv.weights.blocks().enumerate() {
        let mut walk = Walk::new(pass, plane);
        while let Some(places) = walk.next::<PIXELS>() {
            let sums = sums(simd, pass, &taps, block, &places);
            finish(simd, pass, sums, &places, at * BLOCK, output);
        }
        while let Some(places) = walk.next::<1>() {
            let sums = sums(simd, pass, &taps, block, &places);
            finish(simd, pass, sums, &places, at * BLOCK, output);
        }
    }
}

/// 16 channels of neighbouring pixels.
#[inline(always)]
fn sums<S: Simd, const PIXELS: usize>(
    simd: S,
    pass: &Pass,
    taps: &Taps,
    (bias, weights): Block,
    places: &Places<PIXELS>,
) -> [f32x16<S>; PIXELS] {
    let mut sums = [f32x16::from_slice(simd, bias); PIXELS];
    let offsets = &taps.offsets[..taps.count];
    for (offset, weights) in offsets.iter().zip(weights.chunks_exact(taps.len)) {
        let mut rows: [&[f32]; PIXELS] = [&[]; PIXELS];
        for (row, from) in rows.iter_mut().zip(&places.from) {
            *row = &pass.input.0[from + offset..][..weights.len()];
        }
        for (at, weights) in weights.iter().enumerate() {
            let weights = f32x16::from_slice(simd, weights);
            for (sum, row) in sums.iter_mut().zip(&rows) {
                *sum = f32x16::splat(simd, row[at]).mul_add(weights, *sum);
            }
        }
    }
    sums
}

#[simd]
fn depthwise<S: Simd>(simd: S, pass: &Pass, output: &mut [f32], plane: Plane) {
    match S::f32s::LEN {
        16 => depthwise_blocks::<S, 8>(simd, pass, output, plane),
        8 => depthwise_blocks::<S, 4>(simd, pass, output, plane),
        _ if cfg!(target_arch = "aarch64") => depthwise_blocks::<S, 4>(simd, pass, output, plane),
        _ => depthwise_blocks::<S, 2>(simd, pass, output, plane),
    }
}

/// Pixel by pixel: their channels lie together.
#[inline(always)]
fn depthwise_blocks<S: Simd, const PIXELS: usize>(
    simd: S,
    pass: &Pass,
    output: &mut [f32],
    plane: Plane,
) {
    let taps = pass.taps(false);
    let mut walk = Walk::new(pass, plane);
    while let Some(places) = walk.next::<PIXELS>() {
        for (at, block) in pass.conv.weights.blocks().enumerate() {
            let sums = products(simd, pass, &taps, block, &places, at * BLOCK);
            finish(simd, pass, sums, &places, at * BLOCK, output);
        }
    }
    while let Some(places) = walk.next::<1>() {
        for (at, block) in pass.conv.weights.blocks().enumerate() {
            let sums = products(simd, pass, &taps, block, &places, at * BLOCK);
            finish(simd, pass, sums, &places, at * BLOCK, output);
        }
    }
}

/// 16 channels of neighbouring pixels, each with its own kernel; `offset` is the first channel.
#[inline(always)]
fn products<S: Simd, const PIXELS: usize>(
    simd: S,
    pass: &Pass,
    taps: &Taps,
    (bias, weights): Block,
    places: &Places<PIXELS>,
    offset: usize,
) -> [f32x16<S>; PIXELS] {
    let mut sums = [f32x16::from_slice(simd, bias); PIXELS];
    for (tap, weights) in taps.offsets[..taps.count].iter().zip(weights) {
        let weights = f32x16::from_slice(simd, weights);
        for (sum, from) in sums.iter_mut().zip(&places.from) {
            let values = &pass.input.0[from + tap + offset..][..BLOCK];
            *sum = f32x16::from_slice(simd, values).mul_add(weights, *sum);
        }
    }
    sums
}

/// Adds, cuts off and stores; `offset` is the first channel.
#[inline(always)]
fn finish<S: Simd, const PIXELS: usize>(
    simd: S,
    pass: &Pass,
    sums: [f32x16<S>; PIXELS],
    places: &Places<PIXELS>,
    offset: usize,
    output: &mut [f32],
) {
    for (m, mut sum) in sums.into_iter().enumerate() {
        if let Some((values, _)) = &pass.add {
            sum += f32x16::from_slice(simd, &values[places.add[m] + offset..][..BLOCK]);
        }
        if pass.relu {
            sum = sum.max(0.0);
        }
        sum.store_slice(&mut output[places.to[m] + offset..][..BLOCK]);
    }
}

#[cfg(test)]
#[path = "conv_tests.rs"]
mod tests;
