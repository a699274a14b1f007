// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `matterefine`. What happens to a matte is decided in `crate::filter`.

use super::error::RefineError;
use super::settings::{self, Settings};
use super::state::State;
use crate::control::Control;
use crate::filter::{Params, Stats};
use crate::frame::Orientation;
use crate::meta::Matte;
use crate::properties::{AtRest, Properties};
use crate::sync::lock;
use crate::timeline::Timeline;
use crate::video::direction::Direction;
use crate::video::{Stream, allocation, allow_any_link, pad_templates, report_refused};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex};

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "matterefine",
        gst::DebugColorFlags::empty(),
        Some("Post-processing of mattes"),
    )
});

/// State of the element.
#[derive(Default)]
pub struct MatteRefine {
    settings: Mutex<Settings>,
    /// Properties that move over time.
    pub(super) control: Control,
    /// Set by property changes: settings are locked for frames after a change only.
    changed: AtomicBool,
    state: Mutex<Option<State>>,
    /// Times of the frames.
    timeline: Mutex<Frames>,
    stats: Mutex<Stats>,
    direction: Direction,
    /// Values that were refused before the start.
    at_rest: AtRest,
}

/// A timeline that counts frames if timestamps fail: results do not depend on the machine's speed.
struct Frames(Timeline);

impl Default for Frames {
    fn default() -> Self {
        Self(Timeline::by_frames())
    }
}

impl MatteRefine {
    /// The refiner's parameters for frames that `orientation` makes upright: the settings name
    /// regions as the viewer sees them, the refiner as they are stored.
    fn params(&self, orientation: Orientation) -> Params {
        let mut params = lock(&self.settings).params();
        if orientation.is_identity() {
            return params;
        }
        let regions = [&mut params.subject_region, &mut params.keep];
        for region in regions.into_iter().flatten() {
            let corners = region.corners.iter();
            let stored = corners.map(|corner| orientation.stored_share(*corner));
            region.corners = stored.collect();
        }
        params.subject_point = orientation.stored_share(params.subject_point);
        params
    }

    /// Puts the refined matte on the frame in the raw one's place.
    fn attach(
        &self,
        state: &mut State,
        buffer: &mut gst::BufferRef,
        matte: &Matte,
    ) -> Result<(), gst::FlowError> {
        state.failing = false;
        let attached = matte.attach(buffer);
        #[cfg(feature = "v1_26")]
        let attached = attached.and_then(|()| {
            let size = (state.stream.width(), state.stream.height());
            state.masks.renew(buffer, &matte.sample, size)
        });
        attached.map_err(|error| {
            gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
            gst::FlowError::Error
        })
    }

    /// Takes the raw matte off a frame whose matte could not be refined: it is not what the user
    /// asked for, and no matte is safe. Warns of the first such frame.
    fn detach(&self, state: &mut State, buffer: &mut gst::BufferRef, error: &RefineError) {
        Matte::detach(buffer);
        #[cfg(feature = "v1_26")]
        if let Err(error) = crate::analytics::detach(buffer) {
            gst::warning!(CAT, imp = self, "{error}");
        }
        if !std::mem::replace(&mut state.failing, true) {
            gst::element_imp_warning!(
                self,
                gst::StreamError::Failed,
                ("Matte not refined: {error}"),
                ["Frames go on without a matte until it works again"]
            );
        }
    }

    /// Between two frames, hands over to the refiner what properties and tags have changed.
    fn refresh(&self, state: &mut State) {
        let orientation = self.direction.orientation();
        if self.changed.swap(false, Ordering::AcqRel) || state.orientation != orientation {
            state.refiner.set_view(state.stream.view(orientation));
            state.refiner.set_params(&self.params(orientation));
            (state.orientation, state.last_raw) = (orientation, None);
        }
    }
}

#[glib::object_subclass]
impl ObjectSubclass for MatteRefine {
    const NAME: &'static str = "GstMatteRefine";
    type Type = super::MatteRefine;
    type ParentType = gst_base::BaseTransform;
    type Interfaces = (gst::Preset,);
}

impl ObjectImpl for MatteRefine {
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
        let set = {
            let mut settings = lock(&self.settings);
            let set = settings.set(pspec.name(), value);
            self.direction
                .choose(settings.general.direction.video_direction);
            set
        };
        self.at_rest
            .note(&*self.obj(), pspec.name(), set.as_ref().err());
        if set.is_ok() {
            self.changed.store(true, Ordering::Release);
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "stats" => settings::stats(&lock(&self.stats)).to_value(),
            name => lock(&self.settings).value(name),
        }
    }
}

impl GstObjectImpl for MatteRefine {}

impl PresetImpl for MatteRefine {}

impl ElementImpl for MatteRefine {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            crate::about::metadata(
                "matterefine",
                "Matte refinement",
                "Filter/Effect/Video",
                "Makes a frame's matte steady and exact by image processing",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(pad_templates);
        &TEMPLATES
    }
}

impl BaseTransformImpl for MatteRefine {
    const MODE: gst_base::subclass::BaseTransformMode =
        gst_base::subclass::BaseTransformMode::AlwaysInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        self.at_rest.check()?;
        let settings = lock(&self.settings).clone();
        for contradiction in settings.contradictions() {
            gst::element_imp_warning!(self, gst::LibraryError::Settings, ("{contradiction}"));
        }
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.state) = None;
        *lock(&self.timeline) = Frames::default();
        *lock(&self.stats) = Stats::default();
        Ok(())
    }

    fn set_caps(&self, incaps: &gst::Caps, _outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        let stream = Stream::from_caps(incaps)?;
        gst::debug!(CAT, imp = self, "{incaps}");
        lock(&self.timeline).0.set_rate(stream.info.fps());
        self.changed.store(false, Ordering::Release);
        let orientation = self.direction.orientation();
        let params = self.params(orientation);
        let mut state = lock(&self.state);
        let mut next = match state.take() {
            // What is known about the scene is kept at the raw matte's resolution.
            Some(before) if before.is_seen_in(&stream) => State {
                aspect: stream.display_aspect(),
                stream,
                last_raw: None,
                ..before
            },
            // What was said about the screen is not said again.
            Some(before) => State {
                screen: before.screen,
                ..State::new(stream)
            },
            None => State::new(stream),
        };
        next.orientation = orientation;
        next.refiner.set_view(next.stream.view(orientation));
        next.refiner.set_params(&params);
        *state = Some(next);
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

    fn sink_event(&self, event: gst::Event) -> bool {
        self.direction.note(&event);
        lock(&self.timeline).0.event(&event);
        self.parent_sink_event(event)
    }

    fn before_transform(&self, frame: &gst::BufferRef) {
        self.control.before_transform(&*self.obj(), frame);
    }

    fn transform_ip(
        &self,
        buffer: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut guard = lock(&self.state);
        crate::fault::point("matterefine");
        let state = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        self.refresh(state);
        let tick = lock(&self.timeline).0.tick(&self.obj().segment(), buffer);
        state.discont |= tick.breaks();
        state.time = state.time.saturating_add(tick.scene);
        // A frame without a matte goes on without one; mattecompose knows what to show.
        let Some(raw) = Matte::of(buffer) else {
            return Ok(gst::FlowSuccess::Ok);
        };
        let covers = state.check_covers(buffer, &raw);
        let refined = covers.and_then(|()| match state.refined_before(&raw) {
            Some(matte) => Ok((matte, *lock(&self.stats))),
            None => state.refine(buffer, &raw),
        });
        match refined {
            Ok((matte, stats)) => {
                *lock(&self.stats) = stats;
                self.attach(state, buffer, &matte)?;
                let report = state.screen.note(stats.screen, tick.scene);
                report.post(self.obj().upcast_ref(), buffer.pts());
            }
            Err(error) => self.detach(state, buffer, &error),
        }
        Ok(gst::FlowSuccess::Ok)
    }
}
