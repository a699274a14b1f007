// SPDX-License-Identifier: MPL-2.0

//! What `mattecompose` does with a frame: which kernel runs, and what is shown when there is no
//! matte. Knows buffers and settings, but no pixels.

use super::canvas::{Canvas, flatten};
use super::fade::Fade;
use super::fitted::Fitted;
use super::missing::{Contradictions, Gap, Missing, News};
use super::settings::Settings;
use super::{Background, ImageFit, OnMissingMatte};
use crate::blend::{self, AlphaOut, BlendError, Fit, GrayOut};
use crate::frame::{FrameMut, FrameRef, GrayMut, GrayRef, Orientation, PixelLayout};
use crate::meta::Matte;
use crate::pool::read_matte;
use crate::simd;
use crate::timeline::Tick;
use crate::video::{MapError, Stream, Visible};
use std::sync::Arc;
use std::time::Duration;

/// What writes the output.
#[derive(Debug)]
enum Kernel {
    /// In the frame itself.
    InPlace(Box<Canvas>),
    /// Into a frame with alpha.
    Alpha(Box<AlphaOut>),
    /// The matte into a gray frame.
    Gray(Box<GrayOut>),
}

/// Everything between two changes of caps.
#[derive(Debug)]
pub struct Stage {
    input: Stream,
    output: Stream,
    aspect: gst::Fraction,
    /// What makes the frames upright.
    orientation: Orientation,
    settings: Settings,
    kernel: Kernel,
    /// The background picture.
    picture: Option<Arc<Fitted>>,
    course: Course,
}

/// What goes on over time, whatever the caps.
#[derive(Debug)]
struct Course {
    gap: Gap,
    fade: Fade,
    /// Where in time the background picture began to play; none before its first frame.
    began: Option<Duration>,
    contradictions: Contradictions,
    /// Why the next buffer stands in the place of another.
    replaced: Option<MapError>,
}

impl Stage {
    /// Makes ready for frames from `input` to `output` caps. What went on under the caps before goes
    /// on, but no picture of theirs is shown in frames of another kind.
    ///
    /// # Errors
    /// Where the background cannot be made for these caps, in words.
    pub fn new(
        (input, output): (Stream, Stream),
        orientation: Orientation,
        settings: Settings,
        picture: Option<Arc<Fitted>>,
        before: Option<Self>,
    ) -> Result<Self, String> {
        if let Some(mut before) = before {
            if before.input.differs_in_rate_only(&input)
                && before.output.differs_in_rate_only(&output)
            {
                if before.orientation != orientation {
                    before.turn(orientation);
                }
                before.configure(settings, picture)?;
                return Ok(before);
            }
            let mut stage = Self::begin((input, output), orientation, settings, picture)?;
            stage.course = before.course;
            return Ok(stage);
        }
        Self::begin((input, output), orientation, settings, picture)
    }

    fn begin(
        (input, output): (Stream, Stream),
        orientation: Orientation,
        settings: Settings,
        picture: Option<Arc<Fitted>>,
    ) -> Result<Self, String> {
        let level = simd::level();
        let (width, height) = (output.width(), output.height());
        let kernel = if input.layout == output.layout {
            Kernel::InPlace(Box::new(Canvas::new(output.clone(), orientation)?))
        } else if output.layout == PixelLayout::Gray8 {
            Kernel::Gray(Box::new(GrayOut::new(width, height, level)))
        } else {
            let alpha = AlphaOut::new(
                input.layout,
                output.layout,
                input.color,
                width,
                height,
                level,
            );
            Kernel::Alpha(Box::new(alpha.map_err(|error| error.to_string())?))
        };
        let aspect = output.display_aspect();
        let mut stage = Self {
            input,
            output,
            aspect,
            orientation,
            settings: settings.clone(),
            kernel,
            picture: None,
            course: Course {
                gap: Gap::default(),
                fade: Fade::new(settings.effect.enabled),
                began: None,
                contradictions: Contradictions::default(),
                replaced: None,
            },
        };
        stage.configure(settings, picture)?;
        Ok(stage)
    }

    /// Takes over changed settings.
    ///
    /// # Errors
    /// Where the background cannot be made; the old one stays.
    pub fn configure(
        &mut self,
        settings: Settings,
        picture: Option<Arc<Fitted>>,
    ) -> Result<(), String> {
        if let Kernel::InPlace(canvas) = &mut self.kernel {
            let mut shown = None;
            let background = match settings.background {
                Background::Image => {
                    let picture = picture.ok_or("background=image needs a picture: set image")?;
                    let same = |old: &Arc<Fitted>| Arc::ptr_eq(old, &picture);
                    if self.picture.as_ref().is_some_and(|old| !same(old)) {
                        self.course.began = None;
                    }
                    let background = blend::Background::Image(picture.shown());
                    shown = Some(picture);
                    background
                }
                _ => plain_background(&settings),
            };
            canvas.set_background(background)?;
            canvas.configure(&settings.effect);
            self.picture = shown;
        }
        if let Kernel::Alpha(alpha) = &mut self.kernel {
            let share = settings.effect.decontamination;
            alpha.set_decontamination((share * 255.0).round() as u8);
            alpha.set_keep_colors(settings.keep_transparent_colors);
        }
        self.settings = settings;
        Ok(())
    }

    /// Takes over how frames stand from now on; the stage is to be configured after it.
    pub fn turn(&mut self, orientation: Orientation) {
        self.orientation = orientation;
        if let Kernel::InPlace(canvas) = &mut self.kernel {
            canvas.turn(orientation);
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

    /// What is shown where a matte is missing.
    pub fn on_missing(&self) -> OnMissingMatte {
        self.settings.effect.on_missing_matte
    }

    /// Moves fade and animation on to the next frame.
    ///
    /// # Errors
    /// Where the animation's next picture cannot be made, in words.
    pub fn advance(&mut self, tick: &Tick) -> Result<(), String> {
        if tick.restarted {
            self.flush();
        }
        let (effect, course) = (&self.settings.effect, &mut self.course);
        course
            .fade
            .step(effect.enabled, tick.step, effect.transition_ms);
        // Time may start over.
        let began = course.began.map_or(tick.position, |b| b.min(tick.position));
        course.began = Some(began);
        let (Some(picture), Kernel::InPlace(canvas)) = (&self.picture, &mut self.kernel) else {
            return Ok(());
        };
        picture.advance(tick.position - began, |backdrop| {
            canvas.set_background(blend::Background::Image(backdrop))
        })
    }

    /// Another time begins: no older picture may be shown again.
    fn flush(&mut self) {
        if let Kernel::InPlace(canvas) = &mut self.kernel {
            canvas.flush();
        }
    }

    /// Where a frame lies in its buffer, and a warning to be given where that is news.
    ///
    /// # Errors
    /// Where the buffer, or the one that it stands for, contradicts the caps.
    pub fn look_at(
        &mut self,
        buffer: &gst::BufferRef,
    ) -> (Result<Visible, MapError>, Option<String>) {
        let visible = match self.course.replaced.take() {
            Some(error) => Err(error),
            None => self.input.check(buffer),
        };
        let warning = self.course.contradictions.note(&visible);
        (visible, warning)
    }

    /// A frame to be written in the place of a buffer that contradicts its caps, where that is to
    /// be hidden and cannot be written itself.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub fn replacement(
        &mut self,
        buffer: &gst::BufferRef,
    ) -> Result<Option<gst::Buffer>, MapError> {
        let policy = self.on_missing();
        let hides = matches!(policy, OnMissingMatte::Hide | OnMissingMatte::Freeze);
        if !hides || self.shows_the_room() || !matches!(self.kernel, Kernel::InPlace(_)) {
            return Ok(None);
        }
        let Err(error) = self.input.check(buffer) else {
            return Ok(None);
        };
        let black = self.input.replacement(buffer)?;
        self.course.replaced = Some(error);
        Ok(Some(black))
    }

    /// Notes whether a frame lacked its matte, and says what is news about it.
    pub fn note(&mut self, missing: bool, tick: &Tick) -> News {
        self.course.gap.note(missing, tick.step.elapsed)
    }

    /// Whether the frame is to be seen as it came in, by the user's wish.
    fn shows_the_room(&self) -> bool {
        self.settings.background == Background::None || self.course.fade.is_off()
    }

    /// Composes a frame in place. Returns what was missing, if anything.
    ///
    /// # Errors
    /// Where the buffer is no frame of the caps; nothing of it may be shown then.
    pub fn compose(
        &mut self,
        buffer: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
    ) -> Result<Option<Missing>, String> {
        if self.shows_the_room() {
            return Ok(None);
        }
        let Kernel::InPlace(canvas) = &mut self.kernel else {
            return Err("caps that are not in place came to be composed in place".into());
        };
        canvas.set_strength(self.course.fade.strength());
        canvas.write(buffer, matte, None)
    }

    /// Writes a frame in another format. Returns what was missing, if anything.
    ///
    /// # Errors
    /// Where one of the buffers is no frame of its caps; nothing may be shown then.
    pub fn convert(
        &mut self,
        inbuf: &gst::BufferRef,
        outbuf: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
    ) -> Result<Option<Missing>, String> {
        let strength = self.course.fade.strength();
        let (input, output) = (&self.input, &self.output);
        let kernel = &mut self.kernel;
        if let Kernel::Alpha(alpha) = kernel {
            alpha.set_strength(strength);
        }
        let mut write =
            |outbuf: &mut gst::BufferRef, gray: Option<GrayRef>| -> Result<(), String> {
                let result = match kernel {
                    Kernel::InPlace(_) => {
                        return Err("caps that are in place came to be converted".into());
                    }
                    Kernel::Gray(kernel) if input.layout.info().alpha && gray.is_some() => {
                        let read = input.read(inbuf, |from| {
                            output.write(outbuf, |to| show_matte(kernel, gray, Some(from), to))
                        });
                        read.map_err(|error| error.to_string())?
                    }
                    Kernel::Gray(kernel) => {
                        output.write(outbuf, |to| show_matte(kernel, gray, None, to))
                    }
                    Kernel::Alpha(alpha) => match gray {
                        Some(gray) => {
                            let read = input.read(inbuf, |from| {
                                output.write(outbuf, |to| alpha.apply(from, gray, to))
                            });
                            read.map_err(|error| error.to_string())?
                        }
                        None => output.write(outbuf, |to| alpha.hide(to)),
                    },
                };
                flatten(result)
            };
        let missing = match matte {
            Ok(matte) => match read_matte(&matte.sample, |gray| write(outbuf, Some(gray))) {
                Ok(result) => {
                    result?;
                    None
                }
                Err(_) => Some(Missing::Unreadable),
            },
            Err(missing) => Some(missing),
        };
        if missing.is_some() {
            write(outbuf, None)?;
        }
        Ok(missing)
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

/// The background that the settings ask for, where it is no picture.
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

/// Writes the matte of a frame, if that has alpha, into a gray frame; black without a matte.
fn show_matte(
    kernel: &mut GrayOut,
    matte: Option<GrayRef>,
    of: Option<&FrameRef>,
    frame: &mut FrameMut,
) -> Result<(), BlendError> {
    let (width, height, stride) = (frame.width(), frame.height(), frame.stride(0));
    let range = frame.color().range;
    let [plane, ..] = frame.planes_mut();
    let mut out = GrayMut::new(plane, width, height, stride)?;
    match matte {
        Some(matte) => kernel.apply(matte, of, range, &mut out),
        None => (0..height).for_each(|y| out.row_mut(y).fill(0)),
    }
    Ok(())
}
