// SPDX-License-Identifier: MPL-2.0

//! Frames without a picture of their own: which of them keep the matte of the frame before, and when
//! the application is told. Pure: the element does what is decided here.

use super::queue::Absent;
use std::time::Duration;

/// Between two pictures of a slower stream, frames keep the matte for this long after the first.
/// Nothing can move it meanwhile, so that it soon is of another picture.
const LONGEST: Duration = Duration::from_millis(100);
/// How long a stream may take to begin before the application is told.
const BEGIN: Duration = Duration::from_secs(1);
/// After this long without a miss, the next one is told again.
const QUIET: Duration = Duration::from_secs(10);

/// What is known about missing pictures.
#[derive(Debug, Default)]
pub struct Missing {
    /// Time since the last picture.
    without: Duration,
    /// Time since the last miss.
    with: Duration,
    told: bool,
}

impl Missing {
    /// The next frame comes, `step` after the one before.
    pub fn advance(&mut self, step: Duration) {
        self.without = self.without.saturating_add(step);
        self.with = self.with.saturating_add(step);
    }

    /// The frame has its picture.
    pub fn found(&mut self) {
        self.without = Duration::ZERO;
        if self.with >= QUIET {
            self.told = false;
        }
    }

    /// Whether a frame that has none lies between two pictures of a slower stream, near enough to
    /// the first one to do with the matte of the frame before.
    pub fn is_between(&self, why: Absent) -> bool {
        why == Absent::NotDue && self.without < LONGEST
    }

    /// The frame's picture did not come. Returns whether the application is told now.
    pub fn missed(&mut self, why: Absent) -> bool {
        if why == Absent::Nothing && self.without < BEGIN {
            return false;
        }
        self.with = Duration::ZERO;
        !std::mem::replace(&mut self.told, true)
    }
}

impl Absent {
    /// Why, and what to do, in words. `waited` is what a frame waits for its picture.
    pub fn words(self, waited: Duration) -> String {
        let waited = waited.as_millis();
        match self {
            Self::NotDue => "the small stream has fewer than ten pictures per second; raise its \
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
                "nothing has come there within {waited} ms; link it to the camera's small stream \
                 and put a queue before each pad, or release it, and the frames themselves are read"
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

    /// A frame without a picture: whether it keeps a matte, else whether the application is told.
    fn next(missing: &mut Missing, why: Absent) -> Result<(), bool> {
        missing.advance(STEP);
        match missing.is_between(why) {
            true => Ok(()),
            false => Err(missing.missed(why)),
        }
    }

    fn found(missing: &mut Missing) {
        missing.advance(STEP);
        missing.found();
    }

    #[test]
    fn only_between_two_pictures_that_are_near_a_matte_is_kept() {
        let mut missing = Missing::default();
        found(&mut missing);
        let kept: Vec<_> = (0..5).map(|_| next(&mut missing, Absent::NotDue)).collect();
        assert_eq!(kept, [Ok(()), Ok(()), Err(true), Err(false), Err(false)]);
        found(&mut missing);
        assert_eq!(next(&mut missing, Absent::NotDue), Ok(()));
        for why in [Absent::Late, Absent::Lost, Absent::Ended, Absent::Nothing] {
            found(&mut missing);
            assert!(next(&mut missing, why).is_err(), "{why:?}");
        }
        // Frames that needed no picture count as well.
        found(&mut missing);
        (0..3).for_each(|_| missing.advance(STEP));
        assert!(next(&mut missing, Absent::NotDue).is_err());
    }

    #[test]
    fn a_miss_is_told_once_until_all_was_well_for_a_while() {
        let mut missing = Missing::default();
        assert_eq!(next(&mut missing, Absent::Lost), Err(true));
        for _ in 0..1000 {
            found(&mut missing);
            assert_eq!(next(&mut missing, Absent::Late), Err(false));
        }
        (0..249).for_each(|_| found(&mut missing));
        assert_eq!(next(&mut missing, Absent::Late), Err(false));
        (0..250).for_each(|_| found(&mut missing));
        assert_eq!(next(&mut missing, Absent::Late), Err(true));
    }

    #[test]
    fn a_stream_may_take_its_time_to_begin() {
        let mut missing = Missing::default();
        for _ in 0..24 {
            assert_eq!(next(&mut missing, Absent::Nothing), Err(false));
        }
        assert_eq!(next(&mut missing, Absent::Nothing), Err(true));
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
