// SPDX-License-Identifier: MPL-2.0

//! What `mattecompose` does with a frame: which kernel runs, and what is shown when there is no
//! matte. Knows buffers and settings, but no pixels.

use super::fade::Fade;
use super::missing::{Gap, Missing, News};
use super::settings::Settings;
use super::still::Still;
use super::{Background, ImageFit, OnMissingMatte};
use crate::blend::{self, AlphaOut, BlendError, Compositor, Fit, Picture};
use crate::frame::{FrameMut, FrameRef, GrayMut, GrayRef, PixelLayout};
use crate::meta::Matte;
use crate::pool::read_matte;
use crate::simd;
use crate::video::Stream;
use std::sync::Arc;
use std::time::Duration;

/// What writes the output.
#[derive(Debug)]
enum Kernel {
    /// In the frame itself.
    InPlace(Box<Compositor>),
    /// Into a frame with alpha.
    Alpha(Box<AlphaOut>),
    /// The matte into a gray frame.
    Gray,
}

/// Everything between two changes of caps.
#[derive(Debug)]
pub struct Stage {
    input: Stream,
    output: Stream,
    aspect: gst::Fraction,
    settings: Settings,
    kernel: Kernel,
    /// The background picture and the index of its frame that is shown.
    still: Option<(Still, usize)>,
    /// Newest composed picture, kept for `on-missing-matte=freeze` only.
    last_good: Option<gst::Buffer>,
    gap: Gap,
    fade: Fade,
}

impl Stage {
    /// Makes ready for frames from `input` to `output` caps.
    ///
    /// # Errors
    /// Where the background cannot be made for these caps, in words.
    pub fn new(
        input: Stream,
        output: Stream,
        settings: Settings,
        picture: Option<Arc<Picture>>,
    ) -> Result<Self, String> {
        let level = simd::level();
        let (width, height) = (output.width(), output.height());
        let kernel = if input.layout == output.layout {
            let compositor = Compositor::new(output.layout, output.color, width, height, level);
            Kernel::InPlace(Box::new(compositor.map_err(|error| error.to_string())?))
        } else if output.layout == PixelLayout::Gray8 {
            Kernel::Gray
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
            settings: settings.clone(),
            kernel,
            still: None,
            last_good: None,
            gap: Gap::default(),
            fade: Fade::new(settings.enabled),
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
        picture: Option<Arc<Picture>>,
    ) -> Result<(), String> {
        if settings.on_missing_matte != OnMissingMatte::Freeze {
            self.last_good = None;
        }
        if let Kernel::InPlace(compositor) = &mut self.kernel {
            let mut still = None;
            let background = match settings.background {
                Background::Image => {
                    let picture = picture.ok_or("background=image needs a picture: set image")?;
                    let mut shown =
                        Still::new(picture, (settings.image_fit.into(), settings.color));
                    let backdrop = shown.frame(0, &self.output)?;
                    still = Some((shown, 0));
                    blend::Background::Image(backdrop)
                }
                _ => plain_background(&settings),
            };
            compositor
                .set_background(background)
                .map_err(|error| error.to_string())?;
            let byte = |share: f64| (share * 255.0).round() as u8;
            compositor.set_decontamination(byte(settings.decontamination));
            compositor.set_light_wrap(byte(settings.light_wrap));
            self.still = still;
        }
        self.settings = settings;
        Ok(())
    }

    /// Display aspect ratio of the frames.
    pub fn aspect(&self) -> gst::Fraction {
        self.aspect
    }

    /// What is shown where a matte is missing.
    pub fn on_missing(&self) -> OnMissingMatte {
        self.settings.on_missing_matte
    }

    /// Moves fade and animation on to a frame's time.
    ///
    /// # Errors
    /// Where the animation's next picture cannot be made, in words.
    pub fn advance(&mut self, pts: Option<gst::ClockTime>) -> Result<(), String> {
        self.fade
            .step(self.settings.enabled, pts, self.settings.transition_ms);
        if let (Some((still, shown)), Kernel::InPlace(compositor), Some(pts)) =
            (&mut self.still, &mut self.kernel, pts)
        {
            let index = still.index(Duration::from_nanos(pts.nseconds()));
            if index != *shown {
                let backdrop = still.frame(index, &self.output)?;
                compositor
                    .set_background(blend::Background::Image(backdrop))
                    .map_err(|error| error.to_string())?;
                *shown = index;
            }
        }
        Ok(())
    }

    /// Notes whether a frame lacked its matte, and says what is news about it.
    pub fn note(&mut self, missing: bool, pts: Option<gst::ClockTime>) -> News {
        self.gap.note(missing, pts)
    }

    /// Whether the frame is to be seen as it came in, by the user's wish.
    fn shows_the_room(&self) -> bool {
        self.settings.background == Background::None || self.fade.is_off()
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
        let strength = self.fade.strength();
        let Kernel::InPlace(compositor) = &mut self.kernel else {
            return Err("caps that are not in place came to be composed in place".into());
        };
        compositor.set_strength(strength);
        let output = &self.output;
        let missing = match matte {
            Ok(matte) => {
                let composed = read_matte(&matte.sample, |gray| {
                    output.write(buffer, |frame| compositor.apply(frame, gray))
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
                Some(good) if freeze => output
                    .read(good, |from| output.write(buffer, |to| copy(from, to)))
                    .and_then(|written| written)
                    .map_err(|error| error.to_string())?,
                _ => flatten(output.write(buffer, |frame| compositor.hide(frame)))?,
            },
        }
        Ok(missing)
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
        let strength = self.fade.strength();
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
                    Kernel::Gray => output.write(outbuf, |to| show_matte(gray, to)),
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
        Background::Transparent => blend::Background::Transparent,
        Background::Matte => blend::Background::Matte,
        Background::Overlay => blend::Background::Overlay,
        Background::None | Background::Image => blend::Background::None,
    }
}

/// Mapping and blending errors in one.
pub fn flatten(
    result: Result<Result<(), BlendError>, crate::video::MapError>,
) -> Result<(), String> {
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Copies one frame over another of the same caps.
pub fn copy(from: &FrameRef, to: &mut FrameMut) {
    let info = to.layout().info();
    for plane in 0..info.planes {
        let (_, rows) = info.plane_extent(plane, to.width(), to.height());
        for y in 0..rows {
            to.row_mut(plane, y).copy_from_slice(from.row(plane, y));
        }
    }
}

/// Writes the matte into a gray frame; black without one.
fn show_matte(matte: Option<GrayRef>, frame: &mut FrameMut) -> Result<(), BlendError> {
    let (width, height, stride) = (frame.width(), frame.height(), frame.stride(0));
    let range = frame.color().range;
    let [plane, ..] = frame.planes_mut();
    let mut out = GrayMut::new(plane, width, height, stride)?;
    match matte {
        Some(matte) => blend::matte_to_gray(matte, range, &mut out, simd::level()),
        None => (0..height).for_each(|y| out.row_mut(y).fill(0)),
    }
    Ok(())
}
