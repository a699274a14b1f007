// SPDX-License-Identifier: MPL-2.0

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const RATE: Duration = ms(40);

/// What the timestamps of frame `i` are, if frames are 40 ms apart.
type Times = fn(u64) -> Option<Duration>;

/// Every way in which timestamps are wrong, and the right one.
const KINDS: &[(&str, Times)] = &[
    ("right", |i| Some(ms(40 * i))),
    ("late start", |i| Some(ms(3_600_000 + 40 * i))),
    ("missing", |_| None),
    ("zero", |_| Some(ms(0))),
    ("constant", |_| Some(ms(12_345))),
    ("falling", |i| Some(ms(1_000_000 - 40 * i))),
    ("falling fast", |i| Some(ms(1_000_000_000 - 5_000 * i))),
    ("swapped", |i| Some(ms(40 * (i ^ 1)))),
    ("swapped in fours", |i| Some(ms(40 * (i ^ 3)))),
    ("far ahead, always", |i| Some(ms(3_600_000 * i))),
    ("far ahead, once", |i| {
        Some(ms(40 * i + if i > 20 { 86_400_000 } else { 0 }))
    }),
    ("one outlier", |i| {
        Some(ms(if i == 20 { 86_400_000 } else { 40 * i }))
    }),
    ("nanoseconds for microseconds", |i| {
        Some(Duration::from_micros(40 * i))
    }),
    ("every other missing", |i| (i % 2 == 0).then(|| ms(40 * i))),
    ("looped", |i| Some(ms(40 * (i % 30)))),
    ("two values", |i| Some(ms(40 * (i % 2)))),
    ("there and back", |i| Some(ms(3_600_000 * (i % 2)))),
    ("the end of time", |i| {
        Some(Duration::from_nanos(u64::MAX - i % 3))
    }),
];

fn clock(interval: Option<Duration>) -> Clock {
    let mut clock = Clock::default();
    clock.set_interval(interval);
    clock
}

fn walk(clock: &mut Clock, times: Times, count: u64, wall: u64) -> Vec<Step> {
    let step = |i| {
        clock.step(Stamp {
            time: times(i),
            duration: None,
            wall: Some(ms(wall * i)),
        })
    };
    (0..count).map(step).collect()
}

#[test]
fn whatever_the_timestamps_say_time_passes_at_the_rate_of_the_caps() {
    for (kind, times) in KINDS {
        // The machine is five times faster than the stream: that must not count.
        let mut clock = clock(Some(RATE));
        let steps = walk(&mut clock, *times, 200, 8);
        let whole: Duration = steps.iter().map(|s| s.elapsed).sum();
        let off = whole.abs_diff(200 * RATE);
        assert!(off <= ms(240), "{kind}: {whole:?}");
        // Nor is there a stretch in which it stands still or runs away.
        for (first, steps) in steps.windows(12).enumerate() {
            let passed: Duration = steps.iter().map(|s| s.elapsed).sum();
            assert!(
                (ms(240)..=ms(960)).contains(&passed),
                "{kind}: {passed:?} from {first} on"
            );
            assert!(steps.iter().all(|s| s.longest >= s.elapsed), "{kind}");
        }
        let gaps = steps.iter().filter(|s| s.gap).count();
        assert!(gaps <= 6, "{kind}: {gaps} gaps");
    }
}

#[test]
fn without_a_rate_the_wall_counts() {
    let wrong = [
        "missing",
        "zero",
        "constant",
        "falling",
        "far ahead, always",
    ];
    for (kind, times) in KINDS.iter().filter(|(kind, _)| wrong.contains(kind)) {
        let steps = walk(&mut clock(None), *times, 100, 25);
        let whole: Duration = steps.iter().skip(1).map(|s| s.elapsed).sum();
        assert_eq!(whole, 99 * ms(25), "{kind}");
        // To hide the room, a frame is never less than a frame.
        assert!(steps.iter().all(|s| s.longest >= FRAME), "{kind}");
    }
    for kind in ["right", "swapped", "late start", "every other missing"] {
        let times = KINDS.iter().find(|k| k.0 == kind).unwrap().1;
        let steps = walk(&mut clock(None), times, 100, 7);
        let whole: Duration = steps.iter().skip(1).map(|s| s.elapsed).sum();
        assert!(whole.abs_diff(99 * RATE) <= ms(80), "{kind}: {whole:?}");
    }
}

#[test]
fn without_a_rate_and_a_wall_frames_count_by_their_duration_or_as_a_thirtieth() {
    for (duration, expected) in [
        (None, FRAME),
        (Some(ms(50)), ms(50)),
        (Some(Duration::from_nanos(1)), FRAME),
        (Some(Duration::MAX), FRAME),
    ] {
        let mut clock = clock(None);
        for _ in 0..30 {
            let stamp = Stamp {
                duration,
                ..Stamp::default()
            };
            assert_eq!(clock.step(stamp), Step::exact(expected));
        }
    }
}

#[test]
fn rates_that_no_camera_has_are_not_believed() {
    for wrong in [Duration::ZERO, Duration::from_micros(11), ms(60_000)] {
        let steps = walk(&mut clock(Some(wrong)), |_| None, 5, 20);
        assert!(steps[1..].iter().all(|s| s.elapsed == ms(20)), "{wrong:?}");
    }
}

#[test]
fn believable_timestamps_count_to_the_nanosecond() {
    let times = [0, 33, 40, 150, 400, 410, 1000, 1001, 1033];
    let mut clock = clock(Some(ms(33)));
    for time in times {
        let step = clock.step(Stamp {
            time: Some(ms(500 + time)),
            ..Stamp::default()
        });
        assert!(!step.gap);
        assert_eq!(clock.now(), ms(500 + time));
    }
}

#[test]
fn a_gap_is_told_once_and_hides() {
    let mut clock = clock(Some(RATE));
    let mut step = |time: u64| {
        clock.step(Stamp {
            time: Some(ms(time)),
            ..Stamp::default()
        })
    };
    assert!(!step(0).gap && !step(40).gap && !step(640).gap);
    let gap = step(5640);
    assert_eq!((gap.gap, gap.elapsed, gap.longest), (true, RATE, ms(5000)));
    assert_eq!(step(5680), Step::exact(RATE));
    assert!(step(100).gap, "so much back is another place");
    assert!(!step(140).gap);
    assert_eq!(clock.now(), ms(5680 + 80));
}

#[test]
fn streams_that_are_slow_have_no_gaps() {
    // A camera in the dark, a time lapse: the second frame shows what is usual.
    for interval in [None, Some(ms(33))] {
        let steps = walk(&mut clock(interval), |i| Some(ms(1000 * i)), 20, 3);
        assert!(steps[1].gap);
        assert!(steps[2..].iter().all(|s| *s == Step::exact(ms(1000))));
    }
    let steps = walk(&mut clock(Some(ms(1000))), |i| Some(ms(1000 * i)), 9, 3);
    assert!(steps[1..].iter().all(|s| *s == Step::exact(ms(1000))));
}

#[test]
fn now_is_the_timestamp_until_it_cannot_be() {
    let mut clock = clock(Some(RATE));
    let mut at = |time: Option<u64>| {
        clock.step(Stamp {
            time: time.map(ms),
            ..Stamp::default()
        });
        clock.now()
    };
    assert_eq!(at(Some(10_000)), ms(10_000));
    assert_eq!(at(Some(10_040)), ms(10_040));
    assert_eq!(at(None), ms(10_080));
    assert_eq!(at(Some(10_120)), ms(10_120));
    // An hour's leap is believed when the next timestamp follows it.
    assert_eq!(at(Some(3_610_120)), ms(10_160));
    assert_eq!(at(Some(3_610_160)), ms(3_610_160));
    // One that nothing follows is not.
    assert_eq!(at(Some(90_000_000)), ms(3_610_200));
    assert_eq!(at(Some(3_610_240)), ms(3_610_240));
    clock.restart();
    clock.step(Stamp {
        time: Some(ms(7)),
        ..Stamp::default()
    });
    assert_eq!(clock.now(), ms(7));
}

#[test]
fn the_position_is_the_timestamp_and_moves_on_under_every_fault() {
    let mut exact = clock(Some(ms(33)));
    for time in [0, 350, 0, 40, 99, 101, 199, 201, 250, 555, 1_000_150] {
        exact.step(Stamp {
            time: Some(ms(time)),
            ..Stamp::default()
        });
        assert_eq!(exact.position(), ms(time));
    }
    for (kind, times) in KINDS {
        let mut clock = clock(Some(RATE));
        let mut seen = std::collections::HashSet::new();
        for i in 0..100 {
            clock.step(Stamp {
                time: times(i),
                ..Stamp::default()
            });
            seen.insert(clock.position().as_millis() % 400 / 100);
        }
        assert_eq!(seen.len(), 4, "{kind}");
    }
}
