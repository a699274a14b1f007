// SPDX-License-Identifier: MPL-2.0

//! The kinds of backgrounds.

use crate::blend::backdrop::Backdrop;
use std::sync::Arc;

/// Colour of the privacy fill, which [`Compositor::hide`](crate::blend::Compositor::hide) shows if
/// the background is made of the room's picture: dark gray, plainly neither the room nor a camera
/// that is switched off.
pub const PRIVACY_FILL: u32 = 0xff20_2020;

/// What takes the place of the frame's own background.
#[derive(Debug, Clone, Default)]
pub enum Background {
    /// Nothing: the frame stays as it is.
    #[default]
    None,
    /// The frame's own background, out of focus.
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
        /// Whether the colours stay: a program that drops alpha then shows the room. If not, what
        /// is transparent is black, and what is half covered has the subject's own colour.
        keep_colors: bool,
    },
    /// The matte itself, white on black.
    Matte,
    /// The frame with its background tinted, the matte's soft edge marked, its regions boxed and a
    /// few numbers, to look at.
    Overlay,
}
