// SPDX-License-Identifier: MPL-2.0

//! Composing takes no memory from the heap once it runs.

#[path = "../common/counting.rs"]
mod counting;

use counting::allocations;
use gstmatte::blend::{AlphaOut, Backdrop, Background, Compositor};
use gstmatte::frame::{Colorimetry, FrameMut, GrayImage, PixelLayout};
use std::sync::Arc;

fn matte(shift: usize) -> GrayImage {
    let mut matte = GrayImage::new(160, 90);
    for (i, value) in matte.data_mut().iter_mut().enumerate() {
        *value = (((i % 160) + shift) * 3).min(255) as u8;
    }
    matte
}

/// A frame as it comes from a camera, packed where the layout is: planes and bytes of their rows.
fn memory(layout: PixelLayout, (w, h): (usize, usize)) -> Vec<(Vec<u8>, usize)> {
    let info = layout.info();
    let extents = (0..info.planes).map(|plane| info.plane_extent(plane, w, h));
    let noise = |bytes: usize| (0..bytes).map(|i| (i * 37 % 251) as u8).collect();
    extents
        .map(|(row, rows)| (noise(row * rows), row))
        .collect()
}

#[test]
fn nothing_is_allocated_a_frame() {
    let color = Colorimetry::default();
    let level = gstmatte::simd::level();
    let (w, h) = (322, 182);
    let mattes = [0, 7, 40].map(matte);
    for &layout in PixelLayout::ALL {
        let picture = Backdrop::render(layout, color, w, h, |x, _| [x as f32 / 322.0; 4]).unwrap();
        let blur = |bokeh| Background::Blur {
            strength: 50.0,
            bokeh,
        };
        let mut backgrounds = vec![
            Background::None,
            blur(false),
            blur(true),
            Background::Color(0xff30_4050),
            Background::Image(Arc::new(picture.clone())),
            Background::Matte,
            Background::Overlay,
        ];
        if layout.info().alpha && layout.info().packing.is_none() {
            backgrounds.push(Background::Transparent { keep_colors: false });
        }
        for background in backgrounds {
            let mut compositor = Compositor::new(layout, color, w, h, level).unwrap();
            compositor.set_decontamination(255);
            compositor.set_light_wrap(100);
            compositor.set_tone_match(100);
            compositor.set_screen(Some([-30, -50]));
            compositor.set_background(background.clone()).unwrap();
            let mut frame = memory(layout, (w, h));
            let mut apply = |compositor: &mut Compositor, matte: &GrayImage| {
                let planes = frame.iter_mut().map(|(data, row)| (&mut data[..], *row));
                let mut view = FrameMut::new(layout, color, w, h, planes).unwrap();
                compositor.apply(&mut view, matte.as_ref()).unwrap();
                compositor.hide(&mut view).unwrap();
            };
            apply(&mut compositor, &mattes[0]);
            let before = allocations();
            for (i, matte) in mattes.iter().enumerate() {
                compositor.set_strength(255 - i as u8);
                apply(&mut compositor, matte);
            }
            let name = layout.info().name;
            assert_eq!(allocations(), before, "{name} {background:?}");
        }
    }
    let mut out = AlphaOut::new(PixelLayout::Nv12, PixelLayout::A420, color, w, h, level).unwrap();
    out.set_decontamination(255);
    out.set_screen(Some([-30, -50]));
    let frame = Backdrop::new(PixelLayout::Nv12, color, w, h).unwrap();
    let mut result = Backdrop::new(PixelLayout::A420, color, w, h).unwrap();
    out.apply(&frame.view(), mattes[0].as_ref(), &mut result.view_mut())
        .unwrap();
    let before = allocations();
    out.apply(&frame.view(), mattes[1].as_ref(), &mut result.view_mut())
        .unwrap();
    out.hide(&mut result.view_mut()).unwrap();
    assert_eq!(allocations(), before);
}
