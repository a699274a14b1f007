// SPDX-License-Identifier: MPL-2.0

//! The rescaler against a slow reference that computes every sample by itself, in f64.

use super::*;
use crate::blend::{Backdrop, BlendError};
use crate::frame::{
    ChromaSite, ColorModel, Colorimetry, Component, FrameFormat, FrameRef, Matrix, PixelLayout,
    Range, View, subsampled,
};
use crate::simd;

pub(super) fn format(
    layout: PixelLayout,
    color: Colorimetry,
    width: usize,
    height: usize,
) -> FrameFormat {
    FrameFormat {
        layout,
        color,
        width,
        height,
    }
}

/// A picture with soft and hard edges in every component, different in each.
fn picture(format: FrameFormat) -> Backdrop {
    let FrameFormat {
        layout,
        color,
        width,
        height,
    } = format;
    Backdrop::render(layout, color, width, height, |x, y| {
        let wave = |f: f32, p: f32| 0.5 + 0.45 * (x as f32 * f + y as f32 * 0.3 + p).sin();
        let edge = if (x / 5 + y / 3) % 2 == 0 { 0.2 } else { 0.8 };
        [wave(0.4, 0.0), edge, wave(0.2, 1.0), 0.5]
    })
    .expect("the size is valid")
}

pub(super) fn code(frame: &FrameRef, c: &Component, x: usize, y: usize) -> f64 {
    let info = frame.layout().info();
    let at = &frame.row(c.plane, y)[c.offset + x * c.step..];
    if info.depth > 8 {
        f64::from(info.word().code([at[0], at[1]]))
    } else {
        f64::from(at[0])
    }
}

/// Weights of all samples of an axis for an interval around `centre` (in pixels).
fn weights(samples: usize, sub: u32, cosited: bool, centre: f64, extent: f64) -> Vec<f64> {
    let cell = f64::from(1u32 << sub);
    let first = if cosited && sub > 0 { 0.5 } else { cell / 2.0 };
    let position = |j: usize| first + j as f64 * cell;
    let raw: Vec<f64> = (0..samples)
        .map(|j| {
            if extent > cell * (1.0 + 1e-9) {
                let (a, b) = (position(j) - cell / 2.0, position(j) + cell / 2.0);
                (b.min(centre + extent / 2.0) - a.max(centre - extent / 2.0)).max(0.0)
            } else {
                let held = centre.clamp(position(0), position(samples - 1));
                (1.0 - (held - position(j)).abs() / cell).max(0.0)
            }
        })
        .collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|w| w / sum).collect()
}

/// A target component's sample, for a picture that covers the whole target (stretch).
fn expected(frame: &FrameRef, to: FrameFormat, index: usize, x: usize, y: usize) -> f64 {
    let (source, target) = (frame.layout().info(), to.layout.info());
    let c = &target.components[index];
    let (scale_x, scale_y) = (
        frame.width() as f64 / to.width as f64,
        frame.height() as f64 / to.height as f64,
    );
    let centre = |t: usize, sub: u32, cosited: bool| {
        let cell = f64::from(1u32 << sub);
        t as f64 * cell + if cosited && sub > 0 { 0.5 } else { cell / 2.0 }
    };
    let site = to.color.site;
    let (cx, cy) = (
        centre(x, c.w_sub, site.cosited_x) * scale_x,
        centre(y, c.h_sub, site.cosited_y) * scale_y,
    );
    let extent = |sub: u32, scale: f64| f64::from(1u32 << sub) * scale;
    let from = frame.color().site;
    let sample = |s: &Component| {
        let (w, h) = (
            subsampled(frame.width(), s.w_sub),
            subsampled(frame.height(), s.h_sub),
        );
        let wx = weights(w, s.w_sub, from.cosited_x, cx, extent(c.w_sub, scale_x));
        let wy = weights(h, s.h_sub, from.cosited_y, cy, extent(c.h_sub, scale_y));
        let mut sum = 0.0;
        for (j, wy) in wy.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            for (i, wx) in wx.iter().enumerate().filter(|(_, w)| **w > 0.0) {
                sum += wx * wy * code(frame, s, i, j);
            }
        }
        sum
    };
    let codes: Vec<f64> = source.components.iter().take(3).map(sample).collect();
    let top = f64::from((1u32 << source.depth) - 1);
    let rgb: [f64; 3] = if source.model == ColorModel::Rgb {
        std::array::from_fn(|i| codes[i] / top)
    } else {
        let map = frame.color().yuv_to_rgb(source.depth);
        let terms = if source.model == ColorModel::Gray {
            1
        } else {
            3
        };
        std::array::from_fn(|i| {
            (0..terms)
                .map(|j| f64::from(map.m[i][j]) * (codes[j] + f64::from(map.offset[j])))
                .sum()
        })
    };
    let top = f64::from((1u32 << target.depth) - 1);
    let value = if target.model == ColorModel::Rgb {
        rgb[index] * top
    } else {
        let map = to.color.rgb_to_yuv(target.depth);
        let sum: f64 = (0..3).map(|i| f64::from(map.m[index][i]) * rgb[i]).sum();
        sum + f64::from(map.offset[index])
    };
    value.clamp(0.0, top)
}

pub(super) fn placement(fit: Fit) -> Placement {
    Placement {
        fit,
        from: View::default(),
        to: View::default(),
        bars: 0xff00_00ff,
    }
}

fn check(from: FrameFormat, to: FrameFormat) {
    let source = picture(from);
    let mut rescaler =
        Rescaler::new(from, to, placement(Fit::Stretch), simd::level()).expect("valid sizes");
    rescaler.convert(&source.view()).expect("the right format");
    let info = to.layout.info();
    let colors = if info.model == ColorModel::Gray { 1 } else { 3 };
    // The weights of rows have as many bits as a 16-bit sum of the samples leaves.
    let tolerance = if from.layout.info().depth > 8 {
        6.0
    } else {
        1.5
    };
    let finer = f64::from(1u32 << (info.depth - 8));
    for (index, c) in info.components.iter().take(colors).enumerate() {
        for y in 0..subsampled(to.height, c.h_sub) {
            for x in 0..subsampled(to.width, c.w_sub) {
                let found = code(&rescaler.view(), c, x, y);
                let wanted = expected(&source.view(), to, index, x, y);
                assert!(
                    (found - wanted).abs() <= tolerance * finer,
                    "{from} to {to}, component {index} at {x},{y}: {found}, expected {wanted}"
                );
            }
        }
    }
    if let Some(alpha) = info.components.get(3) {
        assert_eq!(code(&rescaler.view(), alpha, 0, 0), f64::from(info.top()));
    }
}

#[test]
fn every_layout_becomes_every_layout() {
    let color = Colorimetry::default();
    for &from in PixelLayout::ALL {
        for &to in PixelLayout::ALL {
            check(format(from, color, 24, 14), format(to, color, 17, 11));
        }
    }
}

#[test]
fn growing_shrinking_and_staying_match_the_reference() {
    let color = Colorimetry::default();
    let pairs = [
        (PixelLayout::Nv12, PixelLayout::Nv12),
        (PixelLayout::I420, PixelLayout::Yuy2),
        (PixelLayout::Bgrx, PixelLayout::Nv12),
        (PixelLayout::Yuy2, PixelLayout::Rgb),
    ];
    for (from, to) in pairs {
        for (a, b) in [
            ((16, 8), (40, 22)),
            ((64, 36), (16, 8)),
            ((61, 35), (15, 9)),
            ((32, 18), (32, 18)),
            ((1, 1), (9, 5)),
            ((9, 5), (1, 1)),
            ((3, 40), (40, 3)),
        ] {
            check(format(from, color, a.0, a.1), format(to, color, b.0, b.1));
        }
    }
}

#[test]
fn colorimetry_and_siting_are_converted() {
    let limited = Colorimetry::default();
    let full = Colorimetry {
        matrix: Matrix::Bt709,
        range: Range::Full,
        site: ChromaSite {
            cosited_x: true,
            cosited_y: false,
        },
        ..Default::default()
    };
    for (from, to) in [(limited, full), (full, limited), (full, full)] {
        for (a, b) in [((24, 14), (24, 14)), ((24, 14), (36, 20))] {
            check(
                format(PixelLayout::I420, from, a.0, a.1),
                format(PixelLayout::Nv12, to, b.0, b.1),
            );
        }
    }
}

#[test]
fn the_same_format_comes_out_as_it_went_in() {
    for &layout in PixelLayout::ALL {
        let format = format(layout, Colorimetry::default(), 15, 9);
        let source = picture(format);
        let mut rescaler =
            Rescaler::new(format, format, placement(Fit::Cover), simd::level()).expect("valid");
        rescaler.convert(&source.view()).expect("the right format");
        let info = layout.info();
        for c in info.components.iter().take(3) {
            for y in 0..subsampled(9, c.h_sub) {
                for x in 0..subsampled(15, c.w_sub) {
                    assert_eq!(
                        code(&rescaler.view(), c, x, y),
                        code(&source.view(), c, x, y)
                    );
                }
            }
        }
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    let from = format(PixelLayout::Bgrx, Colorimetry::default(), 61, 35);
    let to = format(PixelLayout::Nv12, Colorimetry::default(), 40, 50);
    let source = picture(from);
    let run = |level| {
        let mut rescaler = Rescaler::new(from, to, placement(Fit::Cover), level).expect("valid");
        rescaler.convert(&source.view()).expect("the right format");
        (0..50)
            .map(|y| rescaler.view().row(0, y).to_vec())
            .collect::<Vec<_>>()
    };
    let all: Vec<_> = simd::levels().into_iter().map(run).collect();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn contain_has_bars_of_the_colour_and_tiles_repeat() {
    let from = format(PixelLayout::Rgb, Colorimetry::default(), 4, 2);
    let to = format(PixelLayout::Rgb, Colorimetry::default(), 8, 8);
    let white = Backdrop::render(from.layout, from.color, 4, 2, |_, _| [1.0; 4]).expect("valid");
    let mut contain =
        Rescaler::new(from, to, placement(Fit::Contain), simd::level()).expect("valid");
    contain.convert(&white.view()).expect("the right format");
    let pixel = |r: &Rescaler, x: usize, y: usize| r.view().row(0, y)[3 * x..3 * x + 3].to_vec();
    for y in 0..8 {
        let expected = if (2..6).contains(&y) {
            vec![255; 3]
        } else {
            vec![0, 0, 255]
        };
        assert_eq!(pixel(&contain, 7, y), expected, "row {y}");
    }
    let source = picture(from);
    let mut tile = Rescaler::new(from, to, placement(Fit::Tile), simd::level()).expect("valid");
    tile.convert(&source.view()).expect("the right format");
    for (x, y) in [(0, 0), (3, 1), (4, 2), (7, 7)] {
        let at = 3 * (x % 4);
        assert_eq!(
            pixel(&tile, x, y),
            source.view().row(0, y % 2)[at..at + 3],
            "{x},{y}"
        );
    }
}

#[test]
fn frames_of_another_format_and_empty_sizes_are_refused() {
    let from = format(PixelLayout::Rgb, Colorimetry::default(), 4, 2);
    let empty = FrameFormat { width: 0, ..from };
    let plan = |a, b| Rescaler::new(a, b, placement(Fit::Cover), simd::level());
    assert!(plan(empty, from).is_err() && plan(from, empty).is_err());
    let other = picture(format(PixelLayout::Bgr, Colorimetry::default(), 4, 2));
    let mut rescaler = plan(from, from).expect("valid");
    assert!(matches!(
        rescaler.convert(&other.view()),
        Err(BlendError::Mismatch { .. })
    ));
}

#[test]
fn memory_of_the_callers_gets_the_same_picture() {
    let from = format(PixelLayout::I420, Colorimetry::default(), 24, 14);
    let to = format(PixelLayout::Yuy2, Colorimetry::default(), 40, 50);
    let source = picture(from);
    for fit in [Fit::Stretch, Fit::Contain, Fit::Cover] {
        let new = || Rescaler::new(from, to, placement(fit), simd::level()).expect("valid");
        let (mut own, mut callers) = (new(), new());
        own.convert(&source.view()).expect("the right format");
        let mut out = picture(to);
        callers
            .convert_into(&source.view(), &mut out.view_mut())
            .expect("the right formats");
        for y in 0..50 {
            assert_eq!(own.view().row(0, y), out.view().row(0, y), "{fit:?} {y}");
        }
        let mut small = picture(from);
        let refused = callers.convert_into(&source.view(), &mut small.view_mut());
        assert!(matches!(refused, Err(BlendError::Mismatch { .. })));
    }
}

/// Grays and red of a camera's JPEG, and of 720p, as the viewers of a virtual camera read them.
#[test]
fn known_colours_get_their_bt601_codes() {
    let bt601 = Colorimetry::default();
    let full = Colorimetry {
        range: Range::Full,
        ..bt601
    };
    let to = format(PixelLayout::Yuy2, bt601, 4, 2);
    let converted = |from: FrameFormat, codes: [u8; 3]| {
        let mut source = Backdrop::new(from.layout, from.color, 4, 2).expect("valid");
        let info = from.layout.info();
        for (c, code) in info.components.iter().zip(codes) {
            for y in 0..subsampled(2, c.h_sub) {
                for x in 0..subsampled(4, c.w_sub) {
                    source.view_mut().row_mut(c.plane, y)[c.offset + x * c.step] = code;
                }
            }
        }
        let mut rescaler =
            Rescaler::new(from, to, placement(Fit::Contain), simd::level()).expect("valid");
        rescaler.convert(&source.view()).expect("the right format");
        let row = rescaler.view().row(0, 0).to_vec();
        [row[0], row[1], row[3]]
    };
    for layout in [PixelLayout::I420, PixelLayout::Y42b, PixelLayout::Yuy2] {
        for (code, luma) in [(0, 16), (32, 43), (128, 126), (223, 208), (255, 235)] {
            let found = converted(format(layout, full, 4, 2), [code, 128, 128]);
            assert_eq!(found, [luma, 128, 128], "{layout:?} {code}");
        }
        let red = converted(format(layout, full, 4, 2), [76, 85, 255]);
        assert_eq!(red, [81, 90, 240], "{layout:?}");
    }
    let rgb = converted(format(PixelLayout::Rgb, bt601, 4, 2), [255, 0, 0]);
    assert_eq!(rgb, [81, 90, 240]);
    // Red as bt709 is 62.56, 102.3, 240: its luma was rounded up before.
    let bt709 = Colorimetry {
        matrix: Matrix::Bt709,
        ..bt601
    };
    let hd = converted(format(PixelLayout::I420, bt709, 4, 2), [63, 102, 240]);
    assert_eq!(hd, [82, 90, 240]);
}
