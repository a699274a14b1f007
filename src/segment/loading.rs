// SPDX-License-Identifier: MPL-2.0

//! Networks come and go: at the start, with caps, while playing.

use super::engine::{About, Engine};
use super::error::SegmentError;
use super::imp::MatteSegment;
use super::latency::ReportedLatency;
use super::loader::requests::{Ready, Request};
use super::log::CAT;
use super::settings::Settings;
use super::stream::{NetworkState, Started, StreamState};
use crate::frame::Orientation;
use crate::model::{self, InputSize, ModelSource};
use crate::timeline::Timeline;
use crate::video::Stream;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

impl MatteSegment {
    /// Loads a network on this thread.
    ///
    /// # Errors
    /// The network's, or that loading panicked.
    fn load(
        &self,
        source: &ModelSource,
        options: &model::Options,
    ) -> Result<Box<dyn Engine>, SegmentError> {
        let load_engine = self.shared.lock().load_engine.clone();
        // A panic on a thread that nobody joins would stay unnoticed.
        let load = || {
            crate::fault::point("loading");
            (load_engine.0)(source, options)
        };
        let loaded = catch_unwind(AssertUnwindSafe(load));
        let engine = loaded.map_err(|_| SegmentError::LoadPanicked)??;
        let about = engine.about();
        for guess in &about.guesses {
            gst::info!(CAT, imp = self, "{}: {guess}", about.name);
        }
        gst::info!(
            CAT,
            imp = self,
            "{} runs in {} on {}, {:.1?} per run",
            about.name,
            about.engine,
            about.provider,
            about.warm_up
        );
        Ok(engine)
    }

    /// Tells the application on which provider a network runs, and what did not go as asked.
    fn announce(&self, engine: &dyn Engine) {
        let about = engine.about();
        for warning in &about.warnings {
            gst::element_imp_warning!(self, gst::LibraryError::Settings, ("{warning}"));
        }
        let (engine, provider) = {
            let mut fields = self.shared.lock();
            let engine = fields.active_engine.replace(about.engine);
            (
                engine,
                fields.active_provider.replace(about.provider.clone()),
            )
        };
        if engine != Some(about.engine) {
            self.obj().notify("active-engine");
            self.tell_missing_runtime(&about);
        }
        if provider.as_ref() != Some(&about.provider) {
            self.obj().notify("active-execution-provider");
        }
        self.post_loaded(&about);
    }

    /// Says once that ONNX Runtime is missing, what runs, and what would make it faster.
    fn tell_missing_runtime(&self, about: &About) {
        if let Some(missing) = &about.missing_runtime {
            let what = format!(
                "The {} engine runs {}, since ONNX Runtime was not found. It computes builtin and \
                 builtin-lite as fast; any other network takes less of the processor with ONNX \
                 Runtime",
                about.engine, about.name
            );
            // gst-launch-1.0 prints nothing but the details of such a message.
            gst::element_imp_info!(
                self,
                gst::LibraryError::Init,
                ("{what}"),
                ["{what}.\n{missing}"]
            );
        }
    }

    /// Loads the network that the element starts with. Returns the settings that it was loaded for.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub(super) fn start_network(&self) -> Result<Settings, SegmentError> {
        let settings = self.shared.lock().settings.clone();
        let source = settings.source()?;
        let options = settings.options()?;
        let engine = self.load(&source, &options)?;
        self.announce(&*engine);
        let stale = {
            let mut fields = self.shared.lock();
            fields.latency = ReportedLatency::start(engine.about().warm_up);
            fields.requests.restart(settings.clone())
        };
        drop(stale);
        *self.stream() = Some(Started {
            source,
            options,
            loaded: Some(engine),
            timeline: Timeline::new(),
            stream: None,
        });
        Ok(settings)
    }

    /// Gives up what is being loaded; no network is in use any more.
    pub(super) fn stop_network(&self) {
        let stale = {
            let mut fields = self.shared.lock();
            (fields.active_engine, fields.active_provider) = (None, None);
            fields.requests.restart(Settings::default())
        };
        drop(stale);
        self.interrupt.forget();
        *self.stream() = None;
    }

    /// Takes new caps, or frames of another orientation. The network, and what is known about the
    /// scene, stay if its input stays the same. Otherwise the network is loaded anew, since models
    /// may take their size from what the viewer sees.
    ///
    /// # Errors
    /// Why the network cannot be loaded; the application was told.
    pub(super) fn change_stream(
        &self,
        started: &mut Started,
        caps: Stream,
    ) -> Result<(), gst::LoggableError> {
        started.timeline.set_rate(caps.info.fps());
        let orientation = self.direction.orientation();
        let size = caps.seen(orientation);
        let kept = match &mut started.stream {
            Some(stream) if stream.suits(&caps, orientation) => {
                let resized = stream.caps.seen(orientation) != size;
                stream.change_caps(caps.clone()).map(|()| resized).ok()
            }
            _ => None,
        };
        if let Some(resized) = kept {
            gst::debug!(CAT, imp = self, "the network stays for frames of {size:?}");
            if resized {
                self.request_again(size);
            }
            return Ok(());
        }
        self.load_for_stream(started, caps, orientation)
            .map_err(|error| {
                // All that the application would be told otherwise is that caps are not negotiated.
                gst::element_imp_error!(self, gst::ResourceError::OpenRead, ("{error}"));
                gst::loggable_error!(CAT, "{error}")
            })?;
        self.request_again(size);
        Ok(())
    }

    /// Loads the network for new caps, on the thread that brings them.
    fn load_for_stream(
        &self,
        started: &mut Started,
        caps: Stream,
        orientation: Orientation,
    ) -> Result<(), SegmentError> {
        // Mattes and states belong to the old caps; the old network ends with them.
        let before = started.stream.take();
        let size = caps.seen(orientation);
        let options = model::Options {
            stream: Some(size),
            ..started.options.clone()
        };
        // A network of one size for every stream is the one that the element started with.
        let loaded = started.loaded.take();
        let engine = match loaded.filter(|engine| engine.about().input_size == InputSize::Fixed) {
            Some(engine) => engine,
            None => self.load(&started.source, &options)?,
        };
        let mut stream = StreamState::new(engine, caps, orientation)?;
        let about = stream.net.runner.about();
        gst::debug!(
            CAT,
            imp = self,
            "{}: a matte of {:?} for frames that are seen at {size:?}, {orientation:?}",
            about.name,
            about.matte_size
        );
        self.interrupt.watch(stream.net.runner.handle());
        // If only the camera is turned, the same people are there before and after.
        if let Some(before) = before.filter(|before| before.orientation != orientation) {
            stream.presence = before.presence;
        }
        started.stream = Some(stream);
        Ok(())
    }

    /// Requests what is being loaded once more, for a stream of another size.
    fn request_again(&self, size: (usize, usize)) {
        let (wanted, stale) = self.shared.lock().requests.resize(size);
        drop(stale);
        if let Some(wanted) = wanted {
            self.load_beside(wanted);
        }
    }

    /// Loads the network anew if the frames have another orientation than before.
    ///
    /// # Errors
    /// If it cannot be loaded; the application was told why.
    pub(super) fn follow_direction(&self, started: &mut Started) -> Result<(), gst::FlowError> {
        let orientation = self.direction.orientation();
        let turned = match &started.stream {
            Some(stream) if stream.orientation != orientation => Stream::clone(&stream.caps),
            _ => return Ok(()),
        };
        gst::debug!(CAT, imp = self, "{orientation:?} makes the frames upright");
        self.change_stream(started, turned)
            .map_err(|_| gst::FlowError::NotNegotiated)
    }

    /// Loads another network on a thread of its own; [`MatteSegment::take_over`] brings it in.
    pub(super) fn load_beside(&self, settings: Settings) {
        let (request, stale) = self.shared.lock().requests.begin(settings.clone());
        drop(stale);
        let element = self.obj().downgrade();
        let load = move || {
            // The pipeline may be gone by now.
            if let Some(element) = element.upgrade() {
                element.imp().load_requested(request, settings);
            }
        };
        if let Err(error) = thread::Builder::new().name("matte-load".into()).spawn(load) {
            let error = SegmentError::LoaderThread(error);
            self.warn_old_model_goes_on(gst::ResourceError::Failed, &error.to_string());
        }
    }

    fn load_requested(&self, request: Request, settings: Settings) {
        match self.load_for_request(request, &settings) {
            Ok((source, options, engine)) => {
                let ready = Box::new(Ready {
                    settings,
                    source,
                    options,
                    engine,
                });
                let stale = self.shared.lock().requests.deliver(request.number, ready);
                drop(stale);
            }
            Err(error) => self
                .bus_gate
                .post(|| self.refuse(request.number, &settings, &error)),
        }
    }

    fn load_for_request(
        &self,
        request: Request,
        settings: &Settings,
    ) -> Result<(ModelSource, model::Options, Box<dyn Engine>), SegmentError> {
        let source = settings.source()?;
        let options = model::Options {
            stream: request.stream,
            ..settings.options()?
        };
        let engine = self.load(&source, &options)?;
        Ok((source, options, engine))
    }

    /// Tells the application that a network cannot be loaded; the properties go back to the values
    /// of the one in use.
    fn refuse(&self, number: u64, settings: &Settings, error: &SegmentError) {
        let changed = {
            let mut fields = self.shared.lock();
            let Some(in_use) = fields.requests.refuse(number) else {
                return;
            };
            // What was not requested by properties (a rebuild on the CPU) leaves them alone.
            match fields.settings.network() == settings.network() {
                true => fields.settings.restore_network(&in_use),
                false => Vec::new(),
            }
        };
        changed.into_iter().for_each(|name| self.obj().notify(name));
        self.warn_old_model_goes_on(gst::ResourceError::OpenRead, &error.to_string());
    }

    fn warn_old_model_goes_on(&self, domain: gst::ResourceError, reason: &str) {
        gst::element_imp_warning!(self, domain, ("{reason}; the old model goes on"));
    }

    /// Brings in a network that was loaded beside the old one, between two frames.
    pub(super) fn take_over(&self, started: &mut Started, ready: Ready) {
        let about = ready.engine.about();
        self.announce(&*ready.engine);
        let Some(stream) = &mut started.stream else {
            // The next caps load it.
            (started.source, started.options) = (ready.source, ready.options);
            started.loaded = Some(ready.engine);
            return;
        };
        match NetworkState::new(ready.engine, &stream.caps, stream.orientation) {
            Ok(net) => {
                self.interrupt.watch(net.runner.handle());
                stream.exchange(net);
                (started.source, started.options) = (ready.source, ready.options);
                self.shared.restart_latency(about.warm_up);
                self.post_latency();
            }
            Err(error) => {
                let reason = format!("{}: {error}", about.name);
                self.warn_old_model_goes_on(gst::ResourceError::Failed, &reason);
            }
        }
    }

    /// The device that computes the network is lost: loads the same network on the CPU. Until it
    /// takes over, frames have no matte.
    pub(super) fn rebuild_on_cpu(&self, provider: &str, reason: &SegmentError) {
        let mut settings = self.shared.lock().settings.clone();
        gst::element_imp_warning!(
            self,
            gst::ResourceError::Failed,
            ("{provider} is lost: {reason}; going on with the CPU"),
            ["Frames go on without a matte until the network is loaded there"]
        );
        settings.execution_provider = Some("cpu".into());
        settings.provider_options = None;
        self.load_beside(settings);
    }
}
