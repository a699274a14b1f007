// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn extents_follow_subsampling_and_odd_sizes() {
    assert_eq!(PixelLayout::Nv12.info().plane_extent(0, 15, 17), (15, 17));
    assert_eq!(PixelLayout::Nv12.info().plane_extent(1, 15, 17), (16, 9));
    assert_eq!(PixelLayout::Yuy2.info().plane_extent(0, 3, 1), (8, 1));
    assert_eq!(PixelLayout::P010Le.info().plane_extent(1, 2, 2), (4, 1));
    assert_eq!(PixelLayout::Rgb.info().plane_extent(0, 1, 1), (3, 1));
    assert_eq!(PixelLayout::Y210.info().plane_extent(0, 3, 2), (16, 2));
    assert_eq!(PixelLayout::Nv24.info().plane_extent(1, 3, 2), (6, 2));
    // Seven samples in three words; a third of a word is not asked for.
    assert_eq!(PixelLayout::V210.info().plane_extent(0, 3, 2), (12, 2));
    assert_eq!(PixelLayout::V210.info().plane_extent(0, 6, 2), (16, 2));
    assert_eq!(PixelLayout::Rgb16.info().plane_extent(0, 3, 2), (6, 2));
    assert_eq!(PixelLayout::Rgb10a2Le.info().plane_extent(0, 3, 2), (12, 2));
}

#[test]
fn every_component_has_its_plane() {
    for layout in PixelLayout::ALL {
        let info = layout.info();
        assert!(
            info.components.iter().all(|c| c.plane < info.planes),
            "{}",
            info.name
        );
        assert_eq!(info.alpha, info.components.len() == 4, "{}", info.name);
        assert!(info.packing.is_none() || info.planes == 1, "{}", info.name);
    }
}

#[test]
fn chroma_is_whole_or_halved() {
    for layout in PixelLayout::ALL.iter().copied() {
        let mut components = layout.info().components.iter();
        assert!(
            components.all(|c| c.w_sub <= 1 && c.h_sub <= 1),
            "{layout:?}: blend counts on it"
        );
    }
}
