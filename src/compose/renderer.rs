// SPDX-License-Identifier: MPL-2.0

//! What `mattecompose` does with a frame: which kernel runs, and what is shown when there is no
//! matte. Knows buffers and settings, but no pixels.

use super::converter::Converter;
use super::error::ComposeError;
use super::fitted::FittedPicture;
use super::in_place::InPlaceCompositor;
use super::missing::{GapReport, Missing};
use super::progress::Progress;
use super::settings::Settings;
use super::{Background, ImageFit, OnMissingMatte};
use crate::blend::{self, Fit};
use crate::frame::Orientation;
use crate::meta::Matte;
use crate::timeline::Tick;
use crate::video::{MapError, Stream, Visible};
use std::sync::Arc;
use std::time::Duration;

/// What writes the output.
#[derive(Debug)]
enum Kernel {
    /// In the frame itself.
    InPlace(Box<InPlaceCompositor>),
    /// Into a frame of another format.
    Convert(Box<Converter>),
}

/// Everything between two changes of caps.
#[derive(Debug)]
pub struct Renderer {
    input: Stream,
    output: Stream,
    aspect: gst::Fraction,
    /// What makes the frames upright.
    orientation: Orientation,
    settings: Settings,
    kernel: Kernel,
    /// The background picture.
    picture: Option<Arc<FittedPicture>>,
    progress: Progress,
    /// Time at which the background picture began to play; none before its first frame.
    began: Option<Duration>,
    /// Why the next buffer stands in the place of another.
    replaced: Option<MapError>,
}

impl Renderer {
    /// Makes ready for frames from `input` to `output` caps. What went on under the caps before
    /// goes on, but no picture of theirs is shown in frames of another kind.
    ///
    /// # Errors
    /// If the background cannot be made for these caps.
    pub fn new(
        (input, output): (Stream, Stream),
        orientation: Orientation,
        settings: Settings,
        picture: Option<Arc<FittedPicture>>,
        previous: Option<Self>,
    ) -> Result<Self, ComposeError> {
        let Some(mut previous) = previous else {
            return Self::first((input, output), orientation, settings, picture);
        };
        if previous.input.differs_in_rate_only(&input)
            && previous.output.differs_in_rate_only(&output)
        {
            if previous.orientation != orientation {
                previous.set_orientation(orientation);
            }
            previous.configure(settings, picture)?;
            return Ok(previous);
        }
        Ok(Self {
            progress: previous.progress,
            began: previous.began,
            replaced: previous.replaced,
            ..Self::first((input, output), orientation, settings, picture)?
        })
    }

    /// Makes ready for the first caps.
    fn first(
        (input, output): (Stream, Stream),
        orientation: Orientation,
        settings: Settings,
        picture: Option<Arc<FittedPicture>>,
    ) -> Result<Self, ComposeError> {
        let kernel = if input.layout == output.layout {
            let compositor = InPlaceCompositor::new(output.clone(), orientation)?;
            Kernel::InPlace(Box::new(compositor))
        } else {
            Kernel::Convert(Box::new(Converter::new(input.clone(), output.clone())?))
        };
        let mut renderer = Self {
            aspect: output.display_aspect(),
            input,
            output,
            orientation,
            settings: settings.clone(),
            kernel,
            picture: None,
            progress: Progress::new(settings.effect.enabled),
            began: None,
            replaced: None,
        };
        renderer.configure(settings, picture)?;
        Ok(renderer)
    }

    /// Takes over changed settings.
    ///
    /// # Errors
    /// If the background cannot be made; the old one stays.
    pub fn configure(
        &mut self,
        settings: Settings,
        picture: Option<Arc<FittedPicture>>,
    ) -> Result<(), ComposeError> {
        match &mut self.kernel {
            Kernel::Convert(converter) => converter.configure(&settings),
            Kernel::InPlace(compositor) => {
                let picture = match settings.background {
                    Background::Image => Some(picture.ok_or(ComposeError::NoPicture)?),
                    _ => None,
                };
                if let (Some(old), Some(new)) = (&self.picture, &picture)
                    && !Arc::ptr_eq(old, new)
                {
                    self.began = None;
                }
                compositor.set_background(match &picture {
                    Some(picture) => blend::Background::Image(picture.shown()),
                    None => plain_background(&settings),
                })?;
                compositor.configure(&settings.effect);
                self.picture = picture;
            }
        }
        self.settings = settings;
        Ok(())
    }

    /// Changes which way up frames are from now on; [`Renderer::configure`] must be called after
    /// it.
    pub fn set_orientation(&mut self, orientation: Orientation) {
        self.orientation = orientation;
        if let Kernel::InPlace(compositor) = &mut self.kernel {
            compositor.set_orientation(orientation);
        }
    }

    /// What makes the frames upright.
    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// Display aspect ratio of the frames.
    pub fn aspect(&self) -> gst::Fraction {
        self.aspect
    }

    /// What is shown if a matte is missing.
    pub fn on_missing(&self) -> OnMissingMatte {
        self.settings.effect.on_missing_matte
    }

    /// Moves fade and animation on to the next frame.
    ///
    /// # Errors
    /// If the animation's next picture cannot be made.
    pub fn advance(&mut self, tick: &Tick) -> Result<(), ComposeError> {
        if tick.restarted {
            self.flush();
        }
        self.progress.step(&self.settings.effect, tick);
        if let Kernel::InPlace(compositor) = &mut self.kernel {
            compositor.advance(tick.step.elapsed.as_secs_f32());
        }
        // Time may start over.
        let began = self.began.map_or(tick.position, |b| b.min(tick.position));
        self.began = Some(began);
        if let (Some(picture), Kernel::InPlace(compositor)) = (&self.picture, &mut self.kernel) {
            picture.advance(tick.position - began, |backdrop| {
                compositor.set_background(blend::Background::Image(backdrop))
            })?;
        }
        Ok(())
    }

    /// Another time begins: no older picture may be shown again.
    fn flush(&mut self) {
        if let Kernel::InPlace(compositor) = &mut self.kernel {
            compositor.flush();
        }
    }

    /// Finds a frame in its buffer. Also returns whether the user is to be warned that the buffer
    /// contradicts its caps.
    ///
    /// # Errors
    /// If the buffer, or the one that it stands for, contradicts the caps.
    pub fn locate(&mut self, buffer: &gst::BufferRef) -> (Result<Visible, MapError>, bool) {
        let visible = match self.replaced.take() {
            Some(error) => Err(error),
            None => self.input.check(buffer),
        };
        let warn = self.progress.note_contradiction(&visible);
        (visible, warn)
    }

    /// A frame to be written in the place of a buffer that contradicts its caps, if that is to be
    /// hidden and cannot be written itself.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn replacement(
        &mut self,
        buffer: &gst::BufferRef,
    ) -> Result<Option<gst::Buffer>, MapError> {
        let in_place = matches!(self.kernel, Kernel::InPlace(_));
        if !self.on_missing().hides() || self.shows_the_room() || !in_place {
            return Ok(None);
        }
        let Err(error) = self.input.check(buffer) else {
            return Ok(None);
        };
        let black = self.input.replacement(buffer)?;
        self.replaced = Some(error);
        Ok(Some(black))
    }

    /// Notes whether a frame lacked its matte, and says what is to be reported about it.
    pub fn note_matte(&mut self, missing: bool, tick: &Tick) -> GapReport {
        self.progress.note_matte(missing, tick)
    }

    /// Whether the user wants to see the frame as it came in.
    fn shows_the_room(&self) -> bool {
        self.settings.background == Background::None || self.progress.is_off()
    }

    /// Composes a frame in place. Returns what was missing, if anything.
    ///
    /// # Errors
    /// If the buffer is no frame of the caps; nothing of it may be shown then.
    pub fn compose(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
    ) -> Result<Option<Missing>, ComposeError> {
        let shows_the_room = self.shows_the_room();
        let Kernel::InPlace(compositor) = &mut self.kernel else {
            return Err(ComposeError::NotInPlace);
        };
        if shows_the_room {
            if compositor.follows() && !self.progress.is_off() {
                // Without a matte the picture is still the user's wish.
                compositor.show_part(buffer, matte)?;
            }
            return Ok(None);
        }
        compositor.set_strength(self.progress.strength());
        compositor.write(buffer, matte, None)
    }

    /// Writes a frame in another format. Returns what was missing, if anything.
    ///
    /// # Errors
    /// If one of the buffers is no frame of its caps; nothing may be shown then.
    pub fn convert(
        &mut self,
        inbuf: &gst::BufferRef,
        outbuf: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
    ) -> Result<Option<Missing>, ComposeError> {
        let Kernel::Convert(converter) = &mut self.kernel else {
            return Err(ComposeError::InPlace);
        };
        converter.set_strength(self.progress.strength());
        converter.convert(inbuf, outbuf, matte)
    }
}

impl From<ImageFit> for Fit {
    fn from(fit: ImageFit) -> Self {
        match fit {
            ImageFit::Cover => Fit::Cover,
            ImageFit::Contain => Fit::Contain,
            ImageFit::Stretch => Fit::Stretch,
            ImageFit::Tile => Fit::Tile,
        }
    }
}

/// The background that the settings ask for, if it is no picture.
fn plain_background(settings: &Settings) -> blend::Background {
    match settings.background {
        Background::Blur => blend::Background::Blur {
            strength: settings.blur_strength as f32,
            bokeh: settings.blur_bokeh,
        },
        Background::Color => blend::Background::Color(settings.color),
        Background::Transparent => blend::Background::Transparent {
            keep_colors: settings.keep_transparent_colors,
        },
        Background::Matte => blend::Background::Matte,
        Background::Overlay => blend::Background::Overlay,
        Background::None | Background::Image => blend::Background::None,
    }
}
