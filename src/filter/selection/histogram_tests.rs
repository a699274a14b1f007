// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::Plane;

fn of(colors: &[(u16, u32)]) -> Histogram {
    let mut histogram = Histogram::default();
    for (bin, count) in colors {
        (0..*count).for_each(|_| histogram.count(*bin));
    }
    histogram.normalise();
    histogram
}

#[test]
fn likeness_is_one_for_the_same_and_nothing_for_others() {
    let (red, mixed) = (of(&[(7, 30)]), of(&[(7, 10), (300, 30)]));
    assert!((red.likeness(&red) - 1.0).abs() < 1e-6);
    assert!((mixed.likeness(&mixed) - 1.0).abs() < 1e-6);
    assert_eq!(red.likeness(&of(&[(8, 3)])), 0.0);
    assert!((red.likeness(&mixed) - 0.5).abs() < 1e-6);
    assert_eq!(Histogram::default().likeness(&red), 0.0);
}

#[test]
fn learning_moves_the_shares_and_keeps_their_sum() {
    let (mut seen, newer) = (of(&[(1, 4)]), of(&[(2, 4)]));
    seen.learn(&newer, 0.25);
    assert_eq!((seen.share(1), seen.share(2)), (0.75, 0.25));
}

#[test]
fn every_colour_has_a_number_and_pale_ones_differ() {
    let plane = |value| {
        let mut plane = Plane::new(3, 3);
        plane.data_mut().fill(value);
        plane
    };
    let mut seen = Vec::new();
    for (y, u, v) in [
        (0.0, 0.5, 0.5),
        (1.0, 0.5, 0.5),
        (0.5, 0.44, 0.56),
        (0.5, 0.56, 0.44),
        (0.5, -1.0, 2.0),
        (f32::NAN, 0.5, 0.5),
    ] {
        let (luma, u, v) = (plane(y), plane(u), plane(v));
        let mut bins = Vec::new();
        let colors = Colors {
            luma: &luma,
            chroma: [&u, &v],
        };
        number(colors, &mut bins);
        assert_eq!(bins.len(), 9);
        assert!(bins.iter().all(|b| *b == bins[0] && usize::from(*b) < BINS));
        seen.push(bins[0]);
    }
    seen.truncate(5);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}
