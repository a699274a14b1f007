// SPDX-License-Identifier: MPL-2.0

//! Frames whose picture did not come: how long they keep the matte of an earlier one, and when the
//! application is told. Pure: the element does what is decided here.

use super::queue::Absent;
use std::time::Duration;

/// Frames keep an earlier frame's matte for this long. After that it is of another picture.
const LONGEST: Duration = Duration::from_millis(250);
/// How long a stream may take to begin before the application is told.
const BEGIN: Duration = Duration::from_secs(1);
/// After this long without a miss, the next one is told again.
const QUIET: Duration = Duration::from_secs(10);

/// What is known about missing pictures.
#[derive(Debug, Default)]
pub struct Missing {
    /// Time since the last picture, and since the last miss.
    without: Duration,
    with: Duration,
    told: bool,
}

impl Missing {
    /// A frame has its picture, `step` after the frame before.
    pub fn found(&mut self, step: Duration) {
        self.without = Duration::ZERO;
        self.with = self.with.saturating_add(step);
        if self.with >= QUIET {
            self.told = false;
        }
    }

    /// A frame has none. Returns whether the application is told now.
    pub fn missed(&mut self, why: Absent, step: Duration) -> bool {
        self.without = self.without.saturating_add(step);
        let bad = match why {
            Absent::NotDue => !self.keeps_matte(),
            Absent::Nothing => self.without >= BEGIN,
            _ => true,
        };
        if !bad {
            return false;
        }
        self.with = Duration::ZERO;
        !std::mem::replace(&mut self.told, true)
    }

    /// Whether a frame without a picture keeps the matte of an earlier one.
    pub fn keeps_matte(&self) -> bool {
        self.without < LONGEST
    }
}

impl Absent {
    /// Why, and what to do, in words. `waited` is what a frame waits for its picture.
    pub fn words(self, waited: Duration) -> String {
        let waited = waited.as_millis();
        match self {
            Self::NotDue => "the small stream has fewer than four pictures per second; raise its \
                             frame rate"
                .into(),
            Self::Late => format!(
                "none came within {waited} ms; raise small-latency, and put a queue before each pad"
            ),
            Self::Lost => "only pictures of other times came; both streams must be of one camera \
                           and have the same timestamps (gst_pad_set_offset moves one's)"
                .into(),
            Self::Ended => "the small stream is over".into(),
            Self::Nothing => format!(
                "nothing has come there within {waited} ms; link it to the camera's small stream, \
                 or release it, and the frames themselves are read"
            ),
            Self::OneThread => {
                "both streams come on one thread, and the frame first; put a queue before the pad sink"
                    .into()
            }
            Self::Untimed => {
                "the frame has no timestamp to find it by; for appsrc, set format=time".into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(40);

    #[test]
    fn a_matte_is_kept_for_a_quarter_of_a_second_and_no_longer() {
        let mut missing = Missing::default();
        missing.found(STEP);
        let kept: Vec<_> = (0..8)
            .map(|_| {
                missing.missed(Absent::Late, STEP);
                missing.keeps_matte()
            })
            .collect();
        assert_eq!(kept, [true, true, true, true, true, true, false, false]);
        missing.found(STEP);
        assert!(missing.keeps_matte());
    }

    #[test]
    fn a_miss_is_told_once_until_all_was_well_for_a_while() {
        let mut missing = Missing::default();
        assert!(missing.missed(Absent::Lost, STEP));
        for _ in 0..1000 {
            missing.found(STEP);
            missing.found(STEP);
            assert!(!missing.missed(Absent::Late, STEP));
        }
        (0..249).for_each(|_| missing.found(STEP));
        assert!(!missing.missed(Absent::Late, STEP));
        (0..250).for_each(|_| missing.found(STEP));
        assert!(missing.missed(Absent::Late, STEP));
    }

    #[test]
    fn frames_that_need_none_are_no_miss_and_a_stream_may_take_its_time_to_begin() {
        let mut missing = Missing::default();
        for _ in 0..24 {
            assert!(!missing.missed(Absent::Nothing, STEP));
        }
        assert!(missing.missed(Absent::Nothing, STEP));
        let mut missing = Missing::default();
        for _ in 0..100 {
            missing.found(STEP);
            assert!(!missing.missed(Absent::NotDue, STEP));
        }
        let told = (0..20).filter(|_| missing.missed(Absent::NotDue, STEP));
        assert_eq!(told.count(), 1, "a picture now and then is not enough");
    }

    #[test]
    fn every_reason_says_what_to_do() {
        for why in [
            Absent::NotDue,
            Absent::Late,
            Absent::Lost,
            Absent::Nothing,
            Absent::OneThread,
            Absent::Untimed,
        ] {
            let words = why.words(Duration::from_millis(20));
            let remedies = ["raise", "must", "link", "put", "set"];
            assert!(
                remedies.iter().any(|remedy| words.contains(remedy)),
                "{words}"
            );
        }
    }
}
