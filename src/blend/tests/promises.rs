// SPDX-License-Identifier: MPL-2.0

//! What compositors promise beside exact values: what stays, what is hidden, what is refused.

use super::compare;
use crate::blend::reference::{self, Owned};
use crate::blend::*;
use crate::frame::{Colorimetry, GrayImage, GrayMut, PixelLayout, Range};
use crate::simd;
use std::sync::Arc;

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
