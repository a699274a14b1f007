// SPDX-License-Identifier: MPL-2.0

//! A textured subject before a textured room, moved by known amounts.

use super::*;
use crate::filter::plane::window::BoxMean;
use crate::filter::testing::{Random, noise, sizes};
use crate::frame::GrayImage;
use crate::simd;

const SIZE: (usize, usize) = (256, 144);

/// Smooth texture, 0 to 1.
fn texture(seed: u64) -> Plane {
    let (mut smooth, mut plane) = (Plane::default(), noise(SIZE.0, SIZE.1, seed));
    for _ in 0..2 {
        BoxMean::default().apply(simd::level(), &plane, 1, &mut smooth);
        std::mem::swap(&mut smooth, &mut plane);
    }
    plane
}

/// Luma and true matte of a head and shoulders whose middle is at `(x, y)`; `noise` in code values.
fn scene(x: f32, y: f32, noise: f32, seed: u64) -> (GrayImage, GrayImage) {
    let (room, person) = (texture(1), texture(2));
    let mut random = Random::new(seed);
    let (mut luma, mut matte) = (
        GrayImage::new(SIZE.0, SIZE.1),
        GrayImage::new(SIZE.0, SIZE.1),
    );
    for py in 0..SIZE.1 {
        for px in 0..SIZE.0 {
            let (dx, dy) = (px as f32 - x, py as f32 - y);
            let head = 26.0 - dx.hypot(dy * 0.85);
            let body = (48.0 - dx.abs()).min(dy - 30.0);
            let alpha = (head.max(body) / 2.0 + 0.5).clamp(0.0, 1.0);
            let own =
                person.row(((dy + 300.0) as usize) % SIZE.1)[((dx + 1280.0) as usize) % SIZE.0];
            let behind = room.row(py)[px];
            let value = alpha * (0.35 + 0.6 * own) + (1.0 - alpha) * (0.05 + 0.6 * behind);
            let index = py * SIZE.0 + px;
            luma.data_mut()[index] =
                (value * 255.0 + noise * random.normal()).clamp(0.0, 255.0) as u8;
            matte.data_mut()[index] = (alpha * 255.0 + 0.5) as u8;
        }
    }
    (luma, matte)
}

fn iou(a: &GrayImage, b: &GrayImage) -> f64 {
    let both = a.data().iter().zip(b.data());
    let (inside, either) = both.fold((0, 0), |(i, e), (a, b)| {
        let (a, b) = (*a >= 128, *b >= 128);
        (i + usize::from(a && b), e + usize::from(a || b))
    });
    inside as f64 / either.max(1) as f64
}

fn follow(then: &GrayImage, now: &GrayImage, matte: &GrayImage) -> (Warped, GrayImage) {
    let mut out = matte.clone();
    let followed = Warp::default().apply(
        simd::level(),
        then.as_ref(),
        now.as_ref(),
        matte.as_ref(),
        &mut out.as_mut(),
    );
    (followed, out)
}

#[test]
fn the_matte_goes_where_its_subject_went() {
    for (dx, dy) in [
        (6.0, 0.0),
        (-12.0, 0.0),
        (18.0, 0.0),
        (9.0, -6.0),
        (2.0, 1.0),
    ] {
        let (then, matte) = scene(120.0, 60.0, 1.0, 3);
        let (now, truth) = scene(120.0 + dx, 60.0 + dy, 1.0, 4);
        let (followed, moved) = follow(&then, &now, &matte);
        let (stale, found) = (iou(&matte, &truth), iou(&moved, &truth));
        println!("moved by {dx}, {dy}: IoU {stale:.4} stale, {found:.4} followed");
        assert_eq!(followed, Warped::Moved);
        assert!(
            1.0 - found < 0.3 * (1.0 - stale),
            "{dx}, {dy}: {stale} {found}"
        );
    }
}

#[test]
fn noise_moves_nothing() {
    let (then, matte) = scene(120.0, 60.0, 2.0, 3);
    let (now, _) = scene(120.0, 60.0, 2.0, 4);
    let (_, out) = follow(&then, &now, &matte);
    assert!(iou(&out, &matte) > 0.999);
    assert_eq!(follow(&then, &then, &matte).0, Warped::Still);
}

#[test]
fn another_scene_is_lost_and_a_large_move_is_not() {
    let (then, matte) = scene(120.0, 60.0, 1.0, 3);
    let mut other = GrayImage::new(SIZE.0, SIZE.1);
    let picture = noise(SIZE.0, SIZE.1, 99);
    for (to, from) in other.data_mut().iter_mut().zip(picture.data()) {
        *to = (from * 255.0) as u8;
    }
    assert_eq!(follow(&then, &other, &matte).0, Warped::Lost);
    assert!(Warp::default().is_cut(simd::level(), then.as_ref(), other.as_ref()));
    let (far, _) = scene(200.0, 60.0, 1.0, 4);
    assert_ne!(follow(&then, &far, &matte).0, Warped::Lost);
    assert!(!Warp::default().is_cut(simd::level(), then.as_ref(), far.as_ref()));
    let small = GrayImage::new(9, 9);
    assert_eq!(follow(&then, &small, &matte).0, Warped::Lost);
}

#[test]
fn every_size_is_taken_at_every_level() {
    for (width, height) in sizes() {
        let picture = |seed: u64| {
            let (plane, mut image) = (noise(width, height, seed), GrayImage::new(width, height));
            plane.store(&mut image.as_mut());
            image
        };
        let (then, now) = (picture(1), picture(2));
        // A matte of another size than the luma's.
        let matte = GrayImage::new((width * 3).div_ceil(2), height.div_ceil(2));
        let mut results = Vec::new();
        for level in simd::levels() {
            let (mut follow, mut out) = (Warp::default(), matte.clone());
            let pictures = (then.as_ref(), now.as_ref(), matte.as_ref());
            let followed =
                follow.apply(level, pictures.0, pictures.1, pictures.2, &mut out.as_mut());
            results.push((followed, out));
        }
        assert!(results.iter().all(|r| *r == results[0]), "{width}x{height}");
    }
}

#[test]
fn misfit_is_what_the_motion_leaves_and_nothing_where_nothing_changed() {
    let (then, matte) = scene(100.0, 60.0, 0.0, 1);
    let (near, _) = scene(104.0, 60.0, 0.0, 1);
    let mut warp = Warp::default();
    let mut out = GrayImage::new(SIZE.0, SIZE.1);
    let mut misfit = Vec::new();
    let mut sums = |now: &GrayImage| {
        let views = (then.as_ref(), now.as_ref());
        warp.apply(
            simd::level(),
            views.0,
            views.1,
            matte.as_ref(),
            &mut out.as_mut(),
        );
        let columns = warp.misfit(views.0, views.1, &mut misfit);
        assert_eq!((columns, misfit.len()), (64, 64 * 36));
        let mut squares = Squares::default();
        squares.compare(simd::level(), views.0, views.1);
        let pairs = squares.means().iter().zip(&misfit);
        for (change, misfit) in pairs.filter(|(change, _)| **change < CHANGED) {
            assert_eq!(*misfit, 0, "a change of {change}");
        }
        let sum = |values: &[u16]| values.iter().map(|v| u64::from(*v)).sum::<u64>();
        (sum(squares.means()), sum(&misfit))
    };
    assert_eq!(sums(&then), (0, 0));
    // A motion that blocks can follow leaves little; another person's picture leaves much.
    let (change, left) = sums(&near);
    assert!(left * 2 < change, "{left} of {change}");
    let mut other = then.clone();
    other.data_mut().iter_mut().for_each(|v| *v = 255 - *v);
    let (change, left) = sums(&other);
    assert!(left * 2 > change, "{left} of {change}");
}
