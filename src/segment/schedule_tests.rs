// SPDX-License-Identifier: MPL-2.0

use super::*;

/// A frame in the middle of a stream: the newest matte is a frame old, the network is idle.
const USUAL: Facts = Facts {
    mode: Mode::Sync,
    interval: 1,
    compensates: true,
    late: false,
    stalled: false,
    idle: true,
    has_matte: true,
    frames_since_run: 1,
    time_since_run: Some(Duration::from_millis(33)),
    tracks_motion: false,
    can_compensate: false,
    cut: false,
    still: false,
};

const ASYNC: Facts = Facts {
    mode: Mode::Async,
    tracks_motion: true,
    can_compensate: true,
    ..USUAL
};

const LATE: Facts = Facts {
    late: true,
    tracks_motion: true,
    can_compensate: true,
    ..USUAL
};

/// What a case is, its facts, and what is done.
type Case = (&'static str, Facts, Action);

fn check(cases: &[Case]) {
    for (name, facts, action) in cases {
        assert_eq!(decide(facts), *action, "{name}: {facts:?}");
    }
}

#[test]
fn frames_that_wait_get_runs() {
    check(&[
        ("usual", USUAL, Action::Run),
        (
            "the first frame",
            Facts {
                has_matte: false,
                time_since_run: None,
                ..USUAL
            },
            Action::Run,
        ),
        (
            "a busy network is waited for",
            Facts {
                idle: false,
                ..USUAL
            },
            Action::Run,
        ),
        (
            "not one that has stalled",
            Facts {
                idle: false,
                stalled: true,
                ..USUAL
            },
            Action::Track,
        ),
        (
            "after a stall there is no matte",
            Facts {
                idle: false,
                stalled: true,
                has_matte: false,
                ..USUAL
            },
            Action::Pass,
        ),
        (
            "a stalled network that is back",
            Facts {
                stalled: true,
                ..USUAL
            },
            Action::Run,
        ),
    ]);
}

#[test]
fn frames_that_do_not_wait_get_runs_when_the_network_is_idle() {
    check(&[
        ("idle", ASYNC, Action::Run),
        (
            "busy",
            Facts {
                idle: false,
                ..ASYNC
            },
            Action::Track,
        ),
        (
            "busy, mattes are not moved",
            Facts {
                idle: false,
                compensates: false,
                ..ASYNC
            },
            Action::Carry,
        ),
        (
            "busy, no matte yet",
            Facts {
                idle: false,
                has_matte: false,
                ..ASYNC
            },
            Action::Pass,
        ),
        (
            "busy, after a cut",
            Facts {
                idle: false,
                cut: true,
                ..ASYNC
            },
            Action::Pass,
        ),
        (
            "lateness does not matter",
            Facts {
                late: true,
                ..ASYNC
            },
            Action::Run,
        ),
    ]);
}

#[test]
fn between_the_runs_of_an_interval_mattes_are_reused() {
    let third = Facts {
        interval: 3,
        ..USUAL
    };
    check(&[
        (
            "the second frame",
            Facts {
                frames_since_run: 1,
                ..third
            },
            Action::Track,
        ),
        (
            "the third frame",
            Facts {
                frames_since_run: 2,
                ..third
            },
            Action::Track,
        ),
        (
            "the fourth frame",
            Facts {
                frames_since_run: 3,
                ..third
            },
            Action::Run,
        ),
        (
            "without a matte",
            Facts {
                has_matte: false,
                ..third
            },
            Action::Run,
        ),
        // The decision to run was made before the frame was read.
        (
            "a cut between two runs",
            Facts { cut: true, ..third },
            Action::Pass,
        ),
        (
            "mattes are not moved",
            Facts {
                compensates: false,
                ..third
            },
            Action::Carry,
        ),
    ]);
}

#[test]
fn late_frames_go_without_a_run_but_not_for_ever() {
    let long = Some(LONGEST_LATE);
    check(&[
        ("late", LATE, Action::Track),
        (
            "late, mattes are not moved",
            Facts {
                compensates: false,
                ..LATE
            },
            Action::Carry,
        ),
        (
            "late, no matte",
            Facts {
                has_matte: false,
                ..LATE
            },
            Action::Pass,
        ),
        (
            "late for long",
            Facts {
                time_since_run: long,
                ..LATE
            },
            Action::Run,
        ),
        (
            "late, the first frame",
            Facts {
                time_since_run: None,
                ..LATE
            },
            Action::Run,
        ),
        // One run first, on a frame that is read.
        (
            "the matte cannot be moved",
            Facts {
                can_compensate: false,
                ..LATE
            },
            Action::Run,
        ),
    ]);
    assert!(LATE.is_skipped());
    let first = Facts {
        can_compensate: false,
        tracks_motion: false,
        ..LATE
    };
    assert!(!first.is_skipped() && first.reads_motion());
}

#[test]
fn still_frames_get_no_run_unless_they_have_no_matte() {
    let still = Facts {
        still: true,
        ..USUAL
    };
    check(&[
        ("nothing moves", still, Action::Still),
        (
            "nothing moves, no matte",
            Facts {
                has_matte: false,
                ..still
            },
            Action::Run,
        ),
        (
            "nothing moves after a cut",
            Facts { cut: true, ..still },
            Action::Run,
        ),
        (
            "between two runs",
            Facts {
                interval: 2,
                ..still
            },
            Action::Track,
        ),
        (
            "beside the stream",
            Facts {
                still: true,
                ..ASYNC
            },
            Action::Still,
        ),
        (
            "the network is busy",
            Facts {
                still: true,
                idle: false,
                ..ASYNC
            },
            Action::Track,
        ),
    ]);
}

#[test]
fn frames_are_read_for_motion_only_if_mattes_are_moved() {
    for (name, facts, reads) in [
        ("every frame waits", USUAL, false),
        (
            "a matte was moved before",
            Facts {
                tracks_motion: true,
                ..USUAL
            },
            true,
        ),
        (
            "beside the stream",
            Facts {
                tracks_motion: false,
                ..ASYNC
            },
            true,
        ),
        (
            "beside the stream, mattes are not moved",
            Facts {
                tracks_motion: false,
                compensates: false,
                ..ASYNC
            },
            false,
        ),
        (
            "late",
            Facts {
                tracks_motion: false,
                ..LATE
            },
            true,
        ),
        (
            "late, mattes are not moved",
            Facts {
                tracks_motion: false,
                compensates: false,
                ..LATE
            },
            false,
        ),
    ] {
        assert_eq!(facts.reads_motion(), reads, "{name}: {facts:?}");
    }
}
