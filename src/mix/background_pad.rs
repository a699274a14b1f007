// SPDX-License-Identifier: MPL-2.0

//! The background's pad: what comes in there never enters the base class.

use super::imp::{CAT, MatteMix, filtered};
use crate::sync::lock;
use crate::video::{Stream, allocation};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::subclass::prelude::*;

impl MatteMix {
    pub(super) fn is_background(&self, pad: &gst_base::AggregatorPad) -> bool {
        pad == self.background.upcast_ref::<gst_base::AggregatorPad>()
    }

    /// Makes the base class take the background for ended, so that it never waits for it.
    pub(super) fn disregard_background(&self) {
        let pad = self.background.upcast_ref();
        self.parent_sink_event(pad, gst::event::Eos::new());
    }

    pub(super) fn background_chain(
        &self,
        buffer: gst::Buffer,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        if self.queue.asks_for_live() {
            let mut query = gst::query::Latency::new();
            let live = self.background.peer_query(&mut query) && query.result().0;
            gst::debug!(CAT, imp = self, "the background is live: {live}");
            self.queue.set_live(live);
        }
        self.queue.push(buffer)
    }

    pub(super) fn background_event(
        &self,
        event: gst::Event,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        self.background_direction.note(&event);
        match event.view() {
            gst::EventView::StreamStart(_) => {
                self.queue.stream_start();
                self.note_background_orientation();
            }
            gst::EventView::Tag(_) => self.note_background_orientation(),
            gst::EventView::FlushStart(_) => self.queue.flush_start(),
            gst::EventView::FlushStop(_) => self.queue.flush_stop(),
            gst::EventView::Eos(_) => self.queue.end(),
            gst::EventView::Caps(caps) => match Stream::from_caps(caps.caps()) {
                Ok(stream) => self.queue.set_stream(stream),
                Err(error) => {
                    error.log_with_imp(self);
                    return Err(gst::FlowError::NotNegotiated);
                }
            },
            gst::EventView::Segment(event) => match event.segment().downcast_ref() {
                Some(segment) => self.queue.set_segment(segment.clone()),
                None => {
                    self.refuse_untimed("background");
                    return Err(gst::FlowError::Error);
                }
            },
            // Messages of the background, and its tags, are not the output's.
            _ => (),
        }
        Ok(gst::FlowSuccess::Ok)
    }

    /// Tells the queue which way up the background's frames are from now on.
    fn note_background_orientation(&self) {
        let orientation = self.background_direction.orientation();
        self.queue.set_orientation(orientation);
    }

    pub(super) fn background_query(&self, query: &mut gst::QueryRef) -> bool {
        let serialized = query.is_serialized();
        match query.view_mut() {
            gst::QueryViewMut::Caps(query) => {
                let caps = self.background.pad_template_caps();
                query.set_result(&filtered(&caps, query.filter()));
                true
            }
            gst::QueryViewMut::AcceptCaps(query) => {
                let caps = self.background.pad_template_caps();
                query.set_result(query.caps().can_intersect(&caps));
                true
            }
            gst::QueryViewMut::Allocation(query) => {
                allocation::answer(query);
                true
            }
            _ if serialized => false,
            _ => self.parent_sink_query(self.background.upcast_ref(), query),
        }
    }

    /// Sends a seek of the output to the background, too. Whether it can follow does not matter.
    pub(super) fn seek_background(&self, event: &gst::Event) {
        let number = event.seqnum();
        if lock(&self.seek).replace(number) == Some(number) {
            return;
        }
        let followed = self.background.push_event(event.clone());
        gst::debug!(
            CAT,
            imp = self,
            "the background follows the seek: {followed}"
        );
    }
}
