// SPDX-License-Identifier: MPL-2.0

//! Whole compositions against the exact reference: every layout, siting, level, odd sizes.

use super::{SIZES, colors, compare};
use crate::blend::reference::{self, Owned};
use crate::blend::*;
use crate::frame::{Colorimetry, GrayImage, PixelLayout, Range};
use crate::simd::{self, Level};
use std::sync::Arc;

/// A frame over another picture equals the reference.
fn over_is_exact(
    level: Level,
    layout: PixelLayout,
    color: Colorimetry,
    size: (usize, usize),
    seed: u32,
) {
    let padding = seed as usize % 5;
    let mut frame = Owned::noise(layout, color, size, padding, seed);
    let before = Owned::noise(layout, color, size, padding, seed);
    let back = Owned::noise(layout, color, size, 4 - padding, seed + 100);
    let matte = reference::matte(size.0, size.1, seed + 200);
    let mut compositor = Compositor::new(layout, color, size.0, size.1, level).unwrap();
    compositor
        .apply_over(&mut frame.as_mut(), matte.as_ref(), &back.as_ref(), false)
        .unwrap();
    // Alpha is rounded to 1/255 where it is a mean: half a code value, and another half for the
    // result.
    compare(&frame, 1.0 + 1e-3, "over", |index, x, y| {
        let c = &layout.info().components[index];
        let alpha = reference::alpha(c, color, &matte, x, y);
        let sample = |f: &Owned| f64::from(f.sample(index, x, y));
        // The frame's own alpha says where the frame is; a second video has none that counts.
        if index == 3 {
            return sample(&before);
        }
        reference::over(sample(&before), sample(&back), alpha)
    });
}

#[test]
fn picture_over_every_layout_is_exact_to_one_code_value() {
    for level in simd::levels() {
        for (i, &size) in SIZES.iter().enumerate() {
            for color in colors() {
                for &layout in PixelLayout::ALL {
                    over_is_exact(level, layout, color, size, i as u32 + 1);
                }
            }
        }
    }
}

#[test]
fn mattes_of_any_size_equal_the_matte_scaled_first() {
    let size = (61, 47);
    for level in simd::levels() {
        for (mw, mh) in [(1, 1), (16, 9), (31, 24), (61, 46), (122, 94), (256, 144)] {
            let small = reference::matte(mw, mh, 7);
            let mut full = GrayImage::new(size.0, size.1);
            GrayOut::new(size.0, size.1, level).apply(
                small.as_ref(),
                None,
                Range::Full,
                &mut full.as_mut(),
            );
            for &layout in PixelLayout::ALL {
                let color = Colorimetry::default();
                let back = Owned::noise(layout, color, size, 0, 9);
                let compose = |matte: &GrayImage| {
                    let mut frame = Owned::noise(layout, color, size, 1, 8);
                    Compositor::new(layout, color, size.0, size.1, level)
                        .unwrap()
                        .apply_over(&mut frame.as_mut(), matte.as_ref(), &back.as_ref(), false)
                        .unwrap();
                    frame.planes
                };
                assert_eq!(compose(&small), compose(&full), "{}", layout.info().name);
            }
        }
    }
}

#[test]
fn every_level_gives_the_same_bytes() {
    let backgrounds = |layout: PixelLayout, color, size: (usize, usize)| {
        let picture = Backdrop::render(layout, color, size.0, size.1, |x, y| {
            [x as f32 / 70.0, y as f32 / 70.0, 0.5, 1.0]
        });
        vec![
            Background::Color(0xff20_c040),
            Background::Image(Arc::new(picture.unwrap())),
            Background::Matte,
            Background::Overlay,
            Background::Blur {
                strength: 40.0,
                bokeh: false,
            },
            Background::Blur {
                strength: 90.0,
                bokeh: true,
            },
        ]
    };
    let size = (69, 53);
    for &layout in PixelLayout::ALL {
        let color = Colorimetry::default();
        for background in backgrounds(layout, color, size) {
            let run = |level| {
                let mut frame = Owned::noise(layout, color, size, 5, 3);
                let mut compositor = Compositor::new(layout, color, size.0, size.1, level).unwrap();
                compositor.set_background(background.clone()).unwrap();
                let matte = reference::matte(20, 15, 4);
                compositor
                    .apply(&mut frame.as_mut(), matte.as_ref())
                    .unwrap();
                assert!(frame.padding_is_intact());
                frame.planes
            };
            let all: Vec<_> = simd::levels().into_iter().map(run).collect();
            let name = layout.info().name;
            assert!(
                all.windows(2).all(|w| w[0] == w[1]),
                "{name} {background:?}"
            );
        }
    }
}

#[test]
fn color_matches_its_code_values_where_the_matte_is_black() {
    for color in colors() {
        for &layout in PixelLayout::ALL {
            let size = (13, 7);
            let mut frame = Owned::noise(layout, color, size, 2, 5);
            let mut compositor =
                Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
            compositor
                .set_background(Background::Color(0xff30_80e0))
                .unwrap();
            let matte = GrayImage::new(size.0, size.1);
            compositor
                .apply(&mut frame.as_mut(), matte.as_ref())
                .unwrap();
            let rgba = argb(0xff30_80e0);
            let code = crate::blend::backdrop::Encoder::new(layout, color).encode(rgba);
            let before = Owned::noise(layout, color, size, 2, 5);
            compare(&frame, 0.501, "colour", |index, x, y| match index {
                3 => f64::from(before.sample(3, x, y)),
                _ => f64::from(code[index]),
            });
        }
    }
}

#[test]
fn every_width_from_1_to_70_and_odd_strides() {
    let mut color = Colorimetry::default();
    color.site.cosited_x = true;
    for width in 1..=70 {
        let size = (width, 1 + width * 7 % 11);
        for &layout in PixelLayout::ALL {
            over_is_exact(simd::level(), layout, color, size, width as u32);
        }
    }
}

/// High frames are looked at in larger cells; what lies in the spans' ends must be exact, too.
#[test]
fn high_frames_are_as_exact() {
    use PixelLayout::*;
    for color in colors() {
        for size in [(75, 370), (75, 810)] {
            for layout in [
                Nv12, I420, Yuy2, Y42b, Bgrx, Ayuv, P010Le, I42010Le, Y210, Gray8,
            ] {
                over_is_exact(simd::level(), layout, color, size, 23);
            }
        }
    }
}

/// Everything switched on, in frames where cells, chroma and mattes do not divide.
#[test]
fn odd_frames_and_mattes_work_with_all_effects() {
    let color = Colorimetry::default();
    for size in [(1, 1), (2, 2), (3, 1), (1, 40), (15, 17), (70, 3), (33, 50)] {
        for (i, &layout) in PixelLayout::ALL.iter().enumerate() {
            for bokeh in [false, true] {
                let (mw, mh) = [(1, 1), (2, 3), size, (64, 36)][i % 4];
                let mut compositor =
                    Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
                compositor.set_decontamination(255);
                compositor.set_light_wrap(255);
                for strength in [0.1, 30.0, 100.0, 1e9, f32::NAN] {
                    compositor
                        .set_background(Background::Blur { strength, bokeh })
                        .unwrap();
                    let mut frame = Owned::noise(layout, color, size, 3, 1);
                    let matte = reference::matte(mw, mh, 2);
                    compositor
                        .apply(&mut frame.as_mut(), matte.as_ref())
                        .unwrap();
                    assert!(frame.padding_is_intact());
                }
            }
        }
    }
}

#[test]
fn eight_k_works() {
    let (color, size) = (Colorimetry::default(), (7680, 4320));
    let mut frame = Backdrop::new(PixelLayout::Nv12, color, size.0, size.1).unwrap();
    let mut compositor =
        Compositor::new(PixelLayout::Nv12, color, size.0, size.1, simd::level()).unwrap();
    compositor.set_decontamination(255);
    let matte = reference::matte(256, 144, 2);
    for background in [
        Background::Color(0xff80_4020),
        Background::Blur {
            strength: 100.0,
            bokeh: false,
        },
    ] {
        compositor.set_background(background).unwrap();
        compositor
            .apply(&mut frame.view_mut(), matte.as_ref())
            .unwrap();
    }
}
