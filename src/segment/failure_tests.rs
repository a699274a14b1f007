// SPDX-License-Identifier: MPL-2.0

use super::*;

const CPU: Device = Device {
    accelerated: false,
    strict: false,
};
const DEVICE: Device = Device {
    accelerated: true,
    strict: false,
};
const STRICT: Device = Device {
    accelerated: true,
    strict: true,
};

const NOTHING: Consequences = Consequences {
    drops_matte: false,
    notice: None,
    warns: false,
    device_loss: None,
};
const DROPS: Consequences = Consequences {
    drops_matte: true,
    ..NOTHING
};
const WARNS: Consequences = Consequences {
    warns: true,
    ..DROPS
};
const STALLS: Consequences = Consequences {
    notice: Some(Notice::Stalled),
    ..DROPS
};
const RECOVERS: Consequences = Consequences {
    notice: Some(Notice::Recovered),
    ..NOTHING
};

const FAILED: Outcome = Outcome::Failed { device: false };
const DEVICE_FAILED: Outcome = Outcome::Failed { device: true };

/// Checks what follows of outcomes, one after the other, each so many ms after the first.
fn check(device: Device, steps: &[(u64, Outcome, Consequences)]) {
    let (mut state, start) = (FailureState::default(), Instant::now());
    for (step, (ms, outcome, expected)) in steps.iter().enumerate() {
        let found = state.after(*outcome, device, start + Duration::from_millis(*ms));
        assert_eq!(found, *expected, "step {step} of {steps:?}");
    }
}

#[test]
fn a_failure_is_told_once_and_so_is_its_end() {
    check(
        CPU,
        &[
            (0, Outcome::Matte, NOTHING),
            (10, FAILED, WARNS),
            (20, FAILED, DROPS),
            (2000, FAILED, DROPS),
            (2010, Outcome::Matte, RECOVERS),
            (2020, Outcome::Matte, NOTHING),
        ],
    );
}

#[test]
fn failures_now_and_then_warn_once_a_second() {
    check(
        CPU,
        &[
            (0, FAILED, WARNS),
            (100, Outcome::Matte, RECOVERS),
            (200, FAILED, DROPS),
            // The application was not told of the second failure.
            (300, Outcome::Matte, NOTHING),
            (900, FAILED, DROPS),
            (1000, FAILED, WARNS),
            (1100, Outcome::Matte, RECOVERS),
        ],
    );
}

#[test]
fn a_stall_is_told_once_and_drops_the_matte() {
    check(
        CPU,
        &[
            (0, Outcome::Stalled, STALLS),
            (10, Outcome::Overdue(1), NOTHING),
            (20, Outcome::Stalled, DROPS),
            (30, Outcome::Matte, RECOVERS),
            (40, Outcome::Overdue(0), NOTHING),
            (50, Outcome::Overdue(1), STALLS),
            (60, Outcome::Overdue(5), NOTHING),
        ],
    );
}

#[test]
fn a_device_that_fails_three_times_in_a_row_is_lost_once() {
    let lost = |device_loss| Consequences {
        device_loss: Some(device_loss),
        ..DROPS
    };
    check(
        DEVICE,
        &[
            (0, DEVICE_FAILED, WARNS),
            (1, DEVICE_FAILED, DROPS),
            (2, FAILED, DROPS),
            (3, DEVICE_FAILED, DROPS),
            (4, DEVICE_FAILED, DROPS),
            (5, DEVICE_FAILED, lost(DeviceLoss::Rebuild)),
            (6, DEVICE_FAILED, DROPS),
        ],
    );
    let rest = [
        (1, DEVICE_FAILED, DROPS),
        (2, DEVICE_FAILED, lost(DeviceLoss::End)),
    ];
    check(STRICT, &[&[(0, DEVICE_FAILED, WARNS)], &rest[..]].concat());
    check(
        CPU,
        &[
            (0, DEVICE_FAILED, WARNS),
            (1, DEVICE_FAILED, DROPS),
            (2, DEVICE_FAILED, DROPS),
        ],
    );
}

#[test]
fn a_device_that_hangs_is_lost() {
    let lost = |device_loss, before| Consequences {
        device_loss: Some(device_loss),
        ..before
    };
    let rebuild = lost(DeviceLoss::Rebuild, NOTHING);
    check(
        DEVICE,
        &[
            (0, Outcome::Overdue(1), STALLS),
            (1, Outcome::Overdue(2), rebuild),
            (2, Outcome::Overdue(3), NOTHING),
        ],
    );
    check(
        STRICT,
        &[(0, Outcome::Overdue(2), lost(DeviceLoss::End, STALLS))],
    );
    check(CPU, &[(0, Outcome::Overdue(9), STALLS)]);
}

#[test]
fn another_network_begins_without_faults_but_the_failure_is_not_forgotten() {
    let (mut state, now) = (FailureState::default(), Instant::now());
    for outcome in [
        DEVICE_FAILED,
        DEVICE_FAILED,
        DEVICE_FAILED,
        Outcome::Stalled,
    ] {
        state.after(outcome, DEVICE, now);
    }
    assert!(state.is_stalled());
    state.exchange_network();
    assert!(!state.is_stalled());
    assert_eq!(state.after(DEVICE_FAILED, DEVICE, now), DROPS);
    assert_eq!(state.after(Outcome::Matte, DEVICE, now), RECOVERS);
}
