// SPDX-License-Identifier: MPL-2.0

//! The way of a camera frame through the element.

use super::BackgroundEos;
use super::imp::{CAT, MatteMix, lock};
use super::inbox::Shown;
use super::stage::{Behind, Stage};
use crate::compose::{fitting, tell, warn_of_contradiction};
use crate::meta::Matte;
use crate::timeline::Tick;
use crate::video::{Stream, as_plain};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::AGGREGATOR_FLOW_NEED_DATA as NEED_DATA;
use gst_base::prelude::*;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl MatteMix {
    /// Posts the error for streams without times.
    pub(super) fn refuse_untimed(&self, pad: &str) {
        gst::element_imp_error!(
            self,
            gst::StreamError::Format,
            ("The stream on the pad {pad} is not timed"),
            ["it has no TIME segment; for appsrc, set format=time"]
        );
    }

    pub(super) fn camera_caps(&self, event: &gst::event::Caps) -> bool {
        let caps = event.caps();
        let settings = lock(&self.settings).clone();
        self.changed.store(false, Ordering::Release);
        let before = lock(&self.stage).take();
        let stage = Stream::from_caps(caps).and_then(|camera| {
            lock(&self.timeline).set_rate(camera.info.fps());
            let orientation = self.direction.orientation();
            Stage::new(camera, orientation, settings, before).map_err(|error| {
                gst::element_imp_error!(self, gst::LibraryError::Settings, ("{error}"));
                gst::loggable_error!(CAT, "{error}")
            })
        });
        match stage {
            Ok(stage) => *lock(&self.stage) = Some(stage),
            Err(error) => {
                error.log_with_imp(self);
                *lock(&self.stage) = None;
                return false;
            }
        }
        gst::debug!(CAT, imp = self, "camera: {caps}");
        *lock(&self.caps) = Some(as_plain(caps).into_owned());
        self.obj().src_pad().mark_reconfigure();
        true
    }

    pub(super) fn camera_segment(&self, event: &gst::event::Segment) -> bool {
        let Some(segment) = event.segment().downcast_ref::<gst::ClockTime>() else {
            self.refuse_untimed("sink");
            return false;
        };
        let mut segment = segment.clone();
        // With a position, the base class would drop live frames that lie before it.
        segment.set_position(gst::ClockTime::NONE);
        self.obj().update_segment(&segment);
        true
    }

    /// What stands behind a camera frame; waits for it where nothing is live.
    fn behind(&self, tick: &Tick, timed: bool) -> Shown {
        // What keeps time by itself is shown as it comes to frames that have no time to compare with.
        let running = (timed || !self.inbox.is_live())
            .then(|| gst::ClockTime::try_from(tick.now).unwrap_or(gst::ClockTime::MAX));
        let shown = self.inbox.select(running);
        if !shown.behind || !self.background.is_linked() || self.obj().latency().is_some() {
            return shown;
        }
        let patience = lock(&self.settings).background_timeout;
        if patience == 0 {
            return shown;
        }
        let patience = Duration::from_millis(patience.into());
        self.inbox.wait(running, patience)
    }

    /// Composes a camera frame.
    fn process(
        &self,
        buffer: &mut gst::Buffer,
        shown: &Shown,
        tick: &Tick,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut guard = lock(&self.stage);
        let stage = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        if self.changed.swap(false, Ordering::AcqRel) {
            stage.configure(lock(&self.settings).clone());
        }
        stage.turn(self.direction.orientation());
        let settings = stage.settings();
        let behind = match (&shown.frame, settings.background_eos) {
            (_, BackgroundEos::Color) if shown.ended => Behind::Color(settings.color),
            (Some(frame), _) => Behind::Frame(frame, shown.serial),
            (None, _) => Behind::Nothing,
        };
        let pts = buffer.pts();
        stage.advance(tick);
        let (visible, warning) = stage.admit(buffer).map_err(|error| {
            gst::element_imp_error!(self, gst::ResourceError::NoSpaceLeft, ("{error}"));
            gst::FlowError::Error
        })?;
        let matte = fitting(Matte::of(buffer), stage.aspect(), &visible);
        // Copies no more than a few metas where others hold the buffer, too; memory that others
        // hold is copied when it is written.
        let missing = stage
            .compose(buffer.make_mut(), matte, behind)
            .map_err(|error| {
                gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
                gst::FlowError::Error
            })?;
        let policy = stage.settings().effect.on_missing_matte;
        let news = stage.note(missing.is_some(), tick);
        drop(guard);
        if let Some(words) = warning {
            warn_of_contradiction(self.obj().upcast_ref(), &words);
        }
        tell(self.obj().upcast_ref(), policy, news, missing, pts)?;
        Ok(gst::FlowSuccess::Ok)
    }

    /// Whether a frame comes too late to be shown; says so on the bus.
    fn is_late(
        &self,
        buffer: &gst::BufferRef,
        segment: &gst::FormattedSegment<gst::ClockTime>,
    ) -> bool {
        let running = segment.to_running_time(buffer.pts());
        let late = {
            let mut qos = lock(&self.qos);
            let late = qos.lateness(running);
            if late.is_none() {
                qos.processed();
            }
            late
        };
        let Some(late) = late else {
            return false;
        };
        let stream = segment.to_stream_time(buffer.pts());
        let live = self.obj().latency().is_some();
        let message = lock(&self.qos)
            .dropped(live, buffer, running, stream, late)
            .src(&*self.obj())
            .build();
        gst::debug!(CAT, imp = self, "{running:?} is {late} late, dropped");
        // Nobody listens where there is no bus.
        let _ = self.obj().post_message(message);
        true
    }

    /// Takes one camera frame and sends it on.
    pub(super) fn next_frame(&self) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Some(mut buffer) = self.camera.pop_buffer() else {
            return Err(match self.camera.is_eos() {
                true => gst::FlowError::Eos,
                false => NEED_DATA,
            });
        };
        let segment = self.camera.segment().downcast::<gst::ClockTime>();
        let segment = segment.map_err(|_| gst::FlowError::Error)?;
        if self.is_late(&buffer, &segment) {
            return Err(NEED_DATA);
        }
        let time = segment.to_stream_time(buffer.pts());
        self.control.sync(&*self.obj(), time);
        let tick = lock(&self.timeline).tick(segment.upcast_ref(), &buffer);
        let shown = self.behind(&tick, buffer.pts().is_some());
        if shown.ended && lock(&self.settings).background_eos == BackgroundEos::Eos {
            gst::debug!(
                CAT,
                imp = self,
                "the background has ended, and so the output"
            );
            return Err(gst::FlowError::Eos);
        }
        self.process(&mut buffer, &shown, &tick)?;
        let element = self.obj();
        element.selected_samples(buffer.pts(), None, buffer.duration(), None);
        let flow = element.finish_buffer(buffer)?;
        for tag in std::mem::take(&mut *lock(&self.tags)) {
            element.src_pad().push_event(tag);
        }
        Ok(flow)
    }
}
