// SPDX-License-Identifier: MPL-2.0

//! What `mattemix` does with a camera frame. Knows buffers and settings, but no pixels.

use super::inbox::Frame;
use super::settings::Settings;
use crate::blend::{Background, PRIVACY_FILL, Placement, Rescaler};
use crate::compose::{Canvas, Contradictions, Fade, Gap, ImageFit, Missing, News, OnMissingMatte};
use crate::frame::{Orientation, View};
use crate::meta::Matte;
use crate::simd;
use crate::timeline::Tick;
use crate::video::{MapError, Stream, Visible};
use std::sync::Arc;

/// What stands behind a frame.
#[derive(Debug, Clone, Copy)]
pub enum Behind<'a> {
    /// A frame of the background and the number that changes with it.
    Frame(&'a Frame, u64),
    /// One colour, as ARGB.
    Color(u32),
    /// There is no background: the privacy fill, plainly not the room.
    Nothing,
}

/// Background frames of one stream on their way into the camera's format.
#[derive(Debug)]
struct Conversion {
    stream: Arc<Stream>,
    /// How the viewer sees the background, were it alone.
    view: View,
    rescaler: Rescaler,
    /// Number of the frame that is converted.
    serial: Option<u64>,
}

/// Everything between two changes of the camera's caps.
#[derive(Debug)]
pub struct Stage {
    aspect: gst::Fraction,
    /// What makes the camera's frames upright.
    orientation: Orientation,
    settings: Settings,
    canvas: Canvas,
    /// Colour that the canvas has for its own background.
    color: Option<u32>,
    conversion: Option<Conversion>,
    gap: Gap,
    fade: Fade,
    contradictions: Contradictions,
}

impl Stage {
    /// Makes ready for frames of the camera's caps, which `orientation` makes upright. What went on
    /// under the caps before goes on, but no picture of theirs is shown in frames of another kind.
    ///
    /// # Errors
    /// Where frames of these caps cannot be composed, in words.
    pub fn new(
        camera: Stream,
        orientation: Orientation,
        settings: Settings,
        before: Option<Self>,
    ) -> Result<Self, String> {
        if let Some(mut before) = before {
            if before.canvas.stream().differs_in_rate_only(&camera) {
                before.turn(orientation);
                before.configure(settings);
                return Ok(before);
            }
            let mut stage = Self::begin(camera, orientation, settings)?;
            (stage.gap, stage.fade) = (before.gap, before.fade);
            return Ok(stage);
        }
        Self::begin(camera, orientation, settings)
    }

    fn begin(camera: Stream, orientation: Orientation, settings: Settings) -> Result<Self, String> {
        let mut stage = Self {
            aspect: camera.display_aspect(),
            fade: Fade::new(settings.effect.enabled),
            orientation,
            settings: settings.clone(),
            canvas: Canvas::new(camera, orientation)?,
            color: None,
            conversion: None,
            gap: Gap::default(),
            contradictions: Contradictions::default(),
        };
        stage.configure(settings);
        Ok(stage)
    }

    /// Takes over changed settings.
    pub fn configure(&mut self, settings: Settings) {
        if settings.background_fit != self.settings.background_fit {
            self.conversion = None;
        }
        if settings.color != self.settings.color
            && settings.background_fit == ImageFit::Contain
            && let Some(conversion) = &mut self.conversion
        {
            conversion.rescaler.set_bars(settings.color);
            conversion.serial = None;
        }
        self.canvas.configure(&settings.effect);
        self.settings = settings;
    }

    /// Takes over how the camera's frames stand from now on.
    pub fn turn(&mut self, orientation: Orientation) {
        if std::mem::replace(&mut self.orientation, orientation) != orientation {
            self.canvas.turn(orientation);
            (self.conversion, self.color) = (None, None);
        }
    }

    /// Time starts over: no older picture may be shown again.
    pub fn flush(&mut self) {
        self.canvas.flush();
        self.fade = Fade::new(self.settings.effect.enabled);
    }

    /// Display aspect ratio of the frames.
    pub fn aspect(&self) -> gst::Fraction {
        self.aspect
    }

    /// The settings that are in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Moves the fade on to the next frame.
    pub fn advance(&mut self, tick: &Tick) {
        if tick.restarted {
            self.canvas.flush();
        }
        let effect = &self.settings.effect;
        self.fade
            .step(effect.enabled, tick.step, effect.transition_ms);
    }

    /// Notes whether a frame lacked its matte, and says what is news about it.
    pub fn note(&mut self, missing: bool, tick: &Tick) -> News {
        self.gap.note(missing, tick.step.elapsed)
    }

    /// Where a frame lies in its buffer, and a warning to be given where it contradicts its caps.
    /// A buffer that does is replaced by a black frame where it is to be hidden: it cannot be
    /// written.
    ///
    /// # Errors
    /// Where there is no memory for another frame.
    pub fn admit(
        &mut self,
        buffer: &mut gst::Buffer,
    ) -> Result<(Result<Visible, MapError>, Option<String>), MapError> {
        let visible = self.canvas.stream().check(buffer);
        let warning = self.contradictions.note(&visible);
        let policy = self.settings.effect.on_missing_matte;
        let hides = matches!(policy, OnMissingMatte::Hide | OnMissingMatte::Freeze);
        if visible.is_err() && hides && !self.fade.is_off() {
            *buffer = self.canvas.stream().replacement(buffer)?;
        }
        Ok((visible, warning))
    }

    /// Composes a camera frame in place. Returns what was missing, if anything.
    ///
    /// # Errors
    /// Where the buffer is no frame of the caps; nothing of it may be shown then.
    pub fn compose(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        behind: Behind,
    ) -> Result<Option<Missing>, String> {
        if self.fade.is_off() {
            return Ok(None);
        }
        self.canvas.set_strength(self.fade.strength());
        match behind {
            Behind::Color(color) => self.over_color(buffer, matte, color),
            Behind::Nothing => self.over_color(buffer, matte, PRIVACY_FILL),
            Behind::Frame(frame, serial) => {
                // Taken out while it lends its picture to the rest of the stage.
                let mut conversion = self.conversion.take();
                let result = self.over_frame(buffer, matte, frame, serial, &mut conversion);
                self.conversion = conversion;
                result
            }
        }
    }

    fn over_color(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        color: u32,
    ) -> Result<Option<Missing>, String> {
        if self.color != Some(color) {
            self.canvas.set_background(Background::Color(color))?;
            self.color = Some(color);
        }
        self.canvas.write(buffer, matte, None)
    }

    fn over_frame(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        frame: &Frame,
        serial: u64,
        conversion: &mut Option<Conversion>,
    ) -> Result<Option<Missing>, String> {
        let (camera, stream) = (self.canvas.stream(), &frame.stream);
        let same = camera.frame_format() == stream.frame_format()
            && camera.info.par() == stream.info.par()
            && self.orientation == frame.orientation;
        if same {
            let done = stream.read(&frame.buffer, |view| {
                self.canvas.write(buffer, matte.clone(), Some(view))
            });
            return match done {
                Ok(result) => result,
                Err(_) => self.over_color(buffer, matte, PRIVACY_FILL),
            };
        }
        let view = stream.view(frame.orientation);
        let fits = |c: &Conversion| Arc::ptr_eq(&c.stream, stream) && c.view == view;
        if !conversion.as_ref().is_some_and(fits) {
            *conversion = Some(self.conversion_of(stream, view)?);
        }
        let Some(current) = conversion.as_mut() else {
            return self.over_color(buffer, matte, PRIVACY_FILL);
        };
        if current.serial != Some(serial) {
            let rescaler = &mut current.rescaler;
            match stream.read(&frame.buffer, |view| rescaler.convert(view)) {
                Ok(Ok(())) => current.serial = Some(serial),
                // A frame that cannot be read hides nothing and shows nothing.
                Ok(Err(_)) | Err(_) => return self.over_color(buffer, matte, PRIVACY_FILL),
            }
        }
        let back = current.rescaler.view();
        self.canvas.write(buffer, matte, Some(&back))
    }

    fn conversion_of(&self, stream: &Arc<Stream>, view: View) -> Result<Conversion, String> {
        let placement = Placement {
            fit: self.settings.background_fit.into(),
            from: view,
            to: self.canvas.stream().view(self.orientation),
            bars: self.settings.color,
        };
        let (from, to) = (stream.frame_format(), self.canvas.stream().frame_format());
        let rescaler = Rescaler::new(from, to, placement, simd::level());
        Ok(Conversion {
            stream: Arc::clone(stream),
            view,
            rescaler: rescaler.map_err(|error| error.to_string())?,
            serial: None,
        })
    }
}
