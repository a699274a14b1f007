// SPDX-License-Identifier: MPL-2.0

//! The placer against a slow reference that asks for every pixel where it comes from, in f64.

use super::super::tests::{code, format};
use super::*;
use crate::frame::{GrayImage, Orientation};
use crate::simd;

const SIZE: (usize, usize) = (48, 36);

fn at(x: f64, y: f64, scale: f64) -> Place {
    Place { x, y, scale }
}

/// Waves that no scaling loses.
fn wave(x: f64, y: f64) -> f64 {
    128.0 + 60.0 * (x * 0.21).sin() + 60.0 * (y * 0.17).cos()
}

fn gray_frame() -> Backdrop {
    Backdrop::render(PixelLayout::Gray8, gray(), SIZE.0, SIZE.1, |x, y| {
        let value = (wave(x as f64, y as f64) / 255.0) as f32;
        [value, value, value, 1.0]
    })
    .expect("the size is valid")
}

/// A matte of another size than the frame: a soft disc.
fn matte(width: usize, height: usize) -> GrayImage {
    let mut matte = GrayImage::new(width, height);
    for (i, value) in matte.data_mut().iter_mut().enumerate() {
        let x = ((i % width) as f64 + 0.5) / width as f64 - 0.5;
        let y = ((i / width) as f64 + 0.5) / height as f64 - 0.5;
        *value = (255.0 * (1.5 - 3.0 * x.hypot(y)).clamp(0.0, 1.0)) as u8;
    }
    matte
}

/// The mean of the source's pixels, each a square, under a pixel of the target; between two of them
/// where the picture grows.
fn expected(place: Place, source: impl Fn(f64, f64) -> f64, x: usize, y: usize) -> f64 {
    const STEPS: usize = 16;
    let mut sum = 0.0;
    for (i, j) in (0..STEPS * STEPS).map(|n| (n % STEPS, n / STEPS)) {
        let part = |at: usize, step: usize| at as f64 + (step as f64 + 0.5) / STEPS as f64;
        let (u, v) = (
            (part(x, i) - place.x) / place.scale,
            (part(y, j) - place.y) / place.scale,
        );
        sum += source(u - 0.5, v - 0.5);
    }
    sum / (STEPS * STEPS) as f64
}

#[test]
fn a_frame_and_its_matte_are_drawn_where_the_place_says() {
    for level in simd::levels() {
        for place in [
            at(0.0, 0.0, 0.5),
            at(24.0, 18.0, 0.5),
            at(11.3, 6.7, 0.4),
            at(-10.0, -8.0, 1.0),
            at(-9.5, 4.25, 1.5),
            at(13.0, 9.0, 1.0),
        ] {
            let (mut frame, soft) = (gray_frame(), matte(20, 15));
            let mut placer = Placer::new(level);
            let job = (place, View::default());
            let moved = placer.apply(job, &mut frame.view_mut(), (0, 0), soft.as_ref());
            let moved = moved.expect("the sizes are valid");
            assert_eq!((moved.width(), moved.height()), SIZE);
            let seen = frame.view();
            let component = seen.layout().info().components[0];
            // Two pixels of every border belong to what lies beyond it.
            let inside = |from: f64, side: usize, at: usize| {
                let (from, to) = (from + 2.0, from + side as f64 * place.scale - 2.0);
                (from..to).contains(&(at as f64)) && at + 1 < to as usize + 1
            };
            for (x, y) in (0..SIZE.0 * SIZE.1).map(|i| (i % SIZE.0, i / SIZE.0)) {
                let is_inside = inside(place.x, SIZE.0, x) && inside(place.y, SIZE.1, y);
                if is_inside {
                    let found = code(&seen, &component, x, y);
                    let wanted = expected(place, wave, x, y);
                    assert!(
                        (found - wanted).abs() < 3.0,
                        "{place:?} {x},{y}: {found} {wanted}"
                    );
                }
                let far = |from: f64, side: usize, at: usize| {
                    let to = from + side as f64 * place.scale;
                    (at as f64) < from - 2.0 || at as f64 > to + 1.0
                };
                if far(place.x, SIZE.0, x) || far(place.y, SIZE.1, y) {
                    assert_eq!(moved.row(y)[x], 0, "{place:?} {x},{y}");
                }
            }
            // The disc's middle goes along.
            let middle = |from: f64, side: usize| (from + place.scale * side as f64 / 2.0) as usize;
            let (x, y) = (middle(place.x, SIZE.0), middle(place.y, SIZE.1));
            if x < SIZE.0 && y < SIZE.1 {
                assert_eq!(moved.row(y)[x], 255, "{place:?}");
            }
        }
    }
}

#[test]
fn a_place_is_the_viewers() {
    // The upper left quarter of what the viewer sees, whichever way the frame is stored.
    for orientation in Orientation::ALL {
        let stored = orientation.size(SIZE);
        let view = View::new(orientation, 1.0);
        let gray8 = format(PixelLayout::Gray8, gray(), stored.0, stored.1);
        let mut frame =
            Backdrop::new(gray8.layout, gray8.color, gray8.width, gray8.height).unwrap();
        let everywhere = {
            let mut all = GrayImage::new(6, 5);
            all.data_mut().fill(255);
            all
        };
        let mut placer = Placer::new(simd::level());
        let place = (at(0.0, 0.0, 0.5), view);
        let moved = placer.apply(place, &mut frame.view_mut(), (0, 0), everywhere.as_ref());
        let moved = moved.unwrap();
        for (x, y) in (0..SIZE.0 * SIZE.1).map(|i| (i % SIZE.0, i / SIZE.0)) {
            let (sx, sy) = orientation.stored((x, y), SIZE);
            let expected = if x < SIZE.0 / 2 && y < SIZE.1 / 2 {
                255
            } else {
                0
            };
            assert_eq!(moved.row(sy)[sx], expected, "{orientation:?} {x},{y}");
        }
    }
}

#[test]
fn out_of_the_picture_nothing_is_left_of_the_subject() {
    for place in [
        at(48.0, 0.0, 1.0),
        at(0.0, -36.0, 1.0),
        at(-5.0, -5.0, 0.1),
        at(1e9, -1e9, 10.0),
    ] {
        let (mut frame, soft) = (gray_frame(), matte(48, 36));
        let mut placer = Placer::new(simd::level());
        let job = (place, View::default());
        let moved = placer.apply(job, &mut frame.view_mut(), (0, 0), soft.as_ref());
        assert!(
            moved.unwrap().rows().flatten().all(|&alpha| alpha == 0),
            "{place:?}"
        );
    }
}

#[test]
fn every_layout_of_whole_bytes_is_moved() {
    // Packed samples need a frame in memory: tests/elements/mix_place.rs.
    let plain_samples = |layout: &PixelLayout| layout.info().packing.is_none();
    for layout in PixelLayout::ALL.iter().copied().filter(plain_samples) {
        let plain = crate::frame::Colorimetry::default();
        let picture = |left: f32| {
            Backdrop::render(layout, plain, SIZE.0, SIZE.1, move |x, _| {
                let value = if (x as f32) < left { 0.8 } else { 0.2 };
                [value, value, value, 1.0]
            })
            .unwrap()
        };
        // A frame that is bright up to its middle, moved to the right by a quarter.
        let (mut frame, soft) = (picture(24.0), matte(48, 36));
        let wanted = picture(36.0);
        let mut placer = Placer::new(simd::level());
        let job = (at(12.0, 0.0, 1.0), View::default());
        let moved = placer.apply(job, &mut frame.view_mut(), (0, 0), soft.as_ref());
        assert_eq!(moved.unwrap().row(18)[36], 255);
        let (seen, wanted) = (frame.view(), wanted.view());
        let info = layout.info();
        let top = f64::from(info.top());
        for component in info.components.iter().take(3) {
            for (x, y) in [(16, 10), (30, 10), (40, 20), (46, 30)] {
                let (x, y) = (x >> component.w_sub, y >> component.h_sub);
                let (found, wanted) =
                    (code(&seen, component, x, y), code(&wanted, component, x, y));
                assert!(
                    (found - wanted).abs() <= top / 64.0,
                    "{layout:?} {x},{y}: {found} {wanted}"
                );
            }
        }
    }
}

#[test]
fn another_place_leaves_nothing_of_the_one_before() {
    let soft = matte(48, 36);
    let draw = |placer: &mut Placer, place| {
        let mut frame = gray_frame();
        let job = (place, View::default());
        let moved = placer.apply(job, &mut frame.view_mut(), (0, 0), soft.as_ref());
        let moved: Vec<u8> = moved.unwrap().rows().flatten().copied().collect();
        (frame.view().plane(0).to_vec(), moved)
    };
    let mut placer = Placer::new(simd::level());
    for place in [
        at(0.0, 0.0, 0.9),
        at(30.0, 20.0, 0.3),
        at(48.0, 0.0, 1.0),
        at(2.0, 3.0, 0.5),
    ] {
        let fresh = draw(&mut Placer::new(simd::level()), place);
        assert!(draw(&mut placer, place) == fresh, "{place:?}");
    }
}
