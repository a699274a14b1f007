// SPDX-License-Identifier: MPL-2.0

//! Pictures that hold the matte itself: as alpha, or as gray.

mod alpha_out;
mod copy_colors;
mod gray_out;

pub use alpha_out::AlphaOut;
pub use gray_out::GrayOut;
