// SPDX-License-Identifier: MPL-2.0

//! What takes the place of the background, and how each kind is made ready for frames of one kind.

mod blur;
mod color_name;
mod kind;
mod rows;
mod source;
mod translucent;
mod transparency;

pub(super) use blur::Blur;
pub use color_name::{ColorName, ColorNameError};
pub use kind::{Background, PRIVACY_FILL};
pub(super) use rows::{BackgroundRows, fill};
pub(super) use source::Source;
pub(super) use translucent::Translucent;
pub(super) use transparency::Transparency;
