// SPDX-License-Identifier: MPL-2.0

//! A green screen's light against the truth: a subject of known colour and alpha before cloth that
//! is lit unevenly, with and without its light on the subject.

use crate::blend::*;
use crate::frame::{Colorimetry, FrameMut, GrayImage, PixelLayout};
use crate::simd;

const SIZE: (usize, usize) = (320, 400);
const SCREEN: [f32; 3] = [0.23, 0.63, 0.3];
/// Its differences from neutral by BT.601, in bytes.
const SCREEN_CHROMA: [i8; 2] = [-24, -44];
const BLACK: u32 = 0xff00_0000;
const LAYOUTS: [PixelLayout; 6] = [
    PixelLayout::I420,
    PixelLayout::Nv12,
    PixelLayout::Yuy2,
    PixelLayout::Bgrx,
    PixelLayout::P010Le,
    PixelLayout::Gbr10Le,
];

/// Alpha of a disc whose edge is some 14 pixels wide.
fn alpha(x: usize, y: usize) -> f32 {
    let (dx, dy) = (x as f32 - 150.0, y as f32 - 210.0);
    ((95.0 - (dx * dx + dy * dy).sqrt()) / 14.0 + 0.5).clamp(0.0, 1.0)
}

/// Gray hair above, skin below.
fn subject(_: usize, y: usize) -> [f32; 3] {
    match y < 200 {
        true => [0.5, 0.48, 0.46],
        false => [0.78, 0.6, 0.48],
    }
}

/// Cloth that is a fifth brighter on the left and a fifth darker on the right.
fn cloth(x: usize, _: usize) -> [f32; 3] {
    SCREEN.map(|c| c * (1.2 - 0.4 * x as f32 / SIZE.0 as f32))
}

fn over(front: [f32; 3], back: [f32; 3], alpha: f32) -> Rgba {
    let [r, g, b] = std::array::from_fn(|i| back[i] + (front[i] - back[i]) * alpha);
    [r, g, b, 1.0]
}

fn matte() -> GrayImage {
    let mut matte = GrayImage::new(SIZE.0, SIZE.1);
    for (i, value) in matte.data_mut().iter_mut().enumerate() {
        *value = (alpha(i % SIZE.0, i / SIZE.0) * 255.0).round() as u8;
    }
    matte
}

fn render(layout: PixelLayout, pixel: impl Fn(usize, usize) -> Rgba) -> Backdrop {
    Backdrop::render(layout, Colorimetry::default(), SIZE.0, SIZE.1, pixel).unwrap()
}

/// The subject in `light` of the screen's, before the screen.
fn filmed(layout: PixelLayout, light: f32) -> Backdrop {
    render(layout, |x, y| {
        let lit = std::array::from_fn(|i| subject(x, y)[i] + light * SCREEN[i]);
        over(lit, cloth(x, y), alpha(x, y))
    })
}

/// What is set.
#[derive(Clone)]
struct Set {
    background: Background,
    decontamination: u8,
    strength: u8,
    screen: bool,
}

const WHOLE: Set = Set {
    background: Background::Color(BLACK),
    decontamination: 255,
    strength: 255,
    screen: true,
};

fn composed(layout: PixelLayout, frame: &Backdrop, set: &Set) -> Backdrop {
    let mut frame = frame.clone();
    let color = Colorimetry::default();
    let mut compositor = Compositor::new(layout, color, SIZE.0, SIZE.1, simd::level()).unwrap();
    compositor.set_background(set.background.clone()).unwrap();
    compositor.set_decontamination(set.decontamination);
    compositor.set_strength(set.strength);
    compositor.set_screen(set.screen.then_some(SCREEN_CHROMA));
    let mut view = frame.view_mut();
    compositor.apply(&mut view, matte().as_ref()).unwrap();
    frame
}

fn with_alpha(frame: &Backdrop, set: &Set, keep: bool) -> Backdrop {
    let color = Colorimetry::default();
    let (from, to, level) = (PixelLayout::I420, PixelLayout::A420, simd::level());
    let mut way = AlphaOut::new(from, to, color, SIZE.0, SIZE.1, level).unwrap();
    way.set_decontamination(set.decontamination);
    way.set_keep_colors(keep);
    way.set_strength(set.strength);
    way.set_screen(set.screen.then_some(SCREEN_CHROMA));
    let mut out = Backdrop::new(to, color, SIZE.0, SIZE.1).unwrap();
    way.apply(&frame.view(), matte().as_ref(), &mut out.view_mut())
        .unwrap();
    out
}

/// Differences of two pictures' components in bytes, where a predicate of alpha holds: the mean
/// without and with its sign, of each component.
fn differences(a: &Backdrop, b: &Backdrop, which: impl Fn(f32) -> bool) -> [[f64; 2]; 3] {
    let layout = a.view().layout();
    let info = layout.info();
    let bytes = f64::from(1 << (info.depth - 8));
    std::array::from_fn(|index| {
        let c = &info.components[index];
        let (w, h) = super::reference::extent(c, SIZE.0, SIZE.1);
        let (mut sum, mut signed, mut count) = (0.0, 0.0, 0.0);
        for (x, y) in (0..h).flat_map(|y| (0..w).map(move |x| (x, y))) {
            if which(alpha(x << c.w_sub, y << c.h_sub)) {
                let [a, b] = [a, b].map(|p| super::reference::sample(&p.view(), index, x, y));
                let difference = (f64::from(a) - f64::from(b)) / bytes;
                (sum, signed, count) = (sum + difference.abs(), signed + difference, count + 1.0);
            }
        }
        [sum / count, signed / count]
    })
}

fn half_covered(alpha: f32) -> bool {
    alpha > 0.05 && alpha < 0.95
}

/// No light on the subject: what the screen gives half-covered pixels is its own colour, which
/// decontamination takes. Taken once more, it would leave a dark fringe of the opposite colour.
#[test]
fn a_soft_edge_has_no_spill_of_its_own() {
    for layout in LAYOUTS {
        let frame = filmed(layout, 0.0);
        let plain = Set {
            screen: false,
            ..WHOLE
        };
        let with = composed(layout, &frame, &WHOLE);
        let without = composed(layout, &frame, &plain);
        let found = differences(&with, &without, half_covered);
        for [mean, _] in found {
            assert!(mean < 0.8, "{}: {found:?}", layout.info().name);
        }
    }
}

/// Light on the subject goes from half-covered pixels as from whole ones.
#[test]
fn spill_goes_from_a_soft_edge_too() {
    for layout in LAYOUTS {
        let frame = filmed(layout, 0.15);
        let truth = render(layout, |x, y| over(subject(x, y), [0.0; 3], alpha(x, y)));
        let plain = Set {
            screen: false,
            ..WHOLE
        };
        let error = |set: &Set, which: fn(f32) -> bool| {
            let found = differences(&composed(layout, &frame, set), &truth, which);
            found.iter().map(|[mean, _]| mean).sum::<f64>()
        };
        for which in [half_covered, |alpha| alpha == 1.0] {
            let (with, without) = (error(&WHOLE, which), error(&plain, which));
            let name = layout.info().name;
            assert!(with < 0.85 * without, "{name}: {with} of {without}");
        }
    }
}

/// A frame's alpha as output has no spill of its own either, and as much of it taken as the
/// composed one.
#[test]
fn an_output_with_alpha_is_treated_alike() {
    let plain = Set {
        screen: false,
        ..WHOLE
    };
    for keep in [false, true] {
        let clean = filmed(PixelLayout::I420, 0.0);
        let [with, without] = [&WHOLE, &plain].map(|set| with_alpha(&clean, set, keep));
        let found = differences(&with, &without, half_covered);
        assert!(found.iter().all(|[mean, _]| *mean < 1.5), "{found:?}");
        let lit = filmed(PixelLayout::I420, 0.15);
        let [with, without] = [&WHOLE, &plain].map(|set| with_alpha(&lit, set, keep));
        let found = differences(&with, &without, |alpha| alpha == 1.0);
        assert!(found[2][1] > 2.0, "{found:?}");
    }
}

/// Whatever is composed, spill goes as far as `decontamination` and the effect's strength say.
#[test]
fn it_goes_as_far_as_decontamination_and_strength() {
    let layout = PixelLayout::Ayuv;
    let frame = filmed(layout, 0.15);
    let taken = |set: &Set| {
        let plain = Set {
            screen: false,
            ..set.clone()
        };
        let [with, without] = [set, &plain].map(|set| composed(layout, &frame, set));
        let found = differences(&with, &without, |alpha| alpha == 1.0);
        found.iter().map(|[mean, _]| mean).sum::<f64>()
    };
    let color = Background::Color(BLACK);
    let clear = |keep_colors| Background::Transparent { keep_colors };
    for background in [color, clear(false), clear(true)] {
        let part = |decontamination, strength| {
            taken(&Set {
                background: background.clone(),
                decontamination,
                strength,
                ..WHOLE
            })
        };
        let whole = part(255, 255);
        assert!(whole > 3.0, "{background:?} {whole}");
        for (decontamination, strength, share) in [
            (0, 255, 0.0),
            (255, 0, 0.0),
            (128, 255, 0.5),
            (255, 128, 0.5),
            (128, 128, 0.25),
        ] {
            let found = part(decontamination, strength);
            assert!(
                (found - share * whole).abs() < 0.15 * whole,
                "{background:?} {decontamination} {strength}: {found} of {whole}"
            );
        }
    }
    let frame = filmed(PixelLayout::I420, 0.15);
    for keep in [false, true] {
        for (decontamination, strength) in [(0, 255), (255, 0)] {
            let set = Set {
                decontamination,
                strength,
                ..WHOLE
            };
            let plain = Set {
                screen: false,
                ..set.clone()
            };
            let [with, without] = [&set, &plain].map(|set| with_alpha(&frame, set, keep));
            let found = differences(&with, &without, |_| true);
            assert_eq!(found, [[0.0; 2]; 3], "{keep} {decontamination} {strength}");
        }
    }
}

/// While the effect fades, the screen that is still seen keeps its colour, be it dark or bright.
#[test]
fn the_screen_keeps_its_colour_while_it_fades() {
    let frame = filmed(PixelLayout::I420, 0.0);
    let faded = Set {
        strength: 100,
        ..WHOLE
    };
    let plain = Set {
        screen: false,
        ..faded.clone()
    };
    let [with, without] = [&faded, &plain].map(|set| composed(PixelLayout::I420, &frame, set));
    let found = differences(&with, &without, |alpha| alpha == 0.0);
    assert!(found.iter().all(|[mean, _]| *mean < 0.2), "{found:?}");
}

/// The vectors give what the narrowest of them gives, whatever the colours and the matte.
#[test]
fn every_level_takes_the_same_out() {
    use super::reference::Owned;
    let color = Colorimetry::default();
    for layout in LAYOUTS {
        for size in [(97, 61), (130, 250)] {
            let mattes = [GrayImage::new(size.0, size.1), GrayImage::new(33, 21)];
            for (n, mut matte) in mattes.into_iter().enumerate() {
                let mut random = crate::testing::Random::new(n as u64);
                for (i, value) in matte.data_mut().iter_mut().enumerate() {
                    *value = (i % 37 * 20).saturating_sub(200).min(255) as u8;
                    *value ^= (random.next() % 4) as u8;
                }
                let composed: Vec<_> = simd::levels()
                    .into_iter()
                    .map(|level| {
                        let mut frame = Owned::noise(layout, color, size, 3, 5);
                        let (w, h) = size;
                        let mut compositor = Compositor::new(layout, color, w, h, level).unwrap();
                        let black = Background::Color(BLACK);
                        compositor.set_background(black).unwrap();
                        compositor.set_decontamination(255);
                        compositor.set_screen(Some(SCREEN_CHROMA));
                        let mut view: FrameMut = frame.as_mut();
                        compositor.apply(&mut view, matte.as_ref()).unwrap();
                        frame.planes
                    })
                    .collect();
                for other in &composed[1..] {
                    assert!(*other == composed[0], "{}", layout.info().name);
                }
            }
        }
    }
}
