// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::blend::reference;
use crate::frame::{ChromaSite, Colorimetry, GrayImage, PixelLayout};
use crate::simd::Level;

/// 4:2:0, with chroma sited on the left and at the top, or not.
fn classes(
    size: (usize, usize),
    (cosited_x, cosited_y): (bool, bool),
    level: Level,
) -> SpanClasses {
    let site = ChromaSite {
        cosited_x,
        cosited_y,
    };
    let color = Colorimetry {
        site,
        ..Default::default()
    };
    SpanClasses::new(Geometry::new(PixelLayout::I420, color, size, level))
}

/// Every pixel is in the right kind of span, and in one only.
#[test]
fn spans_hold_what_they_say() {
    for level in crate::simd::levels() {
        for (size, matte_size) in [
            ((70, 33), (70, 33)),
            ((131, 250), (131, 250)),
            ((77, 370), (77, 370)),
            ((95, 810), (95, 810)),
            ((95, 810), (24, 200)),
            ((64, 40), (128, 80)),
        ] {
            for reach in [(false, false), (true, false), (false, true), (true, true)] {
                let matte = reference::matte(matte_size.0, matte_size.1, 3);
                let mut classes = classes(size, reach, level);
                classes.update(matte.as_ref());
                let mut pure = 0;
                for y in 0..size.1 {
                    let RowSpans { mixed, background } = classes.row(y);
                    for x in 0..size.0 {
                        let within = |spans: &[Range<usize>]| {
                            spans.iter().filter(|s| s.contains(&x)).count()
                        };
                        let (mixed, background) = (within(mixed), within(background));
                        assert!(mixed + background <= 1);
                        pure += 1 - mixed;
                        if size != matte_size || mixed == 1 {
                            continue;
                        }
                        let wanted = if background == 1 { 0 } else { 255 };
                        let reach = |v: usize, on: bool| v.saturating_sub(usize::from(on));
                        for (x, y) in [
                            (x, y),
                            (reach(x, reach_of(classes.reach.0, x)), y),
                            (x, reach(y, reach_of(classes.reach.1, y))),
                        ] {
                            assert_eq!(matte.data()[y * size.0 + x], wanted, "{size:?} {x},{y}");
                        }
                    }
                }
                assert!(pure > 0, "{size:?}: {pure}");
            }
        }
    }
}

/// Whether the chroma sample under a pixel reaches over to the one before: from even pixels.
fn reach_of(on: bool, at: usize) -> bool {
    on && at.is_multiple_of(2)
}

#[test]
fn flat_mattes_are_one_span() {
    for (value, edges) in [
        (0, false),
        (3, false),
        (252, false),
        (255, false),
        (90, true),
    ] {
        let mut matte = GrayImage::new(20, 20);
        matte.data_mut().fill(value);
        let mut classes = classes((33, 17), (true, true), crate::simd::level());
        classes.update(matte.as_ref());
        let mut mask = vec![9; 17 * 9];
        classes.edges(&mut mask);
        assert!(mask.iter().all(|&m| m == u8::from(edges)));
        for y in 0..17 {
            let RowSpans { mixed, background } = classes.row(y);
            let all = std::slice::from_ref(&(0..33));
            match value {
                0 => assert_eq!((mixed, background), (&[][..], all)),
                255 => assert_eq!((mixed, background), (&[][..], &[][..])),
                _ => assert_eq!((mixed, background), (all, &[][..])),
            }
        }
    }
}
