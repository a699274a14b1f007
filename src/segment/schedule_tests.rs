// SPDX-License-Identifier: MPL-2.0

use super::*;

/// A frame in the middle of a stream that waits: the newest matte is of the frame before.
const SYNC: Facts = Facts {
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
    choice: Choice::Run,
};

/// The picture decides.
const AUTOMATIC: Facts = Facts {
    interval: 0,
    choice: Choice::Move,
    ..TRACKED
};

/// The same in a stream that does not wait.
const ASYNC: Facts = Facts {
    mode: Mode::Async,
    ..TRACKED
};

/// A frame that comes too late.
const LATE: Facts = Facts {
    late: true,
    ..TRACKED
};

/// Frames are read for motion.
const TRACKED: Facts = Facts {
    tracks_motion: true,
    can_compensate: true,
    ..SYNC
};

/// The third of the frames between two runs.
const BETWEEN: Facts = Facts {
    interval: 4,
    frames_since_run: 3,
    ..SYNC
};

/// What a case is, the facts that it begins with, what is different, and what is done.
type Case = (&'static str, Facts, fn(&mut Facts), Action);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("every frame waits for its matte",     SYNC,    |_| (),                        Action::Run),
    ("the first frame",                     SYNC,    |f| before_the_first_run(f),   Action::Run),
    ("a busy network is waited for",        SYNC,    |f| f.idle = false,            Action::Run),
    ("one that has stalled is not",         SYNC,    |f| stall(f, true),            Action::Track),
    ("and its matte is not used",           SYNC,    |f| stall(f, false),           Action::Pass),
    ("one that is back after a stall",      SYNC,    |f| f.stalled = true,          Action::Run),

    ("the network beside the stream",       ASYNC,   |_| (),                        Action::Run),
    ("it is busy",                          ASYNC,   |f| f.idle = false,            Action::Track),
    ("busy, mattes are not moved",          ASYNC,   |f| busy_and_fixed(f),         Action::Carry),
    ("busy, no matte yet",                  ASYNC,   |f| busy(f, false, false),     Action::Pass),
    ("busy, another scene",                 ASYNC,   |f| busy(f, true, true),       Action::Pass),
    ("a late frame costs no time",          ASYNC,   |f| f.late = true,             Action::Run),

    ("between two runs",                    BETWEEN, |_| (),                        Action::Track),
    ("the interval is over",                BETWEEN, |f| f.frames_since_run = 4,    Action::Run),
    ("between two runs, no matte",          BETWEEN, |f| f.has_matte = false,       Action::Run),
    ("between two runs, another scene",     BETWEEN, |f| f.cut = true,              Action::Pass),
    ("between two runs, not moved",         BETWEEN, |f| f.compensates = false,     Action::Carry),
    ("between two runs, nothing moves",     BETWEEN, |f| f.still = true,            Action::Track),

    ("late",                                LATE,    |_| (),                        Action::Track),
    ("late, mattes are not moved",          LATE,    |f| f.compensates = false,     Action::Carry),
    ("late, no matte",                      LATE,    |f| f.has_matte = false,       Action::Pass),
    ("late, the matte cannot be moved yet", LATE,    |f| f.can_compensate = false,  Action::Run),
    ("late for long",                       LATE,    |f| late_for_long(f),          Action::Run),
    ("late, the first frame",               LATE,    |f| before_the_first_run(f),   Action::Run),

    ("nothing moves",                       SYNC,    |f| f.still = true,            Action::Still),
    ("nothing moves, no matte",             SYNC,    |f| still(f, false, false),    Action::Run),
    ("nothing moves after a cut",           SYNC,    |f| still(f, true, true),      Action::Run),
    ("nothing moves beside the stream",     ASYNC,   |f| f.still = true,            Action::Still),

    ("the moved matte will do",             AUTOMATIC, |_| (),                      Action::Follow),
    ("mattes must not be moved",            AUTOMATIC, |f| f.compensates = false,   Action::Run),
    ("the picture is the last one's",       AUTOMATIC, |f| f.choice = Choice::Rest, Action::Repeat),
    ("no matte will do",                    AUTOMATIC, |f| f.choice = Choice::Run,  Action::Run),
    ("the picture decides, no matte yet",   AUTOMATIC, |f| before_the_first_run(f), Action::Run),
    ("the picture decides, a cut",          AUTOMATIC, |f| f.cut = true,            Action::Run),
    ("the picture decides, a busy network", AUTOMATIC, |f| busy_beside(f),          Action::Track),
    ("the picture decides, a late frame",   AUTOMATIC, |f| f.late = true,           Action::Track),
    ("the picture does not decide",         TRACKED, |f| f.choice = Choice::Move,   Action::Run),
];

fn before_the_first_run(facts: &mut Facts) {
    (facts.has_matte, facts.time_since_run) = (false, None);
}

fn stall(facts: &mut Facts, has_matte: bool) {
    (facts.idle, facts.stalled, facts.has_matte) = (false, true, has_matte);
}

fn busy(facts: &mut Facts, has_matte: bool, cut: bool) {
    (facts.idle, facts.has_matte, facts.cut) = (false, has_matte, cut);
}

fn busy_beside(facts: &mut Facts) {
    (facts.idle, facts.mode) = (false, Mode::Async);
}

fn busy_and_fixed(facts: &mut Facts) {
    (facts.idle, facts.compensates) = (false, false);
}

fn still(facts: &mut Facts, has_matte: bool, cut: bool) {
    (facts.still, facts.has_matte, facts.cut) = (true, has_matte, cut);
}

fn late_for_long(facts: &mut Facts) {
    facts.time_since_run = Some(LONGEST_LATE);
}

#[test]
fn every_case_has_its_action() {
    for (name, mut facts, change, action) in CASES.iter().copied() {
        change(&mut facts);
        assert_eq!(decide(&facts), action, "{name}: {facts:?}");
    }
}

#[test]
fn frames_are_read_for_motion_only_if_mattes_are_moved() {
    type Reads = (&'static str, Facts, fn(&mut Facts), bool);
    #[rustfmt::skip]
    let cases: [Reads; 7] = [
        ("every frame waits",           SYNC,    |_| (),                                  false),
        ("a matte was moved before",    TRACKED, |_| (),                                  true),
        ("beside the stream",           ASYNC,   |f| f.tracks_motion = false,             true),
        ("there, mattes are not moved", ASYNC,   |f| untracked_and_fixed(f),              false),
        ("late",                        LATE,    |f| f.tracks_motion = false,             true),
        ("late, mattes are not moved",  LATE,    |f| untracked_and_fixed(f),              false),
        ("between two runs",            BETWEEN, |_| (),                                  false),
    ];
    for (name, mut facts, change, reads) in cases {
        change(&mut facts);
        assert_eq!(facts.reads_motion(), reads, "{name}: {facts:?}");
    }
}

fn untracked_and_fixed(facts: &mut Facts) {
    (facts.tracks_motion, facts.compensates) = (false, false);
}

#[test]
fn only_late_frames_count_as_skipped() {
    assert!(LATE.is_skipped() && !SYNC.is_skipped() && !BETWEEN.is_skipped());
    let beside = Facts {
        late: true,
        ..ASYNC
    };
    assert!(!beside.is_skipped());
}
