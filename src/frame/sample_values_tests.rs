// SPDX-License-Identifier: MPL-2.0

//! Sampling of values that are known: colours, ranges, specifications, and what is refused.

use super::testing::{Noise, colorimetry, format, sampled};
use super::*;
use crate::simd::level;

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
fn impossible_sizes_and_numbers_are_refused() {
    let good = format(PixelLayout::Nv12, colorimetry(0), 8, 8);
    let spec = TensorSpec::new(4, 4);
    let error = |format, spec: &TensorSpec| Sampler::new(format, spec, level()).unwrap_err();
    let empty = error(FrameFormat { width: 0, ..good }, &spec);
    assert!(empty.to_string().contains("0x8"), "{empty}");
    let height = usize::MAX;
    let huge = error(FrameFormat { height, ..good }, &spec);
    assert!(matches!(huge, SampleError::FrameSize { .. }));
    let height = 99_999;
    let high = error(good, &TensorSpec { height, ..spec });
    assert!(high.to_string().contains("4x99999"), "{high}");
    for scale in [f32::NAN, f32::INFINITY, 70_000.0] {
        let spec = TensorSpec {
            element: ElementType::F16,
            scale: [1.0, scale, 1.0],
            ..spec
        };
        let channel = error(good, &spec);
        assert!(matches!(
            channel,
            SampleError::Normalisation { channel: 1, .. }
        ));
    }
}

#[test]
fn other_frames_and_tensors_than_announced_are_refused() {
    let good = format(PixelLayout::Nv12, colorimetry(0), 8, 8);
    let mut sampler = Sampler::new(good, &TensorSpec::new(4, 4), level()).unwrap();
    let noise = Noise::new(good, 0, 1);
    let other = Noise::new(FrameFormat { width: 6, ..good }, 0, 1);
    let mut out = [0.0; 48];
    let changed = sampler.sample(&other.view(), TensorMut::F32(&mut out));
    let changed = changed.unwrap_err().to_string();
    assert!(changed.contains("NV12 6x8"), "{changed}");
    let short = sampler.sample(&noise.view(), TensorMut::F32(&mut out[1..]));
    let (found, expected) = (47, 48);
    assert_eq!(
        short.unwrap_err(),
        SampleError::TensorSize { found, expected }
    );
    let bytes = sampler.sample(&noise.view(), TensorMut::U8(&mut [0; 48]));
    assert_eq!(
        bytes.unwrap_err().to_string(),
        "the tensor holds u8, but its specification says f32"
    );
    assert_eq!(out, [0.0; 48]);
}
