// SPDX-License-Identifier: MPL-2.0

//! Sampling against the slow reference: every layout, size, stride, siting and SIMD level.

use super::*;
use crate::simd::{level, levels};
use proptest::prelude::*;

/// Largest difference from the exact result, in units of the colour range. Sums are exact up to
/// 2^24; what is left is the rounding of a few f32 products.
const TOLERANCE: f64 = 2e-6;

/// Frames whose memory is noise, padding included.
pub(super) struct Noise {
    pub format: FrameFormat,
    pub planes: Vec<(Vec<u8>, usize)>,
}

impl Noise {
    /// `pad` bytes follow every row but the last.
    pub fn new(format: FrameFormat, pad: usize, seed: u64) -> Self {
        let info = format.layout.info();
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        let planes = (0..info.planes)
            .map(|plane| {
                let (row, rows) = info.plane_extent(plane, format.width, format.height);
                let stride = row + pad;
                let length = stride * (rows - 1) + row;
                ((0..length).map(|_| next()).collect(), stride)
            })
            .collect();
        Self { format, planes }
    }

    pub fn view(&self) -> FrameRef<'_> {
        let planes: Vec<_> = self.planes.iter().map(|(d, s)| (&d[..], *s)).collect();
        let FrameFormat {
            layout,
            color,
            width,
            height,
        } = self.format;
        FrameRef::new(layout, color, width, height, &planes).unwrap()
    }
}

pub(super) fn format(
    layout: PixelLayout,
    color: Colorimetry,
    width: usize,
    height: usize,
) -> FrameFormat {
    FrameFormat {
        layout,
        color,
        width,
        height,
    }
}

/// A colorimetry for each number, so that tests walk through all of them.
pub(super) fn colorimetry(n: usize) -> Colorimetry {
    Colorimetry {
        matrix: [
            Matrix::Bt601,
            Matrix::Bt709,
            Matrix::Bt2020,
            Matrix::Fcc,
            Matrix::Smpte240m,
        ][n % 5],
        range: [Range::Limited, Range::Full][n / 5 % 2],
        site: ChromaSite {
            cosited_x: n / 2 % 2 == 1,
            cosited_y: n / 4 % 2 == 1,
        },
        ..Default::default()
    }
}

fn tensor(sampler: &mut Sampler, frame: &FrameRef<'_>) -> Vec<f32> {
    let mut out = vec![f32::NAN; sampler.spec().elements()];
    sampler.sample(frame, TensorMut::F32(&mut out)).unwrap();
    out
}

fn sampled(noise: &Noise, spec: &TensorSpec) -> Vec<f32> {
    let mut sampler = Sampler::new(noise.format, spec, level()).unwrap();
    tensor(&mut sampler, &noise.view())
}

/// Fails where a planar RGB tensor of values 0 to 1 is not what the reference says.
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

#[test]
fn known_code_values_become_their_colours() {
    // BT.601 and BT.709 limited: (layout bytes Y, U, V) of pure colours at 8 bits.
    let cases = [
        (Matrix::Bt601, [81u8, 90, 240], [1.0, 0.0, 0.0]),
        (Matrix::Bt601, [145, 54, 34], [0.0, 1.0, 0.0]),
        (Matrix::Bt601, [41, 240, 110], [0.0, 0.0, 1.0]),
        (Matrix::Bt709, [63, 102, 240], [1.0, 0.0, 0.0]),
        (Matrix::Bt709, [173, 42, 26], [0.0, 1.0, 0.0]),
        (Matrix::Bt709, [32, 240, 118], [0.0, 0.0, 1.0]),
        (Matrix::Bt709, [235, 128, 128], [1.0, 1.0, 1.0]),
        (Matrix::Bt709, [16, 128, 128], [0.0, 0.0, 0.0]),
    ];
    for (matrix, [y, u, v], rgb) in cases {
        let color = Colorimetry {
            matrix,
            ..Default::default()
        };
        let noise = Noise {
            format: format(PixelLayout::Ayuv, color, 2, 2),
            planes: vec![([255, y, u, v].repeat(4), 8)],
        };
        let found = sampled(&noise, &TensorSpec::new(1, 1));
        for c in 0..3 {
            assert!(
                (found[c] - rgb[c]).abs() < 0.006,
                "{matrix:?} {rgb:?} {found:?}"
            );
        }
    }
}

#[test]
fn nobody_is_seen_under_alpha_0() {
    let layouts = PixelLayout::ALL.iter().filter(|l| l.info().alpha);
    for (n, &layout) in layouts.enumerate() {
        let mut noise = Noise::new(format(layout, colorimetry(n), 12, 8), 1, 5);
        let alpha = layout.info().components[3];
        let (plane, stride) = &mut noise.planes[alpha.plane];
        // Nothing of the left half is there, and all of the right.
        for y in 0..8 {
            for x in 0..12 {
                let code = if x < 6 { 0 } else { layout.info().top() };
                if let Some(Packing::Pixels32(_)) = layout.info().packing {
                    // The two highest bits of a word.
                    let high = &mut plane[y * *stride + 4 * x + 3];
                    *high = if x < 6 { *high & 0x3f } else { *high | 0xc0 };
                    continue;
                }
                let at = y * *stride + alpha.offset + x * alpha.step;
                match layout.info().depth > 8 {
                    true => plane[at..at + 2].copy_from_slice(&layout.info().word().bytes(code)),
                    false => plane[at] = code as u8,
                }
            }
        }
        let found = sampled(&noise, &TensorSpec::new(2, 1));
        let exact = reference::rgb(&noise.view(), (1, 0), (2, 1));
        for c in 0..3 {
            assert!((found[2 * c] - 0.5).abs() < 1e-5, "{layout:?} {found:?}");
            let exact = exact[c].clamp(0.0, 1.0) as f32;
            assert!(
                (found[2 * c + 1] - exact).abs() < 1e-5,
                "{layout:?} {found:?}"
            );
        }
    }
}

#[test]
fn known_code_values_of_other_ranges_and_depths_become_their_colours() {
    // Red: full-range BT.601 as in JPEG, limited 10-bit BT.2020 in both of its packings.
    let jpeg = Colorimetry {
        range: Range::Full,
        ..Default::default()
    };
    let hdr = Colorimetry {
        matrix: Matrix::Bt2020,
        ..Default::default()
    };
    let words = |codes: &[u16], shift: u32| -> Vec<u8> {
        codes
            .iter()
            .flat_map(|c| (c << shift).to_le_bytes())
            .collect()
    };
    let (luma, chroma) = (words(&[294], 6), words(&[387, 960], 6));
    let low = [294, 387, 960].map(|code| (words(&[code], 0), 2));
    let cases = [
        (
            PixelLayout::Y444,
            jpeg,
            vec![(vec![76], 1), (vec![85], 1), (vec![255], 1)],
        ),
        (PixelLayout::P010Le, hdr, vec![(luma, 2), (chroma, 4)]),
        (PixelLayout::I42010Le, hdr, low.to_vec()),
    ];
    for (layout, color, planes) in cases {
        let format = format(layout, color, 1, 1);
        let found = sampled(&Noise { format, planes }, &TensorSpec::new(1, 1));
        for (found, expected) in found.iter().zip([1.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 0.005, "{format}: {found}");
        }
    }
}

#[test]
fn specification_decides_order_layout_and_normalisation() {
    let noise = Noise::new(format(PixelLayout::Rgb, colorimetry(0), 9, 7), 0, 3);
    let (width, height) = (5, 4);
    let plain = sampled(&noise, &TensorSpec::new(width, height));
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let spec = TensorSpec {
        layout: TensorLayout::Nhwc,
        order: ChannelOrder::Bgr,
        ..TensorSpec::new(width, height).with_mean_std(mean, std)
    };
    let found = sampled(&noise, &spec);
    for c in 0..3 {
        for i in 0..width * height {
            let expected = (plain[(2 - c) * width * height + i] - mean[c]) / std[c];
            assert!((found[3 * i + c] - expected).abs() < 1e-5);
        }
    }
}

#[test]
fn bytes_and_halves_are_the_floats_rounded() {
    let noise = Noise::new(format(PixelLayout::Nv12, colorimetry(1), 90, 50), 2, 3);
    for layout in [TensorLayout::Nchw, TensorLayout::Nhwc] {
        let mut spec = TensorSpec {
            layout,
            scale: [255.0; 3],
            ..TensorSpec::new(16, 9)
        };
        let floats = sampled(&noise, &spec);
        spec.element = ElementType::U8;
        let mut bytes = vec![0; spec.elements()];
        let mut sampler = Sampler::new(noise.format, &spec, level()).unwrap();
        sampler
            .sample(&noise.view(), TensorMut::U8(&mut bytes))
            .unwrap();
        spec.element = ElementType::F16;
        let mut halves = vec![Half(0); spec.elements()];
        let mut sampler = Sampler::new(noise.format, &spec, level()).unwrap();
        sampler
            .sample(&noise.view(), TensorMut::F16(&mut halves))
            .unwrap();
        for ((float, byte), half) in floats.iter().zip(bytes).zip(halves) {
            assert_eq!(f32::from(byte), float.round_ties_even());
            assert_eq!(half, Half::from_f32(*float));
        }
    }
}

#[test]
fn bytes_beyond_the_range_are_clamped() {
    let noise = Noise::new(format(PixelLayout::Rgb, colorimetry(0), 20, 20), 0, 3);
    let spec = TensorSpec {
        element: ElementType::U8,
        scale: [600.0, -600.0, 1.0],
        bias: [-100.0, 300.0, 1e9],
        ..TensorSpec::new(20, 20)
    };
    let mut bytes = vec![7; spec.elements()];
    let mut sampler = Sampler::new(noise.format, &spec, level()).unwrap();
    sampler
        .sample(&noise.view(), TensorMut::U8(&mut bytes))
        .unwrap();
    for i in 0..400 {
        let red = f64::from(noise.planes[0].0[3 * i]) / 255.0;
        let expected = (600.0 * red - 100.0).clamp(0.0, 255.0);
        assert!((f64::from(bytes[i]) - expected).abs() <= 0.501);
        assert_eq!(bytes[800 + i], 255);
    }
}

#[test]
fn wrong_input_is_refused_with_numbers() {
    let good = format(PixelLayout::Nv12, colorimetry(0), 8, 8);
    let spec = TensorSpec::new(4, 4);
    let new = |format, spec: &TensorSpec| Sampler::new(format, spec, level()).map(|_| ());
    let error = new(FrameFormat { width: 0, ..good }, &spec).unwrap_err();
    assert!(error.to_string().contains("0x8"), "{error}");
    let error = new(
        good,
        &TensorSpec {
            height: 99_999,
            ..spec
        },
    )
    .unwrap_err();
    assert!(error.to_string().contains("4x99999"), "{error}");
    let huge = FrameFormat {
        height: usize::MAX,
        ..good
    };
    assert!(matches!(
        new(huge, &spec),
        Err(SampleError::FrameSize { .. })
    ));
    for scale in [f32::NAN, f32::INFINITY, 70_000.0] {
        let element = ElementType::F16;
        let spec = TensorSpec {
            element,
            scale: [1.0, scale, 1.0],
            ..spec
        };
        assert!(matches!(
            new(good, &spec),
            Err(SampleError::Normalisation { channel: 1, .. })
        ));
    }
    let mut sampler = Sampler::new(good, &spec, level()).unwrap();
    let noise = Noise::new(good, 0, 1);
    let other = Noise::new(FrameFormat { width: 6, ..good }, 0, 1);
    let mut out = [0.0; 48];
    let error = sampler
        .sample(&other.view(), TensorMut::F32(&mut out))
        .unwrap_err();
    assert!(error.to_string().contains("NV12 6x8"), "{error}");
    let error = sampler
        .sample(&noise.view(), TensorMut::F32(&mut out[1..]))
        .unwrap_err();
    assert_eq!(
        error,
        SampleError::TensorSize {
            found: 47,
            expected: 48
        }
    );
    let error = sampler
        .sample(&noise.view(), TensorMut::U8(&mut [0; 48]))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the tensor holds u8, but its specification says f32"
    );
    assert_eq!(out, [0.0; 48]);
}
