// SPDX-License-Identifier: MPL-2.0

//! The file that is read, taken apart into its streams. Each stream waits with its first data until
//! all are known. The video is decoded; the others are left as they are coded.

use super::error::FileError;
use gst::glib;
use gst::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The name of the message that says that a stream has something.
pub const READY: &str = "matte-stream-ready";
/// Coded data that may wait for a stream that comes later in the file.
const MOST_WAITING: u32 = 1 << 30;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Frames.
    Video,
    /// Sound.
    Sound,
    /// Subtitles, as text or as pictures.
    Subtitles,
    /// Something else.
    Other,
}

impl Kind {
    fn of(caps: &gst::CapsRef) -> Self {
        let name = caps.structure(0).map_or("", |first| first.name().as_str());
        match name.split('/').next().unwrap_or_default() {
            "video" | "image" => Self::Video,
            "audio" => Self::Sound,
            "text" | "subtitle" | "subpicture" => Self::Subtitles,
            _ if ["x-ssa", "x-ass", "x-usf"]
                .iter()
                .any(|end| name.ends_with(end)) =>
            {
                Self::Subtitles
            }
            _ => Self::Other,
        }
    }
}

/// A stream of the file.
#[derive(Debug, Clone)]
pub struct Stream {
    /// What it carries.
    pub kind: Kind,
    /// How it is coded.
    pub coded: gst::Caps,
    /// Where it comes out, decoded if it is the video; none before the decoder has decided.
    pub pad: Option<gst::Pad>,
    /// What holds it back.
    gate: Option<Arc<Gate>>,
}

/// A probe that lets nothing through but what describes the stream.
#[derive(Debug)]
struct Gate {
    probe: Mutex<Option<gst::PadProbeId>>,
    waits: AtomicBool,
    ended: AtomicBool,
}

impl Gate {
    fn new(pad: &gst::Pad) -> Arc<Self> {
        let gate = Arc::new(Self {
            probe: Mutex::new(None),
            waits: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let own = gate.clone();
        let what = gst::PadProbeType::BLOCK
            | gst::PadProbeType::BUFFER
            | gst::PadProbeType::BUFFER_LIST
            | gst::PadProbeType::EVENT_DOWNSTREAM;
        let probe = pad.add_probe(what, move |pad, info| {
            if let Some(gst::PadProbeData::Event(event)) = &info.data {
                match event.type_() {
                    gst::EventType::Eos => own.ended.store(true, Ordering::Release),
                    gst::EventType::Gap => (),
                    _ => return gst::PadProbeReturn::Pass,
                }
            }
            if !own.waits.swap(true, Ordering::AcqRel)
                && let Some(element) = pad.parent_element()
            {
                let ready = gst::Structure::new_empty(READY);
                // Without a bus the pipeline is gone.
                let _ = element.post_message(
                    gst::message::Application::builder(ready)
                        .src(&element)
                        .build(),
                );
            }
            gst::PadProbeReturn::Ok
        });
        *lock(&gate.probe) = probe;
        gate
    }
}

impl Stream {
    /// Whether it has something, or has ended.
    pub fn waits(&self) -> bool {
        let waits = |gate: &Arc<Gate>| gate.waits.load(Ordering::Acquire);
        self.gate.as_ref().is_some_and(waits)
    }

    /// Whether it has ended before anything came.
    pub fn is_empty(&self) -> bool {
        let ended = |gate: &Arc<Gate>| gate.ended.load(Ordering::Acquire);
        self.gate.as_ref().is_some_and(ended)
    }

    /// Lets go of it.
    pub fn open(&self) {
        if let (Some(pad), Some(gate)) = (&self.pad, &self.gate)
            && let Some(probe) = lock(&gate.probe).take()
        {
            pad.remove_probe(probe);
        }
    }

    /// The caps of what waits.
    pub fn caps(&self) -> Option<gst::Caps> {
        self.pad.as_ref()?.current_caps()
    }

    /// What describes it.
    pub fn tags(&self) -> gst::TagList {
        let mut all = gst::TagList::new();
        let pads = self.pad.iter();
        for event in pads.flat_map(|pad| {
            (0..).map_while(move |index| pad.sticky_event::<gst::event::Tag>(index))
        }) {
            all.make_mut().insert(event.tag(), gst::TagMergeMode::Keep);
        }
        all
    }
}

/// A file in parts.
pub struct Input {
    /// As the user has named it.
    pub path: PathBuf,
    streams: Arc<Mutex<Vec<Stream>>>,
    queue: gst::Element,
    /// Whether the streams are used; what comes later is left out.
    used: Arc<AtomicBool>,
}

impl Input {
    /// Adds the elements that read a file, or an address, to a pipeline.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn new(path: &Path, pipeline: &gst::Pipeline) -> Result<Self, FileError> {
        let source = gst::ElementFactory::make("urisourcebin").build()?;
        source.set_property("uri", address(path)?);
        // Its queues grow while another one is empty, however badly the streams are interleaved.
        let queue = gst::ElementFactory::make("multiqueue")
            .property("max-size-buffers", 8u32)
            .property("max-size-bytes", MOST_WAITING)
            .property("max-size-time", 0u64)
            .build()?;
        pipeline.add_many([&source, &queue])?;
        let input = Self {
            path: path.into(),
            streams: Arc::default(),
            queue,
            used: Arc::default(),
        };
        let taker = Taker {
            pipeline: pipeline.downgrade(),
            queue: input.queue.downgrade(),
            streams: input.streams.clone(),
            used: input.used.clone(),
        };
        source.connect_pad_added(move |source, pad| {
            let taker = taker.clone();
            or_error(source, || taker.parse(pad));
        });
        Ok(input)
    }

    /// The streams that are known.
    pub fn streams(&self) -> Vec<Stream> {
        lock(&self.streams).clone()
    }

    /// From now on new streams are left out.
    pub fn close(&self) {
        self.used.store(true, Ordering::Release);
    }

    /// Where the coded streams come in.
    pub fn pads(&self) -> Vec<gst::Pad> {
        self.queue.sink_pads()
    }

    /// Ends the streams here, whatever of the file is left. Another thread does so, as a stream
    /// may be blocked for a while.
    pub fn end(&self) {
        self.queue.call_async(|queue| {
            for pad in queue.sink_pads() {
                pad.send_event(gst::event::Eos::new());
            }
        });
    }

    /// How long the file says that it is.
    pub fn duration(&self) -> Option<gst::ClockTime> {
        let pads = self.pads();
        let durations = pads
            .iter()
            .filter_map(|pad| pad.peer_query_duration::<gst::ClockTime>());
        durations.max()
    }
}

/// What puts a stream into its place, in the streams' threads.
#[derive(Clone)]
struct Taker {
    pipeline: glib::WeakRef<gst::Pipeline>,
    queue: glib::WeakRef<gst::Element>,
    streams: Arc<Mutex<Vec<Stream>>>,
    used: Arc<AtomicBool>,
}

impl Taker {
    /// The file's own format, or one of its parts.
    fn parse(&self, pad: &gst::Pad) -> Result<(), FileError> {
        let pipeline = self.pipeline.upgrade().ok_or(FileError::Part("pipeline"))?;
        let parse = gst::ElementFactory::make("parsebin").build()?;
        let taker = self.clone();
        parse.connect_pad_added(move |parse, pad| or_error(parse, || taker.take(pad)));
        pipeline.add(&parse)?;
        parse.sync_state_with_parent()?;
        pad.link(&parse.static_pad("sink").ok_or(FileError::Part("sink"))?)?;
        Ok(())
    }

    fn take(&self, pad: &gst::Pad) -> Result<(), FileError> {
        let pipeline = self.pipeline.upgrade().ok_or(FileError::Part("pipeline"))?;
        let queue = self.queue.upgrade().ok_or(FileError::Part("queue"))?;
        let coded = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let kind = Kind::of(&coded);
        let sink = queue
            .request_pad_simple("sink_%u")
            .ok_or(FileError::Part("queue"))?;
        let name = sink.name().replace("sink", "src");
        let out = queue.static_pad(&name).ok_or(FileError::Part("queue"))?;
        if self.used.load(Ordering::Acquire) {
            pad.link(&sink)?;
            return leave_out(&pipeline, &out);
        }
        let mut streams = lock(&self.streams);
        let first = !streams.iter().any(|stream| stream.kind == Kind::Video);
        let decodes = kind == Kind::Video && first;
        let index = streams.len();
        streams.push(Stream {
            kind,
            coded,
            pad: (!decodes).then(|| out.clone()),
            gate: (!decodes).then(|| Gate::new(&out)),
        });
        drop(streams);
        if decodes {
            let decode = gst::ElementFactory::make("decodebin").build()?;
            pipeline.add(&decode)?;
            decode.sync_state_with_parent()?;
            out.link(&decode.static_pad("sink").ok_or(FileError::Part("sink"))?)?;
            let streams = self.streams.clone();
            decode.connect_pad_added(move |_, pad| {
                if let Some(stream) = lock(&streams).get_mut(index)
                    && stream.pad.is_none()
                {
                    stream.gate = Some(Gate::new(pad));
                    stream.pad = Some(pad.clone());
                }
            });
        }
        pad.link(&sink)?;
        Ok(())
    }
}

/// Swallows a stream.
///
/// # Errors
/// If the pipeline takes no more elements.
pub fn leave_out(pipeline: &gst::Pipeline, pad: &gst::Pad) -> Result<(), FileError> {
    let sink = gst::ElementFactory::make("fakesink")
        .property("sync", false)
        .property("async", false)
        .build()?;
    pipeline.add(&sink)?;
    sink.sync_state_with_parent()?;
    pad.link(&sink.static_pad("sink").ok_or(FileError::Part("sink"))?)?;
    Ok(())
}

/// A failure in a stream's thread goes to the bus.
fn or_error(element: &gst::Element, work: impl FnOnce() -> Result<(), FileError>) {
    if let Err(error) = work() {
        gst::element_error!(element, gst::CoreError::Failed, ("{error}"));
    }
}

/// A file's address, or the address that was given.
fn address(path: &Path) -> Result<String, FileError> {
    let text = path
        .to_str()
        .ok_or_else(|| FileError::NotUtf8(path.into()))?;
    if !path.exists() && text.contains("://") {
        return Ok(text.into());
    }
    match path.metadata() {
        Err(_) => Err(FileError::NoInput(path.into())),
        Ok(data) if data.is_dir() => Err(FileError::NotAFile(path.into())),
        Ok(_) => Ok(
            glib::filename_to_uri(std::path::absolute(path).unwrap_or(path.into()), None)?.into(),
        ),
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
