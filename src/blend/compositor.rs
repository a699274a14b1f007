// SPDX-License-Identifier: MPL-2.0

//! Composing a frame in place.

use super::backdrop::{Backdrop, argb};
use super::kernels;
use super::matte::{AlphaRows, PlaneKind, Remap};
use super::{BlendError, blur::Blur};
use crate::frame::{Colorimetry, FrameError, FrameMut, FrameRef, GrayRef, PixelLayout};
use crate::simd::Level;
use std::sync::Arc;

/// What [`Compositor::hide`] shows where the background would need the room's picture: a dark
/// gray curtain. It is plainly neither the room nor a camera that is switched off.
pub const CURTAIN: u32 = 0xff20_2020;

/// What takes the place of the room.
#[derive(Debug, Clone, Default)]
pub enum Background {
    /// Nothing: the frame stays as it is.
    #[default]
    None,
    /// The room itself, out of focus.
    Blur {
        /// 0 (as it is) to 100: the blur's standard deviation is this many 2500ths of the
        /// frame's height.
        strength: f32,
        /// Whether highlights become discs, as a lens draws them; costs more.
        bokeh: bool,
    },
    /// One colour, 0xAARRGGBB; its alpha counts in layouts that have alpha.
    Color(u32),
    /// A picture in the frame's layout and size.
    Image(Arc<Backdrop>),
    /// Alpha: the colours stay, the alpha of the frame is multiplied by the matte.
    Transparent,
    /// The matte itself, white on black.
    Matte,
    /// The frame with the room tinted and the matte's soft edge marked, to look at.
    Overlay,
}

/// Composes frames of one layout, size and colorimetry in place.
///
/// All memory is taken when the compositor is made, when the background changes, and when the
/// matte's size changes; [`Compositor::apply`] takes none.
#[derive(Debug)]
pub struct Compositor {
    level: Level,
    layout: PixelLayout,
    color: Colorimetry,
    width: usize,
    height: usize,
    strength: u8,
    alpha: AlphaRows,
    source: Source,
    curtain: Backdrop,
}

/// A [`Background`] made ready.
#[derive(Debug)]
enum Source {
    Keep,
    Blur(Box<Blur>),
    /// One row that stands for all.
    Flat(Backdrop),
    Still(Arc<Backdrop>),
    Transparent {
        clear: Backdrop,
    },
    Matte {
        white: Backdrop,
        black: Backdrop,
    },
    Overlay(Box<Overlay>),
}

#[derive(Debug)]
struct Overlay {
    room: Backdrop,
    band: Backdrop,
    room_alpha: [u8; 256],
    band_alpha: [u8; 256],
}

/// Where the rows of a background come from.
pub(super) enum Back<'a> {
    Flat(FrameRef<'a>),
    Rows(FrameRef<'a>),
    Blur(&'a mut Blur),
}

impl Back<'_> {
    fn row(&mut self, plane: usize, y: usize) -> &[u8] {
        match self {
            Back::Flat(frame) => frame.row(plane, 0),
            Back::Rows(frame) => frame.row(plane, y),
            Back::Blur(blur) => blur.row(plane, y),
        }
    }
}

impl Compositor {
    /// Makes a compositor that leaves frames as they are until it gets a background.
    ///
    /// # Errors
    /// [`BlendError::Frame`] where a side is zero.
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        level: Level,
    ) -> Result<Self, BlendError> {
        if width == 0 || height == 0 {
            return Err(FrameError::Empty { width, height }.into());
        }
        let curtain = flat(layout, color, width, CURTAIN)?;
        Ok(Self {
            level,
            layout,
            color,
            width,
            height,
            strength: 255,
            alpha: AlphaRows::new(layout, color, width, height, level),
            source: Source::Keep,
            curtain,
        })
    }

    /// Changes the background from the next frame on.
    ///
    /// # Errors
    /// [`BlendError::NoAlpha`] for `Transparent` in a layout without alpha,
    /// [`BlendError::Mismatch`] for a picture of another layout or size. The old background stays
    /// then.
    pub fn set_background(&mut self, background: Background) -> Result<(), BlendError> {
        let flat = |color| flat(self.layout, self.color, self.width, color);
        self.source =
            match background {
                Background::None => Source::Keep,
                Background::Blur { strength, .. } if strength <= 0.0 => Source::Keep,
                Background::Blur { strength, bokeh } => Source::Blur(Box::new(Blur::new(
                    self.layout,
                    self.color,
                    self.width,
                    self.height,
                    strength,
                    bokeh,
                    self.level,
                ))),
                Background::Color(color) => Source::Flat(flat(color)?),
                Background::Image(backdrop) => {
                    self.check("the background picture", &backdrop.view())?;
                    Source::Still(backdrop)
                }
                Background::Transparent => {
                    let info = self.layout.info();
                    if !info.alpha {
                        return Err(BlendError::NoAlpha { layout: info.name });
                    }
                    let clear = flat(0)?;
                    Source::Transparent { clear }
                }
                Background::Matte => Source::Matte {
                    white: flat(0xffff_ffff)?,
                    black: flat(0xff00_0000)?,
                },
                Background::Overlay => Source::Overlay(Box::new(Overlay {
                    room: flat(0xff18_60ff)?,
                    band: flat(0xffff_d800)?,
                    room_alpha: std::array::from_fn(|m| if m <= BAND.0 { 115 } else { 255 }),
                    band_alpha: std::array::from_fn(|m| {
                        if m > BAND.0 && m < BAND.1 { 64 } else { 255 }
                    }),
                })),
            };
        Ok(())
    }

    /// How much of the effect is seen, 0 (the frame as it is) to 255 (all, the default): for
    /// fading in and out. `Matte`, `Overlay` and [`Compositor::hide`] take no notice.
    pub fn set_strength(&mut self, strength: u8) {
        self.strength = strength;
    }

    /// Composes `frame` in place. The matte covers the whole frame, whatever its own size.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size; it is left untouched.
    pub fn apply(&mut self, frame: &mut FrameMut, matte: GrayRef) -> Result<(), BlendError> {
        self.check("the frame", &frame.as_ref())?;
        let (level, alpha) = (self.level, &mut self.alpha);
        let fade = Remap::Fade(self.strength);
        match &mut self.source {
            Source::Keep => {}
            Source::Blur(blur) => {
                blur.update(&frame.as_ref(), matte, alpha);
                blend(level, alpha, frame, matte, fade, &mut Back::Blur(blur));
            }
            Source::Flat(row) => {
                let mut back = Back::Flat(row.view());
                blend(level, alpha, frame, matte, fade, &mut back);
            }
            Source::Still(backdrop) => {
                let mut back = Back::Rows(backdrop.view());
                blend(level, alpha, frame, matte, fade, &mut back);
            }
            Source::Transparent { clear } => {
                multiply_alpha(level, alpha, frame, matte, fade, &clear.view());
            }
            Source::Matte { white, black } => {
                fill(frame, &mut Back::Flat(white.view()));
                let mut back = Back::Flat(black.view());
                blend(level, alpha, frame, matte, Remap::Fade(255), &mut back);
            }
            Source::Overlay(overlay) => {
                let mut back = Back::Flat(overlay.room.view());
                let table = Remap::Table(&overlay.room_alpha);
                blend(level, alpha, frame, matte, table, &mut back);
                let mut back = Back::Flat(overlay.band.view());
                let table = Remap::Table(&overlay.band_alpha);
                blend(level, alpha, frame, matte, table, &mut back);
            }
        }
        Ok(())
    }

    /// Composes `frame` over another picture of the same layout and size, whatever the background
    /// is set to: for a second video stream.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] where either is of another layout or size.
    pub fn apply_over(
        &mut self,
        frame: &mut FrameMut,
        matte: GrayRef,
        background: &FrameRef,
    ) -> Result<(), BlendError> {
        self.check("the frame", &frame.as_ref())?;
        self.check("the background frame", background)?;
        let mut back = Back::Rows(*background);
        let fade = Remap::Fade(self.strength);
        blend(self.level, &mut self.alpha, frame, matte, fade, &mut back);
        Ok(())
    }

    /// Overwrites the whole frame with the background; nothing of what was in it is left, in no
    /// component. Colour and picture show themselves, `Transparent` is black with alpha 0, `Matte`
    /// is black. `Blur`, `Overlay` and `None` have no picture of their own, and a blurred room is
    /// still the room: they show a dark gray curtain.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size; it is left untouched.
    pub fn hide(&mut self, frame: &mut FrameMut) -> Result<(), BlendError> {
        self.check("the frame", &frame.as_ref())?;
        let mut back = match &self.source {
            Source::Flat(row) => Back::Flat(row.view()),
            Source::Still(backdrop) => Back::Rows(backdrop.view()),
            Source::Transparent { clear } => Back::Flat(clear.view()),
            Source::Matte { black, .. } => Back::Flat(black.view()),
            Source::Keep | Source::Blur(_) | Source::Overlay(_) => Back::Flat(self.curtain.view()),
        };
        fill(frame, &mut back);
        Ok(())
    }

    /// Overwrites the whole frame with another picture of the same layout and size, whatever the
    /// background is set to; nothing of what was in it is left.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] where either is of another layout or size.
    pub fn hide_over(
        &mut self,
        frame: &mut FrameMut,
        background: &FrameRef,
    ) -> Result<(), BlendError> {
        self.check("the frame", &frame.as_ref())?;
        self.check("the background frame", background)?;
        fill(frame, &mut Back::Rows(*background));
        Ok(())
    }

    fn check(&self, what: &'static str, frame: &FrameRef) -> Result<(), BlendError> {
        let found = (frame.layout(), frame.width(), frame.height());
        BlendError::check(what, found, (self.layout, self.width, self.height))
    }
}

/// Mattes from above the first to below the second count as the soft edge in an overlay.
const BAND: (usize, usize) = (12, 243);

/// A row of one colour.
fn flat(
    layout: PixelLayout,
    color: Colorimetry,
    width: usize,
    value: u32,
) -> Result<Backdrop, BlendError> {
    let rgba = argb(value);
    Ok(Backdrop::render(layout, color, width, 1, |_, _| rgba)?)
}

/// Calls `row(plane, row of the plane, luma row)` for every row of every plane, in the order in
/// which the alpha rows are made.
pub(super) fn each_row(
    alpha: &mut AlphaRows,
    planes: usize,
    y: usize,
    mut row: impl FnMut(&mut AlphaRows, usize, usize),
) {
    for plane in 0..planes {
        let at = match alpha.kind(plane) {
            PlaneKind::Chroma(_) => alpha.chroma_row_after(y),
            _ => Some(y),
        };
        if let Some(at) = at {
            row(alpha, plane, at);
        }
    }
}

fn blend(
    level: Level,
    alpha: &mut AlphaRows,
    frame: &mut FrameMut,
    matte: GrayRef,
    remap: Remap,
    back: &mut Back,
) {
    let info = frame.layout().info();
    alpha.start(matte);
    for y in 0..frame.height() {
        alpha.advance(matte, remap, y);
        each_row(alpha, info.planes, y, |alpha, plane, at| {
            let (row, back) = (frame.row_mut(plane, at), back.row(plane, at));
            let samples = alpha.samples(plane, y);
            if info.depth > 8 {
                kernels::lerp16(level, row, back, samples, info.shift);
            } else {
                kernels::lerp(level, row, back, samples);
            }
        });
    }
}

/// Multiplies the frame's alpha by the matte and touches nothing else.
fn multiply_alpha(
    level: Level,
    alpha: &mut AlphaRows,
    frame: &mut FrameMut,
    matte: GrayRef,
    remap: Remap,
    clear: &FrameRef,
) {
    let Some(component) = frame.layout().info().components.get(3) else {
        return;
    };
    alpha.start(matte);
    for y in 0..frame.height() {
        alpha.advance(matte, remap, y);
        let row = frame.row_mut(component.plane, y);
        if component.step == 1 {
            kernels::lerp(level, row, clear.row(component.plane, 0), alpha.luma(y));
        } else {
            kernels::scale_alpha(level, row, component.offset, alpha.luma(y));
        }
    }
}

/// Overwrites a frame with a background.
fn fill(frame: &mut FrameMut, back: &mut Back) {
    let info = frame.layout().info();
    let (width, height) = (frame.width(), frame.height());
    for plane in 0..info.planes {
        let (_, rows) = info.plane_extent(plane, width, height);
        for y in 0..rows {
            frame.row_mut(plane, y).copy_from_slice(back.row(plane, y));
        }
    }
}
