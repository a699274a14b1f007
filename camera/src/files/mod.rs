// SPDX-License-Identifier: MPL-2.0

//! `matte-camera convert`: a file with another background, and all else as it was.

mod alpha;
mod arguments;
mod beside;
mod codecs;
mod containers;
mod error;
mod input;
mod job;
mod line;
mod passed;
mod plain;
mod status;
mod target;
mod video;
mod webm;

pub use arguments::Convert;
pub use error::FileError;
pub use job::run;
