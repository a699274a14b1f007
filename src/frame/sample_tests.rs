// SPDX-License-Identifier: MPL-2.0

//! Sampling against the slow reference: every layout, size, stride, siting and SIMD level.

use super::testing::{Noise, colorimetry, format, sampled, tensor};
use super::*;
use crate::simd::levels;
use proptest::prelude::*;

/// Largest difference from the exact result, in units of the colour range. Sums are exact up to
/// 2^24; what is left is the rounding of a few f32 products.
const TOLERANCE: f64 = 2e-6;

/// Fails if a planar RGB tensor of values 0 to 1 is not what the reference says.
fn assert_exact(noise: &Noise, (width, height): (usize, usize)) {
    let found = sampled(noise, &TensorSpec::new(width, height));
    for y in 0..height {
        for x in 0..width {
            let exact = reference::seen(&noise.view(), (x, y), (width, height));
            for c in 0..3 {
                let found = f64::from(found[(c * height + y) * width + x]);
                let exact = exact[c].clamp(0.0, 1.0);
                assert!(
                    (found - exact).abs() <= TOLERANCE,
                    "{} to {width}x{height} at {x},{y} channel {c}: {found}, exactly {exact}",
                    noise.format
                );
            }
        }
    }
}

#[test]
fn every_layout_and_size_equals_the_reference() {
    for (n, layout) in PixelLayout::ALL.iter().enumerate() {
        for size in 1..=70 {
            // Both sides take every size; targets are smaller, larger and mixed.
            let (width, height) = (size, (size * 37 + n) % 70 + 1);
            let target = ((size * 13 + n) % 29 + 1, (size * 7 + 3 * n) % 31 + 1);
            let format = format(*layout, colorimetry(size + n), width, height);
            assert_exact(&Noise::new(format, size % 7, size as u64), target);
        }
    }
}

#[test]
fn real_sizes_equal_the_reference() {
    let cases = [
        (PixelLayout::Nv12, 1280, 720),
        (PixelLayout::Yuy2, 641, 359),
        (PixelLayout::P010Le, 1920, 1080),
        (PixelLayout::Bgrx, 854, 480),
    ];
    for (n, (layout, width, height)) in cases.into_iter().enumerate() {
        let format = format(layout, colorimetry(n), width, height);
        assert_exact(&Noise::new(format, 3, 7), (256, 144));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_frame_equals_the_reference(
        layout in proptest::sample::select(PixelLayout::ALL),
        color in (0usize..40).prop_map(colorimetry),
        (width, height) in (1usize..90, 1usize..90),
        target in (1usize..40, 1usize..40),
        pad in 0usize..40,
        seed: u64,
    ) {
        assert_exact(&Noise::new(format(layout, color, width, height), pad, seed), target);
    }
}

#[test]
fn every_simd_level_gives_the_same_bits() {
    for (n, layout) in PixelLayout::ALL.iter().enumerate() {
        let sizes = [
            (131, 77, 50, 40),
            (67, 35, 67, 35),
            (33, 19, 101, 63),
            (1000, 9, 7, 3),
        ];
        for (width, height, target_width, target_height) in sizes {
            let noise = Noise::new(format(*layout, colorimetry(n), width, height), n, 5);
            let spec = TensorSpec::new(target_width, target_height);
            let results: Vec<Vec<u32>> = levels()
                .into_iter()
                .map(|level| {
                    let mut sampler = Sampler::new(noise.format, &spec, level).unwrap();
                    let out = tensor(&mut sampler, &noise.view());
                    out.into_iter().map(f32::to_bits).collect()
                })
                .collect();
            for (level, result) in levels().iter().zip(&results) {
                assert!(*result == results[0], "{level:?}: {}", noise.format);
            }
        }
    }
}

#[test]
fn extreme_sizes_work() {
    let sizes = [
        ((1, 1), (1, 1)),
        ((1, 1), (256, 144)),
        ((3, 1), (5, 7)),
        ((7680, 3), (2, 2)),
        ((3, 4320), (2, 1)),
        ((2, 2), (1, 300)),
        ((MAX_FRAME_SIDE, 1), (3, 1)),
        ((1, MAX_FRAME_SIDE), (1, 2)),
    ];
    for layout in PixelLayout::ALL {
        for ((width, height), target) in sizes {
            let noise = Noise::new(format(*layout, colorimetry(3), width, height), 1, 9);
            assert_exact(&noise, target);
        }
    }
}

#[test]
fn largest_codes_of_the_largest_frame_do_not_overflow() {
    // No sum may overflow, at any level; bytes of 255 are the largest codes in every layout.
    let (width, height) = (7680, 4320);
    for layout in [
        PixelLayout::I42010Le,
        PixelLayout::P010Le,
        PixelLayout::I420,
    ] {
        let color = Colorimetry {
            range: Range::Full,
            ..Default::default()
        };
        let mut noise = Noise::new(format(layout, color, width, height), 0, 1);
        for (data, _) in &mut noise.planes {
            data.fill(255);
        }
        for target in [(1, 1), (256, 144), (7, 4319)] {
            let spec = TensorSpec::new(target.0, target.1);
            let exact = reference::seen(&one_pixel(&noise).view(), (0, 0), (1, 1));
            let found = sampled(&noise, &spec);
            for c in 0..3 {
                let plane = &found[c * target.0 * target.1..][..target.0 * target.1];
                let exact = exact[c].clamp(0.0, 1.0);
                for value in plane {
                    // Rows of thousands of taps round more often.
                    let error = (f64::from(*value) - exact).abs();
                    assert!(error < 5e-5, "{layout:?} {target:?}: {error}");
                }
            }
        }
    }
}

/// The first pixel of a frame.
fn one_pixel(noise: &Noise) -> Noise {
    let mut pixel = Noise::new(
        FrameFormat {
            width: 1,
            height: 1,
            ..noise.format
        },
        0,
        1,
    );
    for ((data, _), (from, _)) in pixel.planes.iter_mut().zip(&noise.planes) {
        let length = data.len();
        data.copy_from_slice(&from[..length]);
    }
    pixel
}
