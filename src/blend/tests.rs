// SPDX-License-Identifier: MPL-2.0

//! Whole compositions against the exact reference: every layout, siting, level, odd sizes.

use super::reference::{self, Owned};
use super::*;
use crate::frame::{Colorimetry, GrayImage, GrayMut, PixelLayout, Range};
use crate::simd::{self, Level};
use std::sync::Arc;

/// Small and odd ones for all levels and sitings; `every_width` goes through the rest.
const SIZES: &[(usize, usize)] = &[
    (1, 1),
    (2, 2),
    (3, 1),
    (1, 5),
    (15, 17),
    (16, 9),
    (33, 6),
    (47, 31),
    (64, 20),
    (70, 69),
];

fn colors() -> impl Iterator<Item = Colorimetry> {
    reference::sites().into_iter().map(|site| Colorimetry {
        site,
        ..Default::default()
    })
}

/// Compares every sample with `wanted(component index, x, y)`; `slack` in code values.
fn compare(found: &Owned, slack: f64, what: &str, wanted: impl Fn(usize, usize, usize) -> f64) {
    let info = found.layout.info();
    for (index, c) in info.components.iter().enumerate() {
        let (w, h) = reference::extent(c, found.width, found.height);
        for y in 0..h {
            for x in 0..w {
                let grain = reference::grain(found.layout, index);
                let (found, wanted) = (f64::from(found.sample(index, x, y)), wanted(index, x, y));
                assert!(
                    (found - wanted).abs() <= slack + grain,
                    "{what}: {} component {index} at {x},{y}: {found}, exactly {wanted}",
                    info.name,
                );
            }
        }
    }
    assert!(
        found.padding_is_intact(),
        "{what}: {} wrote between rows",
        info.name
    );
}

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
            let code = super::backdrop::Encoder::new(layout, color).encode(rgba);
            let before = Owned::noise(layout, color, size, 2, 5);
            compare(&frame, 0.501, "colour", |index, x, y| match index {
                3 => f64::from(before.sample(3, x, y)),
                _ => f64::from(code[index]),
            });
        }
    }
}

#[test]
fn white_matte_and_zero_strength_leave_every_bit() {
    for &layout in PixelLayout::ALL {
        let (color, size) = (Colorimetry::default(), (35, 21));
        let before = Owned::noise(layout, color, size, 2, 6);
        for (value, strength) in [(255, 255), (0, 0), (130, 0)] {
            let mut frame = Owned::noise(layout, color, size, 2, 6);
            let mut compositor =
                Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
            compositor
                .set_background(Background::Color(0xff00_ff00))
                .unwrap();
            compositor.set_strength(strength);
            let mut matte = GrayImage::new(9, 9);
            matte.data_mut().fill(value);
            compositor
                .apply(&mut frame.as_mut(), matte.as_ref())
                .unwrap();
            assert_eq!(frame.planes, before.planes, "{}", layout.info().name);
        }
    }
}

/// The privacy rule: what `hide` writes does not depend on what was there.
#[test]
fn hide_leaves_nothing_of_the_input() {
    for &layout in PixelLayout::ALL {
        let (color, size) = (Colorimetry::default(), (21, 11));
        let picture = Backdrop::render(layout, color, size.0, size.1, |x, _| {
            [x as f32 / 21.0, 0.3, 0.2, 1.0]
        });
        let mut backgrounds = vec![
            Background::None,
            Background::Blur {
                strength: 60.0,
                bokeh: false,
            },
            Background::Color(0xff12_3456),
            Background::Image(Arc::new(picture.unwrap())),
            Background::Matte,
            Background::Overlay,
        ];
        if layout.info().alpha && layout.info().packing.is_none() {
            backgrounds.push(Background::Transparent { keep_colors: false });
        }
        for background in backgrounds {
            let hidden = |seed| {
                let mut frame = Owned::noise(layout, color, size, 3, seed);
                let mut compositor =
                    Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
                compositor.set_background(background.clone()).unwrap();
                // A blurred room of an earlier frame must not be shown either.
                let matte = GrayImage::new(5, 5);
                compositor
                    .apply(&mut frame.as_mut(), matte.as_ref())
                    .unwrap();
                let mut frame = Owned::noise(layout, color, size, 3, seed + 1);
                compositor.hide(&mut frame.as_mut()).unwrap();
                frame.planes
            };
            assert_eq!(
                hidden(1),
                hidden(77),
                "{} {background:?}",
                layout.info().name
            );
        }
    }
}

#[test]
fn transparent_scales_alpha_and_can_keep_colour() {
    for &layout in PixelLayout::ALL {
        let (color, size) = (Colorimetry::default(), (19, 13));
        let mut compositor = Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
        let set = compositor.set_background(Background::Transparent { keep_colors: true });
        if !layout.info().alpha || layout.info().packing.is_some() {
            assert!(matches!(set, Err(BlendError::NoAlpha { .. })));
            continue;
        }
        let mut frame = Owned::noise(layout, color, size, 1, 2);
        let before = Owned::noise(layout, color, size, 1, 2);
        let matte = reference::matte(size.0, size.1, 3);
        compositor
            .apply(&mut frame.as_mut(), matte.as_ref())
            .unwrap();
        compare(&frame, 0.501, "transparent", |index, x, y| {
            let was = f64::from(before.sample(index, x, y));
            if index == 3 {
                was * f64::from(matte.data()[y * size.0 + x]) / 255.0
            } else {
                was
            }
        });
    }
}

#[test]
fn alpha_out_can_keep_colour_and_carries_the_matte() {
    let (color, size) = (Colorimetry::default(), (23, 9));
    let mut ways = 0;
    for &from in PixelLayout::ALL {
        for &to in PixelLayout::ALL {
            let Ok(mut out) = AlphaOut::new(from, to, color, size.0, size.1, simd::level()) else {
                continue;
            };
            ways += 1;
            out.set_keep_colors(true);
            let frame = Owned::noise(from, color, size, 1, 2);
            let mut result = Owned::noise(to, color, size, 2, 5);
            let matte = reference::matte(size.0, size.1, 3);
            out.apply(&frame.as_ref(), matte.as_ref(), &mut result.as_mut())
                .unwrap();
            // Products of two alphas have 8 bits.
            let finer = f64::from(1u32 << (to.info().depth - 8));
            let slack = if from.info().alpha {
                1.001 * finer
            } else {
                0.501
            };
            compare(&result, slack, "alpha out", |index, x, y| {
                if index == 3 {
                    let own = match from.info().alpha {
                        true => f64::from(frame.sample(3, x, y)) / f64::from(from.info().top()),
                        false => 1.0,
                    };
                    let share = own * f64::from(matte.data()[y * size.0 + x]) / 255.0;
                    return share * f64::from(to.info().top());
                }
                let (Some(c), t) = (
                    from.info().components.get(index),
                    to.info().components[index],
                ) else {
                    return f64::from(128u32 << (to.info().depth - 8));
                };
                let at = (x >> (c.w_sub - t.w_sub), y >> (c.h_sub - t.h_sub));
                let code = f64::from(frame.sample(index, at.0, at.1));
                let finer = f64::from(1u32 << (from.info().depth - to.info().depth));
                (code / finer).min(f64::from(to.info().top()))
            });
            let mut again = Owned::noise(to, color, size, 2, 99);
            out.hide(&mut result.as_mut()).unwrap();
            out.hide(&mut again.as_mut()).unwrap();
            assert_eq!(result.planes, again.planes);
        }
    }
    assert!(ways > 50, "only {ways} ways");
}

#[test]
fn wrong_frames_are_refused_untouched() {
    let color = Colorimetry::default();
    let mut compositor = Compositor::new(PixelLayout::Nv12, color, 16, 8, simd::level()).unwrap();
    compositor
        .set_background(Background::Color(0xff00_0000))
        .unwrap();
    let matte = GrayImage::new(4, 4);
    let mut frame = Owned::noise(PixelLayout::I420, color, (16, 8), 0, 1);
    let error = compositor
        .apply(&mut frame.as_mut(), matte.as_ref())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the frame is I420 16x8, but the compositor was made for NV12 16x8; make a new one when \
         caps change"
    );
    assert_eq!(
        frame.planes,
        Owned::noise(PixelLayout::I420, color, (16, 8), 0, 1).planes
    );
    assert!(Compositor::new(PixelLayout::Nv12, color, 0, 8, simd::level()).is_err());
    assert!(Compositor::new(PixelLayout::Nv12, color, 8, 0, simd::level()).is_err());
}

#[test]
fn gray_out_maps_the_range() {
    let mut matte = GrayImage::new(3, 1);
    matte.data_mut().copy_from_slice(&[0, 128, 255]);
    let mut out = [0; 3];
    let mut view = GrayMut::new(&mut out, 3, 1, 3).unwrap();
    GrayOut::new(3, 1, simd::level()).apply(matte.as_ref(), None, Range::Limited, &mut view);
    assert_eq!(out, [16, 126, 235]);
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

/// A frame of a still scene is composed as any, but for what it takes from the one before; and
/// nothing is taken from before a change.
#[test]
fn again_is_the_same_for_the_same_frame() {
    let (color, size) = (Colorimetry::default(), (75, 410));
    let matte = reference::matte(size.0, size.1, 3);
    let (layout, level) = (PixelLayout::Nv12, simd::level());
    let new = || {
        let mut compositor = Compositor::new(layout, color, size.0, size.1, level).unwrap();
        compositor.set_decontamination(255);
        compositor
    };
    let blur = Background::Blur {
        strength: 30.0,
        bokeh: false,
    };
    for background in [blur, Background::Color(0xff00_ff00), Background::Matte] {
        let composed = |compositor: &mut Compositor, seed, again: bool| {
            let mut frame = Owned::noise(layout, color, size, 0, seed);
            let mut view = frame.as_mut();
            match again {
                true => compositor.apply_again(&mut view, matte.as_ref()),
                false => compositor.apply(&mut view, matte.as_ref()),
            }
            .unwrap();
            frame.planes
        };
        let mut compositor = new();
        compositor.set_background(background.clone()).unwrap();
        let first = composed(&mut compositor, 1, false);
        assert_eq!(composed(&mut compositor, 1, true), first);
        // The subject is the new frame's, the blurred room the old one's.
        let other = composed(&mut compositor, 2, true);
        let (full, fresh) = (composed(&mut compositor, 2, false), first);
        let kept = matches!(background, Background::Blur { .. });
        for (i, alpha) in matte.data().iter().enumerate() {
            let at = |planes: &Vec<(Vec<u8>, usize)>| planes[0].0[i];
            match alpha {
                255 => assert_eq!(at(&other), at(&full)),
                0 if kept => assert_eq!(at(&other), at(&fresh)),
                0 => assert_eq!(at(&other), at(&full)),
                _ => (),
            }
        }
        // A new background, or another fade, starts anew.
        compositor.set_background(background.clone()).unwrap();
        assert_eq!(composed(&mut compositor, 2, true), full);
        compositor.set_strength(100);
        let faded = composed(&mut compositor, 1, true);
        let mut same = new();
        same.set_strength(100);
        same.set_background(background).unwrap();
        assert_eq!(composed(&mut same, 1, false), faded);
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

/// 10-bit formats in 16-bit words may come with anything in the other bits.
#[test]
fn bits_that_are_not_the_pictures_do_no_harm() {
    let (color, size) = (Colorimetry::default(), (37, 21));
    for layout in [
        PixelLayout::I42010Le,
        PixelLayout::P010Le,
        PixelLayout::Y210,
    ] {
        let mut frame = Owned::noise(layout, color, size, 0, 1);
        for (data, _) in &mut frame.planes {
            for (i, byte) in data.iter_mut().enumerate() {
                *byte |= if i % 3 == 0 { 0xff } else { 0x0f };
            }
        }
        let matte = reference::matte(16, 9, 2);
        let mut ayuv = Backdrop::new(PixelLayout::Ayuv, color, size.0, size.1).unwrap();
        AlphaOut::new(
            layout,
            PixelLayout::Ayuv,
            color,
            size.0,
            size.1,
            simd::level(),
        )
        .unwrap()
        .apply(&frame.as_ref(), matte.as_ref(), &mut ayuv.view_mut())
        .unwrap();
        let mut compositor = Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
        compositor.set_decontamination(255);
        compositor.set_light_wrap(255);
        let blur = Background::Blur {
            strength: 50.0,
            bokeh: false,
        };
        compositor.set_background(blur).unwrap();
        compositor
            .apply(&mut frame.as_mut(), matte.as_ref())
            .unwrap();
    }
}
