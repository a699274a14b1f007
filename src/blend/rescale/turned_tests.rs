// SPDX-License-Identifier: MPL-2.0

//! Videos that lie, each in its own way.

use super::*;
use crate::blend::Backdrop;
use crate::frame::{
    ChromaSite, ColorModel, Colorimetry, Component, FrameFormat, FrameRef, Orientation,
    PixelLayout, View, subsampled,
};
use crate::simd;

/// A picture whose colours rise along both axes, as frames of `format` store it that `turn` makes
/// upright.
fn ramp(format: FrameFormat, turn: Orientation) -> Backdrop {
    let FrameFormat {
        layout,
        color,
        width,
        height,
    } = format;
    let back = turn.inverse();
    let pixel = |x: usize, y: usize| {
        let (u, v) = back.stored((x, y), (width, height));
        let size = turn.size((width, height));
        let share = |at: usize, all: usize| (at as f32 + 0.5) / all as f32;
        let (x, y) = (share(u, size.0), share(v, size.1));
        [0.2 + 0.5 * x, 0.1 + 0.7 * y, 0.3 + 0.2 * x + 0.3 * y, 1.0]
    };
    Backdrop::render(layout, color, width, height, pixel).expect("the size is valid")
}

fn code(frame: &FrameRef, c: &Component, x: usize, y: usize) -> f32 {
    let info = frame.layout().info();
    let at = &frame.row(c.plane, y)[c.offset + x * c.step..];
    match info.depth {
        8 => f32::from(at[0]),
        depth => f32::from(info.word().code([at[0], at[1]])) / f32::from(1u16 << (depth - 8)),
    }
}

/// In every layout, every way of lying comes to the picture that was drawn so: chroma, too, whether
/// it sits midway between two pixels or not.
#[test]
fn pictures_stand_as_the_viewer_of_the_target_sees_them() {
    let sites = [(false, false), (true, false), (true, true)];
    for (cosited_x, cosited_y) in sites {
        let color = Colorimetry {
            site: ChromaSite {
                cosited_x,
                cosited_y,
            },
            ..Colorimetry::default()
        };
        for &layout in PixelLayout::ALL {
            for own in Orientation::ALL {
                for theirs in Orientation::ALL {
                    check(color, layout, (own, theirs));
                }
            }
        }
    }
}

fn check(color: Colorimetry, layout: PixelLayout, (own, theirs): (Orientation, Orientation)) {
    let format = |layout, turn: Orientation, size| {
        let (width, height) = turn.size(size);
        FrameFormat {
            layout,
            color,
            width,
            height,
        }
    };
    // Of odd and of even sides, growing along one axis and shrinking along the other.
    let from = format(PixelLayout::I420, own, (20, 23));
    let to = format(layout, theirs, (26, 17));
    let placement = Placement {
        fit: Fit::Stretch,
        from: View::new(own, 1.0),
        to: View::new(theirs, 1.0),
        bars: 0,
    };
    let mut rescaler = Rescaler::new(from, to, placement, simd::level()).expect("valid sizes");
    let source = ramp(from, own);
    rescaler.convert(&source.view()).expect("the right format");
    let wanted = ramp(to, theirs);
    let (found, wanted) = (rescaler.view(), wanted.view());
    // A pixel's shift of chroma is two code values; colour conversion adds up what was rounded.
    let tolerance = match layout.info().model {
        ColorModel::Rgb => 2.5,
        ColorModel::Yuv | ColorModel::Gray => 1.3,
    };
    for (index, c) in layout.info().components.iter().take(3).enumerate() {
        let (w, h) = (
            subsampled(to.width, c.w_sub),
            subsampled(to.height, c.h_sub),
        );
        // At the rim, nothing lies beyond to be interpolated with.
        for y in 2..h - 2 {
            for x in 2..w - 2 {
                let (found, wanted) = (code(&found, c, x, y), code(&wanted, c, x, y));
                assert!(
                    (found - wanted).abs() <= tolerance,
                    "{} {own:?} in {theirs:?}, component {index} at {x},{y}: {found}, not {wanted}",
                    layout.info().name
                );
            }
        }
    }
}

/// The first tile lies in the viewer's upper left corner.
#[test]
fn tiles_begin_where_the_viewer_begins() {
    let color = Colorimetry::default();
    for own in Orientation::ALL {
        for theirs in Orientation::ALL {
            let format = |turn: Orientation, size| {
                let (width, height) = turn.size(size);
                FrameFormat {
                    layout: PixelLayout::Rgb,
                    color,
                    width,
                    height,
                }
            };
            let (small, large) = ((7, 5), (17, 13));
            let (from, to) = (format(own, small), format(theirs, large));
            let placement = Placement {
                fit: Fit::Tile,
                from: View::new(own, 1.0),
                to: View::new(theirs, 1.0),
                bars: 0,
            };
            let mut rescaler = Rescaler::new(from, to, placement, simd::level()).expect("valid");
            let source = ramp(from, own);
            rescaler.convert(&source.view()).expect("the right format");
            for y in 0..large.1 {
                for x in 0..large.0 {
                    let (u, v) = theirs.stored((x, y), large);
                    let (s, t) = own.stored((x % small.0, y % small.1), small);
                    assert_eq!(
                        rescaler.view().row(0, v)[3 * u..3 * u + 3],
                        source.view().row(0, t)[3 * s..3 * s + 3],
                        "{own:?} in {theirs:?} at {x},{y}"
                    );
                }
            }
        }
    }
}
