// SPDX-License-Identifier: MPL-2.0

//! Networks come and go: at the start, with caps, while playing.

use super::engine::Engine;
use super::imp::{CAT, MatteSegment, lock};
use super::latency::Latency;
use super::settings::Settings;
use super::state::{Net, Playing, State};
use super::swap::Ready;
use crate::model::{self, ModelSource};
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
    /// The network's, in words.
    pub(super) fn load(
        &self,
        source: &ModelSource,
        options: &model::Options,
    ) -> Result<Box<dyn Engine>, String> {
        let loader = lock(&self.loader).clone();
        // A panic on the thread beside the stream would end in silence.
        let load = || {
            crate::fault::point("loading");
            (loader.0)(source, options)
        };
        let engine = catch_unwind(AssertUnwindSafe(load))
            .unwrap_or_else(|_| Err("loading the network panicked".into()))?;
        let about = engine.about();
        for guess in &about.guesses {
            gst::info!(CAT, imp = self, "{}: {guess}", about.name);
        }
        gst::info!(
            CAT,
            imp = self,
            "{} runs on {}, {:.1?} a run",
            about.name,
            about.provider,
            about.warm_up
        );
        Ok(engine)
    }

    /// Says on which provider a network runs, and what did not go as asked.
    fn announce(&self, engine: &dyn Engine) {
        let about = engine.about();
        for warning in &about.warnings {
            gst::element_imp_warning!(self, gst::LibraryError::Settings, ("{warning}"));
        }
        let provider = Some(about.provider.clone());
        if lock(&self.active_provider).replace(about.provider.clone()) != provider {
            self.obj().notify("active-execution-provider");
        }
        self.tell_loaded(&about.name, &about.provider);
    }

    /// Loads the network that the element starts with; returns what it was loaded for.
    pub(super) fn start_network(&self) -> Result<Settings, gst::ErrorMessage> {
        let fail = |error: String| gst::error_msg!(gst::ResourceError::OpenRead, ("{error}"));
        let settings = lock(&self.settings).clone();
        let source = settings.source();
        let options = settings
            .options()
            .map_err(|error| fail(error.to_string()))?;
        let engine = self.load(&source, &options).map_err(fail)?;
        self.announce(&*engine);
        *lock(&self.latency) = Latency::start(engine.about().warm_up);
        self.swap.start(settings.clone());
        *lock(&self.state) = Some(State {
            source,
            options,
            loaded: Some(engine),
            timeline: Timeline::new(),
            playing: None,
        });
        Ok(settings)
    }

    /// New caps, or frames that stand another way. The network, and what is known about the scene, stay
    /// where its input stays the same; otherwise it is made anew, since models may take their size from
    /// what the viewer sees.
    pub(super) fn change_stream(&self, stream: Stream) -> Result<(), gst::LoggableError> {
        let mut guard = lock(&self.state);
        let state = guard
            .as_mut()
            .ok_or_else(|| gst::loggable_error!(CAT, "the element is not started"))?;
        state.timeline.set_rate(stream.info.fps());
        let orientation = self.direction.orientation();
        let size = stream.seen(orientation);
        let kept = match &mut state.playing {
            Some(playing) if playing.suits(&stream, orientation) => {
                let resized = playing.stream.seen(orientation) != size;
                playing.change_stream(stream.clone()).map(|()| resized).ok()
            }
            _ => None,
        };
        if let Some(resized) = kept {
            gst::debug!(CAT, imp = self, "the network stays for frames of {size:?}");
            drop(guard);
            if resized {
                self.load_again(size);
            }
            return Ok(());
        }
        // Mattes and states belong to the old caps; the runner's network ends with them.
        let before = state.playing.take();
        let options = model::Options {
            stream: Some(size),
            ..state.options.clone()
        };
        let made = self
            .load(&state.source, &options)
            .and_then(|engine| Playing::new(engine, stream, orientation));
        let mut made = match made {
            Ok(made) => made,
            Err(error) => {
                drop(guard);
                // All that the application would hear otherwise is that something is not negotiated.
                gst::element_imp_error!(self, gst::ResourceError::OpenRead, ("{error}"));
                return Err(gst::loggable_error!(CAT, "{error}"));
            }
        };
        state.loaded = None;
        let about = made.net.runner.about();
        gst::debug!(
            CAT,
            imp = self,
            "{}: a matte of {:?} for frames that are seen at {size:?}, {orientation:?}",
            about.name,
            about.matte_size
        );
        self.interrupt.watch(made.net.runner.handle());
        // Whoever turns the camera is there before and after.
        if let Some(before) = before.filter(|before| before.orientation != orientation) {
            made.presence = before.presence;
        }
        state.playing = Some(made);
        drop(guard);
        self.load_again(size);
        Ok(())
    }

    /// What is being loaded is for a stream of another size.
    fn load_again(&self, size: (usize, usize)) {
        if let Some(wanted) = self.swap.resize(size) {
            self.load_beside(wanted);
        }
    }

    /// Makes the network anew where the frames stand another way than they did.
    ///
    /// # Errors
    /// Where it cannot be loaded; the bus has heard why.
    pub(super) fn follow_direction(&self) -> Result<(), gst::FlowError> {
        let orientation = self.direction.orientation();
        let turned = match lock(&self.state).as_ref().and_then(|s| s.playing.as_ref()) {
            Some(playing) if playing.orientation != orientation => playing.stream.clone(),
            _ => return Ok(()),
        };
        gst::debug!(CAT, imp = self, "{orientation:?} makes the frames upright");
        self.change_stream(turned)
            .map_err(|_| gst::FlowError::NotNegotiated)
    }

    /// Loads another network on a thread of its own; [`MatteSegment::take_over`] brings it in.
    pub(super) fn load_beside(&self, settings: Settings) {
        let (number, stream) = self.swap.request(settings.clone());
        let element = self.obj().downgrade();
        let load = move || {
            // The pipeline may have gone meanwhile.
            if let Some(element) = element.upgrade() {
                element.imp().load_requested(number, stream, settings);
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

    fn load_requested(&self, number: u64, stream: Option<(usize, usize)>, settings: Settings) {
        let source = settings.source();
        let loaded = settings
            .options()
            .map_err(|error| error.to_string())
            .and_then(|options| {
                let options = model::Options { stream, ..options };
                Ok((self.load(&source, &options)?, options))
            });
        match loaded {
            Ok((engine, options)) => self.swap.deliver(
                number,
                Ready {
                    settings,
                    source,
                    options,
                    engine,
                },
            ),
            Err(error) => self
                .bus_gate
                .post(|| self.refuse(number, &settings, &error)),
        }
    }

    /// Says that a network cannot be had; the properties go back to those of the one in use.
    fn refuse(&self, number: u64, settings: &Settings, error: &str) {
        let Some(good) = self.swap.refuse(number) else {
            return;
        };
        let changed = {
            let mut now = lock(&self.settings);
            // What was not asked for by properties (a rebuild on the CPU) leaves them alone.
            if now.network() == settings.network() {
                now.restore_network(&good)
            } else {
                Vec::new()
            }
        };
        changed.into_iter().for_each(|name| self.obj().notify(name));
        gst::element_imp_warning!(
            self,
            gst::ResourceError::OpenRead,
            ("{error}; the old model goes on")
        );
    }

    /// Brings in a network that was loaded beside the old one, between two frames.
    pub(super) fn take_over(&self, state: &mut State) {
        let Some(playing) = &mut state.playing else {
            return;
        };
        let Some(Ready {
            source,
            options,
            engine,
            ..
        }) = self.swap.take()
        else {
            return;
        };
        let about = engine.about();
        self.announce(&*engine);
        match Net::new(engine, &playing.stream, playing.orientation) {
            Ok(net) => {
                self.interrupt.watch(net.runner.handle());
                playing.exchange(net);
                (state.source, state.options) = (source, options);
                *lock(&self.latency) = Latency::start(about.warm_up);
                self.tell_latency();
            }
            Err(error) => gst::element_imp_warning!(
                self,
                gst::ResourceError::Failed,
                ("{}: {error}; the old model goes on", about.name)
            ),
        }
    }

    /// The device that computes the network is lost: the same network is loaded on the CPU. Until
    /// it is there, frames have no matte.
    pub(super) fn rebuild_on_cpu(&self, provider: &str, reason: &str) {
        let mut settings = lock(&self.settings).clone();
        gst::element_imp_warning!(
            self,
            gst::ResourceError::Failed,
            ("{provider} is lost: {reason}; going on with the CPU"),
            ["Frames go on without a matte until the network is loaded there"]
        );
        settings.execution_provider = "cpu".into();
        settings.provider_options = None;
        self.load_beside(settings);
    }
}
