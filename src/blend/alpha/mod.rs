// SPDX-License-Identifier: MPL-2.0

//! The matte as alpha, at the frame's size and in each plane's order of samples.

mod plane_kind;
mod rows;
mod span_classes;
mod upscale;
mod walk;

pub(super) use plane_kind::{PlaneKind, has_chroma};
pub(super) use rows::{AlphaRows, Remap};
pub(super) use span_classes::{RowSpans, SpanClasses, cell_side, whole};
pub(super) use upscale::{Upscaler, centre};
pub(super) use walk::{AlphaRow, MattedFrame, PlaneRow, Walk};
