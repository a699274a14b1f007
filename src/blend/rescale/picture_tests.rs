// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::simd;
use image::Rgba;

/// Left half red, right half blue.
fn halves(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, _| {
        if x * 2 < width {
            Rgba([255, 0, 0, 255])
        } else {
            Rgba([0, 0, 255, 255])
        }
    })
}

fn setting(fit: Fit, layout: PixelLayout, width: usize, height: usize) -> Setting {
    Setting {
        fit,
        bars: 0x4000_ff00,
        format: FrameFormat {
            layout,
            color: Colorimetry::default(),
            width,
            height,
        },
        view: View::default(),
    }
}

/// The pixels of the picture fitted into an RGB frame, with green bars.
fn pixels(picture: &RgbaImage, fit: Fit, width: usize, height: usize) -> Vec<[u8; 3]> {
    let setting = setting(fit, PixelLayout::Rgb, width, height);
    let backdrop = fitted(picture, setting, simd::level()).unwrap();
    (0..height)
        .flat_map(|y| backdrop.view().row(0, y).as_chunks().0.to_vec())
        .collect()
}

fn near(found: [u8; 3], wanted: [u8; 3]) -> bool {
    found.iter().zip(wanted).all(|(f, w)| f.abs_diff(w) < 12)
}

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const GREEN: [u8; 3] = [0, 255, 0];

#[test]
fn pictures_are_opaque_and_bars_have_their_own_alpha() {
    for &layout in PixelLayout::ALL.iter().filter(|l| l.info().alpha) {
        let setting = setting(Fit::Contain, layout, 8, 8);
        let backdrop = fitted(&halves(8, 4), setting, simd::level()).unwrap();
        let (info, view) = (layout.info(), backdrop.view());
        let alpha = &info.components[3];
        let at = |y| {
            let at = &view.row(alpha.plane, y)[alpha.offset + 3 * alpha.step..];
            match info.depth > 8 {
                true => info.word().code([at[0], at[1]]),
                false => at[0].into(),
            }
        };
        let bars = (f32::from(info.top()) * 64.0 / 255.0).round() as u16;
        assert_eq!(
            [at(0), at(4), at(7)],
            [bars, info.top(), bars],
            "{}",
            info.name
        );
    }
}

#[test]
fn fits_do_what_they_say() {
    let picture = halves(20, 10);
    let at = |fit, x: usize, y: usize| pixels(&picture, fit, 40, 40)[y * 40 + x];
    // Cover: twice too wide, the middle is seen in full height.
    assert!(near(at(Fit::Cover, 0, 0), RED) && near(at(Fit::Cover, 39, 39), BLUE));
    // Contain: 40x20 in the middle, bars above and below.
    assert_eq!(at(Fit::Contain, 0, 9), GREEN);
    assert_eq!(at(Fit::Contain, 0, 30), GREEN);
    assert!(near(at(Fit::Contain, 2, 20), RED) && near(at(Fit::Contain, 37, 20), BLUE));
    assert!(near(at(Fit::Stretch, 2, 2), RED) && near(at(Fit::Stretch, 37, 37), BLUE));
    // Tile: 20 pixels red and blue, again and again.
    for x in 0..40 {
        let wanted = if x % 20 < 10 { RED } else { BLUE };
        assert_eq!(at(Fit::Tile, x, 33), wanted);
    }
}

#[test]
fn pictures_of_any_size_fit_frames_of_any_size() {
    for (pw, ph) in [(1, 1), (1, 300), (300, 1), (7, 5)] {
        let picture = halves(pw, ph);
        for (w, h) in [(1, 1), (2, 2), (3, 1), (15, 17)] {
            for fit in [Fit::Cover, Fit::Contain, Fit::Stretch, Fit::Tile] {
                for &layout in PixelLayout::ALL {
                    let backdrop = fitted(&picture, setting(fit, layout, w, h), simd::level());
                    assert_eq!(backdrop.unwrap().size(), (w, h));
                }
            }
        }
    }
}
