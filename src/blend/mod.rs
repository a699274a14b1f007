// SPDX-License-Identifier: MPL-2.0

//! The picture: what replaces the background, in place and in the frame's own pixel layout.
//!
//! Everything is one formula a sample, `out = (frame * alpha + back * (255 - alpha)) / 255`,
//! rounded exactly, with alpha the matte at the sample's place: bilinear for mattes of another
//! size than the frame, the mean of the pixels under a chroma sample for subsampled chroma (with
//! the weights that the chroma siting asks for). What differs is where `back` comes from.
//!
//! - [`Compositor`]: one object for frames of one layout, size and colorimetry
//! - [`Backdrop`]: a background in the frame's layout, made once, anywhere
//! - [`Fitter`]: pictures in a frame's size, layout and colorimetry
//! - [`AlphaOut`]: frames with the matte as alpha, in another layout
//! - [`GrayOut`]: the matte itself as the picture
//! - [`Rescaler`]: frames of one video in the layout, size and colorimetry of another
//!
//! The work grows with the frame's pixels and no faster, so that 2160p is four times 1080p: every
//! pass looks at a pixel a fixed number of times. A blur's radius grows with the frame's height
//! too, but its cells grow with it, so that strength costs nothing more. Decontamination works in
//! the band around the edge alone and grows with that. `benches/blend.rs` has rows of both sizes.
#![forbid(unsafe_code)]

mod alpha_out;
mod annotate;
mod backdrop;
mod background;
mod band;
mod blur;
mod cells;
mod clear;
#[cfg(test)]
mod clear_tests;
mod compositor;
mod cover;
mod edge;
#[cfg(test)]
mod edge_tests;
mod kernels;
mod matte;
mod outline;
mod pass;
mod picture;
#[cfg(test)]
mod reference;
mod rescale;
mod sheer;
#[cfg(test)]
mod sheer_tests;
mod small;
mod sums;
#[cfg(test)]
mod tests;
mod tone;
mod upscale;
mod wrap;

pub use alpha_out::{AlphaOut, GrayOut};
pub use annotate::Note;
pub use backdrop::{Backdrop, Rgba, argb};
pub use background::{Background, CURTAIN};
pub use compositor::Compositor;
pub use picture::{Fit, Fitter, Setting, fitted};
pub use rescale::{Placement, Rescaler};

use crate::frame::{FrameError, PixelLayout};

/// Why frames cannot be composed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlendError {
    /// A frame is not what the compositor was made for.
    #[error(
        "{what} is {found}, but the compositor was made for {needed}; make a new one when caps change"
    )]
    Mismatch {
        /// Which picture.
        what: &'static str,
        /// Its layout and size.
        found: String,
        /// What was expected.
        needed: String,
    },
    /// A layout without alpha was asked to be transparent.
    #[error(
        "{layout} has no alpha, or too few bits of it; transparency needs A420, AV12, AYUV, RGBA, BGRA, ARGB, ABGR or GBRA, \
         or A420_10LE, A422_10LE, A444_10LE or GBRA_10LE"
    )]
    NoAlpha {
        /// Format name.
        layout: &'static str,
    },
    /// No conversion to this alpha layout.
    #[error("{from} cannot become {to}: {hint}")]
    NoConversion {
        /// Format name of the input.
        from: &'static str,
        /// Format name of the output.
        to: &'static str,
        /// What to use instead.
        hint: &'static str,
    },
    /// A size or a view is impossible.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl BlendError {
    /// Compares what a frame is with what it must be.
    fn check(
        what: &'static str,
        found: (PixelLayout, usize, usize),
        needed: (PixelLayout, usize, usize),
    ) -> Result<(), Self> {
        if found == needed {
            return Ok(());
        }
        let name = |(layout, width, height): (PixelLayout, usize, usize)| {
            format!("{} {width}x{height}", layout.info().name)
        };
        Err(Self::Mismatch {
            what,
            found: name(found),
            needed: name(needed),
        })
    }
}
