// SPDX-License-Identifier: MPL-2.0

//! When the frames of an animation are seen, over all its repetitions.

use super::error::ComposeError;
use crate::picture::PictureError;
use std::num::NonZeroU32;
use std::time::Duration;

/// How far an animation has been decoded. Times are the stream's; the animation begins at zero.
#[derive(Debug)]
pub struct AnimationTimeline {
    /// How often it plays; none: for ever.
    loops: Option<NonZeroU32>,
    /// How long it is, once it has been decoded to its end.
    total: Option<Duration>,
    /// When this repetition has begun, and how many were before it.
    start: Duration,
    before: u32,
    /// The newest frame's begin and end.
    begin: Duration,
    end: Duration,
    /// Number of frames decoded of this repetition.
    count: u64,
    /// The newest frame was offered.
    offered: bool,
    /// Nothing but the first frame of the file has been decoded; it is shown already.
    fresh: bool,
}

impl AnimationTimeline {
    /// Before the first frame.
    pub fn new(loops: Option<NonZeroU32>) -> Self {
        Self {
            loops,
            total: None,
            start: Duration::ZERO,
            before: 0,
            begin: Duration::ZERO,
            end: Duration::ZERO,
            count: 0,
            offered: false,
            fresh: true,
        }
    }

    /// Whether `now` is so far ahead that a later repetition is the shorter way to it.
    pub fn is_far_behind(&self, now: Duration) -> bool {
        let last = self
            .loops
            .is_some_and(|loops| self.before + 1 >= loops.get());
        !last && self.total.is_some_and(|total| now >= self.end + total)
    }

    /// Goes to the start of the repetition that is seen at `now`.
    pub fn seek(&mut self, now: Duration) {
        let total = self.total.map_or(0, |total| total.as_nanos());
        let passed = now.as_nanos().checked_div(total).unwrap_or(0);
        let most = self.loops.map_or(u32::MAX, |loops| loops.get() - 1);
        self.before = u32::try_from(passed).unwrap_or(u32::MAX).min(most);
        let start = total.saturating_mul(self.before.into());
        self.start = Duration::from_nanos(u64::try_from(start).unwrap_or(u64::MAX));
        (self.begin, self.end) = (self.start, self.start);
        (self.count, self.offered, self.fresh) = (0, false, false);
    }

    /// Takes the next frame's length. Returns whether the frame is over already at `now`; the very
    /// last frame of the animation never is.
    pub fn push(&mut self, delay: Duration, now: Duration) -> bool {
        self.fresh &= self.count == 0;
        self.count += 1;
        self.begin = self.end;
        self.end = self.begin.saturating_add(delay);
        self.offered = self.is_first();
        self.end <= now && self.stop().is_none_or(|stop| self.end < stop)
    }

    /// When the last repetition ends, if that is known.
    fn stop(&self) -> Option<Duration> {
        Some(self.total?.saturating_mul(self.loops?.get()))
    }

    /// Whether the newest frame is the first of all, which is shown from the beginning.
    pub fn is_first(&self) -> bool {
        self.fresh && self.count == 1
    }

    /// When the newest frame begins.
    pub fn begin(&self) -> Duration {
        self.begin
    }

    /// The newest frame has been converted.
    pub fn offered(&mut self) {
        self.offered = true;
    }

    /// Notes the file's end. Returns whether the animation starts again.
    ///
    /// # Errors
    /// [`ComposeError::LostFrames`] if there was no frame.
    pub fn end(&mut self) -> Result<bool, ComposeError> {
        if self.count == 0 {
            return Err(ComposeError::LostFrames);
        }
        self.total = Some(self.end - self.start);
        if self
            .loops
            .is_some_and(|loops| self.before + 1 >= loops.get())
        {
            return Ok(false);
        }
        self.before = self.before.saturating_add(1);
        (self.start, self.count, self.fresh) = (self.end, 0, false);
        Ok(true)
    }

    /// Whether the animation has ended without its last frame, since decoding was late.
    pub fn missed_the_last(&self) -> bool {
        !self.offered
    }

    /// The error for a next frame that cannot be decoded.
    pub fn breaks_off(&self, source: PictureError) -> ComposeError {
        ComposeError::BreaksOff {
            frame: self.count,
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(100);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn repetitions_follow_each_other() {
        let mut line = AnimationTimeline::new(None);
        assert!(!line.push(FRAME, ms(0)));
        assert!(line.is_first());
        assert!(line.push(FRAME, ms(200)) && !line.push(FRAME, ms(200)));
        assert!(
            !line.is_far_behind(ms(9_999)),
            "its length is not known yet"
        );
        assert!(line.end().unwrap());
        assert!(!line.push(FRAME, ms(300)) && !line.is_first());
        assert_eq!(line.begin(), ms(300));
        assert!(!line.is_far_behind(ms(699)) && line.is_far_behind(ms(700)));
        line.seek(ms(1_000_150));
        line.push(FRAME, ms(1_000_150));
        assert_eq!(line.begin(), ms(999_900));
        line.seek(ms(20));
        line.push(FRAME, ms(20));
        assert_eq!(line.begin(), ms(0));
        assert!(!line.is_first(), "another frame is shown by now");
    }

    #[test]
    fn the_last_frame_of_the_last_repetition_stays() {
        let mut line = AnimationTimeline::new(NonZeroU32::new(2));
        line.push(FRAME, ms(0));
        line.push(FRAME, ms(0));
        assert!(line.end().unwrap());
        assert!(line.push(FRAME, ms(5_000)));
        assert!(!line.push(FRAME, ms(5_000)), "the last is never late");
        assert!(!line.end().unwrap());
        assert!(line.missed_the_last());
        line.seek(ms(5_000));
        line.push(FRAME, ms(5_000));
        line.push(FRAME, ms(5_000));
        assert_eq!(line.begin(), ms(300));
        line.offered();
        assert!(!line.end().unwrap());
        assert!(!line.missed_the_last());
    }

    #[test]
    fn what_has_no_frames_does_not_start_again() {
        assert!(AnimationTimeline::new(None).end().is_err());
    }
}
