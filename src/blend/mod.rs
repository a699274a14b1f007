// SPDX-License-Identifier: MPL-2.0

//! The picture: what replaces the background, in place and in the frame's own pixel layout.
//!
//! Everything is one formula per sample, `out = (frame * alpha + back * (255 - alpha)) / 255`,
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
//! - [`Placer`]: a frame and its matte, drawn smaller, larger or elsewhere
//! - [`Framing`]: the place that follows the subject
//!
//! | folder or file | stage |
//! | --- | --- |
//! | `geometry` | the frames that everything is made for |
//! | `kernels` | the loops over one row |
//! | `alpha` | the matte at the frame's size; span classes; the one walk down a frame |
//! | `cells` | frames at the resolution of cells: sums, smoothing, the way back |
//! | `backdrop`, `rescale` | a picture or a second video in the frame's format |
//! | `background` | each kind of background, made ready, and its rows |
//! | `effects` | decontamination, tone match, light wrap, behind one trait |
//! | `framing` | the part of the frame that follows the subject: a motion model |
//! | `overlay` | boxes, text and tints over a frame, to look at |
//! | `pass` | one pass over a frame: background, effects, blending |
//! | `compositor`, `outputs` | what elements use: in place, into alpha, into gray |
//!
//! The work grows with the frame's pixels and no faster, so that 2160p is four times 1080p: every
//! pass looks at a pixel a fixed number of times. A blur's radius grows with the frame's height
//! too, but its cells grow with it, so that strength costs nothing more. Decontamination works in
//! the band around the edge alone and grows with that. `benches/blend.rs` has rows of both sizes.
#![forbid(unsafe_code)]

mod alpha;
mod backdrop;
mod background;
mod cells;
mod compositor;
mod effects;
mod error;
mod framing;
mod geometry;
mod kernels;
mod mean;
mod outputs;
mod overlay;
mod pass;
#[cfg(test)]
mod reference;
mod rescale;
#[cfg(test)]
mod tests;

pub use backdrop::{Backdrop, Rgba, argb};
pub use background::{Background, ColorName, ColorNameError, PRIVACY_FILL};
pub use compositor::Compositor;
pub use error::BlendError;
pub use framing::{Framing, FramingParams, SubjectBox};
pub use outputs::{AlphaOut, GrayOut};
pub use overlay::Note;
pub use rescale::{Fit, Fitter, Place, Placement, Placer, Rescaler, Setting, fitted};
