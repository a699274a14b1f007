// SPDX-License-Identifier: MPL-2.0

//! matte: GStreamer elements that separate people from their background in live video.
//!
//! | element | takes | gives |
//! | --- | --- | --- |
//! | `mattesegment` | frames | the same frames with a raw matte |
//! | `mattedecode` (feature `v1_26`) | frames with tensors of another element's network | the same frames with a raw matte |
//! | `matterefine` | frames with a matte | the same frames with a refined matte |
//! | `mattecompose` | frames with a matte | the picture: blurred, replaced, transparent background |
//! | `mattemix` | frames with a matte and a second video | the subject in front of that video |
//! | `mattebackground` | frames | the whole chain in one bin |
//!
//! The modules [`frame`], [`model`], [`filter`], [`blend`] and [`picture`] know no GStreamer; the elements hold
//! no image processing.
#![deny(unsafe_code, missing_docs)]

mod about;
#[cfg(feature = "v1_26")]
pub mod analytics;
pub mod background;
pub mod blend;
mod bus_gate;
pub mod clock;
pub mod compose;
pub(crate) mod control;
#[cfg(feature = "v1_26")]
pub mod decode;
mod fault;
pub mod filter;
pub mod frame;
pub mod meta;
pub mod mix;
pub mod model;
pub mod picture;
pub mod pool;
pub(crate) mod properties;
pub mod refine;
pub mod segment;
pub mod simd;
mod sync;
#[cfg(test)]
mod testing;
pub mod timeline;
pub mod video;

mod plugin;

pub use plugin::plugin_register_static;
