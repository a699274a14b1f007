// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::sizes;

#[test]
fn finds_what_is_near_at_every_size() {
    let mut nearby = Nearby::default();
    let level = crate::simd::level();
    for (width, height) in sizes() {
        let mut change = Plane::new(width, height);
        change.data_mut().fill(0.25);
        nearby.update(level, &change);
        assert!((nearby.everywhere() - 0.25).abs() < 1e-5);
        for y in 0..height {
            assert_eq!(nearby.row(y).len(), width);
            assert!(nearby.row(y).iter().all(|n| (n - 0.25).abs() < 1e-5));
        }
    }
    let mut change = Plane::new(240, 120);
    for y in 30..90 {
        change.row_mut(y)[50..110].fill(1.0);
    }
    nearby.update(level, &change);
    let at = |nearby: &mut Nearby, x: usize, y: usize| {
        (0..=y).for_each(|row| _ = nearby.row(row));
        nearby.row(y)[x]
    };
    assert!(at(&mut nearby, 80, 60) > 0.9);
    assert!((0.3..0.7).contains(&at(&mut nearby, 50, 60)));
    assert_eq!(at(&mut nearby, 180, 60), 0.0);
}
