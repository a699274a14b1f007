// SPDX-License-Identifier: MPL-2.0

//! One frame after the other: gathers the facts, has [`super::schedule`] decide and does what it
//! says. What follows of an outcome is decided in [`super::failure`] and told to the application
//! here.

use super::error::SegmentError;
use super::failure::{Device, DeviceLoss, Notice, Outcome};
use super::imp::MatteSegment;
use super::log::CAT;
use super::runner::Handover;
use super::schedule::{Action, Facts};
use super::shared::Snapshot;
use super::stream::StreamState;
use super::worker::{Finished, Waited};
use crate::filter::regions::presence::Change;
use crate::filter::renewal::Choice;
use crate::meta::Matte;
use gst::subclass::prelude::*;
use std::time::Instant;

impl MatteSegment {
    /// The matte for a frame: its own, or the newest one moved to it, or none.
    ///
    /// # Errors
    /// If a flush or a stop interrupts the wait for the network or for a small picture, if the small
    /// stream does not go with the frames, and if a provider is lost that must not be left.
    pub(super) fn matte_for(
        &self,
        stream: &mut StreamState,
        segment: &gst::Segment,
        buffer: &gst::BufferRef,
        now: &Snapshot,
    ) -> Result<Option<Matte>, gst::FlowError> {
        let poll = stream.net.runner.poll();
        if let Some(result) = poll.result {
            self.take_result(stream, now, result)?;
        }
        if poll.overdue > 0 {
            let overdue = Outcome::Overdue(poll.overdue);
            self.follow_up(stream, now, overdue, &SegmentError::RunHangs, buffer.pts())?;
        }
        let (action, matte) = match stream.caps.check(buffer) {
            Ok(visible) => {
                let facts = facts(stream, segment, buffer, now, poll.idle);
                let (action, matte) = self.perform(stream, segment, buffer, now, facts)?;
                if now.interval == 0 {
                    stream.show(action, matte.as_ref());
                }
                stream.leave(matte.as_ref());
                let frame = Some(visible.frame);
                (action, matte.map(|matte| Matte { frame, ..matte }))
            }
            Err(error) => {
                self.fail(stream, now, &error.into())?;
                (Action::Pass, None)
            }
        };
        let counters = &self.shared.counters;
        counters.add_frame(matte.as_ref().map(|matte| (matte.inferred, matte.still)));
        gst::log!(
            CAT,
            imp = self,
            "{:?}: {action:?}, a matte of {:?}",
            buffer.pts(),
            matte.as_ref().map(|matte| matte.frame_pts)
        );
        Ok(matte)
    }

    /// Does what is decided about a frame. Returns that and the matte.
    fn perform(
        &self,
        stream: &mut StreamState,
        segment: &gst::Segment,
        buffer: &gst::BufferRef,
        now: &Snapshot,
        facts: Facts,
    ) -> Result<(Action, Option<Matte>), gst::FlowError> {
        if facts.is_skipped() {
            self.shared.counters.add_late();
        }
        let reads = stream.reads(&facts);
        let picture = self.picture_for(stream, segment, buffer, now.small_latency, reads)?;
        let decided = stream.decide(buffer, &picture, facts, now.still_threshold);
        // A camera has few buffers for the small stream.
        drop(picture);
        let (action, handover) = match decided {
            Ok(decided) => decided,
            Err(error) => {
                self.fail(stream, now, &error)?;
                return Ok((Action::Pass, None));
            }
        };
        if let Some(handover) = handover
            && self.own_matte(stream, now, handover, facts.waits(), buffer.pts())?
        {
            return Ok((action, stream.newest.clone()));
        }
        let action = match action {
            Action::Run => facts.without_run(),
            action => action,
        };
        let matte = stream.reuse(action).unwrap_or_else(|error| {
            gst::debug!(CAT, imp = self, "the matte is not moved: {error}");
            None
        });
        Ok((action, matte))
    }

    /// Waits for the matte of a frame that was handed to the network, if it waits. Returns whether
    /// the newest matte is the frame's own.
    fn own_matte(
        &self,
        stream: &mut StreamState,
        now: &Snapshot,
        handover: Handover,
        waits: bool,
        pts: Option<gst::ClockTime>,
    ) -> Result<bool, gst::FlowError> {
        let waited = match handover {
            Handover::Flushing => Waited::Flushing,
            Handover::Started | Handover::Busy if !waits => return Ok(false),
            Handover::Busy => Waited::Stalled,
            Handover::Started => stream.net.runner.wait(),
        };
        match waited {
            Waited::Done(result) => self.take_result(stream, now, result),
            Waited::Flushing => Err(gst::FlowError::Flushing),
            Waited::Stalled => self
                .follow_up(stream, now, Outcome::Stalled, &SegmentError::RunHangs, pts)
                .map(|()| false),
        }
    }

    /// Takes the result of a run. Returns whether it is a matte, which then is the newest one.
    fn take_result(
        &self,
        stream: &mut StreamState,
        now: &Snapshot,
        result: Result<Finished, SegmentError>,
    ) -> Result<bool, gst::FlowError> {
        let accepted = match result.and_then(|finished| stream.accept(finished)) {
            Ok(accepted) => accepted,
            Err(error) => return self.fail(stream, now, &error).map(|()| false),
        };
        if self.shared.note_run(accepted.time, accepted.held) {
            gst::debug!(CAT, imp = self, "the reported latency changes");
            self.post_latency();
        }
        let next = stream
            .failures
            .after(Outcome::Matte, Device::default(), Instant::now());
        if next.notice == Some(Notice::Recovered) {
            self.post_event("matte-network-recovered", accepted.pts);
        }
        match accepted.presence {
            Some(Change::Entered) => self.post_event("matte-subject-entered", accepted.pts),
            Some(Change::Left) => self.post_event("matte-subject-left", accepted.pts),
            None => (),
        }
        Ok(true)
    }

    /// A frame or a run failed.
    ///
    /// # Errors
    /// As [`MatteSegment::follow_up`].
    fn fail(
        &self,
        stream: &mut StreamState,
        now: &Snapshot,
        error: &SegmentError,
    ) -> Result<(), gst::FlowError> {
        self.shared.counters.add_failed();
        gst::debug!(CAT, imp = self, "{error}");
        stream.doubt();
        let device = error.is_of_device();
        self.follow_up(stream, now, Outcome::Failed { device }, error, None)
    }

    /// Does what follows of an outcome other than a matte.
    ///
    /// # Errors
    /// If a provider is lost that must not be left.
    fn follow_up(
        &self,
        stream: &mut StreamState,
        now: &Snapshot,
        outcome: Outcome,
        error: &SegmentError,
        pts: Option<gst::ClockTime>,
    ) -> Result<(), gst::FlowError> {
        let device = Device {
            accelerated: stream.net.runner.about().accelerated,
            strict: now.strict_provider,
        };
        let next = stream.failures.after(outcome, device, Instant::now());
        if next.drops_matte {
            // The old matte does not lie on the new frame: using it would show the room.
            stream.drop_mattes();
        }
        if next.notice == Some(Notice::Stalled) {
            gst::warning!(
                CAT,
                imp = self,
                "the network has stalled; no mattes until it is back"
            );
            self.post_event("matte-network-stalled", pts);
        }
        if next.warns {
            gst::element_imp_warning!(
                self,
                gst::StreamError::Failed,
                ("No matte: {error}"),
                ["Frames go on without a matte until the network works again"]
            );
        }
        match next.device_loss {
            Some(loss) => self.leave_device(loss, &stream.net.runner.about().provider, error),
            None => Ok(()),
        }
    }

    /// The device that computes the network is lost.
    ///
    /// # Errors
    /// If it must not be left.
    fn leave_device(
        &self,
        loss: DeviceLoss,
        provider: &str,
        error: &SegmentError,
    ) -> Result<(), gst::FlowError> {
        match loss {
            DeviceLoss::Rebuild => {
                self.rebuild_on_cpu(provider, error);
                Ok(())
            }
            DeviceLoss::End => {
                gst::element_imp_error!(
                    self,
                    gst::ResourceError::Failed,
                    ("{provider} is lost: {error}"),
                    ["strict-provider forbids to go on with the CPU"]
                );
                Err(gst::FlowError::Error)
            }
        }
    }
}

/// The facts about a frame that are known before it is read.
fn facts(
    stream: &StreamState,
    segment: &gst::Segment,
    buffer: &gst::BufferRef,
    now: &Snapshot,
    idle: bool,
) -> Facts {
    Facts {
        mode: now.mode,
        interval: now.interval,
        compensates: now.motion_compensation,
        late: is_late(segment, buffer, now.earliest),
        stalled: stream.failures.is_stalled(),
        idle,
        has_matte: stream.newest.is_some(),
        frames_since_run: stream.frames_since_run,
        time_since_run: stream.time_since_run,
        tracks_motion: stream.net.tracks_motion,
        can_compensate: stream.net.compensation.can_compensate(),
        cut: false,
        still: false,
        choice: Choice::Run,
    }
}

/// Whether a frame lies before the running time from which QoS wants frames.
fn is_late(
    segment: &gst::Segment,
    buffer: &gst::BufferRef,
    earliest: Option<gst::ClockTime>,
) -> bool {
    let Some(earliest) = earliest else {
        return false;
    };
    let segment = segment.downcast_ref::<gst::ClockTime>();
    let running = segment.and_then(|segment| segment.to_running_time(buffer.pts()?));
    running.is_some_and(|time| time < earliest)
}
