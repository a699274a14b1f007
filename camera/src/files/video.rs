// SPDX-License-Identifier: MPL-2.0

//! The way of the video: upright, with another background, coded again.

use super::alpha;
use super::codecs::{self, Choice, depth};
use super::containers::{Alpha, Container, template};
use super::error::FileError;
use super::line::Line;
use crate::background_source;
use crate::elements;
use crate::place::Placement;
use crate::properties;
use crate::settings::{Background, Settings};
use gst::prelude::*;
use gst_video::{VideoFormat, VideoInfo, VideoInterlaceMode, VideoOrientationMethod};

/// Bits per pixel and second where an encoder wants a rate.
const BITS: f64 = 0.12;
/// Frames per second of a video that does not say so.
const RATE: f64 = 30.0;
/// Formats with alpha that an encoder may take, the best one first.
const WITH_ALPHA: [VideoFormat; 6] = [
    VideoFormat::A44410le,
    VideoFormat::Bgra,
    VideoFormat::Rgba,
    VideoFormat::Argb,
    VideoFormat::A420,
    VideoFormat::Ayuv,
];

/// Formats with alpha that `mattebackground` may give.
const FRAMES_WITH_ALPHA: [VideoFormat; 12] = [
    VideoFormat::A420,
    VideoFormat::Ayuv,
    VideoFormat::Bgra,
    VideoFormat::Rgba,
    VideoFormat::Argb,
    VideoFormat::Abgr,
    VideoFormat::Gbra,
    VideoFormat::A42010le,
    VideoFormat::A42210le,
    VideoFormat::A44410le,
    VideoFormat::Gbra10le,
    VideoFormat::Av12,
];

/// What is done with frames.
pub struct Plan<'a> {
    /// The background.
    pub settings: &'a Settings,
    /// A fragment of gst-launch that encodes, instead of a choice.
    pub encoder: Option<&'a str>,
    /// Whether the frames have alpha behind the background.
    pub transparent: bool,
    /// The kind of file.
    pub container: &'static Container,
    /// How the video was coded.
    pub coded: &'a gst::Caps,
    /// The caps of the decoded frames.
    pub caps: &'a gst::Caps,
    /// What describes the stream.
    pub tags: &'a gst::TagList,
}

/// The end of the video's way.
pub struct Coded {
    /// Coded frames come out here.
    pub pad: gst::Pad,
    /// Their alpha, if it is coded beside them.
    pub alpha: Option<gst::Pad>,
    /// What is done, for the user.
    pub words: String,
}

impl Plan<'_> {
    /// Builds the way from decoded to coded frames.
    ///
    /// # Errors
    /// With what is missing or does not fit.
    pub fn build(
        &self,
        pipeline: &gst::Pipeline,
        begin: gst::Pad,
        muxer: Option<&gst::Element>,
    ) -> Result<Coded, FileError> {
        let info = VideoInfo::from_caps(self.caps)?;
        let mut line = Line::new(pipeline, begin);
        line.queue()?;
        let mut words = vec![format!(
            "{}, {}x{}",
            codecs::name_of(self.coded),
            info.width(),
            info.height()
        )];
        line.make("videoconvert")?;
        if info.interlace_mode() != VideoInterlaceMode::Progressive {
            line.make("deinterlace")?;
            words.push("deinterlaced".into());
        }
        if self.turn(&mut line)? {
            words.push("upright".into());
        }
        // Frames are upright from here on, whatever the tag says to elements and players.
        forget_orientation(line.end());
        let matte = self.matte(pipeline)?;
        line.add(&matte)?;
        if self.transparent {
            // Without alpha the pipeline fails, rather than a converter that makes it up.
            let formats = FRAMES_WITH_ALPHA.map(VideoFormat::to_str);
            let caps = gst::Caps::builder("video/x-raw");
            line.filter(&caps.field("format", gst::List::new(formats)).build())?;
        }
        line.queue()?;
        line.make("videoconvert")?;
        self.encode(line, &info, muxer, words)
    }

    /// Turns and mirrors frames as the user says, or the stream's tag. Whether there is something
    /// to do.
    fn turn(&self, line: &mut Line) -> Result<bool, FileError> {
        let tag = VideoOrientationMethod::from_tag(self.tags);
        match (self.settings.direction(), tag) {
            ("identity", _) | ("auto", None | Some(VideoOrientationMethod::Identity)) => {
                return Ok(false);
            }
            ("auto", Some(tag)) => line.make("videoflip")?.set_property("video-direction", tag),
            (said, _) => line
                .make("videoflip")?
                .set_property_from_str("video-direction", said),
        }
        Ok(true)
    }

    /// `mattebackground`, and the video behind it.
    fn matte(&self, pipeline: &gst::Pipeline) -> Result<gst::Element, FileError> {
        let matte = elements::matte()?;
        matte.set_property_from_str("video-direction", "identity");
        properties::set_all(&matte, self.settings)?;
        pipeline.add(&matte)?;
        if self.settings.background == Background::Video {
            background_source::add(pipeline, &matte, &self.settings.video_file()?)?;
            Placement::of(&matte, self.settings.place);
        }
        Ok(matte)
    }

    fn encode(
        &self,
        mut line: Line,
        info: &VideoInfo,
        muxer: Option<&gst::Element>,
        mut words: Vec<String>,
    ) -> Result<Coded, FileError> {
        let bits = depth(info.format());
        let (choice, alpha) = self.choice(muxer)?;
        let (encoder, name) = match (self.encoder, choice) {
            (Some(text), _) => (named(text)?, text.to_string()),
            (None, Some(choice)) => (
                choice.encoder.make(bitrate(info))?,
                choice.encoder.element.to_string(),
            ),
            (None, None) => return Err(FileError::Part("encoder")),
        };
        let formats = codecs::formats(&encoder);
        let most = formats
            .iter()
            .map(|format| depth(*format))
            .max()
            .unwrap_or(0);
        if most > 0 && most < bits {
            words.push(format!("{bits} bits become {most}"));
        }
        if choice.is_some_and(|choice| choice.encoder.even) {
            words.extend(make_even(&mut line, info)?);
        }
        let format = match alpha {
            Some(Alpha::Inside(format)) => Some(format),
            Some(Alpha::Beside) => Some(VideoFormat::A420),
            None if self.transparent => {
                let taken = WITH_ALPHA
                    .into_iter()
                    .find(|format| formats.contains(format));
                Some(taken.ok_or_else(|| FileError::EncoderAlpha(name.clone()))?)
            }
            None => None,
        };
        if let Some(format) = format {
            line.filter(&raw(format))?;
        }
        let alpha = match (alpha, choice) {
            (Some(Alpha::Beside), Some(choice)) => {
                Some(beside(&mut line, choice, &encoder, bitrate(info))?)
            }
            _ => {
                if format.is_some() {
                    alpha::demand(&encoder)?;
                }
                None
            }
        };
        line.add(&encoder)?;
        if let Some(parser) = choice.and_then(|choice| choice.encoder.parser) {
            line.make(parser)?;
        }
        let made = choice.map_or_else(|| "video".to_string(), |choice| choice.codec.name.into());
        let same = codecs::of(self.coded)
            .is_some_and(|codec| choice.is_some_and(|choice| choice.codec.name == codec.name));
        let made = match (format, same) {
            (Some(_), _) => format!("{made} with alpha"),
            (None, true) => format!("{made} again"),
            (None, false) => made,
        };
        Ok(Coded {
            pad: line.end().clone(),
            alpha,
            words: format!("{} -> {made} ({name})", words.join(", ")),
        })
    }

    /// The codec, unless the user names the encoder.
    fn choice(
        &self,
        muxer: Option<&gst::Element>,
    ) -> Result<(Option<Choice>, Option<Alpha>), FileError> {
        match (self.encoder, self.transparent) {
            (Some(_), _) => Ok((None, None)),
            (None, true) => {
                let (choice, alpha) = self.container.alpha()?;
                Ok((Some(choice), Some(alpha)))
            }
            (None, false) => Ok((Some(self.container.video(muxer, self.coded)?), None)),
        }
    }
}

/// An encoder as the user writes it.
fn named(text: &str) -> Result<gst::Element, FileError> {
    let bin = gst::parse::bin_from_description(text, true).map_err(|error| FileError::Encoder {
        text: text.into(),
        error,
    })?;
    Ok(bin.upcast())
}

/// The template of the muxer's pad for what an encoder writes.
///
/// # Errors
/// [`FileError::EncoderCodec`] if the muxer does not take it.
pub fn template_for(
    muxer: &gst::Element,
    pad: &gst::Pad,
    encoder: Option<&str>,
    container: &Container,
) -> Result<gst::PadTemplate, FileError> {
    template(muxer, "video", &pad.query_caps(None)).ok_or_else(|| FileError::EncoderCodec {
        text: encoder.unwrap_or_default().into(),
        container: container.name(),
    })
}

/// Splits frames with alpha: the line goes on with their colours, and their alpha is coded by an
/// encoder of its own, whose end is given.
fn beside(
    line: &mut Line,
    choice: Choice,
    encoder: &gst::Element,
    bitrate: u32,
) -> Result<gst::Pad, FileError> {
    let tee = line.make("tee")?;
    let branch = || {
        tee.request_pad_simple("src_%u")
            .ok_or(FileError::Part("tee"))
    };
    let mut alpha = line.branch(branch()?);
    alpha.queue()?;
    alpha::only(&mut alpha)?;
    let second = choice.encoder.make(bitrate)?;
    alpha::key_frames(&second)?;
    alpha.add(&second)?;
    *line = line.branch(branch()?);
    line.queue()?;
    line.make("videoconvert")?;
    line.filter(&raw(VideoFormat::I420))?;
    alpha::key_frames(encoder)?;
    Ok(alpha.end().clone())
}

fn raw(format: VideoFormat) -> gst::Caps {
    let caps = gst::Caps::builder("video/x-raw").field("format", format.to_str());
    caps.build()
}

/// Leaves out the last row or column if an encoder takes even sizes only. Says so.
fn make_even(line: &mut Line, info: &VideoInfo) -> Result<Option<String>, FileError> {
    let (right, bottom) = (info.width() % 2, info.height() % 2);
    let what = match (right, bottom) {
        (0, 0) => return Ok(None),
        (0, _) => "row",
        (_, 0) => "column",
        _ => "row and column",
    };
    let crop = line.make("videocrop")?;
    crop.set_property("right", right as i32);
    crop.set_property("bottom", bottom as i32);
    Ok(Some(format!("without its last {what}")))
}

fn bitrate(info: &VideoInfo) -> u32 {
    let fps = info.fps();
    let rate = match fps.numer() > 0 {
        true => f64::from(fps.numer()) / f64::from(fps.denom()),
        false => RATE,
    };
    (BITS * f64::from(info.width()) * f64::from(info.height()) * rate) as u32
}

/// Takes the orientation out of the tags that pass a pad.
fn forget_orientation(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        let Some(gst::PadProbeData::Event(event)) = &info.data else {
            return gst::PadProbeReturn::Ok;
        };
        let gst::EventView::Tag(tag) = event.view() else {
            return gst::PadProbeReturn::Ok;
        };
        if tag.tag().get::<gst::tags::ImageOrientation>().is_some() {
            let mut tags = tag.tag_owned();
            tags.make_mut().remove::<gst::tags::ImageOrientation>();
            let upright = gst::event::Tag::builder(tags)
                .seqnum(event.seqnum())
                .build();
            info.data = Some(gst::PadProbeData::Event(upright));
        }
        gst::PadProbeReturn::Ok
    });
}

/// Whether a property of `mattebackground` asks for frames with alpha.
pub fn is_transparent(settings: &Settings) -> bool {
    let said = settings.properties.get("background");
    said.and_then(toml::Value::as_str) == Some("transparent")
}
