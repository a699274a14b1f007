// SPDX-License-Identifier: MPL-2.0

//! What `mattemix` does with a camera frame. Knows buffers and settings, but no pixels.

use super::background_queue::BackgroundFrame;
use super::conversion::Conversion;
use super::settings::Settings;
use crate::blend::{Background, PRIVACY_FILL, Placement};
use crate::compose::{
    ComposeError, GapReport, ImageFit, InPlaceCompositor, Missing, OnMissingMatte, Progress,
    Standing,
};
use crate::frame::Orientation;
use crate::meta::Matte;
use crate::timeline::Tick;
use crate::video::{MapError, Stream, Visible};

/// What a camera frame is composed over.
#[derive(Debug, Clone, Copy)]
pub enum BackgroundSource<'a> {
    /// A frame of the background and the number that changes with it.
    Frame(&'a BackgroundFrame, u64),
    /// One colour, as ARGB.
    Color(u32),
    /// There is no background: the privacy fill, plainly not the room.
    PrivacyFill,
}

/// Everything between two changes of the camera's caps.
#[derive(Debug)]
pub struct Renderer {
    aspect: gst::Fraction,
    /// What makes the camera's frames upright.
    orientation: Orientation,
    settings: Settings,
    compositor: InPlaceCompositor,
    /// Colour that the compositor has for its own background.
    color: Option<u32>,
    conversion: Option<Conversion>,
    progress: Progress,
}

impl Renderer {
    /// Makes ready for frames of the camera's caps, which `orientation` makes upright. What went on
    /// under the caps before goes on, but no picture of theirs is shown in frames of another kind.
    ///
    /// # Errors
    /// If frames of these caps cannot be composed.
    pub fn new(
        camera: Stream,
        orientation: Orientation,
        settings: Settings,
        previous: Option<Self>,
    ) -> Result<Self, ComposeError> {
        let Some(mut previous) = previous else {
            return Self::first(camera, orientation, settings);
        };
        if previous.compositor.stream().differs_in_rate_only(&camera) {
            previous.set_orientation(orientation);
            previous.configure(settings);
            return Ok(previous);
        }
        Ok(Self {
            progress: previous.progress.for_next_stream(),
            ..Self::first(camera, orientation, settings)?
        })
    }

    /// Makes ready for the first caps.
    fn first(
        camera: Stream,
        orientation: Orientation,
        settings: Settings,
    ) -> Result<Self, ComposeError> {
        let mut renderer = Self {
            aspect: camera.display_aspect(),
            orientation,
            progress: Progress::new(settings.effect.enabled),
            settings: settings.clone(),
            compositor: InPlaceCompositor::new(camera, orientation)?,
            color: None,
            conversion: None,
        };
        renderer.configure(settings);
        Ok(renderer)
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
            conversion.set_bars(settings.color);
        }
        self.compositor.configure(&settings.effect);
        self.settings = settings;
    }

    /// Changes which way up the camera's frames are from now on.
    pub fn set_orientation(&mut self, orientation: Orientation) {
        if std::mem::replace(&mut self.orientation, orientation) != orientation {
            self.compositor.set_orientation(orientation);
            (self.conversion, self.color) = (None, None);
        }
    }

    /// Changes where the subject stands.
    ///
    /// # Errors
    /// If frames of these caps cannot be composed so.
    pub fn set_standing(&mut self, standing: Standing) -> Result<(), ComposeError> {
        Ok(self.compositor.set_standing(standing)?)
    }

    /// Time starts over: no older picture may be shown again.
    pub fn flush(&mut self) {
        self.compositor.flush();
        self.progress.end_fade(self.settings.effect.enabled);
    }

    /// Display aspect ratio of the frames.
    pub fn aspect(&self) -> gst::Fraction {
        self.aspect
    }

    /// The settings that are in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is shown if a matte is missing.
    pub fn on_missing(&self) -> OnMissingMatte {
        self.settings.effect.on_missing_matte
    }

    /// Moves the fade on to the next frame.
    pub fn advance(&mut self, tick: &Tick) {
        if tick.restarted {
            self.compositor.flush();
        }
        self.compositor.advance(tick.step.elapsed.as_secs_f32());
        self.progress.step(&self.settings.effect, tick);
    }

    /// Notes whether a frame lacked its matte, and says what is to be reported about it.
    pub fn note_matte(&mut self, missing: bool, tick: &Tick) -> GapReport {
        self.progress.note_matte(missing, tick)
    }

    /// Finds a frame in its buffer. Also returns whether the user is to be warned that the buffer
    /// contradicts its caps. Such a buffer cannot be written: if it is to be hidden, a black frame
    /// replaces it.
    ///
    /// # Errors
    /// If there is no memory for another frame.
    pub fn admit(
        &mut self,
        buffer: &mut gst::Buffer,
    ) -> Result<(Result<Visible, MapError>, bool), MapError> {
        let visible = self.compositor.stream().check(buffer);
        let warn = self.progress.note_contradiction(&visible);
        if visible.is_err() && self.on_missing().hides() && !self.progress.is_off() {
            *buffer = self.compositor.stream().replacement(buffer)?;
        }
        Ok((visible, warn))
    }

    /// Composes a camera frame in place. Returns what was missing, if anything.
    ///
    /// # Errors
    /// If the buffer is no frame of the caps; nothing of it may be shown then.
    pub fn compose(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        source: BackgroundSource,
    ) -> Result<Option<Missing>, ComposeError> {
        if self.progress.is_off() {
            return Ok(None);
        }
        self.compositor.set_strength(self.progress.strength());
        match source {
            BackgroundSource::Color(color) => self.over_color(buffer, matte, color),
            BackgroundSource::PrivacyFill => self.over_color(buffer, matte, PRIVACY_FILL),
            BackgroundSource::Frame(frame, serial) => {
                // Taken out while it lends its picture to the rest of the renderer.
                let mut conversion = self.conversion.take();
                let result = self.over_frame(buffer, matte, frame, serial, &mut conversion);
                self.conversion = conversion;
                result
            }
        }
    }

    /// Composes a frame over one colour.
    fn over_color(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        color: u32,
    ) -> Result<Option<Missing>, ComposeError> {
        if self.color != Some(color) {
            self.compositor.set_background(Background::Color(color))?;
            self.color = Some(color);
        }
        self.compositor.write(buffer, matte, None)
    }

    /// Composes a frame over a frame of the background, which is converted if its format is
    /// another.
    fn over_frame(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        frame: &BackgroundFrame,
        serial: u64,
        conversion: &mut Option<Conversion>,
    ) -> Result<Option<Missing>, ComposeError> {
        let (camera, stream) = (self.compositor.stream(), &frame.stream);
        let same = camera.frame_format() == stream.frame_format()
            && camera.info.par() == stream.info.par()
            && self.orientation == frame.orientation;
        if same {
            let done = stream.read(&frame.buffer, |view| {
                self.compositor.write(buffer, matte.clone(), Some(view))
            });
            return match done {
                Ok(result) => result,
                Err(_) => self.over_color(buffer, matte, PRIVACY_FILL),
            };
        }
        let view = stream.view(frame.orientation);
        let conversion = match conversion {
            Some(conversion) if conversion.is_for(stream, view) => conversion,
            slot => {
                let placement = Placement {
                    fit: self.settings.background_fit.into(),
                    from: view,
                    to: camera.view(self.orientation),
                    bars: self.settings.color,
                };
                slot.insert(Conversion::new(stream, camera, placement)?)
            }
        };
        match conversion.convert(frame, serial) {
            Some(background) => self.compositor.write(buffer, matte, Some(&background)),
            // A frame that cannot be read hides nothing and shows nothing.
            None => self.over_color(buffer, matte, PRIVACY_FILL),
        }
    }
}
