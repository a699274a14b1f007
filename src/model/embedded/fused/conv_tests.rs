// SPDX-License-Identifier: MPL-2.0

//! Convolutions against sums that are written down as they are defined, at every vector level.

use super::*;
use crate::model::embedded::fused::weights::{Floats, Weights};
use crate::testing::Random;

/// A case: channels in and out, width and height, kernel, stride, dilation, pads.
struct Case {
    channels: [usize; 2],
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    pads: [usize; 4],
    depthwise: bool,
}

impl Case {
    /// What the convolution is by its definition, in planes.
    fn reference(&self, picture: &[f32], weights: &[f32], bias: &[f32]) -> (Vec<f32>, [usize; 2]) {
        let [inputs, outputs] = self.channels;
        let [width, height] = self.size;
        let out = |side: usize, axis: usize| {
            let padded = side + self.pads[axis] + self.pads[axis + 2];
            (padded - (self.kernel[axis] - 1) * self.dilation[axis] - 1) / self.stride[axis] + 1
        };
        let [rows, columns] = [out(height, 0), out(width, 1)];
        let mut all = Vec::new();
        for (output, bias) in bias.iter().enumerate().take(outputs) {
            for place in 0..rows * columns {
                let (x, y) = (place % columns, place / columns);
                let mut sum = f64::from(*bias);
                for input in 0..if self.depthwise { 1 } else { inputs } {
                    for tap in 0..self.kernel[0] * self.kernel[1] {
                        let (kx, ky) = (tap % self.kernel[1], tap / self.kernel[1]);
                        let x = x * self.stride[1] + kx * self.dilation[1];
                        let y = y * self.stride[0] + ky * self.dilation[0];
                        let (Some(x), Some(y)) =
                            (x.checked_sub(self.pads[1]), y.checked_sub(self.pads[0]))
                        else {
                            continue;
                        };
                        if x >= width || y >= height {
                            continue;
                        }
                        let from = if self.depthwise { output } else { input };
                        let value = picture[(from * height + y) * width + x];
                        let of = if self.depthwise { 1 } else { inputs };
                        let taps = self.kernel[0] * self.kernel[1];
                        let weight = weights[(output * of + input) * taps + tap];
                        sum += f64::from(value) * f64::from(weight);
                    }
                }
                all.push(sum as f32);
            }
        }
        (all, [columns, rows])
    }

    fn check(&self, add: bool, relu: bool) {
        let [inputs, outputs] = self.channels;
        let [width, height] = self.size;
        let taps = self.kernel[0] * self.kernel[1];
        let of = if self.depthwise { 1 } else { inputs };
        let mut random = Random::new(width as u64);
        let mut numbers =
            |count: usize| -> Vec<f32> { (0..count).map(|_| random.unit() - 0.5).collect() };
        let picture = numbers(inputs * width * height);
        let (weights, bias) = (numbers(outputs * of * taps), numbers(outputs));
        let (mut expected, size) = self.reference(&picture, &weights, &bias);
        let added = numbers(expected.len());
        for (x, added) in expected.iter_mut().zip(&added) {
            *x += if add { *added } else { 0.0 };
            *x = if relu { x.max(0.0) } else { *x };
        }
        let conv = Conv {
            depthwise: self.depthwise,
            weights: match self.depthwise {
                true => Weights::by_channel(&weights, &bias, taps),
                false => Weights::dense(&weights, &bias, inputs, taps),
            },
            kernel: self.kernel,
            stride: self.stride,
            dilation: self.dilation,
            pads: self.pads,
        };
        let border = self.pads.into_iter().max().unwrap();
        let [from, to, sum] = [
            (self.size, inputs, border),
            (size, outputs, 1),
            (size, outputs, 0),
        ]
        .map(|(size, channels, border)| Plane::new(size, channels, border));
        let [picture, added] = [(&picture, &from), (&added, &sum)].map(|(values, plane)| {
            let mut memory = Floats::zeros(plane.len().unwrap());
            for (at, value) in values.iter().enumerate() {
                let (channel, pixel) = (at / plane.pixels(), at % plane.pixels());
                memory[plane.at(pixel) + channel] = *value;
            }
            memory
        });
        for level in crate::simd::levels() {
            let mut found = Floats::zeros(to.len().unwrap());
            let pass = Pass {
                conv: &conv,
                input: (&picture, from),
                add: add.then_some((&added, sum)),
                relu,
            };
            pass.run(level, (&mut found, to));
            for (at, expected) in expected.iter().enumerate() {
                let (channel, pixel) = (at / to.pixels(), at % to.pixels());
                let found = found[to.at(pixel) + channel];
                assert!(
                    (found - expected).abs() < 1e-4,
                    "{level:?}, {at}: {found}, expected {expected}"
                );
            }
            // The border is zero before and after, as the next convolution needs it.
            assert!(found[..to.start()].iter().all(|x| *x == 0.0));
        }
    }
}

#[test]
fn convolutions_are_what_their_definition_says() {
    for (depthwise, channels) in [
        (false, [3, 16]),
        (false, [16, 4]),
        (false, [24, 40]),
        (false, [64, 16]),
        (true, [16, 16]),
        (true, [24, 24]),
        (true, [144, 144]),
    ] {
        for (size, kernel, stride, dilation, pads) in [
            ([16, 9], [1, 1], [1, 1], [1, 1], [0; 4]),
            ([17, 6], [3, 3], [1, 1], [1, 1], [1; 4]),
            ([16, 10], [5, 5], [2, 2], [1, 1], [2; 4]),
            ([16, 9], [3, 3], [1, 1], [5, 5], [5; 4]),
            ([9, 7], [5, 5], [4, 4], [1, 1], [2; 4]),
            ([5, 8], [3, 2], [2, 1], [1, 3], [0, 1, 2, 3]),
            ([1, 1], [3, 3], [1, 1], [1, 1], [1; 4]),
        ] {
            let case = Case {
                channels,
                size,
                kernel,
                stride,
                dilation,
                pads,
                depthwise,
            };
            case.check(false, false);
            case.check(true, true);
        }
    }
}
