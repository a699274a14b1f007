// SPDX-License-Identifier: MPL-2.0

//! What GStreamer calls of the pad `small`: it comes and goes, and takes buffers, events and
//! queries. The base class knows nothing of it.

use super::imp::MatteSegment;
use super::log::CAT;
use super::small::Upstream;
use crate::video::{Stream, allocation, pad_template, report_refused};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use std::time::Duration;

/// Name of the pad and of its template.
pub const SMALL: &str = "small";

impl MatteSegment {
    /// The template of the pad: any format that frames may have.
    pub(super) fn small_template() -> gst::PadTemplate {
        pad_template(SMALL, gst::PadDirection::Sink, gst::PadPresence::Request)
    }

    /// Makes the pad; there is one at most.
    pub(super) fn request_small(&self, template: &gst::PadTemplate) -> Option<gst::Pad> {
        let mut fields = self.small.fields();
        if fields.pad.is_some() {
            gst::error!(
                CAT,
                imp = self,
                "there is one pad {SMALL} only, and it is requested already"
            );
            return None;
        }
        let pad = gst::Pad::builder_from_template(template)
            .name(SMALL)
            .chain_function(|_, parent, buffer| {
                Self::catch_panic_pad_function(
                    parent,
                    || Err(gst::FlowError::Error),
                    |element| element.small_chain(buffer),
                )
            })
            .event_function(|_, parent, event| {
                Self::catch_panic_pad_function(
                    parent,
                    || false,
                    |element| element.small_event(&event),
                )
            })
            .query_function(|pad, parent, query| {
                Self::catch_panic_pad_function(
                    parent,
                    || false,
                    |element| element.small_query(pad, query),
                )
            })
            .activatemode_function(|_, parent, _, active| {
                // Before it is added to the element, the pad has no parent.
                let element = parent.and_then(|p| p.downcast_ref::<super::MatteSegment>());
                if let Some(element) = element {
                    element.imp().small.queue.activate(active);
                }
                Ok(())
            })
            .build();
        report_refused(&pad);
        fields.pad = Some(pad.clone());
        (fields.upstream, fields.hasty) = (None, false);
        drop(fields);
        self.small.queue.activate(true);
        // The pads of a running element must be active.
        let added = pad.set_active(self.obj().current_state() > gst::State::Ready);
        if let Err(error) = added.and_then(|()| self.obj().add_pad(&pad)) {
            gst::error!(CAT, imp = self, "the pad {SMALL} is not added: {error}");
            self.small.fields().pad = None;
            return None;
        }
        self.post_latency();
        Some(pad)
    }

    /// Removes the pad: the frames themselves are read again.
    pub(super) fn release_small(&self, pad: &gst::Pad) {
        {
            let mut fields = self.small.fields();
            if fields.pad.as_ref() != Some(pad) {
                return;
            }
            fields.pad = None;
        }
        // Ends the waits of both streams' threads.
        let released = pad.set_active(false);
        if let Err(error) = released.and_then(|()| self.obj().remove_pad(pad)) {
            gst::error!(CAT, imp = self, "the pad {SMALL} is not removed: {error}");
        }
        self.post_latency();
    }

    fn small_chain(&self, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let queue = &self.small.queue;
        if queue.asks_for_live() {
            let live = self.small.pad().and_then(|pad| latency_of(&pad));
            queue.set_live(live.is_some_and(|(live, _)| live));
        }
        let playing = || self.obj().current_state() == gst::State::Playing;
        queue.push(buffer, playing)
    }

    fn small_event(&self, event: &gst::Event) -> bool {
        let (queue, direction) = (&self.small.queue, &self.small.direction);
        direction.note(event);
        queue.set_orientation(direction.orientation());
        match event.view() {
            gst::EventView::StreamStart(_) => queue.stream_start(),
            gst::EventView::FlushStart(_) => queue.flush_start(),
            gst::EventView::FlushStop(_) => queue.flush_stop(),
            gst::EventView::Eos(_) => queue.end(),
            gst::EventView::Gap(gap) => {
                let (start, length) = gap.get();
                queue.gap(start, length);
            }
            gst::EventView::Caps(caps) => match Stream::from_caps(caps.caps()) {
                Ok(stream) => queue.set_stream(stream),
                Err(error) => {
                    error.log_with_imp(self);
                    return false;
                }
            },
            gst::EventView::Segment(event) => match event.segment().downcast_ref() {
                Some(segment) => queue.set_segment(segment.clone()),
                None => {
                    gst::element_imp_error!(
                        self,
                        gst::StreamError::Format,
                        ("The stream on the pad {SMALL} is not timed"),
                        ["it has no TIME segment; for appsrc, set format=time"]
                    );
                    return false;
                }
            },
            // Messages and tags of the small stream are not the output's.
            _ => (),
        }
        true
    }

    fn small_query(&self, pad: &gst::Pad, query: &mut gst::QueryRef) -> bool {
        let serialized = query.is_serialized();
        match query.view_mut() {
            gst::QueryViewMut::Allocation(query) => {
                allocation::answer(query);
                true
            }
            // The base class would answer for the main stream.
            _ if serialized => false,
            _ => gst::Pad::query_default(pad, Some(&*self.obj()), query),
        }
    }

    /// Answers the latency query of what comes after: of both streams, the later one's.
    pub(super) fn small_latency(&self, latency: &mut gst::query::Latency) {
        let Some(pad) = self.small.pad() else {
            return;
        };
        let (live, min, max) = latency.result();
        let mut query = gst::query::Latency::new();
        let small = pad.peer_query(&mut query).then(|| query.result());
        let (small_live, small_min) = small.map_or((false, min), |(live, min, _)| (live, min));
        let upstream = Upstream {
            live,
            behind: small_min.saturating_sub(min).into(),
        };
        self.small.fields().upstream = Some(upstream);
        if !live && !small_live {
            return;
        }
        let own = gst::ClockTime::from_mseconds(self.shared.lock().settings.small_latency.into());
        let small_max = small.and_then(|(_, _, max)| max);
        let most = match (max, small_max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let min = min.max(small_min) + own;
        latency.set(true, min, most.map(|most| most + own));
    }

    /// What is known about both streams' times, asked for if it is not.
    pub(super) fn small_upstream(&self) -> Upstream {
        let known = self.small.fields().upstream;
        if let Some(known) = known {
            return known;
        }
        let main = latency_of(self.obj().sink_pad());
        let small = self.small.pad().and_then(|pad| latency_of(&pad));
        let (live, min) = main.unwrap_or_default();
        let behind = small.map_or(Duration::ZERO, |(_, small)| small.saturating_sub(min));
        let upstream = Upstream { live, behind };
        self.small.fields().upstream = Some(upstream);
        upstream
    }

    /// Sends a seek to the main stream by `main`, and to the small one after it. Whether that can
    /// follow does not matter.
    pub(super) fn seek_both(
        &self,
        event: gst::Event,
        main: impl FnOnce(gst::Event) -> bool,
    ) -> bool {
        let Some(pad) = self.small.pad() else {
            return main(event);
        };
        self.small.queue.seek(true);
        let handled = main(event.clone());
        let followed = pad.push_event(event);
        self.small.queue.seek(false);
        gst::debug!(
            CAT,
            imp = self,
            "the small stream follows the seek: {followed}"
        );
        handled
    }
}

/// Whether what comes to a pad is live, and how late it comes; none if nobody answers.
fn latency_of(pad: &gst::Pad) -> Option<(bool, Duration)> {
    let mut query = gst::query::Latency::new();
    pad.peer_query(&mut query).then(|| {
        let (live, min, _) = query.result();
        (live, min.into())
    })
}
