// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattemix`: pads, events, queries and negotiation. Which background frame is
//! shown is decided in `inbox`, what a frame becomes in `stage`.

use super::BackgroundEos;
use super::inbox::{Inbox, Shown};
use super::qos::Qos;
use super::settings::{self, Settings};
use super::stage::{Behind, Stage};
use crate::compose::{self, Missing, OnMissingMatte, fitting};
use crate::meta::Matte;
use crate::video::Stream;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::AGGREGATOR_FLOW_NEED_DATA as NEED_DATA;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use gst_video::VideoAggregatorPad;
use gst_video::subclass::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use settings::properties;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "mattemix",
        gst::DebugColorFlags::empty(),
        Some("Puts a second video behind a subject"),
    )
});

/// Caps of the pad `background`: everything that can be converted.
pub fn background_caps() -> gst::Caps {
    compose::sink_caps()
}

/// State of the element.
#[derive(Debug)]
pub struct MatteMix {
    camera: VideoAggregatorPad,
    background: VideoAggregatorPad,
    settings: Mutex<Settings>,
    /// Set by property changes, so that a frame costs no look at the settings otherwise.
    changed: AtomicBool,
    inbox: Inbox,
    /// The camera's caps.
    caps: Mutex<Option<gst::Caps>>,
    /// What the streaming thread owns between caps.
    stage: Mutex<Option<Stage>>,
    qos: Mutex<Qos>,
    /// Tags of the camera that wait for the next frame: the base class sends none on.
    tags: Mutex<Vec<gst::Event>>,
    /// Number of the last seek that went to the background; each sink sends it once.
    seek: Mutex<Option<gst::Seqnum>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MatteMix {
    fn is_background(&self, pad: &gst_base::AggregatorPad) -> bool {
        pad == self.background.upcast_ref::<gst_base::AggregatorPad>()
    }

    /// Makes the base class take the background for ended, so that it never waits for it.
    fn disregard_background(&self) {
        let pad = self.background.upcast_ref();
        self.parent_sink_event(pad, gst::event::Eos::new());
    }

    fn background_chain(&self, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        if self.inbox.asks_for_live() {
            let mut query = gst::query::Latency::new();
            let live = self.background.peer_query(&mut query) && query.result().0;
            gst::debug!(CAT, imp = self, "the background is live: {live}");
            self.inbox.set_live(live);
        }
        self.inbox.push(buffer)
    }

    fn background_event(&self, event: gst::Event) -> Result<gst::FlowSuccess, gst::FlowError> {
        match event.view() {
            gst::EventView::StreamStart(_) => self.inbox.stream_start(),
            gst::EventView::FlushStart(_) => self.inbox.flush_start(),
            gst::EventView::FlushStop(_) => self.inbox.flush_stop(),
            gst::EventView::Eos(_) => self.inbox.end(),
            gst::EventView::Caps(caps) => match Stream::from_caps(caps.caps()) {
                Ok(stream) => self.inbox.set_stream(stream),
                Err(error) => {
                    error.log_with_imp(self);
                    return Err(gst::FlowError::NotNegotiated);
                }
            },
            gst::EventView::Segment(event) => match event.segment().downcast_ref() {
                Some(segment) => self.inbox.set_segment(segment.clone()),
                None => {
                    self.refuse_untimed("background");
                    return Err(gst::FlowError::Error);
                }
            },
            // Tags and messages of the background are not the output's.
            _ => (),
        }
        Ok(gst::FlowSuccess::Ok)
    }

    /// Posts the error for streams without times.
    fn refuse_untimed(&self, pad: &str) {
        gst::element_imp_error!(
            self,
            gst::StreamError::Format,
            ("The stream on the pad {pad} is not timed"),
            ["it has no TIME segment; for appsrc, set format=time"]
        );
    }

    fn background_query(&self, query: &mut gst::QueryRef) -> bool {
        let serialized = query.is_serialized();
        match query.view_mut() {
            gst::QueryViewMut::Caps(query) => {
                let caps = self.background.pad_template_caps();
                query.set_result(&filtered(&caps, query.filter()));
                true
            }
            gst::QueryViewMut::AcceptCaps(query) => {
                let caps = self.background.pad_template_caps();
                query.set_result(query.caps().is_subset(&caps));
                true
            }
            gst::QueryViewMut::Allocation(query) => {
                query.add_allocation_meta::<gst_video::VideoMeta>(None);
                true
            }
            _ if serialized => false,
            _ => self.parent_sink_query(self.background.upcast_ref(), query),
        }
    }

    fn camera_caps(&self, event: &gst::event::Caps) -> bool {
        let caps = event.caps();
        let settings = lock(&self.settings).clone();
        self.changed.store(false, Ordering::Release);
        let stage = Stream::from_caps(caps).and_then(|camera| {
            Stage::new(camera, settings).map_err(|error| gst::loggable_error!(CAT, "{error}"))
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
        *lock(&self.caps) = Some(caps.to_owned());
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

    /// What stands behind a camera frame; waits for it where nothing is live.
    fn behind(&self, running: Option<gst::ClockTime>) -> Shown {
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
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut guard = lock(&self.stage);
        let stage = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        if self.changed.swap(false, Ordering::AcqRel) {
            stage.configure(lock(&self.settings).clone());
        }
        let settings = stage.settings();
        let behind = match (&shown.frame, settings.background_eos) {
            (_, BackgroundEos::Color) if shown.ended => Behind::Color(settings.color),
            (Some(frame), _) => Behind::Frame(frame, shown.serial),
            (None, _) => Behind::Nothing,
        };
        let pts = buffer.pts();
        stage.advance(pts);
        let matte = fitting(Matte::of(buffer), stage.aspect());
        // Copies no more than a few metas where others hold the buffer, too; memory that others
        // hold is copied when it is written.
        let missing = stage
            .compose(buffer.make_mut(), matte, behind)
            .map_err(|error| {
                gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
                gst::FlowError::Error
            })?;
        let fail = stage.settings().on_missing_matte == OnMissingMatte::Fail;
        if let (Some(missing), true) = (missing, fail) {
            gst::element_imp_error!(
                self,
                gst::StreamError::Failed,
                ("No matte: {}", missing.reason()),
                ["on-missing-matte=fail asks for this error; mattesegment must come before"]
            );
            return Err(gst::FlowError::Error);
        }
        if stage.note(missing.is_some()) {
            drop(guard);
            self.post(Missing::structure(missing, pts));
        }
        Ok(gst::FlowSuccess::Ok)
    }

    fn post(&self, structure: gst::Structure) {
        let message = gst::message::Element::builder(structure)
            .src(&*self.obj())
            .build();
        // Nobody listens where there is no bus.
        let _ = self.obj().post_message(message);
    }

    /// Whether a frame comes too late to be shown; says so on the bus.
    fn is_late(
        &self,
        buffer: &gst::BufferRef,
        segment: &gst::FormattedSegment<gst::ClockTime>,
    ) -> bool {
        let running = segment.to_running_time(buffer.pts());
        let mut qos = lock(&self.qos);
        let Some(late) = qos.lateness(running) else {
            qos.processed();
            return false;
        };
        let stream = segment.to_stream_time(buffer.pts());
        let live = self.obj().latency().is_some();
        let message = qos
            .dropped(live, buffer, running, stream, late)
            .src(&*self.obj())
            .build();
        drop(qos);
        gst::debug!(CAT, imp = self, "{running:?} is {late} late, dropped");
        // Nobody listens where there is no bus.
        let _ = self.obj().post_message(message);
        true
    }

    /// Takes one camera frame and sends it on.
    fn next_frame(&self) -> Result<gst::FlowSuccess, gst::FlowError> {
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
        let shown = self.behind(segment.to_running_time(buffer.pts()));
        if shown.ended && lock(&self.settings).background_eos == BackgroundEos::Eos {
            gst::debug!(
                CAT,
                imp = self,
                "the background has ended, and so the output"
            );
            return Err(gst::FlowError::Eos);
        }
        self.process(&mut buffer, &shown)?;
        let element = self.obj();
        element.selected_samples(buffer.pts(), None, buffer.duration(), None);
        let flow = element.finish_buffer(buffer)?;
        for tag in std::mem::take(&mut *lock(&self.tags)) {
            element.src_pad().push_event(tag);
        }
        Ok(flow)
    }

    /// Sends a seek of the output to the background, too. Whether it can follow does not matter.
    fn seek_background(&self, event: &gst::Event) {
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

/// Caps that pass a query's filter, in the filter's order.
fn filtered(caps: &gst::Caps, filter: Option<&gst::CapsRef>) -> gst::Caps {
    match filter {
        Some(filter) => filter
            .to_owned()
            .intersect_with_mode(caps, gst::CapsIntersectMode::First),
        None => caps.clone(),
    }
}

/// The source pad's internal link is the camera alone: seeks, latency and whatever else the base
/// class asks of upstream is the camera's.
#[allow(
    unsafe_code,
    reason = "the pad is made by the base class; a pad that exists gets functions no other way"
)]
fn link_source_to_camera(source: &gst_base::AggregatorPad) {
    // SAFETY: the pad must not be in use while the function is replaced: it is part of an element
    // that is still being constructed, so that it is not linked, not active, and nobody has it.
    unsafe {
        source.set_iterate_internal_links_function(|_, parent| {
            let element = parent.and_then(|p| p.downcast_ref::<super::MatteMix>());
            let camera = element.map(|e| e.imp().camera.clone().upcast());
            gst::Iterator::from_vec(camera.into_iter().collect())
        });
    }
}

#[glib::object_subclass]
impl ObjectSubclass for MatteMix {
    const NAME: &'static str = "GstMatteMix";
    type Type = super::MatteMix;
    type ParentType = gst_video::VideoAggregator;

    fn with_class(class: &Self::Class) -> Self {
        let template = |name| class.pad_template(name).expect("it is registered");
        let camera =
            gst::PadBuilder::<VideoAggregatorPad>::from_template(&template("sink")).build();
        let background =
            gst::PadBuilder::<VideoAggregatorPad>::from_template(&template("background"))
                .chain_function(|_, parent, buffer| {
                    Self::catch_panic_pad_function(
                        parent,
                        || Err(gst::FlowError::Error),
                        |mix| mix.background_chain(buffer),
                    )
                })
                .activatemode_function(|_, parent, _, active| {
                    Self::catch_panic_pad_function(
                        parent,
                        || Ok(()),
                        |mix| {
                            mix.inbox.activate(active);
                            Ok(())
                        },
                    )
                })
                .build();
        Self {
            camera,
            background,
            settings: Mutex::default(),
            changed: AtomicBool::new(false),
            inbox: Inbox::default(),
            caps: Mutex::default(),
            stage: Mutex::default(),
            qos: Mutex::default(),
            tags: Mutex::default(),
            seek: Mutex::default(),
        }
    }
}

impl ObjectImpl for MatteMix {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(properties);
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        lock(&self.settings).set(pspec.name(), value);
        self.changed.store(true, Ordering::Release);
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        lock(&self.settings).get(pspec.name())
    }

    fn constructed(&self) {
        self.parent_constructed();
        let element = self.obj();
        link_source_to_camera(element.src_pad());
        for pad in [&self.camera, &self.background] {
            element.add_pad(pad).expect("the element has no pad yet");
        }
    }
}

impl GstObjectImpl for MatteMix {}

impl ElementImpl for MatteMix {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Matte video mixing",
                "Filter/Effect/Video/Compositor",
                "Puts a second video behind what a frame's matte says is the subject",
                "matte developers",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let template = |name, direction, caps, kind| {
                let presence = gst::PadPresence::Always;
                gst::PadTemplate::with_gtype(name, direction, presence, &caps, kind)
                    .expect("the template is valid")
            };
            let video = VideoAggregatorPad::static_type();
            let source = gst_base::AggregatorPad::static_type();
            let (sink, src) = (gst::PadDirection::Sink, gst::PadDirection::Src);
            vec![
                template("sink", sink, compose::sink_caps(), video),
                template("background", sink, background_caps(), video),
                template("src", src, compose::sink_caps(), source),
            ]
        });
        &TEMPLATES
    }
}

impl AggregatorImpl for MatteMix {
    fn start(&self) -> Result<(), gst::ErrorMessage> {
        self.parent_start()?;
        self.inbox.close(None);
        lock(&self.qos).reset();
        self.disregard_background();
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.stage) = None;
        *lock(&self.caps) = None;
        lock(&self.tags).clear();
        self.parent_stop()
    }

    fn src_activate(&self, _mode: gst::PadMode, active: bool) -> Result<(), gst::LoggableError> {
        self.inbox.interrupt(!active);
        Ok(())
    }

    /// None: there is no time at which a frame would be made without the camera.
    fn next_time(&self) -> Option<gst::ClockTime> {
        None
    }

    fn aggregate(&self, _timeout: bool) -> Result<gst::FlowSuccess, gst::FlowError> {
        let flow = self.next_frame();
        match flow {
            Ok(_) | Err(NEED_DATA | gst::FlowError::Flushing) => (),
            Err(error) => self.inbox.close(Some(error)),
        }
        flow
    }

    fn flush(&self) -> Result<gst::FlowSuccess, gst::FlowError> {
        lock(&self.qos).reset();
        lock(&self.tags).clear();
        if let Some(stage) = &mut *lock(&self.stage) {
            stage.flush();
        }
        self.parent_flush()
    }

    fn sink_event_pre_queue(
        &self,
        pad: &gst_base::AggregatorPad,
        event: gst::Event,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        if self.is_background(pad) {
            return self.background_event(event);
        }
        self.parent_sink_event_pre_queue(pad, event)
    }

    fn sink_event(&self, pad: &gst_base::AggregatorPad, event: gst::Event) -> bool {
        match event.view() {
            gst::EventView::Caps(event) => return self.camera_caps(event),
            gst::EventView::Segment(event) if !self.camera_segment(event) => return false,
            // A frame that is missing is a frame less: nothing comes out in its place.
            gst::EventView::Gap(_) => return true,
            gst::EventView::Tag(_) => {
                lock(&self.tags).push(event);
                return true;
            }
            // The base class goes by all pads: what the camera gets, the background gets, too.
            gst::EventView::FlushStart(_) => {
                self.inbox.interrupt(true);
                self.parent_sink_event(self.background.upcast_ref(), event.clone());
            }
            gst::EventView::FlushStop(_) => {
                self.parent_sink_event(self.background.upcast_ref(), event.clone());
                self.disregard_background();
                self.inbox.camera_restarted();
                self.inbox.close(None);
                self.inbox.interrupt(false);
            }
            _ => (),
        }
        self.parent_sink_event(pad, event)
    }

    fn sink_query_pre_queue(
        &self,
        pad: &gst_base::AggregatorPad,
        query: &mut gst::QueryRef,
    ) -> bool {
        if self.is_background(pad) {
            return self.background_query(query);
        }
        self.parent_sink_query_pre_queue(pad, query)
    }

    fn sink_query(&self, pad: &gst_base::AggregatorPad, query: &mut gst::QueryRef) -> bool {
        match query.view_mut() {
            gst::QueryViewMut::Caps(query) => {
                let template = pad.pad_template_caps();
                let possible = filtered(&template, query.filter());
                let caps = self.obj().src_pad().peer_query_caps(Some(&possible));
                query.set_result(&caps);
                true
            }
            gst::QueryViewMut::AcceptCaps(query) => {
                query.set_result(query.caps().is_subset(&pad.pad_template_caps()));
                true
            }
            _ => self.parent_sink_query(pad, query),
        }
    }

    fn src_event(&self, event: gst::Event) -> bool {
        match event.view() {
            gst::EventView::Qos(qos) => {
                lock(&self.qos).update(qos);
                self.camera.push_event(event)
            }
            gst::EventView::Seek(_) => {
                self.seek_background(&event);
                self.parent_src_event(event)
            }
            _ => self.parent_src_event(event),
        }
    }

    fn src_query(&self, query: &mut gst::QueryRef) -> bool {
        match query.view_mut() {
            gst::QueryViewMut::Caps(query) => {
                let template = self.obj().src_pad().pad_template_caps();
                let possible = filtered(&template, query.filter());
                query.set_result(&self.camera.peer_query_caps(Some(&possible)));
                true
            }
            gst::QueryViewMut::Position(_)
            | gst::QueryViewMut::Duration(_)
            | gst::QueryViewMut::Seeking(_) => self.camera.peer_query(query),
            _ => self.parent_src_query(query),
        }
    }

    fn update_src_caps(&self, caps: &gst::Caps) -> Result<gst::Caps, gst::FlowError> {
        match &*lock(&self.caps) {
            None => Err(NEED_DATA),
            Some(camera) if camera.can_intersect(caps) => Ok(camera.clone()),
            Some(camera) => {
                gst::warning!(CAT, imp = self, "{camera} is not taken downstream: {caps}");
                Err(gst::FlowError::NotNegotiated)
            }
        }
    }

    /// Nothing to do: the output is the camera's frames. The base class would add a frame's
    /// duration of latency.
    fn negotiated_src_caps(&self, _caps: &gst::Caps) -> Result<(), gst::LoggableError> {
        Ok(())
    }

    /// No pool: frames are composed where they are.
    fn decide_allocation(
        &self,
        _query: &mut gst::query::Allocation,
    ) -> Result<(), gst::LoggableError> {
        Ok(())
    }
}

impl VideoAggregatorImpl for MatteMix {}
