// SPDX-License-Identifier: MPL-2.0

//! The way of a camera frame through the element.

use super::BackgroundEos;
use super::background_queue::Selection;
use super::imp::{CAT, MatteMix};
use super::renderer::BackgroundSource;
use crate::compose::{Standing, report, usable_matte, warn_of_contradiction};
use crate::meta::Matte;
use crate::sync::lock;
use crate::timeline::Tick;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::AGGREGATOR_FLOW_NEED_DATA as NEED_DATA;
use gst_base::prelude::*;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl MatteMix {
    /// The background for a camera frame; waits for it if nothing is live.
    fn background_for(&self, tick: &Tick, timed: bool) -> Selection {
        // If a camera frame has no time to compare with, a live background is shown as it comes.
        let running = (timed || !self.queue.is_live())
            .then(|| gst::ClockTime::try_from(tick.now).unwrap_or(gst::ClockTime::MAX));
        let selection = self.queue.select(running);
        if !selection.late || !self.background.is_linked() || self.obj().latency().is_some() {
            return selection;
        }
        let timeout = lock(&self.settings).background_timeout;
        if timeout == 0 {
            return selection;
        }
        let timeout = Duration::from_millis(timeout.into());
        self.queue.wait(running, timeout)
    }

    /// Composes a camera frame.
    fn process(
        &self,
        buffer: &mut gst::Buffer,
        background: &Selection,
        (tick, standing): (&Tick, Standing),
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut guard = lock(&self.renderer);
        let renderer = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        if self.changed.swap(false, Ordering::AcqRel) {
            renderer.configure(lock(&self.settings).clone());
        }
        renderer.set_orientation(self.direction.orientation());
        renderer
            .set_standing(standing)
            .map_err(|error| error.end_stream(self.obj().upcast_ref()))?;
        let settings = renderer.settings();
        let source = match (&background.frame, settings.background_eos) {
            (_, BackgroundEos::Color) if background.ended => {
                BackgroundSource::Color(settings.color)
            }
            (Some(frame), _) => BackgroundSource::Frame(frame, background.serial),
            (None, _) => BackgroundSource::PrivacyFill,
        };
        let pts = buffer.pts();
        renderer.advance(tick);
        let (visible, warn) = renderer.admit(buffer).map_err(|error| {
            gst::element_imp_error!(self, gst::ResourceError::NoSpaceLeft, ("{error}"));
            gst::FlowError::Error
        })?;
        let matte = usable_matte(Matte::of(buffer), renderer.aspect(), &visible);
        // If others hold the buffer, too, this copies no more than a few metas; memory that others
        // hold is copied when it is written.
        let missing = renderer
            .compose(buffer.make_mut(), matte, source)
            .map_err(|error| error.end_stream(self.obj().upcast_ref()))?;
        let policy = renderer.on_missing();
        let gap = renderer.note_matte(missing.is_some(), tick);
        drop(guard);
        if let (true, Err(contradiction)) = (warn, &visible) {
            warn_of_contradiction(self.obj().upcast_ref(), contradiction);
        }
        report(self.obj().upcast_ref(), policy, gap, missing, pts)?;
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
        // Without a bus, nobody listens.
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
        let background = self.background_for(&tick, buffer.pts().is_some());
        if background.ended && lock(&self.settings).background_eos == BackgroundEos::Eos {
            gst::debug!(
                CAT,
                imp = self,
                "the background has ended, and so the output"
            );
            return Err(gst::FlowError::Eos);
        }
        let standing = self.camera.standing(time);
        self.process(&mut buffer, &background, (&tick, standing))?;
        let element = self.obj();
        element.selected_samples(buffer.pts(), None, buffer.duration(), None);
        let flow = element.finish_buffer(buffer)?;
        for tag in std::mem::take(&mut *lock(&self.tags)) {
            element.src_pad().push_event(tag);
        }
        Ok(flow)
    }
}
