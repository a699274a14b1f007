// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattesegment`. What a model is and how it runs is decided in `crate::model`,
//! which frames it runs on in `frames`, how networks come and go in `loading`.

use super::Mode;
use super::engine::Loader;
use super::interrupt::Interrupt;
use super::latency::Latency;
use super::settings::{self, Settings};
use super::state::State;
use super::stats::Stats;
use super::swap::Swap;
use crate::bus_gate::BusGate;
use crate::control::Control;
use crate::meta::Matte;
use crate::video::direction::{self, Direction};
use crate::video::{Stream, allocation, link_all_the_same, pad_templates, tell_refused};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

pub use settings::properties;

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "mattesegment",
        gst::DebugColorFlags::empty(),
        Some("Segmentation network on video frames"),
    )
});

/// Brings ONNX Runtime's own messages into GStreamer's log.
pub(super) fn log_onnxruntime(level: u8, message: &str) {
    match level {
        0 => gst::log!(CAT, "ONNX Runtime: {message}"),
        1 => gst::debug!(CAT, "ONNX Runtime: {message}"),
        2 => gst::warning!(CAT, "ONNX Runtime: {message}"),
        _ => gst::error!(CAT, "ONNX Runtime: {message}"),
    }
}

/// State of the element.
#[derive(Default)]
pub struct MatteSegment {
    pub(super) settings: Mutex<Settings>,
    /// Properties that move over time.
    pub(super) control: Control,
    pub(super) state: Mutex<Option<State>>,
    pub(super) stats: Mutex<Stats>,
    pub(super) latency: Mutex<Latency>,
    pub(super) active_provider: Mutex<Option<String>>,
    pub(super) loader: Mutex<Loader>,
    /// A network on its way in while playing.
    pub(super) swap: Swap,
    /// Reaches the network past `state`, which the streaming thread holds while it waits.
    pub(super) interrupt: Interrupt,
    /// Between start and stop.
    started: AtomicBool,
    /// Lets threads that load post between start and stop.
    pub(super) bus_gate: BusGate,
    /// Frames of an earlier running time are late and go without a run; from QoS events.
    pub(super) earliest: Mutex<Option<gst::ClockTime>>,
    /// Which way up the frames are.
    pub(super) direction: Direction,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[glib::object_subclass]
impl ObjectSubclass for MatteSegment {
    const NAME: &'static str = "GstMatteSegment";
    type Type = super::MatteSegment;
    type ParentType = gst_base::BaseTransform;
}

impl ObjectImpl for MatteSegment {
    fn constructed(&self) {
        self.parent_constructed();
        tell_refused(self.obj().sink_pad());
        link_all_the_same(self.obj().src_pad());
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(properties);
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let name = pspec.name();
        if name == direction::PROPERTY {
            if let Err(error) = self.direction.set(value) {
                gst::element_imp_warning!(self, gst::LibraryError::Settings, ("{error}"));
            }
            return;
        }
        let started = self.started.load(Ordering::Acquire);
        let mut settings = lock(&self.settings);
        if !started || !settings::is_of_network(name) {
            let before = settings.mode;
            settings.set(name, value);
            let changed = before != settings.mode;
            drop(settings);
            if started && changed {
                self.tell_latency();
            }
            return;
        }
        let before = settings.network();
        settings.set(name, value);
        let after = settings.clone();
        drop(settings);
        if before != after.network() {
            gst::debug!(CAT, imp = self, "{name} asks for another network");
            self.load_beside(after);
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "stats" => {
                let latency = lock(&self.latency).told();
                lock(&self.stats).to_structure(latency).to_value()
            }
            "active-execution-provider" => lock(&self.active_provider).to_value(),
            direction::PROPERTY => self.direction.value(),
            name => lock(&self.settings).get(name),
        }
    }
}

impl GstObjectImpl for MatteSegment {}

impl ElementImpl for MatteSegment {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Matte segmentation",
                "Filter/Analyzer/Video",
                "Attaches a matte of the people in a frame, made by a segmentation network",
                "matte developers",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(pad_templates);
        &TEMPLATES
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        // The streaming thread must not be waiting for the network when its pads are stopped.
        if transition == gst::StateChange::PausedToReady {
            self.interrupt.flush(true);
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
        let loaded = self.start_network()?;
        *lock(&self.stats) = Stats::default();
        *lock(&self.earliest) = None;
        self.interrupt.flush(false);
        self.bus_gate.open();
        self.started.store(true, Ordering::Release);
        // A property may have changed while the network was loaded.
        let now = lock(&self.settings).clone();
        if now.network() != loaded.network() {
            self.load_beside(now);
        }
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        self.started.store(false, Ordering::Release);
        self.bus_gate.close();
        self.swap.start(Settings::default());
        self.interrupt.forget();
        *lock(&self.state) = None;
        *lock(&self.active_provider) = None;
        Ok(())
    }

    fn set_caps(&self, incaps: &gst::Caps, _outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        gst::debug!(CAT, imp = self, "{incaps}");
        self.change_stream(Stream::from_caps(incaps)?)
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
        // Only frames that wait are held.
        if direction == gst::PadDirection::Src
            && let gst::QueryViewMut::Latency(latency) = query.view_mut()
            && lock(&self.settings).mode == Mode::Sync
        {
            let told = lock(&self.latency).told();
            let own = gst::ClockTime::try_from(told).unwrap_or_default();
            let (live, min, max) = latency.result();
            latency.set(live, min + own, max.map(|max| max + own));
        }
        true
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        self.direction.note(&event);
        match event.type_() {
            // Comes beside the stream, which may be waiting for the network.
            gst::EventType::FlushStart => self.interrupt.flush(true),
            gst::EventType::FlushStop => {
                *lock(&self.earliest) = None;
                self.note_time(&event);
                self.forget();
                self.interrupt.flush(false);
            }
            gst::EventType::StreamStart => self.note_time(&event),
            _ => (),
        }
        self.parent_sink_event(event)
    }

    fn src_event(&self, event: gst::Event) -> bool {
        if let gst::EventView::Qos(qos) = event.view() {
            let (_, _, jitter, timestamp) = qos.get();
            *lock(&self.earliest) = timestamp.and_then(|time| match jitter {
                late if late > 0 => time.checked_add(gst::ClockTime::from_nseconds(late as u64)),
                _ => None,
            });
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
        self.follow_direction()?;
        let attached = {
            let mut guard = lock(&self.state);
            crate::fault::point("mattesegment");
            let state = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
            let tick = state.timeline.tick(&self.obj().segment(), buffer);
            if let Some(playing) = &mut state.playing {
                playing.advance(&tick);
            }
            self.take_over(state);
            let matte = self.matte_for(state, buffer)?;
            let attached = match &matte {
                Some(matte) => matte.attach(buffer),
                // A matte from an earlier element would be taken for ours.
                None => {
                    Matte::detach(buffer);
                    Ok(())
                }
            };
            #[cfg(feature = "v1_26")]
            let attached = attached.and_then(|()| self.attach_mask(state, buffer, matte.as_ref()));
            attached
        };
        attached.map_err(|error| {
            gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
            gst::FlowError::Error
        })?;
        Ok(gst::FlowSuccess::Ok)
    }
}

impl MatteSegment {
    /// Brings upstream's meta of a frame in line with its matte.
    #[cfg(feature = "v1_26")]
    fn attach_mask(
        &self,
        state: &mut State,
        buffer: &mut gst::BufferRef,
        matte: Option<&Matte>,
    ) -> Result<(), glib::BoolError> {
        match (&mut state.playing, matte) {
            (Some(playing), Some(matte)) if lock(&self.settings).analytics_meta => {
                let size = (playing.stream.width(), playing.stream.height());
                playing.masks.attach(buffer, &matte.sample, size)
            }
            _ => crate::analytics::detach(buffer),
        }
    }

    /// Takes an event that says something about time. Never to be called beside the stream, which holds
    /// the state while it waits for the network.
    fn note_time(&self, event: &gst::EventRef) {
        if let Some(state) = lock(&self.state).as_mut() {
            state.timeline.event(event);
        }
    }

    /// Another time begins: what earlier frames left behind is of no use.
    fn forget(&self) {
        if let Some(State {
            playing: Some(playing),
            ..
        }) = lock(&self.state).as_mut()
        {
            playing.forget();
        }
    }
}
