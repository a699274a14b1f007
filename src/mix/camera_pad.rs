// SPDX-License-Identifier: MPL-2.0

//! The camera's pad: events and queries that come in there.

use super::imp::{CAT, MatteMix, filtered};
use super::renderer::Renderer;
use crate::sync::lock;
use crate::video::{Stream, allocation, as_plain, with_dmabuf};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use std::sync::atomic::Ordering;

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

    fn camera_caps(&self, event: &gst::event::Caps) -> bool {
        let caps = event.caps();
        let settings = lock(&self.settings).clone();
        self.changed.store(false, Ordering::Release);
        let previous = lock(&self.renderer).take();
        let renderer = Stream::from_caps(caps).and_then(|camera| {
            lock(&self.timeline).set_rate(camera.info.fps());
            let orientation = self.direction.orientation();
            Renderer::new(camera, orientation, settings, previous).map_err(|error| {
                gst::element_imp_error!(self, gst::LibraryError::Settings, ("{error}"));
                gst::loggable_error!(CAT, "{error}")
            })
        });
        match renderer {
            Ok(renderer) => *lock(&self.renderer) = Some(renderer),
            Err(error) => {
                error.log_with_imp(self);
                *lock(&self.renderer) = None;
                return false;
            }
        }
        gst::debug!(CAT, imp = self, "camera: {caps}");
        *lock(&self.caps) = Some(as_plain(caps).into_owned());
        self.obj().src_pad().mark_reconfigure();
        true
    }

    fn camera_segment(&self, event: &gst::event::Segment) -> bool {
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

    pub(super) fn camera_event(&self, pad: &gst_base::AggregatorPad, event: gst::Event) -> bool {
        lock(&self.timeline).event(&event);
        self.direction.note(&event);
        match event.view() {
            gst::EventView::Caps(event) => return self.camera_caps(event),
            gst::EventView::Segment(event) if !self.camera_segment(event) => return false,
            // Nothing comes out in the place of a frame that is missing.
            gst::EventView::Gap(_) => return true,
            gst::EventView::StreamStart(_) => self.queue.close(None),
            gst::EventView::Tag(_) => {
                lock(&self.tags).push(event);
                return true;
            }
            // The base class waits until all pads were flushed: the background gets what the camera
            // gets.
            gst::EventView::FlushStart(_) => {
                self.queue.interrupt(true);
                self.parent_sink_event(self.background.upcast_ref(), event.clone());
            }
            gst::EventView::FlushStop(_) => {
                self.parent_sink_event(self.background.upcast_ref(), event.clone());
                self.disregard_background();
                self.queue.camera_restarted();
                self.queue.close(None);
                self.queue.interrupt(false);
            }
            _ => (),
        }
        self.parent_sink_event(pad, event)
    }

    pub(super) fn camera_query(
        &self,
        pad: &gst_base::AggregatorPad,
        query: &mut gst::QueryRef,
    ) -> bool {
        match query.view_mut() {
            gst::QueryViewMut::Caps(query) => {
                let template = pad.pad_template_caps();
                let possible = filtered(&template, query.filter());
                let plain = as_plain(&possible).into_owned();
                let taken = self.obj().src_pad().peer_query_caps(Some(&plain));
                let mode = gst::CapsIntersectMode::First;
                let caps = possible.intersect_with_mode(&with_dmabuf(&taken), mode);
                query.set_result(&caps);
                true
            }
            gst::QueryViewMut::AcceptCaps(query) => {
                query.set_result(query.caps().can_intersect(&pad.pad_template_caps()));
                true
            }
            gst::QueryViewMut::Allocation(query) => {
                allocation::relay_as_plain(self.obj().src_pad().upcast_ref(), query);
                true
            }
            _ => self.parent_sink_query(pad, query),
        }
    }
}
