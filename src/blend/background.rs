// SPDX-License-Identifier: MPL-2.0

//! What may take the place of the room, and how each is made ready for frames of one kind.

use super::BlendError;
use super::annotate::Annotations;
use super::backdrop::Backdrop;
use super::blur::Blur;
use super::clear::Clear;
use super::sheer::Sheer;
use crate::frame::{Colorimetry, PixelLayout, View};
use crate::simd::Level;
use std::sync::Arc;

/// What [`Compositor::hide`](super::Compositor::hide) shows where the background would need the room's picture: a dark
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
        /// height of the frame as the viewer sees it.
        strength: f32,
        /// Whether highlights become discs, as a lens draws them; costs more.
        bokeh: bool,
    },
    /// One colour, 0xAARRGGBB; its alpha counts in layouts that have alpha.
    Color(u32),
    /// A picture in the frame's layout and size.
    Image(Arc<Backdrop>),
    /// Alpha: the alpha of the frame is multiplied by the matte.
    Transparent {
        /// Whether the colours stay: who drops alpha then sees the room. Else what is transparent is
        /// black, and what is half covered has the subject's own colour.
        keep_colors: bool,
    },
    /// The matte itself, white on black.
    Matte,
    /// The frame with the room tinted, the matte's soft edge marked, its regions boxed and a few
    /// numbers, to look at.
    Overlay,
}

/// The frames that a background is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub layout: PixelLayout,
    pub color: Colorimetry,
    pub width: usize,
    pub height: usize,
    pub view: View,
    pub level: Level,
}

/// A [`Background`] made ready.
#[derive(Debug)]
pub(super) enum Source {
    Keep,
    Blur(Box<Blur>),
    /// One row that stands for all, and what it takes where its alpha is not 255.
    Flat(Backdrop, Option<Box<Sheer>>),
    Still(Arc<Backdrop>, Option<Box<Sheer>>),
    Transparent {
        clear: Box<Clear>,
        keep_colors: bool,
    },
    Matte {
        white: Backdrop,
        black: Backdrop,
    },
    Overlay(Box<Overlay>),
}

/// Colours laid over a frame by functions of the matte.
#[derive(Debug)]
pub(super) struct Overlay {
    pub tints: [Tint; 2],
    pub annotations: Annotations,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Tint {
    /// A row of the colour.
    pub row: Backdrop,
    /// What the frame keeps, for each matte value.
    pub keep: [u8; 256],
}

/// Mattes from above the first to below the second count as the soft edge in an overlay.
const BAND: (usize, usize) = (12, 243);

impl Source {
    /// Becomes another background of the same kind in the memory that it has. False where that cannot be.
    pub fn change(&mut self, background: &Background) -> bool {
        match (self, background) {
            (Self::Flat(row, sheer), Background::Color(color)) => {
                let opaque = color >> 24 == 255 || !row.layout().info().alpha;
                if sheer.is_some() || opaque {
                    row.fill(*color);
                    return true;
                }
                false
            }
            (Self::Blur(blur), Background::Blur { strength, bokeh }) if *strength > 0.0 => {
                blur.change(*strength, *bokeh);
                true
            }
            (Self::Still(old, _), Background::Image(new)) => Arc::ptr_eq(old, new),
            (
                Self::Transparent {
                    keep_colors: old, ..
                },
                Background::Transparent { keep_colors: new },
            ) => *old == *new,
            _ => false,
        }
    }

    /// Goes on for frames that the viewer sees otherwise. A picture stays as it was made.
    pub fn set_view(&mut self, view: View) {
        match self {
            Self::Blur(blur) => blur.set_view(view),
            Self::Overlay(overlay) => overlay.annotations.set_view(view),
            _ => (),
        }
    }

    /// Makes a background ready.
    pub fn new(background: Background, place: Place) -> Result<Self, BlendError> {
        let row = |color| Backdrop::row(place.layout, place.color, place.width, color);
        Ok(match background {
            Background::None => Self::Keep,
            Background::Blur { strength, .. } if strength.is_nan() || strength <= 0.0 => Self::Keep,
            Background::Blur { strength, bokeh } => {
                Self::Blur(Box::new(Blur::new(place, strength, bokeh)))
            }
            Background::Color(color) => {
                let row = row(color)?;
                let sheer = Sheer::behind(&row.view(), place);
                Self::Flat(row, sheer)
            }
            Background::Image(backdrop) => {
                let (width, height) = backdrop.size();
                let found = (backdrop.layout(), width, height);
                let needed = (place.layout, place.width, place.height);
                BlendError::check("the background picture", found, needed)?;
                let sheer = Sheer::behind(&backdrop.view(), place);
                Self::Still(backdrop, sheer)
            }
            Background::Transparent { keep_colors } => {
                let clear = Clear::new(place.layout, place.color, place.width, place.level)?;
                Self::Transparent {
                    clear: Box::new(clear),
                    keep_colors,
                }
            }
            Background::Matte => Self::Matte {
                white: row(0xffff_ffff)?,
                black: row(0xff00_0000)?,
            },
            Background::Overlay => {
                let room = std::array::from_fn(|m| if m <= BAND.0 { 115 } else { 255 });
                let band = std::array::from_fn(|m| if m > BAND.0 && m < BAND.1 { 64 } else { 255 });
                let tint = |color, keep| -> Result<Tint, BlendError> {
                    let row = row(color)?;
                    Ok(Tint { row, keep })
                };
                Self::Overlay(Box::new(Overlay {
                    tints: [tint(0xff18_60ff, room)?, tint(0xffff_d800, band)?],
                    annotations: Annotations::new(place)?,
                }))
            }
        })
    }
}
