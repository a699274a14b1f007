// SPDX-License-Identifier: MPL-2.0

//! A background frame's conversion and a camera frame's composition allocate nothing of ours: all
//! memory is made when caps are known.

#[path = "../common/counting.rs"]
mod counting;

use counting::allocations;
use gstmatte::blend::{Backdrop, Compositor, Fit, Placement, Rescaler};
use gstmatte::frame::{Colorimetry, FrameFormat, GrayImage, PixelLayout, View};

fn format(layout: PixelLayout, width: usize, height: usize) -> FrameFormat {
    FrameFormat {
        layout,
        color: Colorimetry::default(),
        width,
        height,
    }
}

fn black(format: FrameFormat) -> Backdrop {
    let FrameFormat {
        layout,
        color,
        width,
        height,
    } = format;
    Backdrop::new(layout, color, width, height).expect("the size is valid")
}

#[test]
fn background_frames_are_converted_and_composed_without_allocating() {
    let level = gstmatte::simd::level();
    let matte = GrayImage::new(40, 30);
    for &from in PixelLayout::ALL {
        for to in [PixelLayout::Nv12, PixelLayout::Yuy2, PixelLayout::Bgrx] {
            let (from, to) = (format(from, 61, 37), format(to, 80, 60));
            let placement = Placement {
                fit: Fit::Cover,
                from: View::default(),
                to: View::default(),
                bars: 0xff00_0000,
            };
            let mut rescaler = Rescaler::new(from, to, placement, level).expect("valid sizes");
            let mut compositor =
                Compositor::new(to.layout, to.color, 80, 60, level).expect("a valid size");
            let (source, mut camera) = (black(from), black(to));
            let mut one = || {
                rescaler.convert(&source.view()).expect("the right format");
                let (mut frame, back) = (camera.view_mut(), rescaler.view());
                compositor
                    .apply_over(&mut frame, matte.as_ref(), &back, false)
                    .expect("the right format");
                compositor
                    .hide_over(&mut frame, &back)
                    .expect("the right format");
            };
            // The first sees the matte's size for the first time.
            one();
            let before = allocations();
            one();
            assert_eq!(allocations() - before, 0, "{from} behind {to}");
        }
    }
}
