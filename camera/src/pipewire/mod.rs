// SPDX-License-Identifier: MPL-2.0

//! What PipeWire has, as `pw-dump` tells it: a JSON array of objects. A program of its own is
//! asked, not GStreamer's device provider: the provider of PipeWire 0.3 waits for ever beside a
//! sink that plays.

mod dump;
mod object;

pub use dump::{dump, runs};
pub use object::{Object, read};
