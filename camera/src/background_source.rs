// SPDX-License-Identifier: MPL-2.0

//! A video file as the background, again and again.

use gst::glib;
use gst::prelude::*;
use std::path::{Path, PathBuf};

/// Only the last pad is the bin's: decodebin links to the converter when it has a pad.
const DESCRIPTION: &str = "filesrc name=file ! decodebin ! videoconvert \
    ! queue name=end max-size-buffers=3 max-size-bytes=0 max-size-time=0";

/// A video whose first picture is not there by then stands on something that does not answer.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(20);

/// Why a video cannot be the background.
#[derive(Debug, thiserror::Error)]
pub enum BackgroundSourceError {
    /// The elements cannot be made.
    #[error("video: {0}")]
    Launch(#[from] glib::Error),
    /// The elements do not fit together.
    #[error("video: {0}")]
    Link(#[from] glib::BoolError),
    /// The pads do not fit together.
    #[error("video: {0}")]
    Pads(#[from] gst::PadLinkError),
    /// A part of the bin is not there.
    #[error("video: there is no {0}")]
    Part(&'static str),
    /// GStreamer's elements take UTF-8 only.
    #[error("video: the path is not UTF-8")]
    NotUtf8,
    /// GStreamer cannot play it.
    #[error("video {}: {said}", path.display())]
    Unplayable {
        /// The file.
        path: PathBuf,
        /// What GStreamer says.
        said: String,
    },
}

/// The video, and the pad that its frames come from.
fn source(video: &Path) -> Result<(gst::Bin, gst::GhostPad), BackgroundSourceError> {
    use BackgroundSourceError::{NotUtf8, Part};
    let video = video.to_str().ok_or(NotUtf8)?;
    let bin = gst::parse::bin_from_description(DESCRIPTION, false)?;
    let file = bin.by_name("file").ok_or(Part("file"))?;
    file.set_property("location", video);
    let end = bin.by_name("end").and_then(|end| end.static_pad("src"));
    let pad = gst::GhostPad::with_target(&end.ok_or(Part("pad"))?)?;
    bin.add_pad(&pad)?;
    Ok((bin, pad))
}

/// Checks that a video can be played, by its first picture. This may take its time.
///
/// # Errors
/// With what GStreamer says about it.
pub fn check(video: &Path) -> Result<(), BackgroundSourceError> {
    let (bin, _) = source(video)?;
    let sink = gst::ElementFactory::make("fakesink").build()?;
    let pipeline = gst::Pipeline::new();
    pipeline.add_many([bin.upcast_ref(), &sink])?;
    bin.link(&sink)?;
    let bus = pipeline.bus().ok_or(BackgroundSourceError::Part("bus"))?;
    // What it says comes by the bus.
    let _ = pipeline.set_state(gst::State::Paused);
    let ends = [gst::MessageType::AsyncDone, gst::MessageType::Error];
    let end = bus.timed_pop_filtered(PATIENCE, &ends);
    let picture = sink.property::<Option<gst::Sample>>("last-sample");
    let said = match end.as_ref().map(|message| message.view()) {
        Some(gst::MessageView::Error(error)) => Some(error.error().to_string()),
        Some(_) if picture.is_some() => None,
        Some(_) => Some("it has no pictures".into()),
        None => Some(format!("no picture after {} s", PATIENCE.seconds())),
    };
    // It was only tried.
    let _ = pipeline.set_state(gst::State::Null);
    let path = video.into();
    said.map_or(Ok(()), |said| {
        Err(BackgroundSourceError::Unplayable { path, said })
    })
}

/// Adds the video to a pipeline and links it to the pad `background` of `mattebackground`.
///
/// # Errors
/// If it cannot be built.
pub fn add(
    pipeline: &gst::Pipeline,
    matte: &gst::Element,
    video: &Path,
) -> Result<(), BackgroundSourceError> {
    let (bin, source) = source(video)?;
    pipeline.add(&bin)?;
    let sink = matte.request_pad_simple("background");
    source.link(&sink.ok_or(BackgroundSourceError::Part("pad background"))?)?;
    source.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |pad, info| {
        let Some(gst::PadProbeData::Event(event)) = &info.data else {
            return gst::PadProbeReturn::Ok;
        };
        if event.type_() != gst::EventType::Eos {
            return gst::PadProbeReturn::Ok;
        }
        // Seeking waits for the streaming thread, which is this one: the main loop does it.
        let pad = pad.downgrade();
        glib::MainContext::default().invoke(move || pad.upgrade().iter().for_each(play_again));
        // Not Drop: the bindings have let go of the event by then, and GStreamer 1.22 complains.
        gst::PadProbeReturn::Handled
    });
    Ok(())
}

/// Sends the video back to its beginning.
fn play_again(pad: &gst::GhostPad) {
    let start = gst::event::Seek::new(
        1.0,
        gst::SeekFlags::FLUSH | gst::SeekFlags::KEY_UNIT,
        gst::SeekType::Set,
        gst::ClockTime::ZERO,
        gst::SeekType::None,
        gst::ClockTime::NONE,
    );
    if !pad.send_event(start) {
        eprintln!("matte-camera: the video cannot start again; its last picture stays");
    }
}
