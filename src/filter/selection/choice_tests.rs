// SPDX-License-Identifier: MPL-2.0

use super::*;
use SubjectSelect::{Largest, Nearest, Point};

const FRAME: f32 = 1.0 / 30.0;

fn person(id: u32, area: f32, distance: f32) -> Candidate {
    Candidate {
        id,
        area,
        distance,
        at_point: distance <= 0.05,
        seen: true,
    }
}

/// Decides for so many seconds and returns the last answer.
fn after(choice: &mut Choice, rule: SubjectSelect, people: &[Candidate], s: f32) -> Option<u32> {
    let mut chosen = None;
    for _ in 0..(s * 30.0).round() as u32 {
        chosen = choice.decide(rule, people.iter().copied(), FRAME);
    }
    chosen
}

#[test]
fn the_first_frame_is_decided_at_once() {
    let people = [person(1, 100.0, 0.3), person(2, 90.0, 0.0)];
    let first = |rule| Choice::default().decide(rule, people.into_iter(), FRAME);
    assert_eq!(
        [Largest, Nearest, Point].map(first),
        [Some(1), Some(2), Some(2)]
    );
    let away = [person(1, 100.0, 0.3)];
    assert_eq!(
        Choice::default().decide(Point, away.into_iter(), FRAME),
        None
    );
}

#[test]
fn nobody_changes_for_a_little_nor_for_a_moment() {
    let (mut by_size, mut by_place) = (Choice::default(), Choice::default());
    let start = [person(1, 100.0, 0.1), person(2, 90.0, 0.2)];
    assert_eq!(after(&mut by_size, Largest, &start, 1.0), Some(1));
    assert_eq!(after(&mut by_place, Nearest, &start, 1.0), Some(1));
    // A little better, for long.
    let little = [person(1, 100.0, 0.1), person(2, 125.0, 0.02)];
    assert_eq!(after(&mut by_size, Largest, &little, 60.0), Some(1));
    assert_eq!(after(&mut by_place, Nearest, &little, 60.0), Some(1));
    // Much better, for moments.
    let much = [person(1, 100.0, 0.4), person(2, 200.0, 0.1)];
    for _ in 0..20 {
        assert_eq!(after(&mut by_size, Largest, &much, 0.9), Some(1));
        assert_eq!(after(&mut by_place, Nearest, &much, 0.9), Some(1));
        after(&mut by_size, Largest, &start, FRAME);
        after(&mut by_place, Nearest, &start, FRAME);
    }
    assert_eq!(after(&mut by_size, Largest, &much, 1.2), Some(2));
    assert_eq!(after(&mut by_place, Nearest, &much, 1.2), Some(2));
}

#[test]
fn the_time_counts_and_not_the_number_of_frames() {
    let start = [person(1, 100.0, 0.1), person(2, 50.0, 0.2)];
    let much = [person(1, 100.0, 0.1), person(2, 300.0, 0.2)];
    for rate in [5.0, 15.0, 60.0, 144.0f32] {
        let mut choice = Choice::default();
        choice.decide(Largest, start.into_iter(), 1.0 / rate);
        let frames =
            (1..).find(|_| choice.decide(Largest, much.into_iter(), 1.0 / rate) == Some(2));
        let seconds = frames.unwrap() as f32 / rate;
        assert!((1.0..1.3).contains(&seconds), "{rate} fps: {seconds} s");
    }
}

#[test]
fn who_is_not_seen_is_waited_for() {
    for rule in [Largest, Nearest] {
        let mut choice = Choice::default();
        let both = [person(1, 100.0, 0.0), person(2, 50.0, 0.3)];
        after(&mut choice, rule, &both, 0.2);
        let other = [both[1]];
        assert_eq!(after(&mut choice, rule, &other, 2.9), Some(1));
        // Back, and gone again: the wait begins anew.
        assert_eq!(after(&mut choice, rule, &both, 0.1), Some(1));
        assert_eq!(after(&mut choice, rule, &other, 2.9), Some(1));
        assert_eq!(after(&mut choice, rule, &other, 0.2), Some(2));
    }
}

#[test]
fn a_point_chooses_once_and_never_whom_it_does_not_name() {
    let mut choice = Choice::default();
    let both = [person(1, 100.0, 0.0), person(2, 500.0, 0.3)];
    assert_eq!(after(&mut choice, Point, &both, 1.0), Some(1));
    // The chosen one walks away from the point, another one onto it.
    let swapped = [person(1, 100.0, 0.5), person(2, 500.0, 0.0)];
    assert_eq!(after(&mut choice, Point, &swapped, 60.0), Some(1));
    let away = [person(2, 500.0, 0.4)];
    assert_eq!(after(&mut choice, Point, &away, 60.0), Some(1));
    let there = [person(2, 500.0, 0.0)];
    assert_eq!(after(&mut choice, Point, &there, 0.1), Some(2));
}
