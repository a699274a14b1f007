// SPDX-License-Identifier: MPL-2.0

//! Edges against the truth: subjects of known colour and alpha before a green room, laid over red.

use crate::blend::reference::Owned;
use crate::blend::*;
use crate::frame::{Colorimetry, FrameMut, GrayImage, PixelLayout};
use crate::simd;

const SIZE: (usize, usize) = (320, 400);
const GREEN: [f32; 4] = [0.1, 0.75, 0.15, 1.0];
const RED: u32 = 0xffd0_1818;

/// Alpha of a disc whose edge is some 14 pixels wide.
fn alpha(x: usize, y: usize) -> f32 {
    let (dx, dy) = (x as f32 - 150.0, y as f32 - 210.0);
    ((95.0 - (dx * dx + dy * dy).sqrt()) / 14.0 + 0.5).clamp(0.0, 1.0)
}

/// A subject whose colour changes slowly, as skin and cloth do.
fn subject(x: usize, y: usize) -> [f32; 4] {
    let (u, v) = (x as f32 / 40.0, y as f32 / 55.0);
    [
        0.55 + 0.15 * u.sin(),
        0.4 + 0.1 * v.cos(),
        0.45 + 0.1 * (u + v).sin(),
        1.0,
    ]
}

fn over(front: [f32; 4], back: [f32; 4], alpha: f32) -> [f32; 4] {
    std::array::from_fn(|i| front[i] * alpha + back[i] * (1.0 - alpha))
}

fn matte() -> GrayImage {
    let mut matte = GrayImage::new(SIZE.0, SIZE.1);
    for (i, value) in matte.data_mut().iter_mut().enumerate() {
        *value = (alpha(i % SIZE.0, i / SIZE.0) * 255.0).round() as u8;
    }
    matte
}

/// Mean error in code values of a component over the half-covered pixels.
fn error(layout: PixelLayout, amount: u8) -> f64 {
    let color = Colorimetry::default();
    let render = |pixel: &dyn Fn(usize, usize) -> Rgba| {
        Backdrop::render(layout, color, SIZE.0, SIZE.1, pixel).unwrap()
    };
    let mut frame = render(&|x, y| over(subject(x, y), GREEN, alpha(x, y)));
    let truth = render(&|x, y| over(subject(x, y), argb(RED), alpha(x, y)));
    let mut compositor = Compositor::new(layout, color, SIZE.0, SIZE.1, simd::level()).unwrap();
    compositor.set_background(Background::Color(RED)).unwrap();
    compositor.set_decontamination(amount);
    compositor
        .apply(&mut frame.view_mut(), matte().as_ref())
        .unwrap();
    let (mut sum, mut count) = (0.0, 0);
    for (index, c) in layout.info().components.iter().take(3).enumerate() {
        let (w, h) = super::reference::extent(c, SIZE.0, SIZE.1);
        for y in 0..h {
            for x in 0..w {
                let a = alpha(x << c.w_sub, y << c.h_sub);
                if a > 0.02 && a < 0.98 {
                    let sample =
                        |b: &Backdrop| f64::from(super::reference::sample(&b.view(), index, x, y));
                    sum += (sample(&frame) - sample(&truth)).abs();
                    count += 1;
                }
            }
        }
    }
    sum / f64::from(count)
}

#[test]
fn decontamination_takes_the_green_halo_away() {
    for layout in [
        PixelLayout::Nv12,
        PixelLayout::Bgrx,
        PixelLayout::Yuy2,
        PixelLayout::Vyuy,
        PixelLayout::P010Le,
        PixelLayout::Y210,
        PixelLayout::Gbr10Le,
        PixelLayout::Gray16Le,
    ] {
        let (with, without) = (error(layout, 255), error(layout, 0));
        assert!(
            with * 6.0 < without,
            "{}: {with:.2} code values with, {without:.2} without",
            layout.info().name
        );
        let half = error(layout, 128);
        assert!(with < half && half < without, "{half}");
    }
}

/// Mean error in code values of a straight-alpha output's colours against the true subject's, as
/// far as they will be seen (times alpha), over the half-covered pixels.
fn straight_error(from: PixelLayout, to: PixelLayout, amount: u8) -> f64 {
    let color = Colorimetry::default();
    let render = |layout, pixel: &dyn Fn(usize, usize) -> Rgba| {
        Backdrop::render(layout, color, SIZE.0, SIZE.1, pixel).unwrap()
    };
    let mixed = |x, y| over(subject(x, y), GREEN, alpha(x, y));
    let truth = render(to, &|x, y| subject(x, y));
    let mut out = render(to, &mixed);
    let level = simd::level();
    if from == to {
        let mut compositor = Compositor::new(to, color, SIZE.0, SIZE.1, level).unwrap();
        let keep_colors = amount == 0;
        let background = Background::Transparent { keep_colors };
        compositor.set_background(background).unwrap();
        compositor.set_decontamination(amount);
        let mut view = out.view_mut();
        compositor.apply(&mut view, matte().as_ref()).unwrap();
    } else {
        let frame = render(from, &mixed);
        let mut way = AlphaOut::new(from, to, color, SIZE.0, SIZE.1, level).unwrap();
        way.set_decontamination(amount);
        way.set_keep_colors(amount == 0);
        way.apply(&frame.view(), matte().as_ref(), &mut out.view_mut())
            .unwrap();
    }
    let (mut sum, mut count) = (0.0, 0);
    for (index, c) in to.info().components.iter().enumerate() {
        let (w, h) = super::reference::extent(c, SIZE.0, SIZE.1);
        for (x, y) in (0..h).flat_map(|y| (0..w).map(move |x| (x, y))) {
            let a = alpha(x << c.w_sub, y << c.h_sub);
            let sample = |b: &Backdrop| f64::from(super::reference::sample(&b.view(), index, x, y));
            if index == 3 {
                let top = f64::from(to.info().top());
                assert!((sample(&out) / top - f64::from(a)).abs() < 0.01);
            } else if a > 0.02 && a < 0.98 {
                sum += f64::from(a) * (sample(&out) - sample(&truth)).abs();
                count += 1;
            }
        }
    }
    sum / f64::from(count)
}

#[test]
fn straight_alpha_has_the_subjects_own_colour() {
    use PixelLayout::*;
    for (from, to) in [
        (Nv12, A420),
        (I420, A420),
        (Nv12, Av12),
        (Yuy2, Ayuv),
        (Bgrx, Bgra),
        (Bgra, Bgra),
        (Ayuv, Ayuv),
        (A420, A420),
        (I42210Le, A42210Le),
        (P010Le, A42010Le),
        (A44410Le, A44410Le),
        (Gbr, Gbra),
        (Gbr10Le, Gbra10Le),
    ] {
        let (with, without) = (straight_error(from, to, 255), straight_error(from, to, 0));
        assert!(
            with * 6.0 < without,
            "{from:?} {to:?}: {with:.2} code values with, {without:.2} without"
        );
    }
}

/// A pixel that is wholly subject or wholly background is no business of the edge.
#[test]
fn decontamination_changes_half_covered_pixels_only() {
    for &layout in PixelLayout::ALL {
        let color = Colorimetry::default();
        let compose = |amount| {
            let mut frame = Owned::noise(layout, color, SIZE, 3, 1);
            let mut compositor =
                Compositor::new(layout, color, SIZE.0, SIZE.1, simd::level()).unwrap();
            compositor.set_background(Background::Color(RED)).unwrap();
            compositor.set_decontamination(amount);
            let mut view: FrameMut = frame.as_mut();
            compositor.apply(&mut view, matte().as_ref()).unwrap();
            frame
        };
        let (plain, clean) = (compose(0), compose(255));
        let mut changed = 0;
        for (index, c) in layout.info().components.iter().enumerate() {
            let (w, h) = super::reference::extent(c, SIZE.0, SIZE.1);
            for y in 0..h {
                for x in 0..w {
                    let around = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| {
                        let x = ((x << c.w_sub) + dx * c.w_sub as usize).min(SIZE.0 - 1);
                        let y = ((y << c.h_sub) + dy * c.h_sub as usize).min(SIZE.1 - 1);
                        (alpha(x, y) * 255.0).round()
                    });
                    let flat =
                        around.iter().all(|&a| a == 0.0) || around.iter().all(|&a| a == 255.0);
                    let same = plain.sample(index, x, y) == clean.sample(index, x, y);
                    assert!(same || !flat && index < 3, "{} {x},{y}", layout.info().name);
                    changed += usize::from(!same);
                }
            }
        }
        assert!(changed > 1000 && clean.padding_is_intact());
    }
}

#[test]
fn light_wrap_brightens_the_rim_and_leaves_the_middle() {
    let (layout, color) = (PixelLayout::Nv12, Colorimetry::default());
    let compose = |wrap, image: bool| {
        let mut frame =
            Backdrop::render(layout, color, SIZE.0, SIZE.1, |_, _| [0.2, 0.2, 0.2, 1.0]).unwrap();
        let mut compositor = Compositor::new(layout, color, SIZE.0, SIZE.1, simd::level()).unwrap();
        compositor.set_light_wrap(wrap);
        let white = Backdrop::render(layout, color, SIZE.0, SIZE.1, |_, _| [1.0; 4]).unwrap();
        let background = match image {
            true => Background::Image(std::sync::Arc::new(white)),
            false => Background::Color(0xffff_ffff),
        };
        compositor.set_background(background).unwrap();
        compositor
            .apply(&mut frame.view_mut(), matte().as_ref())
            .unwrap();
        frame.view().row(0, 210).to_vec()
    };
    for image in [false, true] {
        let (plain, wrapped) = (compose(0, image), compose(200, image));
        // The disc reaches from column 62 to 238 where it is whole.
        assert!(
            wrapped[65] > plain[65] + 20,
            "{} {}",
            wrapped[65],
            plain[65]
        );
        assert_eq!(wrapped[150], plain[150]);
        assert!(wrapped[64..75].windows(2).all(|w| w[0] >= w[1]));
    }
}

/// Twice the same picture gives twice the same blur, and a subject of any colour the same room.
#[test]
fn blur_is_still_and_free_of_the_subject() {
    let color = Colorimetry::default();
    for layout in [PixelLayout::Nv12, PixelLayout::Rgba, PixelLayout::Yuy2] {
        for bokeh in [false, true] {
            let mut compositor =
                Compositor::new(layout, color, SIZE.0, SIZE.1, simd::level()).unwrap();
            compositor
                .set_background(Background::Blur {
                    strength: 60.0,
                    bokeh,
                })
                .unwrap();
            let hard = {
                let mut hard = matte();
                hard.data_mut()
                    .iter_mut()
                    .for_each(|m| *m = if *m > 127 { 255 } else { 0 });
                hard
            };
            let mut compose = |shade: f32| {
                let mut frame = Backdrop::render(layout, color, SIZE.0, SIZE.1, |x, y| {
                    if hard.data()[y * SIZE.0 + x] == 255 {
                        return [shade, shade, 1.0 - shade, 1.0];
                    }
                    let stripes = (x / 9 + y / 13) % 2;
                    [0.3 + 0.4 * stripes as f32, 0.5, 0.4, 1.0]
                })
                .unwrap();
                compositor
                    .apply(&mut frame.view_mut(), hard.as_ref())
                    .unwrap();
                frame
            };
            let (dark, again, light) = (compose(0.0), compose(0.0), compose(1.0));
            for (index, c) in layout.info().components.iter().take(3).enumerate() {
                let (w, h) = super::reference::extent(c, SIZE.0, SIZE.1);
                for y in 0..h {
                    for x in 0..w {
                        let sample =
                            |b: &Backdrop| super::reference::sample(&b.view(), index, x, y);
                        assert_eq!(sample(&dark), sample(&again));
                        let room = (0..2).all(|d| {
                            let x = ((x << c.w_sub) + d).min(SIZE.0 - 1);
                            let y = ((y << c.h_sub) + d).min(SIZE.1 - 1);
                            (x.saturating_sub(2)..=x + 2).all(|x| {
                                (y.saturating_sub(2)..=y + 2).all(|y| {
                                    hard.data()[y.min(SIZE.1 - 1) * SIZE.0 + x.min(SIZE.0 - 1)] == 0
                                })
                            })
                        });
                        if room {
                            assert_eq!(sample(&dark), sample(&light), "bled into {x},{y}");
                        }
                    }
                }
            }
        }
    }
}
