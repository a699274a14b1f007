// SPDX-License-Identifier: MPL-2.0

//! WebM with alpha. The alpha is a second stream of VP9, a packet of it beside each packet of the
//! colours: Matroska's BlockAdditions. GStreamer reads such files, but its muxers cannot write them
//! (1.20 to 1.28), and the crates for Matroska know elements, not how a file is made of them. So two
//! files are written, and put together at the end.

mod ebml;
mod merge;
#[cfg(test)]
mod tests;

pub use merge::{MergeError, merge};
