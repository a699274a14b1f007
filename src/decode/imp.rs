// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattedecode`. What a tensor means is decided in `crate::model`.

use super::error::DecodeError;
use super::settings::Settings;
use super::state::{Decoded, Started};
use crate::filter::regions::presence::Change;
use crate::meta::Matte;
use crate::properties::{AtRest, Properties, set_while_running};
use crate::sync::lock;
use crate::video::{Stream, allocation, allow_any_link, pad_templates, report_refused};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "mattedecode",
        gst::DebugColorFlags::empty(),
        Some("Mattes of others' tensors"),
    )
});

/// State of the element.
#[derive(Default)]
pub struct MatteDecode {
    settings: Mutex<Settings>,
    /// Property `analytics-meta`, for the streaming thread.
    masks: AtomicBool,
    state: Mutex<Option<Started>>,
    /// Frames with a matte and without one.
    decoded: AtomicU64,
    failed: AtomicU64,
    /// Values that were refused before the start.
    at_rest: AtRest,
}

#[glib::object_subclass]
impl ObjectSubclass for MatteDecode {
    const NAME: &'static str = "GstMatteDecode";
    type Type = super::MatteDecode;
    type ParentType = gst_base::BaseTransform;
    type Interfaces = (gst::Preset,);
}

impl ObjectImpl for MatteDecode {
    fn constructed(&self) {
        self.parent_constructed();
        report_refused(self.obj().sink_pad());
        allow_any_link(self.obj().src_pad());
        let masks = lock(&self.settings).analytics_meta;
        self.masks.store(masks, Ordering::Relaxed);
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(Settings::specs);
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let set = {
            let runs = self.obj().current_state() > gst::State::Ready;
            let mut settings = lock(&self.settings);
            let set = match runs {
                true => set_while_running(&mut *settings, pspec, value),
                false => settings.set(pspec.name(), value),
            };
            self.masks.store(settings.analytics_meta, Ordering::Relaxed);
            set
        };
        self.at_rest
            .note(&*self.obj(), pspec.name(), set.as_ref().err());
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "stats" => self.stats().to_value(),
            name => lock(&self.settings).value(name),
        }
    }
}

impl GstObjectImpl for MatteDecode {}

impl PresetImpl for MatteDecode {}

impl ElementImpl for MatteDecode {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            crate::about::metadata(
                "mattedecode",
                "Matte tensor decoder",
                "Tensordecoder/Video",
                "Attaches the matte that another element's network has put on the frame as a tensor",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(pad_templates);
        &TEMPLATES
    }
}

impl BaseTransformImpl for MatteDecode {
    const MODE: gst_base::subclass::BaseTransformMode =
        gst_base::subclass::BaseTransformMode::AlwaysInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        self.at_rest.check()?;
        let decoder = lock(&self.settings).decoder();
        let decoder =
            decoder.map_err(|error| gst::error_msg!(gst::ResourceError::OpenRead, ("{error}")))?;
        *lock(&self.state) = Some(Started::new(decoder));
        self.decoded.store(0, Ordering::Relaxed);
        self.failed.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.state) = None;
        Ok(())
    }

    fn set_caps(&self, incaps: &gst::Caps, _outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        gst::debug!(CAT, imp = self, "{incaps}");
        let stream = Stream::from_caps(incaps)?;
        if let Some(started) = lock(&self.state).as_mut() {
            started.stream = Some(stream);
        }
        Ok(())
    }

    fn propose_allocation(
        &self,
        _decide_query: Option<&gst::query::Allocation>,
        query: &mut gst::query::Allocation,
    ) -> Result<(), gst::LoggableError> {
        allocation::relay(self.obj().src_pad(), query);
        Ok(())
    }

    /// The tensors are read here, from the buffer as it came: where others hold it as well, it is
    /// copied before [`Self::transform_ip`], and GStreamer 1.26 copies no tensors.
    fn before_transform(&self, frame: &gst::BufferRef) {
        if let Some(started) = lock(&self.state).as_mut() {
            started.next = Some(started.decode(frame));
        }
    }

    fn transform_ip(
        &self,
        buffer: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut guard = lock(&self.state);
        let started = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        let decoded = started.next.take();
        let attached = match decoded.unwrap_or(Err(DecodeError::NoTensors)) {
            Ok(decoded) => self.attach(started, buffer, decoded),
            Err(error) => self.detach(started, buffer, &error),
        };
        attached.map_err(|error| {
            gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
            gst::FlowError::Error
        })?;
        Ok(gst::FlowSuccess::Ok)
    }
}

impl MatteDecode {
    fn stats(&self) -> gst::Structure {
        let counts = [&self.decoded, &self.failed].map(|count| count.load(Ordering::Relaxed));
        gst::Structure::builder("stats")
            .field("frames", counts[0] + counts[1])
            .field("decoded", counts[0])
            .field("failed", counts[1])
            .build()
    }

    /// Puts a matte on its frame.
    fn attach(
        &self,
        started: &mut Started,
        buffer: &mut gst::BufferRef,
        decoded: Decoded,
    ) -> Result<(), glib::BoolError> {
        started.recover();
        self.decoded.fetch_add(1, Ordering::Relaxed);
        if let Some(words) = decoded.settled {
            gst::info!(CAT, imp = self, "{words}");
        }
        match decoded.change {
            Some(Change::Entered) => self.post("matte-subject-entered", buffer.pts()),
            Some(Change::Left) => self.post("matte-subject-left", buffer.pts()),
            None => (),
        }
        decoded.matte.attach(buffer)?;
        match (&started.stream, self.masks.load(Ordering::Relaxed)) {
            (Some(stream), true) => {
                let size = (stream.width(), stream.height());
                started.masks.attach(buffer, &decoded.matte.sample, size)
            }
            _ => crate::analytics::detach(buffer),
        }
    }

    /// Makes sure that a frame without a matte has none of an earlier element either, which would be
    /// taken for ours. Warns of the first such frame.
    fn detach(
        &self,
        started: &mut Started,
        buffer: &mut gst::BufferRef,
        error: &DecodeError,
    ) -> Result<(), glib::BoolError> {
        self.failed.fetch_add(1, Ordering::Relaxed);
        gst::debug!(CAT, imp = self, "{error}");
        Matte::detach(buffer);
        if started.fail(Instant::now()) {
            gst::element_imp_warning!(
                self,
                gst::StreamError::Failed,
                ("No matte: {error}"),
                ["Frames go on without a matte until it works again"]
            );
        }
        crate::analytics::detach(buffer)
    }

    /// Posts one of the messages that have only a time.
    fn post(&self, name: &str, pts: Option<gst::ClockTime>) {
        let pts = pts.map_or(u64::MAX, |t| t.nseconds());
        let structure = gst::Structure::builder(name).field("pts", pts).build();
        let message = gst::message::Element::builder(structure).src(&*self.obj());
        // Fails only if there is no bus, and so no listener.
        let _ = self.obj().post_message(message.build());
    }
}
