// SPDX-License-Identifier: MPL-2.0

//! Frames of one format become pictures of another: with alpha, or the matte as a gray picture.

use super::error::ComposeError;
use super::missing::Missing;
use super::settings::Settings;
use crate::blend::{AlphaOut, BlendError, GrayOut};
use crate::frame::{FrameMut, FrameRef, GrayMut, GrayRef, PixelLayout};
use crate::meta::Matte;
use crate::pool::read_matte;
use crate::simd;
use crate::video::Stream;

/// What writes the pixels.
#[derive(Debug)]
enum Kernel {
    Alpha(Box<AlphaOut>),
    Gray(Box<GrayOut>),
}

/// Writes frames of one stream as frames of another.
#[derive(Debug)]
pub struct Converter {
    input: Stream,
    output: Stream,
    kernel: Kernel,
}

impl Converter {
    /// For frames from `input` to `output` caps: with alpha, or GRAY8.
    ///
    /// # Errors
    /// [`ComposeError::Blend`] if no frames of `input` can become frames of `output`.
    pub fn new(input: Stream, output: Stream) -> Result<Self, ComposeError> {
        let (width, height, level) = (output.width(), output.height(), simd::level());
        let kernel = if output.layout == PixelLayout::Gray8 {
            Kernel::Gray(Box::new(GrayOut::new(width, height, level)))
        } else {
            let (from, to) = (input.layout, output.layout);
            let alpha = AlphaOut::new(from, to, input.color, width, height, level)?;
            Kernel::Alpha(Box::new(alpha))
        };
        Ok(Self {
            input,
            output,
            kernel,
        })
    }

    /// Takes over changed settings.
    pub fn configure(&mut self, settings: &Settings) {
        if let Kernel::Alpha(alpha) = &mut self.kernel {
            let share = settings.effect.decontamination;
            alpha.set_decontamination((share * 255.0).round() as u8);
            alpha.set_keep_colors(settings.keep_transparent_colors);
        }
    }

    /// How much of the effect is seen, 0 to 255; a matte as a picture takes no notice.
    pub fn set_strength(&mut self, strength: u8) {
        if let Kernel::Alpha(alpha) = &mut self.kernel {
            alpha.set_strength(strength);
        }
    }

    /// Writes a frame. Returns what was missing, if anything; the picture is hidden then.
    ///
    /// # Errors
    /// If one of the buffers is no frame of its caps; nothing may be shown then.
    pub fn convert(
        &mut self,
        inbuf: &gst::BufferRef,
        outbuf: &mut gst::BufferRef,
        matte: Result<Matte, Missing>,
    ) -> Result<Option<Missing>, ComposeError> {
        let written = matte.and_then(|matte| {
            if let Kernel::Alpha(alpha) = &mut self.kernel {
                alpha.set_screen(matte.screen);
            }
            read_matte(&matte.sample, |gray| self.write(inbuf, outbuf, Some(gray)))
                .map_err(|_| Missing::Unreadable)
        });
        match written {
            Ok(result) => result.map(|()| None),
            Err(missing) => {
                self.write(inbuf, outbuf, None)?;
                Ok(Some(missing))
            }
        }
    }

    /// Writes a frame with its matte, or hides it.
    fn write(
        &mut self,
        inbuf: &gst::BufferRef,
        outbuf: &mut gst::BufferRef,
        matte: Option<GrayRef>,
    ) -> Result<(), ComposeError> {
        let (input, output) = (&self.input, &self.output);
        match (&mut self.kernel, matte) {
            (Kernel::Gray(kernel), Some(_)) if input.layout.info().alpha => {
                input.read(inbuf, |from| {
                    output.write(outbuf, |to| show_matte(kernel, matte, Some(from), to))
                })???;
            }
            (Kernel::Gray(kernel), _) => {
                output.write(outbuf, |to| show_matte(kernel, matte, None, to))??;
            }
            (Kernel::Alpha(alpha), Some(matte)) => {
                input.read(inbuf, |from| {
                    output.write(outbuf, |to| alpha.apply(from, matte, to))
                })???;
            }
            (Kernel::Alpha(alpha), None) => output.write(outbuf, |to| alpha.hide(to))??,
        }
        Ok(())
    }
}

/// Writes the matte of a frame into a gray frame, times the alpha of `of` if it is given; black
/// without a matte.
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
