// SPDX-License-Identifier: MPL-2.0

//! A frame becomes a picture in place: composed with its matte, or, without one, what is to be seen
//! instead. What `mattecompose` and `mattemix` have in common.

use super::aligned::{AlignedCompositor, Amounts, Sources};
use super::effect::Effect;
use super::error::ComposeError;
use super::missing::Missing;
use super::placed::{Placed, Standing};
use super::{FramingMode, OnMissingMatte};
use crate::blend::{Background, BlendError, Framing, FramingParams, Note, SubjectBox};
use crate::frame::{FrameRef, Orientation};
use crate::meta::Matte;
use crate::pool::read_matte;
use crate::video::Stream;

/// Most frames of a still scene in a row that take the blurred background and the colours of the
/// edge from an earlier frame. What changes too slowly to be motion, as daylight does, is seen
/// then.
const MOST_UNCHANGED: u32 = 7;

/// What follows the subject.
#[derive(Debug, Default)]
struct Following {
    framing: Framing,
    params: FramingParams,
    /// Seconds since the last frame.
    passed: f32,
}

impl Following {
    /// Takes in where the subject of the next frame is.
    fn look(&mut self, subject: Option<SubjectBox>) {
        let passed = std::mem::take(&mut self.passed);
        self.framing.advance(subject, passed, &self.params);
    }
}

/// Composes frames of one stream in their own memory.
#[derive(Debug)]
pub struct InPlaceCompositor {
    stream: Stream,
    compositor: AlignedCompositor,
    on_missing: OnMissingMatte,
    /// How much of the effect is seen.
    strength: u8,
    /// Newest picture that was composed in full, kept for `on-missing-matte=freeze` only.
    last_good: Option<gst::Buffer>,
    /// The matte of the newest frame, and how often it has been used again.
    newest: Option<(gst::Sample, u32)>,
    /// Where the subject is asked to stand.
    standing: Standing,
    /// If the picture follows the subject.
    following: Option<Following>,
    /// If the subject does not stand where the camera sees it.
    placed: Option<Box<Placed>>,
}

impl InPlaceCompositor {
    /// For frames of a stream that `orientation` makes upright.
    ///
    /// # Errors
    /// [`ComposeError::Blend`] if frames of these caps cannot be composed.
    pub fn new(stream: Stream, orientation: Orientation) -> Result<Self, ComposeError> {
        let mut compositor = AlignedCompositor::new(stream.clone())?;
        compositor.set_view(stream.view(orientation));
        Ok(Self {
            stream,
            compositor,
            on_missing: OnMissingMatte::Hide,
            strength: u8::MAX,
            last_good: None,
            newest: None,
            standing: Standing::default(),
            following: None,
            placed: None,
        })
    }

    /// The stream whose frames it composes.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Changes which way up the frames are. A picture that was kept is forgotten: it has the old
    /// way.
    pub fn set_orientation(&mut self, orientation: Orientation) {
        self.compositor.set_view(self.stream.view(orientation));
        self.placed = None;
        self.flush();
    }

    /// Changes where the subject stands, and how much of it is seen.
    ///
    /// # Errors
    /// If frames of these caps cannot be composed so; the subject then stays where it was.
    pub fn set_standing(&mut self, standing: Standing) -> Result<(), BlendError> {
        self.standing = standing;
        self.stand()
    }

    /// Time passes until the next frame, in seconds.
    pub fn advance(&mut self, seconds: f32) {
        if let Some(following) = &mut self.following {
            following.passed += seconds;
        }
    }

    /// Follows the subject of the next frame.
    fn follow(&mut self, matte: Option<&Matte>) -> Result<(), BlendError> {
        if let Some(following) = &mut self.following {
            let found = matte.and_then(|matte| read_matte(&matte.sample, SubjectBox::of).ok());
            let orientation = self.compositor.view().orientation;
            following.look(found.flatten().map(|found| found.upright(orientation)));
        }
        self.stand()
    }

    /// Makes the subject stand where it is asked to, within the part of the frame that follows it.
    fn stand(&mut self) -> Result<(), BlendError> {
        let size = (self.stream.width(), self.stream.height());
        let size = self.compositor.view().orientation.size(size);
        let part = self.following.as_ref().map(|f| f.framing.place(size));
        let standing = Standing {
            place: part.unwrap_or_default().within(self.standing.place),
            ..self.standing
        };
        let now = self.placed.as_ref().map(|placed| placed.standing);
        if now.unwrap_or_default() == standing {
            return Ok(());
        }
        // What was found for an earlier frame lies elsewhere now.
        self.newest = None;
        let mut placed = match self.placed.take() {
            Some(placed) => placed,
            None => Box::new(Placed::new(self.stream.clone(), &self.compositor)?),
        };
        placed.standing = standing;
        self.placed = (standing != Standing::default()).then_some(placed);
        Ok(())
    }

    /// Changes the background.
    ///
    /// # Errors
    /// If it does not go with the frames; the old one stays.
    pub fn set_background(&mut self, background: Background) -> Result<(), BlendError> {
        self.compositor.set_background(background.clone())?;
        match &mut self.placed {
            Some(placed) => placed.set_background(background),
            None => Ok(()),
        }
    }

    /// Changes how edges are treated and what is seen without a matte.
    pub fn configure(&mut self, effect: &Effect) {
        let byte = |share: f64| (share * 255.0).round() as u8;
        self.compositor.set_amounts(Amounts {
            decontamination: byte(effect.decontamination),
            light_wrap: byte(effect.light_wrap),
            tone_match: byte(effect.tone_match),
            ..self.compositor.amounts()
        });
        if effect.on_missing_matte != OnMissingMatte::Freeze {
            self.last_good = None;
        }
        self.on_missing = effect.on_missing_matte;
        // Of a frame with alpha of its own, a part would lose it.
        let follows = effect.framing == FramingMode::Follow && !self.stream.layout.info().alpha;
        self.following = follows.then(|| Following {
            params: effect.framing_params(),
            ..self.following.take().unwrap_or_default()
        });
    }

    /// Whether the picture follows the subject.
    pub fn follows(&self) -> bool {
        self.following.is_some()
    }

    /// How much of the effect is seen, 0 to 255.
    pub fn set_strength(&mut self, strength: u8) {
        self.strength = strength;
        let amounts = self.compositor.amounts();
        if amounts.strength != strength {
            self.compositor.set_amounts(Amounts {
                strength,
                ..amounts
            });
        }
    }

    /// The green screen's colour, whose light is taken out of the subject.
    fn set_screen(&mut self, screen: Option<[i8; 2]>) {
        let amounts = self.compositor.amounts();
        if amounts.screen != screen {
            self.compositor.set_amounts(Amounts { screen, ..amounts });
        }
    }

    /// Time starts over: no older picture may be shown again.
    pub fn flush(&mut self) {
        (self.last_good, self.newest) = (None, None);
    }

    /// Writes the picture: the frame over `background`, or over the background that was set; or, if
    /// the matte is missing, what is to be seen instead. Returns what was missing, if anything.
    ///
    /// # Errors
    /// If the buffer is no frame of the caps; nothing of it may be shown then.
    pub fn write(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        background: Option<&FrameRef>,
    ) -> Result<Option<Missing>, ComposeError> {
        self.follow(matte.as_ref().ok())?;
        if let Ok(matte) = &matte {
            self.set_screen(matte.screen);
        }
        let unchanged = self.is_unchanged(matte.as_ref().ok());
        let missing = match matte {
            Ok(matte) => self.compose(buffer, &matte, background, unchanged)?,
            Err(missing) => Some(missing),
        };
        match missing {
            None => self.keep(buffer)?,
            Some(_) => self.replace(buffer, background)?,
        }
        Ok(missing)
    }

    /// Shows the part of the frame that follows the subject, and the room in it. Returns what was
    /// missing, if anything.
    ///
    /// # Errors
    /// As [`InPlaceCompositor::write`].
    pub fn show_part(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
    ) -> Result<Option<Missing>, ComposeError> {
        self.follow(matte.as_ref().ok())?;
        if let Some(placed) = &mut self.placed {
            let view = self.compositor.view();
            self.stream
                .write_part(buffer, |frame, margin| Ok(placed.show(view, frame, margin)))??;
            Matte::detach(buffer);
        }
        Ok(matte.err())
    }

    /// Composes a frame with its matte. Returns [`Missing::Unreadable`] if that cannot be read.
    fn compose(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: &Matte,
        background: Option<&FrameRef>,
        unchanged: bool,
    ) -> Result<Option<Missing>, ComposeError> {
        let note = note_of(matte);
        let composed = read_matte(&matte.sample, |matte| {
            let sources = Sources {
                matte,
                note,
                background,
                unchanged,
            };
            self.stream.write_part(buffer, |frame, margin| {
                let compositor = &mut self.compositor;
                Ok(match &mut self.placed {
                    Some(placed) => placed.compose(compositor, frame, margin, sources),
                    None => compositor.compose(frame, margin, sources),
                })
            })
        });
        match composed {
            Ok(result) => {
                result??;
                if self.placed.is_some() {
                    // It says where the subject was.
                    Matte::detach(buffer);
                }
                Ok(None)
            }
            Err(_) => Ok(Some(Missing::Unreadable)),
        }
    }

    /// Keeps a copy of a good picture, in the memory of the one before, if it may be shown again.
    fn keep(&mut self, buffer: &gst::BufferRef) -> Result<(), ComposeError> {
        // What still shows the room, half faded, must not be shown later.
        if self.on_missing != OnMissingMatte::Freeze || self.strength != u8::MAX {
            return Ok(());
        }
        match self.last_good.as_mut().and_then(gst::Buffer::get_mut) {
            Some(old) => self.stream.copy(buffer, old)?,
            None => self.last_good = Some(buffer.copy_deep()?),
        }
        Ok(())
    }

    /// Writes what is to be seen in the place of a frame without a matte.
    fn replace(
        &mut self,
        buffer: &mut gst::BufferRef,
        background: Option<&FrameRef>,
    ) -> Result<(), ComposeError> {
        match (self.on_missing, &self.last_good) {
            (OnMissingMatte::Passthrough | OnMissingMatte::Fail, _) => (),
            (OnMissingMatte::Freeze, Some(good)) => self.stream.copy(good, buffer)?,
            (OnMissingMatte::Freeze | OnMissingMatte::Hide, _) => {
                self.stream.write_part(buffer, |frame, margin| {
                    Ok(self.compositor.hide(frame, margin, background))
                })??;
            }
        }
        Ok(())
    }

    /// Whether a frame has the matte of the one before and shows nothing new.
    fn is_unchanged(&mut self, matte: Option<&Matte>) -> bool {
        let Some(matte) = matte else {
            self.newest = None;
            return false;
        };
        if let Some((newest, times)) = &mut self.newest
            && matte.still
            && newest.as_ptr() == matte.sample.as_ptr()
            && *times < MOST_UNCHANGED
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
