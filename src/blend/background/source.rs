// SPDX-License-Identifier: MPL-2.0

//! Backgrounds, made ready for frames of one kind.

use super::blur::Blur;
use super::kind::Background;
use super::translucent::Translucent;
use super::transparency::Transparency;
use crate::blend::backdrop::Backdrop;
use crate::blend::error::BlendError;
use crate::blend::geometry::Geometry;
use crate::blend::overlay::Overlay;
use crate::frame::View;
use std::sync::Arc;

/// A [`Background`] made ready.
#[derive(Debug)]
pub(crate) enum Source {
    /// Frames stay as they are.
    Keep,
    /// The frame's own background, out of focus.
    Blur(Box<Blur>),
    /// One row that stands for all, and what it takes if its alpha is not 255.
    Flat(Backdrop, Option<Box<Translucent>>),
    /// A picture, and what it takes if its alpha is not 255.
    Still(Arc<Backdrop>, Option<Box<Translucent>>),
    /// Alpha instead of a background.
    Transparent {
        /// Makes black what has alpha 0.
        transparency: Box<Transparency>,
        /// Whether the colours stay.
        keep_colors: bool,
    },
    /// The matte itself.
    Matte {
        /// A row of what stands for subject.
        white: Backdrop,
        /// A row of what stands for background.
        black: Backdrop,
    },
    /// The frame with what is known about the matte drawn over it.
    Overlay(Box<Overlay>),
}

impl Source {
    /// Becomes another background of the same kind in the memory that it has. False if it cannot.
    pub fn change(&mut self, background: &Background) -> bool {
        match (self, background) {
            (Self::Flat(row, translucent), Background::Color(color)) => {
                let opaque = color >> 24 == 255 || !row.layout().info().alpha;
                if translucent.is_some() || opaque {
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

    /// Goes on for frames that the viewer sees in another way. A picture stays as it was made.
    pub fn set_view(&mut self, view: View) {
        match self {
            Self::Blur(blur) => blur.set_view(view),
            Self::Overlay(overlay) => overlay.annotations.set_view(view),
            _ => (),
        }
    }

    /// Makes a background ready.
    ///
    /// # Errors
    /// As [`Compositor::set_background`](crate::blend::Compositor::set_background).
    pub fn new(background: Background, geometry: Geometry) -> Result<Self, BlendError> {
        let row = |color| Backdrop::row(geometry.layout, geometry.color, geometry.width, color);
        Ok(match background {
            Background::None => Self::Keep,
            Background::Blur { strength, .. } if strength.is_nan() || strength <= 0.0 => Self::Keep,
            Background::Blur { strength, bokeh } => {
                Self::Blur(Box::new(Blur::new(geometry, strength, bokeh)))
            }
            Background::Color(color) => {
                let row = row(color)?;
                let translucent = Translucent::behind(&row.view(), geometry);
                Self::Flat(row, translucent)
            }
            Background::Image(backdrop) => {
                geometry.check("the background picture", &backdrop.view())?;
                let translucent = Translucent::behind(&backdrop.view(), geometry);
                Self::Still(backdrop, translucent)
            }
            Background::Transparent { keep_colors } => Self::Transparent {
                transparency: Box::new(Transparency::new(geometry)?),
                keep_colors,
            },
            Background::Matte => Self::Matte {
                white: row(0xffff_ffff)?,
                black: row(0xff00_0000)?,
            },
            Background::Overlay => Self::Overlay(Box::new(Overlay::new(geometry)?)),
        })
    }
}
