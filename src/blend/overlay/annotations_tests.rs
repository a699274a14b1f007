// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::blend::{Backdrop, Background, Compositor};
use crate::frame::{Colorimetry, GrayImage, Orientation, PixelLayout};
use crate::simd;

/// Two regions get a box each, and the numbers go into the corner; frames may be tiny.
#[test]
fn regions_are_boxed_and_numbers_written() {
    let color = Colorimetry::default();
    for (width, height) in [(1, 1), (3, 2), (640, 480)] {
        for &layout in PixelLayout::ALL {
            let mut frame = Backdrop::new(layout, color, width, height).unwrap();
            let mut compositor =
                Compositor::new(layout, color, width, height, simd::level()).unwrap();
            compositor.set_background(Background::Overlay).unwrap();
            compositor.set_note(Note {
                inference_ms: 1.9,
                origin: "own",
                stage: "raw",
            });
            let mut matte = GrayImage::new(width, height);
            for (i, value) in matte.data_mut().iter_mut().enumerate() {
                let (x, y) = (i % width, i / width);
                let inside = (200..280).contains(&x) || (400..480).contains(&x);
                *value = if inside && (160..320).contains(&y) {
                    255
                } else {
                    0
                };
            }
            compositor
                .apply(&mut frame.view_mut(), matte.as_ref())
                .unwrap();
            if (width, layout) != (640, PixelLayout::Bgrx) {
                continue;
            }
            let view = frame.view();
            let pixel = |x: usize, y: usize| view.row(0, y)[4 * x..4 * x + 3].to_vec();
            let green = vec![0x40, 0xff, 0x40];
            for (x, y) in [(200, 200), (278, 200), (400, 318), (479, 161)] {
                assert_eq!(pixel(x, y), green, "{x},{y}");
            }
            for (x, y) in [(240, 240), (340, 200), (440, 240)] {
                assert_ne!(pixel(x, y), green, "{x},{y}");
            }
            // The S of SUBJECT: its upper line begins with a gap.
            let white = vec![255; 3];
            assert_eq!((pixel(9, 8), pixel(13, 9)), (vec![0x10; 3], white));
        }
    }
}

/// The text of a frame that stands on its head, or lies, is what an upright frame's is, turned.
#[test]
fn numbers_are_written_for_the_viewer() {
    let (layout, color) = (PixelLayout::Nv12, Colorimetry::default());
    let draw = |size: (usize, usize), orientation: Orientation| {
        let mut frame = Backdrop::new(layout, color, size.0, size.1).unwrap();
        let mut compositor = Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
        compositor.set_view(View::new(orientation, 1.0));
        compositor.set_background(Background::Overlay).unwrap();
        let matte = GrayImage::new(8, 8);
        let mut view = frame.view_mut();
        compositor.apply(&mut view, matte.as_ref()).unwrap();
        frame
    };
    let size = (320, 240);
    let plain = draw(size, Orientation::Rotate0);
    let plain = plain.view();
    for turn in Orientation::ALL {
        let frame = draw(turn.size(size), turn);
        let frame = frame.view();
        for y in 0..size.1 {
            for x in 0..size.0 {
                let (u, v) = turn.stored((x, y), size);
                let (found, wanted) = (frame.row(0, v)[u], plain.row(0, y)[x]);
                assert_eq!(found, wanted, "{turn:?} {x},{y}");
            }
        }
    }
}
