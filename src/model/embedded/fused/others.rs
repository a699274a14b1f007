// SPDX-License-Identifier: MPL-2.0

//! Everything but convolutions: little work each, on whole pixels.

use fearless_simd::{Simd, dispatch, f32x16, prelude::*};
use fearless_simd_macros::simd;

use super::plan::Plane;
use super::weights::BLOCK;
use crate::model::numbers::exp;
use crate::simd::Level;

/// A tensor that is read.
pub(super) type Input<'a> = (&'a [f32], Plane);
/// A tensor that is written.
pub(super) type Output<'a> = (&'a mut [f32], Plane);

/// 1 / (1 + exp(-x)).
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Planes of red, green and blue into pixels.
pub(super) fn interleave(planes: &[f32], (values, plane): Output) {
    let pixels = plane.pixels();
    let (Some(red), Some(green), Some(blue)) = (
        planes.get(..pixels),
        planes.get(pixels..2 * pixels),
        planes.get(2 * pixels..3 * pixels),
    ) else {
        return;
    };
    for y in 0..plane.height {
        let row = y * plane.width..(y + 1) * plane.width;
        let (red, green, blue) = (&red[row.clone()], &green[row.clone()], &blue[row]);
        let to = &mut values[plane.at(y * plane.width)..][..3 * plane.width];
        for (((to, r), g), b) in to
            .as_chunks_mut()
            .0
            .iter_mut()
            .zip(red)
            .zip(green)
            .zip(blue)
        {
            *to = [*r, *g, *b];
        }
    }
}

/// Where a bilinear enlargement reads along one axis, and the weight of the second place.
fn place(at: usize, to: usize, from: usize) -> ([usize; 2], f32) {
    let x = ((at as f32 + 0.5) * from as f32 / to as f32 - 0.5).max(0.0);
    let first = (x as usize).min(from - 1);
    (
        [first, (first + 1).min(from - 1)],
        (x - first as f32).min(1.0),
    )
}

/// A bilinear enlargement by half pixels, added to `output` if so.
pub(super) fn resize(level: Level, input: Input, output: Output, add: bool, relu: bool) {
    let (values, plane) = output;
    dispatch!(level, simd => resize_rows(simd, input, values, plane, add, relu));
}

/// The channels of a pixel of a row.
#[inline(always)]
fn blocks<'a>(row: &'a [f32], column: usize, plane: &Plane) -> &'a [[f32; BLOCK]] {
    row[column * plane.pitch..][..plane.pitch].as_chunks().0
}

#[simd]
fn resize_rows<S: Simd>(
    simd: S,
    (from, source): Input,
    values: &mut [f32],
    plane: Plane,
    add: bool,
    relu: bool,
) {
    for y in 0..plane.height {
        let (rows, down) = place(y, plane.height, source.height);
        let row = |row: usize| &from[source.at(row * source.width)..];
        let rows = [row(rows[0]), row(rows[1])];
        let to = &mut values[plane.at(y * plane.width)..][..plane.width * plane.pitch];
        for (x, to) in to.chunks_exact_mut(plane.pitch).enumerate() {
            let (columns, right) = place(x, plane.width, source.width);
            let [first, second] = columns;
            let [a, b] = [
                blocks(rows[0], first, &source),
                blocks(rows[0], second, &source),
            ];
            let [c, d] = [
                blocks(rows[1], first, &source),
                blocks(rows[1], second, &source),
            ];
            let to = to.as_chunks_mut::<BLOCK>().0.iter_mut();
            for ((((to, a), b), c), d) in to.zip(a).zip(b).zip(c).zip(d) {
                let (a, b) = (f32x16::from_slice(simd, a), f32x16::from_slice(simd, b));
                let (c, d) = (f32x16::from_slice(simd, c), f32x16::from_slice(simd, d));
                let above = (b - a).mul_add(right, a);
                let below = (d - c).mul_add(right, c);
                let mut sum = (below - above).mul_add(down, above);
                if add {
                    sum += f32x16::from_slice(simd, &to[..]);
                }
                if relu {
                    sum = sum.max(0.0);
                }
                sum.store_slice(to);
            }
        }
    }
}

/// A sum or a product of two tensors, of which the second may have one pixel.
pub(super) fn combine(a: Input, b: Input, output: Output, product: bool, relu: bool) {
    let (values, plane) = output;
    let single = b.1.pixels() == 1;
    for pixel in 0..plane.pixels() {
        let to = &mut values[plane.at(pixel)..][..plane.pitch];
        let a = &a.0[a.1.at(pixel)..][..plane.pitch];
        let b = &b.0[b.1.at(if single { 0 } else { pixel })..][..plane.pitch];
        for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
            let x = if product { a * b } else { a + b };
            *to = if relu { x.max(0.0) } else { x };
        }
    }
}

/// Each number for itself.
pub(super) fn map(input: Input, output: Output, change: impl Fn(f32) -> f32) {
    let (values, plane) = output;
    for pixel in 0..plane.pixels() {
        let from = &input.0[input.1.at(pixel)..][..plane.pitch];
        let to = &mut values[plane.at(pixel)..][..plane.pitch];
        to.iter_mut().zip(from).for_each(|(to, x)| *to = change(*x));
    }
}

/// No number below 0.
pub(super) fn relu(input: Input, output: Output) {
    map(input, output, |x| x.max(0.0));
}

/// Numbers between 0 and 1.
pub(super) fn sigmoids(input: Input, output: Output) {
    map(input, output, sigmoid);
}

/// The mean over squares of `kernel` pixels, as far as they are in the picture.
pub(super) fn average_pool(input: Input, output: Output, kernel: usize, pad: usize) {
    let (values, plane) = output;
    for y in 0..plane.height {
        let rows = y.saturating_sub(pad)..(y + kernel - pad).min(plane.height);
        for x in 0..plane.width {
            let columns = x.saturating_sub(pad)..(x + kernel - pad).min(plane.width);
            let to = &mut values[plane.at(y * plane.width + x)..][..plane.pitch];
            to.fill(0.0);
            for row in rows.clone() {
                for column in columns.clone() {
                    let from = &input.0[input.1.at(row * plane.width + column)..];
                    to.iter_mut().zip(from).for_each(|(to, x)| *to += x);
                }
            }
            let share = 1.0 / (rows.len() * columns.len()) as f32;
            to.iter_mut().for_each(|to| *to *= share);
        }
    }
}

/// The mean over all pixels.
pub(super) fn global_pool(input: Input, output: Output) {
    let (values, plane) = output;
    let to = &mut values[plane.at(0)..][..plane.pitch];
    to.fill(0.0);
    for pixel in 0..input.1.pixels() {
        let from = &input.0[input.1.at(pixel)..];
        to.iter_mut().zip(from).for_each(|(to, x)| *to += x);
    }
    let share = 1.0 / input.1.pixels() as f32;
    to.iter_mut().for_each(|to| *to *= share);
}

/// The first `channels` of each pixel of `input` to the place `offset` in each of the output.
pub(super) fn copy(input: Input, channels: usize, output: Output, offset: usize) {
    let (values, plane) = output;
    for pixel in 0..plane.pixels() {
        let from = &input.0[input.1.at(pixel)..][..channels];
        values[plane.at(pixel) + offset..][..channels].copy_from_slice(from);
    }
}

/// Zeros after the first `channels` of each pixel.
pub(super) fn fill_up((values, plane): Output, channels: usize) {
    for pixel in 0..plane.pixels() {
        values[plane.at(pixel)..][channels..plane.pitch].fill(0.0);
    }
}

/// The network's output: of each pixel's channels a square of `block` pixels.
pub(super) fn output(level: Level, input: Input, to: &mut [f32], block: usize, is_sigmoid: bool) {
    dispatch!(level, simd => output_rows(simd, input, to, block, is_sigmoid));
}

#[simd]
fn output_rows<S: Simd>(
    _: S,
    (values, plane): Input,
    to: &mut [f32],
    block: usize,
    is_sigmoid: bool,
) {
    let width = plane.width * block;
    for (row, to) in to.chunks_exact_mut(width.max(1)).enumerate() {
        let from = &values[plane.at(row / block * plane.width)..][..plane.width * plane.pitch];
        let first = row % block * block;
        for (to, from) in to
            .chunks_exact_mut(block)
            .zip(from.chunks_exact(plane.pitch))
        {
            to.copy_from_slice(&from[first..first + block]);
        }
        if is_sigmoid {
            to.iter_mut().for_each(|x| *x = sigmoid(*x));
        }
    }
}
