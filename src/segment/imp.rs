// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattesegment`. What a model is and how it runs is decided in `crate::model`,
//! which frames it runs on in `schedule`, how networks come and go in `loader` and
//! `loading`.

use super::loader::interrupt::Interrupt;
use super::log::CAT;
use super::settings::{NETWORK, Settings};
use super::shared::{Shared, Snapshot};
use super::small::Small;
use super::stats::RunTimes;
use super::stream::Started;
use crate::bus_gate::BusGate;
use crate::control::Control;
use crate::meta::Matte;
use crate::properties::{AtRest, Properties, set_while_running};
use crate::video::direction::Direction;
use crate::video::{Stream, allocation, allow_any_link, pad_templates, report_refused};
use gst::glib;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// State of the element.
#[derive(Default)]
pub struct MatteSegment {
    /// What other threads see.
    pub(super) shared: Shared,
    /// What the streaming thread owns, between start and stop. Other threads must not lock it: the
    /// streaming thread holds it while it waits for the network.
    stream: Mutex<Option<Started>>,
    /// Reaches the network while the streaming thread waits for it.
    pub(super) interrupt: Interrupt,
    /// Lets threads that load post between start and stop.
    pub(super) bus_gate: BusGate,
    /// Properties that move over time.
    pub(super) control: Control,
    /// Which way up the frames are.
    pub(super) direction: Direction,
    /// The pad `small`.
    pub(super) small: Small,
    /// Values that were refused before the start.
    at_rest: AtRest,
}

#[glib::object_subclass]
impl ObjectSubclass for MatteSegment {
    const NAME: &'static str = "GstMatteSegment";
    type Type = super::MatteSegment;
    type ParentType = gst_base::BaseTransform;
    type Interfaces = (gst::Preset,);
}

impl ObjectImpl for MatteSegment {
    fn constructed(&self) {
        self.parent_constructed();
        report_refused(self.obj().sink_pad());
        allow_any_link(self.obj().src_pad());
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(Settings::specs);
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let name = pspec.name();
        let mut fields = self.shared.lock();
        let started = fields.started;
        let settings = &mut fields.settings;
        let waits = (settings.mode, settings.small_latency);
        let network = (started && NETWORK.contains(&name)).then(|| settings.network());
        let set = match started {
            true => set_while_running(settings, pspec, value),
            false => settings.set(name, value),
        };
        self.direction.choose(settings.direction.video_direction);
        let waits_otherwise = started && waits != (settings.mode, settings.small_latency);
        let wanted = network.filter(|before| *before != settings.network());
        let wanted = wanted.map(|_| settings.clone());
        drop(fields);
        self.at_rest.note(&*self.obj(), name, set.as_ref().err());
        if waits_otherwise {
            self.post_latency();
        }
        if let Some(wanted) = wanted {
            gst::debug!(CAT, imp = self, "{name} asks for another network");
            self.load_beside(wanted);
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        self.shared.property(pspec.name())
    }
}

impl GstObjectImpl for MatteSegment {}

impl PresetImpl for MatteSegment {}

impl ElementImpl for MatteSegment {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            crate::about::metadata(
                "mattesegment",
                "Matte segmentation",
                "Filter/Analyzer/Video",
                "Attaches a matte of the people in a frame, made by a segmentation network",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let mut templates = pad_templates();
            templates.push(MatteSegment::small_template());
            templates
        });
        &TEMPLATES
    }

    fn request_new_pad(
        &self,
        template: &gst::PadTemplate,
        _name: Option<&str>,
        _caps: Option<&gst::Caps>,
    ) -> Option<gst::Pad> {
        self.request_small(template)
    }

    fn release_pad(&self, pad: &gst::Pad) {
        self.release_small(pad);
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        // The streaming thread must not be waiting for the network when its pads are stopped.
        if transition == gst::StateChange::PausedToReady {
            self.interrupt.flush(true);
            self.small.interrupt(true);
        }
        self.parent_change_state(transition)
    }
}

impl BaseTransformImpl for MatteSegment {
    const MODE: gst_base::subclass::BaseTransformMode =
        gst_base::subclass::BaseTransformMode::AlwaysInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        self.at_rest.check()?;
        let loaded = self
            .start_network()
            .map_err(|error| gst::error_msg!(gst::ResourceError::OpenRead, ("{error}")))?;
        if let Some(refused) = crate::model::refused_concurrent_runs() {
            gst::element_imp_warning!(self, gst::LibraryError::Settings, ("{refused}"));
        }
        self.shared.counters.reset();
        self.interrupt.flush(false);
        self.small.interrupt(false);
        self.small.main_starts();
        self.bus_gate.open();
        let now = {
            let mut fields = self.shared.lock();
            fields.run_times = RunTimes::default();
            fields.earliest = None;
            fields.started = true;
            fields.settings.clone()
        };
        // A property may have changed while the network was loaded.
        if now.network() != loaded.network() {
            self.load_beside(now);
        }
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        self.shared.lock().started = false;
        self.bus_gate.close();
        self.stop_network();
        Ok(())
    }

    fn set_caps(&self, incaps: &gst::Caps, _outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        gst::debug!(CAT, imp = self, "{incaps}");
        let caps = Stream::from_caps(incaps)?;
        match self.stream().as_mut() {
            Some(started) => self.change_stream(started, caps),
            None => Err(gst::loggable_error!(CAT, "the element is not started")),
        }
    }

    fn propose_allocation(
        &self,
        _decide_query: Option<&gst::query::Allocation>,
        query: &mut gst::query::Allocation,
    ) -> Result<(), gst::LoggableError> {
        allocation::relay(self.obj().src_pad(), query);
        Ok(())
    }

    fn query(&self, direction: gst::PadDirection, query: &mut gst::QueryRef) -> bool {
        if !BaseTransformImplExt::parent_query(self, direction, query) {
            return false;
        }
        if direction == gst::PadDirection::Src
            && let gst::QueryViewMut::Latency(latency) = query.view_mut()
        {
            self.small_latency(latency);
            if let Some(held) = self.shared.latency() {
                let own = gst::ClockTime::try_from(held).unwrap_or_default();
                let (live, min, max) = latency.result();
                latency.set(live, min + own, max.map(|max| max + own));
            }
        }
        true
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        self.direction.note(&event);
        match event.type_() {
            // Comes from another thread; the streaming thread may be waiting for the network.
            gst::EventType::FlushStart => {
                self.small.interrupt(true);
                self.interrupt.flush(true);
            }
            gst::EventType::FlushStop => {
                self.shared.lock().earliest = None;
                self.note_time(&event);
                self.forget();
                self.interrupt.flush(false);
                self.small.main_starts();
                self.small.interrupt(false);
            }
            gst::EventType::StreamStart => {
                self.note_time(&event);
                self.small.main_starts();
            }
            gst::EventType::Eos => self.small.main_ends(),
            _ => (),
        }
        self.parent_sink_event(event)
    }

    fn src_event(&self, event: gst::Event) -> bool {
        if let gst::EventView::Qos(qos) = event.view() {
            let (_, _, jitter, timestamp) = qos.get();
            self.shared.lock().earliest = timestamp.and_then(|time| match jitter {
                late if late > 0 => time.checked_add(gst::ClockTime::from_nseconds(late as u64)),
                _ => None,
            });
        }
        if event.type_() == gst::EventType::Seek {
            return self.seek_both(event, |event| self.parent_src_event(event));
        }
        self.parent_src_event(event)
    }

    fn before_transform(&self, frame: &gst::BufferRef) {
        self.control.before_transform(&*self.obj(), frame);
    }

    fn transform_ip(
        &self,
        buffer: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut guard = self.stream();
        crate::fault::point("mattesegment");
        let started = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        self.follow_direction(started)?;
        let segment = self.obj().segment();
        let tick = started.timeline.tick(&segment, buffer);
        if let Some(stream) = &mut started.stream {
            stream.advance(&tick);
        }
        let mut now = self.shared.snapshot();
        if let Some(ready) = now.ready.take() {
            self.take_over(started, *ready);
        }
        let matte = match &mut started.stream {
            Some(stream) => self.matte_for(stream, &segment, buffer, &now)?,
            None => None,
        };
        let attached = attach(started, buffer, matte.as_ref(), &now);
        attached.map_err(|error| {
            gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
            gst::FlowError::Error
        })?;
        Ok(gst::FlowSuccess::Ok)
    }
}

impl MatteSegment {
    /// What the streaming thread owns.
    pub(super) fn stream(&self) -> MutexGuard<'_, Option<Started>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event that says something about time. Only for the streaming thread.
    fn note_time(&self, event: &gst::EventRef) {
        if let Some(started) = self.stream().as_mut() {
            started.timeline.event(event);
        }
    }

    /// Another time begins: what earlier frames left behind is of no use.
    fn forget(&self) {
        let mut guard = self.stream();
        let stream = guard.as_mut().and_then(|started| started.stream.as_mut());
        if let Some(stream) = stream {
            stream.forget();
        }
    }
}

/// Puts a matte on a frame, or makes sure that the frame has none.
#[cfg_attr(not(feature = "v1_26"), allow(unused_variables))]
fn attach(
    started: &mut Started,
    buffer: &mut gst::BufferRef,
    matte: Option<&Matte>,
    now: &Snapshot,
) -> Result<(), glib::BoolError> {
    match matte {
        Some(matte) => matte.attach(buffer)?,
        // A matte from an earlier element would be taken for ours.
        None => Matte::detach(buffer),
    }
    #[cfg(feature = "v1_26")]
    match (matte, &mut started.stream) {
        (Some(matte), Some(stream)) if now.analytics_meta => {
            let size = (stream.caps.width(), stream.caps.height());
            stream.masks.attach(buffer, &matte.sample, size)?;
        }
        _ => crate::analytics::detach(buffer)?,
    }
    Ok(())
}
