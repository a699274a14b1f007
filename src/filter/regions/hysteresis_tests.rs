// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{disc, noise, sizes};

const PARAMS: RegionParams = RegionParams {
    low: 0.3,
    high: 0.7,
    min_area: 20.0,
    max_hole: 12.0,
};

fn apply(regions: &mut Regions, matte: &Plane) -> Plane {
    let mut out = matte.clone();
    regions.apply(crate::simd::level(), &mut out, &PARAMS);
    out
}

fn both(a: &Plane, b: &Plane) -> Plane {
    let mut out = a.clone();
    for (o, b) in out.data_mut().iter_mut().zip(b.data()) {
        *o = o.max(*b);
    }
    out
}

fn scaled(plane: &Plane, factor: f32) -> Plane {
    let mut out = plane.clone();
    out.data_mut().iter_mut().for_each(|v| *v *= factor);
    out
}

#[test]
fn weak_regions_appear_only_past_high_and_go_only_past_low() {
    let person = disc(60, 40, (30.0, 20.0), 10.0, 3.0);
    let mut regions = Regions::default();
    let centre = |p: &Plane| p.row(20)[30];
    assert_eq!(centre(&apply(&mut regions, &scaled(&person, 0.5))), 0.0);
    assert!(centre(&apply(&mut regions, &scaled(&person, 0.8))) > 0.79);
    assert!(
        centre(&apply(&mut regions, &scaled(&person, 0.5))) > 0.49,
        "alpha stays soft"
    );
    assert_eq!(centre(&apply(&mut regions, &scaled(&person, 0.2))), 0.0);
    assert_eq!(centre(&apply(&mut regions, &scaled(&person, 0.5))), 0.0);
}

#[test]
fn identities_persist_and_the_second_person_is_never_dropped() {
    let large = disc(90, 60, (25.0, 30.0), 20.0, 3.0);
    let mut regions = Regions::default();
    let mut ids = Vec::new();
    for frame in 0..20 {
        let small = disc(90, 60, (80.0 - 1.0 * frame as f32, 30.0), 6.0, 3.0);
        let out = apply(&mut regions, &both(&large, &small));
        assert!(out.row(30)[80 - frame] > 0.9 && out.row(30)[25] > 0.9);
        ids = regions.living().iter().map(|r| r.id).collect();
        assert_eq!(ids.len(), 2, "frame {frame}");
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 2]);
}

#[test]
fn islands_go_holes_fill_and_soft_edges_stay() {
    let person = disc(60, 60, (30.0, 30.0), 15.0, 6.0);
    let mut matte = both(&person, &disc(60, 60, (55.0, 5.0), 1.0, 1.0));
    for (x, y) in [(30, 30), (31, 30), (30, 31)] {
        matte.row_mut(y)[x] = 0.1;
    }
    let out = apply(&mut Regions::default(), &matte);
    assert_eq!((out.row(5)[55], out.row(30)[30]), (0.0, 1.0));
    for (a, b) in out.data().iter().zip(person.data()) {
        assert!((a - b).abs() < 1e-6 || *b > 0.69, "{a} {b}");
    }
}

#[test]
fn holes_change_their_state_with_hysteresis() {
    let person = disc(60, 60, (30.0, 30.0), 20.0, 2.0);
    let mut regions = Regions::default();
    let mut hole = |side: usize| {
        let mut matte = person.clone();
        for y in 30..30 + side {
            matte.row_mut(y)[30..33].fill(0.0);
        }
        apply(&mut regions, &matte).row(30)[30]
    };
    assert_eq!(
        [4, 5, 7, 5, 4, 2].map(&mut hole),
        [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    );
}

#[test]
fn any_size_and_any_content_is_taken() {
    for (width, height) in sizes() {
        let mut regions = Regions::default();
        for seed in 0..3 {
            let out = apply(&mut regions, &noise(width, height, seed));
            assert!(out.data().iter().all(|v| (0.0..=1.0).contains(v)));
        }
        for value in [0.0, 1.0] {
            let mut flat = Plane::new(width, height);
            flat.data_mut().fill(value);
            let out = apply(&mut Regions::default(), &flat);
            let kept = value == 1.0 && width * height >= 20;
            let expected = if kept { 1.0 } else { 0.0 };
            let equal = |v: &f32| (v - expected).abs() < 1e-5;
            assert!(out.data().iter().all(equal), "{width}x{height} {value}");
        }
    }
}
