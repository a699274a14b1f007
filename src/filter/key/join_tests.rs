// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{noise, sizes};

fn plane(size: (usize, usize), seed: u64, (low, high): (f32, f32)) -> Plane {
    let mut plane = noise(size.0, size.1, seed);
    for value in plane.data_mut() {
        *value = low + (high - low) * *value;
    }
    plane
}

fn near(found: &Plane, expected: impl Iterator<Item = f64>, what: &str) {
    for (n, (found, expected)) in found.data().iter().zip(expected).enumerate() {
        assert!((f64::from(*found) - expected).abs() < 1e-5, "{what} {n}");
    }
}

/// Values of planes, place by place.
fn places<'a, const N: usize>(planes: [&'a Plane; N]) -> impl Iterator<Item = [f64; N]> + 'a {
    let count = planes[0].data().len();
    (0..count).map(move |n| planes.map(|plane| f64::from(plane.data()[n])))
}

#[test]
fn every_level_gives_what_the_formulas_say() {
    let ramp = |v: f64, from: f64, to: f64| ((v - from) / (to - from)).clamp(0.0, 1.0);
    for size in sizes() {
        let unit = |seed| plane(size, seed, (0.0, 1.0));
        let strength = plane(size, 1, (-0.3, 0.4));
        let inverse = plane(size, 2, (2.0, 8.0));
        let [trust, matte, newest, core] = [3, 4, 5, 6].map(unit);
        let [outer, gap, proof, adds, reach, change] = [7, 8, 9, 10, 11, 12].map(unit);
        let removed = unit(13);
        for level in crate::simd::levels() {
            let mut new_gap = gap.clone();
            let known = [&inverse, &trust, &change];
            gaps(level, &strength, known, 1.0, &mut new_gap);
            let expected = places([&gap, &strength, &inverse, &trust, &change]);
            let expected = expected.map(|[g, s, i, t, c]| {
                let screen = ramp(s * i, 0.75, 0.9);
                let way = screen * t - g;
                let follows = if c > 0.25 || way.abs() > 0.5 || screen == 1.0 {
                    0.7
                } else {
                    0.1
                };
                g + way * follows
            });
            near(&new_gap, expected, "gap");

            let mut subject = Plane::default();
            subjects(level, &matte, &mut subject);
            let expected = places([&matte]).map(|[m]| ramp(m, 0.3, 0.6));
            near(&subject, expected, "subject");

            let mut found = Plane::default();
            reaches(level, &newest, [&strength, &inverse], &mut found);
            let other = |s: f64, i: f64| 1.0 - ramp(s * i, 0.5, 0.8);
            let expected = places([&newest, &strength, &inverse]);
            let expected = expected.map(|[n, s, i]| n.min(other(s, i)));
            near(&found, expected, "reach");

            let mut terms = Terms {
                adds: adds.clone(),
                asked: true,
                ..Terms::default()
            };
            let known = Known {
                matte: [&matte, &newest],
                reach: &reach,
                colors: [&strength, &inverse],
                core: &core,
                outer: &outer,
                gap: &gap,
                trust: &trust,
                proof: &proof,
                change: &change,
                removed: &removed,
                steadies: true,
            };
            terms.find(level, known, 2.0);
            let all = || {
                places([&core, &outer, &gap]).map(|[c, o, g]| {
                    let least = (4.0 * c - 3.0).clamp(0.0, 1.0) * (1.0 - g);
                    (least, (4.0 * o).min(1.0).max(least))
                })
            };
            near(&terms.least, all().map(|(least, _)| least), "least");
            near(&terms.most, all().map(|(_, most)| most), "most");
            near(&terms.takes, places([&trust]).map(|[t]| t), "takes");
            let expected = places([
                &adds, &proof, &removed, &matte, &newest, &reach, &strength, &inverse, &change,
            ]);
            let expected = expected.map(|[a, p, gone, m, n, r, s, i, c]| {
                let unsure = n.max(r.min(other(s, i)));
                let allowed = p * (1.0 - gone) * (1.0 - ramp(n - m, 0.5, 0.6));
                let next = (a + 0.5).min(allowed * ramp(unsure, 0.1, 0.2));
                let held = if c > 0.25 {
                    0.0
                } else {
                    (a - 0.008).min(allowed)
                };
                next.max(held)
            });
            near(&terms.adds, expected, "adds");
            let pace = |after_one: f64| 1.0 - (1.0 - after_one).powi(2);
            let expected = places([&change]);
            let expected = expected.map(|[c]| pace(if c > 0.25 { 0.25 } else { 0.015 }));
            near(&terms.pace, expected, "pace");
        }
    }
}

#[test]
fn rows_meet_as_far_as_each_side_is_heard() {
    let count = 300;
    let row = |seed: usize| (0..count).map(move |n| (n * seed % 256) as u8);
    let (key, matte): (Vec<_>, Vec<_>) = (row(7).collect(), row(13).collect());
    let weights = |seed: usize| (0..count).map(move |n| (n * seed % 129) as u8);
    let (adds, takes): (Vec<_>, Vec<_>) = (weights(5).collect(), weights(11).collect());
    let mut joint = matte.clone();
    met(&key, [&adds, &takes], &mut joint);
    for n in 0..count {
        let (key, before) = (f64::from(key[n]), f64::from(matte[n]));
        let weight = if key > before { adds[n] } else { takes[n] };
        let expected = before + (key - before) * f64::from(weight) / 128.0;
        assert!((f64::from(joint[n]) - expected).abs() <= 0.5, "{n}");
    }
}

/// What is proven is believed little by little, and what is not proven any more is dropped at once.
#[test]
fn proof_is_believed_slowly_and_dropped_at_once() {
    let size = (3, 2);
    let flat = |value| plane(size, 1, (value, value));
    let (one, none, half) = (flat(1.0), flat(0.0), flat(0.5));
    let mut terms = Terms::default();
    let mut find = |proof: &Plane, newest: &Plane| {
        let known = Known {
            matte: [&half, newest],
            reach: &none,
            colors: [&none, &one],
            core: &none,
            outer: &one,
            gap: &none,
            trust: &one,
            proof,
            change: &one,
            removed: &none,
            steadies: true,
        };
        terms.find(crate::simd::level(), known, 1.0);
        terms.adds.data()[4]
    };
    assert_eq!(find(&one, &half), 1.0, "the first picture");
    assert_eq!(find(&none, &half), 0.0);
    assert_eq!(find(&one, &half), BELIEVED);
    assert_eq!(find(&one, &half), 2.0 * BELIEVED);
    assert_eq!(find(&one, &flat(0.09)), 0.0, "surely background");
}

/// Four frames in the time of one move what is remembered as far as one does.
#[test]
fn the_frame_rate_changes_nothing() {
    let size = (24, 9);
    let level = crate::simd::level();
    let strength = plane(size, 1, (0.0, 0.3));
    let inverse = plane(size, 2, (2.0, 3.0));
    let trust = plane(size, 3, (0.0, 1.0));
    let change = plane(size, 4, (0.0, 1.0));
    // So near to every goal that no place is judged otherwise on the way.
    let begin = plane(size, 5, (0.5, 0.5));
    let moved = |times: usize| {
        let mut gap = begin.clone();
        for _ in 0..times {
            let known = [&inverse, &trust, &change];
            gaps(level, &strength, known, 1.0 / times as f32, &mut gap);
        }
        gap
    };
    let expected = moved(1);
    near(&moved(4), places([&expected]).map(|[gap]| gap), "gap");
    let paces = |frames: f32| {
        let none = plane(size, 1, (0.0, 0.0));
        let known = Known {
            matte: [&none, &none],
            reach: &none,
            colors: [&none, &none],
            core: &none,
            outer: &none,
            gap: &none,
            trust: &none,
            proof: &none,
            change: &change,
            removed: &none,
            steadies: true,
        };
        let mut terms = Terms::default();
        terms.find(level, known, frames);
        (terms.pace, moves(frames))
    };
    let ((fast, fast_moves), (slow, slow_moves)) = (paces(0.25), paces(1.0));
    for (fast, slow) in fast.data().iter().zip(slow.data()) {
        let four_times = 1.0 - (1.0 - fast).powi(4);
        assert!((four_times - slow).abs() < 1e-5, "{fast} {slow}");
        assert_eq!(*fast > fast_moves, *slow > slow_moves);
    }
}
