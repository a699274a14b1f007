// SPDX-License-Identifier: MPL-2.0

//! Frames that came in on the background pad and wait for their time. The background's thread puts
//! them in, the camera's thread takes the one that belongs to a camera frame; neither blocks the
//! other for longer than it must.

use crate::frame::Orientation;
use crate::sync::Watched;
use crate::video::Stream;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Frames that wait beside the one that is shown. One more than is needed to know that the next
/// one's time has not come, for a decoder that works in bursts.
const CAPACITY: usize = 2;

/// From this difference between the two streams' times on, in ns, one of them has started over: it
/// has not merely begun a little later.
const RESTART: i64 = 1_000_000_000;

/// A frame of the background.
#[derive(Debug, Clone)]
pub struct BackgroundFrame {
    /// Its pixels.
    pub buffer: gst::Buffer,
    /// What its caps said.
    pub stream: Arc<Stream>,
    /// What makes it upright.
    pub orientation: Orientation,
    /// Running time at which it starts; none if it has no timestamp: it is due at once.
    start: Option<gst::ClockTime>,
    /// Running time at which it ends, if it has a duration.
    end: Option<gst::ClockTime>,
}

/// The background frame that was selected for a camera frame.
#[derive(Debug)]
pub struct Selection {
    /// The background frame, if there was one yet.
    pub frame: Option<BackgroundFrame>,
    /// Changes whenever `frame` does.
    pub serial: u64,
    /// Whether the background has ended and its last frame's time is over.
    pub ended: bool,
    /// Whether a newer frame may still come that belongs to this time: the background is late.
    pub late: bool,
}

#[derive(Debug, Default)]
struct State {
    stream: Option<Arc<Stream>>,
    orientation: Orientation,
    segment: Option<gst::FormattedSegment<gst::ClockTime>>,
    waiting: VecDeque<BackgroundFrame>,
    current: Option<BackgroundFrame>,
    serial: u64,
    /// Whether the background keeps time by itself and must not be blocked; not known at first.
    live: Option<bool>,
    eos: bool,
    /// The pad is being flushed or not active.
    flushing: bool,
    /// The output has ended: there is no use for more frames.
    closed: Option<gst::FlowError>,
    /// No thread may wait for frames now: the output is being flushed or stopped.
    interrupted: bool,
    /// A camera frame waited for the background in vain.
    stalled: bool,
    /// One of the streams started, perhaps over: `shift` is to be found again.
    restarted: bool,
    /// It was the camera.
    camera_restarted: bool,
    /// What is to be added to the background's running times, in ns.
    shift: i64,
}

/// The frames of the background pad.
#[derive(Debug, Default)]
pub struct BackgroundQueue(Watched<State>);

fn shifted(time: gst::ClockTime, shift: i64) -> i64 {
    (time.nseconds() as i64).saturating_add(shift)
}

impl State {
    fn show(&mut self, frame: BackgroundFrame) {
        self.current = Some(frame);
        self.serial += 1;
    }

    /// Whether a time of the background has come; with no clock to compare with, all have.
    fn has_come(&self, time: Option<gst::ClockTime>, now: Option<gst::ClockTime>) -> bool {
        match (time, now) {
            (Some(time), Some(now)) => shifted(time, self.shift) <= now.nseconds() as i64,
            _ => true,
        }
    }

    /// Moves on to the newest frame whose time has come.
    fn advance(&mut self, now: Option<gst::ClockTime>) {
        if self.restarted
            && let (Some(first), Some(now)) = (self.waiting.front(), now)
        {
            let apart = first
                .start
                .map_or(0, |start| now.nseconds() as i64 - shifted(start, 0));
            // Live sources stamp with the clock that the camera's frames are stamped with. A
            // background that is to start later is left in peace, unless its time is from before
            // the camera started over.
            let late = apart >= RESTART;
            let left_over = self.camera_restarted && apart <= -RESTART;
            let moved = self.live != Some(true) && (late || left_over);
            self.shift = if moved { apart } else { 0 };
            (self.restarted, self.camera_restarted) = (false, false);
        }
        while let Some(next) = self.waiting.front()
            && self.has_come(next.start, now)
        {
            let next = self.waiting.pop_front().expect("there is one in front");
            self.show(next);
        }
    }

    /// Whether a frame that should be shown now may still come.
    fn is_late(&self, now: Option<gst::ClockTime>) -> bool {
        let over = |frame: &BackgroundFrame| frame.end.is_none() || self.has_come(frame.end, now);
        !(self.eos || self.flushing || self.stalled || self.interrupted)
            && self.live != Some(true)
            && self.closed.is_none()
            && self.waiting.is_empty()
            && self.current.as_ref().is_none_or(over)
    }

    /// Whether frames are taken now.
    ///
    /// # Errors
    /// Why not.
    fn check_open(&self) -> Result<(), gst::FlowError> {
        match self.closed {
            _ if self.flushing => Err(gst::FlowError::Flushing),
            Some(error) => Err(error),
            None if self.eos => Err(gst::FlowError::Eos),
            None => Ok(()),
        }
    }

    /// Running times at which a frame starts and ends, as far as they are known. None if it lies
    /// outside of the segment: it is not to be seen.
    fn running_times(
        &self,
        buffer: &gst::BufferRef,
    ) -> Option<(Option<gst::ClockTime>, Option<gst::ClockTime>)> {
        let (Some(segment), Some(pts)) = (&self.segment, buffer.pts()) else {
            return Some((None, None));
        };
        let stop = buffer.duration().map(|d| pts.saturating_add(d));
        let (from, to) = segment.clip(pts, stop)?;
        match (segment.to_running_time(from), segment.to_running_time(to)) {
            // Backwards, a frame's end comes first.
            (Some(a), Some(b)) => Some((Some(a.min(b)), Some(a.max(b)))),
            times => Some(times),
        }
    }

    fn selection(&self, now: Option<gst::ClockTime>) -> Selection {
        let over = |frame: &BackgroundFrame| self.has_come(frame.end, now);
        Selection {
            frame: self.current.clone(),
            serial: self.serial,
            ended: self.eos && self.waiting.is_empty() && self.current.as_ref().is_none_or(over),
            late: self.is_late(now),
        }
    }
}

impl BackgroundQueue {
    /// Opens or closes the pad. Closed, it forgets everything.
    pub fn activate(&self, active: bool) {
        self.0.update(|state| {
            let serial = state.serial + 1;
            *state = State {
                serial,
                flushing: !active,
                restarted: true,
                interrupted: state.interrupted,
                ..State::default()
            };
        });
    }

    /// A new stream starts. What is shown stays until it has a frame.
    pub fn stream_start(&self) {
        self.0.update(|state| {
            state.eos = false;
            state.stalled = false;
            state.live = None;
            state.restarted = true;
        });
    }

    /// Whether it is not known yet if the background is live.
    pub fn asks_for_live(&self) -> bool {
        self.0.lock().live.is_none()
    }

    /// Whether the background is known to keep time by itself.
    pub fn is_live(&self) -> bool {
        self.0.lock().live == Some(true)
    }

    /// Says whether the background is live.
    pub fn set_live(&self, live: bool) {
        self.0.update(|state| state.live = Some(live));
    }

    /// Caps of the frames to come.
    pub fn set_stream(&self, stream: Stream) {
        self.0.update(|state| state.stream = Some(Arc::new(stream)));
    }

    /// What makes the frames to come upright.
    pub fn set_orientation(&self, orientation: Orientation) {
        self.0.update(|state| state.orientation = orientation);
    }

    /// Segment of the frames to come.
    pub fn set_segment(&self, segment: gst::FormattedSegment<gst::ClockTime>) {
        self.0.update(|state| state.segment = Some(segment));
    }

    /// Drops what waits and refuses more. What is shown stays.
    pub fn flush_start(&self) {
        self.0.update(|state| {
            state.flushing = true;
            state.waiting.clear();
        });
    }

    /// Takes frames again, of a stream that starts over.
    pub fn flush_stop(&self) {
        self.0.update(|state| {
            state.flushing = false;
            state.eos = false;
            state.stalled = false;
            state.segment = None;
            state.restarted = true;
        });
    }

    /// No more frames come.
    pub fn end(&self) {
        self.0.update(|state| state.eos = true);
    }

    /// Whether no thread may wait for frames, as the output is being flushed or stopped.
    pub fn interrupt(&self, interrupted: bool) {
        self.0.update(|state| state.interrupted = interrupted);
    }

    /// The output has ended, or begins anew.
    pub fn close(&self, closed: Option<gst::FlowError>) {
        self.0.update(|state| state.closed = closed);
    }

    /// The camera's time started over.
    pub fn camera_restarted(&self) {
        self.0
            .update(|state| (state.restarted, state.camera_restarted) = (true, true));
    }

    /// Takes a frame. Blocks while there is no room, unless the background is live: then the
    /// oldest frame is shown before its time.
    ///
    /// # Errors
    /// What the background's source is to get instead, if the frame is not taken.
    pub fn push(&self, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut state = self.0.lock();
        state.check_open()?;
        let stream = state.stream.clone().ok_or(gst::FlowError::NotNegotiated)?;
        let Some((start, end)) = state.running_times(&buffer) else {
            return Ok(gst::FlowSuccess::Ok);
        };
        while state.waiting.len() >= CAPACITY {
            if state.live == Some(true) {
                let oldest = state.waiting.pop_front().expect("it is full");
                state.show(oldest);
                break;
            }
            state = self.0.wait(state);
            state.check_open()?;
        }
        state.stalled = false;
        let orientation = state.orientation;
        state.waiting.push_back(BackgroundFrame {
            buffer,
            stream,
            orientation,
            start,
            end,
        });
        drop(state);
        self.0.wake();
        Ok(gst::FlowSuccess::Ok)
    }

    /// Selects the frame for a camera frame of running time `now`.
    pub fn select(&self, now: Option<gst::ClockTime>) -> Selection {
        let mut state = self.0.lock();
        state.advance(now);
        let selection = state.selection(now);
        drop(state);
        self.0.wake();
        selection
    }

    /// The same, but waits for a late background for at most `timeout`. One that does not catch up
    /// is not waited for again until it sends another frame.
    pub fn wait(&self, now: Option<gst::ClockTime>, timeout: Duration) -> Selection {
        let deadline = Instant::now() + timeout;
        let mut state = self.0.lock();
        loop {
            state.advance(now);
            // The background's thread may wait for the room that this has made.
            self.0.wake();
            if !state.is_late(now) {
                return state.selection(now);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.stalled = true;
                return state.selection(now);
            }
            state = self.0.wait_for(state, left).0;
        }
    }
}

#[cfg(test)]
#[path = "background_queue_tests.rs"]
mod tests;
