// SPDX-License-Identifier: MPL-2.0

//! A frame becomes a picture in place: composed with its matte, or, without one, what is to be seen
//! instead. What `mattecompose` and `mattemix` have in common.

use super::OnMissingMatte;
use super::effect::Effect;
use super::missing::Missing;
use super::painter::{Look, Painter, Sources};
use crate::blend::{Background, BlendError, Note};
use crate::frame::{FrameRef, Orientation};
use crate::meta::Matte;
use crate::pool::read_matte;
use crate::video::{MapError, Stream};

/// Frames of a still scene in a row that take the blurred room and the colours of the edge from an
/// earlier frame: what changes too slowly to be motion, daylight say, is followed all the same.
const AGAIN: u32 = 7;

/// Composes frames of one stream.
#[derive(Debug)]
pub struct Canvas {
    stream: Stream,
    painter: Painter,
    on_missing: OnMissingMatte,
    /// How much of the effect is seen.
    strength: u8,
    /// Newest picture that was composed in full, kept for `on-missing-matte=freeze` only.
    last_good: Option<gst::Buffer>,
    /// The matte of the newest frame, and how often it has been used again.
    newest: Option<(gst::Sample, u32)>,
}

impl Canvas {
    /// For frames of a stream that `orientation` makes upright.
    ///
    /// # Errors
    /// Where frames of these caps cannot be composed, in words.
    pub fn new(stream: Stream, orientation: Orientation) -> Result<Self, String> {
        let painter = Painter::new(stream.clone());
        let mut painter = painter.map_err(|error| error.to_string())?;
        painter.set_view(stream.view(orientation));
        Ok(Self {
            stream,
            painter,
            on_missing: OnMissingMatte::Hide,
            strength: u8::MAX,
            last_good: None,
            newest: None,
        })
    }

    /// The stream whose frames it composes.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Frames stand another way from now on. A picture that was kept stands as the old ones did.
    pub fn turn(&mut self, orientation: Orientation) {
        self.painter.set_view(self.stream.view(orientation));
        self.flush();
    }

    /// Changes the background.
    ///
    /// # Errors
    /// Where it does not go with the frames, in words; the old one stays.
    pub fn set_background(&mut self, background: Background) -> Result<(), String> {
        self.painter
            .set_background(background)
            .map_err(|error| error.to_string())
    }

    /// Changes how edges are treated and what is seen without a matte.
    pub fn configure(&mut self, effect: &Effect) {
        let byte = |share: f64| (share * 255.0).round() as u8;
        self.painter.set_look(Look {
            decontamination: byte(effect.decontamination),
            light_wrap: byte(effect.light_wrap),
            tone_match: byte(effect.tone_match),
            ..self.painter.look()
        });
        if effect.on_missing_matte != OnMissingMatte::Freeze {
            self.last_good = None;
        }
        self.on_missing = effect.on_missing_matte;
    }

    /// How much of the effect is seen, 0 to 255.
    pub fn set_strength(&mut self, strength: u8) {
        self.strength = strength;
        let look = self.painter.look();
        if look.strength != strength {
            self.painter.set_look(Look { strength, ..look });
        }
    }

    /// Time starts over: no older picture may be shown again.
    pub fn flush(&mut self) {
        (self.last_good, self.newest) = (None, None);
    }

    /// Writes the picture: the frame over `back`, or over the background that was set; or, where
    /// the matte is missing, what is to be seen instead. Returns what was missing, if anything.
    ///
    /// # Errors
    /// Where the buffer is no frame of the caps; nothing of it may be shown then.
    pub fn write(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        back: Option<&FrameRef>,
    ) -> Result<Option<Missing>, String> {
        let again = self.is_again(matte.as_ref().ok());
        let (stream, painter) = (&self.stream, &mut self.painter);
        let missing = match matte {
            Ok(matte) => {
                let note = note_of(&matte);
                let composed = read_matte(&matte.sample, |matte| {
                    let sources = Sources {
                        matte,
                        note,
                        back,
                        again,
                    };
                    stream.write_part(buffer, |frame, before| {
                        Ok(painter.compose(frame, before, sources))
                    })
                });
                match composed {
                    Ok(result) => {
                        flatten(result)?;
                        None
                    }
                    Err(_) => Some(Missing::Unreadable),
                }
            }
            Err(missing) => Some(missing),
        };
        let freeze = self.on_missing == OnMissingMatte::Freeze;
        match (missing, self.on_missing) {
            // What still shows the room, half faded, must not be shown later.
            (None, _) if freeze && self.strength == u8::MAX => {
                keep(&mut self.last_good, buffer, stream)?;
            }
            (None, _) | (Some(_), OnMissingMatte::Passthrough | OnMissingMatte::Fail) => (),
            (Some(_), _) => match &self.last_good {
                Some(good) if freeze => stream
                    .copy(good, buffer)
                    .map_err(|error| error.to_string())?,
                _ => flatten(stream.write_part(buffer, |frame, before| {
                    Ok(painter.hide(frame, before, back))
                }))?,
            },
        }
        Ok(missing)
    }

    /// Whether a frame has the matte of the one before and shows nothing new.
    fn is_again(&mut self, matte: Option<&Matte>) -> bool {
        let Some(matte) = matte else {
            self.newest = None;
            return false;
        };
        if let Some((newest, times)) = &mut self.newest
            && matte.still
            && newest.as_ptr() == matte.sample.as_ptr()
            && *times < AGAIN
        {
            *times += 1;
            return true;
        }
        self.newest = Some((matte.sample.clone(), 0));
        false
    }
}

/// What an overlay says about a matte.
fn note_of(matte: &Matte) -> Note {
    Note {
        inference_ms: matte.inference_time.useconds() as f32 / 1e3,
        origin: match (matte.inferred, matte.still) {
            (true, _) => "own",
            (_, true) => "still",
            _ => "carried",
        },
        stage: matte.stage.as_str(),
    }
}

/// Mapping and blending errors in one.
pub fn flatten(result: Result<Result<(), BlendError>, MapError>) -> Result<(), String> {
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Keeps a copy of a picture, in the memory of the one that was kept before.
fn keep(
    kept: &mut Option<gst::Buffer>,
    buffer: &gst::BufferRef,
    stream: &Stream,
) -> Result<(), String> {
    let Some(old) = kept.as_mut().and_then(gst::Buffer::get_mut) else {
        *kept = Some(buffer.copy_deep().map_err(|error| error.to_string())?);
        return Ok(());
    };
    stream.copy(buffer, old).map_err(|error| error.to_string())
}
