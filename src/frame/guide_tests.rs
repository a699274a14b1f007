// SPDX-License-Identifier: MPL-2.0

//! Guides against the slow reference: every layout, size and stride.

use super::testing::{Noise, colorimetry, format};
use super::*;
use crate::simd::level;

fn luma(noise: &Noise, width: usize, height: usize) -> GrayImage {
    let mut out = GrayImage::new(width, height);
    let mut scaler = LumaScaler::new(noise.format, width, height, level()).unwrap();
    scaler.scale(&noise.view(), &mut out.as_mut()).unwrap();
    out
}

#[test]
fn luma_of_every_layout_equals_the_reference() {
    for (n, layout) in PixelLayout::ALL.iter().enumerate() {
        for size in 1..=70 {
            let (width, height) = (size, (size * 37 + n) % 70 + 1);
            // Every fifth target has the frame's own size.
            let (tw, th) = match size % 5 {
                0 => (width, height),
                _ => ((size * 13 + n) % 29 + 1, (size * 7 + n) % 90 + 1),
            };
            let format = format(*layout, colorimetry(size + n), width, height);
            let noise = Noise::new(format, size % 7, size as u64);
            let out = luma(&noise, tw, th);
            for y in 0..th {
                for x in 0..tw {
                    let exact = reference::luma(&noise.view(), (x, y), (tw, th));
                    let exact = (255.0 * exact).clamp(0.0, 255.0);
                    let found = f64::from(out.as_ref().row(y)[x]);
                    assert!(
                        (found - exact).abs() <= 0.501,
                        "{format} to {tw}x{th} at {x},{y}: {found}, exactly {exact}"
                    );
                }
            }
        }
    }
}

#[test]
fn full_range_luma_of_the_same_size_is_copied() {
    let full = Colorimetry {
        range: Range::Full,
        ..Default::default()
    };
    for layout in PixelLayout::ALL {
        let info = layout.info();
        if info.model == ColorModel::Rgb || info.depth > 8 {
            continue;
        }
        let noise = Noise::new(format(*layout, full, 31, 17), 5, 2);
        let out = luma(&noise, 31, 17);
        let component = info.components[0];
        for y in 0..17 {
            let row = noise.view().row(component.plane, y);
            let expected: Vec<u8> = row[component.offset..]
                .iter()
                .step_by(component.step)
                .copied()
                .take(31)
                .collect();
            assert_eq!(out.as_ref().row(y), expected, "{}", info.name);
        }
    }
}

#[test]
fn colour_differences_equal_the_reference() {
    for (n, layout) in PixelLayout::ALL.iter().enumerate() {
        let color = colorimetry(n);
        let noise = Noise::new(format(*layout, color, 53, 41), 3, 4);
        let (w, h) = (13 + n, 20);
        let (kr, kb) = color.matrix.weights();
        let (kr, kb) = (f64::from(kr), f64::from(kb));
        let mut images: [GrayImage; 2] = std::array::from_fn(|_| GrayImage::new(w, h));
        let mut scaler = ChromaScaler::new(noise.format, w, h, level()).unwrap();
        let mut views = images.each_mut().map(|image| image.as_mut());
        scaler.scale(&noise.view(), &mut views).unwrap();
        for (x, y) in (0..h).flat_map(|y| (0..w).map(move |x| (x, y))) {
            let [r, g, b] = reference::rgb(&noise.view(), (x, y), (w, h));
            let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
            let exact = [
                128.0 + 255.0 * (b - luma) / (2.0 * (1.0 - kb)),
                128.0 + 255.0 * (r - luma) / (2.0 * (1.0 - kr)),
            ];
            for (image, exact) in images.iter().zip(exact) {
                let found = f64::from(image.as_ref().row(y)[x]);
                let exact = exact.clamp(0.0, 255.0);
                assert!((found - exact).abs() <= 0.501, "{}", noise.format);
            }
        }
    }
}

#[test]
fn guides_of_a_wrong_size_are_refused() {
    let noise = Noise::new(format(PixelLayout::Nv12, colorimetry(0), 8, 8), 0, 1);
    let mut scaler = LumaScaler::new(noise.format, 4, 4, level()).unwrap();
    let mut out = GrayImage::new(4, 5);
    let error = scaler.scale(&noise.view(), &mut out.as_mut()).unwrap_err();
    assert!(matches!(
        error,
        SampleError::PictureSize { found: (4, 5), .. }
    ));
}
