// SPDX-License-Identifier: MPL-2.0

use super::*;

const FRAME: Duration = Duration::from_millis(33);

/// A policy whose scene has been seen often enough to go without runs.
fn settled() -> Policy {
    let mut policy = Policy::default();
    for _ in 0..START {
        assert!(!policy.measures(), "a scene begins with runs");
        policy.ran(Seen::Unknown);
    }
    assert!(policy.measures());
    policy
}

/// Has the policy see frames; how many went by without a run before each of the runs.
fn gaps(policy: &mut Policy, frames: usize, seen: impl Fn(usize) -> Seen) -> Vec<u32> {
    let (mut gaps, mut gap) = (Vec::new(), 0);
    for frame in 0..frames {
        let seen = if policy.measures() {
            seen(frame)
        } else {
            Seen::Unknown
        };
        if policy.choose(seen, FRAME * (gap + 1)) == Choice::Run {
            policy.ran(seen);
            gaps.push(gap);
            gap = 0;
        } else {
            gap += 1;
        }
    }
    gaps
}

#[test]
fn a_still_scene_rests_longer_and_longer_but_never_longer_than_a_second() {
    let gaps = gaps(&mut settled(), 3000, |_| Seen::Still { anew: true });
    assert!(gaps.is_sorted(), "{gaps:?}");
    assert!(gaps[0] >= 4, "{gaps:?}");
    let longest = LONGEST_REST.as_millis() / FRAME.as_millis();
    assert_eq!(u128::from(*gaps.last().unwrap()), longest);
    let early = gaps.iter().take_while(|gap| **gap < 20).count();
    assert!(early < 40, "{early}");
}

/// A camera with one frame per second: each frame comes when a rest has to end.
#[test]
fn a_slow_camera_runs_every_second() {
    let mut policy = settled();
    let seen = Seen::Still { anew: false };
    (0..100).for_each(|_| policy.ran(seen));
    assert_eq!(policy.choose(seen, LONGEST_REST - FRAME), Choice::Rest);
    assert_eq!(policy.choose(seen, LONGEST_REST), Choice::Run);
}

#[test]
fn a_safe_motion_is_followed_for_a_limited_time_and_a_risky_one_is_not() {
    let safe = gaps(&mut settled(), 300, |_| Seen::Moved(LIMIT * 0.9));
    let longest = LONGEST_MOVE.as_millis() / FRAME.as_millis();
    assert!(
        safe.iter().all(|gap| u128::from(*gap) == longest),
        "{safe:?}"
    );
    let risky = gaps(&mut settled(), 300, |_| Seen::Moved(LIMIT * 1.1));
    assert!(risky.iter().all(|gap| *gap == 0), "{risky:?}");
}

#[test]
fn a_heavy_motion_is_seldom_measured_and_its_end_is_noticed_soon() {
    let mut policy = settled();
    let mut measured = 0;
    for _ in 0..100 {
        measured += u32::from(policy.measures());
        let seen = if policy.measures() {
            Seen::Moved(1.0)
        } else {
            Seen::Unknown
        };
        assert_eq!(policy.choose(seen, FRAME), Choice::Run);
        policy.ran(seen);
    }
    assert!((25..40).contains(&measured), "{measured}");
    // The picture that the next measured frame is compared with is read.
    while !policy.measures() {
        let next = policy.unmeasured == 1;
        assert_eq!(policy.needs_picture(), next);
        policy.ran(Seen::Unknown);
    }
    // What moved has stopped.
    let (anew, again) = (Seen::Still { anew: true }, Seen::Still { anew: false });
    assert_eq!(
        policy.choose(anew, FRAME),
        Choice::Run,
        "means over time begin"
    );
    assert_eq!(policy.choose(again, FRAME), Choice::Rest, "a doubled frame");
    assert_eq!(policy.choose(again, FRAME * 2), Choice::Run);
}

#[test]
fn another_scene_begins_with_runs() {
    let mut policy = settled();
    policy.reset();
    assert!(!policy.measures() && policy.needs_picture());
    assert_eq!(policy.choose(Seen::Unknown, FRAME), Choice::Run);
}
