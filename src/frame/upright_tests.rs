// SPDX-License-Identifier: MPL-2.0

//! Frames that are turned on their way into a tensor.

use super::testing::{Noise, format};
use super::*;
use crate::simd::levels;

/// Where a tensor holds channel `c` of pixel (`x`, `y`).
fn place(spec: &TensorSpec, c: usize, x: usize, y: usize) -> usize {
    match spec.layout {
        TensorLayout::Nchw => (c * spec.height + y) * spec.width + x,
        TensorLayout::Nhwc => 3 * (y * spec.width + x) + c,
    }
}

/// The values of a tensor of any type, to compare.
fn sampled(sampler: &mut Sampler, frame: &FrameRef<'_>) -> Vec<f32> {
    let count = sampler.spec().elements();
    match sampler.spec().element {
        ElementType::F32 => {
            let mut out = vec![f32::NAN; count];
            sampler.sample(frame, TensorMut::F32(&mut out)).unwrap();
            out
        }
        ElementType::F16 => {
            let mut out = vec![Half(0x7e00); count];
            sampler.sample(frame, TensorMut::F16(&mut out)).unwrap();
            out.into_iter().map(Half::to_f32).collect()
        }
        ElementType::U8 => {
            let mut out = vec![0; count];
            sampler.sample(frame, TensorMut::U8(&mut out)).unwrap();
            out.into_iter().map(f32::from).collect()
        }
    }
}

/// The same numbers as of the frame as it is stored, at their upright places: in every layout,
/// orientation, order of axes, element type and at every vector level.
#[test]
fn the_upright_tensor_holds_the_stored_ones_numbers() {
    for (n, &layout) in PixelLayout::ALL.iter().enumerate() {
        let noise = Noise::new(format(layout, Colorimetry::default(), 37, 22), 3, n as u64);
        for element in [ElementType::F32, ElementType::F16, ElementType::U8] {
            for (order, size) in [
                (TensorLayout::Nchw, (9, 14)),
                (TensorLayout::Nhwc, (40, 3)),
                (TensorLayout::Nchw, (1, 1)),
            ] {
                let white = match element {
                    ElementType::U8 => 255.0,
                    _ => 1.0,
                };
                let spec = |(width, height)| TensorSpec {
                    layout: order,
                    element,
                    scale: [white; 3],
                    ..TensorSpec::new(width, height)
                };
                for turn in Orientation::ALL {
                    for level in levels() {
                        check(&noise, turn, spec(turn.size(size)), spec(size), level);
                    }
                }
            }
        }
    }
}

fn check(
    noise: &Noise,
    turn: Orientation,
    stored: TensorSpec,
    upright: TensorSpec,
    level: crate::simd::Level,
) {
    let mut plain = Sampler::new(noise.format, &stored, level).unwrap();
    let mut turning = Sampler::upright(noise.format, &upright, turn, level).unwrap();
    let (plain, turned) = (
        sampled(&mut plain, &noise.view()),
        sampled(&mut turning, &noise.view()),
    );
    for c in 0..3 {
        for y in 0..upright.height {
            for x in 0..upright.width {
                let (u, v) = turn.stored((x, y), (upright.width, upright.height));
                assert_eq!(
                    turned[place(&upright, c, x, y)],
                    plain[place(&stored, c, u, v)],
                    "{} {turn:?} {:?} {:?} channel {c} at {x},{y}",
                    noise.format,
                    upright.layout,
                    upright.element
                );
            }
        }
    }
}
