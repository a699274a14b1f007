// SPDX-License-Identifier: MPL-2.0

//! One frame after the other: which get a run of the network, and which matte each one gets.

use super::Mode;
use super::imp::{CAT, MatteSegment, lock};
use super::runner::Started;
use super::settings::Settings;
use super::state::{Playing, State};
use super::worker::{Failure, Finished, Waited};
use crate::filter::motion::warp::Followed;
use crate::filter::regions::presence::Change;
use crate::frame::GrayImage;
use crate::meta::{Matte, Stage};
use crate::pool::MattePool;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use std::time::Duration;

/// Late frames go without a run, but not for longer than this: a matte that nobody renews is soon
/// one of another picture.
const LONGEST_LATE: Duration = Duration::from_millis(250);

/// Runs in a row that fail on a device until it counts as lost.
const LOST_AFTER: u32 = 3;
/// Times that a run on a device may take what a run may take until the device counts as lost.
const HUNG_AFTER: u32 = 2;

/// The settings that every frame looks at.
#[derive(Clone, Copy)]
struct Tempo {
    mode: Mode,
    interval: u32,
    still_threshold: f32,
    compensate: bool,
}

impl From<&Settings> for Tempo {
    fn from(settings: &Settings) -> Self {
        Self {
            mode: settings.mode,
            interval: settings.interval,
            still_threshold: settings.still_threshold,
            compensate: settings.motion_compensation,
        }
    }
}

/// Where a frame's matte comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The network ran on this frame.
    Own,
    /// From an earlier frame, because nothing moves.
    Still,
    /// From an earlier frame.
    Carried,
}

/// What became of a frame on its way to the network.
enum Step {
    /// It does not go there.
    Passed,
    /// It does not either: nothing moves.
    Still,
    /// It was offered.
    Offered(Started),
}

impl MatteSegment {
    /// Whether a frame comes too late to wait for the network.
    fn is_late(&self, buffer: &gst::BufferRef, rested: Option<Duration>) -> bool {
        let Some(earliest) = *lock(&self.earliest) else {
            return false;
        };
        let rested = rested.is_none_or(|rested| rested >= LONGEST_LATE);
        let segment = self.obj().segment();
        let Some(segment) = segment.downcast_ref::<gst::ClockTime>() else {
            return false;
        };
        let running = buffer.pts().and_then(|pts| segment.to_running_time(pts));
        !rested && running.is_some_and(|time| time < earliest)
    }

    /// The matte for a frame: its own, or the newest one moved to it, or none.
    ///
    /// # Errors
    /// Where a flush or a stop interrupts the wait for the network, and where a provider that must
    /// not be left is lost.
    pub(super) fn matte_for(
        &self,
        state: &mut State,
        buffer: &gst::BufferRef,
    ) -> Result<Option<Matte>, gst::FlowError> {
        let tempo = Tempo::from(&*lock(&self.settings));
        let Some(playing) = &mut state.playing else {
            return Ok(None);
        };
        if let Some(result) = playing.net.runner.take() {
            self.settle(playing, result)?;
        }
        self.watch_stall(playing, buffer.pts())?;
        let (source, matte) = match playing.stream.check(buffer) {
            Ok(visible) => {
                let source = self.run(playing, buffer, tempo)?;
                let matte = match source {
                    Source::Own => playing.newest.clone(),
                    Source::Still | Source::Carried => self.carried(playing, source, tempo),
                };
                let frame = Some(visible.frame);
                (source, matte.map(|matte| Matte { frame, ..matte }))
            }
            Err(error) => {
                let (reason, device) = (error.to_string(), false);
                self.fail(playing, &Failure { reason, device })?;
                (Source::Carried, None)
            }
        };
        let mut stats = lock(&self.stats);
        stats.frames += 1;
        match &matte {
            Some(matte) if matte.inferred => stats.inferred += 1,
            Some(_) => stats.carried_over += 1,
            None => stats.dropped += 1,
        }
        drop(stats);
        gst::log!(
            CAT,
            imp = self,
            "{:?}: {source:?}, a matte of {:?}",
            buffer.pts(),
            matte.as_ref().map(|matte| matte.frame_pts)
        );
        Ok(matte)
    }

    /// Whether the network should run on a frame; with `waits` it may be busy still.
    fn is_due(
        &self,
        playing: &mut Playing,
        buffer: &gst::BufferRef,
        tempo: Tempo,
        waits: bool,
    ) -> bool {
        if waits && self.is_late(buffer, playing.rested) {
            // One run first, on a frame that is looked at: from then on mattes can be moved.
            if !tempo.compensate || playing.net.carrier.can_follow() {
                lock(&self.stats).late += 1;
                return false;
            }
            playing.net.looking = true;
        }
        let wanted = playing.newest.is_none() || playing.since_run >= tempo.interval;
        wanted && (waits || playing.net.runner.is_free())
    }

    /// Has the network run on a frame if it should, and in `mode=sync` waits for what it says.
    fn run(
        &self,
        playing: &mut Playing,
        buffer: &gst::BufferRef,
        tempo: Tempo,
    ) -> Result<Source, gst::FlowError> {
        let pts = buffer.pts();
        let waits = tempo.mode == Mode::Sync && !playing.trouble.stalled;
        let due = self.is_due(playing, buffer, tempo, waits);
        playing.net.looking |= tempo.mode == Mode::Async && tempo.compensate;
        let step = match offer(playing, buffer, tempo, due, waits) {
            Ok(step) => step,
            Err(reason) => {
                let device = false;
                self.settle(playing, Err(Failure { reason, device }))?;
                return Ok(Source::Carried);
            }
        };
        match step {
            Step::Passed => Ok(Source::Carried),
            Step::Still => Ok(Source::Still),
            Step::Offered(Started::Yes) if waits => self.wait(playing, pts),
            Step::Offered(Started::Yes) => Ok(Source::Carried),
            Step::Offered(Started::Flushing) => Err(gst::FlowError::Flushing),
            Step::Offered(Started::Busy) => {
                if waits {
                    self.stall(playing, pts);
                }
                Ok(Source::Carried)
            }
        }
    }

    /// Waits for the matte of the frame that the network is on.
    fn wait(
        &self,
        playing: &mut Playing,
        pts: Option<gst::ClockTime>,
    ) -> Result<Source, gst::FlowError> {
        match playing.net.runner.wait() {
            Waited::Done(result) => {
                let own = self.settle(playing, result)?;
                Ok(if own { Source::Own } else { Source::Carried })
            }
            Waited::Flushing => Err(gst::FlowError::Flushing),
            Waited::Stalled => {
                self.stall(playing, pts);
                Ok(Source::Carried)
            }
        }
    }

    /// The newest matte, moved to the frame that was looked at.
    fn carried(&self, playing: &mut Playing, source: Source, tempo: Tempo) -> Option<Matte> {
        let newest = playing.newest.clone()?;
        let matte = Matte {
            inferred: false,
            // Nothing moved since the last run, and it is that run's matte.
            still: source == Source::Still && playing.newest_run == playing.run,
            ..newest
        };
        if source == Source::Still || !tempo.compensate {
            return Some(matte);
        }
        let net = &mut playing.net;
        net.looking = true;
        match net.carrier.carry(&net.pool) {
            Ok((Followed::Still, _)) => Some(matte),
            Ok((_, Some(sample))) => Some(Matte { sample, ..matte }),
            Ok((_, None)) => {
                gst::debug!(CAT, imp = self, "another scene: the matte is dropped");
                playing.cut();
                None
            }
            Err(error) => {
                gst::debug!(CAT, imp = self, "not carried over: {error}");
                None
            }
        }
    }

    /// Takes in what the network said; true where it is a matte.
    fn settle(
        &self,
        playing: &mut Playing,
        result: Result<Finished, Failure>,
    ) -> Result<bool, gst::FlowError> {
        let finished = match result {
            Ok(finished) => finished,
            Err(failure) => return self.fail(playing, &failure).map(|()| false),
        };
        let sample = match to_sample(&finished.matte, &playing.net.pool) {
            Ok(sample) => sample,
            Err(reason) => {
                let device = false;
                return self
                    .fail(playing, &Failure { reason, device })
                    .map(|()| false);
            }
        };
        lock(&self.stats).ran(finished.time);
        let mode = lock(&self.settings).mode;
        if lock(&self.latency).note(finished.held) && mode == Mode::Sync {
            gst::debug!(CAT, imp = self, "latency: {:?}", lock(&self.latency).told());
            self.tell_latency();
        }
        playing.net.carrier.settled(&finished.matte);
        playing.newest_run = finished.run;
        playing.newest = Some(Matte {
            sample,
            stage: Stage::Raw,
            frame_pts: finished.pts,
            inferred: true,
            inference_time: gst::ClockTime::try_from(finished.time).unwrap_or_default(),
            frame_aspect: playing.aspect,
            frame: None,
            still: false,
        });
        let change = playing.presence.note(finished.matte.as_ref());
        let pts = finished.pts;
        playing.net.runner.recycle(finished);
        let trouble = &mut playing.trouble;
        trouble.device_failures = 0;
        if std::mem::take(&mut trouble.failing) | std::mem::take(&mut trouble.stalled) {
            self.tell("matte-network-recovered", pts);
        }
        match change {
            Some(Change::Entered) => self.tell("matte-subject-entered", pts),
            Some(Change::Left) => self.tell("matte-subject-left", pts),
            None => (),
        }
        Ok(true)
    }

    /// A run came to nothing: says so once, and rebuilds the network where its device is lost.
    fn fail(&self, playing: &mut Playing, failure: &Failure) -> Result<(), gst::FlowError> {
        lock(&self.stats).failed += 1;
        // The old matte does not lie on the new frame; showing it would show the room.
        playing.newest = None;
        gst::debug!(CAT, imp = self, "{}", failure.reason);
        let trouble = &mut playing.trouble;
        if !trouble.failing && trouble.may_warn() {
            trouble.failing = true;
            gst::element_imp_warning!(
                self,
                gst::StreamError::Failed,
                ("No matte: {}", failure.reason),
                ["Frames go on without a matte until the network works again"]
            );
        }
        if !failure.device {
            trouble.device_failures = 0;
            return Ok(());
        }
        trouble.device_failures += 1;
        if trouble.device_failures < LOST_AFTER {
            return Ok(());
        }
        self.lose_device(playing, &failure.reason)
    }

    /// What computes the network does not answer: the same network is loaded on the CPU, unless it
    /// is there already.
    ///
    /// # Errors
    /// Where the provider must not be left.
    fn lose_device(&self, playing: &mut Playing, reason: &str) -> Result<(), gst::FlowError> {
        let about = playing.net.runner.about();
        if !about.accelerated || playing.trouble.rebuilding {
            return Ok(());
        }
        if lock(&self.settings).strict_provider {
            gst::element_imp_error!(
                self,
                gst::ResourceError::Failed,
                ("{} is lost: {reason}", about.provider),
                ["strict-provider forbids to go on with the CPU"]
            );
            return Err(gst::FlowError::Error);
        }
        playing.trouble.rebuilding = true;
        self.rebuild_on_cpu(&about.provider, reason);
        Ok(())
    }

    /// Notes a run that takes far too long. A device that does not come back is lost.
    ///
    /// # Errors
    /// As [`MatteSegment::lose_device`].
    fn watch_stall(
        &self,
        playing: &mut Playing,
        pts: Option<gst::ClockTime>,
    ) -> Result<(), gst::FlowError> {
        let overdue = playing.net.runner.overdue();
        if overdue > 0 && !playing.trouble.stalled {
            self.stall(playing, pts);
        }
        if overdue >= HUNG_AFTER {
            self.lose_device(playing, "its run does not end")?;
        }
        Ok(())
    }

    /// The network hangs: the old matte is no longer one for this frame.
    fn stall(&self, playing: &mut Playing, pts: Option<gst::ClockTime>) {
        playing.newest = None;
        if !std::mem::replace(&mut playing.trouble.stalled, true) {
            gst::warning!(
                CAT,
                imp = self,
                "the network has stalled; no mattes until it is back"
            );
            self.tell("matte-network-stalled", pts);
        }
    }
}

/// Looks at a frame where that is needed, and offers it to the network if it is due and something
/// moves.
///
/// # Errors
/// Where the frame cannot be read or sampled, in words.
fn offer(
    playing: &mut Playing,
    buffer: &gst::BufferRef,
    tempo: Tempo,
    due: bool,
    waits: bool,
) -> Result<Step, String> {
    let (net, pacer) = (&mut playing.net, &mut playing.pacer);
    let (reset, newest) = (&mut playing.reset, &mut playing.newest);
    if !net.looking {
        net.carrier.skip();
        if !due {
            return Ok(Step::Passed);
        }
    }
    let job = (playing.run + 1, buffer.pts());
    let rested = playing.rested;
    let step = playing.stream.read(buffer, |frame| {
        if net.looking && net.carrier.look(frame)? {
            (*newest, *reset) = (None, true);
            net.runner.forget();
        }
        if !due {
            return Ok(Step::Passed);
        }
        if !pacer.needs_run(frame, rested, tempo.still_threshold)? && newest.is_some() {
            return Ok(Step::Still);
        }
        let started = net.runner.start(frame, job, *reset, waits)?;
        if started == Started::Yes {
            pacer.ran();
            *reset = false;
            net.carrier.sent();
        }
        Ok(Step::Offered(started))
    });
    let step = step.map_err(|error| error.to_string())?;
    if let Ok(Step::Offered(Started::Yes)) = step {
        (playing.since_run, playing.run) = (0, job.0);
        playing.rested = Some(Duration::ZERO);
    }
    step
}

fn to_sample(matte: &GrayImage, pool: &MattePool) -> Result<gst::Sample, String> {
    if (matte.width(), matte.height()) != (pool.width(), pool.height()) {
        return Err(format!(
            "the network gave a matte of {}x{} where {}x{} was expected",
            matte.width(),
            matte.height(),
            pool.width(),
            pool.height()
        ));
    }
    pool.fill(|out| {
        for (y, row) in matte.as_ref().rows().enumerate() {
            out.row_mut(y).copy_from_slice(row);
        }
    })
    .map(|(sample, ())| sample)
    .map_err(|error| error.to_string())
}
