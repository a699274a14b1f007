// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `matterefine`. What happens to a matte is decided in `crate::filter`.

use super::error::RefineError;
use super::settings::{self, Settings};
use crate::control::Control;
use crate::filter::{Params, Refiner, Stats, Timing};
use crate::frame::Orientation;
use crate::meta::{Matte, Stage, same_shape};
use crate::pool::{MattePool, read_matte};
use crate::properties::{AtRest, Properties};
use crate::simd;
use crate::timeline::Timeline;
use crate::video::direction::Direction;
use crate::video::{Stream, allocation, link_all_the_same, pad_templates, tell_refused};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "matterefine",
        gst::DebugColorFlags::empty(),
        Some("Post-processing of mattes"),
    )
});

/// What the streaming thread owns between caps.
struct State {
    stream: Stream,
    aspect: gst::Fraction,
    /// What makes the frames upright; regions are the viewer's.
    orientation: Orientation,
    refiner: Refiner,
    pool: Option<MattePool>,
    #[cfg(feature = "v1_26")]
    masks: crate::analytics::Masks,
    /// The newest raw matte and what became of it, for frames of a still scene.
    newest: Option<(gst::Sample, gst::Sample)>,
    /// The past is to be forgotten at the next frame.
    discont: bool,
    /// Time of the scene up to the newest frame.
    time: Duration,
    failing: bool,
}

/// State of the element.
#[derive(Default)]
pub struct MatteRefine {
    settings: Mutex<Settings>,
    /// Properties that move over time.
    pub(super) control: Control,
    /// Set by property changes, so that a frame costs no look at the settings otherwise.
    changed: AtomicBool,
    state: Mutex<Option<State>>,
    /// Where frames lie in time.
    timeline: Mutex<Frames>,
    stats: Mutex<Stats>,
    direction: Direction,
    /// Values that were refused before the start.
    at_rest: AtRest,
}

/// A timeline that counts frames where timestamps fail: results do not depend on the machine's speed.
struct Frames(Timeline);

impl Default for Frames {
    fn default() -> Self {
        Self(Timeline::by_frames())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn new(stream: Stream) -> Self {
        Self {
            aspect: stream.display_aspect(),
            stream,
            orientation: Orientation::Rotate0,
            refiner: Refiner::new(simd::level()),
            pool: None,
            #[cfg(feature = "v1_26")]
            masks: Default::default(),
            newest: None,
            discont: true,
            time: Duration::ZERO,
            failing: false,
        }
    }

    /// Whether frames of a stream show the same part of the scene as those so far.
    fn is_seen_in(&self, stream: &Stream) -> bool {
        same_shape(self.aspect, stream.display_aspect())
    }

    /// Whether a matte covers the frame of a buffer.
    ///
    /// # Errors
    /// Why it does not.
    fn lies_on(&self, buffer: &gst::BufferRef, matte: &Matte) -> Result<(), RefineError> {
        let visible = self.stream.check(buffer)?;
        if !matte.lies_on(&visible) {
            return Err(RefineError::Cropped);
        }
        match matte.fits(self.aspect) {
            true => Ok(()),
            false => Err(RefineError::AspectRatio),
        }
    }

    /// The refined matte of a frame that shows nothing new since `raw` was refined.
    fn refined_before(&mut self, raw: &Matte) -> Option<Matte> {
        let (of, refined) = self.newest.as_ref()?;
        if !raw.still || self.discont || of.as_ptr() != raw.sample.as_ptr() {
            return None;
        }
        self.refiner.rest(Some(self.time));
        Some(Matte {
            sample: refined.clone(),
            stage: Stage::Refined,
            ..raw.clone()
        })
    }

    /// Refines a frame's matte.
    ///
    /// # Errors
    /// What could not be read or had.
    fn refine(
        &mut self,
        buffer: &gst::BufferRef,
        raw: &Matte,
    ) -> Result<(Matte, Stats), RefineError> {
        let (stream, refiner) = (&self.stream, &mut self.refiner);
        let size = refiner.output_size(stream.width(), stream.height());
        let pool = match &mut self.pool {
            Some(pool) if (pool.width(), pool.height()) == size => pool,
            slot => slot.insert(MattePool::new(size.0, size.1)?),
        };
        let timing = Timing {
            pts: Some(self.time),
            discont: std::mem::take(&mut self.discont),
        };
        let (sample, stats) = read_matte(&raw.sample, |gray| {
            stream.read(buffer, |frame| {
                pool.fill(|out| refiner.apply_into(gray, frame, timing, out))
            })
        })???;
        let stats = stats?;
        self.newest = Some((raw.sample.clone(), sample.clone()));
        let matte = Matte {
            sample,
            stage: Stage::Refined,
            ..raw.clone()
        };
        Ok((matte, stats))
    }
}

impl MatteRefine {
    /// What the settings come to for frames that `orientation` makes upright: regions are places
    /// that the viewer sees.
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
        params
    }

    /// Takes over what properties and tags have changed, between two frames.
    fn refresh(&self, state: &mut State) {
        let orientation = self.direction.orientation();
        if self.changed.swap(false, Ordering::AcqRel) || state.orientation != orientation {
            state.refiner.set_view(state.stream.view(orientation));
            state.refiner.set_params(&self.params(orientation));
            (state.orientation, state.newest) = (orientation, None);
        }
    }
}

#[glib::object_subclass]
impl ObjectSubclass for MatteRefine {
    const NAME: &'static str = "GstMatteRefine";
    type Type = super::MatteRefine;
    type ParentType = gst_base::BaseTransform;
}

impl ObjectImpl for MatteRefine {
    fn constructed(&self) {
        self.parent_constructed();
        tell_refused(self.obj().sink_pad());
        link_all_the_same(self.obj().src_pad());
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

impl ElementImpl for MatteRefine {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Matte refinement",
                "Filter/Effect/Video",
                "Makes a frame's matte steady and exact by image processing",
                "matte developers",
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
        self.at_rest.check()
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
                newest: None,
                ..before
            },
            _ => State::new(stream),
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
        let refined = match state.lies_on(buffer, &raw) {
            Ok(()) => match state.refined_before(&raw) {
                Some(matte) => Ok((matte, *lock(&self.stats))),
                None => state.refine(buffer, &raw),
            },
            Err(reason) => Err(reason),
        };
        match refined {
            Ok((matte, stats)) => {
                state.failing = false;
                *lock(&self.stats) = stats;
                let attached = matte.attach(buffer);
                #[cfg(feature = "v1_26")]
                let attached = attached.and_then(|()| {
                    let size = (state.stream.width(), state.stream.height());
                    state.masks.renew(buffer, &matte.sample, size)
                });
                attached.map_err(|error| {
                    gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
                    gst::FlowError::Error
                })?;
            }
            Err(error) => {
                // The raw matte is not what the user asked for; no matte is safe.
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
        }
        Ok(gst::FlowSuccess::Ok)
    }
}
