// SPDX-License-Identifier: MPL-2.0

//! The frame's own alpha, before opaque backgrounds and before such as have alpha themselves.

use crate::blend::reference::{self, Owned, extent};
use crate::blend::*;
use crate::frame::{Colorimetry, GrayImage, GrayMut, PixelLayout, Range};
use crate::simd::{self, Level};
use std::sync::Arc;

const SIZES: &[(usize, usize)] = &[(1, 1), (3, 5), (16, 9), (47, 31), (70, 20)];

fn layouts() -> impl Iterator<Item = PixelLayout> {
    PixelLayout::ALL.iter().copied().filter(|l| l.info().alpha)
}

/// Noise with an alpha of noise, or of 255.
fn noise(layout: PixelLayout, color: Colorimetry, size: (usize, usize), opaque: bool) -> Owned {
    let noise = Owned::noise(layout, color, size, 1, 12);
    let packed = layout.info().packing.is_some();
    let mut frame = if packed { noise.spread() } else { noise };
    let (info, alpha) = (layout.info(), layout.info().components[3]);
    let (data, stride) = &mut frame.planes[alpha.plane];
    for y in 0..size.1 {
        for x in 0..size.0 {
            let at = y * *stride + alpha.offset + x * alpha.step;
            let code = match (opaque, (x / 3 + y) % 4) {
                (true, _) | (_, 3) => info.top(),
                (_, 0) => 0,
                // What two bits can be.
                _ if packed => 341 + 341 * (x as u16 % 2),
                _ => continue,
            };
            match info.depth > 8 {
                true => data[at..at + 2].copy_from_slice(&info.word().bytes(code)),
                false => data[at] = code as u8,
            }
        }
    }
    if !packed {
        return frame;
    }
    let mut together = Owned::noise(layout, color, size, 1, 12);
    together.show(&frame.as_ref());
    together
}

/// Composes over `background`, or over a second video with an alpha of its own, which does not
/// count.
fn composed(
    background: Option<&Background>,
    mut frame: Owned,
    matte: &GrayImage,
    level: Level,
) -> Owned {
    let (layout, color, size) = (frame.layout, frame.color, (frame.width, frame.height));
    let mut compositor = Compositor::new(layout, color, size.0, size.1, level).unwrap();
    compositor.set_decontamination(255);
    compositor.set_light_wrap(80);
    compositor.set_tone_match(80);
    match background {
        Some(background) => {
            compositor.set_background(background.clone()).unwrap();
            compositor
                .apply(&mut frame.as_mut(), matte.as_ref())
                .unwrap();
        }
        None => {
            let back = noise(layout, color, size, false);
            let back = back.as_ref();
            let mut view = frame.as_mut();
            compositor
                .apply_over(&mut view, matte.as_ref(), &back, false)
                .unwrap();
        }
    }
    frame
}

/// Before an opaque background the frame's own alpha stays, and changes no colour.
#[test]
fn own_alpha_stays_and_changes_no_colour() {
    let color = Colorimetry::default();
    for level in simd::levels() {
        for &size in SIZES {
            for layout in layouts() {
                let picture = Backdrop::render(layout, color, size.0, size.1, |x, y| {
                    [x as f32 / 70.0, y as f32 / 31.0, 0.5, 1.0]
                });
                let backgrounds = [
                    None,
                    Some(Background::None),
                    Some(Background::Color(0xff20_c040)),
                    Some(Background::Image(Arc::new(picture.unwrap()))),
                    Some(Background::Overlay),
                    Some(Background::Blur {
                        strength: 40.0,
                        bokeh: false,
                    }),
                ];
                for background in backgrounds {
                    let matte = reference::matte(size.0, size.1, 6);
                    let run = |opaque| {
                        let frame = noise(layout, color, size, opaque);
                        composed(background.as_ref(), frame, &matte, level)
                    };
                    let (found, opaque) = (run(false), run(true));
                    let before = noise(layout, color, size, false);
                    for (index, c) in layout.info().components.iter().enumerate() {
                        let (w, h) = extent(c, size.0, size.1);
                        for (x, y) in (0..h).flat_map(|y| (0..w).map(move |x| (x, y))) {
                            let wanted = if index == 3 { &before } else { &opaque };
                            assert_eq!(
                                found.sample(index, x, y),
                                wanted.sample(index, x, y),
                                "{layout:?} {size:?} {background:?} {index} at {x},{y}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// Straight alpha: `A = a (m + (1 - m) b)`, `C A / a = m F + (1 - m) b B`.
#[test]
fn sheer_backgrounds_equal_the_formula() {
    for level in simd::levels() {
        for (n, site) in reference::sites().into_iter().enumerate() {
            let color = Colorimetry {
                site,
                ..Default::default()
            };
            for &size in SIZES {
                for layout in layouts() {
                    let back = Owned::noise(layout, color, size, 0, n as u32 + 40).spread();
                    let mut picture = Backdrop::new(layout, color, size.0, size.1).unwrap();
                    for plane in 0..layout.info().planes {
                        let rows = layout.info().plane_extent(plane, size.0, size.1).1;
                        for y in 0..rows {
                            let row = back.as_ref().row(plane, y).to_vec();
                            picture.view_mut().row_mut(plane, y).copy_from_slice(&row);
                        }
                    }
                    let sheer = Background::Image(Arc::new(picture));
                    let matte = reference::matte(size.0, size.1, 6);
                    let mut frame = noise(layout, color, size, false);
                    let mut compositor =
                        Compositor::new(layout, color, size.0, size.1, level).unwrap();
                    compositor.set_background(sheer).unwrap();
                    compositor
                        .apply(&mut frame.as_mut(), matte.as_ref())
                        .unwrap();
                    let before = noise(layout, color, size, false);
                    check_formula(&before, &back, &matte, &frame);
                }
            }
        }
    }
}

fn check_formula(before: &Owned, back: &Owned, matte: &GrayImage, found: &Owned) {
    let (layout, color, size) = (before.layout, before.color, (before.width, before.height));
    let top = f64::from(layout.info().top());
    // Weights have 8 bits, whatever the samples have.
    let finer = f64::from(1u32 << (layout.info().depth - 8));
    for (index, c) in layout.info().components.iter().enumerate() {
        let (w, h) = extent(c, size.0, size.1);
        for (x, y) in (0..h).flat_map(|y| (0..w).map(move |x| (x, y))) {
            let m = reference::alpha(c, color, matte, x, y) / 255.0;
            // The background's alpha, the mean of the pixels of a chroma sample.
            let column = |x: usize| x.min(size.0 - 1);
            let (mut b, mut count) = (0.0, 0.0);
            for row in (y << c.h_sub)..((y + 1) << c.h_sub) {
                for x in (x << c.w_sub)..((x + 1) << c.w_sub) {
                    b += f64::from(back.sample(3, column(x), row.min(size.1 - 1))) / top;
                    count += 1.0;
                }
            }
            let b = b / count;
            let sample = |f: &Owned| f64::from(f.sample(index, x, y));
            let whole = m + (1.0 - m) * b;
            // What two bits of alpha round to nothing has no colour.
            if layout.info().packing.is_some() && index < 3 && found.sample(3, x, y) == 0 {
                continue;
            }
            let (wanted, slack) = match index {
                3 => (sample(before) * whole, 1.501 * finer),
                _ if whole == 0.0 => continue,
                // The rounding of alpha counts more where little is seen.
                _ => (
                    (m * sample(before) + (1.0 - m) * b * sample(back)) / whole,
                    (1.001 + 255.0 * 0.6 / (255.0 * whole).max(1.0)) * finer,
                ),
            };
            assert!(
                (sample(found) - wanted).abs() <= slack + reference::grain(layout, index),
                "{layout:?} {size:?} component {index} at {x},{y}: {}, exactly {wanted}",
                sample(found)
            );
        }
    }
}

/// The matte as a picture is what the subject's alpha would be.
#[test]
fn the_gray_matte_goes_by_the_frames_alpha() {
    let color = Colorimetry::default();
    for level in simd::levels() {
        for layout in layouts() {
            let size = (37, 11);
            let frame = noise(layout, color, size, false);
            let matte = reference::matte(size.0, size.1, 8);
            let mut out = vec![0; size.0 * size.1];
            let mut view = GrayMut::new(&mut out, size.0, size.1, size.0).unwrap();
            let mut kernel = GrayOut::new(size.0, size.1, level);
            kernel.apply(
                matte.as_ref(),
                Some(&frame.as_ref()),
                Range::Full,
                &mut view,
            );
            for (i, &found) in out.iter().enumerate() {
                let own = f64::from(frame.sample(3, i % size.0, i / size.0));
                let wanted = f64::from(matte.data()[i]) * own / f64::from(layout.info().top());
                // The frame's alpha is rounded to 8 bits before.
                let slack = if layout.info().depth > 8 {
                    1.001
                } else {
                    0.501
                };
                assert!((f64::from(found) - wanted).abs() <= slack, "{layout:?} {i}");
            }
        }
    }
}
