// SPDX-License-Identifier: MPL-2.0

//! Frames of one video, one after the other, in the format of another.

use super::conversion::{Conversion, copy_rows};
use super::placement::Placement;
use crate::blend::backdrop::Backdrop;
use crate::blend::error::BlendError;
use crate::frame::{FrameFormat, FrameMut, FrameRef, Unpacked};
use crate::simd::Level;

/// Converts frames of one format and keeps the newest. Nothing is allocated while converting.
#[derive(Debug)]
pub struct Rescaler {
    conversion: Conversion,
    backdrop: Backdrop,
    /// Whether the picture leaves bars.
    bars: bool,
    /// Memory for conversions into the caller's frames, if samples are not whole bytes.
    target: Option<Unpacked>,
}

impl Rescaler {
    /// Plans the conversion of frames of `from` into frames of `to`.
    ///
    /// # Errors
    /// [`BlendError::Frame`] if a side is zero.
    pub fn new(
        from: FrameFormat,
        to: FrameFormat,
        placement: Placement,
        level: Level,
    ) -> Result<Self, BlendError> {
        let conversion = Conversion::new(from, to, placement, level)?;
        Ok(Self {
            backdrop: conversion.blank()?,
            bars: conversion.leaves_bars(),
            target: Unpacked::new(to.layout, to.color, to.width, to.height, level),
            conversion,
        })
    }

    /// The format of the frames that it converts.
    pub fn format(&self) -> FrameFormat {
        self.conversion.from
    }

    /// Changes the colour of the bars, 0xAARRGGBB; the next frame has to be converted before the
    /// picture is looked at again.
    pub fn set_bars(&mut self, color: u32) {
        self.conversion.bars = color;
        self.conversion.clear(&mut self.backdrop);
    }

    /// Converts a frame.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size than planned.
    pub fn convert(&mut self, frame: &FrameRef) -> Result<(), BlendError> {
        self.conversion.convert(frame, &mut self.backdrop)
    }

    /// Converts a frame into memory of the caller's, with its bars.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] if either frame is of another layout or size than planned.
    pub fn convert_into(&mut self, frame: &FrameRef, out: &mut FrameMut) -> Result<(), BlendError> {
        let planned = self.backdrop.view();
        let found = (out.layout(), out.width(), out.height());
        let needed = (planned.layout(), planned.width(), planned.height());
        BlendError::check("the converted frame", found, needed)?;
        if out.as_ref().is_packed() {
            self.convert(frame)?;
            if let Some(target) = &mut self.target {
                target.take(&self.backdrop.view());
                target.give(out);
            }
            return Ok(());
        }
        if self.bars {
            copy_rows(&planned, out);
        }
        self.conversion.write(frame, out)
    }

    /// The newest converted frame; before the first, the colour of the bars.
    pub fn view(&self) -> FrameRef<'_> {
        self.backdrop.view()
    }
}
