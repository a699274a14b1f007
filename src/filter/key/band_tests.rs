// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::noise;
use crate::frame::GrayImage;

const SMALL: (usize, usize) = (23, 11);
const GRID: (usize, usize) = (61, 37);
/// The grid overhangs the picture a little.
const SPAN: (f32, f32) = (60.5, 36.25);

fn axis() -> KeyAxis {
    KeyAxis::of([-0.16, -0.22]).unwrap()
}

/// Terms with a band in the middle, offset and factor of an alpha; and the matte.
fn terms() -> ([Plane; TERMS], Plane) {
    let planes = std::array::from_fn(|n| {
        let mut plane = noise(SMALL.0, SMALL.1, n as u64);
        for y in 0..SMALL.1 {
            for (x, value) in plane.row_mut(y).iter_mut().enumerate() {
                let in_band = (7..14).contains(&x) && y > 2;
                // Those that come from the plate are smooth: here, the same in all columns.
                let smooth = (y as f32 * 1.7).sin() * 0.5 + 0.5;
                *value = match n {
                    0 => 0.3 * *value,
                    1 if !in_band => 0.0,
                    1 => 0.5 + 0.5 * *value,
                    3 => 0.1 + 0.9 * smooth,
                    4 => 1.0 + smooth,
                    5 => 3.0 + smooth,
                    _ => *value,
                };
            }
        }
        plane
    });
    let mut matte = Plane::new(SMALL.0, SMALL.1);
    for y in 0..SMALL.1 {
        for (x, value) in matte.row_mut(y).iter_mut().enumerate() {
            *value = f32::from(u8::from(x > 10));
        }
    }
    (planes, matte)
}

fn chroma(seed: u64, contrast: f32) -> [GrayImage; 2] {
    [seed, seed + 1].map(|seed| {
        let mut picture = GrayImage::new(GRID.0, GRID.1);
        let values = noise(GRID.0, GRID.1, seed);
        for (code, value) in picture.data_mut().iter_mut().zip(values.data()) {
            *code = (90.0 + contrast * value) as u8;
        }
        picture
    })
}

/// A plane at the middle of a cell.
fn sampled(plane: &Plane, (x, y): (usize, usize)) -> f64 {
    let at = |at: usize, span: f32, count: usize| {
        let place = (at as f64 + 0.5) * count as f64 / f64::from(span) - 0.5;
        let place = place.clamp(0.0, (count - 1) as f64);
        let before = place.floor() as usize;
        (before, (before + 1).min(count - 1), place.fract())
    };
    let (left, right, across) = at(x, SPAN.0, plane.width());
    let (above, below, down) = at(y, SPAN.1, plane.height());
    let row = |y: usize| {
        let [left, right] = [left, right].map(|x| f64::from(plane.row(y)[x]));
        left + (right - left) * across
    };
    row(above) + (row(below) - row(above)) * down
}

fn strength(chroma: &[GrayImage; 2], (x, y): (usize, usize)) -> f64 {
    let [u, v] = chroma
        .each_ref()
        .map(|p| f32::from(p.as_ref().row(y)[x]) / 255.0);
    f64::from(axis().strength(u, v))
}

/// Draws frames of one pace.
fn drawn(level: Level, frames: &[[GrayImage; 2]], pace: f32, limit: f32) -> Band {
    let (mut planes, matte) = terms();
    planes[6].data_mut().fill(pace);
    let mut band = Band::default();
    for chroma in frames {
        let drawing = Drawing {
            terms: planes.each_ref(),
            matte: &matte,
            chroma: chroma.each_ref().map(GrayImage::as_ref),
            span: SPAN,
            axis: axis(),
            limit,
            moves: 0.1,
        };
        band.draw(level, &drawing);
    }
    band
}

#[test]
fn every_level_draws_what_the_formulas_say() {
    let (planes, matte) = terms();
    let frames = [chroma(40, 30.0), chroma(50, 30.0)];
    // The second frame weighs at least one half. Where nothing moves, noise may be twice as loud.
    for (pace, least, limit) in [(1.0, 1.0, 0.2), (0.02, 0.5, 0.4), (0.6, 0.6, 0.2)] {
        for level in crate::simd::levels() {
            let band = drawn(level, &frames, pace, 0.2);
            let mut says = 0;
            for (n, key) in band.key.data().iter().enumerate() {
                let (x, y) = (n % GRID.0, n / GRID.0);
                if !band.says[y * segments(GRID.0) + x / SEGMENT] {
                    assert!([0.0, 1.0].contains(key), "{x} {y}");
                    continue;
                }
                says += 1;
                let [least_key, most, adds, takes, offset, factor, _] =
                    planes.each_ref().map(|plane| sampled(plane, (x, y)));
                let first = strength(&frames[0], (x, y));
                let difference = strength(&frames[1], (x, y)) - first;
                let far = (difference / limit).powi(2).min(1.0).powi(2);
                let mean = first + difference * (least + (1.0 - least) * far);
                let alpha = (offset - factor * mean).clamp(0.0, 1.0);
                let expected = least_key + (most - least_key) * alpha;
                assert!(
                    (f64::from(*key) - expected).abs() < 1e-4,
                    "{level:?} {x} {y}"
                );
                for (weights, value) in band.weights.iter().zip([adds, takes]) {
                    let found = f64::from(weights[n]);
                    assert!((found - 128.0 * value).abs() <= 1.01, "{level:?} {x} {y}");
                }
            }
            assert!(says > 400 && says < GRID.0 * GRID.1, "{says}");
            let far = |x: usize| band.key.row(0)[x];
            assert_eq!((far(2), far(58)), (0.0, matte.row(0)[22]));
        }
    }
}

#[test]
fn noise_is_averaged_and_what_moves_is_followed_at_once() {
    let level = crate::simd::level();
    let noisy: Vec<_> = (0..40).map(|n| chroma(2 * n, 8.0)).collect();
    let spread = |band: &Band| {
        let values = (20..36).map(|x| band.mean.row(20)[x]);
        let mean = values.clone().sum::<f32>() / 16.0;
        values.map(|v| (v - mean).abs()).sum::<f32>() / 16.0
    };
    let (still, alone) = (
        drawn(level, &noisy, 0.015, 0.1),
        drawn(level, &noisy, 1.0, 0.1),
    );
    assert!(spread(&still) < 0.4 * spread(&alone));
    let moved = [
        chroma(1, 0.0),
        [
            GrayImage::new(GRID.0, GRID.1),
            GrayImage::new(GRID.0, GRID.1),
        ],
    ];
    let band = drawn(level, &moved, 0.06, 0.05);
    let expected = strength(&moved[1], (30, 20));
    assert!((f64::from(band.mean.row(20)[30]) - expected).abs() < 1e-5);
}

/// What was seen before a segment had nothing to say is forgotten.
#[test]
fn means_begin_anew() {
    let level = crate::simd::level();
    let mut band = drawn(level, &[chroma(1, 30.0)], 0.06, 10.0);
    band.reset();
    let (planes, matte) = terms();
    let chroma = chroma(9, 30.0);
    let drawing = Drawing {
        terms: planes.each_ref(),
        matte: &matte,
        chroma: chroma.each_ref().map(GrayImage::as_ref),
        span: SPAN,
        axis: axis(),
        limit: 10.0,
        moves: 0.1,
    };
    band.draw(level, &drawing);
    let expected = strength(&chroma, (30, 20));
    assert!((f64::from(band.mean.row(20)[30]) - expected).abs() < 1e-5);
}
