// SPDX-License-Identifier: MPL-2.0

//! An output tensor into an 8-bit matte.

use ort::value::DynTensor;
use ort::value::TensorElementType as E;

use super::output::{OutputKind, OutputPlan};
use crate::frame::GrayImage;

/// Why an output could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// NaN or infinity.
    NonFinite,
    /// The tensor is not what the plan was made for.
    Tensor(String),
}

/// A number in a tensor.
trait Sample: Copy {
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
/// [`DecodeError::NonFinite`] for NaN or infinity anywhere in what is read (all channels but those of
/// `softmax` that are not the subject's); `matte` is then undefined.
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
            // Bytes are an alpha of 0 to 255; every other number one of 0 to 1.
            let unit = if std::any::TypeId::of::<$type>() == std::any::TypeId::of::<u8>() {
                1.0
            } else {
                255.0
            };
            fill(plan, data, unit, matte)
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
    unit: f32,
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
    let worst = match plan.kind {
        OutputKind::Alpha => map(data, out, |x| x * unit),
        OutputKind::Logits => map(data, out, |x| 255.0 / (1.0 + exp(-x))),
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
            map(data, out, |x| (x - low) * factor)
        }
        OutputKind::Labels => {
            let kept = |x: f32| plan.subject.iter().any(|&class| class as f32 == x.round());
            map(data, out, |x| if kept(x) { 255.0 } else { 0.0 })
        }
        OutputKind::Softmax | OutputKind::Classes => classes(plan, data, out),
    };
    if worst < f32::INFINITY.to_bits() {
        Ok(())
    } else {
        Err(DecodeError::NonFinite)
    }
}

/// The nearest byte. Adding 1.5 * 2^23 leaves the rounded number in the lowest bits, which compilers
/// turn into vectors where a saturating cast is none.
#[inline(always)]
fn byte(x: f32) -> u8 {
    (x.clamp(0.0, 255.0) + 12_582_912.0).to_bits() as u8
}

/// The size of a number as bits: ordered like the numbers, infinity and NaN above all others.
#[inline(always)]
fn magnitude(x: f32) -> u32 {
    x.to_bits() & 0x7fff_ffff
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

/// One value a pixel; `value` gives 0 to 255. The largest [`magnitude`] that was read.
fn map<T: Sample>(data: &[T], out: &mut [u8], value: impl Fn(f32) -> f32) -> u32 {
    let mut worst = 0;
    for (out, x) in out.iter_mut().zip(data) {
        let x = x.value();
        worst = worst.max(magnitude(x));
        *out = byte(value(x));
    }
    worst
}

/// Pixels that are worked on together, channel by channel.
const BLOCK: usize = 64;

/// One channel a class: the subject's share. The largest [`magnitude`] that was read.
fn classes<T: Sample>(plan: &OutputPlan, data: &[T], out: &mut [u8]) -> u32 {
    let logits = plan.kind == OutputKind::Classes;
    let mut worst = 0;
    for (index, out) in out.chunks_mut(BLOCK).enumerate() {
        let start = index * BLOCK * plan.pixel_step;
        let count = out.len();
        let mut values = [0.0f32; BLOCK];
        let mut read = |class: usize, values: &mut [f32; BLOCK]| {
            let channel = data[start + class * plan.channel_step..].iter();
            for (value, x) in values
                .iter_mut()
                .zip(channel.step_by(plan.pixel_step))
                .take(count)
            {
                *value = x.value();
                worst = worst.max(magnitude(*value));
            }
        };
        let (mut kept, mut all) = ([0.0f32; BLOCK], [1.0f32; BLOCK]);
        if logits {
            // The largest is taken off first, so that no exponential overflows.
            let mut top = [f32::MIN; BLOCK];
            for class in 0..plan.channels {
                read(class, &mut values);
                top.iter_mut()
                    .zip(&values)
                    .for_each(|(top, x)| *top = top.max(*x));
            }
            all = [0.0; BLOCK];
            for class in 0..plan.channels {
                read(class, &mut values);
                let share = if plan.subject.contains(&class) {
                    1.0
                } else {
                    0.0
                };
                for i in 0..BLOCK {
                    let mass = exp(values[i] - top[i]);
                    all[i] += mass;
                    kept[i] += share * mass;
                }
            }
        } else {
            for &class in &plan.subject {
                read(class, &mut values);
                kept.iter_mut()
                    .zip(&values)
                    .for_each(|(kept, x)| *kept += x);
            }
        }
        for ((out, kept), all) in out.iter_mut().zip(&kept).zip(&all) {
            *out = byte(255.0 * kept / all);
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_everywhere() {
        for i in -870_000..880_000 {
            let x = i as f32 / 10_000.0;
            let (found, exact) = (f64::from(exp(x)), f64::from(x).exp());
            assert!(
                (found / exact - 1.0).abs() < 2e-7,
                "exp({x}) = {found}, not {exact}"
            );
        }
        assert!(exp(-1e30) < 1e-37 && exp(1e30) > 1e38);
    }

    #[test]
    fn bytes_are_the_nearest() {
        for i in -1000..300_000 {
            let x = i as f32 / 1000.0;
            let exact = f64::from(x).clamp(0.0, 255.0).round_ties_even();
            assert_eq!(f64::from(byte(x)), exact, "{x}");
        }
        assert_eq!((byte(f32::MAX), byte(f32::MIN)), (255, 0));
    }

    #[test]
    fn what_is_not_finite_is_above_all_that_is() {
        let limit = f32::INFINITY.to_bits();
        for x in [0.0, -1.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE] {
            assert!(magnitude(x) < limit);
        }
        for x in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(magnitude(x) >= limit);
        }
    }

    #[test]
    fn many_classes_in_both_layouts() {
        let (width, height, channels) = (13, 11, 21);
        let value = |pixel: usize, class: usize| ((pixel * 31 + class * 17) % 23) as f32 - 11.0;
        for (pixel_step, channel_step) in [(1, width * height), (channels, 1)] {
            let mut data = vec![0.0f32; width * height * channels];
            for pixel in 0..width * height {
                for class in 0..channels {
                    data[pixel * pixel_step + class * channel_step] = value(pixel, class);
                }
            }
            let plan = OutputPlan {
                name: String::new(),
                kind: OutputKind::Classes,
                width,
                height,
                channels,
                pixel_step,
                channel_step,
                subject: vec![3, 15],
            };
            let mut matte = GrayImage::default();
            fill(&plan, &data, 255.0, &mut matte).unwrap();
            for (pixel, &found) in matte.data().iter().enumerate() {
                let mass = |class| f64::from(value(pixel, class)).exp();
                let all: f64 = (0..channels).map(mass).sum();
                let exact = 255.0 * (mass(3) + mass(15)) / all;
                assert!(
                    (f64::from(found) - exact).abs() <= 0.501,
                    "{pixel}: {found}, {exact}"
                );
            }
        }
    }
}
