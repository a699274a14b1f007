// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{noise, sizes};

#[test]
fn stays_between_what_is_there_at_every_size() {
    let mut filter = JointBilateral::default();
    for (i, (width, height)) in sizes().into_iter().enumerate() {
        let (w, h) = sizes()[(i * 17) % 70];
        let (matte, luma) = (noise(w, h, 1), noise(w, h, 2));
        for level in crate::simd::levels() {
            let (guide, mut out) = (noise(width, height, 3), noise(width, height, 4));
            filter.apply(level, (&matte, &luma), &guide, 0.1, &mut out);
            assert_eq!(out.size(), (width, height));
            assert!(out.data().iter().all(|v| (0.0..=1.0).contains(v)));
        }
    }
}

#[test]
fn the_edge_goes_where_the_luma_changes() {
    // Luma's edge at 24 of 64, the small matte's at 1.5 of 4.
    let (mut guide, mut luma, mut matte) = (Plane::new(64, 4), Plane::new(8, 4), Plane::new(8, 4));
    let mut out = guide.clone();
    for y in 0..4 {
        guide.row_mut(y)[..24].fill(1.0);
        luma.row_mut(y)[..3].fill(1.0);
        matte.row_mut(y)[..3].fill(1.0);
        out.row_mut(y)[..28].fill(1.0);
    }
    let level = crate::simd::level();
    JointBilateral::default().apply(level, (&matte, &luma), &guide, 0.1, &mut out);
    assert!(out.row(2)[23] > 0.95 && out.row(2)[24] < 0.05);
}
