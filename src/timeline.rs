// SPDX-License-Identifier: MPL-2.0

//! Where frames lie in time: buffers, segments, flushes and stream starts become steps of a
//! [`Clock`], and the question whether a frame follows the one before gets one answer for all elements.
//!
//! | what comes | what it means |
//! | --- | --- |
//! | a flush | another time begins |
//! | a segment of the same rate into which the next frame follows the last one | nothing: demuxers, live sources and `concat` send them |
//! | any other segment | another time begins |
//! | a stream start | nothing by itself: it says where frames come from, not what they show. The segment after it decides by running time alone, since every file of a list counts from 0; if the stream has another id, its frames count as doubtful ([`Tick::other_stream`]) |
//! | the flag `DISCONT` | nothing: a queue sets it for each frame that it drops. Where much is missing, timestamps tell |
//! | a gap in the timestamps | [`Step::gap`] |
//!
//! Time is running time: it grows also where the stream plays backwards, and passes as the viewer sees
//! it pass at every rate.

use crate::clock::{Clock, Stamp, Step};
use std::time::{Duration, Instant};

type Segment = gst::FormattedSegment<gst::ClockTime>;

/// A frame's place in time, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    running: Option<Duration>,
    stream: Option<Duration>,
}

/// What a frame's place in time means.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// The way here from the frame before.
    pub step: Step,
    /// Running time, plausible whatever the timestamps are.
    pub now: Duration,
    /// The same, but it follows leaps of the timestamps at once.
    pub position: Duration,
    /// How much of the scene's time passed: what a rate of 2 shows in a second took two.
    pub scene: Duration,
    /// Another time begins: what earlier frames left behind is of no use.
    pub restarted: bool,
    /// Another stream has begun that goes on in time: perhaps another camera.
    pub other_stream: bool,
}

impl Tick {
    /// Whether the frame before says nothing about this one.
    pub const fn breaks(&self) -> bool {
        self.restarted || self.step.gap
    }
}

/// The frames of one pad on their way through time.
#[derive(Debug)]
pub struct Timeline {
    clock: Clock,
    /// Distance of frames by the caps, at rate 1.
    interval: Option<Duration>,
    segment: Option<Segment>,
    last: Place,
    stream_id: Option<String>,
    stream_started: bool,
    other_stream: bool,
    flushed: bool,
    /// Where the wall's time counts from; none where the wall must not count.
    epoch: Option<Instant>,
}

impl Timeline {
    /// A timeline whose clock looks at the wall where nothing else tells the time.
    pub fn new() -> Self {
        Self {
            epoch: Some(Instant::now()),
            ..Self::by_frames()
        }
    }

    /// A timeline whose clock only counts frames where timestamps fail: what comes out does not
    /// depend on how fast the machine is.
    pub fn by_frames() -> Self {
        Self {
            clock: Clock::default(),
            interval: None,
            segment: None,
            last: Place::default(),
            stream_id: None,
            stream_started: false,
            other_stream: false,
            flushed: true,
            epoch: None,
        }
    }

    /// Takes the frame rate of new caps.
    pub fn set_rate(&mut self, fps: gst::Fraction) {
        let interval = interval(fps, 1.0);
        self.interval = interval;
        let rate = self.segment.as_ref().map_or(1.0, Segment::rate);
        self.clock
            .set_interval(interval.and_then(|i| scaled(i, rate)));
    }

    /// A flush is over.
    pub fn flush(&mut self) {
        self.flushed = true;
    }

    /// Takes events that say something about time. To be called for every event of the pad.
    pub fn event(&mut self, event: &gst::EventRef) {
        match event.view() {
            gst::EventView::FlushStop(_) => self.flush(),
            gst::EventView::StreamStart(start) => {
                let id = start.stream_id();
                self.stream_started = true;
                if self.stream_id.as_deref() != Some(id) {
                    self.other_stream = self.stream_id.replace(id.to_owned()).is_some();
                }
            }
            _ => (),
        }
    }

    /// Takes the next frame, which lies in `segment`.
    pub fn tick(&mut self, segment: &gst::Segment, buffer: &gst::BufferRef) -> Tick {
        let segment = segment.downcast_ref::<gst::ClockTime>();
        // Of an appsrc that counts bytes, say: its timestamps are all there is.
        let untimed = || Place {
            running: buffer.pts().map(Duration::from),
            stream: None,
        };
        let place = segment.map_or_else(untimed, |s| place_in(s, buffer.pts()));
        let changed = match (&self.segment, segment) {
            (Some(old), Some(new)) => !maps_alike(old, new),
            (None, None) => false,
            _ => true,
        };
        let restarted = self.flushed || (changed && !self.follows(segment, place));
        if changed {
            let old = self.segment.as_ref().map_or(1.0, Segment::rate);
            self.segment = segment.cloned();
            let rate = segment.map_or(1.0, Segment::rate);
            if rate.abs() != old.abs() {
                self.clock
                    .set_interval(self.interval.and_then(|i| scaled(i, rate)));
            }
        }
        if restarted {
            self.clock.restart();
        }
        let rate = self.segment.as_ref().map_or(1.0, Segment::rate).abs();
        let step = self.clock.step(Stamp {
            time: place.running,
            duration: buffer
                .duration()
                .and_then(|d| scaled(Duration::from(d), rate)),
            wall: self.epoch.map(|epoch| epoch.elapsed()),
        });
        if place.running.is_some() {
            self.last = place;
        }
        self.flushed = false;
        self.stream_started = false;
        Tick {
            step,
            now: self.clock.now(),
            position: self.clock.position(),
            scene: scaled(step.elapsed, 1.0 / rate).unwrap_or(step.elapsed),
            restarted,
            other_stream: std::mem::take(&mut self.other_stream),
        }
    }

    /// Whether a frame of a new segment follows the last one.
    fn follows(&self, segment: Option<&Segment>, place: Place) -> bool {
        let (Some(old), Some(new)) = (&self.segment, segment) else {
            return false;
        };
        let near = |last: Option<Duration>, now: Option<Duration>| match (last, now) {
            (Some(last), Some(now)) => last.abs_diff(now) <= self.clock.limit(),
            _ => false,
        };
        // Every file of a list begins at 0; a new segment within one stream is a seek if it does.
        old.rate() == new.rate()
            && near(self.last.running, place.running)
            && (self.stream_started || near(self.last.stream, place.stream))
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

/// Running time from one frame to the next at a frame rate and a segment's rate; none if the frame rate
/// is open.
pub fn interval(fps: gst::Fraction, rate: f64) -> Option<Duration> {
    let (frames, seconds) = (fps.numer(), fps.denom());
    let known = frames > 0 && seconds > 0;
    let interval = known.then(|| Duration::from_secs_f64(f64::from(seconds) / f64::from(frames)));
    interval.and_then(|interval| scaled(interval, rate))
}

/// A time as it is seen to pass at a rate; none where that is no time.
pub fn scaled(time: Duration, rate: f64) -> Option<Duration> {
    // Exact in the usual case.
    if rate.abs() == 1.0 {
        return Some(time);
    }
    Duration::try_from_secs_f64(time.as_secs_f64() / rate.abs()).ok()
}

fn place_in(segment: &Segment, pts: Option<gst::ClockTime>) -> Place {
    let positive = |time: Option<gst::Signed<gst::ClockTime>>| {
        time.and_then(gst::Signed::positive).map(Duration::from)
    };
    Place {
        running: positive(segment.to_running_time_full(pts)),
        stream: positive(segment.to_stream_time_full(pts)),
    }
}

/// Whether two segments give every frame the same place.
fn maps_alike(a: &Segment, b: &Segment) -> bool {
    (a.rate(), a.applied_rate()) == (b.rate(), b.applied_rate())
        && (a.start(), a.base(), a.time(), a.offset())
            == (b.start(), b.base(), b.time(), b.offset())
        && (a.rate() > 0.0 || a.stop() == b.stop())
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
