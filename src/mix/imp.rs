// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattemix`: what the base class calls. Events and queries of the two sink pads are
//! in `camera_pad` and `background_pad`; `background_queue` decides which background frame is shown,
//! `renderer` what a frame becomes.

use super::background_queue::BackgroundQueue;
use super::qos::Qos;
use super::renderer::Renderer;
use super::settings::Settings;
use super::sink_pad::MatteMixPad;
use crate::compose;
use crate::control::Control;
use crate::properties::{AtRest, Properties};
use crate::sync::lock;
use crate::timeline::Timeline;
use crate::video::direction::Direction;
use crate::video::{allow_any_link, as_plain, report_refused, with_dmabuf};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::AGGREGATOR_FLOW_NEED_DATA as NEED_DATA;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use gst_video::VideoAggregatorPad;
use gst_video::subclass::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex};

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
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
    pub(super) camera: MatteMixPad,
    pub(super) background: VideoAggregatorPad,
    pub(super) settings: Mutex<Settings>,
    /// Properties that move over time.
    pub(super) control: Control,
    /// Set by property changes: settings are locked for frames after a change only.
    pub(super) changed: AtomicBool,
    pub(super) queue: BackgroundQueue,
    /// Which way up the camera's frames are, and the background's.
    pub(super) direction: Direction,
    pub(super) background_direction: Direction,
    /// The camera's caps.
    pub(super) caps: Mutex<Option<gst::Caps>>,
    /// What the streaming thread owns between caps.
    pub(super) renderer: Mutex<Option<Renderer>>,
    /// Times of the camera's frames.
    pub(super) timeline: Mutex<Timeline>,
    pub(super) qos: Mutex<Qos>,
    /// Tags of the camera that wait for the next frame: the base class sends none on.
    pub(super) tags: Mutex<Vec<gst::Event>>,
    /// Number of the last seek that went to the background; each sink sends it once.
    pub(super) seek: Mutex<Option<gst::Seqnum>>,
    /// Values that were refused before the start.
    at_rest: AtRest,
}

/// Caps that pass a query's filter, in the filter's order.
pub(super) fn filtered(caps: &gst::Caps, filter: Option<&gst::CapsRef>) -> gst::Caps {
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
    type Interfaces = (gst::ChildProxy, gst::Preset);

    fn with_class(class: &Self::Class) -> Self {
        let template = |name| class.pad_template(name).expect("it is registered");
        let camera = gst::PadBuilder::<MatteMixPad>::from_template(&template("sink")).build();
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
                            mix.queue.activate(active);
                            Ok(())
                        },
                    )
                })
                .build();
        Self {
            camera,
            background,
            settings: Mutex::default(),
            control: Control::default(),
            changed: AtomicBool::new(false),
            queue: BackgroundQueue::default(),
            direction: Direction::default(),
            background_direction: Direction::default(),
            caps: Mutex::default(),
            renderer: Mutex::default(),
            timeline: Mutex::default(),
            qos: Mutex::default(),
            tags: Mutex::default(),
            seek: Mutex::default(),
            at_rest: AtRest::default(),
        }
    }
}

impl ObjectImpl for MatteMix {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(Settings::specs);
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let set = {
            let mut settings = lock(&self.settings);
            let set = settings.set(pspec.name(), value);
            self.direction.choose(settings.direction.video_direction);
            set
        };
        self.at_rest
            .note(&*self.obj(), pspec.name(), set.as_ref().err());
        self.changed.store(true, Ordering::Release);
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        lock(&self.settings).value(pspec.name())
    }

    fn constructed(&self) {
        self.parent_constructed();
        let element = self.obj();
        link_source_to_camera(element.src_pad());
        allow_any_link(element.src_pad());
        let pads: [&gst::Pad; 2] = [self.camera.upcast_ref(), self.background.upcast_ref()];
        for pad in pads {
            element.add_pad(pad).expect("the element has no pad yet");
            report_refused(pad);
        }
    }
}

impl GstObjectImpl for MatteMix {}

impl PresetImpl for MatteMix {}

/// `gst-launch-1.0` sets the pad's properties by it: `mattemix sink::scale=0.3`.
impl ChildProxyImpl for MatteMix {
    fn children_count(&self) -> u32 {
        self.obj().num_pads().into()
    }

    fn child_by_name(&self, name: &str) -> Option<glib::Object> {
        self.obj().static_pad(name).map(Cast::upcast)
    }

    fn child_by_index(&self, index: u32) -> Option<glib::Object> {
        let pad = self.obj().pads().into_iter().nth(index as usize);
        pad.map(Cast::upcast)
    }
}

impl ElementImpl for MatteMix {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            crate::about::metadata(
                "mattemix",
                "Matte video mixing",
                "Filter/Effect/Video/Compositor",
                "Puts a second video behind what a frame's matte says is the subject",
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
                template(
                    "sink",
                    sink,
                    compose::sink_caps(),
                    MatteMixPad::static_type(),
                ),
                template("background", sink, background_caps(), video),
                template("src", src, compose::src_caps(), source),
            ]
        });
        &TEMPLATES
    }
}

impl AggregatorImpl for MatteMix {
    fn start(&self) -> Result<(), gst::ErrorMessage> {
        self.at_rest.check()?;
        self.parent_start()?;
        self.queue.close(None);
        lock(&self.qos).reset();
        self.disregard_background();
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.renderer) = None;
        *lock(&self.timeline) = Timeline::new();
        *lock(&self.caps) = None;
        lock(&self.tags).clear();
        self.parent_stop()
    }

    fn src_activate(&self, _mode: gst::PadMode, active: bool) -> Result<(), gst::LoggableError> {
        self.queue.interrupt(!active);
        Ok(())
    }

    /// None: there is no time at which a frame would be made without the camera.
    fn next_time(&self) -> Option<gst::ClockTime> {
        None
    }

    fn aggregate(&self, _timeout: bool) -> Result<gst::FlowSuccess, gst::FlowError> {
        // Caught here and not by the binding: an element that it has marked as panicked no longer
        // hands state changes on, so the pad's thread would never end, and stopping would wait for
        // it.
        let next = AssertUnwindSafe(|| {
            crate::fault::point("mattemix");
            self.next_frame()
        });
        let flow = catch_unwind(next).unwrap_or_else(|_| {
            gst::element_imp_error!(self, gst::LibraryError::Failed, ("Panicked"));
            Err(gst::FlowError::Error)
        });
        match flow {
            Ok(_) | Err(NEED_DATA | gst::FlowError::Flushing) => (),
            Err(error) => self.queue.close(Some(error)),
        }
        flow
    }

    fn flush(&self) -> Result<gst::FlowSuccess, gst::FlowError> {
        lock(&self.qos).reset();
        lock(&self.tags).clear();
        lock(&self.timeline).flush();
        if let Some(renderer) = &mut *lock(&self.renderer) {
            renderer.flush();
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
        self.camera_event(pad, event)
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
        self.camera_query(pad, query)
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
                let given = self.camera.peer_query_caps(Some(&with_dmabuf(&possible)));
                query.set_result(&as_plain(&given).into_owned());
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
