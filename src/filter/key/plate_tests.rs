// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::testing::Random;

const SIZE: (usize, usize) = (256, 144);

/// Learns frames of which `place` says what is where, and how strong.
fn plate(frames: usize, mut place: impl FnMut(usize, usize) -> (Seen, f32)) -> Plate {
    let mut plate = Plate::default();
    plate.reset(SIZE);
    for _ in 0..frames {
        plate.begin();
        for y in 0..SIZE.1 {
            let row: Vec<_> = (0..SIZE.0).map(|x| place(x, y)).collect();
            plate.add((y, SIZE.1), row.into_iter());
        }
        plate.learn(1.0);
    }
    plate.fill(crate::simd::level(), 0.1, 1.0);
    plate
}

/// The alpha of a strength in the cell of a place.
fn alpha(plate: &Plate, (x, y): (usize, usize), strength: f32) -> f32 {
    let (columns, rows) = plate.size;
    let at = (x * columns / SIZE.0, y * rows / SIZE.1);
    let [offset, factor] = plate.alpha.each_ref().map(|plane| plane.row(at.1)[at.0]);
    (offset - factor * strength).clamp(0.0, 1.0)
}

/// Brighter to the right.
fn lit(x: usize) -> f32 {
    0.2 + 0.2 * x as f32 / SIZE.0 as f32
}

fn behind_subject(x: usize, y: usize) -> bool {
    (96..160).contains(&x) && y > 40
}

#[test]
fn alpha_is_the_share_of_the_subject_everywhere_in_uneven_light() {
    let of = plate(1, |x, y| match behind_subject(x, y) {
        true => (Seen::Subject, -0.05),
        false => (Seen::Screen, lit(x)),
    });
    for (x, y) in [(20, 20), (240, 100), (92, 90), (164, 60), (128, 100)] {
        // The tolerance is the way's first tenth.
        let screen = alpha(&of, (x, y), lit(x));
        let half = alpha(&of, (x, y), 0.5 * (lit(x) - 0.05));
        let subject = alpha(&of, (x, y), -0.05);
        assert_eq!(screen, 0.0, "{x} {y}");
        assert!((half - (0.5 - 0.1) / 0.9).abs() < 0.06, "{x} {y} {half}");
        assert!(subject > 0.94, "{x} {y} {subject}");
    }
}

#[test]
fn noise_and_folds_are_screen() {
    let mut random = Random::new(1);
    let of = plate(30, |_, _| (Seen::Screen, 0.3 + 0.03 * random.normal()));
    let mut random = Random::new(2);
    let shown = (0..1000).filter(|_| {
        let strength = 0.3 + 0.03 * random.normal();
        alpha(&of, (100, 100), strength) > 0.0
    });
    assert!(shown.count() < 10);
}

#[test]
fn the_key_is_not_heard_where_the_screen_ends() {
    let of = plate(1, |x, _| match x < 128 {
        true => (Seen::Screen, 0.3),
        false => (Seen::Other, 0.0),
    });
    let row = of.trust.row(5);
    assert!(row[..14].iter().all(|trust| *trust == 1.0), "{row:?}");
    assert!(row[16..].iter().all(|trust| *trust == 0.0), "{row:?}");
}

#[test]
fn what_the_subject_hid_is_known_from_before() {
    let mut frame = 0;
    let spot = |x: usize| if (112..144).contains(&x) { 0.45 } else { 0.3 };
    let of = plate(60, |x, y| {
        frame += usize::from((x, y) == (0, 0));
        match frame > 30 && behind_subject(x, y) {
            true => (Seen::Subject, 0.0),
            false => (Seen::Screen, spot(x)),
        }
    });
    assert_eq!(alpha(&of, (128, 100), 0.45), 0.0);
    assert!(alpha(&of, (128, 100), 0.3) > 0.15);
}

#[test]
fn what_is_no_screen_any_more_is_not_believed_for_one_frame() {
    let after = |frames: usize| {
        let mut frame = 0;
        let of = plate(30 + frames, |x, y| {
            frame += usize::from((x, y) == (0, 0));
            match frame > 30 && x > 200 && y < 60 {
                true => (Seen::Other, 0.0),
                false => (Seen::Screen, 0.3),
            }
        });
        of.trust.row(2)[30]
    };
    assert_eq!(after(0), 1.0);
    assert_eq!(after(1), 0.0);
}
