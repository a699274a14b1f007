// SPDX-License-Identifier: MPL-2.0

//! Whether somebody looks at the published camera.

mod error;
mod loopback;
mod news;
mod pipewire;

pub use error::WatchError;
pub use news::News;

use crate::output::Output;
use std::any::Any;

/// Goes on watching until it is dropped.
pub type Watch = Box<dyn Any>;

/// Watches an output; `tell` is called from the main loop, with every change.
///
/// # Errors
/// With what is missing.
pub fn watch(output: &Output, tell: impl Fn(News) + 'static) -> Result<Watch, WatchError> {
    Ok(match output {
        Output::PipeWire => Box::new(pipewire::Watch::new(tell)?),
        Output::Loopback(path) => Box::new(loopback::Watch::new(path, tell)?),
    })
}
