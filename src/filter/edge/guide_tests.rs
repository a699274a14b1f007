// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::frame::{Colorimetry, PixelLayout};

#[test]
fn planar_luma_is_read_in_place_and_packed_luma_is_sampled() {
    let data = [10, 128, 200, 128, 99, 99, 99, 99, 50, 128, 60, 128];
    let level = crate::simd::level();
    let view = |layout, planes: &[(&'static [u8], usize)]| {
        FrameRef::new(layout, Colorimetry::default(), 2, 2, planes).unwrap()
    };
    let data: &'static [u8] = Vec::from(data).leak();
    let mut guide = Guide::default();
    let frame = view(PixelLayout::Nv12, &[(data, 8), (data, 8)]);
    let luma = guide.luma(level, &frame, (2, 2)).unwrap();
    assert!(std::ptr::eq(luma.row(1), &data[8..10]));
    let frame = view(PixelLayout::Yuy2, &[(data, 8)]);
    let luma = guide.luma(level, &frame, (2, 2)).unwrap();
    // Limited range is stretched to full.
    assert!(luma.row(0)[0] < 10 && luma.row(0)[1] > 200 && luma.row(1)[0] < 50);
}

#[test]
fn colour_differences_come_at_any_size() {
    let data: &'static [u8] = Vec::from([200u8; 64 * 64 * 3]).leak();
    let planes = [(data, 64 * 3)];
    let color = Colorimetry::default();
    let frame = FrameRef::new(PixelLayout::Rgb, color, 64, 64, &planes).unwrap();
    let (mut u, mut v) = (Plane::new(16, 9), Plane::new(16, 9));
    ColorGuide::default()
        .sample(crate::simd::level(), &frame, &mut u, &mut v)
        .unwrap();
    for plane in [&u, &v] {
        assert!(plane.data().iter().all(|c| (c * 255.0 - 128.0).abs() < 1.5));
    }
}
