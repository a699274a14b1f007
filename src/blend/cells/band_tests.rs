// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::frame::{Colorimetry, GrayImage, PixelLayout};

fn gray(size: (usize, usize)) -> Geometry {
    let level = crate::simd::level();
    Geometry::new(PixelLayout::Gray8, Colorimetry::default(), size, level)
}

#[test]
fn the_edge_is_found_in_mattes_of_any_size() {
    // A vertical edge at 3/8 of the width: pixel 30 of 80, cell 3 of cells of 8.
    for (mw, mh) in [(80, 40), (160, 20), (16, 8)] {
        let mut matte = GrayImage::new(mw, mh);
        for (i, value) in matte.data_mut().iter_mut().enumerate() {
            *value = if i % mw < mw * 3 / 8 { 0 } else { 255 };
        }
        // High enough for cells of 8 pixels.
        let geometry = gray((80, 400));
        let mut classes = SpanClasses::new(geometry);
        classes.update(matte.as_ref());
        let mut band = Band::new(geometry, classes.side(), 2);
        band.update(&classes);
        for y in 0..50 {
            let edge: Vec<_> = band.edge.row(y).collect();
            assert_eq!(edge.len(), 1, "{mw}x{mh}");
            assert!(
                edge[0].contains(&3) && edge[0].len() <= 3,
                "{mw}x{mh} {edge:?}"
            );
            let wide: Vec<_> = band.wide.row(y).collect();
            assert_eq!(wide.len(), 1);
            assert_eq!(wide[0], edge[0].start - 3..edge[0].end + 3);
        }
    }
}

#[test]
fn flat_mattes_have_no_edge() {
    for value in [0, 3, 252, 255] {
        let mut matte = GrayImage::new(20, 20);
        matte.data_mut().fill(value);
        let geometry = gray((33, 17));
        let mut classes = SpanClasses::new(geometry);
        classes.update(matte.as_ref());
        let mut band = Band::new(geometry, classes.side(), 2);
        band.update(&classes);
        assert!((0..9).all(|y| band.wide.row(y).next().is_none()));
    }
}
