// SPDX-License-Identifier: MPL-2.0

use super::*;

const PARAMS: FramingParams = FramingParams {
    zoom: 3.0,
    margin: 0.15,
    speed: 1.0,
};
const SIZE: (usize, usize) = (1280, 720);

fn standing(x: f32) -> Option<SubjectBox> {
    Some(SubjectBox {
        left: x - 0.05,
        top: 0.35,
        right: x + 0.05,
        bottom: 0.75,
    })
}

/// Plays so many seconds and returns all places.
fn play(
    framing: &mut Framing,
    seconds: f32,
    rate: f32,
    subject: impl Fn(f32) -> Option<SubjectBox>,
) -> Vec<Place> {
    let frames = (seconds * rate) as u32;
    let next = |frame: u32| {
        framing.advance(subject(frame as f32 / rate), 1.0 / rate, &PARAMS);
        framing.place(SIZE)
    };
    (0..frames).map(next).collect()
}

/// The part of the frame that a place shows: left, top, right, bottom in pixels.
fn shown(place: &Place) -> [f64; 4] {
    let (left, top) = (-place.x / place.scale, -place.y / place.scale);
    let (width, height) = (SIZE.0 as f64 / place.scale, SIZE.1 as f64 / place.scale);
    [left, top, left + width, top + height]
}

fn assert_inside(places: &[Place]) {
    for place in places {
        let [left, top, right, bottom] = shown(place);
        assert!(left >= -1e-9 && top >= -1e-9, "{place:?}");
        assert!(
            right <= 1280.0 + 1e-6 && bottom <= 720.0 + 1e-6,
            "{place:?}"
        );
        assert!((1.0..=3.01).contains(&place.scale), "{place:?}");
    }
}

#[test]
fn it_begins_with_the_whole_frame_and_comes_to_hold_the_subject() {
    let mut framing = Framing::default();
    assert!(framing.place(SIZE).is_identity());
    let places = play(&mut framing, 12.0, 30.0, |_| standing(0.3));
    assert_inside(&places);
    let [left, top, right, bottom] = shown(&places[places.len() - 1]);
    assert!(
        left < 0.25 * 1280.0 && right > 0.35 * 1280.0,
        "{left} {right}"
    );
    assert!(
        top < 0.35 * 720.0 && bottom > 0.75 * 720.0,
        "{top} {bottom}"
    );
    let height = bottom - top;
    assert!(
        (height / (0.4 * 1.3 * 720.0) - 1.0).abs() < 0.01,
        "{height}"
    );
    // In the end it rests.
    assert!(places[320..].iter().all(|place| *place == places[320]));
}

#[test]
fn inside_of_the_dead_zone_nothing_moves() {
    let mut framing = Framing::default();
    play(&mut framing, 8.0, 30.0, |_| standing(0.5));
    let sway = |t: f32| {
        let mut subject = standing(0.5 + 0.02 * (t * 5.0).sin())?;
        // An arm goes up now and then.
        subject.top -= if t % 3.0 < 0.5 { 0.03 } else { 0.0 };
        Some(subject)
    };
    let places = play(&mut framing, 30.0, 30.0, sway);
    assert!(places.iter().all(|place| *place == places[0]));
}

#[test]
fn it_moves_smoothly_and_swings_over_nowhere() {
    let mut framing = Framing::default();
    play(&mut framing, 8.0, 60.0, |_| standing(0.3));
    let places = play(&mut framing, 8.0, 60.0, |_| standing(0.7));
    assert_inside(&places);
    let lefts: Vec<f64> = places.iter().map(|place| shown(place)[0]).collect();
    assert!(lefts.is_sorted(), "it never goes back");
    let steps: Vec<f64> = lefts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let most = steps.iter().copied().fold(0.0, f64::max);
    assert!(most < 12.0, "{most} pixels in a frame");
    for pair in steps.windows(2) {
        assert!((pair[1] - pair[0]).abs() < 1.5, "{pair:?}: a jerk");
    }
    let middle = (shown(&places[479])[0] + shown(&places[479])[2]) / 2.0;
    assert!((middle - 0.7 * 1280.0).abs() < 4.0, "{middle}");
}

#[test]
fn the_time_counts_and_not_the_number_of_frames() {
    let ends: Vec<[f64; 4]> = [5.0, 15.0, 30.0, 144.0]
        .map(|rate| {
            let mut framing = Framing::default();
            play(&mut framing, 8.0, rate, |_| standing(0.3));
            let places = play(&mut framing, 2.0, rate, |_| standing(0.7));
            shown(&places[places.len() - 1])
        })
        .to_vec();
    for end in &ends {
        // At 5 frames per second the box is averaged over few.
        assert!((end[0] - ends[2][0]).abs() < 40.0, "{ends:?}");
    }
}

#[test]
fn without_a_subject_it_waits_and_drifts_back() {
    let mut framing = Framing::default();
    let before = play(&mut framing, 8.0, 30.0, |_| standing(0.3));
    let before = before[before.len() - 1];
    let waits = play(&mut framing, 1.9, 30.0, |_| None);
    assert!(waits.iter().all(|place| *place == before));
    let drifts = play(&mut framing, 20.0, 30.0, |_| None);
    assert_inside(&drifts);
    let scales: Vec<f64> = drifts.iter().map(|place| place.scale).collect();
    assert!(scales.windows(2).all(|pair| pair[1] <= pair[0]));
    let most = scales.windows(2).map(|pair| pair[0] / pair[1] - 1.0);
    assert!(most.fold(0.0, f64::max) < 0.02, "slowly");
    assert!(drifts[drifts.len() - 1].is_identity());
}

#[test]
fn who_leans_back_for_a_moment_is_not_drawn_nearer() {
    let mut framing = Framing::default();
    let large = SubjectBox {
        left: 0.3,
        top: 0.2,
        right: 0.7,
        bottom: 0.8,
    };
    play(&mut framing, 8.0, 30.0, |_| Some(large));
    let small = SubjectBox {
        left: 0.4,
        top: 0.35,
        right: 0.6,
        bottom: 0.65,
    };
    let moment = play(&mut framing, 0.8, 30.0, |_| Some(small));
    let after = play(&mut framing, 3.0, 30.0, |_| Some(large));
    let all = [moment, after].concat();
    assert!(all.iter().all(|place| place.scale == all[0].scale));
    let stays = play(&mut framing, 8.0, 30.0, |_| Some(small));
    assert!(stays[stays.len() - 1].scale > all[0].scale * 1.5);
}

#[test]
fn a_whole_body_larger_than_the_part_shows_its_head() {
    let tall = SubjectBox {
        left: 0.4,
        top: 0.1,
        right: 0.6,
        bottom: 1.0,
    };
    let Part([_, y, side]) = around(&tall, &PARAMS);
    assert!(y - side / 2.0 < 0.1, "{y} {side}");
}

#[test]
fn any_box_and_any_time_keep_it_inside() {
    let mut random = crate::testing::Random::new(4);
    let mut framing = Framing::default();
    for _ in 0..20_000 {
        let subject = (random.unit() > 0.2).then(|| SubjectBox {
            left: random.unit() * 2.0 - 0.5,
            top: random.unit() * 2.0 - 0.5,
            right: random.unit() * 2.0 - 0.5,
            bottom: random.unit() * 2.0 - 0.5,
        });
        let seconds = match random.next() % 5 {
            0 => 0.0,
            1 => 1e6,
            2 => f32::NAN,
            _ => random.unit(),
        };
        let params = FramingParams {
            zoom: random.unit() * 5.0,
            margin: random.unit() * 3.0 - 1.0,
            speed: random.unit() * 8.0 + 0.01,
        };
        framing.advance(subject, seconds, &params);
        for size in [SIZE, (1, 1), (3, 701), (4096, 2)] {
            let place = framing.place(size);
            assert!(place.scale >= 1.0 && place.scale.is_finite());
            let right = place.x + place.scale * size.0 as f64;
            let bottom = place.y + place.scale * size.1 as f64;
            assert!(place.x <= 0.0 && place.y <= 0.0, "{place:?}");
            assert!(right >= size.0 as f64 - 1e-6, "{place:?}");
            assert!(bottom >= size.1 as f64 - 1e-6, "{place:?}");
        }
    }
}
