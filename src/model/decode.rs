// SPDX-License-Identifier: MPL-2.0

//! An output tensor into an 8-bit matte.

use ort::value::DynTensor;
use ort::value::TensorElementType as E;

use super::output::{OutputKind, OutputPlan};
use super::plausible::{self, Implausible, Limits};
use crate::frame::GrayImage;

/// Why an output could not be decoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DecodeError {
    /// NaN or infinity.
    NonFinite,
    /// Numbers that an output of its kind cannot hold.
    Implausible(Implausible),
    /// The tensor is not what the plan was made for.
    Tensor(String),
}

/// A number in a tensor.
pub(super) trait Sample: Copy {
    /// As a float.
    fn value(self) -> f32;
}

macro_rules! sample {
    ($($type:ty: $x:ident => $value:expr;)*) => {
        $(impl Sample for $type {
            #[inline(always)]
            fn value(self) -> f32 {
                let $x = self;
                $value
            }
        })*
    };
}

sample! {
    f32: x => x;
    half::f16: x => x.to_f32();
    u8: x => f32::from(x);
    i8: x => f32::from(x);
    i32: x => x as f32;
    i64: x => x as f32;
    bool: x => f32::from(u8::from(x));
}

/// Decodes `tensor` as `plan` says into `matte`, which gets the plan's size.
///
/// # Errors
/// [`DecodeError::NonFinite`] for NaN or infinity anywhere in the output,
/// [`DecodeError::Implausible`] for numbers that its kind does not allow; `matte` is then undefined.
pub(super) fn decode(
    plan: &OutputPlan,
    tensor: &DynTensor,
    matte: &mut GrayImage,
) -> Result<(), DecodeError> {
    macro_rules! with {
        ($type:ty) => {{
            let (_, data) = tensor
                .try_extract_tensor::<$type>()
                .map_err(|error| DecodeError::Tensor(error.to_string()))?;
            fill(plan, data, matte)
        }};
    }
    match *tensor.data_type() {
        E::Float32 => with!(f32),
        E::Float16 => with!(half::f16),
        E::Uint8 => with!(u8),
        E::Int8 => with!(i8),
        E::Int32 => with!(i32),
        E::Int64 => with!(i64),
        E::Bool => with!(bool),
        other => Err(DecodeError::Tensor(format!(
            "a tensor of {other} is no matte"
        ))),
    }
}

fn fill<T: Sample>(
    plan: &OutputPlan,
    data: &[T],
    matte: &mut GrayImage,
) -> Result<(), DecodeError> {
    let pixels = plan.width * plan.height;
    if data.len() != pixels * plan.channels {
        return Err(DecodeError::Tensor(format!(
            "{} values, but {}x{} with {} channels needs {}",
            data.len(),
            plan.width,
            plan.height,
            plan.channels,
            pixels * plan.channels
        )));
    }
    matte.resize(plan.width, plan.height);
    let out = matte.data_mut();
    let limits = Limits::of(plan);
    let good = match plan.kind {
        OutputKind::Alpha => {
            let [low, high] = plan.range;
            let unit = 255.0 / (high - low);
            map(data, out, limits, |x| (x - low) * unit)
        }
        OutputKind::Logits => map(data, out, limits, |x| 255.0 / (1.0 + exp(-x))),
        OutputKind::MinMax => {
            let values = || data.iter().map(|x| x.value());
            let low = values().fold(f32::INFINITY, f32::min);
            let high = values().fold(f32::NEG_INFINITY, f32::max);
            // A flat output has no subject in it.
            let factor = if high > low {
                255.0 / (high - low)
            } else {
                0.0
            };
            map(data, out, limits, |x| (x - low) * factor)
        }
        OutputKind::Labels => {
            let kept = |x: f32| plan.subject.iter().any(|&class| class as f32 == x);
            map(data, out, limits, |x| if kept(x) { 255.0 } else { 0.0 })
        }
        OutputKind::Softmax => shares(plan, data, out, limits),
        OutputKind::Classes => classes(plan, data, out, limits),
    };
    if good {
        return Ok(());
    }
    // Once in a model's life, mostly: now it is worth a second look at what was wrong.
    Err(plausible::complain(plan, data))
}

/// The nearest byte. Adding 1.5 * 2^23 leaves the rounded number in the lowest bits, which compilers
/// turn into vectors where a saturating cast is none.
#[inline(always)]
fn byte(x: f32) -> u8 {
    (x.clamp(0.0, 255.0) + 12_582_912.0).to_bits() as u8
}

/// `exp(x)` within 2e-7 of its value, in operations that vectorise; `x` is held to -87 to 88.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; exp(r) is a polynomial (coefficients of Cephes' `expf`), 2^n
/// is put together from its exponent.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + 12_582_912.0;
    let n = shifted - 12_582_912.0;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let poly = [1.398_2e-3, 8.333_452e-3, 4.166_58e-2, 0.166_666_66, 0.5];
    let p = poly.iter().fold(1.987_569_2e-4, |sum, c| sum * r + c);
    let scale = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    (p * r * r + r + 1.0) * scale
}

/// One value a pixel; `value` gives 0 to 255. False where a number is outside of the limits.
fn map<T: Sample>(data: &[T], out: &mut [u8], limits: Limits, value: impl Fn(f32) -> f32) -> bool {
    let mut good = true;
    // Whole numbers are asked for in one kind only; the others must not pay for it.
    if limits.whole {
        for (out, x) in out.iter_mut().zip(data) {
            let x = x.value();
            good &= limits.allow(x) & plausible::is_whole(x);
            *out = byte(value(x));
        }
    } else {
        for (out, x) in out.iter_mut().zip(data) {
            let x = x.value();
            good &= limits.allow(x);
            *out = byte(value(x));
        }
    }
    good
}

/// Pixels that are worked on together, channel by channel.
const BLOCK: usize = 64;

/// Reads one class of a block of pixels. False where a number is outside of the limits.
#[inline(always)]
fn read<T: Sample>(
    plan: &OutputPlan,
    block: &[T],
    class: usize,
    limits: Limits,
    values: &mut [f32],
) -> bool {
    let channel = block[class * plan.channel_step..].iter();
    let mut good = true;
    for (value, x) in values.iter_mut().zip(channel.step_by(plan.pixel_step)) {
        *value = x.value();
        good &= limits.allow(*value);
    }
    good
}

/// One channel a class, probabilities: the subject's share. False where a probability is none, or
/// those of a pixel do not add up to 1.
fn shares<T: Sample>(plan: &OutputPlan, data: &[T], out: &mut [u8], limits: Limits) -> bool {
    match plan.pixel_step {
        1 => shares_by_class(plan, data, out, limits),
        _ => shares_by_pixel(plan, data, out, limits),
    }
}

fn shares_by_class<T: Sample>(
    plan: &OutputPlan,
    data: &[T],
    out: &mut [u8],
    limits: Limits,
) -> bool {
    let (mut good, slack) = (true, plausible::sum_slack(plan));
    for (index, out) in out.chunks_mut(BLOCK).enumerate() {
        let block = &data[index * BLOCK..];
        let (mut kept, mut all) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
        for class in 0..plan.channels {
            let share = f32::from(u8::from(plan.subject.contains(&class)));
            let channel = &block[class * plan.channel_step..][..out.len()];
            for ((x, all), kept) in channel.iter().zip(&mut all).zip(&mut kept) {
                let x = x.value();
                good &= limits.allow(x);
                *all += x;
                *kept += share * x;
            }
        }
        for (out, (kept, all)) in out.iter_mut().zip(kept.iter().zip(&all)) {
            good &= (all - 1.0).abs() <= slack;
            *out = byte(255.0 * kept);
        }
    }
    good
}

fn shares_by_pixel<T: Sample>(
    plan: &OutputPlan,
    data: &[T],
    out: &mut [u8],
    limits: Limits,
) -> bool {
    let (mut good, slack) = (true, plausible::sum_slack(plan));
    for (out, pixel) in out.iter_mut().zip(data.chunks_exact(plan.channels)) {
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
        good &= (all - 1.0).abs() <= slack;
        let kept: f32 = plan.subject.iter().map(|&class| pixel[class].value()).sum();
        *out = byte(255.0 * kept);
    }
    good
}

/// One channel a class, before the softmax: the subject's share. False where a number is outside
/// of the limits.
fn classes<T: Sample>(plan: &OutputPlan, data: &[T], out: &mut [u8], limits: Limits) -> bool {
    let mut good = true;
    for (index, out) in out.chunks_mut(BLOCK).enumerate() {
        let block = &data[index * BLOCK * plan.pixel_step..];
        let count = out.len();
        let mut values = [0.0f32; BLOCK];
        // The largest is taken off first, so that no exponential overflows.
        let mut top = [f32::MIN; BLOCK];
        for class in 0..plan.channels {
            good &= read(plan, block, class, limits, &mut values[..count]);
            top.iter_mut()
                .zip(&values)
                .for_each(|(top, x)| *top = top.max(*x));
        }
        let (mut kept, mut all) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
        for class in 0..plan.channels {
            read(plan, block, class, limits, &mut values[..count]);
            let share = f32::from(u8::from(plan.subject.contains(&class)));
            for i in 0..BLOCK {
                let mass = exp(values[i] - top[i]);
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
