// SPDX-License-Identifier: MPL-2.0

use crate::blend::{Backdrop, Background, Compositor, argb, reference};
use crate::frame::{Colorimetry, GrayImage, PixelLayout};
use crate::simd;

/// The first three components in the middle of a gray subject before a colour.
fn middle(layout: PixelLayout, back: u32, amount: u8) -> [i32; 3] {
    let (color, size) = (Colorimetry::default(), (96, 64));
    let gray = argb(0xff80_8080);
    let mut frame = Backdrop::render(layout, color, size.0, size.1, |_, _| gray).unwrap();
    let mut matte = GrayImage::new(size.0, size.1);
    for (i, value) in matte.data_mut().iter_mut().enumerate() {
        *value = if i % size.0 < 64 { 255 } else { 0 };
    }
    let mut compositor = Compositor::new(layout, color, size.0, size.1, simd::level()).unwrap();
    compositor.set_background(Background::Color(back)).unwrap();
    compositor.set_tone_match(amount);
    compositor
        .apply(&mut frame.view_mut(), matte.as_ref())
        .unwrap();
    std::array::from_fn(|i| match layout.info().components.get(i) {
        Some(c) => {
            let (x, y) = (32 >> c.w_sub, 32 >> c.h_sub);
            i32::from(reference::sample(&frame.view(), i, x, y) >> (layout.info().depth - 8))
        }
        None => 0,
    })
}

#[test]
fn the_subject_moves_towards_the_background_and_not_too_far() {
    for &layout in PixelLayout::ALL {
        let name = layout.info().name;
        let plain = middle(layout, 0xffff_ffff, 0);
        for amount in [128, 255] {
            let (light, dark) = (
                middle(layout, 0xffff_ffff, amount),
                middle(layout, 0xff00_0000, amount),
            );
            assert!(
                light[0] > plain[0] + 5 && light[0] < plain[0] * 14 / 10,
                "{name}"
            );
            assert!(dark[0] < plain[0] - 5 && dark[0] > plain[0] / 2, "{name}");
            // Gray light makes no colour.
            let same = |a: [i32; 3]| (a[1] - plain[1]).abs() <= 1;
            if layout.info().model == crate::frame::ColorModel::Yuv {
                assert!(same(light) && same(dark), "{name}");
                // U is the second component: blue light makes it grow, yellow light shrink.
                let (blue, yellow) = (
                    middle(layout, 0xff20_20ff, amount),
                    middle(layout, 0xffe0_e020, amount),
                );
                assert!(blue[1] > plain[1] + 2 && yellow[1] < plain[1] - 2, "{name}");
                assert!(blue[1] - plain[1] <= 12, "{name}");
            }
        }
    }
}
