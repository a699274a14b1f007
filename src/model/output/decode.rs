// SPDX-License-Identifier: MPL-2.0

//! An output tensor into an 8-bit matte.

use super::memory::{by_element, numbers};
use ndarray::{ArrayView1, ArrayView2, Axis, ErrorKind, ShapeError};
use ort::value::TensorElementType as E;

use super::super::ModelError;
use super::super::onnx::Quantised;
use super::super::tensors::Tensor;
use super::plausible::{self, Limits, Sum};
use super::sample::Sample;
use super::{OutputKind, OutputPlan};
use crate::frame::GrayImage;
use crate::model::numbers::{byte, exp};

/// Decodes `tensor` as `plan` says into `matte`, which gets the plan's size. `file` is the model's
/// name in errors.
///
/// # Errors
/// [`ModelError::NonFinite`] if there is NaN or infinity anywhere in the output,
/// [`ModelError::Implausible`] if there are numbers that its kind does not allow,
/// [`ModelError::Run`] if the tensor is not what the plan was made for; `matte` is then undefined.
pub(in crate::model) fn decode(
    plan: &OutputPlan,
    tensor: &Tensor,
    matte: &mut GrayImage,
    file: &str,
) -> Result<(), ModelError> {
    macro_rules! with {
        ($type:ty) => {
            fill(plan, tensor.values::<$type>(), matte, file)
        };
    }
    by_element!(tensor.element(), bool, with, |other| Err(ModelError::Run {
        file: file.to_owned(),
        message: format!("a tensor of {other} is no matte"),
    }))
}

/// As [`decode`], from the memory of a tensor that is not ONNX Runtime's.
///
/// # Errors
/// As for [`decode`]; [`ModelError::Tensor`] if the memory holds no such tensor.
pub(in crate::model) fn decode_bytes(
    plan: &OutputPlan,
    (element, bytes): (E, &[u8]),
    matte: &mut GrayImage,
    file: &str,
) -> Result<(), ModelError> {
    let wrong = |problem| ModelError::tensor(file, &plan.name, problem);
    macro_rules! with {
        ($type:ty) => {{
            let values = numbers::<$type>(bytes).map_err(wrong)?;
            fill(plan, values, matte, file)
        }};
    }
    by_element!(element, u8, with, |other| Err(wrong(format!(
        "a tensor of {other} is no matte"
    ))))
}

fn fill<T: Sample>(
    plan: &OutputPlan,
    values: &[T],
    matte: &mut GrayImage,
    file: &str,
) -> Result<(), ModelError> {
    let wrong_shape = |error: ShapeError| ModelError::Run {
        file: file.to_owned(),
        message: format!("{} values in output `{}`: {error}", values.len(), plan.name),
    };
    let view = plan.view(values).map_err(wrong_shape)?;
    matte.resize(plan.width, plan.height);
    if write(plan, view, matte.data_mut()).map_err(wrong_shape)? {
        return Ok(());
    }
    // Once in a model's life, mostly: now it is worth a second look at what was wrong.
    Err(plausible::complain(plan, view, file))
}

/// The matte of `values`, by class and pixel. False if a number is outside of its limits.
fn write<T: Sample>(
    plan: &OutputPlan,
    values: ArrayView2<T>,
    out: &mut [u8],
) -> Result<bool, ShapeError> {
    let limits = Limits::of(plan);
    // One channel lies in one piece, whatever the order of the axes.
    let only = || values.to_slice().ok_or_else(scattered);
    let Quantised { scale, zero } = plan.quantised;
    Ok(match plan.kind {
        OutputKind::Alpha => {
            let [background, subject] = plan.range;
            let unit = 255.0 / (subject - background);
            let value = |x| (x - background) * unit;
            match plan.channels {
                1 => map(only()?, out, limits, value),
                _ => strongest(plan, values, out, limits, value),
            }
        }
        OutputKind::Logits => {
            let score = |x: f32| match T::QUANTISED {
                true => (zero - x) * scale,
                false => -x,
            };
            let value = |x| 255.0 / (1.0 + exp(score(x)));
            let pixels = only()?;
            map(pixels, out, limits, value) && limits.are_decided(pixels)
        }
        OutputKind::MinMax => {
            let all = || values.iter().map(|x| x.value());
            let low = all().fold(f32::INFINITY, f32::min);
            let high = all().fold(f32::NEG_INFINITY, f32::max);
            // A flat output has no subject in it.
            let factor = if high > low {
                255.0 / (high - low)
            } else {
                0.0
            };
            map(only()?, out, limits, |x| (x - low) * factor)
        }
        OutputKind::Labels => {
            let kept = |x: f32| plan.subject.iter().any(|&class| class as f32 == x);
            map(only()?, out, limits, |x| if kept(x) { 255.0 } else { 0.0 })
        }
        OutputKind::Softmax => shares(plan, values, out, limits)?,
        OutputKind::Classes => classes(plan, values, out, limits),
        // They are in two tensors: `decode_instances` reads them.
        OutputKind::Instances => return Err(scattered()),
    })
}

/// The tensor does not lie in one piece.
fn scattered() -> ShapeError {
    ShapeError::from_kind(ErrorKind::IncompatibleLayout)
}

/// One value per pixel; `value` gives 0 to 255. False if a number is outside of the limits.
fn map<T: Sample>(
    pixels: &[T],
    out: &mut [u8],
    limits: Limits,
    value: impl Fn(f32) -> f32,
) -> bool {
    let mut good = true;
    // Only one kind asks for whole numbers; the others must not pay for it.
    if limits.whole {
        for (out, x) in out.iter_mut().zip(pixels) {
            let x = x.value();
            good &= limits.allow(x) & plausible::is_whole(x);
            *out = byte(value(x));
        }
    } else {
        for (out, x) in out.iter_mut().zip(pixels) {
            let x = x.value();
            good &= limits.allow(x);
            *out = byte(value(x));
        }
    }
    good
}

/// Pixels that are worked on together, class by class.
const BLOCK: usize = 64;

/// One channel per class, each an alpha of its own: the strongest one of the subject's. False if a
/// number is outside of the limits.
fn strongest<T: Sample>(
    plan: &OutputPlan,
    values: ArrayView2<T>,
    out: &mut [u8],
    limits: Limits,
    value: impl Fn(f32) -> f32,
) -> bool {
    let mut good = true;
    let blocks = values.axis_chunks_iter(Axis(1), BLOCK);
    for (block, out) in blocks.into_iter().zip(out.chunks_mut(BLOCK)) {
        out.fill(0);
        for (class, channel) in block.outer_iter().enumerate() {
            let mut row = [0.0f32; BLOCK];
            good &= read(channel, limits, &mut row[..out.len()]);
            if plan.subject.contains(&class) {
                for (out, x) in out.iter_mut().zip(&row) {
                    *out = (*out).max(byte(value(*x)));
                }
            }
        }
    }
    good
}

/// One channel per class, probabilities: the subject's share. False if a probability is none, or
/// those of a pixel do not add up to 1.
fn shares<T: Sample>(
    plan: &OutputPlan,
    values: ArrayView2<T>,
    out: &mut [u8],
    limits: Limits,
) -> Result<bool, ShapeError> {
    if let Some(planes) = values.to_slice() {
        return Ok(shares_by_class(plan, planes, out, limits));
    }
    // With the classes last, those of a pixel lie together.
    let pixels = values.reversed_axes().to_slice().ok_or_else(scattered)?;
    Ok(match plan.channels {
        2 => shares_of_two(plan, pixels.as_chunks().0, out, limits),
        _ => shares_by_pixel(plan, pixels, out, limits),
    })
}

fn shares_by_class<T: Sample>(
    plan: &OutputPlan,
    planes: &[T],
    out: &mut [u8],
    limits: Limits,
) -> bool {
    let (mut good, sum, pixels) = (true, Sum::of(plan), out.len());
    for (block, out) in out.chunks_mut(BLOCK).enumerate() {
        let (mut kept, mut all) = ([sum.offset; BLOCK], [0.0f32; BLOCK]);
        for (class, plane) in planes.chunks_exact(pixels).enumerate() {
            let share = sum.factor_of(plan, class);
            let channel = &plane[block * BLOCK..][..out.len()];
            for (x, all) in channel.iter().zip(&mut all) {
                let x = x.value();
                good &= limits.allow(x);
                *all += x;
            }
            // Most classes are background.
            if share != 0.0 {
                for (x, kept) in channel.iter().zip(&mut kept) {
                    *kept += share * x.value();
                }
            }
        }
        for (out, (kept, all)) in out.iter_mut().zip(kept.iter().zip(&all)) {
            good &= sum.is_one(*all);
            *out = byte(*kept);
        }
    }
    good
}

/// Two classes, the most common case by far.
fn shares_of_two<T: Sample>(
    plan: &OutputPlan,
    pixels: &[[T; 2]],
    out: &mut [u8],
    limits: Limits,
) -> bool {
    let (mut good, sum) = (true, Sum::of(plan));
    let [first, second] = [0, 1].map(|class| sum.factor_of(plan, class));
    for (out, [a, b]) in out.iter_mut().zip(pixels) {
        let (a, b) = (a.value(), b.value());
        good &= limits.allow(a) & limits.allow(b) & sum.is_one(a + b);
        *out = byte(first * a + (second * b + sum.offset));
    }
    good
}

fn shares_by_pixel<T: Sample>(
    plan: &OutputPlan,
    pixels: &[T],
    out: &mut [u8],
    limits: Limits,
) -> bool {
    let (mut good, sum) = (true, Sum::of(plan));
    for (out, pixel) in out.iter_mut().zip(pixels.chunks_exact(plan.channels)) {
        // Many in several sums, which need not wait for each other.
        let (many, few) = pixel.as_chunks::<8>();
        let mut sums = [0.0f32; 8];
        for group in many {
            for (sum, x) in sums.iter_mut().zip(group) {
                let x = x.value();
                good &= limits.allow(x);
                *sum += x;
            }
        }
        let mut all = match many {
            [] => 0.0,
            _ => sums.iter().sum(),
        };
        for x in few {
            let x = x.value();
            good &= limits.allow(x);
            all += x;
        }
        good &= sum.is_one(all);
        let kept: f32 = plan.subject.iter().map(|&class| pixel[class].value()).sum();
        *out = byte(sum.factor * kept + sum.offset);
    }
    good
}

/// One class of a block of pixels as floats. False if a number is outside of the limits.
#[inline(always)]
fn read<T: Sample>(channel: ArrayView1<T>, limits: Limits, values: &mut [f32]) -> bool {
    let put = |(value, x): (&mut f32, &T)| *value = x.value();
    match channel.to_slice() {
        Some(channel) => values.iter_mut().zip(channel).for_each(put),
        None => values.iter_mut().zip(channel).for_each(put),
    }
    values.iter().fold(true, |good, x| good & limits.allow(*x))
}

/// One channel per class, before the softmax: the subject's share. False if a number is outside of
/// the limits.
fn classes<T: Sample>(
    plan: &OutputPlan,
    values: ArrayView2<T>,
    out: &mut [u8],
    limits: Limits,
) -> bool {
    let mut good = limits.are_decided(values);
    let scale = plan.quantised.scale;
    let score = |x: f32| match T::QUANTISED {
        true => x * scale,
        false => x,
    };
    let blocks = values.axis_chunks_iter(Axis(1), BLOCK);
    for (block, out) in blocks.into_iter().zip(out.chunks_mut(BLOCK)) {
        let mut row = [0.0f32; BLOCK];
        // The largest is taken off first, so that no exponential overflows.
        let mut top = [f32::MIN; BLOCK];
        for channel in block.outer_iter() {
            good &= read(channel, limits, &mut row[..out.len()]);
            for (top, x) in top.iter_mut().zip(&row) {
                *top = top.max(*x);
            }
        }
        let (mut kept, mut all) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
        for (class, channel) in block.outer_iter().enumerate() {
            read(channel, limits, &mut row[..out.len()]);
            let share = f32::from(u8::from(plan.subject.contains(&class)));
            for i in 0..BLOCK {
                let mass = exp(score(row[i] - top[i]));
                all[i] += mass;
                kept[i] += share * mass;
            }
        }
        for ((out, kept), all) in out.iter_mut().zip(&kept).zip(&all) {
            *out = byte(255.0 * kept / all);
        }
    }
    good
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
