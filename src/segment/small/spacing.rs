// SPDX-License-Identifier: MPL-2.0

//! How far apart the pictures of the small stream are, so that no frame waits for one that is not
//! due.

use gst::ClockTime;
use std::time::Duration;

/// Distances that are remembered: one lost picture must not make the next one count as not due.
const REMEMBERED: usize = 4;

/// Distances of the last pictures, in running time.
#[derive(Debug, Default)]
pub struct Spacing {
    /// By the caps' frame rate and the segment's rate.
    declared: Option<ClockTime>,
    measured: [Option<ClockTime>; REMEMBERED],
    next: usize,
    newest: Option<ClockTime>,
    /// Up to here there is no picture, as the stream itself says.
    gap: Option<ClockTime>,
}

impl Spacing {
    /// Takes how far apart pictures are said to be.
    pub fn declare(&mut self, interval: Option<Duration>) {
        self.declared = interval.and_then(|interval| ClockTime::try_from(interval).ok());
    }

    /// Whether no picture has come yet.
    pub fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    /// A picture has come.
    pub fn note(&mut self, time: ClockTime) {
        let last = self.newest.replace(time);
        if let Some(distance) = last.and_then(|last| time.checked_sub(last)) {
            self.measured[self.next] = Some(distance);
            self.next = (self.next + 1) % REMEMBERED;
        }
    }

    /// The stream has no picture up to this time.
    pub fn gap(&mut self, end: ClockTime) {
        self.gap = Some(end);
    }

    /// The stream starts over; its rate stays.
    pub fn restart(&mut self) {
        *self = Self {
            declared: self.declared,
            ..Self::default()
        };
    }

    /// How far apart pictures are: the shortest distance of late, since any of them may be lost.
    /// One alone is not believed more than the caps.
    fn distance(&self) -> Option<ClockTime> {
        let measured = self.measured.iter().flatten();
        let declared = self.declared.filter(|_| measured.clone().count() < 2);
        measured.copied().chain(declared).min()
    }

    /// Whether the small stream has no picture for a frame of this time: by more than what times
    /// may be off, the next one is due later or, if that has come, the one before it was earlier.
    pub fn leaves_out(
        &self,
        time: ClockTime,
        tolerance: ClockTime,
        next: Option<ClockTime>,
    ) -> bool {
        let off = tolerance.saturating_mul(2);
        if self.gap.is_some_and(|end| end > time.saturating_add(off)) {
            return true;
        }
        let (Some(newest), Some(distance)) = (self.newest, self.distance()) else {
            return false;
        };
        match next {
            Some(next) => next.saturating_sub(distance).saturating_add(off) < time,
            None => newest.saturating_add(distance) > time.saturating_add(off),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> ClockTime {
        ClockTime::from_mseconds(ms)
    }

    #[test]
    fn a_stream_of_half_the_rate_leaves_every_second_frame_out() {
        let mut spacing = Spacing::default();
        spacing.declare(Some(Duration::from_secs_f64(1.0 / 15.0)));
        assert!(spacing.is_empty() && !spacing.leaves_out(ms(33), ms(8), None));
        spacing.note(ms(0));
        assert!(spacing.leaves_out(ms(33), ms(8), None));
        assert!(!spacing.leaves_out(ms(66), ms(8), None));
        // What is measured counts before what caps say: a camera may promise anything.
        let mut measured = Spacing::default();
        measured.declare(Some(Duration::from_secs_f64(1.0 / 30.0)));
        [0, 66, 133]
            .into_iter()
            .for_each(|at| measured.note(ms(at)));
        assert!(measured.leaves_out(ms(166), ms(8), None));
        assert!(!measured.leaves_out(ms(200), ms(8), None));
        // Between two pictures that have both come, too.
        assert!(measured.leaves_out(ms(100), ms(8), Some(ms(133))));
    }

    #[test]
    fn a_lost_picture_does_not_make_the_next_one_late() {
        let mut spacing = Spacing::default();
        [0, 33, 66, 133]
            .into_iter()
            .for_each(|at| spacing.note(ms(at)));
        assert!(!spacing.leaves_out(ms(166), ms(8), None));
        assert!(
            !spacing.leaves_out(ms(100), ms(8), Some(ms(133))),
            "it was lost"
        );
    }

    #[test]
    fn a_gap_leaves_frames_out_and_no_rate_leaves_out_none() {
        let mut spacing = Spacing::default();
        spacing.declare(None);
        spacing.note(ms(0));
        assert!(!spacing.leaves_out(ms(1), ms(0), None));
        spacing.gap(ms(200));
        assert!(spacing.leaves_out(ms(100), ms(8), None));
        assert!(!spacing.leaves_out(ms(200), ms(8), None));
        spacing.restart();
        assert!(spacing.is_empty() && !spacing.leaves_out(ms(100), ms(8), None));
    }
}
