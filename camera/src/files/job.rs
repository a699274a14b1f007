// SPDX-License-Identifier: MPL-2.0

//! One file from its beginning to its end.

use super::alpha;
use super::arguments::Convert;
use super::beside;
use super::codecs;
use super::containers::Container;
use super::error::FileError;
use super::input::{self, Input, Kind, Stream};
use super::line::Line;
use super::passed::Passed;
use super::status::Status;
use super::target::Target;
use super::video::{self, Plan};
use crate::elements;
use crate::ending::{self, Asked};
use crate::progress::Progress;
use crate::properties;
use crate::settings::Settings;
use gst::glib;
use gst::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// Nothing moves for so long: something hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// The name of the message that says that the output is whole.
const WHOLE: &str = "matte-output-whole";
/// Between two looks at how far it is.
const LOOK: gst::ClockTime = gst::ClockTime::from_mseconds(100);
/// A file that ends so much earlier than it says is cut off.
const CUT_OFF: Duration = Duration::from_millis(500);

/// A file on its way.
struct Job<'a> {
    convert: &'a Convert,
    settings: &'a Settings,
    container: &'static Container,
    pipeline: gst::Pipeline,
    input: Input,
    target: Target,
    /// Whether the streams are on their way to the output.
    built: bool,
    /// Files that are not whole yet.
    parts: usize,
    read: Arc<Passed>,
    written: Arc<Passed>,
    progress: Progress,
    status: Status,
    /// What is missing, as GStreamer names it.
    missing: Option<String>,
    /// How long the file says that it is.
    whole: Option<Duration>,
    stopped: bool,
}

/// Converts a file.
///
/// # Errors
/// With what is wrong with a file, or that the user has stopped it.
pub fn run(convert: &Convert, settings: &Settings) -> Result<(), FileError> {
    let container = Container::of(&convert.output)?;
    if video::is_transparent(settings) && convert.encoder.is_none() {
        container.alpha()?;
    }
    check(settings)?;
    let pipeline = gst::Pipeline::new();
    let input = Input::new(&convert.input, &pipeline)?;
    let existing = convert.input.exists().then_some(convert.input.as_path());
    let target = Target::new(&convert.output, existing, container, convert.force)?;
    let mut job = Job {
        convert,
        settings,
        container,
        pipeline,
        input,
        target,
        built: false,
        parts: 0,
        read: Arc::default(),
        written: Arc::default(),
        progress: Progress::new(),
        status: Status::new(),
        missing: None,
        whole: None,
        stopped: false,
    };
    let asked = ending::patiently().map_err(FileError::Signals)?;
    let ended = job.play(&asked);
    job.status.clear();
    // Stopping may take longer than the process has.
    if ended.is_err() {
        job.target.remove();
    }
    // What cannot stop is left to the end of the process.
    let _ = job.pipeline.set_state(gst::State::Null);
    ended?;
    job.finish()
}

/// Checks the plugin and the properties before anything is written.
fn check(settings: &Settings) -> Result<(), FileError> {
    properties::set_all(&elements::matte()?, settings)?;
    Ok(())
}

/// A line for the user.
fn say(text: &str) {
    eprintln!("matte-camera: {text}");
}

/// Posts a message when all has come to a sink. Its own message, and that of the pipeline, may be
/// lost while a pipeline without anything live begins to play (docs/troubleshooting.md).
fn say_when_whole(sink: &gst::Element) -> Result<(), FileError> {
    let pad = sink.static_pad("sink").ok_or(FileError::Part("sink"))?;
    let sink = sink.downgrade();
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(gst::PadProbeData::Event(event)) = &info.data
            && event.type_() == gst::EventType::Eos
            && let Some(sink) = sink.upgrade()
        {
            let whole = gst::Structure::new_empty(WHOLE);
            let message = gst::message::Application::builder(whole).src(&sink).build();
            // Without a bus the pipeline is gone.
            let _ = sink.post_message(message);
        }
        gst::PadProbeReturn::Ok
    });
    Ok(())
}

impl Job<'_> {
    /// Until the end of the file, a failure, or a signal.
    fn play(&mut self, asked: &Asked) -> Result<(), FileError> {
        let bus = self.pipeline.bus().ok_or(FileError::Part("bus"))?;
        let context = glib::MainContext::default();
        // The background's video begins again from this thread, never from one of its own.
        let _owned = context.acquire()?;
        if let Err(error) = self.pipeline.set_state(gst::State::Playing) {
            return Err(self.said(&bus).unwrap_or(error.into()));
        }
        loop {
            while context.iteration(false) {}
            if asked.is_abort() {
                return Err(FileError::Aborted);
            }
            if asked.is_end() && !self.stopped {
                if self.written.buffers() == 0 {
                    return Err(FileError::Aborted);
                }
                self.status.clear();
                say("stops here; Ctrl-C again throws away what was written");
                self.stopped = true;
                self.input.end();
            }
            if let Some(message) = bus.timed_pop(LOOK) {
                match message.view() {
                    gst::MessageView::Error(error) => return Err(self.failure(error)),
                    gst::MessageView::Application(application) => {
                        let name = application.structure().map(|own| own.name().as_str());
                        match name {
                            Some(input::READY) if !self.built => {
                                self.look()
                                    .map_err(|error| self.said(&bus).unwrap_or(error))?;
                            }
                            Some(WHOLE) => {
                                self.parts -= 1;
                                if self.parts == 0 {
                                    return Ok(());
                                }
                            }
                            _ => (),
                        }
                    }
                    _ => self.heard(&message),
                }
            }
            self.whole = self.input.duration().map(Duration::from).or(self.whole);
            self.status.show(self.written.time(), self.whole);
            if self.progress.stands_still(PATIENCE) {
                return Err(FileError::Silent(PATIENCE.as_secs()));
            }
        }
    }

    /// What an element has said about its failure, which says more than that there is one.
    fn said(&self, bus: &gst::Bus) -> Option<FileError> {
        let message = bus.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(self.failure(error)),
            _ => None,
        }
    }

    fn heard(&mut self, message: &gst::MessageRef) {
        match message.view() {
            gst::MessageView::Element(element) => {
                let missing = element
                    .structure()
                    .filter(|own| own.name() == "missing-plugin");
                if let Some(name) = missing.and_then(|own| own.get::<String>("name").ok()) {
                    self.missing.get_or_insert(name);
                }
            }
            gst::MessageView::Warning(warning) => {
                self.status.clear();
                say(&warning.error().to_string());
            }
            _ => (),
        }
    }

    /// Looks whether the streams are known; then they go on.
    fn look(&mut self) -> Result<(), FileError> {
        let streams = self.input.streams();
        let Some(video) = streams.iter().position(|stream| stream.kind == Kind::Video) else {
            // All streams of a file are there before one of them has data; not so for streams that
            // come from several addresses.
            return match self.input.path.exists() {
                true => Err(self.no_video(&streams)),
                false => Ok(()),
            };
        };
        if !streams[video].waits() {
            return Ok(());
        }
        if streams[video].is_empty() {
            return Err(FileError::NoFrame(self.input.path.clone()));
        }
        self.input.close();
        self.build(&streams, video)?;
        self.built = true;
        Ok(())
    }

    fn no_video(&self, streams: &[Stream]) -> FileError {
        let found = streams.iter().map(|stream| codecs::name_of(&stream.coded));
        let found = found.collect::<Vec<_>>().join(", ");
        FileError::NoVideo {
            path: self.input.path.clone(),
            found: match (found.is_empty(), &self.missing) {
                (false, _) => format!(", only {found}"),
                (true, Some(missing)) => format!(", or none that can be read: {missing}"),
                (true, None) => String::new(),
            },
        }
    }

    fn build(&mut self, streams: &[Stream], video: usize) -> Result<(), FileError> {
        let stream = &streams[video];
        let coded = &stream.coded;
        let is_still = coded
            .structure(0)
            .is_some_and(|own| own.name().starts_with("image/") && own.name() != "image/gif")
            && self.input.duration().is_none();
        match (is_still, self.container.muxer, self.target.is_row()) {
            (true, Some(_), _) => return Err(FileError::Still(self.input.path.clone())),
            (false, None, false) => {
                return Err(FileError::OnePicture(self.target.path().into()));
            }
            _ => (),
        }
        let begin = stream.pad.clone().ok_or(FileError::Part("video"))?;
        let muxer = self
            .container
            .muxer
            .map(|name| gst::ElementFactory::make(name).build());
        let muxer = muxer.transpose()?;
        let plan = Plan {
            settings: self.settings,
            encoder: self.convert.encoder.as_deref(),
            transparent: video::is_transparent(self.settings),
            container: self.container,
            coded,
            caps: &stream.caps().ok_or(FileError::Part("format"))?,
            tags: &stream.tags(),
        };
        let ready = plan.build(&self.pipeline, begin, muxer.as_ref())?;
        say(&format!("video: {}", ready.words));
        self.written.count(&ready.pad);
        self.progress.count(&ready.pad);
        for pad in self.input.pads() {
            self.read.count(&pad);
            self.progress.count(&pad);
        }
        let mut end = Line::new(&self.pipeline, ready.pad);
        if let Some(muxer) = &muxer {
            end = self.mux(end, muxer)?;
        }
        let sink = self.target.sink()?;
        end.add(&sink)?;
        say_when_whole(&sink)?;
        self.parts = 1;
        if let Some(alpha) = ready.alpha {
            let muxer = gst::ElementFactory::make("webmmux").build()?;
            let mut line = self.mux(Line::new(&self.pipeline, alpha), &muxer)?;
            let sink = self.target.alpha_sink()?;
            line.add(&sink)?;
            say_when_whole(&sink)?;
            self.parts = 2;
        }
        for (index, other) in streams.iter().enumerate() {
            if index != video {
                say(&beside::add(
                    &self.pipeline,
                    muxer.as_ref(),
                    self.container,
                    other,
                )?);
            }
        }
        if let Some(words) = beside::chapters(muxer.as_ref(), self.container, stream) {
            say(&words);
        }
        self.pipeline.sync_children_states()?;
        streams.iter().for_each(Stream::open);
        Ok(())
    }

    /// Brings coded video to a muxer; the line goes on behind it.
    fn mux(&self, line: Line, muxer: &gst::Element) -> Result<Line, FileError> {
        self.pipeline.add(muxer)?;
        let encoder = self.convert.encoder.as_deref();
        let template = video::template_for(muxer, line.end(), encoder, self.container)?;
        let pad = muxer.request_pad(&template, None, None);
        line.finish(&pad.ok_or(FileError::Part("pad of the muxer"))?)?;
        let source = muxer.static_pad("src").ok_or(FileError::Part("src"))?;
        Ok(Line::new(&self.pipeline, source))
    }

    /// What an element says about its failure, with the file that it is about.
    fn failure(&self, error: &gst::message::Error) -> FileError {
        let said = error.error().to_string();
        if said.starts_with(alpha::LOST) {
            return FileError::Failed(said);
        }
        let detail = error.debug().unwrap_or_default();
        let detail = detail.lines().last().unwrap_or_default().trim();
        let mut element = error.src().cloned();
        while let Some(parent) = element.as_ref().and_then(GstObjectExt::parent)
            && !parent.is::<gst::Pipeline>()
        {
            element = Some(parent);
        }
        let element = element.and_then(|own| own.downcast::<gst::Element>().ok());
        let factory = element.and_then(|own| own.factory());
        let name = factory
            .map(|factory| factory.name().to_string())
            .unwrap_or_default();
        let input = &self.input.path;
        match name.as_str() {
            "parsebin" | "decodebin" if self.missing.is_some() => FileError::NoDecoder {
                path: input.clone(),
                missing: self.missing.clone().unwrap_or_default(),
            },
            "urisourcebin" | "parsebin" | "decodebin" | "multiqueue" => {
                FileError::Failed(format!("{}: {said} ({detail})", input.display()))
            }
            "filesink" | "multifilesink" => {
                let output = self.target.path().display();
                FileError::Failed(format!("{output}: {said} ({detail})"))
            }
            "mattebackground" => FileError::Failed(said),
            _ => FileError::Failed(format!("{name}: {said} ({detail})")),
        }
    }

    /// After the last frame.
    fn finish(self) -> Result<(), FileError> {
        let frames = self.written.buffers();
        if frames == 0 {
            return Err(FileError::NoFrame(self.input.path));
        }
        let seconds = self.written.time().as_secs_f64();
        let path = self.target.path().to_path_buf();
        let (read, whole) = (self.read.time(), self.whole);
        self.target.keep()?;
        if self.stopped {
            return Err(FileError::Stopped { path, seconds });
        }
        if let Some(whole) = whole.filter(|whole| *whole > read + CUT_OFF) {
            say(&format!(
                "{} ends after {:.1} s, but says that it takes {:.1} s: it is cut off",
                self.input.path.display(),
                read.as_secs_f64(),
                whole.as_secs_f64()
            ));
        }
        say(&format!(
            "{}: {seconds:.1} s, {frames} frames",
            path.display()
        ));
        Ok(())
    }
}
