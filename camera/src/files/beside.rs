// SPDX-License-Identifier: MPL-2.0

//! What goes along with the video: sound, subtitles, chapters. As they are, if the new file takes
//! them so.

use super::codecs;
use super::containers::{Container, takes, template};
use super::error::FileError;
use super::input::{self, Kind, Stream};
use super::line::Line;
use super::plain;
use gst::prelude::*;
use std::str::FromStr;

/// AAC as a parser can give it to any muxer.
const AAC: &str = "audio/mpeg,mpegversion=4,stream-format=raw";
/// Text without marks.
const PLAIN: &str = "text/x-raw,format=utf8";

/// Brings a stream to the muxer, or swallows it. Says what was done.
///
/// # Errors
/// If elements do not fit together.
pub fn add(
    pipeline: &gst::Pipeline,
    muxer: Option<&gst::Element>,
    container: &'static Container,
    stream: &Stream,
) -> Result<String, FileError> {
    let Some(pad) = &stream.pad else {
        return Ok(String::new());
    };
    let name = codecs::name_of(&stream.coded);
    let kind = match stream.kind {
        Kind::Video => "another video",
        Kind::Sound => "sound",
        Kind::Subtitles => "subtitles",
        Kind::Other => "data",
    };
    let done = match (muxer, stream.kind) {
        (Some(muxer), Kind::Sound) => sound(pipeline, muxer, container, stream, pad)?,
        (Some(muxer), Kind::Subtitles) => subtitles(pipeline, muxer, stream, pad)?,
        _ => None,
    };
    let done = match done {
        Some(done) => done,
        None => {
            input::leave_out(pipeline, pad)?;
            match stream.kind {
                Kind::Video => "left out".into(),
                _ => format!("left out, as {} holds none of it", container.name()),
            }
        }
    };
    Ok(format!("{kind}: {name}, {done}"))
}

/// What was done with sound; none if there is no way.
fn sound(
    pipeline: &gst::Pipeline,
    muxer: &gst::Element,
    container: &'static Container,
    stream: &Stream,
    pad: &gst::Pad,
) -> Result<Option<String>, FileError> {
    let mut line = Line::new(pipeline, pad.clone());
    let aac = gst::Caps::from_str(AAC)?;
    let is_aac = codecs::AAC.caps()?.can_intersect(&stream.coded);
    if is_aac && takes(muxer, "audio", &aac) {
        line.make("aacparse")?;
        finish(line, muxer, "audio", &aac)?;
        return Ok(Some("as it is".into()));
    }
    if takes(muxer, "audio", &stream.coded) {
        finish(line, muxer, "audio", &stream.coded)?;
        return Ok(Some("as it is".into()));
    }
    if !is_readable(&stream.coded) {
        return Ok(None);
    }
    let choice = container.sound()?;
    let decode = line.make("decodebin")?;
    let convert = gst::ElementFactory::make("audioconvert").build()?;
    pipeline.add(&convert)?;
    let sink = convert.static_pad("sink").ok_or(FileError::Part("sink"))?;
    decode.connect_pad_added(move |decode, pad| {
        if let Err(error) = pad.link(&sink) {
            gst::element_error!(decode, gst::CoreError::Pad, ("the sound: {error}"));
        }
    });
    let source = convert.static_pad("src").ok_or(FileError::Part("src"))?;
    let mut line = Line::new(pipeline, source);
    line.make("audioresample")?;
    line.add(&choice.encoder.make(0)?)?;
    if let Some(parser) = choice.encoder.parser {
        line.make(parser)?;
    }
    finish(line, muxer, "audio", &choice.codec.caps()?)?;
    Ok(Some(format!("now {}", choice.codec.name)))
}

/// What was done with subtitles; none if there is no way.
fn subtitles(
    pipeline: &gst::Pipeline,
    muxer: &gst::Element,
    stream: &Stream,
    pad: &gst::Pad,
) -> Result<Option<String>, FileError> {
    let mut line = Line::new(pipeline, pad.clone());
    if takes(muxer, "subtitle", &stream.coded) {
        finish(line, muxer, "subtitle", &stream.coded)?;
        return Ok(Some("as they are".into()));
    }
    let caps = gst::Caps::from_str(PLAIN)?;
    let marked = gst::Caps::from_str("text/x-raw,format=pango-markup")?;
    if !stream.coded.can_intersect(&marked) || !takes(muxer, "subtitle", &caps) {
        return Ok(None);
    }
    line.make("capssetter")?.set_property("caps", &caps);
    plain::without_marks(line.end());
    finish(line, muxer, "subtitle", &caps)?;
    Ok(Some("as plain text".into()))
}

/// Ends a line at a new pad of the muxer.
///
/// # Errors
/// If the muxer does not take it.
pub fn finish(
    line: Line,
    muxer: &gst::Element,
    kind: &str,
    caps: &gst::Caps,
) -> Result<(), FileError> {
    let template = template(muxer, kind, caps).ok_or(FileError::Part("pad of the muxer"))?;
    let sink = muxer.request_pad(&template, None, None);
    line.finish(&sink.ok_or(FileError::Part("pad of the muxer"))?)
}

/// Whether something is installed that decodes this.
fn is_readable(caps: &gst::Caps) -> bool {
    let kind = gst::ElementFactoryType::DECODER | gst::ElementFactoryType::MEDIA_AUDIO;
    let decoders = gst::ElementFactory::factories_with_type(kind, gst::Rank::MARGINAL);
    caps.can_intersect(&gst::Caps::new_empty_simple("audio/x-raw"))
        || decoders
            .iter()
            .any(|decoder| decoder.can_sink_any_caps(caps))
}

/// Writes the chapters of the file, if both kinds of files have them. Says what was done.
pub fn chapters(
    muxer: Option<&gst::Element>,
    container: &Container,
    stream: &Stream,
) -> Option<String> {
    let event = stream.pad.as_ref()?.sticky_event::<gst::event::Toc>(0)?;
    let (toc, _) = event.toc();
    let setter = muxer.and_then(|muxer| muxer.dynamic_cast_ref::<gst::TocSetter>());
    let done = match setter {
        Some(setter) => {
            setter.set_toc(Some(&toc.to_owned()));
            "as they are".into()
        }
        None => format!("left out, as GStreamer writes none to {}", container.name()),
    };
    Some(format!("chapters: {done}"))
}
