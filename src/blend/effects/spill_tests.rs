// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::blend::{Backdrop, Background, Compositor, reference};
use crate::frame::{Colorimetry, PixelLayout};
use crate::simd;

const SIZE: (usize, usize) = (97, 61);
const GREEN: [f64; 3] = [58.0, 160.0, 76.0];

/// The colour differences of a colour, as differences from neutral in bytes of full range.
fn differences(color: Colorimetry, [r, g, b]: [f64; 3]) -> [f64; 2] {
    let full = Colorimetry {
        range: CodeRange::Full,
        ..color
    };
    let m = full.rgb_to_yuv(8).m;
    [1, 2].map(|i| {
        let [x, y, z] = m[i].map(f64::from);
        (x * r + y * g + z * b) / 255.0
    })
}

fn screen(color: Colorimetry) -> [i8; 2] {
    differences(color, GREEN).map(|c| c.round() as i8)
}

/// What a colour becomes, by the formula.
fn expected(color: Colorimetry, rgb: [f64; 3]) -> [f64; 2] {
    let screen = screen(color).map(f64::from);
    let length = screen[0].hypot(screen[1]);
    let axis = screen.map(|c| c / length);
    let [u, v] = differences(color, rgb);
    let strength = u * axis[0] + v * axis[1];
    let removed = strength.min(length - strength).max(0.0);
    [u - removed * axis[0], v - removed * axis[1]]
}

/// A frame of one colour, wholly subject on its left two thirds, over black.
fn composed(layout: PixelLayout, color: Colorimetry, rgb: [f64; 3], amount: u8) -> Backdrop {
    composed_at(simd::level(), layout, color, rgb, amount)
}

fn composed_at(
    level: Level,
    layout: PixelLayout,
    color: Colorimetry,
    rgb: [f64; 3],
    amount: u8,
) -> Backdrop {
    let [r, g, b] = rgb.map(|c| c as u32);
    let argb = crate::blend::argb(0xff00_0000 | r << 16 | g << 8 | b);
    let mut frame = Backdrop::render(layout, color, SIZE.0, SIZE.1, |_, _| argb).unwrap();
    let mut matte = GrayImage::new(SIZE.0, SIZE.1);
    for (i, value) in matte.data_mut().iter_mut().enumerate() {
        *value = if i % SIZE.0 < 64 { 255 } else { 0 };
    }
    let mut compositor = Compositor::new(layout, color, SIZE.0, SIZE.1, level).unwrap();
    compositor
        .set_background(Background::Color(0xff00_0000))
        .unwrap();
    compositor.set_decontamination(amount);
    compositor.set_screen(Some(screen(color)));
    compositor
        .apply(&mut frame.view_mut(), matte.as_ref())
        .unwrap();
    frame
}

/// The first three components at a place, in steps of a byte.
fn at(frame: &Backdrop, layout: PixelLayout, (x, y): (usize, usize)) -> [f64; 3] {
    let info = layout.info();
    std::array::from_fn(|i| match info.components.get(i) {
        Some(c) => {
            let sample = reference::sample(&frame.view(), i, x >> c.w_sub, y >> c.h_sub);
            f64::from(sample) / f64::from(1 << (info.depth - 8))
        }
        None => 0.0,
    })
}

/// The colour differences of what is seen at a place.
fn seen(frame: &Backdrop, layout: PixelLayout, color: Colorimetry) -> [f64; 2] {
    let values = at(frame, layout, (30, 30));
    match (layout.info().model, color.range) {
        (ColorModel::Rgb, _) => differences(color, values),
        (_, CodeRange::Limited) => [1, 2].map(|i| (values[i] - 128.0) * 255.0 / 224.0),
        (_, CodeRange::Full) => [1, 2].map(|i| values[i] - 128.0),
    }
}

const GRAY_HAIR: [f64; 3] = [130.0, 150.0, 132.0];
const SKIN: [f64; 3] = [190.0, 205.0, 150.0];
const CLEAN_SKIN: [f64; 3] = [200.0, 150.0, 120.0];

#[test]
fn spill_on_what_is_wholly_subject_goes_in_every_layout() {
    for &layout in PixelLayout::ALL {
        let info = layout.info();
        if info.model == ColorModel::Gray || info.depth < 8 {
            continue;
        }
        let color = Colorimetry::default();
        for rgb in [GRAY_HAIR, SKIN, CLEAN_SKIN, [40.0, 52.0, 42.0]] {
            let frame = composed(layout, color, rgb, 255);
            let (seen, expected) = (seen(&frame, layout, color), expected(color, rgb));
            for i in 0..2 {
                let off = (seen[i] - expected[i]).abs();
                assert!(off <= 2.5, "{} {rgb:?}: {seen:?} {expected:?}", info.name);
            }
        }
    }
}

#[test]
fn hair_becomes_gray_and_clean_skin_stays() {
    let (layout, color) = (PixelLayout::I420, Colorimetry::default());
    let hair = seen(&composed(layout, color, GRAY_HAIR, 255), layout, color);
    let before = differences(color, GRAY_HAIR);
    assert!(
        hair[0].hypot(hair[1]) < 0.35 * before[0].hypot(before[1]),
        "{hair:?}"
    );
    let skin = composed(layout, color, CLEAN_SKIN, 255);
    let plain = composed(layout, color, CLEAN_SKIN, 0);
    assert!(skin.view().plane(1) == plain.view().plane(1));
    assert!(skin.view().plane(2) == plain.view().plane(2));
    assert!(skin.view().plane(0) == plain.view().plane(0));
}

/// Colours of skin (Monk's scale has most of them), hair and cloth, and how much of the distance to
/// the true colour may remain when a light of 15 % of the screen's is taken out.
const GROUPS: [(&str, f64, &[[f64; 3]]); 5] = [
    (
        "light skin",
        0.75,
        &[
            [246.0, 237.0, 228.0],
            [243.0, 231.0, 219.0],
            [247.0, 234.0, 208.0],
            [234.0, 218.0, 186.0],
            [222.0, 196.0, 178.0],
        ],
    ),
    (
        "warm skin",
        0.96,
        &[
            [200.0, 150.0, 120.0],
            [224.0, 172.0, 138.0],
            [190.0, 130.0, 100.0],
            [222.0, 188.0, 134.0],
            [184.0, 140.0, 88.0],
        ],
    ),
    (
        "dark skin",
        0.9,
        &[[140.0, 92.0, 70.0], [96.0, 65.0, 52.0], [58.0, 49.0, 42.0]],
    ),
    (
        "hair",
        0.65,
        &[
            [40.0, 36.0, 34.0],
            [90.0, 70.0, 52.0],
            [150.0, 128.0, 98.0],
            [190.0, 175.0, 150.0],
            [205.0, 205.0, 205.0],
        ],
    ),
    (
        "cloth",
        0.75,
        &[
            [230.0, 230.0, 230.0],
            [128.0, 128.0, 128.0],
            [40.0, 40.0, 44.0],
            [60.0, 70.0, 110.0],
            [150.0, 60.0, 60.0],
        ],
    ),
];

/// What is lit comes closer to its true colour, brightness and all, or stays as it is if its red
/// covers the light; nothing is changed much without light.
#[test]
fn every_kind_of_thing_comes_closer_to_what_it_is() {
    let (layout, color) = (PixelLayout::Gbr, Colorimetry::default());
    let luma = color.rgb_to_yuv(8).m[0].map(f64::from);
    // The distance from the true colour, and that of the brightness alone.
    let far = |rgb: [f64; 3], lit: f64, amount| {
        let spilled = std::array::from_fn(|i| (rgb[i] + lit * GREEN[i]).min(255.0).round());
        let found = at(&composed(layout, color, spilled, amount), layout, (30, 30));
        let errors: [f64; 3] = std::array::from_fn(|i| found[i] - rgb[i]);
        let squares = errors.iter().map(|error| error.powi(2)).sum::<f64>();
        let light: f64 = (0..3).map(|i| luma[i] * errors[i]).sum();
        (squares.sqrt(), (light / luma.iter().sum::<f64>()).abs())
    };
    for (name, most, tones) in GROUPS {
        let (mut before, mut after) = (0.0, 0.0);
        for &rgb in tones {
            let (clean, _) = far(rgb, 0.0, 255);
            assert!(clean < 4.0, "{name} {rgb:?}: {clean} without light");
            for lit in [0.03, 0.075, 0.15] {
                let (with, without) = (far(rgb, lit, 255), far(rgb, lit, 0));
                assert!(with.0 < without.0 + 1.5, "{name} {rgb:?} {lit}: {with:?}");
                assert!(with.1 < without.1 + 1.0, "{name} {rgb:?} {lit}: {with:?}");
            }
            before += far(rgb, 0.15, 0).0;
            after += far(rgb, 0.15, 255).0;
        }
        assert!(after < most * before, "{name}: {after} of {before}");
    }
}

/// All three components, brightness included, straight from the formula in RGB, at every level.
#[test]
fn every_level_takes_what_the_formula_says() {
    let (layout, color) = (PixelLayout::Gbr, Colorimetry::default());
    let full = full_range(color).yuv_to_rgb(8).m;
    let [u, v] = screen(color).map(f64::from);
    let axis = [u / u.hypot(v), v / u.hypot(v)];
    // What one step along the axis is in RGB, without its gray.
    let step = full.map(|row| (f64::from(row[1]) * axis[0] + f64::from(row[2]) * axis[1]) * 255.0);
    let least = step.iter().fold(f64::MAX, |least, c| least.min(*c));
    let colors = (0..120).map(|n| [n * 53 % 256, n * 97 % 256, n * 29 % 256].map(f64::from));
    for rgb in colors.chain([GRAY_HAIR, SKIN, CLEAN_SKIN]) {
        let [d_u, d_v] = differences(color, rgb);
        let strength = d_u * axis[0] + d_v * axis[1];
        let removed = strength.min(u.hypot(v) - strength).max(0.0);
        for level in simd::levels() {
            let frame = composed_at(level, layout, color, rgb, 255);
            let found = at(&frame, layout, (30, 30));
            // Components are in this layout's order.
            for (i, rgb) in rgb.into_iter().enumerate() {
                let expected = (rgb - removed * (step[i] - least)).clamp(0.0, 255.0);
                let off = (found[i] - expected).abs();
                assert!(off < 4.0, "{level:?} {rgb:?} {i}: {found:?} {expected}");
            }
        }
    }
}

#[test]
fn what_is_as_green_as_the_screen_stays() {
    let (layout, color) = (PixelLayout::Y444, Colorimetry::default());
    let leaf = composed(layout, color, GREEN, 255);
    let (seen, before) = (seen(&leaf, layout, color), differences(color, GREEN));
    assert!((seen[0] - before[0]).abs() < 2.5 && (seen[1] - before[1]).abs() < 2.5);
}

/// Half of it with half the decontamination, none without a screen.
#[test]
fn it_goes_as_far_as_decontamination() {
    let (layout, color) = (PixelLayout::Nv12, Colorimetry::default());
    let values = [0, 128, 255].map(|amount| {
        let [u, v] = seen(&composed(layout, color, GRAY_HAIR, amount), layout, color);
        u + v
    });
    let half = (values[0] + values[2]) / 2.0;
    assert!((values[1] - half).abs() <= 2.5, "{values:?}");
    assert!(values[2] > values[0] + 8.0, "{values:?}");
}

#[test]
fn every_level_gives_what_the_formula_says() {
    let screen = screen(Colorimetry::default());
    let colors: Vec<[u8; 2]> = (0..=255u8)
        .flat_map(|u| (0..=255u8).step_by(3).map(move |v| [u, v]))
        .collect();
    let [us, vs]: [Vec<u8>; 2] = [0, 1].map(|i| colors.iter().map(|c| c[i]).collect());
    let length = f64::from(screen[0]).hypot(f64::from(screen[1]));
    let color = Colorimetry::default();
    let geometry = Geometry::new(PixelLayout::I420, color, SIZE, simd::level());
    let aim = Aim::new(geometry, screen);
    for level in simd::levels() {
        let mut spill = vec![0; us.len()];
        find(level, [&us, &vs], &aim, &mut spill);
        for (spill, [u, v]) in spill.iter().zip(&colors) {
            let [u, v] = [u, v].map(|c| f64::from(*c) - 128.0);
            let axis = screen.map(|c| f64::from(c) / length);
            let strength = u * axis[0] + v * axis[1];
            let removed = strength.min(length - strength).max(0.0);
            assert!(
                (f64::from(*spill) - removed).abs() < 2.5,
                "{level:?} {u} {v}"
            );
        }
    }
}
