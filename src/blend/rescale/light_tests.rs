// SPDX-License-Identifier: MPL-2.0

//! Videos whose signals mean another light.

use super::tests::{code, format, placement};
use super::{Fit, Rescaler};
use crate::blend::Backdrop;
use crate::frame::{Colorimetry, FrameFormat, Matrix, PixelLayout, Primaries, Transfer};
use crate::simd;

/// A frame of one colour in sRGB, as the frame's colorimetry writes it.
fn painted(format: FrameFormat, rgb: [f32; 3]) -> Backdrop {
    let [r, g, b] = rgb;
    let FrameFormat {
        layout,
        color,
        width,
        height,
    } = format;
    Backdrop::render(layout, color, width, height, |_, _| [r, g, b, 1.0]).expect("valid")
}

#[test]
fn videos_of_other_light_show_the_same_colours() {
    let of = |transfer, primaries| Colorimetry {
        matrix: Matrix::Bt2020,
        transfer,
        primaries,
        ..Default::default()
    };
    let sdr = Colorimetry::default();
    let pq = of(Transfer::Pq, Primaries::Bt2020);
    let hlg = of(Transfer::Hlg, Primaries::Bt2020);
    let wide = of(Transfer::Sdr, Primaries::Bt2020);
    let kinds = [
        (PixelLayout::Nv12, sdr),
        (PixelLayout::P010Le, pq),
        (PixelLayout::I42010Le, hlg),
        (PixelLayout::P010Le, wide),
        (PixelLayout::Rgba, pq),
        (PixelLayout::Yuy2, hlg),
    ];
    for rgb in [[1.0; 3], [0.5; 3], [0.9, 0.3, 0.2], [0.1, 0.2, 0.8]] {
        for (from, to) in kinds.iter().flat_map(|a| kinds.iter().map(move |b| (a, b))) {
            let (from, to) = (format(from.0, from.1, 18, 10), format(to.0, to.1, 12, 8));
            let mut rescaler =
                Rescaler::new(from, to, placement(Fit::Stretch), simd::level()).expect("valid");
            rescaler
                .convert(&painted(from, rgb).view())
                .expect("the right format");
            let wanted = painted(to, rgb);
            // 8-bit sources know a colour by steps of nearly a percent in high dynamic range.
            let depth = to.layout.info().depth;
            let slack = if depth > 8 { 14.0 } else { 5.0 };
            for c in to.layout.info().components.iter().take(3) {
                for (x, y) in [(0, 0), (3, 2)] {
                    let found = code(&rescaler.view(), c, x, y);
                    let wanted = code(&wanted.view(), c, x, y);
                    let off = found - wanted;
                    assert!(
                        off.abs() <= slack,
                        "{from} to {to}, {rgb:?}: {found}, not {wanted}"
                    );
                }
            }
        }
    }
}
