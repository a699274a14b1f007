// SPDX-License-Identifier: MPL-2.0

//! What `mattemix` does with a camera frame. Knows buffers and settings, but no pixels.

use super::inbox::Frame;
use super::settings::Settings;
use crate::blend::{Background, CURTAIN, Compositor, Placement, Rescaler};
use crate::compose::{Fade, Gap, Missing, News, OnMissingMatte, copy, flatten};
use crate::frame::FrameRef;
use crate::meta::Matte;
use crate::pool::read_matte;
use crate::simd;
use crate::video::Stream;
use std::sync::Arc;

/// What stands behind a frame.
#[derive(Debug, Clone, Copy)]
pub enum Behind<'a> {
    /// A frame of the background and the number that changes with it.
    Frame(&'a Frame, u64),
    /// One colour, as ARGB.
    Color(u32),
    /// There is no background: a curtain that is plainly not the room.
    Nothing,
}

/// Background frames of one stream on their way into the camera's format.
#[derive(Debug)]
struct Conversion {
    stream: Arc<Stream>,
    rescaler: Rescaler,
    /// Number of the frame that is converted.
    serial: Option<u64>,
}

/// Everything between two changes of the camera's caps.
#[derive(Debug)]
pub struct Stage {
    camera: Stream,
    aspect: gst::Fraction,
    settings: Settings,
    compositor: Compositor,
    /// Colour that the compositor has for its own background.
    color: Option<u32>,
    conversion: Option<Conversion>,
    /// Newest composed picture, kept for `on-missing-matte=freeze` only.
    last_good: Option<gst::Buffer>,
    gap: Gap,
    fade: Fade,
}

impl Stage {
    /// Makes ready for frames of the camera's caps.
    ///
    /// # Errors
    /// Where frames of these caps cannot be composed, in words.
    pub fn new(camera: Stream, settings: Settings) -> Result<Self, String> {
        let (width, height) = (camera.width(), camera.height());
        let compositor = Compositor::new(camera.layout, camera.color, width, height, simd::level());
        let mut stage = Self {
            aspect: camera.display_aspect(),
            camera,
            fade: Fade::new(settings.enabled),
            settings: settings.clone(),
            compositor: compositor.map_err(|error| error.to_string())?,
            color: None,
            conversion: None,
            last_good: None,
            gap: Gap::default(),
        };
        stage.configure(settings);
        Ok(stage)
    }

    /// Takes over changed settings.
    pub fn configure(&mut self, settings: Settings) {
        if settings.on_missing_matte != OnMissingMatte::Freeze {
            self.last_good = None;
        }
        let kept = (settings.background_fit, settings.color)
            == (self.settings.background_fit, self.settings.color);
        if !kept {
            self.conversion = None;
        }
        let byte = |share: f64| (share * 255.0).round() as u8;
        self.compositor
            .set_decontamination(byte(settings.decontamination));
        self.compositor.set_light_wrap(byte(settings.light_wrap));
        self.settings = settings;
    }

    /// Time starts over: no older picture may be shown again.
    pub fn flush(&mut self) {
        self.last_good = None;
        self.fade = Fade::new(self.settings.enabled);
    }

    /// Display aspect ratio of the frames.
    pub fn aspect(&self) -> gst::Fraction {
        self.aspect
    }

    /// The settings that are in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Moves the fade on to a frame's time.
    pub fn advance(&mut self, pts: Option<gst::ClockTime>) {
        let settings = &self.settings;
        self.fade
            .step(settings.enabled, pts, settings.transition_ms);
    }

    /// Notes whether a frame lacked its matte, and says what is news about it.
    pub fn note(&mut self, missing: bool, pts: Option<gst::ClockTime>) -> News {
        self.gap.note(missing, pts)
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
        self.compositor.set_strength(self.fade.strength());
        match behind {
            Behind::Color(color) => self.over_color(buffer, matte, color),
            Behind::Nothing => self.over_color(buffer, matte, CURTAIN),
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
            self.compositor
                .set_background(Background::Color(color))
                .map_err(|error| error.to_string())?;
            self.color = Some(color);
        }
        self.write(buffer, matte, None)
    }

    fn over_frame(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        frame: &Frame,
        serial: u64,
        conversion: &mut Option<Conversion>,
    ) -> Result<Option<Missing>, String> {
        let (camera, stream) = (&self.camera, &frame.stream);
        let same = camera.frame_format() == stream.frame_format()
            && camera.info.par() == stream.info.par();
        if same {
            let done = stream.read(&frame.buffer, |view| {
                self.write(buffer, matte.clone(), Some(view))
            });
            return match done {
                Ok(result) => result,
                Err(_) => self.over_color(buffer, matte, CURTAIN),
            };
        }
        let fits = |c: &Conversion| Arc::ptr_eq(&c.stream, stream);
        if !conversion.as_ref().is_some_and(fits) {
            *conversion = Some(self.conversion_of(stream)?);
        }
        let Some(current) = conversion.as_mut() else {
            return self.over_color(buffer, matte, CURTAIN);
        };
        if current.serial != Some(serial) {
            let rescaler = &mut current.rescaler;
            match stream.read(&frame.buffer, |view| rescaler.convert(view)) {
                Ok(Ok(())) => current.serial = Some(serial),
                // A frame that cannot be read hides nothing and shows nothing.
                Ok(Err(_)) | Err(_) => return self.over_color(buffer, matte, CURTAIN),
            }
        }
        self.write(buffer, matte, Some(&current.rescaler.view()))
    }

    fn conversion_of(&self, stream: &Arc<Stream>) -> Result<Conversion, String> {
        let shape = |s: &Stream| {
            let par = s.info.par();
            f64::from(par.numer()) / f64::from(par.denom())
        };
        let placement = Placement {
            fit: self.settings.background_fit.into(),
            pixel_shape: shape(stream) / shape(&self.camera),
            bars: self.settings.color,
        };
        let (from, to) = (stream.frame_format(), self.camera.frame_format());
        let rescaler = Rescaler::new(from, to, placement, simd::level());
        Ok(Conversion {
            stream: Arc::clone(stream),
            rescaler: rescaler.map_err(|error| error.to_string())?,
            serial: None,
        })
    }

    /// Writes the picture: the frame over `back`, or over the compositor's own background; or,
    /// where the matte is missing, what is to be seen instead.
    fn write(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
        back: Option<&FrameRef>,
    ) -> Result<Option<Missing>, String> {
        let (camera, compositor) = (&self.camera, &mut self.compositor);
        let missing = match matte {
            Ok(matte) => {
                let composed = read_matte(&matte.sample, |gray| {
                    camera.write(buffer, |frame| match back {
                        Some(back) => compositor.apply_over(frame, gray, back, false),
                        None => compositor.apply(frame, gray),
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
        let freeze = self.settings.on_missing_matte == OnMissingMatte::Freeze;
        match (missing, self.settings.on_missing_matte) {
            (None, _) if freeze => {
                self.last_good = Some(buffer.copy_deep().map_err(|error| error.to_string())?);
            }
            (None, _) | (Some(_), OnMissingMatte::Passthrough | OnMissingMatte::Fail) => (),
            (Some(_), _) => match &self.last_good {
                Some(good) if freeze => camera
                    .read(good, |from| camera.write(buffer, |to| copy(from, to)))
                    .and_then(|written| written)
                    .map_err(|error| error.to_string())?,
                _ => flatten(camera.write(buffer, |frame| match back {
                    Some(back) => compositor.hide_over(frame, back),
                    None => compositor.hide(frame),
                }))?,
            },
        }
        Ok(missing)
    }
}
