// SPDX-License-Identifier: MPL-2.0

//! All that the streaming thread owns, from start to stop and from caps to caps.

use super::engine::Engine;
use super::error::SegmentError;
use super::failure::FailureState;
use super::motion_compensation::MotionCompensation;
use super::runner::{Handover, Runner};
use super::schedule::{Action, Facts, decide};
use super::small::{Missing, Picture};
use super::still_gate::StillGate;
use super::turned::Turned;
use super::worker::Finished;
use crate::filter::motion::warp::Warped;
use crate::filter::regions::presence::{Change, Presence};
use crate::frame::{FrameFormat, FrameRef, GrayImage, Orientation};
use crate::meta::{Matte, Stage, same_shape};
use crate::model::{self, ModelSource};
use crate::pool::MattePool;
use crate::timeline::{Tick, Timeline};
use crate::video::Stream;
use std::sync::Arc;
use std::time::Duration;

/// From start to stop.
pub struct Started {
    pub source: ModelSource,
    pub options: model::Options,
    /// Loaded at start, so that a bad model stops the pipeline there; it keeps the session alive
    /// until caps come.
    pub loaded: Option<Box<dyn Engine>>,
    /// Where frames lie in time.
    pub timeline: Timeline,
    pub stream: Option<StreamState>,
}

/// What depends on caps.
pub struct StreamState {
    /// Counted, so that a frame can be read while the rest of the state changes.
    pub caps: Arc<Stream>,
    pub aspect: gst::Fraction,
    /// What makes the frames upright, as the network sees them.
    pub orientation: Orientation,
    /// What depends on the network as well.
    pub net: NetworkState,
    #[cfg(feature = "v1_26")]
    pub masks: crate::analytics::Masks,
    pub still_gate: StillGate,
    pub presence: Presence,
    /// Newest matte, for frames that get none of their own.
    pub newest: Option<Matte>,
    /// The matte that the last frame left with, if the picture decides about runs.
    pub shown: Option<Matte>,
    /// The matte that the last frame left with, if small pictures are read.
    left: Option<Matte>,
    /// The newest matte, moved to the current frame when that was judged.
    moved: Option<gst::Sample>,
    /// Recurrent states must be cleared before the next run.
    pub reset: bool,
    /// Number of the last run of the network, and of the one that the newest matte is from.
    pub run: u64,
    pub newest_run: u64,
    pub frames_since_run: u32,
    /// The longest time that may have passed since the last run; none before the first.
    pub time_since_run: Option<Duration>,
    pub failures: FailureState,
    /// The format that is read: the frames' own, or that of their small pictures. None if it is not
    /// known what the network's sampler was made for.
    format: Option<FrameFormat>,
    /// Caps of the small stream that are known to go with the frames.
    pub small: Option<Arc<Stream>>,
    /// Frames whose small picture did not come.
    pub missing: Missing,
}

/// The network with what has its size.
pub struct NetworkState {
    pub runner: Runner,
    pub pool: MattePool,
    pub compensation: MotionCompensation,
    /// Frames are read for motion, because mattes are moved.
    pub tracks_motion: bool,
}

/// A matte that has become the newest one.
#[derive(Debug)]
pub struct Accepted {
    /// PTS of its frame.
    pub pts: Option<gst::ClockTime>,
    /// Time that the network took.
    pub time: Duration,
    /// Time that the frame was held, the wait for a run slot included.
    pub held: Duration,
    /// Whether the subject came or left.
    pub presence: Option<Change>,
}

impl NetworkState {
    /// Makes everything for a network and a stream whose frames `orientation` makes upright.
    ///
    /// # Errors
    /// A size that caps cannot express, frames that cannot be sampled, no thread.
    pub fn new(
        engine: Box<dyn Engine>,
        caps: &Stream,
        orientation: Orientation,
    ) -> Result<Self, SegmentError> {
        let engine = Turned::engine(engine, orientation);
        let about = engine.about();
        let size = about.matte_size;
        let pool = MattePool::new(size.0, size.1)?;
        Ok(Self {
            runner: Runner::new(engine, caps, orientation)?,
            pool,
            compensation: MotionCompensation::new(caps.frame_format(), size),
            // What a recurrent network remembers of one scene must not tint the next.
            tracks_motion: about.recurrent,
        })
    }

    /// Copies a matte of the network into memory that can leave with frames.
    fn to_sample(&self, matte: &GrayImage) -> Result<gst::Sample, SegmentError> {
        let found = (matte.width(), matte.height());
        let expected = (self.pool.width(), self.pool.height());
        if found != expected {
            return Err(SegmentError::MatteSize { found, expected });
        }
        let (sample, ()) = self.pool.fill(|out| {
            for (y, row) in matte.as_ref().rows().enumerate() {
                out.row_mut(y).copy_from_slice(row);
            }
        })?;
        Ok(sample)
    }
}

impl StreamState {
    /// Makes everything for a network and a stream.
    ///
    /// # Errors
    /// As [`NetworkState::new`].
    pub fn new(
        engine: Box<dyn Engine>,
        caps: Stream,
        orientation: Orientation,
    ) -> Result<Self, SegmentError> {
        Ok(Self {
            net: NetworkState::new(engine, &caps, orientation)?,
            aspect: caps.display_aspect(),
            orientation,
            #[cfg(feature = "v1_26")]
            masks: Default::default(),
            still_gate: StillGate::new(caps.frame_format()),
            presence: Presence::default(),
            newest: None,
            shown: None,
            left: None,
            moved: None,
            reset: false,
            run: 0,
            newest_run: 0,
            frames_since_run: 0,
            time_since_run: None,
            failures: FailureState::default(),
            format: Some(caps.frame_format()),
            small: None,
            missing: Missing::default(),
            caps: Arc::new(caps),
        })
    }

    /// Another network takes over.
    pub fn exchange(&mut self, net: NetworkState) {
        self.net = net;
        self.format = None;
        self.reset = false;
        self.shown = None;
        self.still_gate.forget();
        self.failures.exchange_network();
    }

    /// Whether frames of other caps look the same to the network.
    pub fn suits(&self, caps: &Stream, orientation: Orientation) -> bool {
        let about = self.net.runner.about();
        self.orientation == orientation
            && about
                .input_size
                .suits_both(self.caps.seen(orientation), caps.seen(orientation))
    }

    /// Goes on with frames of other caps that [`StreamState::suits`]. If they show another part of
    /// the scene, older mattes do not lie on them.
    ///
    /// # Errors
    /// [`SegmentError::Sample`] if they cannot be sampled.
    pub fn change_caps(&mut self, caps: Stream) -> Result<(), SegmentError> {
        self.read_format(caps.frame_format())?;
        (self.shown, self.left, self.small) = (None, None, None);
        let aspect = caps.display_aspect();
        let same = same_shape(self.aspect, aspect);
        (self.caps, self.aspect) = (Arc::new(caps), aspect);
        if !same {
            self.forget();
        }
        if let Some(newest) = &mut self.newest {
            newest.frame_aspect = aspect;
        }
        Ok(())
    }

    /// Goes on with pictures of another format that show the same.
    fn read_format(&mut self, format: FrameFormat) -> Result<(), SegmentError> {
        // The network's sampler may have changed already if a later one fails.
        self.format = None;
        self.net.runner.change_format(format)?;
        self.net.compensation.change_format(format);
        self.still_gate.change_format(format);
        self.format = Some(format);
        Ok(())
    }

    /// Moves on to the next frame.
    pub fn advance(&mut self, tick: &Tick) {
        let longest = tick.step.longest;
        self.time_since_run = self.time_since_run.map(|time| time.saturating_add(longest));
        self.missing.advance(longest);
        self.frames_since_run = self.frames_since_run.saturating_add(1);
        if tick.breaks() {
            self.forget();
        }
        // Perhaps another camera: the old matte stays only if the frame can show that it fits.
        let sees = self.net.tracks_motion && self.net.compensation.sees_cuts();
        if tick.other_stream && !(sees && self.small.is_none()) {
            self.forget();
        }
    }

    /// Whether the decision about a frame needs its picture.
    pub fn reads(&self, facts: &Facts) -> bool {
        self.looks(facts) || facts.is_due()
    }

    /// Whether a frame is read for motion.
    fn looks(&self, facts: &Facts) -> bool {
        let decides = facts.interval == 0 && self.net.compensation.needs_picture();
        facts.reads_motion() || decides
    }

    /// Reads a frame's picture as far as the decision needs it, decides, and hands the picture to
    /// the network if that is the decision. `facts` are those that are known before it is read.
    ///
    /// # Errors
    /// If the picture cannot be read or sampled.
    pub fn decide(
        &mut self,
        buffer: &gst::BufferRef,
        picture: &Picture,
        mut facts: Facts,
        still_threshold: f32,
    ) -> Result<(Action, Option<Handover>), SegmentError> {
        self.moved = None;
        let looks = self.looks(&facts);
        self.net.tracks_motion = facts.reads_motion();
        if !looks {
            self.net.compensation.skip();
            if !facts.is_due() {
                return Ok((decide(&facts), None));
            }
        }
        let Some((source, caps)) = picture.source(buffer, &self.caps) else {
            if matches!(picture, Picture::Between) {
                return Ok((Action::Keep, None));
            }
            self.net.compensation.skip();
            self.doubt();
            return Ok((Action::Pass, None));
        };
        if self.format != Some(caps.frame_format()) {
            self.read_format(caps.frame_format())?;
        }
        let pts = buffer.pts();
        caps.read(source, |frame| {
            if looks && self.net.compensation.read(frame)? {
                self.cut();
                facts.cut = true;
            }
            self.judge(frame, &mut facts, still_threshold)?;
            let action = decide(&facts);
            let handover = match action {
                Action::Run => Some(self.start(frame, pts, facts.waits())?),
                _ => None,
            };
            Ok((action, handover))
        })?
    }

    /// Adds the facts that only the frame itself can tell.
    fn judge(
        &mut self,
        frame: &FrameRef,
        facts: &mut Facts,
        still_threshold: f32,
    ) -> Result<(), SegmentError> {
        if facts.is_due() {
            let since_run = self.time_since_run;
            let needs_run = self
                .still_gate
                .needs_run(frame, since_run, still_threshold)?;
            facts.still = !needs_run;
        }
        if facts.is_judged() && !facts.still {
            let net = &mut self.net;
            (facts.choice, self.moved) = net.compensation.judge(&net.pool, self.time_since_run)?;
        }
        Ok(())
    }

    /// Hands a frame to the network; with `wait` not before it is idle.
    fn start(
        &mut self,
        frame: &FrameRef,
        pts: Option<gst::ClockTime>,
        wait: bool,
    ) -> Result<Handover, SegmentError> {
        let run = self.run + 1;
        let handover = self.net.runner.start(frame, (run, pts), self.reset, wait)?;
        if handover == Handover::Started {
            self.still_gate.run_started();
            self.net.compensation.run_started();
            (self.run, self.reset) = (run, false);
            (self.frames_since_run, self.time_since_run) = (0, Some(Duration::ZERO));
        }
        Ok(handover)
    }

    /// Makes a finished matte the newest one.
    ///
    /// # Errors
    /// If it is not of the announced size or there is no memory.
    pub fn accept(&mut self, finished: Finished) -> Result<Accepted, SegmentError> {
        let sample = self.net.to_sample(&finished.matte)?;
        self.net.compensation.run_finished(&finished.matte);
        self.newest_run = finished.run;
        self.shown = None;
        self.newest = Some(Matte {
            sample,
            stage: Stage::Raw,
            frame_pts: finished.pts,
            inferred: true,
            inference_time: gst::ClockTime::try_from(finished.time).unwrap_or_default(),
            frame_aspect: self.aspect,
            frame: None,
            still: false,
            screen: None,
        });
        let accepted = Accepted {
            pts: finished.pts,
            time: finished.time,
            held: finished.held,
            presence: self.presence.note(finished.matte.as_ref()),
        };
        self.net.runner.recycle(finished);
        Ok(accepted)
    }

    /// The newest matte for a frame that gets none of its own; none if there is none, or if the
    /// frame shows another scene.
    ///
    /// # Errors
    /// [`SegmentError::Memory`] if there is none to move the matte.
    pub fn reuse(&mut self, action: Action) -> Result<Option<Matte>, SegmentError> {
        let newest = match action {
            // There may be a matte, but nothing says that it fits.
            Action::Pass => None,
            Action::Keep => self.left.clone(),
            _ => self.newest.clone(),
        };
        let Some(newest) = newest else {
            return Ok(None);
        };
        if action == Action::Repeat {
            let matte = self.shown.clone().unwrap_or(newest);
            return Ok(Some(Matte {
                inferred: false,
                still: true,
                ..matte
            }));
        }
        let matte = Matte {
            inferred: false,
            // Nothing has moved since the last run, and the matte is from that run.
            still: action == Action::Still && self.newest_run == self.run,
            ..newest
        };
        if let (Action::Follow, Some(sample)) = (action, self.moved.take()) {
            return Ok(Some(Matte { sample, ..matte }));
        }
        if action != Action::Track {
            return Ok(Some(matte));
        }
        self.net.tracks_motion = true;
        match self.net.compensation.apply(&self.net.pool)? {
            (Warped::Still, _) => Ok(Some(matte)),
            (_, Some(sample)) => Ok(Some(Matte { sample, ..matte })),
            (_, None) => {
                self.cut();
                Ok(None)
            }
        }
    }

    /// No matte that there is lies on frames to come.
    pub fn drop_mattes(&mut self) {
        (self.newest, self.left) = (None, None);
    }

    /// Another scene: what earlier frames left behind is of no use. What is known of the current
    /// frame stays.
    fn cut(&mut self) {
        self.drop_mattes();
        self.reset = true;
        self.doubt();
        self.net.runner.forget();
    }

    /// Mattes cannot be relied on: the next frames need runs, whatever they show.
    pub fn doubt(&mut self) {
        self.shown = None;
        self.net.compensation.doubt();
    }

    /// Notes which matte a frame leaves with, and why.
    pub fn show(&mut self, action: Action, matte: Option<&Matte>) {
        match (action, matte) {
            (Action::Repeat | Action::Keep, _) => (),
            (Action::Run | Action::Follow, Some(matte)) => {
                self.net.compensation.show();
                self.shown = Some(matte.clone());
            }
            _ => self.shown = None,
        }
    }

    /// Notes which matte a frame leaves with, for those after it that have no picture.
    pub fn leave(&mut self, matte: Option<&Matte>) {
        self.left = matte.filter(|_| self.small.is_some()).cloned();
    }

    /// Another time begins: after a flush, a gap, in a segment that does not continue the last.
    pub fn forget(&mut self) {
        self.cut();
        self.time_since_run = None;
        self.still_gate.forget();
        self.net.compensation.forget();
    }
}
