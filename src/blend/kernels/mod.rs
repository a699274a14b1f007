// SPDX-License-Identifier: MPL-2.0

//! The loops over one row that every picture is made of.
//!
//! All of them work on plain slices and leave the vectors to the compiler, level by level; the
//! shortest slice decides how far they go. Alpha is 8-bit: 255 keeps what is in the frame.

mod chroma;
mod lerp;
mod own_alpha;
mod repeat;

pub(super) use chroma::{chroma_columns, chroma_columns_fine, chroma_rows};
pub(super) use lerp::{div255, fade, lerp, lerp16, lerp16_422, lerp16_fine, mix, mix_evenly};
pub(super) use own_alpha::{
    copy_colors, copy_colors16, scale_alpha, scale_alpha16, set_alpha, set_alpha16,
};
pub(super) use repeat::{interleave_422, repeat, repeat_colors};
