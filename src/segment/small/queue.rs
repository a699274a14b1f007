// SPDX-License-Identifier: MPL-2.0

//! Pictures that came in on the pad `small` and wait for their frame. The small stream's thread
//! puts them in, the main stream's thread takes the one that shows what a frame shows.
//!
//! Whatever is linked to the pads, a main frame waits for as long as its caller says, and never for a
//! picture that cannot come. The small stream waits while the main stream may still come and take
//! pictures: a second while the element plays, and before that until it plays, is flushed or stops.

use super::spacing::Spacing;
use crate::frame::Orientation;
use crate::sync::Watched;
use crate::timeline::interval;
use crate::video::Stream;
use gst::ClockTime;
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// Pictures that wait. A camera has about four buffers for a stream; it must keep one to go on.
const CAPACITY: usize = 3;
/// The same of a live stream, with copies: as many frames as a queue before the other pad may hold.
const MOST_LIVE: usize = 32;
/// The same of a stream that is not live, if the main one is found to be further behind.
const MOST: usize = 64;
/// The small stream waits this long for room before the main one counts as idle.
const PATIENCE: Duration = Duration::from_secs(1);

/// A picture of the small stream.
#[derive(Debug, Clone)]
pub struct SmallPicture {
    /// Its pixels.
    pub buffer: gst::Buffer,
    /// What its caps said.
    pub stream: Arc<Stream>,
    /// What makes it upright, by the stream's own tags.
    pub orientation: Orientation,
    /// Its running time.
    time: ClockTime,
}

/// Why a frame has no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// The small stream has fewer pictures than the main one has frames, and none now.
    NotDue,
    /// None came in time.
    Late,
    /// A later one came, but not this one.
    Lost,
    /// The small stream is over.
    Ended,
    /// Nothing has come since the stream started.
    Nothing,
    /// Both streams come on one thread, the frame first: its picture cannot come while it waits.
    OneThread,
    /// The frame has no running time by which its picture could be found.
    Untimed,
}

/// What was found for a frame.
#[derive(Debug)]
pub enum Found {
    /// The picture that shows what the frame shows.
    Picture(SmallPicture),
    /// None.
    Absent(Absent),
    /// A flush began or the element stops.
    Flushing,
}

/// What a frame asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Running time of the frame.
    pub time: Option<ClockTime>,
    /// How far the picture's time may be from it.
    pub tolerance: ClockTime,
    /// How long the frame may wait.
    pub patience: Duration,
}

/// Running time of a frame or picture: none if it has no timestamp or lies outside of its segment.
/// What begins before the segment counts from the segment on, in both streams.
pub fn running_time(
    segment: &gst::FormattedSegment<ClockTime>,
    buffer: &gst::BufferRef,
) -> Option<ClockTime> {
    let pts = buffer.pts()?;
    let end = buffer.duration().map(|length| pts.saturating_add(length));
    let (from, to) = segment.clip(pts, end)?;
    let from = segment.to_running_time(from);
    match segment.rate() < 0.0 {
        // Backwards, the end comes first.
        true => segment.to_running_time(to).or(from),
        false => from,
    }
}

#[derive(Debug, Default)]
struct State {
    stream: Option<Arc<Stream>>,
    orientation: Orientation,
    segment: Option<gst::FormattedSegment<ClockTime>>,
    waiting: VecDeque<SmallPicture>,
    spacing: Spacing,
    /// Whether the small stream keeps time by itself; not known at first.
    live: Option<bool>,
    eos: bool,
    /// The pad is being flushed or not active.
    flushing: bool,
    /// The main stream is over: there is no use for more pictures.
    closed: bool,
    /// No frame may wait: the main stream is being flushed or stopped.
    interrupted: bool,
    /// A frame waited in vain, and nothing has come since.
    stalled: bool,
    /// A seek is under way: what comes before the small stream's flush is of another time.
    stale: bool,
    /// The main stream did not take what is there for as long as it was waited for.
    idle: bool,
    /// Room for pictures beyond [`CAPACITY`].
    more: usize,
    /// What brings the pictures, and what brings the frames.
    threads: (Option<ThreadId>, Option<ThreadId>),
}

/// The pictures of the pad `small`.
#[derive(Debug, Default)]
pub struct SmallQueue(Watched<State>);

impl State {
    /// The main stream's thread is here.
    fn main_comes(&mut self) {
        self.idle = false;
        self.threads.1 = Some(thread::current().id());
    }

    /// Drops pictures of frames that have gone by.
    fn drop_past(&mut self, time: ClockTime, tolerance: ClockTime) {
        let past = |picture: &SmallPicture| picture.time.saturating_add(tolerance) < time;
        while self.waiting.front().is_some_and(past) {
            self.waiting.pop_front();
        }
    }

    /// What is there for a frame; nothing if waiting may change that.
    fn find(&mut self, wanted: &Wanted) -> Option<Found> {
        if self.interrupted {
            return Some(Found::Flushing);
        }
        let absent = |why| Some(Found::Absent(why));
        let Some(time) = wanted.time else {
            return absent(Absent::Untimed);
        };
        self.drop_past(time, wanted.tolerance);
        let apart = |picture: &SmallPicture| picture.time.max(time) - picture.time.min(time);
        if let Some(first) = self.waiting.front() {
            if apart(first) > wanted.tolerance {
                let next = Some(first.time);
                return absent(
                    match self.spacing.leaves_out(time, wanted.tolerance, next) {
                        true => Absent::NotDue,
                        false => Absent::Lost,
                    },
                );
            }
            // Of two that are near, the nearer one.
            while self.waiting.len() > 1 && apart(&self.waiting[1]) < apart(&self.waiting[0]) {
                self.waiting.pop_front();
            }
            return self.waiting.pop_front().map(Found::Picture);
        }
        if self.spacing.leaves_out(time, wanted.tolerance, None) {
            return absent(Absent::NotDue);
        }
        match self.threads {
            _ if self.eos => absent(Absent::Ended),
            (Some(small), Some(main)) if small == main => absent(Absent::OneThread),
            _ if self.stalled && self.spacing.is_empty() => absent(Absent::Nothing),
            _ if self.stalled => absent(Absent::Late),
            _ => None,
        }
    }

    /// Tells how far apart pictures are by the caps' frame rate and the segment's rate.
    fn declare(&mut self) {
        let rate = self.segment.as_ref().map_or(1.0, |segment| segment.rate());
        let fps = self.stream.as_ref().map(|stream| stream.info.fps());
        let interval = fps.and_then(|fps| interval(fps, rate));
        self.spacing.declare(interval);
    }

    /// Whether pictures are taken now.
    ///
    /// # Errors
    /// Why not.
    fn check_open(&self) -> Result<(), gst::FlowError> {
        if self.flushing {
            return Err(gst::FlowError::Flushing);
        }
        if self.eos || self.closed {
            return Err(gst::FlowError::Eos);
        }
        Ok(())
    }

    /// Whether a picture that comes now waits for room.
    fn is_full(&self) -> bool {
        let most = match self.live {
            Some(true) => MOST_LIVE,
            _ => CAPACITY + self.more,
        };
        self.waiting.len() >= most
    }

    /// Whether a picture that comes now is copied, since the camera needs its buffers.
    fn is_copied(&self) -> bool {
        self.live == Some(true) && self.waiting.len() >= CAPACITY
    }

    /// Makes room without waiting.
    fn make_room(&mut self) {
        let most = MOST - CAPACITY;
        if self.live != Some(true) && self.more < most {
            self.more = (2 * self.more + CAPACITY).min(most);
        } else {
            self.waiting.pop_front();
        }
    }

    /// Whether the main stream cannot take a picture while this one waits, or need not be waited
    /// for.
    fn is_in_vain(&self) -> bool {
        let (small, main) = self.threads;
        self.live == Some(true) || self.idle || small == main
    }
}

impl SmallQueue {
    /// Opens or closes the pad. Closed, it forgets everything.
    pub fn activate(&self, active: bool) {
        self.0.update(|state| {
            *state = State {
                flushing: !active,
                // A frame that waits goes without.
                eos: !active,
                interrupted: state.interrupted,
                closed: state.closed,
                ..State::default()
            };
        });
    }

    /// A new stream starts.
    pub fn stream_start(&self) {
        self.0.update(|state| {
            (state.eos, state.stalled, state.live) = (false, false, None);
            state.spacing = Spacing::default();
        });
    }

    /// Whether it is not known yet if the small stream is live.
    pub fn asks_for_live(&self) -> bool {
        self.0.lock().live.is_none()
    }

    /// Says whether the small stream is live.
    pub fn set_live(&self, live: bool) {
        self.0.update(|state| state.live = Some(live));
    }

    /// Caps of the pictures to come.
    pub fn set_stream(&self, stream: Stream) {
        self.0.update(|state| {
            state.stream = Some(Arc::new(stream));
            state.declare();
        });
    }

    /// What makes the pictures to come upright.
    pub fn set_orientation(&self, orientation: Orientation) {
        self.0.update(|state| state.orientation = orientation);
    }

    /// Segment of the pictures to come.
    pub fn set_segment(&self, segment: gst::FormattedSegment<ClockTime>) {
        self.0.update(|state| {
            state.segment = Some(segment);
            state.declare();
        });
    }

    /// The small stream has no picture up to the end of this gap.
    pub fn gap(&self, start: ClockTime, length: Option<ClockTime>) {
        self.0.update(|state| {
            let end = start.saturating_add(length.unwrap_or_default());
            let running = state.segment.as_ref().and_then(|s| s.to_running_time(end));
            if let Some(running) = running {
                state.spacing.gap(running);
            }
        });
    }

    /// Drops what waits and refuses more.
    pub fn flush_start(&self) {
        self.0.update(|state| {
            state.flushing = true;
            state.waiting.clear();
        });
    }

    /// Takes pictures again, of a stream that starts over.
    pub fn flush_stop(&self) {
        self.0.update(|state| {
            (state.flushing, state.eos, state.stalled) = (false, false, false);
            state.stale = false;
            state.segment = None;
            state.spacing.restart();
        });
    }

    /// No more pictures come.
    pub fn end(&self) {
        self.0.update(|state| state.eos = true);
    }

    /// Whether no frame may wait, as the main stream is being flushed or stopped. What waits for
    /// its frames is of no use then.
    pub fn interrupt(&self, interrupted: bool) {
        self.0.update(|state| {
            state.interrupted = interrupted;
            if interrupted {
                state.waiting.clear();
            }
        });
    }

    /// Whether the main stream is over.
    pub fn close(&self, closed: bool) {
        self.0.update(|state| {
            state.closed = closed;
            if closed {
                state.waiting.clear();
            }
        });
    }

    /// Both streams go to another time. What waits, and what comes until the small stream is
    /// flushed or has refused to go there, must not be taken for a picture of that time.
    pub fn seek(&self, under_way: bool) {
        self.0.update(|state| {
            state.stale = under_way;
            if under_way {
                state.waiting.clear();
                state.spacing.restart();
            }
        });
    }

    /// Takes a picture. Waits while there is no room, unless the small stream is live; as long as
    /// the element is not `playing`, without an end.
    ///
    /// # Errors
    /// What the small stream's source is to get instead, if the picture is not taken.
    pub fn push(
        &self,
        mut buffer: gst::Buffer,
        playing: impl Fn() -> bool,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut state = self.0.lock();
        state.check_open()?;
        let stream = state.stream.clone().ok_or(gst::FlowError::NotNegotiated)?;
        if state.stale {
            return Ok(gst::FlowSuccess::Ok);
        }
        let segment = state.segment.as_ref();
        let Some(time) = segment.and_then(|segment| running_time(segment, &buffer)) else {
            return Ok(gst::FlowSuccess::Ok);
        };
        state.threads.0 = Some(thread::current().id());
        while state.is_full() {
            if state.is_in_vain() {
                state.make_room();
                continue;
            }
            let timed_out;
            (state, timed_out) = self.0.wait_for(state, PATIENCE);
            state.check_open()?;
            if timed_out && state.is_full() {
                drop(state);
                // Asks the element, which must not be waited for with the queue locked.
                let idle = playing();
                state = self.0.lock();
                state.check_open()?;
                state.idle = idle;
            }
        }
        if state.is_copied() {
            drop(state);
            let copy = buffer.copy_deep();
            state = self.0.lock();
            state.check_open()?;
            match copy {
                Ok(copy) => buffer = copy,
                // Memory that only hardware reads: the oldest goes instead.
                Err(_) => drop(state.waiting.pop_front()),
            }
        }
        if state.stale {
            return Ok(gst::FlowSuccess::Ok);
        }
        state.stalled = false;
        state.spacing.note(time);
        let orientation = state.orientation;
        state.waiting.push_back(SmallPicture {
            buffer,
            stream,
            orientation,
            time,
        });
        drop(state);
        self.0.wake();
        Ok(gst::FlowSuccess::Ok)
    }

    /// What brought the last frame.
    #[cfg(test)]
    pub fn main_thread(&self) -> Option<ThreadId> {
        self.0.lock().threads.1
    }

    /// A frame of this time goes by that needs no picture.
    pub fn pass(&self, time: Option<ClockTime>, tolerance: ClockTime) {
        self.0.update(|state| {
            state.main_comes();
            if let Some(time) = time {
                state.drop_past(time, tolerance);
            }
        });
    }

    /// The picture for a frame, waited for at most as long as the frame may wait. A stream that
    /// does not catch up in that time is not waited for again until it sends another picture.
    pub fn take(&self, wanted: &Wanted) -> Found {
        let deadline = Instant::now() + wanted.patience;
        let mut state = self.0.lock();
        state.main_comes();
        // The small stream may wait for what a frame takes away.
        self.0.wake();
        loop {
            if let Some(found) = state.find(wanted) {
                drop(state);
                self.0.wake();
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.stalled = true;
                continue;
            }
            state = self.0.wait_for(state, left).0;
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
