// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattesegment`. What a model is and how it runs is decided in `crate::model`.

use super::pacer::Pacer;
use super::runner::{Outcome, Runner};
use super::settings::{self, Settings};
use super::stats::Stats;
use super::swap::{Ready, Swap};
use crate::frame::PixelLayout;
use crate::meta::{Matte, Stage};
use crate::model::{self, ModelSource, Network};
use crate::pool::MattePool;
use crate::video::{Stream, caps_of};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

pub use settings::properties;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
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

/// What the streaming thread owns between start and stop.
struct State {
    source: ModelSource,
    options: model::Options,
    /// Loaded at start, so that a bad model stops the pipeline there; it keeps the session alive
    /// when caps change.
    loaded: Option<Network>,
    playing: Option<Playing>,
    /// The network failed on the newest run: the bus has heard of it.
    failing: bool,
}

/// What depends on caps.
struct Playing {
    stream: Stream,
    aspect: gst::Fraction,
    runner: Runner,
    pool: MattePool,
    /// Newest matte, for frames that get none of their own.
    newest: Option<Matte>,
    /// Recurrent states must be cleared before the next run.
    reset: bool,
    pacer: Pacer,
    /// Frames since the last run of the network.
    since_run: u32,
}

/// State of the element.
#[derive(Default)]
pub struct MatteSegment {
    settings: Mutex<Settings>,
    state: Mutex<Option<State>>,
    stats: Mutex<Stats>,
    active_provider: Mutex<Option<String>>,
    /// A model on its way in while playing.
    swap: Swap,
    /// Between start and stop.
    started: AtomicBool,
    /// Frames of an earlier running time are late and go without a run; from QoS events.
    earliest: Mutex<Option<gst::ClockTime>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MatteSegment {
    fn load(&self, source: &ModelSource, options: &model::Options) -> Result<Network, String> {
        let network = Network::load(source, options).map_err(|error| error.to_string())?;
        for guess in &network.descriptor().guesses {
            gst::info!(CAT, imp = self, "{}: {guess}", network.descriptor().name);
        }
        for warning in network.warnings() {
            gst::element_imp_warning!(self, gst::LibraryError::Settings, ("{warning}"));
        }
        let provider = network.active_provider().to_string();
        gst::info!(
            CAT,
            imp = self,
            "{} runs on {provider}",
            network.descriptor().name
        );
        let changed = lock(&self.active_provider).replace(provider.clone()) != Some(provider);
        if changed {
            self.obj().notify("active-execution-provider");
        }
        Ok(network)
    }

    /// Loads a model on a thread of its own; `take_over` brings it in. `old` is the value that the
    /// property gets back where the new model is refused.
    fn load_beside(&self, old: Option<String>) {
        let settings = lock(&self.settings).clone();
        let (number, stream) = self.swap.request();
        let element = self.obj().downgrade();
        let load = move || {
            let Some(element) = element.upgrade() else {
                return;
            };
            let imp = element.imp();
            let wanted = settings
                .source()
                .and_then(|source| Ok((source, settings.options()?)));
            let loaded = wanted
                .map_err(|error| error.to_string())
                .and_then(|(source, options)| {
                    let options = model::Options { stream, ..options };
                    Ok((imp.load(&source, &options)?, source, options))
                });
            match loaded {
                Ok((network, source, options)) => {
                    let network = Box::new(network);
                    imp.swap.deliver(
                        number,
                        Ready {
                            source,
                            options,
                            network,
                        },
                    );
                }
                Err(error) => {
                    let mut now = lock(&imp.settings);
                    if now.model == settings.model {
                        now.model = old;
                    }
                    drop(now);
                    gst::element_imp_warning!(
                        imp,
                        gst::ResourceError::OpenRead,
                        ("{error}; the old model goes on")
                    );
                }
            }
        };
        if let Err(error) = thread::Builder::new().name("matte-load".into()).spawn(load) {
            gst::element_imp_warning!(
                self,
                gst::ResourceError::Failed,
                ("no thread to load the model: {error}; the old model goes on")
            );
        }
    }

    /// Brings in a model that was loaded beside the old one.
    fn take_over(&self, state: &mut State) {
        let Some(Ready {
            source,
            options,
            network,
        }) = self.swap.take()
        else {
            return;
        };
        let State {
            playing: Some(playing),
            ..
        } = state
        else {
            return;
        };
        let (width, height) = network.matte_size();
        let name = network.descriptor().name.clone();
        let mode = lock(&self.settings).mode;
        let made = MattePool::new(width, height)
            .map_err(|error| error.to_string())
            .and_then(|pool| {
                let runner = Runner::new(*network, mode, &playing.stream);
                Ok((pool, runner.map_err(|error| error.to_string())?))
            });
        match made {
            Ok((pool, runner)) => {
                (playing.pool, playing.runner) = (pool, runner);
                playing.reset = false;
                playing.pacer.forget();
                (state.source, state.options) = (source, options);
                let structure = gst::Structure::builder("matte-model-loaded")
                    .field("model", name)
                    .build();
                let message = gst::message::Element::builder(structure)
                    .src(&*self.obj())
                    .build();
                // Nobody listens where there is no bus.
                let _ = self.obj().post_message(message);
            }
            Err(error) => gst::element_imp_warning!(
                self,
                gst::ResourceError::Failed,
                ("{name}: {error}; the old model goes on")
            ),
        }
    }

    /// Whether a frame comes too late to wait for the network.
    fn is_late(&self, buffer: &gst::BufferRef) -> bool {
        let Some(earliest) = *lock(&self.earliest) else {
            return false;
        };
        let segment = self.obj().segment();
        let Some(segment) = segment.downcast_ref::<gst::ClockTime>() else {
            return false;
        };
        buffer
            .pts()
            .and_then(|pts| segment.to_running_time(pts))
            .is_some_and(|t| t < earliest)
    }

    /// Takes in what the network said.
    fn settle(&self, playing: &mut Playing, failing: &mut bool, outcome: Outcome) {
        match outcome.result {
            Ok(sample) => {
                lock(&self.stats).ran(outcome.time);
                if std::mem::take(failing) {
                    gst::info!(CAT, imp = self, "the network works again");
                }
                playing.newest = Some(Matte {
                    sample,
                    stage: Stage::Raw,
                    frame_pts: outcome.pts,
                    inferred: true,
                    inference_time: gst::ClockTime::try_from(outcome.time).unwrap_or_default(),
                    frame_aspect: playing.aspect,
                    still: false,
                });
            }
            Err(error) => {
                lock(&self.stats).failed += 1;
                // The old matte does not lie on the new frame; showing it would show the room.
                playing.newest = None;
                if !std::mem::replace(failing, true) {
                    gst::element_imp_warning!(
                        self,
                        gst::StreamError::Failed,
                        ("No matte: {error}"),
                        ["Frames go on without a matte until the network works again"]
                    );
                }
                gst::debug!(CAT, imp = self, "{error}");
            }
        }
    }

    /// The matte for a frame: its own, or the newest one, or none.
    fn matte_for(&self, state: &mut State, buffer: &gst::BufferRef) -> Option<Matte> {
        let late = self.is_late(buffer);
        let (interval, still_threshold) = {
            let settings = lock(&self.settings);
            (settings.interval, settings.still_threshold)
        };
        let State {
            playing: Some(playing),
            failing,
            ..
        } = state
        else {
            return None;
        };
        if let Some(outcome) = playing.runner.finished(&playing.pool) {
            self.settle(playing, failing, outcome);
        }
        playing.since_run = playing.since_run.saturating_add(1);
        let due = !late && (playing.newest.is_none() || playing.since_run >= interval);
        let (mut own, mut still) = (false, false);
        if due && playing.runner.is_free() {
            let pts = buffer.pts();
            let Playing {
                stream,
                runner,
                pool,
                pacer,
                newest,
                reset,
                ..
            } = playing;
            let run = stream.read(buffer, |frame| {
                let needed = pacer.needs_run(frame, pts, still_threshold)?;
                if let (false, Some(newest)) = (needed, newest.as_ref()) {
                    // Nothing moved since the last run, and it is that run's matte.
                    still = newest.frame_pts == pacer.last_run();
                    return Ok(None);
                }
                pacer.ran(pts);
                Ok(Some(runner.run(frame, pts, std::mem::take(reset), pool)))
            });
            let outcome = match run.map_err(|error| error.to_string()) {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(error)) | Err(error) => Some(Some(Outcome::failed(error))),
            };
            if let Some(outcome) = outcome {
                playing.since_run = 0;
                if let Some(outcome) = outcome {
                    own = outcome.result.is_ok();
                    self.settle(playing, failing, outcome);
                }
            }
        }
        let matte = playing.newest.clone().map(|matte| Matte {
            inferred: own,
            still,
            ..matte
        });
        let mut stats = lock(&self.stats);
        stats.frames += 1;
        match &matte {
            Some(matte) if matte.inferred => stats.inferred += 1,
            Some(_) => stats.carried_over += 1,
            None => stats.dropped += 1,
        }
        gst::log!(
            CAT,
            imp = self,
            "{:?}: own matte {own}, late {late}",
            buffer.pts()
        );
        matte
    }
}

#[glib::object_subclass]
impl ObjectSubclass for MatteSegment {
    const NAME: &'static str = "GstMatteSegment";
    type Type = super::MatteSegment;
    type ParentType = gst_base::BaseTransform;
}

impl ObjectImpl for MatteSegment {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(properties);
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let mut settings = lock(&self.settings);
        let old = settings.model.clone();
        settings.set(pspec.name(), value);
        let new = settings.model.clone();
        drop(settings);
        if old != new && self.started.load(Ordering::Acquire) {
            self.load_beside(old);
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "stats" => lock(&self.stats).to_structure().to_value(),
            "active-execution-provider" => lock(&self.active_provider).to_value(),
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
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let caps = caps_of(PixelLayout::ALL.iter().copied());
            [
                ("sink", gst::PadDirection::Sink),
                ("src", gst::PadDirection::Src),
            ]
            .map(|(name, direction)| {
                gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps)
                    .expect("the template is valid")
            })
            .into()
        });
        &TEMPLATES
    }
}

impl BaseTransformImpl for MatteSegment {
    const MODE: gst_base::subclass::BaseTransformMode =
        gst_base::subclass::BaseTransformMode::AlwaysInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        let settings = lock(&self.settings).clone();
        let fail = |error: String| gst::error_msg!(gst::ResourceError::OpenRead, ("{error}"));
        let source = settings.source().map_err(|error| fail(error.to_string()))?;
        let options = settings
            .options()
            .map_err(|error| fail(error.to_string()))?;
        let network = self.load(&source, &options).map_err(fail)?;
        *lock(&self.stats) = Stats::default();
        *lock(&self.earliest) = None;
        self.swap.restart(None);
        self.started.store(true, Ordering::Release);
        *lock(&self.state) = Some(State {
            source,
            options,
            loaded: Some(network),
            playing: None,
            failing: false,
        });
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        self.started.store(false, Ordering::Release);
        self.swap.restart(None);
        *lock(&self.state) = None;
        *lock(&self.active_provider) = None;
        Ok(())
    }

    fn set_caps(&self, incaps: &gst::Caps, _outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        let stream = Stream::from_caps(incaps)?;
        let mode = lock(&self.settings).mode;
        let mut guard = lock(&self.state);
        let state = guard
            .as_mut()
            .ok_or_else(|| gst::loggable_error!(CAT, "the element is not started"))?;
        // Mattes and states belong to the old caps; the runner's network ends with them.
        state.playing = None;
        let options = model::Options {
            stream: Some((stream.width(), stream.height())),
            ..state.options.clone()
        };
        let network = self
            .load(&state.source, &options)
            .map_err(|error| gst::loggable_error!(CAT, "{error}"))?;
        state.loaded = None;
        self.swap.restart(options.stream);
        let (width, height) = network.matte_size();
        let pool =
            MattePool::new(width, height).map_err(|error| gst::loggable_error!(CAT, "{error}"))?;
        let runner = Runner::new(network, mode, &stream)
            .map_err(|error| gst::loggable_error!(CAT, "{error}"))?;
        let (aspect, frame_format) = (stream.display_aspect(), stream.frame_format());
        gst::debug!(
            CAT,
            imp = self,
            "{incaps}: matte of {width}x{height}, {mode:?}"
        );
        state.playing = Some(Playing {
            stream,
            aspect,
            runner,
            pool,
            newest: None,
            reset: false,
            pacer: Pacer::new(frame_format),
            since_run: 0,
        });
        Ok(())
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        use gst::EventView;
        if let EventView::FlushStop(_) | EventView::Segment(_) | EventView::StreamStart(_) =
            event.view()
        {
            if event.type_() == gst::EventType::FlushStop {
                *lock(&self.earliest) = None;
            }
            if let Some(State {
                playing: Some(playing),
                ..
            }) = lock(&self.state).as_mut()
            {
                playing.reset = true;
                playing.newest = None;
                playing.pacer.forget();
                playing.runner.forget();
            }
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

    fn transform_ip(
        &self,
        buffer: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let matte = {
            let mut guard = lock(&self.state);
            let state = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
            if buffer.flags().contains(gst::BufferFlags::DISCONT)
                && let Some(playing) = &mut state.playing
            {
                playing.reset = true;
            }
            self.take_over(state);
            self.matte_for(state, buffer)
        };
        match matte {
            Some(matte) => matte.attach(buffer).map_err(|error| {
                gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
                gst::FlowError::Error
            })?,
            // A matte from an earlier element would be taken for ours.
            None => Matte::detach(buffer),
        }
        Ok(gst::FlowSuccess::Ok)
    }
}
